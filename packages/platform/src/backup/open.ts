// Opening a sealed backup, for whoever has the recipient's key: chunk by chunk into an empty folder, under another name until
// all of it is there. Nothing is believed: each chunk must be the one of its place in this backup, the manifest that which all
// chunks are bound to, each file as long and of the hash that the manifest says, and nothing may be left over.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type BackupManifest, MANIFEST_FILE } from "@bystack/api/backup-manifest";
import { assertListed, type ListedFile, syncFolder, writeNewFile } from "@bystack/storage/file-list";
import { platformError } from "../errors.ts";
import { keyOfRecipient, openChunk, recipientOf } from "./crypto.ts";
import {
  loadHeader,
  MANIFEST_OFFSET,
  manifestLength,
  parseManifest,
  readChunk,
  type SealedHeader,
  sha256Hex,
} from "./sealed.ts";

const forged = (why: string) => platformError("BACKUP_FORGED", { why });

function keyOf(secret: Uint8Array, header: SealedHeader): Uint8Array {
  try {
    return keyOfRecipient(secret, header);
  } catch (cause) {
    throw platformError("BACKUP_FORGED", { why: "its ephemeral key is none", cause });
  }
}

async function* plainOf(
  folder: string,
  header: SealedHeader,
  secret: Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  const key = keyOf(secret, header);
  const { manifestHash, chunks } = header;
  for (let number = 0; number < chunks.length; number += 1) {
    const sealed = await readChunk(folder, header, number);
    const plain = openChunk(key, { manifestHash, number, count: chunks.length }, sealed);
    if (plain === undefined) throw forged(`chunk ${number} is not the one of this place in this backup`);
    yield plain;
  }
}

/** Takes bytes from a stream in the sizes that are asked for. */
class Stream {
  readonly #parts: AsyncGenerator<Uint8Array, void, undefined>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(parts: AsyncGenerator<Uint8Array, void, undefined>) {
    this.#parts = parts;
  }

  /** What comes next, at most so many bytes; empty at the end. */
  async next(most: number): Promise<Uint8Array> {
    if (this.#rest.length === 0) this.#rest = (await this.#parts.next()).value ?? new Uint8Array(0);
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  async exactly(bytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let left = bytes; left > 0; ) {
      const part = await this.next(left);
      if (part.length === 0) throw forged("it ends before its manifest says");
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }
}

/** Names that the header tells in the clear, and which nobody is to take from there alone. */
function assertNames(header: SealedHeader, manifest: BackupManifest): void {
  for (const name of [
    "id",
    "kind",
    "network",
    "chain",
    "node",
    "height",
    "blockHash",
    "stateRoot",
    "createdAtMs",
    "release",
  ] as const)
    if (header[name] !== manifest[name])
      throw forged(`its header says ${name} ${header[name]}, what is sealed ${manifest[name]}`);
}

async function writeFile(stream: Stream, path: string, file: ListedFile): Promise<void> {
  const hash = createHash("sha256");
  async function* bytesOf(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let left = file.bytes; left > 0; ) {
      const part = await stream.next(left);
      if (part.length === 0) throw forged(`${file.path} is cut`);
      hash.update(part);
      left -= part.length;
      yield part;
    }
  }
  await writeNewFile(path, bytesOf());
  if (hash.digest("hex") !== file.sha256) throw forged(`${file.path}: its hash is another`);
}

/**
 * Opens a sealed backup into a folder that is not there yet.
 * @param secret the recipient's private key
 * @throws BystackError BACKUP_FOREIGN_KEY, BACKUP_FORGED, BACKUP_CUT, BACKUP_DAMAGED, BACKUP_NOT_FOUND, and what the disk refuses
 */
export async function openBackup(folder: string, secret: Uint8Array, into: string): Promise<BackupManifest> {
  const header = loadHeader(folder);
  const own = recipientOf(secret);
  if (own !== header.recipient)
    throw platformError("BACKUP_FOREIGN_KEY", {
      why: `it is sealed to ${header.recipient}, the key is that of ${own}`,
    });
  if (existsSync(into)) throw platformError("BACKUP_PLACE_TAKEN", { why: into });
  const temporary = `${into}.opening`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  try {
    const stream = new Stream(plainOf(folder, header, secret));
    const text = await stream.exactly(manifestLength(await stream.exactly(MANIFEST_OFFSET)));
    if (sha256Hex(text) !== header.manifestHash) throw forged("its manifest is another");
    const manifest = manifestOf(text);
    assertNames(header, manifest);
    assertListed(manifest.files);
    for (const file of manifest.files) await writeFile(stream, join(temporary, file.path), file);
    if ((await stream.next(1)).length > 0) throw forged("it goes on behind what its manifest lists");
    await writeNewFile(join(temporary, MANIFEST_FILE), [text]);
    renameSync(temporary, into);
    await syncFolder(dirname(into));
    return manifest;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

function manifestOf(text: Uint8Array): BackupManifest {
  try {
    return parseManifest(text);
  } catch (cause) {
    throw platformError("BACKUP_FORGED", { why: "its manifest is not readable", cause });
  }
}
