// The main chain in state and what its reorganisations do (federation.md section 4 and 12: reorg-1..D+2, supply), header
// rules, fees and coinbase, drops, order and limits of a body, layers and snapshots.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sha3_256Parts } from "@bystack/crypto/hash";
import type { MainHeader } from "@bystack/protocol/main/block";
import { mainBlockHash } from "@bystack/protocol/main/block";
import { merklePathRoot, merkleRoot } from "@bystack/protocol/merkle";
import { createHeadersTransaction } from "@bystack/protocol/peg/system";
import { INITIAL_SEED } from "@bystack/protocol/pow";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { encodeSideBatch } from "@bystack/protocol/side/header";
import { createSideTransaction, type SideOutput, type SideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex, utf8ToBytes } from "@bystack/utils/bytes";
import { applySideBlock } from "../../src/side/apply.ts";
import { createBodyBuilder, createPendingState } from "../../src/side/builder.ts";
import { dueCoinbase, unpaidFees } from "../../src/side/fees.ts";
import { powJobs } from "../../src/side/peg/headers.ts";
import { payoutStatus } from "../../src/side/peg/status.ts";
import { exportState, importState } from "../../src/side/snapshot.ts";
import { recountSupply } from "../../src/side/supply.ts";
import { spendCommitmentOf } from "../../src/side/utxo.ts";
import { coinViews, pendingRequestViews, reserveViews, sectionProof } from "../../src/side/views.ts";
import { BTM, COIN, createAsset, createUser, Kit, signSpend } from "./kit.ts";

const alice = createUser("alice");
const bob = createUser("bob");
const gold = createAsset("gold");
const pay = (amount: bigint, program = bob.program): SideOutput => ({ kind: "intra", assetId: BTM, amount, program });

/** Applies a body as it is, with the header that an honest leader would give to these transactions in effect. */
function applyBody(kit: Kit, all: readonly SideTransaction[], effective: readonly SideTransaction[]) {
  const ids = effective.map((transaction) => mapSideTransaction(transaction).id);
  const batch = encodeSideBatch(all.map((transaction) => transaction.raw));
  const header = kit.header({ batch, transactionRoot: merkleRoot(ids), transactionCount: ids.length, view: 1 });
  return applySideBlock({ parent: kit.state, header, batches: [batch], verdicts: "assumed" });
}

