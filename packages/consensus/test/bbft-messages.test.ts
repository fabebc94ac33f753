// Every message goes through its bytes; hostile bytes give undefined and never an exception (promise P23).

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FETCH_HASHES_MAX, MESSAGE_CERTIFICATES_MAX } from "../src/bbft/limits.ts";
import { type BbftMessage, decodeMessage, encodeMessage } from "../src/bbft/messages.ts";
import { decodeRecordEntry, encodeRecordEntry, type RecordEntry } from "../src/bbft/record.ts";
import { BASE, Bench, keyOf } from "./harness.ts";

const bench = new Bench();
const block = bench.block({ view: 1 });
const child = bench.block({ view: 3, parent: block, skips: [bench.certificate(2, 2)] });
const vote = bench.vote(2, 1, 3, child);
const certificate = bench.certificate(1, 3, { block: child });
const signature = new Uint8Array(64).fill(3);
const hash = new Uint8Array(32).fill(4);

const MESSAGES: readonly BbftMessage[] = [
  { type: "PROPOSE", epoch: 1, proposal: { view: 3, block: child, justifyView: 0, justification: [], signature } },
  {
    type: "PROPOSE",
    epoch: 1,
    proposal: {
      view: 5,
      block: child,
      justifyView: 3,
      justification: [certificate, bench.certificate(2, 4)],
      signature,
    },
  },
  { type: "NOTES", epoch: 1, view: 3, votes: [vote, bench.vote(1, 2, 3)], certificates: [certificate] },
  { type: "FETCH", epoch: 2, finalHeight: 2 ** 40, hashes: [hash, block.hash], views: [3, 2, 2 ** 45] },
  { type: "BLOCK", block: child },
  { type: "SKIPS", hash, first: 2, certificates: [bench.certificate(2, 2)] },
  { type: "ASK", nonce: hash, asker: keyOf(3), from: { epoch: 1, view: 0 } },
  { type: "ANSWER", nonce: hash, signer: keyOf(1), asker: keyOf(3), certificate, votes: [vote], signature },
  { type: "ANSWER", nonce: hash, signer: keyOf(1), asker: keyOf(3), certificate: undefined, votes: [], signature },
  { type: "SYNC_REQUEST", fromHeight: 12 },
  { type: "SYNC_BLOCKS", blocks: [block, child], certificate: bench.certificate(3, 3, { block: child }) },
];

test("every message goes through its bytes", () => {
  for (const message of MESSAGES) {
    const bytes = encodeMessage(message);
    const decoded = decodeMessage(bytes);
    assert.ok(decoded !== undefined, message.type);
    assert.deepEqual(encodeMessage(decoded), bytes);
    assert.equal(decodeMessage(Uint8Array.of(...bytes, 0)), undefined, "one byte more is another message");
    assert.equal(decodeMessage(bytes.subarray(0, -1)), undefined);
  }
});

test("lists beyond their caps are refused", () => {
  const hashes = Array.from({ length: FETCH_HASHES_MAX + 1 }, () => hash);
  assert.equal(decodeMessage(encodeMessage({ type: "FETCH", epoch: 1, finalHeight: 0, hashes, views: [] })), undefined);
  const certificates = Array.from({ length: MESSAGE_CERTIFICATES_MAX + 1 }, () => certificate);
  assert.equal(decodeMessage(encodeMessage({ type: "NOTES", epoch: 1, view: 1, votes: [], certificates })), undefined);
});

test("hostile bytes never throw, and what decodes encodes again", () => {
  const all = MESSAGES.map(encodeMessage);
  fc.assert(
    fc.property(
      fc.nat(all.length - 1),
      fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 4 }),
      (which, changes) => {
        const bytes = Uint8Array.from(all[which] ?? []);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const decoded = decodeMessage(bytes);
        return decoded === undefined || decodeMessage(encodeMessage(decoded)) !== undefined;
      },
    ),
    { numRuns: 4000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decodeMessage(bytes)),
    { numRuns: 4000 },
  );
});

test("an engine takes any decodable message without an exception", () => {
  const all = MESSAGES.map(encodeMessage);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(all.length - 1), fc.nat(3000), fc.nat(255)), { minLength: 5, maxLength: 20 }),
      (steps) => {
        const node = new Bench().wake();
        for (const [which, at, value] of steps) {
          const bytes = Uint8Array.from(all[which] ?? []);
          bytes[at % bytes.length] = value;
          const decoded = decodeMessage(bytes);
          if (decoded !== undefined) node.message(1 + (at % 3), decoded);
        }
        return node.state.phase === "running";
      },
    ),
    { numRuns: 300 },
  );
});

test("record entries go through their bytes, hostile ones are refused", () => {
  const entries: RecordEntry[] = [
    { type: "init", chainId: BASE.chainId, key: keyOf(0), floor: { epoch: 1, view: 0 } },
    { type: "own", vote, block: child },
    { type: "own", vote: bench.vote(0, 2, 3), block: undefined },
    { type: "seen", vote },
    { type: "certificate", certificate },
    { type: "block", block },
    { type: "silence", reason: "observe", through: { epoch: 2, view: 2 } },
    { type: "silence", reason: "bar", through: { epoch: 1, view: 7 } },
    { type: "lifted", reason: "bar" },
  ];
  for (const entry of entries) {
    const bytes = encodeRecordEntry(entry);
    const decoded = decodeRecordEntry(bytes);
    assert.ok(decoded !== undefined, entry.type);
    assert.deepEqual(encodeRecordEntry(decoded), bytes);
    assert.equal(decodeRecordEntry(Uint8Array.of(...bytes, 0)), undefined);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeRecordEntry(bytes)),
    { numRuns: 2000 },
  );
});
