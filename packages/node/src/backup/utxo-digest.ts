// One hash for all unspent outputs of a main chain: what stands for its state in a backup, as its blocks name none.

import { createHash } from "node:crypto";
import type { KvMainChainStore } from "@bystack/chain/main/kv-store";

/** SHA-256 in hexadecimal; two stores with the same have the same outputs. */
export async function utxoDigest(store: KvMainChainStore): Promise<string> {
  const hash = createHash("sha256");
  // Lengths first: no two rows of entries give the same bytes.
  for await (const { key, value } of store.utxoEntries())
    hash.update(Uint8Array.of(key.length, value.length)).update(key).update(value);
  return hash.digest("hex");
}
