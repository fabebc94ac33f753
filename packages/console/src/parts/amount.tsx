// An amount of an asset, exact, with its unit; figures stand under each other in a column.

import type { ReactElement } from "react";
import { formatAmount } from "../view/formats.ts";

export function Amount({
  units,
  decimals,
  asset,
}: {
  readonly units: bigint;
  readonly decimals: number;
  readonly asset: string;
}): ReactElement {
  return (
    <span className="b-amount">
      {formatAmount(units, decimals)} <span className="b-dim">{asset}</span>
    </span>
  );
}
