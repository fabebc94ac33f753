// What a node's log and last lines say of its ends.

import assert from "node:assert/strict";
import { test } from "node:test";
import { crashesIn } from "../src/why/crashes.ts";
import { explainEnd, lastWords } from "../src/why/rules/exits.ts";

const NOW_MS = 1_700_000_000_000;

test("the last words of a node are those that say something", () => {
  const line = (fields: object): string => JSON.stringify({ level: "info", ...fields });
  assert.equal(
    lastWords([line({ message: "the node ends", why: "FULL" }), line({ message: "stopped" }), "next: x", ""]),
    "FULL",
  );
  assert.equal(lastWords([line({ message: "side node is up" })]), "side node is up");
  assert.equal(lastWords(["Segmentation fault"]), "Segmentation fault");
  assert.equal(lastWords([]), undefined);
});

test("crashes in a log: what ended with a reason or without a word, and not what was asked to stop", () => {
  let minute = 0;
  const line = (message: string): string => {
    minute += 1;
    return JSON.stringify({ time: new Date(NOW_MS + minute * 60_000).toISOString(), level: "info", message });
  };
  const lines = [
    line("side node is up"),
    line("stopping"),
    line("stopped"),
    line("side node is up"),
    "not JSON",
    line("side node is up"),
    line("the node ends"),
    line("the node ends"),
    line("node ready"),
  ];
  // Killed before minute 5, ended in 6, did not start in 7.
  assert.deepEqual(
    crashesIn(lines).map((atMs) => (atMs - NOW_MS) / 60_000),
    [5, 6, 7],
  );
});

test("what an end means: by its code, and where codes are not enough by its words", () => {
  const idOf = (code: number | null, signal: string | null, ...tail: readonly string[]): string =>
    explainEnd("demo-1", { code, signal, atMs: NOW_MS, meaning: "it ended", tail }).id;
  assert.equal(idOf(68, null, "DISK_FULL: write of x gave ENOSPC"), "disk-full");
  assert.equal(idOf(68, null, "FSYNC_FAILED: The disk did not confirm a write."), "disk-failed");
  assert.equal(idOf(134, null), "out-of-memory");
  assert.equal(
    idOf(null, "SIGABRT", "FATAL ERROR: JavaScript heap out of memory", "----- stack -----"),
    "out-of-memory",
  );
  assert.equal(idOf(null, "SIGABRT", "assertion failed"), "process-down", "another abort");
  assert.equal(idOf(null, "SIGKILL", "FATAL ERROR: JavaScript heap out of memory"), "process-down");
  assert.equal(idOf(75, null), "process-down");
  const { sentence, evidence } = explainEnd("demo-1", {
    code: 69,
    signal: null,
    atMs: NOW_MS,
    meaning: "its keys are locked",
    tail: ["a", "why so"],
  });
  assert.match(sentence, /demo-1 is not running: its keys are locked \(exit code 69\)/);
  assert.deepEqual(evidence, ["why so"]);
});
