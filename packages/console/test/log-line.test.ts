// A line of a node's log, as the page shows it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLogLine } from "../src/view/log-line.ts";

test("a line of the node's own log is taken apart", () => {
  const line = parseLogLine(
    '{"time":"2026-11-22T03:04:05.000Z","level":"warn","node":"demo-1","message":"peer lost","peer":"demo-3","times":2}',
  );
  assert.match(line.time, /^\d\d:\d\d:05$/);
  assert.deepEqual(
    [line.level, line.tone, line.message, line.fields],
    ["warn", "warn", "peer lost", "peer=demo-3 times=2"],
  );
});

test("what is no such line is shown as it is", () => {
  for (const text of ["    at Object.<anonymous> (x.ts:1:1)", "[1,2]", "null", '{"unfinished'])
    assert.deepEqual(parseLogLine(text), { time: "", level: "", tone: "idle", message: text, fields: "" });
  assert.equal(parseLogLine('{"level":7,"message":{}}').message, "");
});
