// Plans: what a changed definition means, which changes are refused and why, and that a plan is a function of what it is
// made from.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEV_DEFINITION, DEV_ELECTIONS_DEFINITION } from "@bystack/platform/definition/dev";
import { parseDefinition } from "@bystack/platform/definition/parse";
import { type Observed, planChange } from "../src/plan/changes.ts";
import { committeeOf, riskWithout } from "../src/plan/guard.ts";

const DEV = parseDefinition(DEV_DEFINITION, "dev");
const NAMES = ["demo-1", "demo-2", "demo-3", "demo-4"];
const observed = (live: readonly string[] = NAMES): Observed => ({
  revision: 1,
  definitionHash: "ab",
  appliedHash: "ab",
  voters: new Map([["demo", { committee: committeeOf(4), live }]]),
});

/** The dev definition with parts of its text replaced. */
function changed(...pairs: readonly (readonly [string, string])[]) {
  let text = DEV_DEFINITION;
  for (const [from, to] of pairs) {
    assert.ok(text.includes(from), from);
    text = text.replace(from, to);
  }
  return parseDefinition(text, "changed");
}

const SECOND_SIDE = `  - chain: acme
    nodes: { count: 4, observers: 2 }
    federation: { threshold: 3, assets: [BTM, GOLD] }
accounts:`;

const verbs = (plan: ReturnType<typeof planChange>): string[] =>
  plan.actions.map(({ verb, target, risk }) => `${verb} ${target} ${risk}`);
const refusals = (plan: ReturnType<typeof planChange>): string[] =>
  plan.refused.map(({ code, path }) => `${code} ${path}`);

describe("a plan", () => {
  test("for a network that is not there makes it, and each of its chains", () => {
    const plan = planChange(undefined, changed(["accounts:", SECOND_SIDE]), {
      revision: 0,
      definitionHash: "ab",
      appliedHash: undefined,
      voters: new Map(),
    });
    assert.deepEqual(verbs(plan), ["network.create dev none", "chain.create demo none", "chain.create acme none"]);
    assert.match(plan.actions[2]?.title ?? "", /4 validators, 2 observers/);
    assert.deepEqual(plan.refused, []);
  });

  test("for the same definition is empty; for another text of it saves that text, and nothing else", () => {
    const commented = changed(["accounts:", "# who is there\naccounts:"]);
    const same = planChange(DEV, commented, observed());
    assert.deepEqual([same.actions, same.refused], [[], []]);
    const other = planChange(DEV, commented, { ...observed(), definitionHash: "cd" });
    assert.deepEqual(
      other.actions.map(({ verb, class: kind, risk }) => [verb, kind, risk]),
      [["network.configure", "live", "none"]],
    );
    const more = planChange(DEV, changed(["accounts:", SECOND_SIDE]), { ...observed(), definitionHash: "cd" });
    assert.deepEqual(
      more.actions.map(({ verb }) => verb),
      ["chain.create"],
    );
  });

  test("has a hash of everything that it says", () => {
    const plan = planChange(DEV, changed(["accounts:", SECOND_SIDE]), observed());
    assert.equal(planChange(DEV, changed(["accounts:", SECOND_SIDE]), observed()).hash, plan.hash);
    const others = [
      planChange(DEV, changed(["accounts:", SECOND_SIDE.replace("acme", "acne")]), observed()),
      planChange(DEV, changed(["accounts:", SECOND_SIDE]), { ...observed(), revision: 2 }),
      planChange(DEV, changed(["accounts:", SECOND_SIDE], ["everyMs: 2000", "everyMs: 3000"]), observed()),
      planChange(DEV, changed(["accounts:", SECOND_SIDE], ["blockMs: 500", "blockMs: 600"]), observed()),
    ];
    assert.equal(new Set([plan, ...others].map(({ hash }) => hash)).size, 5);
  });
});

