// Limits, delays and back-off that only show when many things come together; the header tree across retargets and forks of
// unequal work; and the vault's script under the machine, with the gas that federation.md F4 states.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { publicKeyFromSeed, signEd25519, verifyEd25519 } from "@bystack/crypto/ed25519";
import { merkleRoot } from "@bystack/protocol/merkle";
import { createHeadersTransaction } from "@bystack/protocol/peg/system";
import {
  createVaultKeys,
  vaultInputGas,
  vaultProgram,
  vaultScript,
  vaultScriptWithRecovery,
} from "@bystack/protocol/peg/vault";
import { executedProgram } from "@bystack/protocol/program";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { encodeSideBatch } from "@bystack/protocol/side/header";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex } from "@bystack/utils/bytes";
import { runProgram } from "@bystack/vm/interpreter";
import { applySideBlock } from "../../src/side/apply.ts";
import { createBodyBuilder } from "../../src/side/builder.ts";
import { createSideRules } from "../../src/side/rules.ts";
import { recountSupply } from "../../src/side/supply.ts";
import { spendCommitmentOf } from "../../src/side/utxo.ts";
import { BTM, COIN, createAsset, createUser, Kit, signSpend } from "./kit.ts";

const alice = createUser("alice");
const gold = createAsset("gold");

function applyBody(kit: Kit, all: readonly SideTransaction[]): string {
  const ids = all.map((transaction) => mapSideTransaction(transaction).id);
  const batch = encodeSideBatch(all.map((transaction) => transaction.raw));
  const header = kit.header({ batch, transactionRoot: merkleRoot(ids), transactionCount: ids.length, view: 1 });
  const applied = applySideBlock({ parent: kit.state, header, batches: [batch], verdicts: "assumed" });
  return applied.ok ? "ok" : applied.code;
}

describe("limits of a block", () => {
  /** Three coins of alice and a transfer of each. */
  function transfers(kit: Kit): SideTransaction[] {
    for (let i = 0; i < 3; i += 1) kit.fund(alice.program, 2n * COIN);
    return kit
      .coinsOf(alice)
      .map(({ utxo }) =>
        signSpend(
          alice,
          [spendCommitmentOf(utxo)],
          [{ kind: "intra", assetId: BTM, amount: COIN, program: alice.program }],
        ),
      );
  }
  test("gas", () => {
    const kit = new Kit({ maxBlockGas: 640_000 });
    // 3,000,000 neu of fee would be 15,000 gas; what counts is what was used, bytes included.
    const all = transfers(kit);
    const used = kit.build(all.map((transaction) => transaction.raw)).body.gasUsed;
    assert.ok(used > 3 * 1409 && used < 3 * 2000);
    assert.equal(applyBody(kit, all), "ok");
  });
  test("claims, system transactions and bytes", () => {
    const kit = new Kit({ limits: { claimsMax: 1, systemTransactionsMax: 1 } });
    const node = kit.main.mine([1, 2].map(() => ({ transaction: kit.depositTransaction(alice.program, COIN) })));
    kit.main.mineEmpty(2);
    kit.sync();
    const claims = [1, 2].map((index) => kit.claim({ node, index }, alice.program));
    assert.equal(applyBody(kit, claims), "BLOCK_CLAIM_COUNT");
    assert.equal(applyBody(kit, claims.slice(1)), "ok");
    const pauses = [1n, 2n].map((seq) => kit.govern({ action: "pause", scope: { kind: "in" } }, [0, 1], seq));
    assert.equal(applyBody(kit, pauses), "BLOCK_SYSTEM_COUNT");
    const built = kit.build(pauses.map((pause) => pause.raw));
    assert.deepEqual(
      built.results.map((result) => (result.ok ? "ok" : result.code)),
      ["ok", "BLOCK_SYSTEM_COUNT"],
    );
    const small = new Kit({ limits: { blockBytesMax: 10_000, transactionBytesMax: 9_000 } });
    const big = [1, 2].map((byte) =>
      small.main.mine([{ transaction: small.depositTransaction(alice.program, COIN * BigInt(byte)) }]),
    );
    small.main.mineEmpty(2);
    small.sync();
    assert.equal(big.length, 2);
    const coins = [...Array.from({ length: 40 }, () => small.claim({ node: big[0] ?? node, index: 1 }, alice.program))];
    assert.equal(applyBody(small, coins), "BLOCK_BYTES");
  });
  test("gas of a block is the sum of what its transactions used", () => {
    const kit = new Kit({ maxBlockGas: 640_000 });
    for (let i = 0; i < 2; i += 1) kit.fund(alice.program, 10n * COIN);
    // A program that burns gas: SHA3 over a growing string, run once by each spend.
    const heavy = Uint8Array.of(...Array.from({ length: 60 }, () => [0x51, 0xaa, 0x75]).flat(), 0x51);
    const coins = kit.coinsOf(alice);
    const made = coins.map(({ utxo }) =>
      signSpend(alice, [spendCommitmentOf(utxo)], [{ kind: "intra", assetId: BTM, amount: 9n * COIN, program: heavy }]),
    );
    kit.block(...made);
    const spends = [...kit.state.utxos.map.entries()]
      .filter(([, utxo]) => bytesToHex(utxo.program) === bytesToHex(heavy))
      .map(([, utxo]) =>
        createSideTransaction({
          version: 1n,
          timeRange: 0n,
          inputs: [{ kind: "spend", ...spendCommitmentOf(utxo), arguments: [] }],
          outputs: [{ kind: "intra", assetId: BTM, amount: 7n * COIN, program: alice.program }],
        }),
      );
    const one = kit.build([spends[0]?.raw ?? new Uint8Array()]).body.gasUsed;
    assert.ok(one > 4000, `${one} gas`);
    const rules = {
      ...kit.rules,
      spec: { ...kit.rules.spec, gas: { ...kit.rules.spec.gas, maxBlock: one + one - 1 } },
    };
    Object.assign(kit.state, { rules });
    assert.equal(applyBody(kit, spends.slice(0, 1)), "ok");
    assert.equal(applyBody(kit, spends), "BLOCK_GAS");
    const built = kit.build(spends.map((spend) => spend.raw));
    assert.deepEqual(
      built.results.map((result) => (result.ok ? "ok" : result.code)),
      ["ok", "BLOCK_GAS"],
    );
    assert.equal(built.body.transactions.length, 1);
    // The one that did not fit left no trace: its coin is still there for something smaller.
    const again = createBodyBuilder({ parent: kit.state, view: 1, verdicts: "assumed" });
    const refused = spends.map((spend) => again.add(spend.raw))[1];
    assert.ok(refused !== undefined && !refused.ok);
    const retry = again.add(spends[1]?.raw ?? new Uint8Array());
    assert.equal(retry.ok ? "ok" : retry.code, "BLOCK_GAS", "not TX_INPUT_SPENT");
  });
});

