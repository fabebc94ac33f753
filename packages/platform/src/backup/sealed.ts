// A sealed backup as a folder: `backup.json` in the clear, and chunks of 4 MiB that only the recipient can open, each with the
// SHA-256 of what is on the disk. The plain text is the manifest behind its length, then the files that it lists, one after the
// other. Everything is written under another name and synced before the folder gets its own: what is listed is whole.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  BACKUP_MANIFEST,
  type BackupManifest,
  backupId,
  MANIFEST_BYTES_MAX,
  MANIFEST_FILE,
} from "@bystack/api/backup-manifest";
import * as s from "@bystack/api/schemas";
import { readListed, syncFolder, writeNewFile } from "@bystack/storage/file-list";
import { utf8ToBytes } from "@bystack/utils/bytes";
import { z } from "zod";
import { platformError } from "../errors.ts";
import { keyToRecipient, sealChunk, TAG_BYTES } from "./crypto.ts";

/** Bytes of plain text in one chunk: what sealing and opening keep in memory. */
export const CHUNK_BYTES = 4_194_304;
/** Chunks of one backup: 400 GiB. */
export const CHUNKS_MAX = 100_000;
const HEADER_BYTES_MAX = 33_554_432;
export const HEADER_FILE = "backup.json";
const LENGTH_BYTES = 4;

const HEADER = z.strictObject({
  format: z.literal(1),
  id: backupId,
  kind: BACKUP_MANIFEST.shape.kind,
  network: BACKUP_MANIFEST.shape.network,
  chain: BACKUP_MANIFEST.shape.chain,
  node: BACKUP_MANIFEST.shape.node,
  height: s.height,
  blockHash: s.hash,
  stateRoot: s.hash,
  createdAtMs: s.milliseconds,
  release: BACKUP_MANIFEST.shape.release,
  /** Public key of whoever can open it. */
  recipient: s.hash,
  ephemeral: s.hash,
  /** SHA-256 of the manifest's text. */
  manifestHash: s.hash,
  chunks: z
    .array(z.strictObject({ bytes: z.number().int().positive(), sha256: s.hash }))
    .min(1)
    .max(CHUNKS_MAX),
});
export type SealedHeader = z.infer<typeof HEADER>;

export function chunkName(number: number): string {
  return `${String(number).padStart(6, "0")}.chunk`;
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The manifest of an opened backup, as text and read. @throws BystackError BACKUP_DAMAGED */
export function loadManifest(folder: string): { readonly text: Uint8Array; readonly manifest: BackupManifest } {
  try {
    const text = Uint8Array.from(readFileSync(join(folder, MANIFEST_FILE)));
    return { text, manifest: parseManifest(text) };
  } catch (cause) {
    throw platformError("BACKUP_DAMAGED", { why: `${MANIFEST_FILE} is missing or no manifest`, cause });
  }
}

/** Throws for a text that is no manifest. */
export function parseManifest(text: Uint8Array): BackupManifest {
  return BACKUP_MANIFEST.parse(JSON.parse(Buffer.from(text).toString("utf8")));
}

/** The plain text of a backup, cut into chunks; each file is compared with the manifest on the way. */
async function* plainChunks(
  folder: string,
  { text, manifest }: ReturnType<typeof loadManifest>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, text.length);
  async function* parts(): AsyncGenerator<Uint8Array, void, undefined> {
    yield length;
    yield text;
    for await (const part of readListed(folder, manifest.files)) yield part.bytes;
  }
  for await (let part of parts()) {
    while (bytes + part.length >= CHUNK_BYTES) {
      const room = CHUNK_BYTES - bytes;
      yield Buffer.concat([...waiting, part.subarray(0, room)]);
      waiting = [];
      bytes = 0;
      part = part.subarray(room);
    }
    if (part.length > 0) waiting.push(part);
    bytes += part.length;
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}

function chunkCount({ text, manifest }: ReturnType<typeof loadManifest>): number {
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, LENGTH_BYTES + text.length);
  return Math.ceil(bytes / CHUNK_BYTES);
}

/** Where a sealed backup is written before it gets its name; a name with a dot in front is nobody's backup. */
export function temporaryOf(folder: string, id: string): string {
  return join(folder, `.${id}.tmp`);
}

export type SealOptions = {
  /** The opened backup. */
  readonly from: string;
  /** The folder of backups; the new one becomes `<to>/<id>`. */
  readonly to: string;
  readonly recipient: string;
  readonly signal: AbortSignal;
  readonly onChunk: (done: number, count: number) => Promise<void>;
};

/**
 * Seals an opened backup. One of the same id that is whole stays as it is.
 * @throws BystackError BACKUP_TOO_LARGE, FILE_DIFFERS, DISK_FULL, DISK_IO
 */
