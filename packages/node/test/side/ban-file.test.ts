// The list of refused peers on disk: there and back, owner only, and no obstacle to a start when it is damaged.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createMemoryLogger } from "@bystack/testing/logger";
import { createBanFile } from "../../src/side/ban-file.ts";

const folder = mkdtempSync(join(tmpdir(), "bystack-bans-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "bans.json");
const ban = { id: "ab".repeat(32), untilMs: 1_700_000_000_000, times: 2, reason: "VOTE_SIGNATURE" };

test("bans come back after a restart", async () => {
  const logger = createMemoryLogger();
  assert.deepEqual(await createBanFile(path, logger).load(), []);
  await createBanFile(path, logger).save([ban]);
  assert.deepEqual(await createBanFile(path, logger).load(), [ban]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ["bans.json"]);
  assert.deepEqual(logger.lines, []);
});

test("a reason that a peer made long does not make the file long", async () => {
  const file = createBanFile(path, createMemoryLogger());
  await file.save([{ ...ban, reason: "x".repeat(10_000) }]);
  assert.equal((await file.load())[0]?.reason.length, 200);
});

test("a damaged file is said and begun anew", async () => {
  for (const text of [
    "",
    "null",
    "{}",
    '[{"id":"x"}]',
    `[${JSON.stringify({ ...ban, id: "zz" })}]`,
    '[{"__proto__":1}]',
  ]) {
    writeFileSync(path, text);
    const logger = createMemoryLogger();
    assert.deepEqual(await createBanFile(path, logger).load(), [], text);
    assert.equal(logger.lines.filter(({ level }) => level === "warn").length, 1, text);
  }
});