describe("delays and back-off", () => {
  test("a large burn waits as long as its share of the locked value says", () => {
    const kit = new Kit({
      federation: {
        delays: [
          { shareBps: 100, blocks: 16 },
          { shareBps: 5000, blocks: 20 },
        ],
      },
    });
    kit.fundFloat(400n * COIN);
    kit.fund(alice.program, 20n * COIN);
    kit.block(kit.burn(alice, COIN));
    kit.block(kit.burn(alice, 10n * COIN));
    const releases = kit.pegState
      .pendingRequests()
      .map((request) => [request.amount / COIN, request.releaseHeight - request.burnHeight]);
    assert.deepEqual(
      releases.sort((a, b) => Number((a[0] ?? 0n) as bigint) - Number((b[0] ?? 0n) as bigint)),
      [
        [1n, 0],
        [10n, 16],
      ],
    );
    const large = kit.pegState.pendingRequests().find((request) => request.amount === 10n * COIN);
    assert.ok(large !== undefined);
    // The small burn's payout holds the few coins there are until it is completed.
    while (!kit.drafts.has(1n)) kit.boundary();
    assert.equal(kit.drafts.get(1n)?.requestIds.length, 1);
    kit.completePayout(1n);
    while (!kit.drafts.has(2n)) kit.block();
    assert.deepEqual(kit.drafts.get(2n)?.requestIds.map(bytesToHex), [bytesToHex(large.id)]);
    const drafted = kit.pegState.payout(2n)?.recordedHeight ?? 0;
    assert.ok(drafted >= large.releaseHeight && drafted < large.releaseHeight + 2, `${drafted}`);
  });
  test("three failures: the fourth attempt waits, then gets all the gas there is", () => {
    const kit = new Kit({ assets: [gold], confirmations: 1 });
    kit.fundFloat(40n * COIN);
    kit.fund(alice.program, 10n * COIN);
    kit.fund(alice.program, 500n, gold.id);
    kit.block(kit.burn(alice, 100n, { assetId: gold.id }));
    for (const number of [1n, 2n, 3n]) {
      while (!kit.drafts.has(number)) kit.boundary();
      kit.completePayout(number, { fail: true });
    }
    const last = kit.pegState.payout(3n)?.recordedHeight ?? 0;
    while (!kit.drafts.has(4n)) kit.boundary();
    assert.equal(kit.state.position.height, last + 4, "2 blocks a batch, times 2");
    assert.equal(kit.drafts.get(4n)?.feeNeu, 200n * 200_000n);
    kit.completePayout(4n);
    assert.equal(kit.asset(gold.id).pending, 0n);
    kit.assertSupply();
  });
});

