// Payouts and their proofs in state: drafts at boundaries, completion, gas-only failure and the conflict rule of re-drafts,
// merges, float, pauses, governance (federation.md sections 5 to 7 and 12: double-pay, redraft-every-earlier,
// dead-gas-only, burn-programs, dust, fee-merge, merge-7, gov-scope).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { publicKeyProgram } from "@bystack/protocol/program";
import { createSideTransaction, type SideOutput } from "@bystack/protocol/side/transaction";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { createPendingState } from "../../src/side/builder.ts";
import { floatNeu, payoutStatus } from "../../src/side/peg/status.ts";
import { BTM, COIN, createAsset, createUser, Kit, type KitOptions } from "./kit.ts";

const alice = createUser("alice");
const gold = createAsset("gold");
const silver = createAsset("silver");

function statusOf(kit: Kit, number: bigint): string {
  const payout = kit.pegState.payout(number);
  return payout === undefined ? "none" : payoutStatus(kit.pegState, payout);
}

function draftOf(kit: Kit, number: bigint) {
  const draft = kit.drafts.get(number);
  assert.ok(draft !== undefined, `payout ${number} exists`);
  return draft;
}

function inputIds(kit: Kit, number: bigint, assetId?: Hash): string[] {
  const coins = draftOf(kit, number).inputs.filter(
    (coin) => assetId === undefined || bytesToHex(coin.assetId) === bytesToHex(assetId),
  );
  return coins.map((coin) => bytesToHex(coin.id));
}

/** A vault with gold and fee coins, alice holding both. */
function goldKit(options: KitOptions = {}): Kit {
  const kit = new Kit({ assets: [gold, silver], ...options });
  for (let i = 0; i < 3; i += 1) kit.fundFloat(3n * COIN);
  kit.fund(alice.program, 20n * COIN);
  kit.fund(alice.program, 1000n, gold.id);
  kit.fund(alice.program, 300n, gold.id);
  return kit;
}

describe("burns", () => {
  function tryBurn(outputs: readonly SideOutput[]): string {
    const kit = goldKit();
    return kit.judge(kit.spend(alice, outputs));
  }
  const fee: SideOutput = { kind: "intra", assetId: BTM, amount: 20_000_000n, program: Uint8Array.of(0x6a) };
  const cross = (program: Uint8Array, amount = 2n * COIN): SideOutput => ({
    kind: "cross",
    assetId: BTM,
    amount,
    program,
  });
  test("burn-programs: two forms and nothing else", () => {
    assert.equal(tryBurn([cross(publicKeyProgram(alice.publicKey)), fee]), "ok");
    assert.equal(tryBurn([cross(Uint8Array.of(0x00, 0x20, ...new Uint8Array(32))), fee]), "ok");
    for (const program of [
      [],
      [0x51],
      [0x00, 0x14],
      [0x51, 0x14, ...new Uint8Array(20)],
      [0x00, 0x14, ...new Uint8Array(21)],
    ]) {
      assert.equal(tryBurn([cross(Uint8Array.from(program)), fee]), "BURN_PROGRAM");
    }
    assert.equal(tryBurn([cross(Uint8Array.of(0x6a)), fee]), "TX_FORM", "a retirement has one encoding");
  });
  test("dust: below the minimum", () => {
    assert.equal(tryBurn([cross(alice.program, COIN - 1n), fee]), "BURN_MINIMUM");
    assert.equal(tryBurn([cross(alice.program, COIN), fee]), "ok");
  });
  test("the fee is retired for each burn", () => {
    assert.equal(tryBurn([cross(alice.program)]), "BURN_FEE");
    assert.equal(tryBurn([cross(alice.program), cross(alice.program), fee]), "BURN_FEE");
    assert.equal(tryBurn([cross(alice.program), cross(alice.program), fee, fee]), "ok");
  });
});

