// The whole way once: deposit → headers → claim → transfer → burn → draft → signed payout that the main chain's own rules
// accept → completion; and the figures that federation.md states for payouts.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createDevMainSpec } from "@bystack/protocol/spec/presets";
import { bytesToHex } from "@bystack/utils/bytes";
import { mainLedgerRulesOf } from "../../src/main/rules.ts";
import { validateMainTransaction } from "../../src/main/validate-transaction.ts";
import { floatNeu } from "../../src/side/peg/status.ts";
import { BTM, COIN, createAsset, createUser, Kit } from "./kit.ts";

const alice = createUser("alice");
const bob = createUser("bob");

/** Gas state and error of a payout under the main chain's own rules. */
function judgeOnMain(kit: Kit, payout: bigint) {
  const draft = kit.drafts.get(payout);
  assert.ok(draft !== undefined);
  const rules = mainLedgerRulesOf(createDevMainSpec({ genesisTimeSeconds: 1_700_000_000, outputs: [] }));
  const context = { blockVersion: 1n, blockHeight: 200_000n, isFirst: false, rules };
  const transaction = kit.signed(draft);
  return { transaction, verdict: validateMainTransaction(transaction, context), draft };
}

describe("round trip", () => {
  test("BTM goes in, moves, goes out, and the counters follow", () => {
    const kit = new Kit();
    kit.fundFloat();
    kit.fund(alice.program, 100n * COIN);
    assert.equal(kit.balance(alice), 100n * COIN);
    kit.block(kit.spend(alice, [{ kind: "intra", assetId: BTM, amount: 30n * COIN, program: bob.program }]));
    assert.equal(kit.balance(bob), 30n * COIN);
    kit.block(kit.burn(bob, 5n * COIN));
    const [draft] = kit.boundary();
    assert.ok(draft !== undefined || kit.drafts.size === 1);
    assert.equal(kit.asset(BTM).pending, 5n * COIN);
    kit.completePayout(1n);
    assert.equal(kit.asset(BTM).pending, 0n);
    assert.equal(kit.asset(BTM).burned, 5n * COIN);
    assert.ok(floatNeu(kit.pegState) > 9n * COIN);
    kit.assertSupply();
  });

  test("a signed payout is valid on the main chain, and pays exactly what was burned", () => {
    const kit = new Kit();
    kit.fundFloat();
    kit.fund(alice.program, 100n * COIN);
    kit.block(kit.burn(alice, 5n * COIN));
    kit.boundary();
    const { transaction, verdict, draft } = judgeOnMain(kit, 1n);
    assert.equal(verdict.error, undefined);
    assert.equal(verdict.gas.gasValid, true);
    const [payment] = transaction.outputs;
    assert.ok(payment?.kind === "output" && payment.amount === 5n * COIN);
    assert.equal(bytesToHex(payment.program), bytesToHex(createUser("payee").program));
    assert.equal(verdict.gas.btmValue, draft.feeNeu);
  });

  test("payout with one BTM input and one BTM change has the figures of federation.md section 13", () => {
    const kit = new Kit();
    kit.fundFloat(3n * COIN);
    kit.fund(alice.program, 20n * COIN);
    kit.block(kit.burn(alice, 15n * COIN));
    kit.boundary();
    const { transaction, verdict, draft } = judgeOnMain(kit, 1n);
    // Inputs: the coin that covers and the small one that is swept along.
    const inputs = transaction.inputs.length;
    assert.equal(Number(verdict.gas.gasUsed), 4641 * inputs + transaction.size);
    assert.equal(draft.feeNeu, 200n * BigInt(4641 * inputs + transaction.size + 2000));
  });

  test("an asset payout is valid on the main chain", () => {
    const gold = createAsset("gold");
    const kit = new Kit({ assets: [gold] });
    kit.fundFloat();
    kit.fund(alice.program, 10n * COIN);
    kit.fund(alice.program, 1000n, gold.id);
    assert.equal(kit.balance(alice, gold.id), 1000n);
    kit.block(kit.burn(alice, 400n, { assetId: gold.id }));
    kit.boundary();
    const { verdict, draft } = judgeOnMain(kit, 1n);
    assert.equal(draft.kind, "asset");
    assert.equal(verdict.error, undefined);
    kit.completePayout(1n);
    assert.equal(kit.asset(gold.id).locked, 600n);
    kit.assertSupply();
  });
});

/** Paths of all byte arrays in a value that keep alive a buffer larger than themselves. */
function views(value: unknown, path: string): string[] {
  if (value instanceof Uint8Array) return value.byteLength === value.buffer.byteLength ? [] : [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => views(part, `${path}.${name}`));
}

test("what the peg keeps for long is no view of the block that it came in", () => {
  const kit = new Kit();
  kit.fundFloat();
  kit.fund(alice.program, 100n * COIN);
  kit.block(kit.burn(alice, 5n * COIN));
  kit.boundary();
  kit.completePayout(1n);
  const { headers, claimed, coins, requests } = kit.pegState.sections;
  const kept = { headers, claimed, coins, requests };
  for (const [name, section] of Object.entries(kept)) {
    const entries = [...section.map.entries()];
    assert.ok(entries.length > 0, name);
    assert.deepEqual([...new Set(entries.flatMap(([, record]) => views(record, name)))], []);
  }
});