export async function sealBackup(options: SealOptions): Promise<SealedHeader> {
  const { from, to, recipient, signal, onChunk } = options;
  const source = loadManifest(from);
  const { manifest, text } = source;
  const place = join(to, manifest.id);
  if (existsSync(place)) return loadHeader(place);
  const count = chunkCount(source);
  if (count > CHUNKS_MAX) throw platformError("BACKUP_TOO_LARGE", { why: `${count} chunks, at most ${CHUNKS_MAX}` });
  const temporary = temporaryOf(to, manifest.id);
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  try {
    const { key, ephemeral } = keyToRecipient(recipient);
    const manifestHash = sha256Hex(text);
    const chunks: SealedHeader["chunks"] = [];
    for await (const plain of plainChunks(from, source)) {
      signal.throwIfAborted();
      const number = chunks.length;
      const sealed = sealChunk(key, { manifestHash, number, count }, plain);
      await writeNewFile(join(temporary, chunkName(number)), [sealed]);
      chunks.push({ bytes: sealed.length, sha256: sha256Hex(sealed) });
      await onChunk(chunks.length, count);
    }
    const { id, kind, network, chain, node, height, blockHash, stateRoot, createdAtMs, release } = manifest;
    const named = { id, kind, network, chain, node, height, blockHash, stateRoot, createdAtMs, release };
    const header = HEADER.parse({ format: 1, ...named, recipient, ephemeral, manifestHash, chunks });
    await writeNewFile(join(temporary, HEADER_FILE), [utf8ToBytes(`${JSON.stringify(header)}\n`)]);
    await syncFolder(temporary);
    renameSync(temporary, place);
    await syncFolder(to);
    return header;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** @throws BystackError BACKUP_NOT_FOUND, BACKUP_DAMAGED */
export function loadHeader(folder: string): SealedHeader {
  const path = join(folder, HEADER_FILE);
  if (!existsSync(path)) throw platformError("BACKUP_NOT_FOUND", { why: `there is no ${HEADER_FILE} in it` });
  const bytes = readFileSync(path);
  try {
    if (bytes.length > HEADER_BYTES_MAX) throw new Error("it is too long");
    return HEADER.parse(JSON.parse(bytes.toString("utf8")));
  } catch (cause) {
    throw platformError("BACKUP_DAMAGED", { why: `${HEADER_FILE} is not readable`, cause });
  }
}

/** One chunk as it is on the disk, compared with the header. @throws BystackError BACKUP_CUT, BACKUP_DAMAGED */
export async function readChunk(folder: string, header: SealedHeader, number: number): Promise<Uint8Array> {
  const wanted = header.chunks[number];
  const name = chunkName(number);
  const path = join(folder, name);
  if (wanted === undefined || !existsSync(path)) throw platformError("BACKUP_CUT", { why: `${name} is missing` });
  if (wanted.bytes > CHUNK_BYTES + TAG_BYTES) throw platformError("BACKUP_DAMAGED", { why: `${name} is too long` });
  const bytes = await readFile(path);
  if (bytes.length !== wanted.bytes)
    throw platformError("BACKUP_CUT", { why: `${name} has ${bytes.length} bytes, not ${wanted.bytes}` });
  if (sha256Hex(bytes) !== wanted.sha256)
    throw platformError("BACKUP_DAMAGED", { why: `${name}: its hash is another` });
  return bytes;
}

/**
 * Compares a sealed backup with its hashes, without a key: it is as it was written, unless somebody has written both anew.
 * @throws BystackError BACKUP_NOT_FOUND, BACKUP_CUT, BACKUP_DAMAGED
 */
export async function verifySealed(folder: string, signal?: AbortSignal): Promise<SealedHeader> {
  const header = loadHeader(folder);
  const known = new Set([HEADER_FILE, ...header.chunks.map((_, number) => chunkName(number))]);
  const stranger = readdirSync(folder).find((name) => !known.has(name));
  if (stranger !== undefined) throw platformError("BACKUP_DAMAGED", { why: `${stranger} does not belong to it` });
  for (let number = 0; number < header.chunks.length; number += 1) {
    signal?.throwIfAborted();
    await readChunk(folder, header, number);
  }
  return header;
}

/** Sealed backups in a folder, by name. */
export function listSealed(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter(
      (entry) =>
        entry.isDirectory() && !entry.name.startsWith(".") && existsSync(join(folder, entry.name, HEADER_FILE)),
    )
    .map(({ name }) => name)
    .sort();
}

/** Removes a sealed backup; the name goes first, so that a half removed one is not listed. */
export async function removeSealed(folder: string, id: string): Promise<void> {
  const place = join(folder, id);
  const aside = temporaryOf(folder, id);
  rmSync(aside, { recursive: true, force: true });
  if (existsSync(place)) renameSync(place, aside);
  if (existsSync(dirname(place))) await syncFolder(dirname(place));
  rmSync(aside, { recursive: true, force: true });
}

/** Bytes of a manifest in front of the plain text. @throws BystackError BACKUP_FORGED */
export function manifestLength(head: Uint8Array): number {
  const length = head.length < LENGTH_BYTES ? 0 : new DataView(head.buffer, head.byteOffset).getUint32(0);
  if (length === 0 || length > MANIFEST_BYTES_MAX)
    throw platformError("BACKUP_FORGED", { why: "it begins with no manifest" });
  return length;
}

export const MANIFEST_OFFSET = LENGTH_BYTES;