describe("supply", () => {
  /** A chain whose vault has lost something that no rule took: what a broken rule would leave behind. */
  function broken(): Kit {
    const kit = new Kit();
    kit.fundFloat(COIN);
    kit.fund(alice.program, 10n * COIN);
    const btm = kit.pegState.asset(BTM);
    assert.ok(btm !== undefined);
    kit.pegState.setAsset({ ...btm, locked: btm.locked - 2n * COIN });
    return kit;
  }
  test("a block that leaves more owed than locked is invalid", () => {
    const kit = broken();
    const { header, batches } = kit.build([]);
    const applied = applySideBlock({ parent: kit.state, header, batches, verdicts: "assumed" });
    assert.equal(applied.ok ? "ok" : applied.code, "BLOCK_SUPPLY");
  });
  test("where the main chain is the cause, the pegs pause instead", () => {
    const kit = broken();
    kit.main.mine();
    kit.block(...kit.headers());
    assert.deepEqual(kit.pegState.control.paused, { reorg: false, deficit: true, in: false, out: false });
    const resume = kit.govern({ action: "resume", scope: { kind: "automatic" } }, [0, 1, 2]);
    assert.equal(kit.judge(resume), "GOVERNANCE_DEFICIT");
  });
  test("the recount names the asset and both numbers", () => {
    const kit = broken();
    const [mismatch] = recountSupply(kit.state);
    assert.deepEqual([mismatch?.counted, mismatch?.circulating], [11n * COIN, 9n * COIN]);
  });
});

describe("header tree", () => {
  test("bits follow the main spec's retarget, and other bits are refused", () => {
    const kit = new Kit({ blocksPerRetarget: 4 });
    kit.main.spacingSeconds = 1n;
    kit.main.mineEmpty(13);
    const bits = kit.main.headersAfter(() => false).map((header) => header.bits);
    assert.ok(new Set(bits).size >= 3, "difficulty rose");
    const headers = kit.main.headersAfter((hash) => kit.pegState.sections.headers.has(bytesToHex(hash)));
    const old = headers
      .map((header, i) => (i === 4 ? { ...header, bits: headers[3]?.bits ?? 0n } : header))
      .slice(0, 5);
    assert.equal(kit.judge(createHeadersTransaction(old)), "HEADER_FIELDS");
    kit.sync();
    assert.equal(kit.pegState.tip().height, 13n);
  });
  test("a higher branch with less work does not win, nor an equal one with more", () => {
    const kit = new Kit({ blocksPerRetarget: 4 });
    const { genesis } = kit.main;
    kit.main.spacingSeconds = 1n;
    let hard = genesis;
    for (let i = 0; i < 6; i += 1) hard = kit.main.mine([], hard);
    kit.main.spacingSeconds = 2n;
    const easyBlocks = [kit.main.mine([], genesis)];
    for (let i = 0; i < 7; i += 1) easyBlocks.push(kit.main.mine([], easyBlocks[i] ?? genesis));
    const hardBlocks: (typeof hard)[] = [];
    for (let node: typeof hard | undefined = hard; node?.parent !== undefined; node = node.parent)
      hardBlocks.unshift(node);
    const tip = (): string => bytesToHex(kit.pegState.control.tip);
    kit.block(createHeadersTransaction(easyBlocks.slice(0, 6).map((node) => node.block.header)));
    const easyTip = tip();
    kit.block(createHeadersTransaction(hardBlocks.map((node) => node.block.header)));
    assert.equal(tip(), easyTip, "equal height, more work: the first seen stays");
    const next = kit.main.mine([], hard);
    kit.block(createHeadersTransaction([next.block.header]));
    assert.equal(tip(), bytesToHex(next.hash), "higher and more work");
    kit.block(createHeadersTransaction(easyBlocks.slice(6).map((node) => node.block.header)));
    assert.equal(tip(), bytesToHex(next.hash), "8 easy blocks weigh less than 7 of which some are hard");
  });
  test("a fork more than 400 blocks back is refused", () => {
    const kit = new Kit();
    kit.main.mineEmpty(402);
    kit.sync();
    const near = kit.main.mine([], kit.main.ancestor(400));
    const far = kit.main.mine([], kit.main.ancestor(401));
    assert.equal(kit.judge(createHeadersTransaction([near.block.header])), "ok");
    assert.equal(kit.judge(createHeadersTransaction([far.block.header])), "HEADER_PARENT");
  });
});

