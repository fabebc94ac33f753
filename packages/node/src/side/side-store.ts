// Opening what a side node keeps on disk: block log, snapshots, indexes; and taking snapshots as the chain grows.

import type { BlockStore, Certified } from "@bystack/chain/side/block-store";
import { SideIndexes } from "@bystack/chain/side/indexes";
import { type FinalBlock, SideChain } from "@bystack/chain/side/side-chain";
import { encodeStateChunks } from "@bystack/chain/side/snapshots";
import { chainIdOf, type SideChainSpec } from "@bystack/protocol/spec";
import { isStorageError } from "@bystack/storage/errors";
import type { KvStore } from "@bystack/storage/kv";
import { createMemoryStore } from "@bystack/storage/memory";
import { listSnapshots, removeSnapshot, writeSnapshot } from "@bystack/storage/snapshot";
import type { UtxoTable } from "@bystack/storage/utxo-table";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import { nodeError } from "../errors.ts";
import { Opened } from "../process/opened.ts";
import { loadBeginning, writeBeginning } from "./beginning.ts";
import {
  abandonBlockLog,
  type BlockLogOptions,
  noteGaps,
  noteStateSync,
  openBlockLog,
  repairBlockLog,
} from "./block-log.ts";
import { openSealedKv } from "./sealed-kv.ts";
import { AHEAD_BLOCKS_MIN, SignatureAhead } from "./signature-ahead.ts";
import { SnapshotSchedule } from "./snapshot-schedule.ts";
import { findState, newOutputs, type SnapshotPlace, type StateFileOptions, snapshotPlace } from "./state-file.ts";
import type { Beginning } from "./state-sync/state-sync.ts";

const INDEX_FOLDER = "index";
const SNAPSHOTS_KEPT = 2;
/** Blocks between two lines of progress while replaying. */
const REPLAY_REPORT_BLOCKS = 5000;

export type SideStore = {
  readonly chain: SideChain;
  readonly indexes: SideIndexes;
  /** A store of the federation member's own: bucket numbers of two owners must not meet in one. */
  readonly memberKv: KvStore;
  readonly snapshots: SnapshotPlace;
  /** What was executed again when it was opened. */
  readonly replayed: Replayed;
  /** A block with its FINALIZE certificate; also the last one before the log of a node that began with a state. */
  certified(height: number): Promise<Certified | undefined>;
  /** Takes note of new final blocks and writes a snapshot of the final state when it is time for one. */
  follow(final: readonly FinalBlock[]): Promise<void>;
  close(): Promise<void>;
};

export type Replayed = { readonly blocks: number; readonly transactions: number };

export type SideStoreOptions = StateFileOptions & {
  readonly driver: "lmdb" | "memory";
  readonly snapshotBlocks: number;
  /** Which blocks are kept (node.json). */
  readonly history: "archive" | "kept" | "pruned";
  /** Bytes of one file of the block log; only whole ones are pruned. */
  readonly segmentBytesMax?: number;
};

function blockLogOptions({ data, rng, incidents, segmentBytesMax }: SideStoreOptions): BlockLogOptions {
  return { disk: data.disk, rng, incidents, ...(segmentBytesMax !== undefined && { segmentBytesMax }) };
}

const REMEDIES = {
  index: { code: "index-damaged", remedy: "the indexes are built again from the blocks" },
  member: {
    code: "member-store-damaged",
    remedy: "the member reads the main chain again from its anchor; deposit addresses have to be announced to it again",
  },
} as const;

async function openKv(options: SideStoreOptions, name: keyof typeof REMEDIES): Promise<KvStore> {
  if (options.driver === "memory") return createMemoryStore();
  await options.data.disk.makeFolder(INDEX_FOLDER);
  const file = `${INDEX_FOLDER}/${name}.mdb`;
  return openSealedKv({ folder: options.data.path, file, incidents: options.incidents, ...REMEDIES[name] });
}

/** Every block names its chain: a folder with blocks of another one is refused before anything is read from it. */
async function assertOwnBlocks(blocks: BlockStore, spec: SideChainSpec): Promise<void> {
  const first = await blocks.read(blocks.firstHeight);
  if (first !== undefined && !equalBytes(first.block.header.chainId, chainIdOf(spec)))
    throw nodeError("SPEC_MISMATCH", {
      why: `the stored blocks belong to chain ${bytesToHex(first.block.header.chainId)}`,
    });
}

type OpenedChain = {
  readonly chain: SideChain;
  readonly table: UtxoTable;
  readonly schedule: SnapshotSchedule;
  readonly badSnapshots: readonly bigint[];
  readonly replayed: Replayed;
};

