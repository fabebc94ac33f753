// Headers and certificates to somebody without state: epochs followed from the first committee, and every way to be lied to
// (promises.md P34).

import assert from "node:assert/strict";
import { test } from "node:test";
import { publicKeyFromSeed, signEd25519, verifyEd25519 } from "@bystack/crypto/ed25519";
import { assembleCertificate, type Certificate, signedBytes } from "../src/side/certificate.ts";
import { committeeRoot, hashSideHeader, type SideHeader } from "../src/side/header.ts";
import {
  type EpochEnd,
  followEpoch,
  LIGHT_CLIENT_FUTURE_MS_MAX,
  type LightClientContext,
  type LightClientState,
  verifyFinalHeader,
} from "../src/side/light-client.ts";

const ZERO = new Uint8Array(32);
const CHAIN = new Uint8Array(32).fill(0xc1);
const START_MS = 1_700_000_000_000;
const EPOCH_BLOCKS = 10;
const DAY_MS = 86_400_000;

const seedOf = (key: number): Uint8Array => new Uint8Array(32).fill(key + 1);
const keyOf = (key: number): Uint8Array => publicKeyFromSeed(seedOf(key));
const keysOf = (places: readonly number[]): Uint8Array[] => places.map(keyOf);

const context: LightClientContext = {
  nowMs: START_MS + DAY_MS,
  trustingMs: 14 * DAY_MS,
  verify: (publicKey, message, signature) => verifyEd25519({ publicKey, message, signature }, "strict-s"),
};

const genesis: LightClientState = {
  chainId: CHAIN,
  epoch: 1,
  keys: keysOf([0, 1, 2, 3]),
  epochBlocks: EPOCH_BLOCKS,
  timeMs: START_MS,
};

function headerAt(height: number, changed: Partial<SideHeader> = {}): SideHeader {
  const epoch = Math.ceil(height / EPOCH_BLOCKS);
  return {
    chainId: CHAIN,
    epoch,
    view: height,
    height,
    parentHash: ZERO,
    parentView: 0,
    timestampMs: START_MS + height * 500,
    bodyRoot: ZERO,
    transactionCount: 0,
    transactionRoot: ZERO,
    parentStateRoot: ZERO,
    skipRoot: ZERO,
    nextCommitteeRoot: ZERO,
    ...changed,
  };
}

function certify(
  header: SideHeader,
  signers: readonly (readonly [place: number, key: number])[],
  options: { n?: number; kind?: 1 | 3; chainId?: Uint8Array } = {},
): Certificate {
  const { n = 4, kind = 3, chainId = CHAIN } = options;
  const { epoch, view, height } = header;
  const content = { kind, epoch, view, height, blockHash: hashSideHeader(header) };
  const votes = signers.map(([signer, key]) => {
    return { signer, signature: signEd25519(seedOf(key), signedBytes(chainId, content)) };
  });
  return assembleCertificate(content, votes, n);
}

/** The end of epoch 1, which hands over to keys 1, 2, 3, 4 and 5. */
const NEXT = [1, 2, 3, 4, 5];
const lastHeader = headerAt(EPOCH_BLOCKS, { nextCommitteeRoot: committeeRoot(keysOf(NEXT)) });
const first3 = [
  [0, 0],
  [1, 1],
  [3, 3],
] as const;
const end: EpochEnd = { header: lastHeader, certificate: certify(lastHeader, first3), nextKeys: keysOf(NEXT) };

function followed(): LightClientState {
  const result = followEpoch(genesis, end, context);
  assert.ok(result.ok, result.ok ? "" : result.error);
  return result.value;
}

function faultOf(result: { ok: boolean; error?: unknown }): unknown {
  return result.ok ? "ok" : result.error;
}

test("from the first committee to the second, and to a final block of its epoch", () => {
  const state = followed();
  assert.deepEqual([state.epoch, state.keys.length, state.timeMs], [2, 5, lastHeader.timestampMs]);
  const first = headerAt(11);
  const second = headerAt(12, { parentHash: hashSideHeader(first), parentView: 11 });
  const certificate = certify(
    second,
    [
      [0, 1],
      [1, 2],
      [2, 3],
      [4, 5],
    ],
    { n: 5 },
  );
  const proven = verifyFinalHeader(state, { headers: [first, second], certificate }, context);
  assert.ok(proven.ok);
  assert.deepEqual([proven.value.header.height, proven.value.state.timeMs], [11, first.timestampMs]);
});