describe("specs", () => {
  test("what this version does not do is refused, aloud", () => {
    const kit = new Kit();
    const { spec } = kit.rules;
    const { federation } = spec;
    assert.ok(federation !== null);
    const limits = [{ windowBlocks: 100, shareBps: 2000 }];
    const recovery = { threshold: 2, keys: [], blocks: 100 };
    for (const bad of [
      { ...spec, subsidyNeu: 1n },
      { ...spec, features: { ...spec.features, votes: true } },
      { ...spec, federation: { ...federation, limits } },
      { ...spec, federation: { ...federation, recovery } },
    ]) {
      assert.throws(() => createSideRules(bad, undefined), { code: "FEATURE_OFF" });
    }
  });
});

describe("the vault's script under the machine", () => {
  const seeds = Array.from({ length: 8 }, (_, i) => new Uint8Array(32).fill(i + 1));
  const keys = createVaultKeys(seeds.slice(0, 4).map(publicKeyFromSeed), 3);
  const recoveryKeys = createVaultKeys(seeds.slice(4, 8).map(publicKeyFromSeed), 3);
  const c = new Uint8Array(32).fill(0xcc);
  const sigHash = new Uint8Array(32).fill(0x5a);
  const seedOf = (key: Uint8Array): Uint8Array =>
    seeds.find((seed) => bytesToHex(publicKeyFromSeed(seed)) === bytesToHex(key)) ?? sigHash;
  const sign = (set: typeof keys): Uint8Array[] => set.publicKeys.map((key) => signEd25519(seedOf(key), sigHash));
  function run(script: Uint8Array, program: Uint8Array, witness: readonly Uint8Array[], blockHeight = 1n) {
    return runProgram({
      vmVersion: 1n,
      code: executedProgram(program),
      args: [...witness, script],
      context: { txVersion: 1n, blockHeight, entryId: c, txSigHash: () => sigHash },
      limit: 100_000,
      rules: {
        mulFraction: false,
        checkSig: (publicKey, message, signature) => verifyEd25519({ publicKey, message, signature }, "bytom"),
      },
    });
  }
  test("409 + 1,058 n gas, k signatures in key order and nothing else", () => {
    const script = vaultScript(keys, c);
    const program = vaultProgram(keys, c);
    const [s0, s1, s2, s3] = sign(keys);
    assert.ok(s0 !== undefined && s1 !== undefined && s2 !== undefined && s3 !== undefined);
    const good = run(script, program, [s0, s1, s2]);
    assert.ok(good.ok);
    assert.equal(100_000 - good.gasLeft, vaultInputGas(4));
    assert.ok(run(script, program, [s1, s2, s3]).ok);
    for (const bad of [
      [s1, s0, s2],
      [s0, s1],
      [s0, s0, s1],
      [s0, s1, sigHash],
    ])
      assert.equal(run(script, program, bad).ok, false);
  });
  test("the recovery arm opens above its height, and the normal arm stays", () => {
    const script = vaultScriptWithRecovery(keys, { keys: recoveryKeys, afterHeight: 500n }, c);
    const program = Uint8Array.of(0x51);
    const judge = (witness: readonly Uint8Array[], height: bigint): boolean => {
      const code = script;
      const result = runProgram({
        vmVersion: 1n,
        code,
        args: witness,
        context: { txVersion: 1n, blockHeight: height, entryId: c, txSigHash: () => sigHash },
        limit: 100_000,
        rules: {
          mulFraction: false,
          checkSig: (publicKey, message, signature) => verifyEd25519({ publicKey, message, signature }, "bytom"),
        },
      });
      return result.ok && program.length === 1;
    };
    const normal = [...sign(keys).slice(0, 3), new Uint8Array(0)];
    const emergency = [...sign(recoveryKeys).slice(0, 3), Uint8Array.of(1)];
    assert.deepEqual([judge(normal, 1n), judge(normal, 900n)], [true, true]);
    assert.deepEqual([judge(emergency, 499n), judge(emergency, 500n), judge(emergency, 501n)], [false, false, true]);
    assert.equal(judge([...sign(recoveryKeys).slice(0, 3), new Uint8Array(0)], 900n), false);
    assert.equal(judge([...sign(keys).slice(0, 3), Uint8Array.of(1)], 900n), false);
  });
});
