// The backup of a main node while it runs: a copy of its store as it was at one moment, with its spec and options. A digest
// over all unspent outputs stands for its state: the main chain's blocks name none.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { KvMainChainStore } from "@bystack/chain/main/kv-store";
import { chainSpecHash, formatChainSpec, type MainChainSpec } from "@bystack/protocol/spec";
import { writeNewFile } from "@bystack/storage/file-list";
import type { KvReader, KvStore } from "@bystack/storage/kv";
import { type CopySize, copyKv } from "@bystack/storage/kv-copy";
import { openLmdbStore } from "@bystack/storage/lmdb";
import { bytesToHex, utf8ToBytes } from "@bystack/utils/bytes";
import { nodeError } from "../errors.ts";
import type { MainNodeOptions } from "../options.ts";
import type { BackupContent, BackupSource, BackupTarget } from "./jobs.ts";
import { OPTIONS_FILE, SPEC_FILE } from "./side-backup.ts";
import { utxoDigest } from "./utxo-digest.ts";

/** What the data folder of a main node says that it is. */
export const MAIN_DATA_KIND = "main-node";
export const MAIN_DATA_FORMAT = 1;
/** The store's file in a main node's data folder. */
export const MAIN_STORE_FILE = "chain.lmdb";
/** A block of the main chain with what is indexed of it, about: only for asking whether the disk has room. */
const BLOCK_BYTES = 4_096;

export type MainBackupParts = {
  readonly folder: string;
  readonly options: MainNodeOptions;
  readonly spec: MainChainSpec;
  readonly kv: KvStore;
  readonly version: string;
  readonly height: () => number;
};

/** A reader as a store that nobody writes to. */
function readOnly(reader: KvReader): KvStore {
  const refuse = (): never => {
    throw new Error("invariant broken: a snapshot is not written to");
  };
  return { ...reader, batch: refuse, snapshot: refuse, close: refuse };
}

async function copyStore(reader: KvReader, target: BackupTarget): Promise<void> {
  const path = join(target.path, "data", MAIN_STORE_FILE);
  const copy = await openLmdbStore({ path });
  let told: CopySize = { entries: 0, bytes: 0 };
  try {
    await copyKv(reader, copy, {
      onBatch: (size) => {
        target.progress(size.bytes - told.bytes);
        told = size;
      },
    });
  } finally {
    await copy.close();
  }
  rmSync(`${path}-lock`, { force: true });
}

async function writeMain(target: BackupTarget, parts: MainBackupParts): Promise<BackupContent> {
  const { folder, options, spec, kv, version } = parts;
  const snapshot = await kv.snapshot();
  try {
    const store = await KvMainChainStore.open(readOnly(snapshot));
    const best = await store.best();
    if (best === undefined) throw nodeError("BACKUP_TOO_EARLY");
    await copyStore(snapshot, target);
    const texts: [string, string][] = [
      [SPEC_FILE, formatChainSpec(spec)],
      ["data/format.json", readFileSync(join(folder, "data", "main", "format.json"), "utf8")],
    ];
    const file = join(folder, OPTIONS_FILE);
    if (existsSync(file)) texts.push([OPTIONS_FILE, readFileSync(file, "utf8")]);
    for (const [path, text] of texts) await writeNewFile(join(target.path, path), [utf8ToBytes(text)]);
    return {
      kind: "main",
      network: options.network,
      chain: options.chain,
      chainId: bytesToHex(chainSpecHash(spec)),
      node: options.id,
      height: Number(best.height),
      blockHash: bytesToHex(best.hash),
      stateRoot: await utxoDigest(store),
      release: version,
      votes: null,
    };
  } finally {
    snapshot.release();
  }
}

export function createMainBackup(parts: MainBackupParts): BackupSource {
  return {
    height: parts.height,
    sizeBytes: () => parts.height() * BLOCK_BYTES,
    write: (target) => writeMain(target, parts),
  };
}
