// Opening what a side node keeps on disk: block log, snapshots, indexes; and taking snapshots as the chain grows.

import type { BlockStore } from "@bystack/chain/side/block-store";
import { SideIndexes } from "@bystack/chain/side/indexes";
import { type FinalBlock, SideChain } from "@bystack/chain/side/side-chain";
import { decodeStateChunks, encodeStateChunks } from "@bystack/chain/side/snapshots";
import type { StoredBlock } from "@bystack/chain/side/stored-block";
import { createUtxoBase } from "@bystack/chain/side/utxo-base";
import { createSideRules } from "@bystack/ledger/side/rules";
import type { SideState } from "@bystack/ledger/side/state";
import type { UtxoBase } from "@bystack/ledger/side/utxo";
import { chainIdOf, type MainChainSpec, type SideChainSpec } from "@bystack/protocol/spec";
import type { DataFolder } from "@bystack/storage/data-folder";
import type { Disk } from "@bystack/storage/disk";
import { isStorageError } from "@bystack/storage/errors";
import type { KvStore } from "@bystack/storage/kv";
import { createMemoryStore } from "@bystack/storage/memory";
import { listSnapshots, readSnapshot, removeSnapshot, writeSnapshot } from "@bystack/storage/snapshot";
import { UtxoTable } from "@bystack/storage/utxo-table";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { Logger, Rng } from "@bystack/utils/ports";
import { nodeError } from "../errors.ts";
import type { Incidents } from "../process/incidents.ts";
import { Opened } from "../process/opened.ts";
import { abandonBlockLog, type BlockLogOptions, noteGaps, openBlockLog, repairBlockLog } from "./block-log.ts";
import { openSealedKv } from "./sealed-kv.ts";
import { AHEAD_BLOCKS_MIN, SignatureAhead } from "./signature-ahead.ts";
import { SnapshotSchedule } from "./snapshot-schedule.ts";

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
  readonly incidents: Incidents;
  /** Removes blocks that no restart needs once a snapshot covers them. */
  readonly prune: boolean;
  /** Bytes of one file of the block log; only whole ones are pruned. */
  readonly segmentBytesMax?: number;
};

function blockLogOptions({ data, rng, incidents, segmentBytesMax }: SideStoreOptions): BlockLogOptions {
  return { disk: data.disk, rng, incidents, ...(segmentBytesMax !== undefined && { segmentBytesMax }) };
}

type SnapshotPlace = { readonly disk: Disk; readonly folder: string };

/** Final outputs in memory: the table, and how the ledger sees it. */
type Outputs = { readonly table: UtxoTable; readonly utxoBase: UtxoBase };

function newOutputs(rng: Rng): Outputs {
  const table = new UtxoTable({ rng, bytesMax: UTXO_TABLE_BYTES_MAX });
  return { table, utxoBase: createUtxoBase(table) };
}

type Found = Outputs & { readonly state: SideState };

/** Whether the block after a state names its root: what makes a snapshot more than a file with good checksums. */
function isConfirmed(state: SideState, next: StoredBlock | undefined): boolean {
  return next !== undefined && equalBytes(next.block.header.parentStateRoot, state.root());
}

/** What a snapshot of a height holds. @throws BystackError SNAPSHOT_DAMAGED and what the disk refuses */
async function loadState(options: SideStoreOptions, place: SnapshotPlace, id: bigint): Promise<Found | undefined> {
  const outputs = newOutputs(options.rng);
  const rules = createSideRules(options.spec, options.mainSpec);
  const state = await decodeStateChunks({ rules, chunks: readSnapshot(place, id), utxoBase: outputs.utxoBase });
  return state === undefined || state.position.height !== Number(id) ? undefined : { ...outputs, state };
}

const UNCONFIRMED = "a snapshot is not the state that the log confirms; an older one or the log is used";
const UNREADABLE = "a snapshot cannot be read; an older one or the log is used";

type Search = { readonly found: Found | undefined; readonly bad: readonly bigint[] };

