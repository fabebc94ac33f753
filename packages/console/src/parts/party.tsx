// Who holds an output: an address that leads to its page, or the program itself where no address says it.

import type { ReactElement } from "react";
import { Hash } from "./hash.tsx";

type PartyProps = { readonly at: string; readonly address: string | null; readonly program: string | null };

export function Party({ at, address, program }: PartyProps): ReactElement {
  if (address !== null) return <Hash value={address} what="address" href={`${at}/addresses/${address}`} />;
  if (program === null) return <span className="b-dim">nobody</span>;
  // The page of a program takes up to 128 signs; longer ones are shown whole in the raw data.
  return program.length === 0 || program.length > 128 ? (
    <Hash value={program} what="program" />
  ) : (
    <Hash value={program} what="program" href={`${at}/addresses/${program}`} />
  );
}
