// Claims: every rule C1 to C10 refused in its turn with its code, the refusals that the old bridge lacked, and deposits that
// are claimed twice (federation.md sections 4 and 12: claim-mutations, claim-atomic, recipient, gas-only-deposit,
// coinbase-deposit, poison, topup-paused).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { publicKeyFromSeed, signEd25519 } from "@bystack/crypto/ed25519";
import { createMainTransaction } from "@bystack/protocol/main/transaction";
import { merkleRoot } from "@bystack/protocol/merkle";
import { type ClaimProof, createClaim, decodeClaimProof, encodeClaimProof } from "@bystack/protocol/peg/claim";
import type { InclusionPaths } from "@bystack/protocol/peg/inclusion";
import { encodeSideBatch } from "@bystack/protocol/side/header";
import {
  createSideTransaction,
  type SideCrossChainInput,
  type SideOutput,
  type SideTransaction,
} from "@bystack/protocol/side/transaction";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { applySideBlock } from "../../src/side/apply.ts";
import { createPendingState } from "../../src/side/builder.ts";
import { BTM, COIN, createAsset, createUser, Kit, seed } from "./kit.ts";

const alice = createUser("alice");
const mallory = createUser("mallory");
const gold = createAsset("gold");

type Parts = { input: SideCrossChainInput; output: SideOutput; proof: ClaimProof };

/** A good claim taken apart, so that a test can change one thing. */
function takeApart(claim: SideTransaction): Parts {
  const [input] = claim.inputs;
  const [output] = claim.outputs;
  assert.ok(input?.kind === "cross-chain" && output !== undefined && input.arguments[0] !== undefined);
  const proof = decodeClaimProof(input.arguments[0], { isBtm: input.assetId[0] === 0xff && input.assetId[1] === 0xff });
  assert.ok(proof !== undefined);
  return { input, output, proof };
}

function assemble({ input, output, proof }: Parts, extra: readonly Uint8Array[] = []): SideTransaction {
  const args = [encodeClaimProof(proof), ...extra];
  return createSideTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [{ ...input, arguments: args }],
    outputs: [output],
  });
}

function flip(bytes: Uint8Array, at = 0): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

type Scene = { kit: Kit; claim: SideTransaction; parts: Parts };

/** A deposit of gold for alice with a neighbour in its block, confirmed and known, not claimed. */
function scene(assetId = gold.id, amount = 500n): Scene {
  const kit = new Kit({ assets: [gold] });
  const other = kit.depositTransaction(mallory.program, 7n * COIN);
  const deposit = kit.depositTransaction(alice.program, amount, assetId);
  const node = kit.main.mine([{ transaction: other }, { transaction: deposit }]);
  kit.main.mineEmpty(2);
  kit.sync();
  const claim = kit.claim({ node, index: 2 }, alice.program);
  return { kit, claim, parts: takeApart(claim) };
}

/** Applies a block with these bytes as its body, past the builder. */
function applyRaw(kit: Kit, transactions: readonly SideTransaction[]) {
  const batch = encodeSideBatch(transactions.map((transaction) => transaction.raw));
  const header = kit.header({ batch, transactionRoot: merkleRoot([]), transactionCount: 0, view: 1 });
  return applySideBlock({ parent: kit.state, header, batches: [batch], verdicts: "assumed" });
}

function assertRefused(kit: Kit, transaction: SideTransaction, code: string): void {
  assert.equal(kit.judge(transaction), code);
  const pending = createPendingState({ tip: kit.state }).add(transaction.raw);
  assert.equal(pending.ok ? "ok" : pending.code, code);
  const applied = applyRaw(kit, [transaction]);
  assert.ok(!applied.ok);
  assert.equal(applied.code, code, "the block is invalid");
}

function withPaths(parts: Parts, change: (paths: InclusionPaths) => Partial<InclusionPaths>): Parts {
  const { proof } = parts;
  return { ...parts, proof: { ...proof, paths: { ...proof.paths, ...change(proof.paths) } } };
}

