// Amounts that people type, the commands beside the forms, and how crossings and federations are told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { amountProblem, assetNameIn, BTM_ID, unitsOf } from "../src/view/assets.ts";
import { heartbeatText, memberStatus, pauseText, reserveStatus, signersOf } from "../src/view/federation.ts";
import { commandOf } from "../src/view/order.ts";
import { presentStep, remainingText } from "../src/view/transfers.ts";

const GOLD = { name: "GOLD", decimals: 2 };

test("an amount is exact, or it is none", () => {
  assert.equal(unitsOf("1.05", 2), 105n);
  assert.equal(unitsOf("92233720368547758.07", 2), 9223372036854775807n);
  for (const text of ["", "1.055", "1e3", "-1", ".5", "1,5", "0x10"]) assert.equal(unitsOf(text, 2), undefined, text);
});

test("a form says what is wrong with an amount", () => {
  assert.equal(amountProblem("5", GOLD, 500n), null);
  assert.match(amountProblem("5.01", GOLD, 500n) ?? "", /may spend/);
  assert.match(amountProblem("0.00", GOLD, 500n) ?? "", /More than nothing/);
  assert.match(amountProblem("1.234", GOLD, null) ?? "", /2 digits/);
  assert.equal(amountProblem("1000000", GOLD, null), null, "what is held is not known, so the node decides");
});

test("BTM has its name everywhere, an asset without one its short id and no decimals", () => {
  assert.equal(assetNameIn([], BTM_ID).name, "BTM");
  assert.deepEqual(assetNameIn([], "0a".repeat(32)), {
    id: "0a".repeat(32),
    name: "0a0a0a…0a0a0a",
    decimals: 0,
    isNamed: false,
  });
});

test("the command beside a form names accounts as payers and addresses as payees", () => {
  const order = { from: "alice", to: "bob", chain: "demo", amount: "5", asset: "GOLD", address: "sm1bob" };
  assert.equal(
    commandOf("pay", order),
    "bystack wallet send --from alice --to sm1bob --amount 5 --asset GOLD --chain demo",
  );
  assert.equal(
    commandOf("in", { ...order, to: "alice" }),
    "bystack peg in --from alice --amount 5 --asset GOLD --chain demo",
  );
  assert.match(commandOf("out", order), /peg out --from alice --to sm1bob/);
});

test("an estimate counts down and never goes below nothing", () => {
  assert.equal(remainingText(null, 0, 0), "–");
  assert.equal(remainingText(12_000, 1_000, 3_000), "about 10 s");
  assert.equal(remainingText(12_000, 1_000, 60_000), "any moment");
});

test("the present step is the one at work, else the last", () => {
  const steps = [{ state: "done" }, { state: "failed" }, { state: "waiting" }] as const;
  assert.equal(presentStep(steps), steps[1]);
  assert.equal(presentStep([{ state: "done" }] as const)?.state, "done");
});

test("members that are silent do not count as signers", () => {
  const members = [
    { self: true, running: true, lastSeenAgeMs: null },
    { self: false, running: true, lastSeenAgeMs: 2_000 },
    { self: false, running: true, lastSeenAgeMs: 90_000 },
    { self: false, running: false, lastSeenAgeMs: 500 },
    { self: false, running: true, lastSeenAgeMs: null },
  ];
  assert.equal(signersOf(members), 2);
  assert.deepEqual(
    members.map((member) => memberStatus(member).word),
    ["runs", "runs", "silent", "stopped", "not heard yet"],
  );
  assert.equal(heartbeatText(members[4] as (typeof members)[number]), "never");
});

test("a vault that holds less than is owed is short", () => {
  assert.equal(reserveStatus({ locked: "10", owed: "10" }).word, "covered");
  assert.equal(reserveStatus({ locked: "9", owed: "10" }).tone, "bad");
});

test("a pause says what it is about and by whom", () => {
  assert.match(
    pauseText("asset:0a", () => "GOLD"),
    /GOLD/,
  );
  assert.match(pauseText("automatic", String), /by itself/);
});
