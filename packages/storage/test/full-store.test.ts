// LMDB when the operating system takes no more bytes: the batch fails with a type, no later one is taken, nothing fails
// unheard, and after a new start the store holds exactly the batches that were confirmed. A limit on the size of files
// stands for the full disk: anybody may set it for a child.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openLmdbStore } from "@bystack/storage/lmdb";
import { utf8ToBytes } from "@bystack/utils/bytes";

const PROGRAM = join(import.meta.dirname, "fixtures", "fill-store.ts");
/** In the shell's unit of 1,024 bytes. */
const FILE_KIBIBYTES_MAX = 1_000;

const folder = mkdtempSync(join(tmpdir(), "bystack-full-store-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const shell = spawnSync("bash", ["-c", "ulimit -f 1"]);
const skip = shell.status === 0 ? false : "this machine has no shell that limits the size of files";

test("lmdb: a write that the disk refuses is typed and final, and loses nothing that was confirmed", {
  skip,
}, async () => {
  const path = join(folder, "data.lmdb");
  const child = spawnSync(
    "bash",
    ["-c", `ulimit -f ${FILE_KIBIBYTES_MAX}; exec "$0" "$@"`, process.execPath, PROGRAM, path],
    { encoding: "utf8" },
  );
  assert.equal(child.status, 0, child.stderr);
  const { written, first, later, readable } = JSON.parse(child.stdout);
  assert.match(first, /^DISK_(?:FULL|IO)$/);
  assert.equal(later, first);
  assert.equal(readable, 5_000);
  assert.ok(written > 0);

  const store = await openLmdbStore({ path });
  assert.notEqual(await store.get(utf8ToBytes(`${written - 1}-19`)), undefined);
  assert.equal(await store.get(utf8ToBytes(`${written}-0`)), undefined);
  assert.equal(await store.get(utf8ToBytes("later")), undefined);
  await store.batch({ puts: [{ key: utf8ToBytes("after"), value: new Uint8Array(1) }], flush: true });
  await store.close();
});