describe("payouts", () => {
  test("nothing is drafted off a boundary, and a request is drafted once", () => {
    const kit = goldKit();
    while (kit.state.position.height % 2 !== 0) kit.block();
    const first = kit.block(kit.burn(alice, 2n * COIN));
    assert.equal(first.drafts.length, 0);
    assert.equal(kit.block().drafts.length, 1);
    for (let i = 0; i < 6; i += 1) assert.equal(kit.block().drafts.length, 0);
    assert.equal(statusOf(kit, 1n), "open");
  });

  test("BTM and assets never share a payout", () => {
    const kit = goldKit();
    kit.block(kit.burn(alice, 2n * COIN));
    kit.block(kit.burn(alice, 100n, { assetId: gold.id }));
    kit.boundary();
    kit.boundary();
    const kinds = [...kit.drafts.values()].map((draft) => draft.kind).sort();
    assert.deepEqual(kinds, ["asset", "btm"]);
    for (const draft of kit.drafts.values()) {
      const btmRequests = draft.requestIds.filter(
        (id) => bytesToHex(kit.pegState.request(id)?.assetId ?? BTM) === bytesToHex(BTM),
      );
      assert.equal(btmRequests.length, draft.kind === "btm" ? draft.requestIds.length : 0);
    }
  });

  test("a proof needs depth, the right path and the right status, and counts once", () => {
    const kit = goldKit();
    kit.block(kit.burn(alice, 100n, { assetId: gold.id }));
    kit.boundary();
    kit.main.mine([{ transaction: kit.signed(draftOf(kit, 1n)) }]);
    kit.sync();
    const early = kit.payoutProof(1n);
    assert.ok(early !== undefined);
    assert.equal(kit.judge(early), "PROOF_DEPTH");
    kit.main.mineEmpty(2);
    kit.sync();
    assert.equal(kit.judge(early), "ok");
    const [input] = early.inputs;
    assert.ok(input?.kind === "system");
    const mutate = (at: number): string => {
      const body = input.body.slice();
      body[at] = (body[at] ?? 0) ^ 1;
      return kit.judge(createSideTransaction({ ...early, inputs: [{ ...input, body }] }));
    };
    assert.deepEqual([1, 2, 3].map(mutate), ["PROOF_PAYOUT", "PROOF_PATH", "PROOF_PATH"]);
    const argument = input.arguments[0]?.slice() ?? new Uint8Array();
    for (let at = 0; at < argument.length; at += 1) {
      const bent = argument.slice();
      bent[at] = (bent[at] ?? 0) ^ 1;
      const verdict = kit.judge(createSideTransaction({ ...early, inputs: [{ ...input, arguments: [bent] }] }));
      assert.match(verdict, /PROOF_PATH|SYSTEM_FORM/, `byte ${at}`);
    }
    kit.block(early);
    assert.equal(statusOf(kit, 1n), "done");
    assert.equal(kit.judge(early), "PROOF_KNOWN");
    kit.assertSupply();
  });

  test("double-pay: after a gas-only failure the re-draft spends an asset coin of the failed draft", () => {
    const kit = goldKit();
    kit.block(kit.burn(alice, 100n, { assetId: gold.id }));
    kit.boundary();
    kit.completePayout(1n, { fail: true });
    assert.equal(statusOf(kit, 1n), "failed");
    kit.assertSupply();
    if (!kit.drafts.has(2n)) kit.boundary();
    const shared = inputIds(kit, 2n, gold.id).filter((id) => inputIds(kit, 1n, gold.id).includes(id));
    assert.ok(shared.length > 0, "both can never be mined whole");
    assert.ok(draftOf(kit, 2n).feeNeu > draftOf(kit, 1n).feeNeu, "the margin has grown");
    assert.deepEqual(draftOf(kit, 2n).requestIds, draftOf(kit, 1n).requestIds);
    kit.completePayout(2n);
    assert.equal(kit.asset(gold.id).pending, 0n);
    kit.assertSupply();
  });

  test("double-pay: after a deep reorganisation only one of a failed draft and its re-draft can be mined whole", () => {
    const kit = goldKit();
    kit.block(kit.burn(alice, 100n, { assetId: gold.id }));
    kit.boundary();
    // Larger and smaller coins arrive: without the conflict rule the re-draft would pay with one of them, sweep the small
    // ones along and leave the old ones alone.
    for (const amount of [5000n, 1n, 2n]) kit.fund(alice.program, amount, gold.id);
    kit.completePayout(1n, { fail: true });
    while (!kit.drafts.has(2n)) kit.boundary();
    const [first, second] = [draftOf(kit, 1n), draftOf(kit, 2n)].map((draft) => kit.signed(draft));
    assert.ok(first !== undefined && second !== undefined);
    kit.main.reorganise(3, [[{ transaction: first }]]);
    assert.equal(kit.main.canMine(second), false);
    kit.sync();
    // Back again: the re-draft's fee coin may be change of the failed draft, so that one is mined gas-only before it.
    kit.main.reorganise(4, [[{ transaction: first, fail: true }], [{ transaction: second }]]);
    kit.sync();
    kit.block(kit.payoutProof(1n), kit.payoutProof(2n));
    assert.deepEqual([statusOf(kit, 1n), statusOf(kit, 2n)], ["failed", "done"]);
    assert.equal(kit.asset(gold.id).pending, 0n);
    kit.assertSupply();
  });

  test("redraft-every-earlier: the third draft conflicts with both failed ones", () => {
    const kit = goldKit();
    kit.block(kit.burn(alice, 1100n, { assetId: gold.id }));
    for (const number of [1n, 2n]) {
      while (!kit.drafts.has(number)) kit.boundary();
      kit.completePayout(number, { fail: true });
    }
    while (!kit.drafts.has(3n)) kit.boundary();
    for (const earlier of [1n, 2n]) {
      const shared = inputIds(kit, 3n, gold.id).filter((id) => inputIds(kit, earlier, gold.id).includes(id));
      assert.ok(shared.length > 0, `conflicts with ${earlier}`);
    }
    assert.equal(draftOf(kit, 3n).feeNeu > 2n * draftOf(kit, 1n).feeNeu, true, "margin 32,000 gas after two failures");
  });

  test("the coins of a failed draft are kept for its requests", () => {
    const kit = goldKit();
    kit.block(kit.burn(alice, 100n, { assetId: gold.id }));
    kit.boundary();
    // Gold is paused while the first payout fails, so its re-draft waits and the coins wait with it.
    kit.block(kit.govern({ action: "pause", scope: { kind: "asset", assetId: gold.id } }, [0, 1]));
    kit.completePayout(1n, { fail: true });
    kit.boundary();
    assert.equal(kit.drafts.size, 1);
    kit.block(kit.govern({ action: "resume", scope: { kind: "asset", assetId: gold.id } }, [0, 1, 2]));
    while (!kit.drafts.has(2n)) kit.boundary();
    assert.ok(inputIds(kit, 2n, gold.id).some((id) => inputIds(kit, 1n, gold.id).includes(id)));
  });

  test("dead-gas-only: a dead draft mined gas-only is accepted and takes its fee coin from the vault", () => {
    const kit = goldKit();
    kit.block(kit.burn(alice, 100n, { assetId: gold.id }));
    kit.boundary();
    kit.completePayout(1n, { fail: true });
    while (!kit.drafts.has(2n)) kit.boundary();
    // Payout 1 was proven failed; the block goes, and on the new branch it is mined whole: payout 2 is dead.
    kit.main.reorganise(3, [[{ transaction: kit.signed(draftOf(kit, 1n)) }]]);
    kit.sync();
    assert.equal(kit.pegState.control.paused.reorg, true);
    assert.equal(statusOf(kit, 1n), "open");
    kit.block(kit.payoutProof(1n));
    assert.deepEqual([statusOf(kit, 1n), statusOf(kit, 2n)], ["done", "dead"]);
    assert.equal(kit.asset(gold.id).pending, 0n);
    const before = floatNeu(kit.pegState);
    const btm = draftOf(kit, 2n).inputs.filter((coin) => bytesToHex(coin.assetId) === bytesToHex(BTM));
    assert.ok(
      btm.every((coin) => kit.main.tip.utxos.has(bytesToHex(coin.id))),
      "its fee coin is still there",
    );
    kit.main.mine([{ transaction: kit.signed(draftOf(kit, 2n)), fail: true }]);
    kit.main.mineEmpty(2);
    kit.sync();
    kit.block(kit.payoutProof(2n));
    assert.equal(statusOf(kit, 2n), "failed");
    assert.equal(floatNeu(kit.pegState), before - draftOf(kit, 2n).feeNeu);
    kit.assertSupply();
    kit.block(kit.govern({ action: "resume", scope: { kind: "automatic" } }, [0, 1, 2]));
  });

  test("no float, no payout: it waits, says so, and goes on after a top-up", () => {
    const kit = new Kit({ assets: [gold] });
    // Alice's own fees are owed to producers; only retired peg-out fees make float, and one of 0.01 BTM is too small.
    kit.fund(alice.program, 20n * COIN);
    kit.fund(alice.program, 500n, gold.id);
    kit.block(kit.burn(alice, 2n * COIN));
    kit.block(kit.burn(alice, 2n * COIN));
    for (let i = 0; i < 2; i += 1) kit.block(kit.burn(alice, 100n, { assetId: gold.id }));
    const waits: boolean[] = [];
    for (let number = 1n; waits.length < 40 && !kit.pegState.control.waitsForFloat; number += 1n) {
      // Each gas-only failure burns float, until the next attempt is not affordable.
      while (!kit.drafts.has(number) && !kit.pegState.control.waitsForFloat && waits.length < 40) {
        kit.boundary();
        waits.push(kit.pegState.control.waitsForFloat);
      }
      if (kit.drafts.has(number)) kit.completePayout(number, { fail: draftOf(kit, number).kind === "asset" });
      kit.assertSupply();
    }
    assert.equal(kit.pegState.control.waitsForFloat, true);
    const drafted = kit.drafts.size;
    kit.fundFloat(20n * COIN);
    for (let i = 0; i < 12 && kit.drafts.size === drafted; i += 1) kit.boundary();
    assert.ok(kit.drafts.size > drafted);
    assert.equal(kit.pegState.control.waitsForFloat, false);
  });

  test("fee-merge: small BTM coins are joined when none of them covers an asset payout's fee", () => {
    const btm = { assetId: BTM, depositMin: 1n, burnMin: 1n, cap: null, largeAmount: null };
    const rules = { assetId: gold.id, depositMin: 1n, burnMin: 1n, cap: null, largeAmount: null };
    const kit = new Kit({ federation: { assets: [btm, rules] } });
    kit.assets.set(bytesToHex(gold.id), gold);
    // An asset payout costs about 2,500,000 neu and leaves at least 1,000,000 as change.
    for (let i = 0; i < 12; i += 1) kit.fundFloat(3_000_000n);
    for (let i = 0; i < 8; i += 1) kit.fund(alice.program, 3_000_000n);
    kit.fund(alice.program, 500n, gold.id);
    kit.block(kit.burn(alice, 100n, { assetId: gold.id }));
    kit.boundary();
    const merge = draftOf(kit, 1n);
    assert.deepEqual([merge.kind, merge.requestIds.length, merge.inputs.length], ["btm", 0, 6]);
    kit.completePayout(1n);
    while (!kit.drafts.has(2n)) kit.boundary();
    assert.deepEqual([draftOf(kit, 2n).kind, draftOf(kit, 2n).requestIds.length], ["asset", 1]);
    kit.completePayout(2n);
    kit.assertSupply();
  });

  test("merge: a request that needs more inputs than fit waits for one merge", () => {
    const kit = new Kit();
    kit.fundFloat(5n * COIN);
    for (let i = 0; i < 12; i += 1) kit.fund(alice.program, 3n * COIN);
    kit.block(kit.burn(alice, 30n * COIN));
    kit.boundary();
    const first = draftOf(kit, 1n);
    assert.deepEqual([first.requestIds.length, first.inputs.length, first.changes.length], [0, 6, 1]);
    for (let number = 1n; kit.asset(BTM).pending > 0n; number += 1n) {
      assert.ok(number < 6n, "it gets there");
      while (!kit.drafts.has(number)) kit.boundary();
      kit.completePayout(number);
      kit.assertSupply();
    }
  });

  test("merge-7: with three inputs a transaction merging still gets there", () => {
    const kit = new Kit({ members: 7, federation: { pegOutFeeNeu: 20_000_000n } });
    kit.fundFloat(8n * COIN);
    for (let i = 0; i < 9; i += 1) kit.fund(alice.program, 3n * COIN);
    assert.equal(kit.peg.signersMin, 5);
    kit.block(kit.burn(alice, 20n * COIN));
    for (let number = 1n; kit.asset(BTM).pending > 0n; number += 1n) {
      assert.ok(number < 12n, "it gets there");
      while (!kit.drafts.has(number)) kit.boundary();
      const draft = draftOf(kit, number);
      assert.ok(draft.inputs.length <= 3);
      kit.main.mine([{ transaction: kit.sign(draft, [0, 1, 2, 3, 4]) }]);
      kit.main.mineEmpty(2);
      kit.sync();
      kit.block(kit.payoutProof(number));
    }
    kit.assertSupply();
  });
});

