// The backup of the platform's own store: its rows at one moment, without what lets somebody in. Sessions, tokens, links and
// the answers that were kept for repeated calls (a new token stands in one) are left out, so whoever has the backup signs in as
// nobody, and after a restore people sign in anew by password or passkey. Every table is named here, one way or the other.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { BACKUP_FORMAT, type BackupManifest, type DrillResult, MANIFEST_FILE } from "@bystack/api/backup-manifest";
import { copyListed, listFiles, syncFolder, writeNewFile } from "@bystack/storage/file-list";
import type { KvReader, KvStore } from "@bystack/storage/kv";
import { copyKv } from "@bystack/storage/kv-copy";
import { utf8ToBytes } from "@bystack/utils/bytes";
import { ALERTS, CHANNELS, MESSAGES, RULES, SILENCES } from "../alert/tables.ts";
import { LINKS, LOGINS, PASSKEYS, SESSIONS, TOKENS, USERS } from "../people/tables.ts";
import type { PlatformStore } from "../store/store.ts";
import { decodeRow, type Table } from "../store/table.ts";
import { AUDIT, BACKUPS, EVENTS, META_TABLE, NETWORKS, NODES, OPERATIONS, REPLIES } from "../store/tables.ts";
import { loadManifest } from "./sealed.ts";

/** Tables that a backup of the platform has. */
export const KEPT_TABLES: readonly Table<unknown>[] = [
  META_TABLE,
  EVENTS,
  AUDIT,
  OPERATIONS,
  NETWORKS,
  NODES,
  BACKUPS,
  USERS,
  LOGINS,
  PASSKEYS,
  RULES,
  ALERTS,
  SILENCES,
];
/**
 * Tables that it has not: each row lets somebody in, or may hold what does, or is sealed with a key that stays, or belongs to
 * messages that would be sent again.
 */
export const LEFT_OUT_TABLES: readonly Table<unknown>[] = [SESSIONS, TOKENS, LINKS, REPLIES, CHANNELS, MESSAGES];

/** The store's file, in the data folder of the platform and in its backup. */
export const STORE_FILE = "store.mdb";
/** What stands where a backup of a chain names it. */
export const PLATFORM_NAME = "platform";
const NO_HASH = "0".repeat(64);

export type OpenStore = (path: string) => Promise<KvStore>;

const kept = new Map(KEPT_TABLES.map((table) => [table.bucket, table]));

async function digestOf(reader: KvReader): Promise<{ readonly digest: string; readonly rows: number }> {
  const hash = createHash("sha256");
  let rows = 0;
  for await (const { key, value } of reader.iterate()) {
    const head = new Uint8Array(8);
    const view = new DataView(head.buffer);
    view.setUint32(0, key.length);
    view.setUint32(4, value.length);
    hash.update(head).update(key).update(value);
    rows += 1;
  }
  return { digest: hash.digest("hex"), rows };
}

export type StoreBackupOptions = {
  readonly store: PlatformStore;
  readonly openStore: OpenStore;
  /** The opened backup's folder; it appears whole. */
  readonly to: string;
  readonly id: string;
  readonly network: string;
  readonly release: string;
  readonly nowMs: number;
};

/** Writes the platform's rows as an opened backup. @throws what the disk refuses */
export async function writeStoreBackup(options: StoreBackupOptions): Promise<void> {
  const { store, openStore, to, id, network, release, nowMs } = options;
  const temporary = join(dirname(to), `.${id}.tmp`);
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(join(temporary, "data"), { recursive: true, mode: 0o700 });
  const path = join(temporary, "data", STORE_FILE);
  const snapshot = await store.snapshot();
  const copy = await openStore(path);
  let stateRoot: string;
  try {
    await copyKv(snapshot, copy, { keep: ([bucket]) => kept.has(bucket ?? 0) });
    stateRoot = (await digestOf(copy)).digest;
  } finally {
    snapshot.release();
    await copy.close();
  }
  rmSync(`${path}-lock`, { force: true });
  const manifest: BackupManifest = {
    format: BACKUP_FORMAT,
    id,
    kind: "platform",
    network,
    chain: PLATFORM_NAME,
    chainId: NO_HASH,
    node: PLATFORM_NAME,
    height: 0,
    blockHash: NO_HASH,
    stateRoot,
    createdAtMs: nowMs,
    release,
    votes: null,
    files: await listFiles(temporary),
  };
  await writeNewFile(join(temporary, MANIFEST_FILE), [utf8ToBytes(`${JSON.stringify(manifest, null, 2)}\n`)]);
  rmSync(to, { recursive: true, force: true });
  renameSync(temporary, to);
  await syncFolder(dirname(to));
}

/** What is wrong with the rows of a copied store; every one of them has to be one that this release reads. */
async function problemOf(
  copy: KvStore,
  manifest: BackupManifest,
): Promise<{ readonly rows: number; readonly why: string }> {
  for await (const { key, value } of copy.iterate()) {
    const table = kept.get(key[0] ?? 0);
    if (table === undefined) return { rows: 0, why: `it has rows of table ${key[0]}, which no backup has` };
    decodeRow(table, value);
  }
  const { digest, rows } = await digestOf(copy);
  return { rows, why: digest === manifest.stateRoot ? "" : `the hash of its rows is ${digest}` };
}

/** Opens a backup of the platform in a throw-away folder and reads every row. */
export async function drillStoreBackup(folder: string, work: string, openStore: OpenStore): Promise<DrillResult> {
  const from = performance.now();
  const place = join(work, "platform");
  let found = { rows: 0, why: "" };
  try {
    const { manifest } = loadManifest(folder);
    await copyListed(manifest.files, folder, (path) => join(place, path));
    const copy = await openStore(join(place, "data", STORE_FILE));
    try {
      found = await problemOf(copy, manifest);
    } finally {
      await copy.close();
    }
  } catch (error) {
    found = {
      rows: 0,
      why: error instanceof Error ? `${error.message} ${"why" in error ? String(error.why) : ""}` : String(error),
    };
  } finally {
    if (existsSync(place)) rmSync(place, { recursive: true });
  }
  const ok = found.why === "";
  const seconds = Math.round(performance.now() - from) / 1000;
  return {
    ok,
    height: 0,
    stateRoot: null,
    blocks: 0,
    transactions: found.rows,
    seconds,
    why: found.why.slice(0, 1_000),
  };
}
