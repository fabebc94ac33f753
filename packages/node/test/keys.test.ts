// The keys of a node: made once, one for each use, sealed, and marked as never used until the first vote record is durable.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { bytesToHex, utf8ToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { exitCodeOf } from "../src/errors.ts";
import { forgetNeverVoted, hasNeverVoted, initNode, KEY_USES, openNodeKeys } from "../src/process/keys.ts";

const root = mkdtempSync(join(tmpdir(), "bystack-node-keys-"));
after(() => rmSync(root, { recursive: true, force: true }));
const newFolder = (): string => mkdtempSync(join(root, "node-"));

test("each use has a key of its own, and the printed halves are those that are opened", () => {
  const folder = newFolder();
  const printed = initNode(folder);
  assert.deepEqual(Object.keys(printed), [...KEY_USES]);
  assert.equal(new Set(Object.values(printed)).size, KEY_USES.length);
  const keys = openNodeKeys(folder);
  const message = utf8ToBytes("a message");
  for (const use of KEY_USES) {
    const { publicKey, seed } = keys[use];
    assert.equal(bytesToHex(publicKey), printed[use]);
    assert.ok(verifyEd25519({ publicKey, message, signature: keys[use].sign(message) }, "strict-s"));
    const file = readFileSync(join(folder, "keys", `${use}.json`), "utf8");
    assert.equal(file.includes(bytesToHex(seed)), false);
  }
});

test("files are the owner's alone", () => {
  const folder = newFolder();
  initNode(folder);
  assert.equal(statSync(join(folder, "keys")).mode & 0o777, 0o700);
  for (const name of readdirSync(join(folder, "keys")))
    assert.equal(statSync(join(folder, "keys", name)).mode & 0o777, 0o600, name);
});

test("init again gives the same keys and does not mark a used vote key as fresh", () => {
  const folder = newFolder();
  const first = initNode(folder);
  assert.equal(hasNeverVoted(folder), true);
  forgetNeverVoted(folder);
  assert.equal(hasNeverVoted(folder), false);
  assert.deepEqual(initNode(folder), first);
  assert.equal(hasNeverVoted(folder), false);
  // Forgetting twice is harmless: a crash may come between the record and the mark.
  forgetNeverVoted(folder);
});

test("an init that was cut short is finished by the next one", () => {
  const folder = newFolder();
  const first = initNode(folder);
  rmSync(join(folder, "keys", "vault.json"));
  const second = initNode(folder);
  assert.equal(second.vote, first.vote);
  assert.notEqual(second.vault, first.vault);
  assert.equal(hasNeverVoted(folder), true);
});

test("a lost unlock file or a damaged key file is a typed error, never a new key", () => {
  const folder = newFolder();
  initNode(folder);
  const path = join(folder, "keys", "vote.json");
  const good = readFileSync(path, "utf8");
  writeFileSync(path, "{}");
  assert.throws(
    () => openNodeKeys(folder),
    (error) =>
      error instanceof BystackError &&
      error.code === "KEY_STORE_DAMAGED" &&
      error.why.startsWith("keys/vote.json: ") &&
      exitCodeOf(error) === 69,
  );
  assert.throws(() => initNode(folder), { code: "KEY_STORE_DAMAGED" });
  writeFileSync(path, good);
  rmSync(join(folder, "keys", "unlock"));
  assert.throws(() => openNodeKeys(folder), { code: "KEY_STORE_LOCKED" });
  assert.ok(existsSync(path));
  assert.equal(readFileSync(path, "utf8"), good);
  rmSync(join(folder, "keys"), { recursive: true });
  const isLocked = (error: unknown) => error instanceof BystackError && exitCodeOf(error) === 69;
  assert.throws(() => openNodeKeys(folder), isLocked, "the whole folder is gone");
  assert.equal(existsSync(join(folder, "keys")), false, "and none is made in its place");
});
