// Where a node's blocks begin when that is not block 1: the height, and the last block of the epoch before, by which the epoch
// of the first block was entered and which no log from there on holds. Written once, when a node begins with a state from
// peers; in the form of a snapshot file, for its checksums and its all-or-nothing rename.

import { BlockStore, type Certified } from "@bystack/chain/side/block-store";
import { decodeStoredBlock, encodeStoredBlock } from "@bystack/chain/side/stored-block";
import type { DataFolder } from "@bystack/storage/data-folder";
import type { Disk } from "@bystack/storage/disk";
import { isStorageError } from "@bystack/storage/errors";
import { openLog } from "@bystack/storage/log";
import { removeEmptyLog } from "@bystack/storage/log-salvage";
import { listSnapshots, readSnapshot, writeSnapshot } from "@bystack/storage/snapshot";
import type { Rng } from "@bystack/utils/ports";
import { BLOCKS_FOLDER } from "./block-log.ts";
import type { Beginning } from "./state-sync/state-sync.ts";

const FOLDER = "beginning";

export type LogBeginning = {
  readonly height: number;
  /** Undefined in epoch 1, and when the file is damaged: then this node cannot help others into its first epoch. */
  readonly opening: Certified | undefined;
};

/** Undefined for a node whose blocks begin with block 1. */
export async function loadBeginning(data: DataFolder): Promise<LogBeginning | undefined> {
  const place = { disk: data.disk, folder: FOLDER };
  const [id] = await listSnapshots(place);
  if (id === undefined) return undefined;
  let opening: Certified | undefined;
  try {
    for await (const chunk of readSnapshot(place, id)) {
      const stored = decodeStoredBlock(chunk);
      if (stored?.certificate !== undefined) opening = { block: stored.block, certificate: stored.certificate };
    }
  } catch (error) {
    if (!isStorageError(error, "SNAPSHOT_DAMAGED")) throw error;
    opening = undefined;
  }
  return { height: Number(id), opening };
}

/** Copies it, so that a copy of the log is understood; nothing where blocks begin with block 1. */
export async function copyBeginning(from: Disk, to: Disk): Promise<void> {
  const [id] = await listSnapshots({ disk: from, folder: FOLDER });
  if (id === undefined) return;
  const chunks = readSnapshot({ disk: from, folder: FOLDER }, id);
  await writeSnapshot({ disk: to, folder: FOLDER }, { id, chunks, keep: 1 });
}

/** Writes what a node begins with, the block log last. Its snapshot is in place; indexes of earlier blocks go. */
export async function writeBeginning(
  { data, rng }: { readonly data: DataFolder; readonly rng: Rng },
  { height, run, opening }: Beginning,
): Promise<void> {
  const { disk } = data;
  const chunks = (opening?.blocks ?? []).map((block) =>
    encodeStoredBlock({ block, certificate: opening?.certificate }),
  );
  await writeSnapshot({ disk, folder: FOLDER }, { id: BigInt(height), chunks, keep: 1 });
  await removeEmptyLog({ disk, folder: BLOCKS_FOLDER });
  const log = await openLog({ disk, folder: BLOCKS_FOLDER, rng, firstSeq: BigInt(height) });
  try {
    await new BlockStore(log).append(run.blocks, run.certificate);
  } finally {
    await log.close();
  }
}
