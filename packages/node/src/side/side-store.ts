// Opening what a side node keeps on disk: block log, snapshots, indexes; and taking snapshots as the chain grows.

import { BlockStore } from "@bystack/chain/side/block-store";
import { SideIndexes } from "@bystack/chain/side/indexes";
import { type FinalBlock, SideChain } from "@bystack/chain/side/side-chain";
import { decodeStateChunks, encodeStateChunks } from "@bystack/chain/side/snapshots";
import { createUtxoBase } from "@bystack/chain/side/utxo-base";
import { createSideRules } from "@bystack/ledger/side/rules";
import type { SideState } from "@bystack/ledger/side/state";
import type { UtxoBase } from "@bystack/ledger/side/utxo";
import { chainIdOf, type MainChainSpec, type SideChainSpec } from "@bystack/protocol/spec";
import type { DataFolder } from "@bystack/storage/data-folder";
import type { KvStore } from "@bystack/storage/kv";
import { openLmdbStore } from "@bystack/storage/lmdb";
import { type Log, openLog } from "@bystack/storage/log";
import { createMemoryStore } from "@bystack/storage/memory";
import { listSnapshots, readSnapshot, writeSnapshot } from "@bystack/storage/snapshot";
import { UtxoTable } from "@bystack/storage/utxo-table";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import type { Logger, Rng } from "@bystack/utils/ports";
import { nodeError } from "../errors.ts";
import { SnapshotSchedule } from "./snapshot-schedule.ts";

const BLOCKS_FOLDER = "blocks";
const SNAPSHOTS_FOLDER = "snapshots";
const INDEX_FOLDER = "index";
const SNAPSHOTS_KEPT = 2;
/** Memory of the UTXO table: about 15 million outputs of the usual kind. */
export const UTXO_TABLE_BYTES_MAX = 4_294_967_296;
/** Blocks between two lines of progress while replaying. */
const REPLAY_REPORT_BLOCKS = 5000;

export type SideStore = {
  readonly chain: SideChain;
  readonly indexes: SideIndexes;
  /** A store of the federation member's own: bucket numbers of two owners must not meet in one. */
  readonly memberKv: KvStore;
  /** Takes note of new final blocks and writes a snapshot of the final state when it is time for one. */
  follow(final: readonly FinalBlock[]): Promise<void>;
  close(): Promise<void>;
};

export type SideStoreOptions = {
  readonly data: DataFolder;
  readonly spec: SideChainSpec;
  readonly mainSpec: MainChainSpec | undefined;
  readonly driver: "lmdb" | "memory";
  readonly snapshotBlocks: number;
  readonly rng: Rng;
  readonly logger: Logger;
};

/** Final outputs in memory: the table, and how the ledger sees it. */
type Outputs = { readonly table: UtxoTable; readonly utxoBase: UtxoBase };

function newOutputs(rng: Rng): Outputs {
  const table = new UtxoTable({ rng, bytesMax: UTXO_TABLE_BYTES_MAX });
  return { table, utxoBase: createUtxoBase(table) };
}

type Found = Outputs & { readonly state: SideState };

/** Whether the block after a state names its root: what makes a snapshot more than a file with good checksums. */
async function isConfirmed(state: SideState, blocks: BlockStore): Promise<boolean> {
  const next = await blocks.read(state.position.height + 1);
  return next !== undefined && equalBytes(next.block.header.parentStateRoot, state.root());
}

