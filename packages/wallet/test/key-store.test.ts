// Key files: what was sealed opens with the right secret only, any changed byte is noticed, nothing is overwritten.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bytesToHex } from "@bystack/utils/bytes";
import { createKeyFile, openKeyFile, type UnlockSecret, unlockSecretOfFolder } from "@bystack/wallet/key-store";

const folder = mkdtempSync(join(tmpdir(), "bystack-keys-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const passphrase: UnlockSecret = { kind: "passphrase", text: "correct horse" };

test("a key file opens with its secret only", () => {
  const path = join(folder, "a.json");
  const seed = createKeyFile(path, passphrase);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(path, "utf8"), new RegExp(bytesToHex(seed)));
  assert.deepEqual(openKeyFile(path, passphrase), seed);
  assert.throws(() => openKeyFile(path, { kind: "passphrase", text: "correct house" }), { code: "KEY_STORE_LOCKED" });
  assert.throws(() => createKeyFile(path, passphrase), { code: "KEY_STORE_EXISTS" });
});

test("every changed field is noticed, and no file can ask for more memory than the costs we write", () => {
  const own = mkdtempSync(join(folder, "own-"));
  const path = join(own, "b.json");
  const secret = unlockSecretOfFolder(own);
  createKeyFile(path, secret);
  const file = JSON.parse(readFileSync(path, "utf8"));
  const flip = (hex: string): string => `${hex[0] === "0" ? "1" : "0"}${hex.slice(1)}`;
  for (const [part, field] of [
    ["kdf", "salt"],
    ["cipher", "nonce"],
    ["cipher", "sealed"],
    ["cipher", "tag"],
  ] as const) {
    writeFileSync(path, JSON.stringify({ ...file, [part]: { ...file[part], [field]: flip(file[part][field]) } }));
    assert.throws(() => openKeyFile(path, secret), { code: "KEY_STORE_LOCKED" }, field);
  }
  writeFileSync(path, JSON.stringify({ ...file, kdf: { ...file.kdf, n: 1 << 24 } }));
  assert.throws(() => openKeyFile(path, secret), { code: "KEY_STORE_DAMAGED" });
  writeFileSync(path, "{");
  assert.throws(() => openKeyFile(path, secret), { code: "KEY_STORE_DAMAGED" });
});

test("the unlock file is made once, and never beside keys that it would not open", () => {
  const own = mkdtempSync(join(folder, "own-"));
  const secret = unlockSecretOfFolder(own);
  assert.deepEqual(unlockSecretOfFolder(own), secret);
  assert.equal(statSync(join(own, "unlock")).mode & 0o777, 0o600);
  createKeyFile(join(own, "c.json"), secret);
  rmSync(join(own, "unlock"));
  assert.throws(() => unlockSecretOfFolder(own), { code: "KEY_STORE_LOCKED" });
  assert.equal(existsSync(join(own, "unlock")), false);
});
