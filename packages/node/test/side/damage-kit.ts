// Damage to a stopped node's files, one way after the other, and what a healthy start after it may look like.

import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Every file below a folder, by its path from there. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

export function copyFolder(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
}

export type Damage = { readonly name: string; apply(path: string): void };

/** A file below this is one line, and the same anywhere. */
const SHORT_BYTES = 100;
/** Where a bit is flipped: the head, three places in the middle, the end; as parts of the length. */
const FLIPS = [0, 0.13, 0.5, 0.81, 1] as const;

export function flipBit(path: string, part: number): void {
  const bytes = readFileSync(path);
  const at = Math.min(bytes.length - 1, Math.floor(bytes.length * part));
  // Not the lowest bit: in text that would often give another letter of the same kind.
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}

/** What can happen to a file; `older` is the same node's folder as it was some blocks before. */
export function damagesOf(file: string, folders: { readonly whole: string; readonly older: string }): Damage[] {
  const size = statSync(join(folders.whole, file)).size;
  const damages: Damage[] = [{ name: "deleted", apply: (path) => rmSync(path) }];
  if (size > 0) {
    damages.push({ name: "emptied", apply: (path) => truncateSync(path, 0) });
    damages.push({ name: "cut to half", apply: (path) => truncateSync(path, size >> 1) });
    for (const part of size > SHORT_BYTES ? FLIPS : FLIPS.slice(0, 3))
      damages.push({ name: `bit flipped at ${Math.round(part * 100)} %`, apply: (path) => flipBit(path, part) });
  }
  const before = join(folders.older, file);
  if (existsSync(before))
    damages.push({ name: "rolled back", apply: (path) => writeFileSync(path, readFileSync(before)) });
  return damages;
}