describe("main-chain headers", () => {
  function judgeHeaders(change: (header: MainHeader) => MainHeader): string {
    const kit = new Kit();
    kit.main.mine();
    const headers = kit.main.headersAfter((hash) => kit.pegState.sections.headers.has(bytesToHex(hash)));
    return kit.judge(createHeadersTransaction(headers.map(change)));
  }
  test("fields", () => {
    assert.equal(
      judgeHeaders((header) => header),
      "ok",
    );
    assert.equal(
      judgeHeaders((header) => ({ ...header, version: 2n })),
      "HEADER_FIELDS",
    );
    assert.equal(
      judgeHeaders((header) => ({ ...header, height: 2n })),
      "HEADER_FIELDS",
    );
    assert.equal(
      judgeHeaders((header) => ({ ...header, bits: header.bits + 1n })),
      "HEADER_FIELDS",
    );
    assert.equal(
      judgeHeaders((header) => ({ ...header, timestamp: header.timestamp - 2n })),
      "HEADER_FIELDS",
    );
    assert.equal(
      judgeHeaders((header) => ({ ...header, previousHash: new Uint8Array(32) })),
      "HEADER_PARENT",
    );
  });
  test("proof of work comes as a verdict: false is invalid, missing is the caller's fault", () => {
    const kit = new Kit();
    kit.main.mine();
    const [transaction] = kit.headers();
    assert.ok(transaction !== undefined);
    const headers = kit.main.headersAfter((hash) => kit.pegState.sections.headers.has(bytesToHex(hash)));
    const jobs = powJobs(kit.pegState, kit.peg, headers);
    assert.deepEqual(
      jobs.map((job) => bytesToHex(job.seed)),
      [bytesToHex(INITIAL_SEED)],
    );
    const key = bytesToHex(jobs[0]?.hash ?? new Uint8Array());
    for (const [verdicts, expected] of [
      [new Map([[key, false]]), "HEADER_POW"],
      [new Map<string, boolean>(), "HEADER_POW_UNKNOWN"],
      [new Map([[key, true]]), "ok"],
    ] as const) {
      const builder = createBodyBuilder({ parent: kit.state, view: 1, verdicts });
      const result = builder.add(transaction.raw);
      assert.equal(result.ok ? "ok" : result.code, expected);
    }
  });
  test("known headers, two header transactions in a block, relayed headers", () => {
    const kit = new Kit();
    kit.main.mineEmpty(2);
    const headers = kit.main.headersAfter(() => false).slice(1);
    const [first, second] = headers;
    assert.ok(first !== undefined && second !== undefined);
    const a = createHeadersTransaction([first]);
    const b = createHeadersTransaction([second]);
    const built = kit.build([a.raw, b.raw]);
    assert.deepEqual(
      built.results.map((result) => (result.ok ? "ok" : result.code)),
      ["ok", "BLOCK_ORDER"],
    );
    const relayed = createPendingState({ tip: kit.state }).add(a.raw);
    assert.equal(relayed.ok ? "ok" : relayed.code, "HEADERS_RELAYED");
    kit.block(a);
    assert.equal(kit.judge(createHeadersTransaction([first, second])), "HEADER_KNOWN");
    kit.block(b);
    assert.equal(kit.pegState.tip().height, 2n);
  });
  test("higher and work at least equal: an equally high branch does not win", () => {
    const kit = new Kit();
    kit.main.mineEmpty(2);
    kit.sync();
    const tip = bytesToHex(kit.pegState.control.tip);
    const rival = kit.main.mine([], kit.main.ancestor(1));
    kit.block(createHeadersTransaction([rival.block.header]));
    assert.equal(bytesToHex(kit.pegState.control.tip), tip);
    const next = kit.main.mine([], rival);
    kit.block(createHeadersTransaction([next.block.header]));
    assert.equal(bytesToHex(kit.pegState.control.tip), bytesToHex(mainBlockHash(next.block.header)));
    assert.equal(bytesToHex(kit.pegState.headerAt(2n)?.hash ?? new Uint8Array()), bytesToHex(rival.hash));
  });
});