test("a committee has power in its own epoch only", () => {
  const state = followed();
  const header = headerAt(11);
  const old = certify(
    header,
    [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
    ],
    { n: 4 },
  );
  assert.equal(faultOf(verifyFinalHeader(state, { headers: [header], certificate: old }, context)), "SIGNATURE");
  const few = certify(
    header,
    [
      [0, 1],
      [1, 2],
      [2, 3],
    ],
    { n: 5 },
  );
  assert.equal(faultOf(verifyFinalHeader(state, { headers: [header], certificate: few }, context)), "QUORUM");
  assert.equal(faultOf(verifyFinalHeader(genesis, { headers: [header], certificate: few }, context)), "EPOCH");
  // A header that says one epoch under a certificate of another.
  const { epoch: _, ...content } = header;
  const mixed = { ...certify({ ...content, epoch: 1 }, first3), blockHash: hashSideHeader(header) };
  assert.equal(faultOf(verifyFinalHeader(genesis, { headers: [header], certificate: mixed }, context)), "EPOCH");
});

test("the end of an epoch: another committee, another height, another chain, an older time, a certificate of less", () => {
  const cases: [string, EpochEnd, Partial<LightClientState>][] = [
    ["COMMITTEE", { ...end, nextKeys: keysOf([1, 2, 3, 4, 6]) }, {}],
    ["COMMITTEE", { ...end, nextKeys: keysOf([2, 1, 3, 4, 5]) }, {}],
    ["HEIGHT", end, { epochBlocks: EPOCH_BLOCKS + 1 }],
    ["CHAIN", end, { chainId: new Uint8Array(32).fill(0xc2) }],
    ["TIME", end, { timeMs: lastHeader.timestampMs + 1 }],
    ["CERTIFICATE", { ...end, certificate: certify(lastHeader, first3, { kind: 1 }) }, {}],
    ["QUORUM", { ...end, certificate: certify(lastHeader, first3.slice(1)) }, {}],
    [
      "SIGNATURE",
      {
        ...end,
        certificate: certify(lastHeader, [
          [0, 0],
          [1, 1],
          [2, 7],
        ]),
      },
      {},
    ],
    ["SIGNATURE", { ...end, certificate: certify(lastHeader, first3, { chainId: ZERO }) }, {}],
    ["CERTIFICATE", { ...end, header: headerAt(EPOCH_BLOCKS, { view: 3 }) }, {}],
  ];
  for (const [fault, proof, changed] of cases)
    assert.equal(faultOf(followEpoch({ ...genesis, ...changed }, proof, context)), fault);
});

test("the long-range attack: keys that were sold later sign another history, and nobody believes them any more", () => {
  const forged = headerAt(EPOCH_BLOCKS, { bodyRoot: CHAIN, nextCommitteeRoot: committeeRoot(keysOf([9, 10, 11, 12])) });
  const proof = { header: forged, certificate: certify(forged, first3), nextKeys: keysOf([9, 10, 11, 12]) };
  assert.equal(
    faultOf(followEpoch(genesis, proof, { ...context, nowMs: START_MS + context.trustingMs + 1 })),
    "EXPIRED",
  );
  assert.equal(faultOf(followEpoch(genesis, end, { ...context, nowMs: START_MS + context.trustingMs })), "ok");
});

test("a header from the future is not believed yet", () => {
  const nowMs = lastHeader.timestampMs - LIGHT_CLIENT_FUTURE_MS_MAX - 1;
  assert.equal(faultOf(followEpoch(genesis, end, { ...context, nowMs })), "FUTURE");
  assert.equal(faultOf(followEpoch(genesis, end, { ...context, nowMs: nowMs + 1 })), "ok");
});

test("headers that do not follow each other prove nothing", () => {
  const first = headerAt(1);
  const good = headerAt(2, { parentHash: hashSideHeader(first), parentView: 1 });
  for (const [fault, second] of [
    ["LINK", { ...good, parentHash: CHAIN }],
    ["LINK", { ...good, height: 3 }],
    ["LINK", { ...good, epoch: 2 }],
    ["LINK", { ...good, chainId: ZERO }],
    ["ok", good],
  ] as const) {
    const proof = { headers: [first, second], certificate: certify(second, first3) };
    assert.equal(faultOf(verifyFinalHeader(genesis, proof, context)), fault);
  }
  assert.equal(faultOf(verifyFinalHeader(genesis, { headers: [], certificate: end.certificate }, context)), "LINK");
});

test("no bit of a certificate can be changed", () => {
  const { certificate } = end;
  // Every bit, but of the signatures, whose check costs most, one in seventeen.
  for (const [part, step] of [
    ["bitmap", 1],
    ["blockHash", 1],
    ["signatures", 17],
  ] as const) {
    for (let bit = 0; bit < certificate[part].length * 8; bit += step) {
      const bytes = certificate[part].slice();
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const changed = { ...end, certificate: { ...certificate, [part]: bytes } };
      assert.equal(followEpoch(genesis, changed, context).ok, false, `${part}, bit ${bit}`);
    }
  }
});
