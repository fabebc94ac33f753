// Crossings told step by step: each state of a deposit and of a burn gives the step that is at work, whom it waits for, an
// estimate, and the legs that are known by then.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Crossing,
  type Deposit,
  incoming,
  inOrder,
  outgoing,
  type Payout,
  type Request,
} from "../src/transfer/transfer.ts";

const hash = (text: string): string => text.repeat(32);

const CROSSING: Crossing = {
  chain: "demo",
  threshold: 3,
  confirmations: 6,
  batchBlocks: 20,
  height: 105,
  paused: [],
  mainIntervalMs: 2_000,
  sideIntervalMs: 500,
};

const DEPOSIT: Deposit = {
  nullifier: hash("a1"),
  transaction: hash("a2"),
  position: 0,
  mainHeight: 40,
  asset: hash("ff"),
  amount: "100",
  recipient: "0014",
  state: "seen",
  confirmations: 2,
  confirmationsNeeded: 6,
  claim: null,
  reason: null,
};

const REQUEST: Request = {
  id: hash("b1"),
  transaction: hash("b2"),
  asset: hash("ff"),
  amount: "50",
  program: "0014",
  burnHeight: 101,
  state: "queued",
  payout: null,
};

const PAYOUT: Payout = {
  number: 17,
  transaction: hash("c1"),
  kind: "btm",
  state: "open",
  draft: "",
  recordedHeight: 120,
  feeNeu: "1",
  inputs: [],
  inputScripts: [],
  requests: [hash("b1")],
  signedBy: [],
  waitsFor: null,
};

const states = ({ steps }: { steps: readonly { state: string }[] }) => steps.map(({ state }) => state).join(" ");

describe("what comes in", () => {
  test("counts confirmations, then is claimed, then credited", () => {
    const seen = incoming(DEPOSIT, CROSSING);
    assert.equal(states(seen), "done running waiting waiting");
    assert.equal(seen.waitsFor, "main-chain confirmations: 2 of 6 confirmations");
    assert.equal(seen.etaMs, 4 * 2_000 + 2 * 500);
    const deep = incoming({ ...DEPOSIT, confirmations: 7 }, CROSSING);
    assert.equal(states(deep), "done done running waiting");
    assert.equal(deep.steps[1]?.detail, "6 of 6 confirmations");
    assert.equal(deep.etaMs, 1_000);
    const claim = { transaction: hash("a3"), height: 90 };
    const credited = incoming({ ...DEPOSIT, state: "credited", confirmations: 7, claim }, CROSSING);
    assert.equal(states(credited), "done done done done");
    assert.deepEqual([credited.state, credited.waitsFor, credited.etaMs], ["done", null, null]);
    assert.deepEqual([credited.main.transaction, credited.side], [hash("a2"), claim]);
  });

  test("that is refused says why and waits for nobody; while the chain is paused it is held", () => {
    const refused = incoming({ ...DEPOSIT, state: "refused", reason: "It is below the minimum." }, CROSSING);
    assert.equal(states(refused), "done done failed waiting");
    assert.deepEqual(
      [refused.state, refused.sentence, refused.waitsFor],
      ["refused", "It is below the minimum.", null],
    );
    const held = incoming(DEPOSIT, { ...CROSSING, paused: ["in"] });
    assert.equal(held.state, "held");
    assert.match(held.waitsFor ?? "", /^the federation to resume: paused \(in\)$/);
    assert.equal(incoming(DEPOSIT, { ...CROSSING, paused: ["out"] }).state, "under-way");
    assert.equal(incoming(DEPOSIT, { ...CROSSING, paused: [`asset:${hash("ff")}`] }).state, "held");
    const other = incoming(DEPOSIT, { ...CROSSING, paused: [`asset:${hash("ee")}`] });
    assert.equal(other.state, "under-way");
  });
});

describe("what goes out", () => {
  const at = (request: Partial<Request>, payout?: Partial<Payout>) =>
    outgoing({ ...REQUEST, ...request }, payout && { ...PAYOUT, ...payout }, CROSSING);

  test("waits for the batch, for signatures by name, for the main chain, and is written off", () => {
    const queued = at({});
    assert.equal(states(queued), "done running waiting waiting waiting");
    assert.equal(queued.waitsFor, "the next batch, at height 120");
    assert.equal(queued.etaMs, 15 * 500 + 2 * 2_000);
    const unsigned = at(
      { state: "in-payout", payout: 17 },
      { signedBy: [1], waitsFor: "signatures: 1 of 3, missing from demo-3" },
    );
    assert.equal(states(unsigned), "done done running waiting waiting");
    assert.equal(unsigned.waitsFor, "signatures: 1 of 3, missing from demo-3");
    assert.equal(unsigned.main.transaction, null);
    const sent = at(
      { state: "in-payout", payout: 17 },
      { signedBy: [0, 1, 2], waitsFor: "a main-chain block: the payout is signed and sent" },
    );
    assert.equal(states(sent), "done done done running waiting");
    assert.equal(sent.main.transaction, hash("c1"));
    const paid = at(
      { state: "in-payout", payout: 17 },
      { signedBy: [0, 1, 2], waitsFor: "main-chain confirmations: 1 of 6" },
    );
    assert.equal(states(paid), "done done done done running");
    assert.equal(paid.etaMs, 5 * 2_000);
    assert.equal(paid.sentence, "It is paid, and being confirmed.");
    const done = at({ state: "completed", payout: 17 }, { state: "done", signedBy: [0, 1, 2] });
    assert.deepEqual([states(done), done.state, done.waitsFor], ["done done done done done", "done", null]);
  });

  test("is held while the way out is paused, unless it has a payout already", () => {
    const paused = { ...CROSSING, paused: ["automatic"] };
    assert.equal(outgoing(REQUEST, undefined, paused).state, "held");
    const drafted = outgoing({ ...REQUEST, state: "in-payout", payout: 17 }, PAYOUT, paused);
    assert.equal(drafted.state, "under-way");
  });
});

test("what is under way comes first, and each kind keeps its order", () => {
  const open = (id: string) => incoming({ ...DEPOSIT, nullifier: id }, CROSSING);
  const done = (id: string) => incoming({ ...DEPOSIT, nullifier: id, state: "credited" }, CROSSING);
  const held = incoming({ ...DEPOSIT, nullifier: "h" }, { ...CROSSING, paused: ["in"] });
  const ids = inOrder([done("1"), open("2"), done("3"), held, open("4")]).map(({ id }) => id);
  assert.deepEqual(ids, ["h", "2", "4", "1", "3"]);
});