/** The newest snapshot that reads well, is confirmed by the block log and is not ahead of the indexes; the bad ones met. */
async function findState(
  options: SideStoreOptions,
  limits: { heightMax: number; blocks: BlockStore },
): Promise<Search> {
  const place = { disk: options.data.disk, folder: SNAPSHOTS_FOLDER };
  const bad: bigint[] = [];
  for (const id of await listSnapshots(place)) {
    const height = Number(id);
    if (height > limits.heightMax) continue;
    const next = await limits.blocks.read(height + 1);
    let why = "its state is not the one that the next block names";
    try {
      const found = await loadState(options, place, id);
      if (found !== undefined && isConfirmed(found.state, next)) return { found, bad };
      options.logger.warn(UNCONFIRMED, { height });
    } catch (error) {
      why = error instanceof BystackError ? `${error.message} ${error.why}` : String(error);
      options.logger.warn(UNREADABLE, { height, why });
    }
    bad.push(id);
    options.incidents.note({
      code: "snapshot-damaged",
      file: `data/side/${SNAPSHOTS_FOLDER}`,
      what: `the snapshot of height ${height} is no good: ${why}`,
      done: "an older one or the blocks are used; the next snapshot replaces it",
    });
  }
  return { found: undefined, bad };
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
};

/** Undefined when the log begins behind every state that this node has. */
async function openChain(
  options: SideStoreOptions,
  blocks: BlockStore,
  indexes: SideIndexes,
): Promise<OpenedChain | undefined> {
  await assertOwnBlocks(blocks, options.spec);
  const indexed = await indexes.height();
  // One block above the snapshot is needed: it names the state's root.
  const { found, bad } = await findState(options, { heightMax: Math.min(blocks.height - 1, indexed), blocks });
  const from = found?.state.position.height ?? 0;
  if (from < blocks.firstHeight - 1) return undefined;
  noteGaps(options.incidents, { blocks, indexed, prunes: options.prune });
  const { table, utxoBase } = found ?? newOutputs(options.rng);
  const schedule = new SnapshotSchedule({ blocksMax: options.snapshotBlocks, height: from });
  if (blocks.height > from) options.logger.info("replaying stored blocks", { from: from + 1, to: blocks.height });
  const ahead =
    blocks.height - from < AHEAD_BLOCKS_MIN
      ? undefined
      : new SignatureAhead({ blocks, from: from + 1, logger: options.logger });
  try {
    await ahead?.ready(from + 1);
    const { spec, mainSpec } = options;
    const verify = ahead === undefined ? {} : { verify: ahead.verify };
    const chain = await SideChain.open(
      { spec, mainSpec, blocks, utxoBase, snapshot: found, ...verify },
      async (block) => {
        const { height } = block.block.header;
        schedule.add(block.block.header.transactionCount);
        if (height > indexed) await indexes.follow(block);
        if (height % REPLAY_REPORT_BLOCKS === 0) options.logger.info("replayed", { height, of: blocks.height });
        await ahead?.ready(height + 1);
      },
    );
    return { chain, table, schedule, badSnapshots: bad };
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
    const place = { disk: this.#options.data.disk, folder: SNAPSHOTS_FOLDER };
    await writeSnapshot(place, { id: BigInt(height), chunks, keep: SNAPSHOTS_KEPT });
    for (const id of this.#opened.badSnapshots) if (Number(id) !== height) await removeSnapshot(place, id);
    if (!this.#options.prune) return;
    const oldest = (await listSnapshots(place)).at(-1);
    const { epochBlocks } = this.#options.spec.consensus;
    // A restart needs the block of its snapshot, and the last one of the epoch before, by which that epoch was entered.
    if (oldest !== undefined)
      await this.#opened.chain.blocks.prune(Math.floor((Number(oldest) - 1) / epochBlocks) * epochBlocks);
  }
}

/** One attempt; what it opened is closed again when it fails. Undefined: the log was of no use and has been set aside. */
async function openOnce(options: SideStoreOptions): Promise<SideStore | undefined> {
  const opened = new Opened();
  try {
    const { log, blocks } = await openBlockLog(blockLogOptions(options));
    opened.add(() => log.close());
    const kv = await openKv(options, "index");
    opened.add(() => kv.close());
    const memberKv = await openKv(options, "member");
    opened.add(() => memberKv.close());
    const indexes = new SideIndexes(kv);
    const chain = await openChain(options, blocks, indexes);
    if (chain === undefined) {
      await opened.close();
      await abandonBlockLog(blockLogOptions(options), blocks.firstHeight);
      return undefined;
    }
    const snapshots = new SnapshotWriter(options, chain);
    opened.add(() => snapshots.writing);
    return {
      chain: chain.chain,
      indexes,
      memberKv,
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
    store = await openOnce(options);
  } catch (error) {
    if (!isStorageError(error, "LOG_DAMAGED")) throw error;
    // Met while the blocks of a log were read that is too long to be checked as a whole at each start.
    await repairBlockLog(blockLogOptions(options));
  }
  store ??= await openOnce(options);
  if (store === undefined) throw new Error("invariant broken: an empty block log begins at block 1");
  return store;
}