describe("what a change means", () => {
  test("new chains, observers, accounts and assets are made beside what is there", () => {
    const after = changed(
      ["accounts:", SECOND_SIDE],
      ["count: 4, parts", "count: 4, observers: 2, parts"],
      ["  - { account: bob }", "  - { account: bob }\n  - { account: carol }"],
      ["assets:\n  - {", "assets:\n  - { asset: SILVER, issuer: issuer }\n  - {"],
    );
    const plan = planChange(DEV, after, observed());
    assert.deepEqual(verbs(plan), [
      "account.create carol none",
      "asset.create SILVER none",
      "node.add demo-5 none",
      "node.add demo-6 none",
      "chain.create acme none",
    ]);
    assert.deepEqual(plan.refused, []);
    // And back: the newest goes first.
    const back = planChange(
      after,
      changed(["accounts:", SECOND_SIDE], ["count: 4, parts", "count: 4, parts"]),
      observed(),
    );
    assert.deepEqual(verbs(back).slice(0, 2), ["node.remove demo-6 none", "node.remove demo-5 none"]);
    assert.deepEqual(refusals(back), ["NOT_CHANGEABLE accounts", "NOT_CHANGEABLE assets"]);
  });

  test("a limit restarts every node of what stays, one action each", () => {
    const after = changed(["prove:", "limits: { memoryMiB: 600 }\nprove:"], ["accounts:", SECOND_SIDE]);
    const plan = planChange(DEV, after, observed());
    const restarts = plan.actions.filter(({ verb }) => verb === "node.configure");
    assert.deepEqual(
      restarts.map(({ target, risk }) => [target, risk]),
      [["main-1", "none"], ...NAMES.map((name) => [name, "margin0"])],
    );
    assert.deepEqual(restarts[1]?.committee, { n: 4, q: 3, f: 1 });
  });

  test("mining restarts the main node", () => {
    const plan = planChange(DEV, changed(["everyMs: 2000", "everyMs: 3000"]), observed());
    assert.deepEqual(verbs(plan), ["node.configure main-1 none"]);
    assert.deepEqual(
      [plan.actions[0]?.before, plan.actions[0]?.after],
      ["a block every 2000 ms", "a block every 3000 ms"],
    );
  });

  test("history restarts those that it concerns, and nobody becomes an archive afterwards", () => {
    const pruned = changed(["count: 4, parts", "count: 4, history: pruned, parts"]);
    assert.deepEqual(
      verbs(planChange(DEV, pruned, observed())),
      NAMES.map((name) => `node.configure ${name} margin0`),
    );
    const archive = changed(["count: 4, parts", "count: 4, history: archive, parts"]);
    const refused = planChange(DEV, archive, observed());
    assert.deepEqual(verbs(refused), []);
    assert.deepEqual(new Set(refusals(refused)), new Set(["NOT_CHANGEABLE sides.0.nodes.history"]));
  });

  test("what is written in a spec or holds keys stays as it is, and is named by its path", () => {
    const elections = parseDefinition(DEV_ELECTIONS_DEFINITION, "elections");
    const cases: readonly (readonly [ReturnType<typeof changed>, string])[] = [
      [changed(["blockMs: 500", "blockMs: 600"]), "FIXED_FIELD sides.0.engine"],
      [changed(["chain: main\n", "chain: first\n"]), "FIXED_FIELD main.chain"],
      [changed(["network: dev", "network: other"]), "FIXED_FIELD network"],
      [changed(["decimals: 2", "decimals: 3"]), "FIXED_FIELD assets.0"],
      [elections, "FIXED_FIELD sides.0.elections"],
      [changed(["chain: demo", "chain: demo\n    developmentMode: true"]), "FIXED_FIELD sides.0.developmentMode"],
      [changed(["count: 4", "count: 5"]), "NOT_CHANGEABLE sides.0.nodes.count"],
      [changed(["confirmations: 6", "confirmations: 7"]), "NOT_CHANGEABLE sides.0.federation"],
      [changed(["store: lmdb", "store: memory"]), "NOT_CHANGEABLE sides.0.store"],
      [changed(['"10000"', '"20000"']), "NOT_CHANGEABLE accounts.0.fund"],
      [changed(["parts: [main]", "parts: [main, observer]"]), "NOT_CHANGEABLE main.nodes.0.parts"],
      [changed(["node: main-1", "node: main-2"]), "NOT_CHANGEABLE main.nodes"],
      [changed(["[validator, federation]", "[validator]"]), "NOT_CHANGEABLE sides.0.nodes.parts"],
    ];
    for (const [after, expected] of cases) {
      const plan = planChange(DEV, after, observed());
      assert.ok(refusals(plan).includes(expected), `${expected}: ${refusals(plan).join("; ")}`);
      for (const { why, next } of plan.refused) assert.ok(why.length > 20 && next.length > 3);
    }
    const without = planChange(changed(["accounts:", SECOND_SIDE]), DEV, observed());
    assert.deepEqual(refusals(without), ["NOT_CHANGEABLE sides"]);
  });
});

describe("the guard", () => {
  const after = changed(["count: 4, parts", "count: 4, history: pruned, parts"]);

  test("lets no validator go that the quorum needs", () => {
    const plan = planChange(DEV, after, observed(NAMES.slice(0, 3)));
    assert.deepEqual(refusals(plan), Array(3).fill("QUORUM_GUARD sides.0.nodes.history"));
    assert.match(plan.refused[0]?.why ?? "", /3 of 4 validators vote and 3 are needed: without demo-1/);
    // The one that is away already is not missed.
    assert.deepEqual(verbs(plan), ["node.configure demo-4 restart"]);
  });

  test("knows what is left", () => {
    const seven = { committee: committeeOf(7), live: ["a", "b", "c", "d", "e", "f", "g"] };
    assert.deepEqual(committeeOf(7), { n: 7, q: 5, f: 2 });
    assert.equal(riskWithout(seven, "a"), "restart");
    assert.equal(riskWithout({ ...seven, live: seven.live.slice(1) }, "b"), "margin0");
    assert.equal(riskWithout({ ...seven, live: seven.live.slice(2) }, "c"), undefined);
    assert.equal(riskWithout({ ...seven, live: seven.live.slice(2) }, "a"), "restart");
  });
});
