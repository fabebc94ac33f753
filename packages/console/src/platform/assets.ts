// The assets that a network has names for, for every page that shows amounts. They change rarely.

import { useMemo } from "react";
import { type AssetName, assetNameIn, type NamedAsset } from "../view/assets.ts";
import { useRead } from "./queries.ts";

const NONE: readonly NamedAsset[] = [];

export type Assets = { readonly list: readonly NamedAsset[]; readonly nameOf: (id: string) => AssetName };

/** Without an answer amounts are shown by the short ids of their assets. */
export function useAssets(network: string): Assets {
  const { data } = useRead("assets", { params: { network } });
  const list = data?.items ?? NONE;
  return useMemo(() => ({ list, nameOf: (id: string) => assetNameIn(list, id) }), [list]);
}
