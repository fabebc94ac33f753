// Importing a mark (bbft.md S5): the record of votes of a node's former folder, when a backup of its chain is put into a new
// one. What it says is read as the next start would read it. The backup knows a place up to which the key may have signed when
// it was made; a record that ends before it is an older copy, and such a one would let the key sign twice.

import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { BackupManifest } from "@bystack/api/backup-manifest";
import type { Position } from "@bystack/consensus/bbft/messages";
import { comparePositions, replayRecord } from "@bystack/consensus/bbft/replay";
import { createNodeDisk } from "@bystack/storage/disk-node";
import { isStorageError } from "@bystack/storage/errors";
import { openLog } from "@bystack/storage/log";
import { hexToBytes } from "@bystack/utils/bytes";
import { nodeError } from "../errors.ts";
import { systemRng } from "../process/timers.ts";
import { RECORD_FOLDER, readEntries } from "../side/consensus-record.ts";

/** The highest place of a record's own votes; undefined when it is not whole or not of this key. */
async function endOf(
  folder: string,
  identity: { chainId: Uint8Array; key: Uint8Array },
): Promise<Position | undefined> {
  const log = await openLog({
    disk: createNodeDisk(folder),
    folder: RECORD_FOLDER,
    rng: systemRng,
    verify: "all",
    mustExist: true,
  });
  try {
    const { entries } = await readEntries(log);
    const replayed = entries === undefined ? undefined : replayRecord(entries, identity);
    if (replayed === undefined) return undefined;
    let end = replayed.floor;
    for (const { epoch, view } of replayed.own.values())
      if (comparePositions({ epoch, view }, end) > 0) end = { epoch, view };
    return end;
  } finally {
    await log.close();
  }
}

/** Copies a record into a data folder that is being made. @throws BystackError RESTORE_RECORD_OLD */
export async function copyRecord(record: string, data: string, { chainId, votes }: BackupManifest): Promise<void> {
  const refuse = (why: string) => nodeError("RESTORE_RECORD_OLD", { why });
  if (votes === null) throw refuse("the backup is of a node that did not vote");
  if (!existsSync(record)) throw refuse(`there is no folder ${record}`);
  cpSync(record, join(data, RECORD_FOLDER), { recursive: true });
  let end: Position | undefined;
  try {
    end = await endOf(data, { chainId: hexToBytes(chainId), key: hexToBytes(votes.key) });
  } catch (error) {
    if (!isStorageError(error, "LOG_DAMAGED", "FILE_MISSING")) throw error;
    throw refuse(error.why);
  }
  if (end === undefined) throw refuse("it is not whole, or not of the key that the backup names");
  if (comparePositions(end, votes) < 0)
    throw refuse(`it ends at epoch ${end.epoch}, view ${end.view}; the key had come to ${votes.epoch}, ${votes.view}`);
}
