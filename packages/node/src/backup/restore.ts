// Putting an opened backup into a node's folder: only where no chain's data are, beside keys that their owner has put there.
// The name `data/side` or `data/main` appears with everything in it. Whatever the folder says, its vote key has voted: the mark
// of a fresh key goes first, durably, so the node observes until its votes can do no harm (bbft.md S5). A record of votes comes
// along only if it is whole, of this key, and not older than the backup; the node asks its peers all the same.

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { BackupManifest } from "@bystack/api/backup-manifest";
import { chainIdOf, chainSpecHash, parseChainSpecText } from "@bystack/protocol/spec";
import { assertListed, copyListed, syncFolder, writeNewFile } from "@bystack/storage/file-list";
import { bytesToHex, utf8ToBytes } from "@bystack/utils/bytes";
import type { Clock } from "@bystack/utils/ports";
import { nodeError } from "../errors.ts";
import { loadNodeOptions } from "../options.ts";
import { forgetNeverVoted, hasNeverVoted } from "../process/keys.ts";
import { copyRecord } from "./import-record.ts";
import { readManifest } from "./jobs.ts";
import { MAIN_SPEC_FILE, OPTIONS_FILE, SPEC_FILE } from "./side-backup.ts";

const DATA = "data/";
const RESTORED_FILE = "restored.json";
const TEMPORARY = "restoring";
/** In a data folder that nobody has used. */
const UNUSED: ReadonlySet<string> = new Set(["lock", "owner.json"]);

export type RestoreOptions = {
  /** The opened backup; it is read and left as it is. */
  readonly from: string;
  /** The node's folder, with its keys. */
  readonly into: string;
  /** The folder `record` of the node's former data folder, when that is still there and whole. */
  readonly record?: string | undefined;
  readonly clock: Clock;
};

/** Whether this backup has been put into a folder already. */
export function isRestored(into: string, { id, kind }: Pick<BackupManifest, "id" | "kind">): boolean {
  try {
    const { backup } = JSON.parse(readFileSync(join(into, RESTORED_FILE), "utf8")) as { backup?: unknown };
    return backup === id && existsSync(join(into, "data", kind, "format.json"));
  } catch {
    return false;
  }
}

/** @throws BystackError RESTORE_NOT_EMPTY, RESTORE_KEYS_MISSING, SPEC_MISMATCH, OPTIONS_INVALID */
function assertPlace({ into }: RestoreOptions, manifest: BackupManifest): void {
  const { kind, chainId } = manifest;
  const data = join(into, "data", kind);
  const used = existsSync(data) ? readdirSync(data).find((name) => !UNUSED.has(name)) : undefined;
  if (used !== undefined) throw nodeError("RESTORE_NOT_EMPTY", { why: `data/${kind} has ${used}` });
  if (kind === "side" && !existsSync(join(into, "keys", "peer.json"))) throw nodeError("RESTORE_KEYS_MISSING");
  const file = join(into, OPTIONS_FILE);
  if (!existsSync(file)) return;
  const options = loadNodeOptions(file);
  if (options.kind !== kind) throw nodeError("SPEC_MISMATCH", { why: `the folder is of a ${options.kind} node` });
  const own = specIdOf(join(into, options.specFile));
  if (own !== chainId)
    throw nodeError("SPEC_MISMATCH", { why: `the backup is of chain ${chainId}, the folder of ${own}` });
}

function specIdOf(path: string): string {
  const parsed = parseChainSpecText(readFileSync(path, "utf8"));
  if (!parsed.ok) throw nodeError("SPEC_MISMATCH", { why: `${path} is no spec` });
  return bytesToHex(parsed.value.kind === "side" ? chainIdOf(parsed.value) : chainSpecHash(parsed.value));
}

/** For a folder without options: those of the backup, with the specs beside them. Ports stay: the others know them. */
async function writeOptions({ from, into }: RestoreOptions, { files }: BackupManifest): Promise<void> {
  if (existsSync(join(into, OPTIONS_FILE))) return;
  const listed = files.filter(({ path }) => [SPEC_FILE, MAIN_SPEC_FILE, OPTIONS_FILE].includes(path));
  if (!listed.some(({ path }) => path === OPTIONS_FILE)) return;
  for (const { path } of listed) rmSync(join(into, path), { force: true });
  const specs = listed.filter(({ path }) => path !== OPTIONS_FILE);
  await copyListed(specs, from, (path) => join(into, path));
  const saved: unknown = JSON.parse(readFileSync(join(from, OPTIONS_FILE), "utf8"));
  const hasMain = specs.some(({ path }) => path === MAIN_SPEC_FILE);
  const options = { ...(saved as object), specFile: SPEC_FILE, ...(hasMain && { mainSpecFile: MAIN_SPEC_FILE }) };
  // Last: a folder with options has its specs.
  await writeNewFile(join(into, OPTIONS_FILE), [utf8ToBytes(`${JSON.stringify(options, null, 2)}\n`)]);
}

function syncPath(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Puts a backup into a node's folder; done again after a crash it ends the same way.
 * @throws BystackError RESTORE_NOT_EMPTY, RESTORE_KEYS_MISSING, RESTORE_RECORD_OLD, SPEC_MISMATCH, BACKUP_UNREADABLE, and what
 * the disk refuses
 */
export async function placeBackup(options: RestoreOptions): Promise<BackupManifest> {
  const { from, into, record, clock } = options;
  const manifest = readManifest(from);
  const { id, kind, files, height } = manifest;
  if (kind === "platform") throw nodeError("BACKUP_UNREADABLE", { why: "it is of a platform's store, not of a node" });
  if (isRestored(into, manifest)) return manifest;
  assertListed(files);
  assertPlace(options, manifest);
  const temporary = join(into, TEMPORARY);
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  const inData = files.filter(({ path }) => path.startsWith(DATA));
  await copyListed(inData, from, (path) => join(temporary, path.slice(DATA.length)));
  if (record !== undefined) await copyRecord(record, temporary, manifest);
  await writeOptions(options, manifest);
  if (hasNeverVoted(into)) forgetNeverVoted(into);
  rmSync(join(into, RESTORED_FILE), { force: true });
  const restored = { backup: id, height, atMs: clock.nowMs() };
  await writeNewFile(join(into, RESTORED_FILE), [utf8ToBytes(`${JSON.stringify(restored)}\n`)]);
  const data = join(into, "data", kind);
  rmSync(data, { recursive: true, force: true });
  mkdirSync(dirname(data), { recursive: true, mode: 0o700 });
  for (const entry of readdirSync(temporary, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) syncPath(join(entry.parentPath, entry.name));
  renameSync(temporary, data);
  await syncFolder(dirname(data));
  await syncFolder(into);
  return manifest;
}
