// The log of a node: one JSON object a line, levels, rotation by size with a limit on files, and a disk that takes nothing.

import assert from "node:assert/strict";
import fs, { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, mock, test } from "node:test";
import { createFileLogger, LOG_FILE_BYTES_MAX, LOG_FILES_MAX, type LogLevel } from "../src/process/log.ts";

const root = mkdtempSync(join(tmpdir(), "bystack-log-"));
after(() => rmSync(root, { recursive: true, force: true }));

function open(level: LogLevel = "info") {
  const folder = mkdtempSync(join(root, "log-"));
  const logger = createFileLogger({ folder, node: "n1", level, nowMs: () => 1_700_000_000_000 });
  const path = join(folder, "node.log");
  return { folder, path, logger };
}

test("a line is one JSON object with time, level, node, message and fields", () => {
  const { logger, path } = open();
  logger.info("two\nlines", { height: 3n, peer: "ab" });
  logger.close();
  const text = readFileSync(path, "utf8");
  assert.equal(text.split("\n").length, 2);
  assert.deepEqual(JSON.parse(text), {
    time: "2023-11-14T22:13:20.000Z",
    level: "info",
    node: "n1",
    message: "two\nlines",
    height: "3",
    peer: "ab",
  });
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("what is below the level is not written", () => {
  const { logger, path } = open("warn");
  logger.debug("a");
  logger.info("b");
  logger.warn("c");
  logger.error("d");
  logger.close();
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).message),
    ["c", "d"],
  );
});

test("a full file is rotated, and no more files are kept than the limit", () => {
  const { logger, folder, path } = open();
  const part = "x".repeat(1 << 20);
  const perFile = Math.floor(LOG_FILE_BYTES_MAX / (part.length + 200));
  const files = LOG_FILES_MAX + 2;
  for (let i = 0; i < perFile * files; i += 1) logger.info(part, { number: i });
  logger.close();
  const names = readdirSync(folder).sort();
  assert.deepEqual(names, ["node.log", ...Array.from({ length: LOG_FILES_MAX - 1 }, (_, i) => `node.log.${i + 1}`)]);
  for (const name of names) assert.ok(statSync(join(folder, name)).size <= LOG_FILE_BYTES_MAX);
  const lastNumber = (name: string): number =>
    JSON.parse(readFileSync(join(folder, name), "utf8").trimEnd().split("\n").at(-1) ?? "").number;
  // Newest first, without a gap.
  assert.deepEqual(
    names.map(lastNumber),
    names.map((_, age) => perFile * (files - age) - 1),
  );
  assert.ok(existsSync(path));
});

test("an existing log goes on, its size counted", () => {
  const { logger, folder, path } = open();
  logger.close();
  writeFileSync(path, "y".repeat(LOG_FILE_BYTES_MAX - 10));
  const again = createFileLogger({ folder, node: "n1", level: "info", nowMs: () => 0 });
  again.info("next");
  again.close();
  assert.equal(statSync(`${path}.1`).size, LOG_FILE_BYTES_MAX - 10);
  assert.match(readFileSync(path, "utf8"), /"message":"next"/);
});

test("a line that cannot be written does not take the node down", () => {
  const { logger } = open();
  logger.close();
  assert.doesNotThrow(() => logger.error("nobody hears this"));
});

test("a rotation that finds no room for the new file goes on in the old one, and loses no line and no older file", () => {
  const { logger, folder, path } = open();
  writeFileSync(`${path}.1`, "an older file");
  const part = "x".repeat(LOG_FILE_BYTES_MAX - 1000);
  logger.info(part);
  const opening = mock.method(fs, "openSync", () => {
    throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
  });
  syncBuiltinESMExports();
  try {
    logger.info("y".repeat(1000));
    logger.info("on the full disk");
  } finally {
    opening.mock.restore();
    syncBuiltinESMExports();
  }
  logger.info("room again");
  logger.close();
  assert.equal(opening.mock.callCount(), 2, "each line tried");
  const messages = readFileSync(`${path}.1`, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).message);
  assert.deepEqual(messages, [part, "y".repeat(1000), "on the full disk"]);
  assert.equal(readFileSync(`${path}.2`, "utf8"), "an older file");
  assert.match(readFileSync(path, "utf8"), /"message":"room again"/);
  assert.deepEqual(readdirSync(folder).sort(), ["node.log", "node.log.1", "node.log.2"]);
});
