// Reads recorded vectors for the tests of this package: those of the repository, and the standard sets that lie beside
// it where they are present.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha3_256 } from "../src/hash.ts";

const ROOT = join(import.meta.dirname, "../../..");

export function vectorText(file: string): string {
  return readFileSync(join(ROOT, "vectors", file), "utf8");
}

export function vectorCases<T>(file: string): T[] {
  return (JSON.parse(vectorText(file)) as { cases: T[] }).cases;
}

/** The text of a standard set, or undefined when the sets are not beside the repository. */
export function sharedText(file: string): string | undefined {
  const path = join(ROOT, "../shared/vectors/crypto", file);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** The option for a test that needs a standard set: it is skipped, with the reason, when the set is not there. */
export function needsShared(file: string): { skip: string | false } {
  return { skip: sharedText(file) === undefined ? `the standard set ${file} is not beside the repository` : false };
}

export function sharedJson<T>(file: string): T {
  return JSON.parse(sharedText(file) ?? "{}") as T;
}

/** 32 reproducible bytes for a seed and a number. */
export function sample(seed: string, index: number): Uint8Array {
  return sha3_256(new TextEncoder().encode(`${seed}/${index}`));
}