describe("reorg-1..D+2", () => {
  const D = 3;
  for (let depth = 1; depth <= D + 2; depth += 1) {
    test(`${depth} blocks: ${depth >= D ? "pause, and resume only when covered" : "nothing to see"}`, () => {
      const kit = new Kit({ confirmations: D });
      kit.fundFloat();
      kit.main.mineEmpty(5);
      const claim = kit.fund(alice.program, 50n * COIN);
      const [input] = claim.inputs;
      assert.ok(input?.kind === "cross-chain");
      kit.block(kit.spend(alice, [pay(20n * COIN)]));
      const lostBlock = kit.main.ancestor(2);
      const deposit = lostBlock.block.transactions[1];
      assert.ok(deposit !== undefined);
      kit.main.reorganise(depth);
      kit.sync();
      const { paused } = kit.pegState.control;
      assert.equal(paused.reorg, depth >= D);
      kit.assertSupply();
      if (depth < D) return;
      const unproven = coinViews(kit.pegState).filter((coin) => coin.status === "unproven");
      assert.equal(unproven.length, 1);
      assert.equal(kit.balance(bob), 20n * COIN, "the side chain itself goes on");
      const resume = { action: "resume", scope: { kind: "automatic" } } as const;
      assert.equal(kit.judge(kit.govern(resume, [0, 1, 2])), "GOVERNANCE_DEFICIT");
      assert.equal(kit.judge(kit.govern(resume, [0, 1])), "GOVERNANCE_SIGNATURES");
      // The deposit comes back in another block: its coin is proven again, and only then does the pause go.
      kit.main.mine([{ transaction: deposit }]);
      kit.main.mineEmpty(1);
      kit.sync();
      const nullifier = unproven[0]?.id;
      assert.ok(nullifier !== undefined);
      const early = kit.coinProof(nullifier);
      assert.equal(early === undefined ? "" : kit.judge(early), "PROOF_DEPTH");
      kit.main.mineEmpty(1);
      kit.sync();
      kit.block(kit.coinProof(nullifier));
      kit.block(kit.govern(resume, [0, 1, 2]));
      assert.equal(kit.pegState.control.paused.reorg, false);
      kit.assertSupply();
    });
  }

  test("only the coin's own output proves it again, and only once", () => {
    const kit = new Kit({ confirmations: D });
    kit.main.mineEmpty(5);
    kit.fund(alice.program, 50n * COIN);
    const deposit = kit.main.ancestor(2).block.transactions[1];
    assert.ok(deposit !== undefined);
    kit.main.reorganise(D);
    const other = kit.depositTransaction(alice.program, 50n * COIN);
    const node = kit.main.mine([{ transaction: other }, { transaction: deposit }]);
    kit.main.mineEmpty(2);
    kit.sync();
    const [coin] = coinViews(kit.pegState);
    const otherId = node.mapped[1]?.results[0]?.id;
    assert.ok(coin !== undefined && otherId !== undefined);
    const good = kit.coinProof(coin.id);
    const [input] = kit.coinProof(otherId)?.inputs ?? [];
    const [own] = good?.inputs ?? [];
    assert.ok(good !== undefined && input?.kind === "system" && own?.kind === "system");
    const swapped = createSideTransaction({ ...good, inputs: [{ ...own, arguments: input.arguments }] });
    assert.equal(kit.judge(swapped), "PROOF_PATH");
    assert.equal(kit.judge(createSideTransaction({ ...good, inputs: [{ ...own, body: input.body }] })), "PROOF_PAYOUT");
    for (const at of own.arguments[0]?.keys() ?? []) {
      const bent = own.arguments[0]?.slice() ?? new Uint8Array();
      bent[at] = (bent[at] ?? 0) ^ 1;
      const verdict = kit.judge(createSideTransaction({ ...good, inputs: [{ ...own, arguments: [bent] }] }));
      assert.match(verdict, /SYSTEM_FORM|PROOF_/, `byte ${at}`);
    }
    kit.block(good);
    assert.equal(kit.judge(good), "PROOF_KNOWN");
  });

  test("a deficit can be topped up instead", () => {
    const kit = new Kit({ confirmations: D });
    kit.main.mineEmpty(5);
    kit.fund(alice.program, 50n * COIN);
    kit.main.reorganise(D);
    kit.sync();
    const resume = { action: "resume", scope: { kind: "automatic" } } as const;
    assert.equal(kit.judge(kit.govern(resume, [0, 1, 2])), "GOVERNANCE_DEFICIT");
    kit.fundFloat(50n * COIN);
    kit.block(kit.govern(resume, [0, 1, 2]));
    kit.assertSupply();
  });

  test("a completion above the fork opens its payout again; the same bytes complete it once more", () => {
    const kit = new Kit({ confirmations: D });
    kit.fundFloat();
    kit.fund(alice.program, 50n * COIN);
    kit.main.mineEmpty(4);
    kit.block(kit.burn(alice, 10n * COIN));
    while (kit.drafts.size === 0) kit.boundary();
    kit.completePayout(1n);
    const draft = kit.drafts.get(1n);
    assert.ok(draft !== undefined);
    const status = (): string => {
      const payout = kit.pegState.payout(1n);
      return payout === undefined ? "none" : payoutStatus(kit.pegState, payout);
    };
    assert.equal(status(), "done");
    kit.main.reorganise(D, [[{ transaction: kit.signed(draft) }]]);
    kit.sync();
    assert.equal(status(), "open");
    assert.equal(kit.asset(BTM).pending, 10n * COIN);
    kit.assertSupply();
    kit.block(kit.payoutProof(1n));
    assert.equal(status(), "done");
    kit.block(kit.govern({ action: "resume", scope: { kind: "automatic" } }, [0, 1, 2]));
    kit.assertSupply();
  });
});

