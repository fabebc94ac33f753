// Codecs of claims and system transactions: round trips, one encoding each, and hostile bytes (fuzz-system, proof-fuzz).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { concatBytes, equalBytes, hexToBytes } from "@bystack/utils/bytes";
import { CLAIM_RESULTS_MAX, decodeClaimProof, encodeClaimProof } from "../../src/peg/claim.ts";
import {
  createCoinProofTransaction,
  createGovernanceTransaction,
  createHeadersTransaction,
  createPayoutProofTransaction,
  decodeGovernanceBody,
  decodeHeadersBody,
  encodeGovernanceBody,
  encodeHeadersBody,
  type GovernanceAction,
  governanceMessage,
  parseSystem,
} from "../../src/peg/system.ts";
import { createSideTransaction, decodeSideTransaction, type SideSystemInput } from "../../src/side/transaction.ts";

/** SplitMix64 below a bound; the seed is in the test's name. */
function createRandom(seed: bigint): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return Number((z ^ (z >> 31n)) % BigInt(bound));
  };
}

const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const header = {
  version: 1n,
  height: 300n,
  previousHash: hash(1),
  timestamp: 1_700_000_000n,
  transactionsRoot: hash(2),
  statusRoot: hash(3),
  nonce: 12_345n,
  bits: 0x20_0000_0000_7f_ffffn,
};
const paths = {
  directions: Uint8Array.of(0b101),
  transactionSiblings: [hash(4), hash(5), hash(6)],
  statusSiblings: [hash(7), hash(8), hash(9)],
};
const proof = {
  vaultEpoch: 1n,
  headerHeight: 300n,
  transactionVersion: 1n,
  timeRange: 0n,
  resultIds: [hash(10), hash(11)],
  paths,
};

function inputOf(transaction: ReturnType<typeof createHeadersTransaction>): SideSystemInput {
  const [input] = transaction.inputs;
  assert.ok(input?.kind === "system");
  return input;
}

/** Random damage: flipped, cut, inserted and repeated bytes. */
function damage(bytes: Uint8Array, random: (bound: number) => number): Uint8Array {
  let damaged: Uint8Array = bytes.slice();
  for (let i = 0; i <= random(3); i += 1) {
    const at = random(damaged.length + 1);
    const kind = random(4);
    if (kind === 0) damaged[at] = random(256);
    else if (kind === 1) damaged = damaged.slice(0, at);
    else if (kind === 2)
      damaged = concatBytes(damaged.subarray(0, at), Uint8Array.of(random(256)), damaged.subarray(at));
    else damaged = concatBytes(damaged.subarray(0, at), damaged.subarray(random(at + 1)));
  }
  return damaged;
}

describe("claim proofs", () => {
  test("round trip, with and without a status path", () => {
    assert.deepEqual(decodeClaimProof(encodeClaimProof(proof), { isBtm: false }), proof);
    const btm = { ...proof, paths: { ...paths, statusSiblings: [] } };
    assert.deepEqual(decodeClaimProof(encodeClaimProof(btm), { isBtm: true }), btm);
    assert.equal(decodeClaimProof(encodeClaimProof(btm), { isBtm: false }), undefined);
    assert.equal(decodeClaimProof(encodeClaimProof(proof), { isBtm: true }), undefined);
  });
  test("limits: 4,096 results and depth 32", () => {
    const make = (results: number, depth: number): Uint8Array => {
      const siblings = Array.from({ length: depth }, () => hash(0));
      const resultIds = Array.from({ length: results }, () => hash(1));
      const wide = {
        directions: new Uint8Array(Math.ceil(depth / 8)),
        transactionSiblings: siblings,
        statusSiblings: siblings,
      };
      return encodeClaimProof({ ...proof, resultIds, paths: wide });
    };
    assert.ok(decodeClaimProof(make(CLAIM_RESULTS_MAX, 32), { isBtm: false }) !== undefined);
    assert.equal(decodeClaimProof(make(CLAIM_RESULTS_MAX + 1, 1), { isBtm: false }), undefined);
    assert.equal(decodeClaimProof(make(1, 33), { isBtm: false }), undefined);
  });
  test("non-minimal integers are refused", () => {
    const good = encodeClaimProof(proof);
    const long = concatBytes(good.subarray(0, 1), hexToBytes("8100"), good.subarray(2));
    assert.equal(decodeClaimProof(long, { isBtm: false }), undefined);
  });
  test("proof-fuzz, seed 7: 30,000 damaged proofs decode to themselves or not at all", () => {
    const random = createRandom(7n);
    const good = encodeClaimProof(proof);
    let decodedCount = 0;
    for (let i = 0; i < 30_000; i += 1) {
      const bytes = damage(good, random);
      const decoded = decodeClaimProof(bytes, { isBtm: false });
      if (decoded === undefined) continue;
      decodedCount += 1;
      assert.ok(equalBytes(encodeClaimProof(decoded), bytes));
    }
    assert.ok(decodedCount > 100);
  });
});

