// Words for plans and next steps.

import assert from "node:assert/strict";
import { test } from "node:test";
import { nextSteps, STEPS_MAX } from "../src/view/checklist.ts";
import { estimateText, margins, worstRisk } from "../src/view/plan.ts";

test("the worst risk of a plan is that of its worst action", () => {
  assert.equal(worstRisk([]), "none");
  assert.equal(worstRisk([{ risk: "restart" }, { risk: "margin0" }, { risk: "none" }]), "margin0");
  assert.equal(worstRisk([{ risk: "loss" }, { risk: "halt" }]), "loss");
});

test("what a committee survives, before and while one validator is away", () => {
  const committee = { n: 4, q: 3, f: 1 };
  assert.deepEqual(margins(committee, { voting: 4, quorum: 3, validators: 4 }, true), {
    now: "4 of 4 vote, survives 1",
    meanwhile: "3 of 4 vote, 3 needed, survives 0",
  });
  assert.match(
    margins(committee, { voting: 3, quorum: 3, validators: 4 }, true)?.meanwhile ?? "",
    /2 of 4 vote, 3 needed, stands still/,
  );
  assert.deepEqual(margins(committee, undefined, true), { now: "not there yet", meanwhile: "n 4, q 3, f 1" });
  assert.equal(
    margins(committee, { voting: 3, quorum: 3, validators: 4 }, false)?.meanwhile,
    "3 of 4 vote, 3 needed, survives 0",
  );
  assert.equal(margins(null, undefined, true), undefined);
});

test("estimates are added up and rounded to seconds", () => {
  assert.equal(estimateText([{ estimateMs: 40_000 }, { estimateMs: 10_400 }]), "about 51 s");
});

test("next steps are those that are left, and few", () => {
  const status = { running: true, healthy: true, sides: [{ chain: "demo", federation: {} }], accounts: ["alice"] };
  const titles = (input: Partial<Parameters<typeof nextSteps>[0]>) =>
    nextSteps({ status, hasOperations: false, hasCredential: false, ...input }).map(({ title }) => title);
  assert.ok(titles({}).length <= STEPS_MAX);
  assert.equal(titles({})[0], "Set a password or a passkey");
  assert.ok(!titles({ hasCredential: true }).includes("Set a password or a passkey"));
  assert.ok(!titles({ hasOperations: true }).includes("Make a change"));
  assert.deepEqual(
    titles({ status: { ...status, running: false, healthy: false }, hasOperations: true, hasCredential: true }),
    ["Invite somebody"],
  );
});