describe("bodies", () => {
  test("a double spend: the second is dropped, has no effect and is not under the root", () => {
    const kit = new Kit();
    kit.fund(alice.program, 5n * COIN);
    const a = kit.spend(alice, [pay(COIN)]);
    const b = kit.spend(alice, [pay(2n * COIN)]);
    const summary = kit.keep(applyBody(kit, [a, b], [a]));
    assert.deepEqual(summary.dropped, [{ index: 1, code: "TX_INPUT_SPENT" }]);
    assert.equal(kit.balance(bob), COIN);
    const wrong = applyBody(kit, [b], [b]);
    assert.equal(wrong.ok ? "ok" : wrong.code, "BLOCK_TRANSACTIONS");
    kit.assertSupply();
  });
  test("a transaction may spend an earlier one of the same block, and one that spends a dropped one is dropped", () => {
    const kit = new Kit();
    kit.fund(alice.program, 5n * COIN);
    const a = kit.spend(alice, [pay(COIN)]);
    const mapped = mapSideTransaction(a);
    const [result] = mapped.results;
    assert.ok(result !== undefined);
    const commitment = { sourceId: mapped.muxId, assetId: BTM, amount: COIN, sourcePosition: 0n, program: bob.program };
    const child = signSpend(bob, [commitment], [pay(COIN - 2_000_000n, alice.program)]);
    const applied = applyBody(kit, [a, child], [a, child]);
    assert.equal(applied.ok, true);
    const orphan = applyBody(kit, [child], []);
    assert.ok(orphan.ok && orphan.summary.dropped.length === 1);
  });
  test("bad signatures, low fees, imbalance, expiry and duplicates make the block invalid", () => {
    const kit = new Kit();
    kit.fund(alice.program, 5n * COIN);
    const [coin] = kit.coinsOf(alice);
    assert.ok(coin !== undefined);
    const spend = (outputs: readonly SideOutput[], user = alice) =>
      signSpend(user, [spendCommitmentOf(coin.utxo)], outputs);
    const twice = signSpend(alice, [spendCommitmentOf(coin.utxo), spendCommitmentOf(coin.utxo)], [pay(9n * COIN)]);
    const good = spend([pay(4n * COIN)]);
    const cases: [SideTransaction, string][] = [
      [good, "ok"],
      [spend([pay(4n * COIN)], bob), "TX_SCRIPT"],
      [spend([pay(5n * COIN)]), "TX_FEE"],
      [spend([pay(5n * COIN - 100_000n)]), "TX_SCRIPT"],
      [spend([pay(6n * COIN)]), "TX_UNBALANCED"],
      [spend([{ ...pay(1n), assetId: gold.id }]), "TX_UNBALANCED"],
      [spend([pay(0n)]), "TX_ZERO_AMOUNT"],
      [
        spend([{ kind: "vote", assetId: BTM, amount: COIN, program: alice.program, vote: new Uint8Array(64) }]),
        "FEATURE_OFF",
      ],
      [twice, "TX_DUPLICATE_INPUT"],
      [createSideTransaction({ ...good, timeRange: 1n }), "TX_TIME_RANGE"],
      [createSideTransaction({ ...good, version: 2n }), "TX_VERSION"],
    ];
    for (const [transaction, code] of cases) assert.equal(kit.judge(transaction), code);
    const applied = applyBody(kit, [spend([pay(4n * COIN)], bob)], []);
    assert.ok(!applied.ok && applied.code === "TX_SCRIPT" && applied.where.vm === "ErrVerifyFailed");
  });
  test("order of kinds, counts and gas", () => {
    const kit = new Kit({ maxBlockGas: 640_000 });
    kit.fund(alice.program, 5n * COIN);
    kit.main.mine();
    const spend = kit.spend(alice, [pay(COIN)]);
    const [headers] = kit.headers();
    assert.ok(headers !== undefined);
    const built = kit.build([spend.raw, headers.raw]);
    assert.deepEqual(
      built.results.map((result) => (result.ok ? "ok" : result.code)),
      ["ok", "BLOCK_ORDER"],
    );
    const applied = applyBody(kit, [spend, headers], [spend, headers]);
    assert.equal(applied.ok ? "ok" : applied.code, "BLOCK_ORDER");
  });
  test("programs: standard refuses other forms", () => {
    const kit = new Kit({ programs: "standard" });
    kit.fund(alice.program, 5n * COIN);
    assert.equal(kit.judge(kit.spend(alice, [pay(COIN, Uint8Array.of(0x51))])), "TX_PROGRAM");
    assert.equal(kit.judge(kit.spend(alice, [pay(COIN)])), "ok");
  });
  test("header fields that the ledger owns", () => {
    const kit = new Kit();
    const { header, batches } = kit.build([]);
    const judge = (change: object): string => {
      const applied = applySideBlock({
        parent: kit.state,
        header: { ...header, ...change },
        batches,
        verdicts: "assumed",
      });
      return applied.ok ? "ok" : applied.code;
    };
    assert.equal(judge({}), "ok");
    assert.equal(judge({ height: 2 }), "BLOCK_HEIGHT");
    assert.equal(judge({ epoch: 2 }), "BLOCK_EPOCH");
    assert.equal(judge({ timestampMs: header.timestampMs - 1 }), "BLOCK_TIME");
    assert.equal(judge({ parentStateRoot: new Uint8Array(32) }), "BLOCK_PARENT_STATE");
    assert.equal(judge({ transactionCount: 1 }), "BLOCK_TRANSACTIONS");
    assert.equal(judge({ transactionRoot: new Uint8Array(32) }), "BLOCK_TRANSACTIONS");
    assert.equal(judge({ nextCommitteeRoot: new Uint8Array(32).fill(1) }), "BLOCK_COMMITTEE");
  });
});