describe("system transactions", () => {
  const samples = [
    createHeadersTransaction([header, { ...header, height: 301n }]),
    createPayoutProofTransaction({ payout: 17n, headerHeight: 300n, statusFail: true, paths }),
    createCoinProofTransaction(hash(12), proof),
    createGovernanceTransaction(encodeGovernanceBody(3n, { action: "pause", scope: { kind: "in" } }), [
      { member: 3, signature: new Uint8Array(64).fill(3) },
      { member: 1, signature: new Uint8Array(64).fill(1) },
    ]),
  ];
  test("each kind comes back from its bytes", () => {
    const kinds = samples.map((sample) => {
      const decoded = decodeSideTransaction(sample.raw);
      assert.ok(decoded.ok);
      const parsed = parseSystem(decoded.value);
      assert.ok(parsed.ok);
      return parsed.value.kind === "proof" ? parsed.value.proof.form : parsed.value.kind;
    });
    assert.deepEqual(kinds, ["headers", "payout", "coin", "governance"]);
  });
  test("headers: 1 to 64, canonical", () => {
    assert.deepEqual(decodeHeadersBody(encodeHeadersBody([header])), [header]);
    assert.equal(decodeHeadersBody(encodeHeadersBody([])), undefined);
    assert.equal(decodeHeadersBody(encodeHeadersBody(Array.from({ length: 65 }, () => header))), undefined);
    assert.equal(decodeHeadersBody(concatBytes(encodeHeadersBody([header]), Uint8Array.of(0))), undefined);
  });
  test("governance bodies", () => {
    const acts: GovernanceAction[] = [
      { action: "pause", scope: { kind: "out" } },
      { action: "pause", scope: { kind: "asset", assetId: hash(1) } },
      { action: "resume", scope: { kind: "automatic" } },
      { action: "list", assetId: hash(2), minimum: 5n, cap: 0n },
    ];
    for (const act of acts) assert.deepEqual(decodeGovernanceBody(encodeGovernanceBody(9n, act)), { seq: 9n, act });
    for (const bad of [
      "",
      "0100000000000000",
      "010000000000000004",
      "0100000000000000010400",
      "010000000000000001",
      "01000000000000000101ff",
    ]) {
      assert.equal(decodeGovernanceBody(hexToBytes(bad)), undefined, bad);
    }
    // CHECKSIG takes messages of 32 bytes only, so no governance signature can spend from the vault.
    for (const act of acts) assert.ok(governanceMessage(hash(0), 1, encodeGovernanceBody(1n, act)).length > 32);
  });
  test("form: one input, one retirement of 0 BTM, version 1, time range 0", () => {
    const [sample] = samples;
    assert.ok(sample !== undefined);
    const [output] = sample.outputs;
    assert.ok(output !== undefined);
    const input = inputOf(sample);
    const bad = [
      { ...sample, version: 2n },
      { ...sample, timeRange: 1n },
      { ...sample, inputs: [input, input] },
      { ...sample, outputs: [] },
      { ...sample, outputs: [output, output] },
      { ...sample, outputs: [{ ...output, amount: 1n }] },
      { ...sample, outputs: [{ ...output, program: Uint8Array.of(0x6a, 0) }] },
      { ...sample, outputs: [{ ...output, assetId: hash(1) }] },
      { ...sample, outputs: [{ ...output, kind: "cross" as const }] },
      { ...sample, inputs: [{ ...input, systemKind: 7n }] },
      { ...sample, inputs: [{ ...input, arguments: [hash(1)] }] },
    ];
    for (const [i, transaction] of bad.entries()) {
      const parsed = parseSystem(createSideTransaction(transaction));
      assert.equal(parsed.ok ? "ok" : parsed.error, "SYSTEM_FORM", `case ${i}`);
    }
  });
  test("signatures: ascending members, 64 bytes", () => {
    const [, , , sample] = samples;
    assert.ok(sample !== undefined);
    const input = inputOf(sample);
    const signature = (member: number, length = 64) => concatBytes(Uint8Array.of(member), new Uint8Array(length));
    for (const args of [
      [signature(2), signature(1)],
      [signature(1), signature(1)],
      [signature(1, 63)],
      [new Uint8Array(0)],
    ]) {
      const parsed = parseSystem(createSideTransaction({ ...sample, inputs: [{ ...input, arguments: args }] }));
      assert.equal(parsed.ok ? "ok" : parsed.error, "SYSTEM_FORM");
    }
  });
  test("fuzz-system, seed 11: 20,000 damaged bodies and arguments give a value or a code", () => {
    const random = createRandom(11n);
    for (let i = 0; i < 20_000; i += 1) {
      const sample = samples[random(samples.length)];
      assert.ok(sample !== undefined);
      const input = inputOf(sample);
      const body = random(2) === 0 ? damage(input.body, random) : input.body;
      const args = input.arguments.map((argument) => (random(2) === 0 ? damage(argument, random) : argument));
      const systemKind = random(8) === 0 ? BigInt(random(9)) : input.systemKind;
      const parsed = parseSystem({ ...sample, inputs: [{ ...input, systemKind, body, arguments: args }] });
      if (!parsed.ok) assert.match(parsed.error, /^(SYSTEM_FORM|FEATURE_OFF)$/);
    }
  });
});
