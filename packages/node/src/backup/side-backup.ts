// The backup of a side node while it runs: every block that it keeps up to one with a certificate, the newest snapshot below
// it, how its log begins, its specs and options. Keys and the record of votes stay: an older record is worse than none. The
// log is copied record by record, each checked, so that what is copied is what the node would serve.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Position } from "@bystack/consensus/bbft/messages";
import { comparePositions } from "@bystack/consensus/bbft/replay";
import type { BbftState } from "@bystack/consensus/bbft/state";
import { chainIdOf, formatChainSpec } from "@bystack/protocol/spec";
import { writeNewFile } from "@bystack/storage/file-list";
import { openLog } from "@bystack/storage/log";
import { listSnapshots, readSnapshot, snapshotBytes, writeSnapshot } from "@bystack/storage/snapshot";
import { bytesToHex, utf8ToBytes } from "@bystack/utils/bytes";
import { nodeError } from "../errors.ts";
import type { SideNodeOptions } from "../options.ts";
import { systemRng } from "../process/timers.ts";
import { copyBeginning } from "../side/beginning.ts";
import { BLOCKS_FOLDER } from "../side/block-log.ts";
import type { Ground } from "../side/ground.ts";
import { SNAPSHOTS_FOLDER } from "../side/state-file.ts";
import type { BackupContent, BackupSource, BackupTarget } from "./jobs.ts";

/** Names in the folder of a backup. */
export const SPEC_FILE = "spec.json";
export const MAIN_SPEC_FILE = "main-spec.json";
export const OPTIONS_FILE = "node.json";

export type SideBackupParts = {
  /** The node's folder. */
  readonly folder: string;
  readonly options: SideNodeOptions;
  readonly ground: Ground;
  readonly version: string;
  /** Undefined before the engine runs. */
  readonly engine: () => BbftState | undefined;
};

/** The highest place at which this key may have signed so far. */
function votedUpTo(state: BbftState): Position {
  let highest: Position = state.floor;
  const places: Iterable<Position>[] = [[{ epoch: state.epoch, view: state.view }], state.own.values()];
  for (const place of places)
    for (const { epoch, view } of place) if (comparePositions({ epoch, view }, highest) > 0) highest = { epoch, view };
  return highest;
}

/** From which block on the log is copied: all of it, or on a node that prunes what a restart from the snapshot needs. */
function firstBlock({ ground, options }: SideBackupParts, snapshot: number): number {
  const { blocks, rules } = ground.store.chain;
  if (options.history !== "pruned") return blocks.firstHeight;
  // While blocks are copied older ones may go; these stay until two newer snapshots stand behind this one.
  const { epochBlocks } = rules.spec.consensus;
  return Math.max(blocks.firstHeight, Math.floor((snapshot - 1) / epochBlocks) * epochBlocks);
}

async function copyBlocks(target: BackupTarget, parts: SideBackupParts, range: { from: number; to: number }) {
  const log = await openLog({
    disk: target.data,
    folder: BLOCKS_FOLDER,
    rng: systemRng,
    firstSeq: BigInt(range.from),
  });
  try {
    await parts.ground.store.chain.blocks.copyTo(log, range, target.progress);
  } finally {
    await log.close();
  }
}

async function copyTexts(target: BackupTarget, { folder, ground }: SideBackupParts): Promise<void> {
  const { spec, mainSpec } = ground;
  const texts: [string, string][] = [
    [SPEC_FILE, formatChainSpec(spec)],
    ["data/format.json", readFileSync(join(folder, "data", "side", "format.json"), "utf8")],
  ];
  if (mainSpec !== undefined) texts.push([MAIN_SPEC_FILE, formatChainSpec(mainSpec)]);
  const options = join(folder, OPTIONS_FILE);
  if (existsSync(options)) texts.push([OPTIONS_FILE, readFileSync(options, "utf8")]);
  for (const [path, text] of texts) await writeNewFile(join(target.path, path), [utf8ToBytes(text)]);
}

async function writeSide(target: BackupTarget, parts: SideBackupParts): Promise<BackupContent> {
  const { options, ground, version, engine } = parts;
  const { store, spec, config } = ground;
  const newest = await store.chain.blocks.newestCertified();
  if (newest === undefined) throw nodeError("BACKUP_TOO_EARLY");
  const { height, parentStateRoot } = newest.block.header;
  // One block above a snapshot is needed: it names the state's root.
  const snapshot = (await listSnapshots(store.snapshots)).find((id) => Number(id) < height);
  if (snapshot !== undefined) {
    const place = { disk: target.data, folder: SNAPSHOTS_FOLDER };
    await writeSnapshot(place, { id: snapshot, chunks: readSnapshot(store.snapshots, snapshot), keep: 1 });
    target.progress(await snapshotBytes(place, snapshot));
  }
  if (snapshot === undefined && store.chain.blocks.firstHeight > 1)
    throw nodeError("BACKUP_TOO_EARLY", {
      why: "the blocks here lead from no snapshot on; the next block makes it one",
    });
  await copyBeginning(ground.disk, target.data);
  await copyBlocks(target, parts, { from: firstBlock(parts, Number(snapshot ?? 0)), to: height });
  await copyTexts(target, parts);
  const state = engine();
  const { ownKey } = config;
  return {
    kind: "side",
    network: options.network,
    chain: options.chain,
    chainId: bytesToHex(chainIdOf(spec)),
    node: options.id,
    height,
    blockHash: bytesToHex(newest.block.hash),
    stateRoot: bytesToHex(parentStateRoot),
    release: version,
    // Read last: what is signed while blocks are copied counts.
    votes: ownKey === undefined || state === undefined ? null : { key: bytesToHex(ownKey), ...votedUpTo(state) },
  };
}

export function createSideBackup(parts: SideBackupParts): BackupSource {
  const { chain } = parts.ground.store;
  return {
    height: () => {
      if (chain.height === 0) throw nodeError("BACKUP_TOO_EARLY");
      return chain.height;
    },
    sizeBytes: () => chain.blocks.sizeBytes,
    write: (target) => writeSide(target, parts),
  };
}