describe("reward-exact: fees of an epoch", () => {
  test("the second block of the next epoch pays each producer its share, and nothing else is accepted", () => {
    const kit = new Kit({ epochBlocks: 4, confirmations: 1, coinbaseBlocks: 3 });
    kit.fund(alice.program, 50n * COIN);
    while (kit.state.position.height % 4 !== 0) kit.block(kit.spend(alice, [pay(COIN)], { feeNeu: 20_000_000n }));
    const due = kit.state.fees.current;
    assert.ok(due.feesNeu > 0n && due.blocks === 4);
    kit.block();
    const withoutCoinbase = applyBody(kit, [], []);
    assert.equal(withoutCoinbase.ok ? "ok" : withoutCoinbase.code, "BLOCK_COINBASE");
    const good = dueCoinbase(kit.state.fees, kit.rules, {
      epoch: kit.state.fees.current.epoch,
      height: kit.state.position.height + 1,
    });
    assert.ok(good !== undefined && good.outputs.length > 1);
    const [first, ...rest] = good.outputs;
    assert.ok(first !== undefined);
    const bad = [
      { ...good, outputs: [...rest, first] },
      { ...good, outputs: [{ ...first, amount: first.amount + 1n }, ...rest] },
      { ...good, outputs: rest },
      { ...good, inputs: [{ kind: "coinbase" as const, arbitrary: new Uint8Array(40) }] },
    ].map((data) => createSideTransaction(data));
    for (const coinbase of bad) {
      const applied = applyBody(kit, [coinbase], [coinbase]);
      assert.equal(applied.ok ? "ok" : applied.code, "BLOCK_COINBASE");
    }
    const twice = applyBody(kit, [good, good], [good, good]);
    assert.equal(twice.ok ? "ok" : twice.code, "BLOCK_COINBASE");
    const summary = kit.block();
    assert.equal(summary.effects[0]?.rank, 0);
    const paid = [...kit.state.utxos.map.entries()].filter(([, utxo]) => utxo.kind === 1);
    assert.equal(paid.length, new Set(due.blocksByLeader.flatMap((count, i) => (count > 0 ? [i] : []))).size);
    const total = paid.reduce((sum, [, utxo]) => sum + utxo.amount, 0n);
    assert.equal(total + kit.state.fees.poolNeu, due.feesNeu);
    assert.ok(kit.state.fees.poolNeu < 4n);
    // Locked for three blocks.
    const [id, utxo] = paid[0] ?? [];
    assert.ok(id !== undefined && utxo !== undefined);
    const member = ["m0", "m1", "m2", "m3"]
      .map((name) => createUser(`reward ${name}`))
      .find((user) => bytesToHex(user.program) === bytesToHex(utxo.program));
    assert.ok(member !== undefined);
    const spend = signSpend(member, [spendCommitmentOf(utxo)], [pay(utxo.amount - 500_000n)]);
    assert.equal(kit.judge(spend), "TX_LOCKED");
    kit.block();
    kit.block();
    assert.equal(kit.judge(spend), "ok");
    assert.deepEqual(recountSupply(kit.state), []);
    assert.ok(unpaidFees(kit.state.fees) >= 0n);
  });
});

