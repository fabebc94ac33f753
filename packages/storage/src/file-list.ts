// A folder as a list of files with sizes and SHA-256, and copying what a list names. The list may come from elsewhere: a path
// that could leave the folder is refused before anything is opened, and what does not match is never left in place unsaid.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { BystackError } from "@bystack/utils/errors";
import { diskError } from "./disk.ts";
import { storageError } from "./errors.ts";

/** Bytes read and written at once. */
const COPY_BYTES = 1 << 20;
/** Files of one list: a chain's block log has one a 64 MiB. */
export const LISTED_FILES_MAX = 100_000;
/** Relative, with forward slashes, without dots in front: no list names a file outside its folder or a hidden one. */
export const LISTED_PATH = /^(?:[a-z0-9][a-z0-9._-]{0,99}\/){0,4}[a-z0-9][a-z0-9._-]{0,99}$/;

export type ListedFile = { readonly path: string; readonly bytes: number; readonly sha256: string };

function refused(path: string, cause: unknown): BystackError {
  if (cause instanceof BystackError) return cause;
  return diskError("read", path, { code: (cause as NodeJS.ErrnoException).code ?? "EUNKNOWN", cause });
}

async function* partsOf(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path, "r");
  try {
    for (;;) {
      const bytes = new Uint8Array(COPY_BYTES);
      const { bytesRead } = await file.read(bytes, 0, COPY_BYTES);
      if (bytesRead === 0) return;
      yield bytes.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** The bytes of listed files one after the other, each compared with the list. @throws FILE_DIFFERS, FILE_MISSING, DISK_IO */
export async function* readListed(
  folder: string,
  files: readonly ListedFile[],
): AsyncGenerator<{ readonly file: ListedFile; readonly bytes: Uint8Array }, void, undefined> {
  assertListed(files);
  for (const file of files) {
    const hash = createHash("sha256");
    let size = 0;
    try {
      for await (const bytes of partsOf(join(folder, file.path))) {
        hash.update(bytes);
        size += bytes.length;
        if (size > file.bytes) break;
        yield { file, bytes };
      }
    } catch (cause) {
      throw refused(file.path, cause);
    }
    assertSame(file, size, hash.digest("hex"));
  }
}

function assertSame(file: ListedFile, bytes: number, sha256: string): void {
  if (bytes === file.bytes && sha256 === file.sha256) return;
  throw storageError("FILE_DIFFERS", {
    why: bytes === file.bytes ? `${file.path}: its hash is another` : `${file.path}: ${bytes} bytes, not ${file.bytes}`,
    details: { file: file.path },
  });
}

/** @throws FILE_DIFFERS for a list that nobody here has made */
export function assertListed(files: readonly ListedFile[]): void {
  const seen = new Set<string>();
  if (files.length > LISTED_FILES_MAX) throw storageError("FILE_DIFFERS", { why: `${files.length} files` });
  for (const { path, bytes } of files) {
    const isFine = LISTED_PATH.test(path) && !seen.has(path) && Number.isSafeInteger(bytes) && bytes >= 0;
    if (!isFine) throw storageError("FILE_DIFFERS", { why: `the list names ${JSON.stringify(path.slice(0, 100))}` });
    seen.add(path);
  }
}

/** Compares a folder with a list. @throws FILE_DIFFERS, FILE_MISSING, DISK_IO */
export async function verifyListed(folder: string, files: readonly ListedFile[]): Promise<void> {
  for await (const _ of readListed(folder, files));
}

/** The files below a folder, in the order of their paths. @throws DISK_IO, and FILE_DIFFERS for names that no list has */
export async function listFiles(folder: string): Promise<ListedFile[]> {
  const listed: ListedFile[] = [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
  for (const path of paths) {
    const hash = createHash("sha256");
    let bytes = 0;
    try {
      for await (const part of partsOf(join(folder, path))) {
        hash.update(part);
        bytes += part.length;
      }
    } catch (cause) {
      throw refused(path, cause);
    }
    listed.push({ path, bytes, sha256: hash.digest("hex") });
  }
  assertListed(listed);
  return listed;
}

/** Writes a new file durably, from its bytes in order. @throws DISK_FULL, DISK_IO, FSYNC_FAILED */
export async function writeNewFile(
  path: string,
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, "wx", 0o600);
    try {
      for await (const bytes of parts) await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof BystackError) throw cause;
    throw diskError("write", path, { code: (cause as NodeJS.ErrnoException).code ?? "EUNKNOWN", cause });
  }
}

/**
 * Copies listed files into an empty place, each compared with the list on the way and durable before the next one.
 * @throws FILE_DIFFERS, FILE_MISSING, DISK_FULL, DISK_IO
 */
export async function copyListed(
  files: readonly ListedFile[],
  from: string,
  to: (path: string) => string,
): Promise<void> {
  assertListed(files);
  for (const file of files) {
    async function* bytesOf(): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const { bytes } of readListed(from, [file])) yield bytes;
    }
    await writeNewFile(to(file.path), bytesOf());
  }
}

/** Makes names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (cause) {
    throw diskError("syncFolder", path, { code: (cause as NodeJS.ErrnoException).code ?? "EUNKNOWN", cause });
  }
}
