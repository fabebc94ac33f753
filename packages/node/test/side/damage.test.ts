// Every file of a stopped validator, damaged in every way, and then started alone: it refuses with a typed error that names
// the file, or it starts on blocks that are a part of the true chain and says what it repaired. Alone it can sign nothing;
// damage-committee.test.ts shows how it comes back among the others.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { bytesToHex } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { nullLogger } from "@bystack/utils/ports";
import { loadNodeOptions } from "../../src/options.ts";
import { openNodeKeys } from "../../src/process/keys.ts";
import { startSideNode } from "../../src/side/side-node.ts";
import { copyFolder, type Damage, damagesOf, filesBelow } from "./damage-kit.ts";
import { Committee, type SideClient, type Started, untilHeight } from "./kit.ts";

const OLDER_HEIGHT = 12;
const HEIGHT = 22;

const COINS = 3;
const PAYEE = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(9));
const committee = new Committee({ count: 4, program: PAYEE, coins: COINS });
const seat = committee.seats[1] ?? assert.fail("there is no seat 1");
const folders = { whole: join(committee.root, "whole"), older: join(committee.root, "older") };

/** What the chain is, as the running committee says. */
const truth = { hashes: [] as string[], stored: 0 };

async function hashesOf(client: SideClient, toHeight: number): Promise<string[]> {
  const hashes: string[] = [];
  for (let height = 1; height <= toHeight; height += 1)
    hashes.push((await client.call("block", { params: { ref: String(height) } })).hash);
  return hashes;
}

before(async () => {
  const nodes: Started[] = [];
  for (const each of committee.seats) nodes.push(await committee.start(each));
  const [first, second] = nodes;
  assert.ok(first !== undefined && second !== undefined);
  await untilHeight(second.client, OLDER_HEIGHT);
  await second.stop();
  copyFolder(seat.folder, folders.older);
  const again = await committee.start(seat);
  await untilHeight(again.client, HEIGHT);
  const { finalHeight: stoppedAt } = await again.client.call("info");
  await again.stop();
  await untilHeight(first.client, stoppedAt + 2);
  const { finalHeight } = await first.client.call("info");
  truth.hashes = await hashesOf(first.client, finalHeight);
  await Promise.all(nodes.filter((node) => node !== second).map((node) => node.stop()));
  writeFileSync(join(seat.folder, "node.json"), JSON.stringify(committee.json(seat)));
  copyFolder(seat.folder, folders.whole);
  const copy = join(committee.root, "copy");
  copyFolder(folders.whole, copy);
  truth.stored = await aloneIn(copy).then(async ({ client, stop }) => {
    const { height } = await client.call("info");
    await stop();
    return height;
  });
  assert.ok(truth.stored >= HEIGHT);
});

after(() => committee.remove());

/** Starts the node as its process would, with nobody to talk to. */
async function aloneIn(folder: string): Promise<{ client: SideClient; stop: () => Promise<void> }> {
  const options = loadNodeOptions(join(folder, "node.json"));
  assert.equal(options.kind, "side");
  const node = await startSideNode({
    folder,
    options: options.kind === "side" ? options : assert.fail(),
    keys: openNodeKeys(folder),
    version: "test",
    logger: nullLogger,
    onStopAsked: () => {},
  });
  return { client: committee.access(node).client, stop: () => node.stop() };
}

type Outcome = "refused" | "healed" | "unaffected";
type Case = { readonly file: string; readonly damage: Damage };

/** Starts once; whatever is wrong with the answer fails the test. */
async function outcomeOf(folder: string, { file, damage }: Case): Promise<Outcome> {
  const label = `${file} ${damage.name}`;
  let node: Awaited<ReturnType<typeof aloneIn>>;
  try {
    node = await aloneIn(folder);
  } catch (error) {
    assert.ok(error instanceof BystackError, `${label}: ${error instanceof Error ? error.stack : error}`);
    assert.ok(error.next.length > 20, `${label}: ${error.code}`);
    const names = `${error.why} ${error.next}`.includes(basename(file)) || error.code === "SPEC_MISMATCH";
    assert.ok(names, `${label}: ${error.code} ${error.why}`);
    return "refused";
  }
  try {
    const { items } = await node.client.call("incidents");
    const { height } = await node.client.call("info");
    assert.ok(height <= truth.stored, `${label}: height ${height}`);
    assert.deepEqual(await hashesOf(node.client, height), truth.hashes.slice(0, height), label);
    assert.equal((await node.client.call("consensus")).voting, false, label);
    const { items: coins } = await node.client.call("outputs", { body: { programs: [bytesToHex(PAYEE)] } });
    assert.equal(coins.length, COINS, `${label}: the genesis coins`);
    if (height < truth.stored) assert.ok(items.length > 0, `${label}: height ${height}, and not a word`);
    for (const { what, done } of items) assert.ok(what.length > 10 && done.length > 10, label);
    return items.length > 0 ? "healed" : "unaffected";
  } finally {
    await node.stop();
  }
}