describe("state", () => {
  /** A chain with some of everything. */
  function busy(): Kit {
    const kit = new Kit({ assets: [gold] });
    kit.fundFloat();
    kit.fund(alice.program, 50n * COIN);
    kit.fund(alice.program, 500n, gold.id);
    kit.block(kit.burn(alice, 5n * COIN), undefined);
    kit.block(kit.burn(alice, 50n, { assetId: gold.id }));
    kit.boundary();
    kit.completePayout(1n);
    kit.block(kit.spend(alice, [pay(COIN)]));
    return kit;
  }
  test("a snapshot gives the same root, and the chain goes on from it", () => {
    const kit = busy();
    const entries = [...exportState(kit.state)];
    const imported = importState(kit.rules, entries);
    assert.ok(imported.ok);
    assert.equal(bytesToHex(imported.state.root()), bytesToHex(kit.state.root()));
    assert.deepEqual(recountSupply(imported.state), []);
    const before = kit.state;
    kit.block(kit.burn(alice, 3n * COIN));
    kit.boundary();
    const wanted = bytesToHex(kit.state.root());
    const other = kit.state.position.height;
    kit.state = imported.state;
    kit.block(kit.burn(alice, 3n * COIN));
    while (kit.state.position.height < other) kit.block();
    assert.equal(bytesToHex(kit.state.root()), wanted);
    assert.notEqual(bytesToHex(before.root()), wanted);
  });
  test("a snapshot with one entry changed, missing or of an unknown type is noticed", () => {
    const kit = busy();
    const entries = [...exportState(kit.state)];
    const root = bytesToHex(kit.state.root());
    for (const skip of entries.keys()) {
      const imported = importState(
        kit.rules,
        entries.filter((_, i) => i !== skip),
      );
      if (imported.ok && skip > 0) assert.notEqual(bytesToHex(imported.state.root()), root, `entry ${skip}`);
    }
    assert.equal(importState(kit.rules, [{ type: 77, key: new Uint8Array(), value: new Uint8Array() }]).ok, false);
  });
  test("layers or settled, one root; siblings do not see each other", () => {
    const kit = busy();
    const parent = kit.state;
    const a = kit.build([kit.spend(alice, [pay(2n * COIN)]).raw]);
    const b = kit.build([kit.burn(alice, 2n * COIN).raw]);
    const first = applySideBlock({ ...a, parent, verdicts: "assumed" });
    const second = applySideBlock({ ...b, parent, verdicts: "assumed" });
    assert.ok(first.ok && second.ok);
    assert.notEqual(bytesToHex(first.state.root()), bytesToHex(second.state.root()));
    kit.state = first.state;
    kit.block();
    const child = bytesToHex(kit.state.root());
    first.state.settle();
    assert.equal(bytesToHex(kit.state.root()), child);
    assert.equal(bytesToHex(kit.state.utxos.recompute().bytes()), bytesToHex(kit.state.utxos.digest().bytes()));
    for (const name of ["headers", "claimed", "coins", "requests", "payouts"] as const) {
      const section = kit.pegState.sections[name];
      assert.ok(section.digest().equals(createRecomputed(section)), name);
    }
    kit.state.settle();
    kit.block(kit.spend(alice, [pay(COIN)]));
    kit.assertSupply();
  });
  function createRecomputed(section: { recompute(): ReturnType<Kit["state"]["utxos"]["digest"]> }) {
    return section.recompute();
  }
  test("counters can be proven against the state root", () => {
    const kit = busy();
    const proof = sectionProof(kit.state, `asset/${bytesToHex(BTM)}`);
    assert.ok(proof !== undefined);
    const pegRoot = merklePathRoot(proof.item, proof.path);
    const root = sha3_256Parts(
      utf8ToBytes("bystack/state/1"),
      proof.utxoDigest,
      pegRoot,
      proof.votesRoot,
      proof.parametersRoot,
    );
    assert.equal(bytesToHex(root), bytesToHex(kit.state.root()));
    assert.equal(sectionProof(kit.state, "asset/nothing"), undefined);
  });
  test("views name what is reserved, owed and waiting", () => {
    const kit = busy();
    kit.block(kit.burn(alice, 3n * COIN));
    kit.boundary();
    const reserves = reserveViews(kit.pegState);
    assert.ok(reserves.every((asset) => asset.locked >= asset.owed));
    assert.ok(coinViews(kit.pegState).some((coin) => coin.status === "reserved"));
    assert.ok(pendingRequestViews(kit.pegState).every((request) => request.status === "paying"));
  });
});
