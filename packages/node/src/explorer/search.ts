// One text, and what it may be: a height, an address, a program, an id or its beginning. Each kind gives a few hits at most, so
// the work does not depend on what is asked for.

import { SEARCH_DIGITS_MIN, SEARCH_HITS_MAX } from "@bystack/api/explorer-routes";
import type { ExplorerIndex, IdKind } from "@bystack/chain/explorer/query";
import { parseAddress } from "@bystack/protocol/address";
import { bytesToHex, type Hash, hexToBytes, tryHexToBytes } from "@bystack/utils/bytes";
import { type ExplorerChain, viewAddress } from "./chain-view.ts";

export type Hit =
  | { readonly type: "block"; readonly height: number; readonly hash: string }
  | { readonly type: "transaction"; readonly id: string; readonly blockHeight: number | null }
  | { readonly type: "output"; readonly id: string; readonly transaction: string }
  | { readonly type: "address"; readonly address: string | null; readonly program: string; readonly used: boolean }
  | { readonly type: "asset"; readonly id: string };

const KINDS: readonly IdKind[] = ["block", "transaction", "asset", "output"];
/** One place is kept for each of height, address and program. */
const HITS_A_KIND = Math.floor((SEARCH_HITS_MAX - 3) / KINDS.length);

async function hitOf(index: ExplorerIndex, kind: IdKind, hash: Hash): Promise<Hit | undefined> {
  const id = bytesToHex(hash);
  if (kind === "asset") return { type: kind, id };
  if (kind === "block") {
    const height = await index.heightOf(hash);
    return height === undefined ? undefined : { type: kind, height, hash: id };
  }
  if (kind === "output") {
    const output = await index.output(hash);
    return output && { type: kind, id, transaction: bytesToHex(output.transactionId) };
  }
  const found = await index.transaction(hash);
  return found && { type: kind, id, blockHeight: found.height };
}

async function byId(index: ExplorerIndex, chain: ExplorerChain, digits: string): Promise<Hit[]> {
  const hits: Hit[] = [];
  for (const kind of KINDS) {
    for (const hash of await index.idsBeginning(kind, digits, HITS_A_KIND)) {
      const hit = await hitOf(index, kind, hash);
      if (hit !== undefined) hits.push(hit);
    }
  }
  const isKnown = hits.some((hit) => hit.type === "transaction");
  if (digits.length === 64 && !isKnown && chain.isWaiting(hexToBytes(digits)))
    hits.push({ type: "transaction", id: digits, blockHeight: null });
  return hits;
}

/** @returns hits, the most likely first. */
export async function search(index: ExplorerIndex, chain: ExplorerChain, text: string): Promise<Hit[]> {
  const hits: Hit[] = [];
  if (/^\d{1,15}$/.test(text)) {
    const height = Number(text);
    const block = await index.block(height);
    if (block !== undefined) hits.push({ type: "block", height, hash: bytesToHex(block.hash) });
  }
  const address = parseAddress(text, chain.addressPrefix);
  if (address.ok) {
    const { program, text: canonical } = address.value;
    const used = (await index.program(program)) !== undefined;
    hits.push({ type: "address", address: canonical, program: bytesToHex(program), used });
  }
  const digits = text.toLowerCase();
  if (!/^[0-9a-f]+$/.test(digits)) return hits;
  const program = tryHexToBytes(digits);
  if (program !== undefined && (await index.program(program)) !== undefined)
    hits.push({ type: "address", address: viewAddress(program, chain.addressPrefix), program: digits, used: true });
  if (digits.length >= SEARCH_DIGITS_MIN && digits.length <= 64) hits.push(...(await byId(index, chain, digits)));
  return hits.slice(0, SEARCH_HITS_MAX);
}