describe("claim-mutations: each field of a good claim flipped", () => {
  const mutations: [string, string, (parts: Parts) => Parts][] = [
    ["mux", "CLAIM_OUTPUT", (p) => ({ ...p, input: { ...p.input, sourceId: flip(p.input.sourceId) } })],
    ["position", "CLAIM_OUTPUT", (p) => ({ ...p, input: { ...p.input, sourcePosition: 1n } })],
    ["program", "CLAIM_OUTPUT", (p) => ({ ...p, input: { ...p.input, program: flip(p.input.program, 5) } })],
    [
      "amount",
      "CLAIM_OUTPUT",
      (p) => ({ ...p, input: { ...p.input, amount: 501n }, output: { ...p.output, amount: 501n } }),
    ],
    ["output amount", "CLAIM_FORM", (p) => ({ ...p, output: { ...p.output, amount: 501n } })],
    ["output asset", "CLAIM_FORM", (p) => ({ ...p, output: { ...p.output, assetId: flip(p.output.assetId) } })],
    ["recipient", "CLAIM_PROGRAM", (p) => ({ ...p, output: { ...p.output, program: mallory.program } })],
    ["recipient form", "CLAIM_PROGRAM", (p) => ({ ...p, output: { ...p.output, program: Uint8Array.of(0x51) } })],
    ["definition", "CLAIM_ASSET", (p) => ({ ...p, input: { ...p.input, definition: utf8ToBytes("lead") } })],
    ["issuance program", "CLAIM_ASSET", (p) => ({ ...p, input: { ...p.input, issuanceProgram: hexToBytes("52") } })],
    ["issuance vm", "CLAIM_ASSET", (p) => ({ ...p, input: { ...p.input, issuanceVmVersion: 2n } })],
    ["vault epoch", "CLAIM_EPOCH", (p) => ({ ...p, proof: { ...p.proof, vaultEpoch: 2n } })],
    ["height unknown", "CLAIM_HEADER", (p) => ({ ...p, proof: { ...p.proof, headerHeight: 99n } })],
    ["height of the anchor", "CLAIM_HEADER", (p) => ({ ...p, proof: { ...p.proof, headerHeight: 0n } })],
    ["height too new", "CLAIM_DEPTH", (p) => ({ ...p, proof: { ...p.proof, headerHeight: 2n } })],
    ["version", "CLAIM_PATH", (p) => ({ ...p, proof: { ...p.proof, transactionVersion: 2n } })],
    ["time range", "CLAIM_PATH", (p) => ({ ...p, proof: { ...p.proof, timeRange: 9n } })],
    [
      "results",
      "CLAIM_OUTPUT",
      (p) => ({ ...p, proof: { ...p.proof, resultIds: p.proof.resultIds.map((id) => flip(id)) } }),
    ],
    ["no results", "CLAIM_OUTPUT", (p) => ({ ...p, proof: { ...p.proof, resultIds: [] } })],
    [
      "one more result",
      "CLAIM_PATH",
      (p) => ({ ...p, proof: { ...p.proof, resultIds: [...p.proof.resultIds, new Uint8Array(32)] } }),
    ],
    [
      "transaction sibling",
      "CLAIM_PATH",
      (p) => withPaths(p, ({ transactionSiblings: s }) => ({ transactionSiblings: s.map((hash) => flip(hash)) })),
    ],
    [
      "status sibling",
      "CLAIM_STATUS",
      (p) => withPaths(p, ({ statusSiblings: s }) => ({ statusSiblings: s.map((hash) => flip(hash)) })),
    ],
    ["directions", "CLAIM_PATH", (p) => withPaths(p, () => ({ directions: Uint8Array.of(0) }))],
  ];
  for (const [name, code, mutate] of mutations) {
    test(`${name} → ${code}`, () => {
      const { kit, parts } = scene();
      assertRefused(kit, assemble(mutate(parts)), code);
      assert.equal(kit.judge(assemble(parts)), "ok", "the unchanged claim stands");
    });
  }

  test("every single bit of a good proof matters", () => {
    const { kit, parts } = scene();
    const good = encodeClaimProof(parts.proof);
    for (let at = 0; at < good.length; at += 1) {
      const claim = createSideTransaction({
        version: 1n,
        timeRange: 0n,
        inputs: [{ ...parts.input, arguments: [flip(good, at)] }],
        outputs: [parts.output],
      });
      assert.match(kit.judge(claim), /^CLAIM_/, `byte ${at}`);
    }
  });
});

