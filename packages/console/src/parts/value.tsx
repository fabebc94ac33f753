// An amount by the id of its asset, with the asset's name, which leads to the asset's page.

import type { ReactElement } from "react";
import { Link } from "wouter";
import type { Assets } from "../platform/assets.ts";
import { formatAmount } from "../view/formats.ts";

type ValueProps = {
  readonly assets: Assets;
  readonly asset: string;
  /** In smallest units. */
  readonly amount: string;
  /** Of the explorer whose asset page is meant: `/n/<network>/chains/<chain>`. */
  readonly at?: string;
};

export function Value({ assets, asset, amount, at }: ValueProps): ReactElement {
  const { name, decimals, isNamed } = assets.nameOf(asset);
  const word = <span className={isNamed ? "b-dim" : "b-hash b-dim"}>{name}</span>;
  return (
    <span className="b-amount" title={isNamed ? undefined : asset}>
      {formatAmount(BigInt(amount), decimals)}{" "}
      {at === undefined ? word : <Link href={`${at}/assets/${asset}`}>{word}</Link>}
    </span>
  );
}