/** The newest snapshot that reads well, is confirmed by the block log and is not ahead of the indexes. */
async function findState(
  options: SideStoreOptions,
  limits: { heightMax: number; blocks: BlockStore },
): Promise<Found | undefined> {
  const place = { disk: options.data.disk, folder: SNAPSHOTS_FOLDER };
  for (const id of await listSnapshots(place)) {
    if (Number(id) > limits.heightMax) continue;
    try {
      const outputs = newOutputs(options.rng);
      const rules = createSideRules(options.spec, options.mainSpec);
      const state = await decodeStateChunks({ rules, chunks: readSnapshot(place, id), utxoBase: outputs.utxoBase });
      if (state !== undefined && state.position.height === Number(id) && (await isConfirmed(state, limits.blocks)))
        return { ...outputs, state };
      options.logger.warn("a snapshot is not the state that the log confirms; an older one or the log is used", {
        height: Number(id),
      });
    } catch (error) {
      options.logger.warn("a snapshot cannot be read; an older one or the log is used", {
        height: Number(id),
        why: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return undefined;
}

async function openKv(options: SideStoreOptions, name: "index" | "member"): Promise<KvStore> {
  if (options.driver === "memory") return createMemoryStore();
  await options.data.disk.makeFolder(INDEX_FOLDER);
  return openLmdbStore({ path: `${options.data.path}/${INDEX_FOLDER}/${name}.mdb` });
}

/** Every block names its chain: a folder with blocks of another one is refused before anything is read from it. */
async function assertOwnBlocks(blocks: BlockStore, spec: SideChainSpec): Promise<void> {
  const first = await blocks.read(1);
  if (first !== undefined && !equalBytes(first.block.header.chainId, chainIdOf(spec)))
    throw nodeError("SPEC_MISMATCH", {
      why: `the stored blocks belong to chain ${bytesToHex(first.block.header.chainId)}`,
    });
}

type OpenedChain = { readonly chain: SideChain; readonly table: UtxoTable; readonly schedule: SnapshotSchedule };

async function openChain(options: SideStoreOptions, log: Log, indexes: SideIndexes): Promise<OpenedChain> {
  const blocks = new BlockStore(log);
  await assertOwnBlocks(blocks, options.spec);
  const indexed = await indexes.height();
  // One block above the snapshot is needed: it names the state's root.
  const found = await findState(options, { heightMax: Math.min(blocks.height - 1, indexed), blocks });
  const from = found?.state.position.height ?? 0;
  const { table, utxoBase } = found ?? newOutputs(options.rng);
  const schedule = new SnapshotSchedule({ blocksMax: options.snapshotBlocks, height: from });
  if (blocks.height > from) options.logger.info("replaying stored blocks", { from: from + 1, to: blocks.height });
  const chain = await SideChain.open(
    {
      spec: options.spec,
      mainSpec: options.mainSpec,
      blocks,
      utxoBase,
      snapshot: found,
    },
    async (block) => {
      const { height } = block.block.header;
      schedule.add(block.block.header.transactionCount);
      if (height > indexed) await indexes.follow(block);
      if (height % REPLAY_REPORT_BLOCKS === 0) options.logger.info("replayed", { height, of: blocks.height });
    },
  );
  return { chain, table, schedule };
}

export async function openSideStore(options: SideStoreOptions): Promise<SideStore> {
  const log = await openLog({ disk: options.data.disk, folder: BLOCKS_FOLDER, rng: options.rng });
  const kv = await openKv(options, "index");
  const memberKv = await openKv(options, "member");
  const indexes = new SideIndexes(kv);
  const { chain, table, schedule } = await openChain(options, log, indexes);
  const place = { disk: options.data.disk, folder: SNAPSHOTS_FOLDER };
  let writing: Promise<void> = Promise.resolve();
  return {
    chain,
    indexes,
    memberKv,
    follow: (final) => {
      for (const { block } of final) schedule.add(block.header.transactionCount);
      const { height } = chain;
      if (!schedule.isDue({ height, outputs: table.size })) return writing;
      schedule.taken(height);
      const chunks = encodeStateChunks(chain.final);
      writing = writing.then(async () => {
        await writeSnapshot(place, { id: BigInt(height), chunks, keep: SNAPSHOTS_KEPT });
      });
      return writing;
    },
    close: async () => {
      await writing;
      await log.close();
      await kv.close();
      await memberKv.close();
    },
  };
}
