// The block log of a side node, and what is done when it is damaged, shorter than it was, or begins too late: whatever is
// missing comes back from peers with certificates, so nothing here stops a node. It never touches the record of its votes.

import { BlockStore } from "@bystack/chain/side/block-store";
import type { Log, LogOptions } from "@bystack/storage/log";
import { cutDamagedLog, type LogDamage, openLogSalvaging, setLogAside } from "@bystack/storage/log-salvage";
import type { Incidents } from "../process/incidents.ts";

const BLOCKS_FOLDER = "blocks";
const FILE = `data/side/${BLOCKS_FOLDER}`;
/**
 * A block log up to this size is read as a whole at each start, about a second; a longer one from its newest snapshot on,
 * and as a whole only after damage was met: the rest is checked when somebody asks for it.
 */
export const BLOCK_LOG_VERIFY_BYTES_MAX = 268_435_456;

export type BlockLogOptions = Pick<LogOptions, "disk" | "rng" | "segmentBytesMax"> & { readonly incidents: Incidents };

export type BlockLog = { readonly log: Log; readonly blocks: BlockStore };

function noteDamage(incidents: Incidents, damage: LogDamage): void {
  incidents.note({
    code: "block-log-damaged",
    file: `data/side/${damage.file}`,
    what: damage.why,
    done:
      `blocks 1 to ${damage.keptThrough} stay, the others are fetched from peers again; ` +
      `the damaged files are kept as ${damage.setAside.join(", ")}`,
  });
}

/** Opens the log, cut where it is damaged. */
export async function openBlockLog(options: BlockLogOptions): Promise<BlockLog> {
  const { incidents, ...rest } = options;
  const verify = { bytesMax: BLOCK_LOG_VERIFY_BYTES_MAX };
  const { log, damage } = await openLogSalvaging({ ...rest, folder: BLOCKS_FOLDER, verify });
  if (damage !== undefined) noteDamage(incidents, damage);
  return { log, blocks: new BlockStore(log) };
}

/** For a log that turned out to be damaged while it was read; it must be closed. */
export async function repairBlockLog({ disk, incidents }: BlockLogOptions): Promise<void> {
  const damage = await cutDamagedLog({ disk, folder: BLOCKS_FOLDER });
  if (damage !== undefined) noteDamage(incidents, damage);
}

/** For a log that begins behind every state that this node has; it must be closed. */
export async function abandonBlockLog({ disk, incidents }: BlockLogOptions, firstHeight: number): Promise<void> {
  await setLogAside({ disk, folder: BLOCKS_FOLDER });
  incidents.note({
    code: "blocks-missing",
    file: FILE,
    what: `blocks 1 to ${firstHeight - 1} are gone, and no snapshot or index leads past them`,
    done: "the log is kept aside, and every block is fetched from peers that keep all of them",
  });
}

/** Says what a comparison with the indexes shows: they follow the log, so they are never ahead of a whole one. */
export function noteGaps(
  incidents: Incidents,
  found: { readonly blocks: BlockStore; readonly indexed: number; readonly prunes: boolean },
): void {
  const { blocks, indexed, prunes } = found;
  if (indexed > blocks.height)
    incidents.note({
      code: "block-log-behind",
      file: FILE,
      what: `the log ends at block ${blocks.height}, this node had stored ${indexed}: it was cut, lost or is an older copy`,
      done: "the missing blocks are fetched from peers again",
    });
  if (indexed === 0 && blocks.height > 0)
    incidents.note({
      code: "index-missing",
      file: "data/side/index/index.mdb",
      what: `the indexes are empty while ${blocks.height} blocks are stored`,
      done: "they are built again from the blocks",
    });
  if (blocks.firstHeight > 1 && !prunes)
    incidents.note({
      code: "blocks-missing",
      file: FILE,
      what: `blocks 1 to ${blocks.firstHeight - 1} are gone`,
      done: `this node goes on from a snapshot and cannot serve them; to have them all again, stop it and move ${FILE} away`,
    });
}
