// The supervisor over a provider without processes and with the runner's own timers: what is worth another start gets one,
// later each time; what a restart cannot help, or ends too often, is left and said.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Logger } from "@bystack/utils/ports";
import { superviseNodes } from "../src/network/supervise.ts";
import { RESTART_EXITS_MAX, RESTART_WINDOW_MS } from "../src/provider/exit-codes.ts";
import { FakeProvider } from "./kit.ts";

let provider: FakeProvider;
let said: string[];

const say =
  (level: string): Logger["info"] =>
  (message, fields = {}) => {
    said.push(`${level} ${message} ${String(fields.id)}${fields.why === undefined ? "" : `: ${String(fields.why)}`}`);
  };
const logger: Logger = { debug: () => {}, info: say("info"), warn: say("warn"), error: say("error") };

/** Asked at each exit: a test may take a node out. */
let wanted: Set<string>;

beforeEach(() => {
  provider = new FakeProvider();
  wanted = new Set(["main-1", "demo-1", "demo-2", "demo-3", "demo-4"]);
  said = [];
});

/** `random` in the middle: delays are exactly 1, 2, 4 … seconds. */
const supervise = () => superviseNodes({ provider, isWanted: (id) => wanted.has(id), logger, random: () => 0.5 });

/** Lets the promises of a restart settle; no time passes. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
}

test("a node that was killed is started again after a second, the next time after two", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  supervise();
  provider.end("demo-2", { signal: "SIGKILL", atMs: 1000 });
  t.mock.timers.tick(999);
  assert.deepEqual(provider.started, []);
  t.mock.timers.tick(1);
  await settle();
  assert.deepEqual(provider.started, ["demo-2"]);
  assert.deepEqual(said, ["warn node ended demo-2", "info node restarted demo-2"]);
  provider.end("demo-2", { code: 75, atMs: 2000 });
  t.mock.timers.tick(1999);
  assert.equal(provider.started.length, 1);
  t.mock.timers.tick(1);
  assert.equal(provider.started.length, 2);
});

test("what a restart cannot help is left alone: an ordered end, damaged data, a broken rule", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  supervise();
  for (const code of [0, 64, 65, 66, 67, 70]) provider.end("demo-1", { code, atMs: 1 });
  t.mock.timers.tick(RESTART_WINDOW_MS);
  assert.deepEqual(provider.started, []);
  assert.equal(said.length, 6);
});

test("too many ends within the window and a person must look; old ones do not count", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  supervise();
  for (let i = 0; i < RESTART_EXITS_MAX - 1; i += 1) {
    provider.end("demo-1", { code: 75, atMs: i });
    t.mock.timers.tick(60_000);
  }
  assert.equal(provider.started.length, RESTART_EXITS_MAX - 1);
  provider.end("demo-1", { code: 75, atMs: 10 });
  t.mock.timers.tick(60_000);
  assert.equal(provider.started.length, RESTART_EXITS_MAX - 1);
  assert.equal(said.at(-1), "error node failed: it ended too often demo-1");
  // Another node has its own count, and after the window so has this one.
  provider.end("demo-2", { code: 75, atMs: 10 });
  provider.end("demo-1", { code: 75, atMs: RESTART_WINDOW_MS + 11 });
  t.mock.timers.tick(60_000);
  assert.deepEqual(provider.started.slice(-2).sort(), ["demo-1", "demo-2"]);
});

test("a start that fails is said, and strangers are none of our business", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  supervise();
  provider.failures.set("demo-3", new Error("no port"));
  provider.end("demo-3", { code: 73, atMs: 1 });
  provider.end("somebody", { code: 75, atMs: 1 });
  t.mock.timers.tick(60_000);
  await settle();
  assert.deepEqual(provider.started, ["demo-3"]);
  assert.deepEqual(said, ["warn node ended demo-3", "error node does not start demo-3: no port"]);
});

test("once it is stopped nothing is started, not even what was on its way", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const supervisor = supervise();
  provider.end("demo-1", { code: 75, atMs: 1 });
  supervisor.stop();
  provider.end("demo-2", { code: 75, atMs: 1 });
  t.mock.timers.tick(RESTART_WINDOW_MS);
  assert.deepEqual(provider.started, []);
});

test("a node that shall not run any more when its time comes is left alone", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  supervise();
  provider.end("demo-2", { signal: "SIGKILL", atMs: 1 });
  wanted.delete("demo-2");
  t.mock.timers.tick(60_000);
  assert.deepEqual(provider.started, []);
});
