// The file of the explorer's index: a sound one is kept over restarts and kills, anything else is begun anew and said so.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createMemoryLogger } from "@bystack/testing/logger";
import { EXPLORER_FOLDER, openExplorerStore } from "../../src/explorer/open-store.ts";

const folder = mkdtempSync(join(tmpdir(), "bystack-explorer-store-"));
const file = join(folder, ...EXPLORER_FOLDER, "index.mdb");
const KEY = Uint8Array.of(1);
after(() => rmSync(folder, { recursive: true, force: true }));

/** Opens the store, fills it, closes it; spoils the file; opens it again. @returns what became of it */
async function reopenAfter(spoil: () => void): Promise<"kept" | "anew"> {
  const silent = createMemoryLogger();
  const first = await openExplorerStore({ folder, driver: "lmdb", logger: silent });
  await first.batch({ puts: [{ key: KEY, value: KEY }], flush: true });
  await first.close();
  spoil();
  const logger = createMemoryLogger();
  const second = await openExplorerStore({ folder, driver: "lmdb", logger });
  const isKept = (await second.get(KEY)) !== undefined;
  await second.close();
  const warnings = logger.lines.filter(({ level }) => level === "warn").length;
  assert.equal(warnings, isKept ? 0 : 1);
  return isKept ? "kept" : "anew";
}

function flip(at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

test("a sound file is kept, also after a kill, when nothing seals it", async () => {
  assert.equal(await reopenAfter(() => {}), "kept");
  assert.equal(await reopenAfter(() => rmSync(`${file}.seal`)), "kept");
});

test("a flipped bit, a short file, no database, and one that ended the process are begun anew", async () => {
  for (const spoil of [
    () => flip(5_000),
    () => writeFileSync(file, new Uint8Array(100)),
    () => {
      rmSync(`${file}.seal`);
      flip(24);
    },
    () => writeFileSync(`${file}.opening`, ""),
  ])
    assert.equal(await reopenAfter(spoil), "anew");
});
