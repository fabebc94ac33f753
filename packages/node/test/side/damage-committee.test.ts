// One of four validators comes back with damaged, lost or old files while the others go on: it heals from them, says so,
// stays silent for as long as it must, votes again, and in all that is recorded on the wire no key has signed twice.

import assert from "node:assert/strict";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { publicKeyProgram } from "@bystack/protocol/program";
import { createMemoryLogger } from "@bystack/testing/logger";
import { checkFrames } from "../../src/side/frame-check.ts";
import { copyFolder, flipBit } from "./damage-kit.ts";
import { Committee, type Seat, type Started, until, untilHeight } from "./kit.ts";

/** Blocks that a copy is older than what it replaces: more than an epoch. */
const YESTERDAY_BLOCKS = 10;

const committee = new Committee({
  count: 4,
  program: publicKeyProgram(new Uint8Array(32)),
  coins: 3,
  extra: { tap: true, history: "archive" },
});
const others: Started[] = [];
const seat: Seat = committee.seats[3] ?? assert.fail("there is no fourth seat");
const yesterday = join(committee.root, "yesterday");
let node: Started;

const inData = (...parts: readonly string[]): string => join(seat.folder, "data", "side", ...parts);

function onlyLog(folder: string): string {
  const [name, second] = readdirSync(inData(folder)).filter((file) => file.endsWith(".log"));
  assert.ok(name !== undefined && second === undefined);
  return inData(folder, name);
}

before(async () => {
  const started: Started[] = [];
  for (const each of committee.seats) started.push(await committee.start(each));
  node = started.pop() ?? assert.fail();
  others.push(...started);
  await untilHeight(node.client, 12);
  await node.stop();
  copyFolder(join(seat.folder, "data"), yesterday);
  node = await committee.start(seat);
  const { finalHeight } = await node.client.call("info");
  await untilVoting();
  await untilHeight(node.client, finalHeight + YESTERDAY_BLOCKS);
});

after(async () => {
  await Promise.all([node, ...others].map((each) => each.stop()));
  committee.remove();
});

function untilVoting(): Promise<unknown> {
  return until(
    "voting",
    () => node.client.call("consensus"),
    ({ voting }) => voting,
  );
}

/** Incidents noted since, and the reasons for silence in the order in which the engine gave them. */
type Return = { readonly codes: string[]; readonly silences: unknown[] };

/** Stops the node, does something to its files, starts it, and waits until it has all blocks and votes again. */
async function comesBack(damage: () => void): Promise<Return> {
  await node.stop();
  damage();
  const from = Date.now();
  const logger = createMemoryLogger();
  node = await committee.start(seat, () => {}, { logger });
  await untilVoting();
  const [first] = others;
  const { finalHeight } = (await first?.client.call("info")) ?? assert.fail();
  await untilHeight(node.client, finalHeight + 2);
  for (const ref of ["1", "5", String(finalHeight)]) {
    const params = { ref };
    assert.deepEqual(await node.client.call("block", { params }), await first?.client.call("block", { params }));
  }
  const { items } = await node.client.call("incidents");
  const codes = items.filter(({ atMs }) => atMs >= from).map(({ code }) => code);
  return { codes, silences: logger.find("voting silence").map(({ fields }) => fields.reason) };
}

/** What it signed since the copy is unknown to it: it asks, and then waits behind all that could be. */
function assertSilentFirst({ silences }: Return): void {
  const [first, second] = silences;
  assert.equal(first, "asking");
  assert.ok(second === "bar" || second === "observe", silences.join(", "));
}

test("untouched it comes back without a word", async () => {
  assert.deepEqual((await comesBack(() => {})).codes, []);
});

test("a flipped bit in the block log: cut there, kept aside, fetched again from the others", async () => {
  const path = onlyLog("blocks");
  const { codes } = await comesBack(() => flipBit(path, 0.5));
  assert.deepEqual(codes, ["block-log-damaged", "block-log-behind"]);
  assert.deepEqual(readdirSync(inData("blocks")).filter((name) => name.endsWith(".damaged")).length, 1);
});

test("the block log is lost, the record whole", async () => {
  const { codes } = await comesBack(() => rmSync(inData("blocks"), { recursive: true }));
  assert.deepEqual(codes, ["block-log-behind"]);
});

test("the block log is an older copy, the record whole", async () => {
  const { codes } = await comesBack(() => copyFolder(join(yesterday, "side", "blocks"), inData("blocks")));
  assert.deepEqual(codes, ["block-log-behind"]);
});

test("the record is lost, the block log whole: it observes first", async () => {
  const back = await comesBack(() => rmSync(inData("record"), { recursive: true }));
  assert.deepEqual(back.codes, ["record-missing"]);
  // The state of unknown length ends where one with an end begins.
  assert.deepEqual(back.silences.slice(0, 3), ["asking", "lifted", "observe"]);
});

test("a flipped bit in the record: it observes first", async () => {
  const path = onlyLog("record");
  const back = await comesBack(() => flipBit(path, 0.5));
  assert.deepEqual(back.codes, ["record-damaged"]);
  // The state of unknown length ends where one with an end begins.
  assert.deepEqual(back.silences.slice(0, 3), ["asking", "lifted", "observe"]);
});

test("the record is an older copy: silent until that can do no harm", async () => {
  const back = await comesBack(() => copyFolder(join(yesterday, "side", "record"), inData("record")));
  assert.deepEqual(back.codes, []);
  assertSilentFirst(back);
});

test("everything is yesterday's copy: silent until that can do no harm", async () => {
  const back = await comesBack(() => copyFolder(yesterday, join(seat.folder, "data")));
  assertSilentFirst(back);
});

test("everything is a copy from before its first vote: not taken for a new validator", async () => {
  const back = await comesBack(() => {
    committee.wipe(seat);
    writeFileSync(join(seat.folder, "keys", "never-voted"), "");
  });
  assertSilentFirst(back);
});

test("snapshots and indexes are lost", async () => {
  const { codes } = await comesBack(() => {
    for (const folder of ["snapshots", "index"]) rmSync(inData(folder), { recursive: true });
  });
  assert.deepEqual(codes, ["index-missing"]);
});

test("what was said before is still told after all these starts", async () => {
  const codes = new Set((await node.client.call("incidents")).items.map(({ code }) => code));
  for (const code of ["block-log-damaged", "block-log-behind", "record-missing", "record-damaged", "index-missing"])
    assert.ok(codes.has(code), code);
});

test("in every message that was sent or received no key has signed twice", () => {
  const taps = committee.seats.flatMap(({ folder }) =>
    readdirSync(join(folder, "log"))
      .filter((name) => name.endsWith(".tap"))
      .map((name) => join(folder, "log", name)),
  );
  const { frames, votes, problems } = checkFrames(taps);
  assert.ok(taps.length > 10 && frames > 1000 && votes > 200, `${taps.length} taps, ${frames} frames, ${votes} votes`);
  assert.deepEqual(problems.slice(0, 20), []);
});
