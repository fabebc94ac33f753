// A seal on a file whose format has no checksums of its own, such as an LMDB database: its SHA-256, written when the file was
// closed in order, removed before it is changed again. It finds what happened to the file while nobody used it: a flipped
// bit, a cut, an older copy. A file that was not closed in order has no seal, and nothing is said about it.

import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { storageError } from "./errors.ts";

const SUFFIX = ".seal";

export type SealVerdict = "sound" | "unsealed" | "damaged";

/** Hash of a file, about a second a gigabyte; undefined when it is missing. */
async function digestOf(path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

function syncPath(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

async function run<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const full = ["ENOSPC", "EDQUOT"].includes((cause as NodeJS.ErrnoException).code ?? "");
    throw storageError(full ? "DISK_FULL" : "DISK_IO", { why: `the seal of ${path}`, details: { path }, cause });
  }
}

/** Compares a file with its seal. A seal without its file, or one that is not readable, counts as damage. */
export function checkSeal(path: string): Promise<SealVerdict> {
  return run(path, async () => {
    const seal = `${path}${SUFFIX}`;
    if (!existsSync(seal)) return "unsealed";
    return readFileSync(seal, "utf8").trim() === (await digestOf(path)) ? "sound" : "damaged";
  });
}

/** Removes the seal, durably: the file is about to change. */
export function breakSeal(path: string): Promise<void> {
  return run(path, async () => {
    if (!existsSync(`${path}${SUFFIX}`)) return;
    rmSync(`${path}${SUFFIX}`);
    syncPath(dirname(path));
  });
}

/** Seals a file that nobody has open any more. */
export function writeSeal(path: string): Promise<void> {
  return run(path, async () => {
    const digest = await digestOf(path);
    if (digest === undefined) return;
    const temporary = `${path}${SUFFIX}.tmp`;
    const file = openSync(temporary, "w", 0o600);
    try {
      writeSync(file, `${digest}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, `${path}${SUFFIX}`);
    syncPath(dirname(path));
  });
}