/** Starts under way at a time: most of a start is waiting for the disk. */
const AT_ONCE = 6;

/** Damages one file after the other in every way, each time in a fresh copy; what came of it, by the name of the case. */
async function outcomesOf(isMeant: (file: string) => boolean): Promise<Map<string, Outcome>> {
  const cases = filesBelow(folders.whole)
    .filter(isMeant)
    .flatMap((file) => damagesOf(file, folders).map((damage): Case => ({ file, damage })));
  assert.ok(cases.length > 0);
  const outcomes = new Map<string, Outcome>();
  const work = async (_: unknown, place: number): Promise<void> => {
    const folder = join(committee.root, `work-${place}`);
    for (let next = cases.pop(); next !== undefined; next = cases.pop()) {
      copyFolder(folders.whole, folder);
      next.damage.apply(join(folder, next.file));
      outcomes.set(`${basename(next.file)} ${next.damage.name}`, await outcomeOf(folder, next));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return outcomes;
}

function assertEach(outcomes: Map<string, Outcome>, expected: Outcome, ...names: readonly string[]): void {
  const wrong = [...outcomes].filter(([name]) => names.some((part) => name.endsWith(part)));
  assert.ok(wrong.length >= names.length, `${names.join(", ")} in ${[...outcomes.keys()].join(", ")}`);
  for (const [name, outcome] of wrong) assert.equal(outcome, expected, name);
}

const GONE = ["deleted", "emptied"] as const;
const FLIPPED = ["flipped at 0 %", "flipped at 13 %", "flipped at 50 %", "flipped at 81 %"] as const;

test("blocks: what stands before the damage is kept, the rest is missing and said to be", async () => {
  const outcomes = await outcomesOf((file) => file.startsWith("data/side/blocks/"));
  assertEach(outcomes, "healed", ...GONE, "cut to half", ...FLIPPED, "rolled back");
});

test("snapshots: an older one or the log takes the place of a bad one", async () => {
  const outcomes = await outcomesOf((file) => file.startsWith("data/side/snapshots/"));
  const [newest = ""] = [...outcomes.keys()]
    .map((name) => name.slice(0, 21))
    .sort()
    .reverse();
  const ofNewest = new Map([...outcomes].filter(([name]) => name.startsWith(newest)));
  assertEach(ofNewest, "healed", "emptied", "cut to half", ...FLIPPED, "flipped at 100 %");
});

test("indexes and the member's store: built again", async () => {
  const outcomes = await outcomesOf((file) => file.endsWith(".mdb") || file.endsWith(".seal"));
  const databases = new Map([...outcomes].filter(([name]) => name.includes(".mdb ")));
  assertEach(databases, "healed", ...GONE, "cut to half", ...FLIPPED, "flipped at 100 %");
});

test("the record: lost or spoilt, and said to be; never taken for an empty one", async () => {
  const outcomes = await outcomesOf((file) => file.startsWith("data/side/record/"));
  assertEach(outcomes, "healed", ...GONE, ...FLIPPED.slice(0, 3));
});

test("the format of the folder is never guessed at, and what only describes a process does not matter", async () => {
  const format = await outcomesOf((file) => file.endsWith("format.json"));
  assertEach(format, "refused", ...GONE, "cut to half", ...FLIPPED.slice(0, 3));
  const rest = await outcomesOf((file) => ["owner.json", "lock", "instance.json"].includes(basename(file)));
  assert.deepEqual(new Set(rest.values()), new Set(["unaffected"]));
});

test("options and spec: refused, naming the file", async () => {
  const outcomes = await outcomesOf((file) => ["node.json", "spec.json"].includes(file));
  assertEach(outcomes, "refused", ...GONE, "cut to half");
});

test("keys: refused, naming the file", async () => {
  const outcomes = await outcomesOf((file) => ["keys/vote.json", "keys/peer.json", "keys/unlock"].includes(file));
  assertEach(outcomes, "refused", ...GONE, "cut to half", "flipped at 0 %");
});