describe("C1: one canonical form", () => {
  const forms: [string, (parts: Parts) => SideTransaction][] = [
    ["trailing byte", (p) => rebuild(p, [Uint8Array.of(...encodeClaimProof(p.proof), 0)])],
    ["no argument", (p) => rebuild(p, [])],
    ["two arguments", (p) => rebuild(p, [encodeClaimProof(p.proof), new Uint8Array(32)])],
    ["short collector key", (p) => assemble(p, [new Uint8Array(31), new Uint8Array(64)])],
    ["spare direction bits", (p) => assemble(withPaths(p, () => ({ directions: Uint8Array.of(0x82) })))],
    ["time range of the claim", (p) => rebuild(p, [encodeClaimProof(p.proof)], { timeRange: 9n })],
    ["version of the claim", (p) => rebuild(p, [encodeClaimProof(p.proof)], { version: 2n })],
    ["burn output", (p) => assemble({ ...p, output: { ...p.output, kind: "cross" } as SideOutput })],
    ["long definition", (p) => assemble({ ...p, input: { ...p.input, definition: new Uint8Array(4097) } })],
    ["too many results", (p) => rebuild(p, [hostileProof(5000)])],
    ["announced results that are not there", (p) => rebuild(p, [hostileProof(4000).subarray(0, 100)])],
    ["depth 33", (p) => rebuild(p, [hostileDepth(33)])],
  ];
  function rebuild(p: Parts, args: readonly Uint8Array[], head: { version?: bigint; timeRange?: bigint } = {}) {
    const { version = 1n, timeRange = 0n } = head;
    return createSideTransaction({
      version,
      timeRange,
      inputs: [{ ...p.input, arguments: args }],
      outputs: [p.output],
    });
  }
  function hostileProof(results: number): Uint8Array {
    const resultIds = Array.from({ length: results }, () => new Uint8Array(32));
    const paths = { directions: new Uint8Array(0), transactionSiblings: [], statusSiblings: [] };
    const head = { vaultEpoch: 1n, headerHeight: 1n, transactionVersion: 1n, timeRange: 0n };
    return encodeClaimProof({ ...head, resultIds, paths });
  }
  function hostileDepth(depth: number): Uint8Array {
    const siblings = Array.from({ length: depth }, () => new Uint8Array(32));
    const directions = new Uint8Array(Math.ceil(depth / 8));
    const paths = { directions, transactionSiblings: siblings, statusSiblings: siblings };
    const head = { vaultEpoch: 1n, headerHeight: 1n, transactionVersion: 1n, timeRange: 0n };
    return encodeClaimProof({ ...head, resultIds: [], paths });
  }
  for (const [name, make] of forms) {
    test(name, () => {
      const { kit, parts } = scene();
      assertRefused(kit, make(parts), "CLAIM_FORM");
    });
  }
  test("two inputs or two outputs", () => {
    const { kit, claim, parts } = scene();
    const [input] = claim.inputs;
    assert.ok(input !== undefined);
    const both = { version: 1n, timeRange: 0n };
    assertRefused(
      kit,
      createSideTransaction({ ...both, inputs: [input, input], outputs: [parts.output] }),
      "CLAIM_FORM",
    );
    const half = { ...parts.output, amount: 250n };
    assertRefused(kit, createSideTransaction({ ...both, inputs: [input], outputs: [half, half] }), "CLAIM_FORM");
  });
});