describe("gov-scope: governance", () => {
  const resume = { action: "resume", scope: { kind: "out" } } as const;
  const pause = { action: "pause", scope: { kind: "out" } } as const;
  test("b members pause, k resume, in sequence, with good signatures", () => {
    const kit = goldKit();
    assert.equal(kit.judge(kit.govern(pause, [0])), "GOVERNANCE_SIGNATURES");
    assert.equal(kit.judge(kit.govern(pause, [0, 1], 2n)), "GOVERNANCE_SEQ");
    assert.equal(kit.judge(kit.govern(pause, [0, 9])), "GOVERNANCE_SIGNATURES");
    const first = kit.govern(pause, [1, 3]);
    kit.block(first);
    assert.equal(kit.judge(first), "GOVERNANCE_SEQ", "no replay");
    kit.block(kit.burn(alice, 2n * COIN));
    kit.boundary();
    assert.equal(kit.drafts.size, 0);
    assert.equal(kit.judge(kit.govern(resume, [0, 1])), "GOVERNANCE_SIGNATURES");
    kit.block(kit.govern(resume, [0, 1, 2]));
    while (kit.drafts.size === 0) kit.boundary();
  });
  test("a member signs once; another chain's signature is worth nothing", () => {
    const kit = goldKit();
    const other = new Kit({ federation: { batchBlocks: 3 } });
    assert.equal(kit.judge(other.govern(pause, [0, 1])), "GOVERNANCE_SIGNATURES");
    const twice = kit.govern(pause, [1, 1]);
    assert.equal(kit.judge(twice), "SYSTEM_FORM");
  });
  test("the automatic pause cannot be set by members; unknown assets cannot be paused", () => {
    const kit = goldKit();
    assert.equal(kit.judge(kit.govern({ action: "pause", scope: { kind: "automatic" } }, [0, 1])), "GOVERNANCE_ACTION");
    const scope = { kind: "asset", assetId: new Uint8Array(32) } as const;
    assert.equal(kit.judge(kit.govern({ action: "pause", scope }, [0, 1])), "GOVERNANCE_ACTION");
    assert.equal(
      kit.judge(kit.govern({ action: "list", assetId: gold.id, minimum: 0n, cap: 0n }, [0, 1, 2])),
      "GOVERNANCE_ACTION",
    );
  });
  test("a refused action in a builder leaves no trace", () => {
    const kit = goldKit();
    const bad = kit.govern({ action: "pause", scope: { kind: "automatic" } }, [0, 1]);
    const good = kit.govern(pause, [0, 1]);
    const built = kit.build([bad.raw, good.raw]);
    assert.deepEqual(
      built.results.map((result) => result.ok),
      [false, true],
    );
  });
  test("kinds 3, 5 and 6 and proof form 02 are refused with FEATURE_OFF", () => {
    const kit = goldKit();
    const pending = createPendingState({ tip: kit.state });
    const template = kit.govern(pause, [0, 1]);
    const [input] = template.inputs;
    assert.ok(input?.kind === "system");
    for (const [systemKind, body] of [
      [3n, [1]],
      [5n, [1]],
      [6n, [1]],
      [2n, [2, 1]],
    ] as const) {
      const transaction = createSideTransaction({
        ...template,
        inputs: [{ ...input, systemKind, body: Uint8Array.from(body) }],
      });
      const result = pending.add(transaction.raw);
      assert.equal(result.ok ? "ok" : result.code, "FEATURE_OFF");
    }
  });
});
