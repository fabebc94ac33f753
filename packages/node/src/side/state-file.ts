// The state of a side node as a file: reading a snapshot back, and finding the newest one that the block log confirms.

import type { BlockStore } from "@bystack/chain/side/block-store";
import { decodeStateChunks } from "@bystack/chain/side/snapshots";
import type { StoredBlock } from "@bystack/chain/side/stored-block";
import { createUtxoBase } from "@bystack/chain/side/utxo-base";
import { createSideRules } from "@bystack/ledger/side/rules";
import type { SideState } from "@bystack/ledger/side/state";
import type { UtxoBase } from "@bystack/ledger/side/utxo";
import type { MainChainSpec, SideChainSpec } from "@bystack/protocol/spec";
import type { DataFolder } from "@bystack/storage/data-folder";
import type { Disk } from "@bystack/storage/disk";
import { listSnapshots, readSnapshot } from "@bystack/storage/snapshot";
import { UtxoTable } from "@bystack/storage/utxo-table";
import { equalBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { Logger, Rng } from "@bystack/utils/ports";
import type { Incidents } from "../process/incidents.ts";

/** Folder of the snapshots in the data folder. */
export const SNAPSHOTS_FOLDER = "snapshots";
/** Memory of the UTXO table: about 15 million outputs of the usual kind. */
export const UTXO_TABLE_BYTES_MAX = 4_294_967_296;

/** Where the snapshots of a data folder are. */
export type SnapshotPlace = { readonly disk: Disk; readonly folder: string };

export function snapshotPlace(data: DataFolder): SnapshotPlace {
  return { disk: data.disk, folder: SNAPSHOTS_FOLDER };
}

/** Final outputs in memory: the table, and how the ledger sees it. */
export type Outputs = { readonly table: UtxoTable; readonly utxoBase: UtxoBase };

/** An empty table. */
export function newOutputs(rng: Rng): Outputs {
  const table = new UtxoTable({ rng, bytesMax: UTXO_TABLE_BYTES_MAX });
  return { table, utxoBase: createUtxoBase(table) };
}

/** A state from a snapshot, its outputs in the table. */
export type Found = Outputs & { readonly state: SideState };

/** Whether the block after a state names its root: what makes a snapshot more than a file with good checksums. */
function isConfirmed(state: SideState, next: StoredBlock | undefined): boolean {
  return next !== undefined && equalBytes(next.block.header.parentStateRoot, state.root());
}

export type StateFileOptions = {
  readonly data: DataFolder;
  readonly spec: SideChainSpec;
  readonly mainSpec: MainChainSpec | undefined;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly incidents: Incidents;
};

/** What a snapshot of a height holds. @throws BystackError SNAPSHOT_DAMAGED and what the disk refuses */
export async function loadState(options: Omit<StateFileOptions, "incidents">, id: bigint): Promise<Found | undefined> {
  const place = snapshotPlace(options.data);
  const outputs = newOutputs(options.rng);
  const rules = createSideRules(options.spec, options.mainSpec);
  const state = await decodeStateChunks({ rules, chunks: readSnapshot(place, id), utxoBase: outputs.utxoBase });
  return state === undefined || state.position.height !== Number(id) ? undefined : { ...outputs, state };
}

const UNCONFIRMED = "a snapshot is not the state that the log confirms; an older one or the log is used";
const UNREADABLE = "a snapshot cannot be read; an older one or the log is used";

export type Search = { readonly found: Found | undefined; readonly bad: readonly bigint[] };

/** The newest snapshot that reads well, is confirmed by the block log and not above a height; the bad ones met. */
export async function findState(
  options: StateFileOptions,
  limits: { heightMax: number; blocks: BlockStore },
): Promise<Search> {
  const bad: bigint[] = [];
  for (const id of await listSnapshots(snapshotPlace(options.data))) {
    const height = Number(id);
    if (height > limits.heightMax) continue;
    const next = await limits.blocks.read(height + 1);
    let why = "its state is not the one that the next block names";
    try {
      const found = await loadState(options, id);
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
