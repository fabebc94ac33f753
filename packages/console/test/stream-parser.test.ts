// Server-sent events, cut anywhere.

import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT_CHARS_MAX, EventStreamParser } from "../src/platform/stream-parser.ts";

const TEXT =
  ': hello\n\nid: 7\ndata: {"seq":7}\n\nevent: missed\r\ndata: {\r\ndata: }\r\n\r\n: beat\n\nid: 8\ndata:x\n\n';

test("events are the same however the stream is cut", () => {
  const whole = new EventStreamParser().feed(TEXT);
  assert.deepEqual(whole, [
    { id: "7", name: "message", data: '{"seq":7}' },
    { id: undefined, name: "missed", data: "{\n}" },
    { id: "8", name: "message", data: "x" },
  ]);
  for (let at = 1; at < TEXT.length; at += 1) {
    const parser = new EventStreamParser();
    const found = [...parser.feed(TEXT.slice(0, at)), ...parser.feed(TEXT.slice(at))];
    assert.deepEqual(found, whole, `cut at ${at}`);
  }
});

test("an event without an end is refused before it fills the memory", () => {
  const parser = new EventStreamParser();
  assert.throws(() => parser.feed(`data: ${"x".repeat(EVENT_CHARS_MAX)}`), /without an end/);
});
