// The row of epoch ends that leads a newcomer from the spec's committee to the present one, and the bytes of the questions
// and answers about states.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { committeeRoot, hashSideHeader } from "@bystack/protocol/side/header";
import type { EpochEnd } from "@bystack/protocol/side/light-client";
import { createSeededRng } from "@bystack/testing/rng";
import {
  decodeEpochEnds,
  decodeOffer,
  decodePair,
  EPOCH_ENDS_BYTES_MAX,
  EPOCH_ENDS_MAX,
  encodeEpochEnds,
  encodeOffer,
  encodePair,
} from "../../src/side/state-sync/messages.ts";
import { firstCommittees, followEnds } from "../../src/side/state-sync/proof.ts";
import { blockOf, certificateOf, VOTE_KEY, ZERO } from "./blocks-kit.ts";
import { paymentsSpec } from "./payments-kit.ts";

const EPOCH_BLOCKS = 10;
const TRUSTING_MS = 1_000_000;
const spec = paymentsSpec(1, EPOCH_BLOCKS);
const first = firstCommittees(spec);
const DAY_MS = 86_400_000;

/** Ends of the first epochs, a day apart. */
function endsOf(count: number): EpochEnd[] {
  return Array.from({ length: count }, (_, i) => {
    const content = { batches: [], transactionCount: 0, transactionRoot: ZERO, parentStateRoot: ZERO };
    const { header, ...block } = blockOf({ chainId: first.client.chainId, genesisMs: 0 }, undefined, content, {
      epoch: i + 1,
      height: 1,
    });
    const ended = {
      ...header,
      height: (i + 1) * EPOCH_BLOCKS,
      timestampMs: spec.genesis.timeMs + (i + 1) * DAY_MS,
      nextCommitteeRoot: committeeRoot([VOTE_KEY]),
    };
    const certificate = certificateOf({ ...block, header: ended, hash: hashSideHeader(ended) });
    return { header: ended, certificate, nextKeys: [VOTE_KEY] };
  });
}

const ends = endsOf(4);
const contextAt = (nowMs: number, trusted?: { height: number; hash: Uint8Array }) => ({
  nowMs,
  trustingMs: TRUSTING_MS,
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    verifyEd25519({ publicKey, message, signature }, "strict-s"),
  trusted,
});
const endOf = (index: number): EpochEnd => ends[index] ?? assert.fail(`there is no end ${index}`);
const afterAll = spec.genesis.timeMs + 4 * DAY_MS;

function followed(context: Parameters<typeof followEnds>[2], row: readonly EpochEnd[] = ends): string | number {
  const result = followEnds(first, row, context);
  return result.ok ? result.value.client.epoch : result.error;
}

suite("ends of epochs", () => {
  test("lead on while the trusting period lasts, and not after it", () => {
    assert.equal(followed({ ...contextAt(afterAll), trustingMs: 5 * DAY_MS }), 5);
    assert.equal(followed(contextAt(afterAll)), "EXPIRED");
  });

  test("of any age count up to one that the operator vouches for; behind it the period counts again", () => {
    const trusted = { height: 40, hash: hashSideHeader(endOf(3).header) };
    assert.equal(followed(contextAt(afterAll, trusted)), 5);
    const earlier = { height: 20, hash: hashSideHeader(endOf(1).header) };
    assert.equal(followed(contextAt(afterAll, earlier)), "EXPIRED");
  });

  test("of another history than the operator's are refused", () => {
    const trusted = { height: 40, hash: new Uint8Array(32).fill(7) };
    assert.equal(followed(contextAt(afterAll, trusted)), "TRUSTED");
  });

  test("that are out of order, unsigned or name other keys are refused", () => {
    const context = { ...contextAt(afterAll), trustingMs: 5 * DAY_MS };
    assert.equal(followed(context, [endOf(1)]), "HEIGHT");
    const { signatures } = endOf(0).certificate;
    const unsigned = { ...endOf(0).certificate, signatures: signatures.map((byte, i) => (i === 9 ? byte ^ 1 : byte)) };
    assert.equal(followed(context, [{ ...endOf(0), certificate: unsigned }]), "SIGNATURE");
    assert.equal(followed(context, [{ ...endOf(0), nextKeys: [new Uint8Array(32).fill(9)] }]), "COMMITTEE");
  });
});

suite("questions and answers", () => {
  test("are the same after encoding and decoding", () => {
    assert.deepEqual(decodePair(encodePair([7, 2 ** 40])), [7, 2 ** 40]);
    assert.deepEqual(decodeOffer(encodeOffer({ height: 9, bytes: 2 ** 33 })), { height: 9, bytes: 2 ** 33 });
    assert.equal(decodeOffer(encodeOffer(undefined)), undefined);
    assert.equal(decodePair(Uint8Array.of(0x81, 0, 1)), undefined, "one encoding");
    assert.deepEqual(decodeEpochEnds(encodeEpochEnds(ends)), ends);
  });

  test("an answer stays below what the method allows, however many ends there are", () => {
    const keys = Array.from({ length: 100 }, (_, i) => new Uint8Array(32).fill(i));
    const many = Array.from({ length: 2 * EPOCH_ENDS_MAX }, () => ({ ...endOf(0), nextKeys: keys }));
    const bytes = encodeEpochEnds(many);
    assert.ok(bytes.length <= EPOCH_ENDS_BYTES_MAX, `${bytes.length} bytes`);
    assert.ok((decodeEpochEnds(bytes)?.length ?? 0) > 10);
  });

  test("cut, extended or random bytes are none", () => {
    const whole = encodeEpochEnds(ends);
    for (let length = 1; length < whole.length; length += 7) {
      const decoded = decodeEpochEnds(whole.subarray(0, length));
      if (decoded !== undefined) assert.deepEqual(encodeEpochEnds(decoded), whole.subarray(0, length));
    }
    assert.equal(decodeEpochEnds(Uint8Array.of(...whole, 1)), undefined);
    const rng = createSeededRng(5);
    for (let i = 0; i < 2000; i += 1) {
      const bytes = rng.bytes(1 + (i % 60));
      const pair = decodePair(bytes);
      if (pair !== undefined) assert.deepEqual(encodePair(pair), bytes);
      assert.ok(decodeEpochEnds(bytes) === undefined);
    }
  });
});
