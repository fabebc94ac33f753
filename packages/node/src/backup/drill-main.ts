// The drill of a main chain: every block of its store is applied again to an empty one by the rules, from the genesis on, and
// the outputs that are left have to be those of the store. Proof of work is not computed again: whoever forges that has more
// work than the chain, and a restored node compares it with its peers.

import { join } from "node:path";
import { MainChainService } from "@bystack/chain/main/chain-service";
import { KvMainChainStore } from "@bystack/chain/main/kv-store";
import { chainSpecHash, type MainChainSpec } from "@bystack/protocol/spec";
import { openDataFolder } from "@bystack/storage/data-folder";
import { openLmdbStore } from "@bystack/storage/lmdb";
import { createMemoryStore } from "@bystack/storage/memory";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import { loadMainSpec } from "../main/main-spec.ts";
import { systemClock } from "../process/timers.ts";
import { type DrillFindings, type DrillPlace, expect } from "./drill-place.ts";
import { MAIN_DATA_FORMAT, MAIN_DATA_KIND, MAIN_STORE_FILE } from "./main-backup.ts";
import { SPEC_FILE } from "./side-backup.ts";
import { utxoDigest } from "./utxo-digest.ts";

/** Hashes of the main chain above its genesis, upwards. */
async function hashesOf(store: KvMainChainStore, tip: Hash): Promise<Hash[]> {
  const hashes: Hash[] = [];
  for (let hash = tip; ; ) {
    const stored = await store.block(hash);
    expect(stored !== undefined, `block ${bytesToHex(hash)} is missing`);
    if (stored === undefined || stored.block.header.height === 0n) return hashes.reverse();
    hashes.push(hash);
    hash = stored.block.header.previousHash;
  }
}

async function replay(spec: MainChainSpec, from: KvMainChainStore, hashes: readonly Hash[]) {
  const store = await KvMainChainStore.open(createMemoryStore());
  await store.bindSpec(chainSpecHash(spec));
  const service = await MainChainService.open({ spec, store, checkWork: async () => true });
  let transactions = 0;
  for (const [i, hash] of hashes.entries()) {
    const stored = await from.block(hash);
    if (stored === undefined) throw new Error("invariant broken: it was there a moment ago");
    const result = await service.processBlock(stored.block, systemClock.nowMs());
    expect(result.ok, `block ${i + 1} breaks a rule: ${result.ok ? "" : result.error.code}`);
    transactions += stored.block.transactions.length;
  }
  return { tip: service.chain.tip.hash, digest: await utxoDigest(store), transactions };
}

/** @throws DrillFailure, and what opening refuses */
export async function drillMain({ manifest, data: path, work }: DrillPlace): Promise<DrillFindings> {
  const spec = loadMainSpec(join(work, SPEC_FILE));
  expect(bytesToHex(chainSpecHash(spec)) === manifest.chainId, "its spec is that of another chain");
  const data = await openDataFolder({ path, kind: MAIN_DATA_KIND, version: MAIN_DATA_FORMAT });
  try {
    const kv = await openLmdbStore({ path: join(path, MAIN_STORE_FILE) });
    try {
      const store = await KvMainChainStore.open(kv);
      expect(await store.bindSpec(chainSpecHash(spec)), "its store belongs to another chain");
      const best = await store.best();
      const height = Number(best?.height ?? -1);
      expect(height === manifest.height, `the newest block is ${height}, not ${manifest.height}`);
      const tip = best?.hash ?? new Uint8Array(32);
      expect(bytesToHex(tip) === manifest.blockHash, `block ${height} is ${bytesToHex(tip)}`);
      const stored = await utxoDigest(store);
      expect(stored === manifest.stateRoot, `the digest of its outputs is ${stored}, not ${manifest.stateRoot}`);
      const hashes = await hashesOf(store, tip);
      const replayed = await replay(spec, store, hashes);
      expect(equalBytes(replayed.tip, tip), "replayed it ends with another block");
      const stateRoot = replayed.digest;
      expect(stateRoot === stored, `replayed it leaves other outputs: ${stateRoot}`);
      return { height, stateRoot, blocks: hashes.length, transactions: replayed.transactions };
    } finally {
      await kv.close();
    }
  } finally {
    data.release();
  }
}
