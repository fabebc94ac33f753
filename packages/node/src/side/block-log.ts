// The block log of a side node, and what is done when it is damaged, shorter than it was, or begins too late: whatever is
// missing comes back from peers with certificates, so nothing here stops a node. It never touches the record of its votes.

import { BlockStore } from "@bystack/chain/side/block-store";
import type { Log, LogOptions } from "@bystack/storage/log";
import { cutDamagedLog, type LogDamage, openLogSalvaging, setLogAside } from "@bystack/storage/log-salvage";
import type { Incidents } from "../process/incidents.ts";

/** Folder of the log in the data folder. */
export const BLOCKS_FOLDER = "blocks";
const FILE = `data/side/${BLOCKS_FOLDER}`;
const INDEX_FILE = "data/side/index/index.mdb";
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
    done: "the log is kept aside, and state or blocks are fetched from peers",
  });
}

/** Says what a comparison with the indexes shows: they follow the log, so they are never ahead of a whole one. */
export function noteGaps(
  incidents: Incidents,
  found: {
    readonly blocks: BlockStore;
    readonly indexed: number;
    /** Height of the state that replay begins with. */
    readonly from: number;
    /** Where the log has to begin: 1, or where this node began; undefined when it prunes. */
    readonly beginsAt: number | undefined;
  },
): void {
  const { blocks, indexed, from, beginsAt } = found;
  if (indexed > blocks.height)
    incidents.note({
      code: "block-log-behind",
      file: FILE,
      what: `the log ends at block ${blocks.height}, this node had stored ${indexed}: it was cut, lost or is an older copy`,
      done: "the missing blocks are fetched from peers again",
    });
  if (indexed < from)
    incidents.note({
      code: "index-missing",
      file: INDEX_FILE,
      what: `the indexes know blocks up to ${indexed}, and the blocks above it up to ${blocks.firstHeight} are not here`,
      done: `outputs are indexed anew from the state; transactions up to block ${from} are not found here any more`,
    });
  else if (indexed === 0 && blocks.height > 0)
    incidents.note({
      code: "index-missing",
      file: INDEX_FILE,
      what: `the indexes are empty while ${blocks.height} blocks are stored`,
      done: "they are built again from the blocks",
    });
  if (beginsAt !== undefined && blocks.firstHeight > beginsAt)
    incidents.note({
      code: "blocks-missing",
      file: FILE,
      what: `blocks ${beginsAt} to ${blocks.firstHeight - 1} are gone`,
      done: `this node goes on from a snapshot and cannot serve them; to have them all again, set "history": "archive" and move ${FILE} away while it is stopped`,
    });
}

/** For a node that had no blocks and took a state from a peer. */
export function noteStateSync(incidents: Incidents, height: number): void {
  incidents.note({
    code: "state-fetched",
    file: FILE,
    what: "this node had no blocks of its chain: it is new, or its data folder was lost",
    done: `it began with the proven state after block ${height} of a peer; blocks below it are not here`,
  });
}