/** Undefined when the log begins behind every state that this node has. */
async function openChain(
  options: SideStoreOptions,
  parts: { readonly blocks: BlockStore; readonly indexes: SideIndexes; readonly begunAt: number },
  beginning: Beginning | undefined,
): Promise<OpenedChain | undefined> {
  const { blocks, indexes } = parts;
  await assertOwnBlocks(blocks, options.spec);
  const indexed = await indexes.height();
  // Replay brings the indexes along, so it begins where they end; unless the blocks from there on are not here.
  const canFollow = indexed >= blocks.firstHeight - 1;
  // One block above the snapshot is needed: it names the state's root.
  const heightMax = Math.min(blocks.height - 1, canFollow ? indexed : blocks.height);
  const { found, bad } =
    beginning === undefined ? await findState(options, { heightMax, blocks }) : { found: beginning, bad: [] };
  const from = found?.state.position.height ?? 0;
  if (from < blocks.firstHeight - 1) return undefined;
  if (beginning === undefined) {
    const beginsAt = options.history === "pruned" ? undefined : parts.begunAt;
    noteGaps(options.incidents, { blocks, indexed, from, beginsAt });
  } else noteStateSync(options.incidents, from);
  if (found !== undefined && indexed < from) await indexes.restart(found.state, beginning?.epochEnds ?? []);
  const { table, utxoBase } = found ?? newOutputs(options.rng);
  const schedule = new SnapshotSchedule({ blocksMax: options.snapshotBlocks, height: from });
  if (blocks.height > from) options.logger.info("replaying stored blocks", { from: from + 1, to: blocks.height });
  const ahead =
    blocks.height - from < AHEAD_BLOCKS_MIN
      ? undefined
      : new SignatureAhead({ blocks, from: from + 1, logger: options.logger });
  const replayed = { blocks: 0, transactions: 0 };
  try {
    await ahead?.ready(from + 1);
    const { spec, mainSpec } = options;
    const verify = ahead === undefined ? {} : { verify: ahead.verify };
    const chain = await SideChain.open(
      { spec, mainSpec, blocks, utxoBase, snapshot: found, ...verify },
      async (block) => {
        const { height } = block.block.header;
        schedule.add(block.block.header.transactionCount);
        replayed.blocks += 1;
        replayed.transactions += block.block.header.transactionCount;
        if (height > Math.max(indexed, from)) await indexes.follow(block);
        if (height % REPLAY_REPORT_BLOCKS === 0) options.logger.info("replayed", { height, of: blocks.height });
        await ahead?.ready(height + 1);
      },
    );
    return { chain, table, schedule, badSnapshots: bad, replayed };
  } finally {
    await ahead?.close();
  }
}

/** Takes snapshots one after the other, as the chain grows. */
class SnapshotWriter {
  readonly #options: SideStoreOptions;
  readonly #opened: OpenedChain;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SideStoreOptions, opened: OpenedChain) {
    this.#options = options;
    this.#opened = opened;
  }

  get writing(): Promise<void> {
    return this.#writing;
  }

  follow(final: readonly FinalBlock[]): Promise<void> {
    const { chain, schedule, table } = this.#opened;
    for (const { block } of final) schedule.add(block.header.transactionCount);
    const { height } = chain;
    if (!schedule.isDue({ height, outputs: table.size })) return this.#writing;
    schedule.taken(height);
    const chunks = encodeStateChunks(chain.final);
    this.#writing = this.#writing.then(() => this.#write(height, chunks));
    return this.#writing;
  }

  async #write(height: number, chunks: readonly Uint8Array[]): Promise<void> {
    const place = snapshotPlace(this.#options.data);
    await writeSnapshot(place, { id: BigInt(height), chunks, keep: SNAPSHOTS_KEPT });
    for (const id of this.#opened.badSnapshots) if (Number(id) !== height) await removeSnapshot(place, id);
    if (this.#options.history !== "pruned") return;
    const oldest = (await listSnapshots(place)).at(-1);
    const { epochBlocks } = this.#options.spec.consensus;
    // A restart needs the block of its snapshot, and the last one of the epoch before, by which that epoch was entered.
    if (oldest !== undefined)
      await this.#opened.chain.blocks.prune(Math.floor((Number(oldest) - 1) / epochBlocks) * epochBlocks);
  }
}

/** One attempt; what it opened is closed again when it fails. Undefined: the log was of no use and has been set aside. */
async function openOnce(options: SideStoreOptions, beginning: Beginning | undefined): Promise<SideStore | undefined> {
  const opened = new Opened();
  try {
    const { log, blocks } = await openBlockLog(blockLogOptions(options));
    opened.add(() => log.close());
    const kv = await openKv(options, "index");
    opened.add(() => kv.close());
    const memberKv = await openKv(options, "member");
    opened.add(() => memberKv.close());
    const indexes = new SideIndexes(kv);
    const begun = await loadBeginning(options.data);
    const chain = await openChain(options, { blocks, indexes, begunAt: begun?.height ?? 1 }, beginning);
    if (chain === undefined) {
      await opened.close();
      await abandonBlockLog(blockLogOptions(options), blocks.firstHeight);
      return undefined;
    }
    const snapshots = new SnapshotWriter(options, chain);
    opened.add(() => snapshots.writing);
    const opening = begun?.opening;
    return {
      chain: chain.chain,
      indexes,
      memberKv,
      snapshots: snapshotPlace(options.data),
      replayed: chain.replayed,
      certified: async (height) =>
        (await blocks.certified(height)) ?? (opening?.block.header.height === height ? opening : undefined),
      follow: (final) => snapshots.follow(final),
      close: () => opened.close(),
    };
  } catch (error) {
    await opened.close().catch(() => {});
    throw error;
  }
}

/**
 * Opens what a side node has on disk and repairs what can be had again; the rest comes from peers.
 * @throws BystackError SPEC_MISMATCH, STATE_MISMATCH, BLOCK_LOG_DAMAGED, and what the disk refuses
 */
export async function openSideStore(options: SideStoreOptions): Promise<SideStore> {
  let store: SideStore | undefined;
  try {
    store = await openOnce(options, undefined);
  } catch (error) {
    if (!isStorageError(error, "LOG_DAMAGED")) throw error;
    // Met while the blocks of a log were read that is too long to be checked as a whole at each start.
    await repairBlockLog(blockLogOptions(options));
  }
  store ??= await openOnce(options, undefined);
  if (store === undefined) throw new Error("invariant broken: an empty block log begins at block 1");
  return store;
}

/** Begins with a state from a peer; the store must be closed and without blocks. @throws what the disk refuses */
export async function openFetchedStore(options: SideStoreOptions, beginning: Beginning): Promise<SideStore> {
  await writeBeginning(options, beginning);
  const store = await openOnce(options, beginning);
  if (store === undefined) throw new Error("invariant broken: the log begins with the block of the fetched state");
  return store;
}