describe("what opened the old bridge", () => {
  test("a cross-chain input without a deposit", () => {
    const { kit, parts } = scene();
    const invented = { ...parts.input, sourceId: new Uint8Array(32).fill(7) };
    assertRefused(kit, assemble({ ...parts, input: invented }), "CLAIM_OUTPUT");
  });
  test("with issuance program TRUE and no proof at all", () => {
    const { kit, parts } = scene();
    const input = { ...parts.input, issuanceProgram: Uint8Array.of(0x51), arguments: [] };
    const claim = createSideTransaction({ version: 1n, timeRange: 0n, inputs: [input], outputs: [parts.output] });
    assertRefused(kit, claim, "CLAIM_FORM");
  });
  test("with the original's open-federation definition", () => {
    const { kit, parts } = scene();
    const definition = utf8ToBytes('{"description":{"issue_asset_action":"open_federation_cross_chain"}}');
    const input = { ...parts.input, definition, issuanceProgram: Uint8Array.of(0x51), arguments: [Uint8Array.of(1)] };
    const claim = createSideTransaction({ version: 1n, timeRange: 0n, inputs: [input], outputs: [parts.output] });
    assertRefused(kit, claim, "CLAIM_FORM");
  });
  test("an ordinary transaction with a cross-chain input beside a spend", () => {
    const { kit, parts } = scene();
    kit.fund(alice.program, 5n * COIN);
    const spend = kit.spend(alice, [{ kind: "intra", assetId: BTM, amount: COIN, program: mallory.program }]);
    const [first] = spend.inputs;
    assert.ok(first !== undefined);
    const inputs = [first, parts.input];
    const mixed = createSideTransaction({ version: 1n, timeRange: 0n, inputs, outputs: spend.outputs });
    assertRefused(kit, mixed, "TX_FORM");
  });
});

