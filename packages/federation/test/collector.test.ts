// What a collector makes of a block and of a deposit: recognition, classification with what the owner can do, order, memory.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assetIdOf } from "@bystack/protocol/asset";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { depositHintProgram } from "@bystack/protocol/peg/hint";
import { POOL_RECIPIENT } from "@bystack/protocol/peg/vault";
import { retirementProgram } from "@bystack/protocol/program";
import { createMemoryStore } from "@bystack/storage/memory";
import { createFakeClock } from "@bystack/testing/clock";
import { bytesToHex, concatBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { classifyDeposit } from "../src/collector/classify.ts";
import { type Deposit, DepositList, decodeDeposit, encodeDeposit } from "../src/collector/deposits.ts";
import { collectorRank, Turns } from "../src/collector/ranks.ts";
import { RecipientBook } from "../src/collector/recipients.ts";
import { scanBlock } from "../src/collector/scan.ts";
import { ANNOUNCEMENT_AGE_MS_MAX } from "../src/limits.ts";
import type { StepView } from "../src/member/view.ts";
import { programOf, seedOf } from "./support/keys.ts";
import { World } from "./support/world.ts";

const HOLDER = programOf("holder");
const BTM = 100_000_000n;
const world = new World();
const { spec } = world;
const federation = spec.federation ?? assert.fail("the spec has a federation");

const DEPOSIT: Deposit = {
  nullifier: seedOf("n"),
  transactionId: seedOf("t"),
  transactionIndex: 1,
  position: 0,
  mainHeight: 10,
  assetId: BTM_ASSET_ID,
  amount: 5n * BTM,
  program: seedOf("program"),
  recipient: HOLDER,
  flaw: undefined,
  credited: false,
  claim: undefined,
};

function view(mainHeight: number, change: Partial<StepView["status"]> = {}, mainAgrees = true): StepView {
  const status = {
    height: 50,
    epoch: 1,
    mainTip: { height: mainHeight, hash: seedOf("tip") },
    pauses: { automatic: false, in: false, out: false, assets: [] },
    governanceNext: 1n,
    floatNeu: 0n,
    assets: [{ assetId: BTM_ASSET_ID, listed: true, minimum: BTM, cap: 0n, locked: 0n, owed: 0n, writtenOff: 0n }],
    ...change,
  };
  return { status, mainTip: status.mainTip, mainAgrees, payouts: [] };
}

const pauses = (change: Partial<StepView["status"]["pauses"]>) => ({
  pauses: { automatic: false, in: false, out: false, assets: [], ...change },
});
const capped = (cap: bigint) => ({
  assets: [{ assetId: BTM_ASSET_ID, listed: true, minimum: BTM, cap, locked: 0n, owed: 0n, writtenOff: 0n }],
});

const TABLE: readonly {
  readonly name: string;
  readonly deposit?: Partial<Deposit>;
  readonly view?: StepView;
  readonly hasOrigin?: boolean;
  readonly state: string;
  readonly claimable?: boolean;
  readonly reason?: RegExp;
}[] = [
  { name: "deep enough", state: "claiming", claimable: true },
  { name: "one short", view: view(11), state: "seen" },
  { name: "not known to the state yet", view: view(9), state: "seen" },
  { name: "credited", deposit: { credited: true }, state: "credited" },
  {
    name: "not listed",
    deposit: { assetId: seedOf("asset") },
    state: "refused",
    reason: /not listed.*Ask the federation to list/,
  },
  { name: "below the minimum", deposit: { amount: BTM - 1n }, state: "refused", reason: /below the minimum/ },
  {
    name: "unreadable",
    deposit: { recipient: undefined, flaw: "unreadable" },
    state: "refused",
    reason: /No recipient.*Announce/,
  },
  { name: "first transaction", deposit: { flaw: "first-transaction" }, state: "refused", reason: /first transaction/ },
  { name: "gas-only", deposit: { flaw: "gas-only" }, state: "refused", reason: /gas-only.*Send it again/ },
  { name: "peg-ins paused", view: view(12, pauses({ in: true })), state: "seen", reason: /paused/ },
  { name: "automatic pause", view: view(12, pauses({ automatic: true })), state: "seen", reason: /paused/ },
  { name: "asset paused", view: view(12, pauses({ assets: [BTM_ASSET_ID] })), state: "seen", reason: /paused/ },
  { name: "payouts paused is no matter", view: view(12, pauses({ out: true })), state: "claiming", claimable: true },
  {
    name: "float while paused",
    deposit: { recipient: Uint8Array.of(0x6a) },
    view: view(12, pauses({ automatic: true, in: true })),
    state: "claiming",
    claimable: true,
  },
  { name: "over the cap", view: view(12, capped(4n * BTM)), state: "seen", reason: /cap/ },
  { name: "up to the cap", view: view(12, capped(5n * BTM)), state: "claiming", claimable: true },
  { name: "on another branch", view: view(12, {}, false), state: "seen", reason: /reorganised/ },
  { name: "origin not seen", hasOrigin: false, state: "seen", reason: /not seen where the asset was issued/ },
];

for (const row of TABLE) {
  test(`a deposit that is ${row.name}: ${row.state}`, () => {
    const verdict = classifyDeposit(
      { ...DEPOSIT, ...row.deposit },
      { federation, view: row.view ?? view(12), hasOrigin: row.hasOrigin ?? true },
    );
    assert.equal(verdict.state, row.state);
    assert.equal(verdict.claimable, row.claimable ?? false);
    if (row.reason === undefined) assert.equal(verdict.reason, null);
    else assert.match(verdict.reason ?? "", row.reason);
    assert.ok(verdict.confirmations <= verdict.confirmationsNeeded);
  });
}

test("a deposit record comes back as it was written", () => {
  const claim = { transactionId: seedOf("claim"), height: 77 };
  for (const deposit of [
    DEPOSIT,
    { ...DEPOSIT, recipient: undefined, flaw: "unreadable" as const },
    { ...DEPOSIT, credited: true, claim },
  ]) {
    const bytes = encodeDeposit(deposit);
    assert.deepEqual(decodeDeposit(bytes), deposit);
    assert.equal(decodeDeposit(bytes.subarray(1)), undefined);
  }
});

test("what was credited stays credited when its block is found again", async () => {
  const list = new DepositList(createMemoryStore());
  await list.put({ ...DEPOSIT, credited: true });
  await list.put({ ...DEPOSIT, mainHeight: 11 });
  assert.equal(list.get(bytesToHex(DEPOSIT.nullifier))?.credited, true);
});

test("ranks are a permutation for every deposit, and each rank waits two seconds more", () => {
  const id = seedOf("deposit");
  const ranks = [0, 1, 2, 3].map((index) => collectorRank({ epoch: 1, id, index, members: 4 }));
  assert.deepEqual(ranks.toSorted(), [0, 1, 2, 3]);
  for (const [index, rank] of ranks.entries()) {
    const turns = new Turns({ index, members: 4 });
    const due = Array.from({ length: 20 }, (_, i) => i * 500).filter((now) => turns.isDue(id, 1, now));
    assert.deepEqual(
      due,
      [rank * 2000, rank * 2000 + 4000].filter((now) => now < 10_000).concat(rank === 0 ? [8000] : []),
    );
  }
});

test("announcements are checked, watched for thirty days, and survive a restart", async () => {
  const clock = createFakeClock();
  const store = createMemoryStore();
  const options = { chainId: world.side.chainId, keys: world.keys, store, clock, hasRewardPool: false };
  const book = new RecipientBook(options);
  await assert.rejects(book.announce(Uint8Array.of(0x51)), { code: "RECIPIENT_INVALID" });
  const program = await book.announce(HOLDER);
  assert.deepEqual(book.find(bytesToHex(program)), HOLDER);
  const again = new RecipientBook(options);
  await again.load();
  assert.deepEqual(again.find(bytesToHex(program)), HOLDER);
  clock.advance(ANNOUNCEMENT_AGE_MS_MAX + 1);
  await again.announce(programOf("other"));
  assert.equal(again.find(bytesToHex(program)), undefined);
  assert.deepEqual(
    again.find(bytesToHex(again.programOf(Uint8Array.of(0x6a)))),
    Uint8Array.of(0x6a),
    "the float is always watched",
  );
  const pool = bytesToHex(again.programOf(POOL_RECIPIENT));
  assert.equal(again.find(pool), undefined, "a chain without elections has no reward pool");
  assert.deepEqual(new RecipientBook({ ...options, hasRewardPool: true }).find(pool), POOL_RECIPIENT);
});

test("a deposit in the first transaction of a block, and an asset of a gas-only one, are found with their flaw", () => {
  const chain = new World().main;
  const gold = issue("gold", 50n);
  chain.pay(world.depositOutputs(HOLDER, 50n, { assetId: gold.assetId }), [gold]);
  chain.mine();
  const { tip } = chain;
  const program = bytesToHex(
    world.depositOutputs(HOLDER, 1n).map((output) => (output.kind === "output" ? output.program : HOLDER))[0] ?? HOLDER,
  );
  const context = {
    chainId: world.side.chainId,
    find: (programHex: string) => (programHex === program ? HOLDER : undefined),
    changePrograms: new Map<string, string>(),
  };
  assert.deepEqual(
    scanBlock(tip, context).map(({ flaw, transactionIndex }) => [flaw, transactionIndex]),
    [[undefined, 1]],
  );
  const gasOnly = { ...tip, statusFail: [false, true] };
  assert.deepEqual(
    scanBlock(gasOnly, context).map(({ flaw }) => flaw),
    ["gas-only"],
  );
  const alone = { ...tip, block: { ...tip.block, transactions: tip.block.transactions.slice(1) } };
  assert.deepEqual(
    scanBlock(alone, context).map(({ flaw }) => flaw),
    ["first-transaction"],
  );
  const asChange = { ...context, find: () => undefined, changePrograms: new Map([[program, "some payout"]]) };
  assert.deepEqual(
    scanBlock(tip, asChange).map(({ flaw, recipient }) => [flaw, recipient]),
    [["unreadable", undefined]],
  );
});

async function startedWorld(): Promise<World> {
  const fresh = new World();
  await fresh.startAll();
  return fresh;
}

const noInput = { params: {}, query: {}, body: {} };

async function listOf(fresh: World, index = 0) {
  return (await fresh.call(index, "deposits", { ...noInput, query: { limit: 50 } })).items;
}

test("a deposit without a hint is found when its recipient is announced, before or after", async () => {
  const fresh = await startedWorld();
  const nullifier = fresh.deposit(HOLDER, 9n * BTM, { hint: false });
  await fresh.round(40);
  assert.equal(fresh.side.claims.has(nullifier), false);
  const { address } = await fresh.call(2, "announce", { ...noInput, body: { recipient: bytesToHex(HOLDER) } });
  assert.match(address, /^sm1/);
  await fresh.until("credited", () => fresh.side.claims.has(nullifier));
  const second = fresh.deposit(HOLDER, 4n * BTM, { hint: false });
  await fresh.until("the next one too", () => fresh.side.claims.has(second));
});

test("a hint that was changed credits nobody; the deposit is listed and its owner can still name the recipient", async () => {
  const fresh = await startedWorld();
  const outputs = fresh.depositOutputs(HOLDER, 9n * BTM, { hint: false });
  const thief = depositHintProgram(fresh.side.chainId, programOf("thief"));
  const mapped = fresh.main.pay([...outputs, { kind: "output", assetId: BTM_ASSET_ID, amount: 1n, program: thief }]);
  const nullifier = bytesToHex(mapped.results[0]?.id ?? seedOf("none"));
  await fresh.round(40);
  assert.equal(fresh.side.claims.size, 0);
  const [listed] = await listOf(fresh);
  assert.equal(listed?.nullifier, nullifier);
  assert.equal(listed?.state, "refused");
  assert.equal(listed?.recipient, "");
  assert.match(listed?.reason ?? "", /Announce/);
  await fresh.call(0, "announce", { ...noInput, body: { recipient: bytesToHex(HOLDER) } });
  await fresh.until("credited to its owner", () => fresh.side.claims.has(nullifier));
  assert.deepEqual(fresh.side.claims.get(nullifier)?.recipient, HOLDER);
});

test("a hint of this chain that names nobody is listed as unreadable, one of another chain is nothing to us", async () => {
  const fresh = await startedWorld();
  const outputs = fresh.depositOutputs(HOLDER, 9n * BTM, { hint: false });
  const hint = (chain: Uint8Array) =>
    retirementProgram(
      concatBytes(utf8ToBytes("BYPI"), Uint8Array.of(1), chain.subarray(0, 8), Uint8Array.of(0x51, 0x52)),
    );
  fresh.main.pay([
    ...outputs,
    { kind: "output", assetId: BTM_ASSET_ID, amount: 1n, program: hint(seedOf("other chain")) },
  ]);
  await fresh.round(12);
  assert.deepEqual(await listOf(fresh), []);
  fresh.main.pay([
    ...outputs,
    { kind: "output", assetId: BTM_ASSET_ID, amount: 1n, program: hint(fresh.side.chainId) },
  ]);
  await fresh.round(12);
  assert.equal((await listOf(fresh))[0]?.state, "refused");
  assert.equal(fresh.side.claims.size, 0);
});

function issue(name: string, amount: bigint) {
  const definition = utf8ToBytes(`{"name":"${name}"}`);
  const program = Uint8Array.of(0x51);
  const assetId = assetIdOf({ vmVersion: 1n, program, definition });
  const nonce = utf8ToBytes(name);
  return { kind: "issuance" as const, nonce, assetId, amount, definition, vmVersion: 1n, program, arguments: [] };
}

test("an unlisted asset is never minted and listed as such; once listed it is credited by itself", async () => {
  const fresh = await startedWorld();
  const gold = issue("gold", 1000n);
  const mapped = fresh.main.pay(fresh.depositOutputs(HOLDER, 1000n, { assetId: gold.assetId }), [gold]);
  const nullifier = bytesToHex(mapped.results[0]?.id ?? seedOf("none"));
  await fresh.round(40);
  assert.equal(fresh.side.claims.has(nullifier), false);
  const before = await fresh.call(1, "deposit", { ...noInput, params: { nullifier } });
  assert.equal(before.state, "refused");
  assert.match(before.reason ?? "", /not listed/);
  fresh.side.list(gold.assetId, 1n);
  await fresh.until("credited", () => fresh.side.claims.has(nullifier));
  assert.equal(fresh.side.counts.claims, 1);
});

test("a reorganised deposit is counted again and claimed where it is now; a vanished one is no longer listed", async () => {
  const fresh = await startedWorld();
  const kept = fresh.deposit(HOLDER, 9n * BTM);
  await fresh.round(5);
  assert.equal((await listOf(fresh)).length, 1);
  fresh.main.reorganise(1);
  fresh.main.mine(1, { empty: true });
  await fresh.until("credited on the new branch", () => fresh.side.claims.has(kept));
  const lost = fresh.deposit(programOf("other"), 9n * BTM);
  await fresh.round(5);
  assert.ok((await listOf(fresh)).some(({ nullifier }) => nullifier === lost));
  fresh.main.reorganise(1, { forget: true });
  fresh.main.mine(2);
  await fresh.round(20);
  assert.equal(
    (await listOf(fresh)).some(({ nullifier }) => nullifier === lost),
    false,
  );
  assert.equal(fresh.side.claims.size, 1);
});

test("an unknown deposit is not found, and a stopped member says so", async () => {
  const fresh = await startedWorld();
  await fresh.round(1);
  await assert.rejects(async () => fresh.call(0, "deposit", { ...noInput, params: { nullifier: "00".repeat(32) } }), {
    code: "DEPOSIT_NOT_FOUND",
  });
  await fresh.call(0, "memberSwitch", { ...noInput, body: { run: false } });
  await assert.rejects(async () => fresh.call(0, "announce", { ...noInput, body: { recipient: bytesToHex(HOLDER) } }), {
    code: "NO_MEMBER_HERE",
  });
});
