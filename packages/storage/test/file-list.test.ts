// Lists of files: what was listed is found again, what was changed, cut, swapped or taken away is named, and no list leads
// out of its folder.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { copyListed, type ListedFile, listFiles, verifyListed, writeNewFile } from "../src/file-list.ts";

const root = mkdtempSync(join(tmpdir(), "bystack-files-"));
after(() => rmSync(root, { recursive: true }));

function folderOf(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(root, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

test("a list is of every file below a folder, and copying it gives the same files", async () => {
  const folder = folderOf("whole", { "a.txt": "one", "deep/er/b.log": "two" });
  const files = await listFiles(folder);
  assert.deepEqual(
    files.map(({ path, bytes }) => [path, bytes]),
    [
      ["a.txt", 3],
      ["deep/er/b.log", 3],
    ],
  );
  const copy = join(root, "copy");
  await copyListed(files, folder, (path) => join(copy, path));
  assert.deepEqual(await listFiles(copy), files);
  assert.equal(readFileSync(join(copy, "deep/er/b.log"), "utf8"), "two");
});

test("what is not as listed is named", async () => {
  const files = await listFiles(folderOf("before", { "a.txt": "one", "b.txt": "two" }));
  const changes: [string, Readonly<Record<string, string>>][] = [
    ["flipped", { "a.txt": "onf", "b.txt": "two" }],
    ["cut", { "a.txt": "on", "b.txt": "two" }],
    ["longer", { "a.txt": "ones", "b.txt": "two" }],
    ["swapped", { "a.txt": "two", "b.txt": "one" }],
  ];
  for (const [name, content] of changes)
    await assert.rejects(verifyListed(folderOf(name, content), files), { code: "FILE_DIFFERS", why: /a\.txt/ }, name);
  await assert.rejects(verifyListed(folderOf("less", { "a.txt": "one" }), files), { code: "FILE_MISSING" });
});

test("a list that leads out of its folder, or names a file twice, is refused before anything is read", async () => {
  const file = (path: string): ListedFile => ({ path, bytes: 0, sha256: "" });
  for (const path of ["../a", "/etc/passwd", "a/../../b", "a//b", ".hidden", "a/.b", "", "a\\b", "a\u0000b"])
    await assert.rejects(
      copyListed([file(path)], root, () => assert.fail(path)),
      { code: "FILE_DIFFERS" },
      path,
    );
  await assert.rejects(verifyListed(root, [file("a"), file("a")]), { code: "FILE_DIFFERS" });
});

test("a link is not a file of the list", async () => {
  const folder = folderOf("linked", { "a.txt": "one" });
  symlinkSync("/etc/hostname", join(folder, "b.txt"));
  assert.deepEqual(
    (await listFiles(folder)).map(({ path }) => path),
    ["a.txt"],
  );
});

test("a file that is there is not written over", async () => {
  const folder = folderOf("taken", { "a.txt": "one" });
  await assert.rejects(writeNewFile(join(folder, "a.txt"), [Uint8Array.of(1)]), { code: "DISK_IO" });
  assert.equal(readFileSync(join(folder, "a.txt"), "utf8"), "one");
});