describe("C2 to C10 from the main chain's side", () => {
  test("depth counts from the deposit's own block, and the large depth from the large amount", () => {
    const btm = { assetId: BTM, depositMin: COIN, burnMin: COIN, cap: null, largeAmount: 50n * COIN };
    const kit = new Kit({ federation: { confirmations: { base: 2, large: 4 }, assets: [btm] } });
    const small = kit.depositTransaction(alice.program, 49n * COIN);
    const large = kit.depositTransaction(alice.program, 50n * COIN);
    const node = kit.main.mine([{ transaction: small }, { transaction: large }]);
    const verdicts: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      kit.sync();
      verdicts.push(
        `${kit.judge(kit.claim({ node, index: 1 }, alice.program))} ${kit.judge(kit.claim({ node, index: 2 }, alice.program))}`,
      );
      kit.main.mineEmpty(1);
    }
    assert.deepEqual(verdicts, ["CLAIM_DEPTH CLAIM_DEPTH", "ok CLAIM_DEPTH", "ok CLAIM_DEPTH", "ok ok"]);
  });
  test("a header of a branch that lost proves nothing", () => {
    const { kit, claim } = scene();
    kit.main.reorganise(2);
    kit.sync();
    assert.equal(kit.judge(claim), "ok", "its own block is below the fork");
    kit.main.reorganise(kit.main.tip.height);
    kit.sync();
    assertRefused(kit, claim, "CLAIM_PATH");
  });
  test("coinbase-deposit: the first transaction of a block", () => {
    const kit = new Kit();
    const node = kit.main.mine([{ transaction: kit.depositTransaction(mallory.program, COIN) }]);
    kit.main.mineEmpty(3);
    kit.sync();
    const claim = kit.claim({ node, index: 0 }, alice.program);
    const parts = takeApart(claim);
    // The miner's own output is no vault output, but the rule on the first leaf (C5) is asked before the program (C7).
    assertRefused(kit, assemble(parts), "CLAIM_COINBASE");
  });
  test("gas-only-deposit: BTM is credited, the asset is not", () => {
    const kit = new Kit({ assets: [gold] });
    const program = kit.depositProgram(alice.program);
    const transaction = kit.main.deposit([
      { kind: "output", assetId: gold.id, amount: 500n, program },
      { kind: "output", assetId: BTM, amount: 2n * COIN, program },
    ]);
    const node = kit.main.mine([{ transaction, fail: true }]);
    kit.main.mineEmpty(2);
    kit.sync();
    assertRefused(kit, kit.claim({ node, index: 1 }, alice.program, 0), "CLAIM_STATUS");
    kit.block(kit.claim({ node, index: 1 }, alice.program, 1));
    assert.equal(kit.balance(alice), 2n * COIN);
    kit.assertSupply();
  });
  test("recipient: a deposit credits the committed recipient, whoever submits", () => {
    const { kit, claim } = scene();
    kit.block(claim);
    assert.equal(kit.balance(alice, gold.id), 500n);
    assert.equal(kit.balance(mallory, gold.id), 0n);
  });
  test("a deposit for another chain is not this chain's", () => {
    const { kit } = scene();
    const foreign = new Kit({ federation: { batchBlocks: 3 } });
    const transaction = kit.main.deposit([
      { kind: "output", assetId: BTM, amount: 5n * COIN, program: foreign.depositProgram(alice.program) },
    ]);
    const node = kit.main.mine([{ transaction }]);
    kit.main.mineEmpty(2);
    kit.sync();
    assertRefused(kit, kit.claim({ node, index: 1 }, alice.program), "CLAIM_PROGRAM");
  });
  test("not listed, below minimum, above the cap", () => {
    const lead = createAsset("lead");
    const btm = { assetId: BTM, depositMin: COIN, burnMin: COIN, cap: 10n * COIN, largeAmount: null };
    const kit = new Kit({ federation: { assets: [btm] } });
    kit.assets.set(bytesToHex(lead.id), lead);
    const node = kit.main.mine([
      { transaction: kit.depositTransaction(alice.program, 5n, lead.id) },
      { transaction: kit.depositTransaction(alice.program, COIN - 1n) },
      { transaction: kit.depositTransaction(alice.program, 11n * COIN) },
    ]);
    kit.main.mineEmpty(2);
    kit.sync();
    const codes = [1, 2, 3].map((index) => kit.judge(kit.claim({ node, index }, alice.program)));
    assert.deepEqual(codes, ["CLAIM_NOT_LISTED", "CLAIM_MINIMUM", "CLAIM_CAP"]);
    // Listing opens the door for the same deposit.
    kit.block(kit.govern({ action: "list", assetId: lead.id, minimum: 5n, cap: 0n }, [0, 1, 2]));
    kit.block(kit.claim({ node, index: 1 }, alice.program));
    assert.equal(kit.balance(alice, lead.id), 5n);
  });
  test("an asset that is known and not listed", () => {
    const rules = { assetId: gold.id, depositMin: 1n, burnMin: 1n, cap: null, largeAmount: null };
    const kit = new Kit({ federation: { assets: [rules] } });
    const node = kit.main.mine([{ transaction: kit.depositTransaction(alice.program, COIN) }]);
    kit.main.mineEmpty(2);
    kit.sync();
    assertRefused(kit, kit.claim({ node, index: 1 }, alice.program), "CLAIM_NOT_LISTED");
  });
  test("C10: a collector's signature, when it is there, has to be right", () => {
    const { kit, parts } = scene();
    const collector = seed("collector m1");
    const publicKey = publicKeyFromSeed(collector);
    assertRefused(kit, assemble(parts, [publicKey, new Uint8Array(64)]), "CLAIM_COLLECTOR");
    const node = kit.main.ancestor(2);
    const signed = createClaim(
      {
        block: node.block,
        statusFail: node.statusFail,
        transactionIndex: 2,
        position: 0,
        vaultEpoch: 1n,
        recipient: alice.program,
        origin: gold.origin,
      },
      { chainId: kit.rules.chainId, publicKey, sign: (message) => signEd25519(collector, message) },
    );
    assert.equal(kit.judge(signed), "ok");
  });
  test("the first failure is the code: C10 before C9", () => {
    const { kit, claim, parts } = scene();
    kit.block(kit.govern({ action: "pause", scope: { kind: "in" } }, [0, 1]));
    assertRefused(kit, assemble(parts, [publicKeyFromSeed(seed("x")), new Uint8Array(64)]), "CLAIM_COLLECTOR");
    assertRefused(kit, claim, "CLAIM_PAUSED");
  });
  test("topup-paused: float deposits go on while claims are paused", () => {
    const kit = new Kit();
    const node = kit.main.mine([{ transaction: kit.depositTransaction(Uint8Array.of(0x6a), 3n * COIN) }]);
    kit.main.mineEmpty(2);
    kit.sync();
    kit.block(kit.govern({ action: "pause", scope: { kind: "in" } }, [0, 1]));
    kit.block(kit.claim({ node, index: 1 }, Uint8Array.of(0x6a)));
    assert.equal(kit.asset(BTM).locked, 3n * COIN);
    assert.equal(kit.asset(BTM).minted, 0n);
    assert.equal([...kit.state.utxos.map.entries()].length, 0);
  });
});

