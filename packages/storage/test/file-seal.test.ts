// A sealed file: sound while nobody touched it, damaged after any change, unsealed while it is in use.

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { breakSeal, checkSeal, writeSeal } from "@bystack/storage/file-seal";

const root = mkdtempSync(join(tmpdir(), "bystack-seal-"));
after(() => rmSync(root, { recursive: true, force: true }));
const path = join(root, "index.mdb");

test("a file is sound until one bit, its length or its age changes", async () => {
  writeFileSync(path, "older");
  copyFileSync(path, `${path}.older`);
  writeFileSync(path, "a database without checksums");
  assert.equal(await checkSeal(path), "unsealed");
  await writeSeal(path);
  assert.equal(await checkSeal(path), "sound");
  const bytes = readFileSync(path);
  for (const change of [
    () =>
      writeFileSync(
        path,
        bytes.map((byte, i) => (i === 9 ? byte ^ 4 : byte)),
      ),
    () => truncateSync(path, bytes.length >> 1),
    () => truncateSync(path, 0),
    () => copyFileSync(`${path}.older`, path),
    () => rmSync(path),
  ]) {
    change();
    assert.equal(await checkSeal(path), "damaged");
    writeFileSync(path, bytes);
    assert.equal(await checkSeal(path), "sound");
  }
  writeFileSync(`${path}.seal`, "");
  assert.equal(await checkSeal(path), "damaged");
});

test("a file in use has no seal, and one that is missing gets none", async () => {
  await writeSeal(path);
  await breakSeal(path);
  await breakSeal(path);
  assert.equal(await checkSeal(path), "unsealed");
  rmSync(path);
  await writeSeal(path);
  assert.equal(await checkSeal(path), "unsealed");
});