describe("claim-atomic: one deposit is credited once", () => {
  function second(kit: Kit, parts: Parts): SideTransaction {
    const secret = seed("collector m2");
    const publicKey = publicKeyFromSeed(secret);
    const node = kit.main.ancestor(2);
    return createClaim(
      {
        block: node.block,
        statusFail: node.statusFail,
        transactionIndex: 2,
        position: 0,
        vaultEpoch: 1n,
        recipient: parts.output.program,
        origin: gold.origin,
      },
      { chainId: kit.rules.chainId, publicKey, sign: (message) => signEd25519(secret, message) },
    );
  }
  test("twice in one block, with another collector's signature: dropped and not credited", () => {
    const { kit, claim, parts } = scene();
    const copy = second(kit, parts);
    const built = kit.build([claim.raw]);
    const batch = encodeSideBatch([claim.raw, copy.raw, claim.raw]);
    const header = kit.header({ ...built.body, batch, view: 1 });
    const applied = applySideBlock({ parent: kit.state, header, batches: [batch], verdicts: "assumed" });
    const summary = kit.keep(applied);
    assert.deepEqual(summary.dropped, [
      { index: 1, code: "CLAIM_SPENT" },
      { index: 2, code: "CLAIM_SPENT" },
    ]);
    assert.equal(kit.balance(alice, gold.id), 500n);
    assert.equal(kit.asset(gold.id).minted, 500n);
    kit.assertSupply();
  });
  test("in two blocks, and at the door of the mempool", () => {
    const { kit, claim, parts } = scene();
    const pending = createPendingState({ tip: kit.state });
    assert.equal(pending.add(claim.raw).ok, true);
    const again = pending.add(second(kit, parts).raw);
    assert.equal(again.ok ? "ok" : again.code, "CLAIM_SPENT");
    kit.block(claim);
    assert.equal(kit.judge(second(kit, parts)), "CLAIM_SPENT");
    const batch = encodeSideBatch([second(kit, parts).raw]);
    const header = kit.header({ batch, transactionRoot: merkleRoot([]), transactionCount: 0, view: 1 });
    const summary = kit.keep(applySideBlock({ parent: kit.state, header, batches: [batch], verdicts: "assumed" }));
    assert.deepEqual(summary.dropped, [{ index: 0, code: "CLAIM_SPENT" }]);
    assert.equal(kit.asset(gold.id).minted, 500n);
  });
  test("poison: a claim of an unknown deposit marks nothing", () => {
    const { kit, claim, parts } = scene();
    const poison = assemble({ ...parts, proof: { ...parts.proof, timeRange: 5n } });
    assert.equal(kit.judge(poison), "CLAIM_PATH");
    kit.block(claim);
    assert.equal(kit.balance(alice, gold.id), 500n);
  });
  test("zero-root: a proof that leads to nothing of a header with zero roots", () => {
    const { kit, parts } = scene();
    const paths = { directions: new Uint8Array(0), transactionSiblings: [], statusSiblings: [] };
    assertRefused(kit, assemble({ ...parts, proof: { ...parts.proof, headerHeight: 0n, paths } }), "CLAIM_HEADER");
  });
});

test("hint-malleated: a changed hint changes no id and no claim (F1)", () => {
  const kit = new Kit();
  const program = kit.depositProgram(alice.program);
  const outputs = [{ kind: "output", assetId: BTM, amount: COIN, program }] as const;
  const hint = (byte: number) =>
    ({ kind: "output", assetId: BTM, amount: 1n, program: Uint8Array.of(0x6a, 1, byte) }) as const;
  const base = kit.main.deposit(outputs);
  const a = createMainTransaction({ ...base, outputs: [...outputs, hint(1)] });
  const b = createMainTransaction({ ...base, outputs: [...outputs, hint(2)] });
  const node = kit.main.mine([{ transaction: a }]);
  kit.main.mineEmpty(2);
  kit.sync();
  const claim = kit.claim({ node, index: 1 }, alice.program);
  assert.notDeepEqual(a.raw, b.raw);
  assert.equal(kit.judge(claim), "ok");
});
