// The oracles of the soak runs themselves: what they are there to find, they find.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type BbftMessage, encodeMessage, type Vote } from "@bystack/consensus/bbft/messages";
import { checkFrames } from "@bystack/node/frame-check";
import { assembleCertificate, type Certificate, skipRoot } from "@bystack/protocol/side/certificate";
import { encodeSideBatch, sideBodyRoot } from "@bystack/protocol/side/header";
import { createSideBlock, type SideBlock } from "@bystack/protocol/side/proposal";
import { type FinalSeen, gapsIn } from "../src/soak/observer.ts";

const folder = mkdtempSync(join(tmpdir(), "bystack-oracles-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const HASH_A = new Uint8Array(32).fill(0xa);
const HASH_B = new Uint8Array(32).fill(0xb);

function vote(kind: Vote["kind"], view: number, blockHash: Uint8Array, signer = 2): Vote {
  const height = kind === 2 ? 0 : 7;
  return { kind, epoch: 3, view, height, blockHash, signer, signature: new Uint8Array(64) };
}

const notes = (...votes: Vote[]): BbftMessage => ({ type: "NOTES", epoch: 3, view: 1, votes, certificates: [] });

function certified(kind: 1 | 2 | 3, view: number, blockHash: Uint8Array): BbftMessage {
  const votes = [0, 2, 3].map((signer) => vote(kind, view, blockHash, signer));
  const { epoch, height } = votes[0] ?? vote(kind, view, blockHash);
  const certificate = assembleCertificate({ kind, epoch, view, height, blockHash }, votes, 4);
  return { type: "NOTES", epoch: 3, view: 1, votes: [], certificates: [certificate] };
}

let taps = 0;

/** A tap file with these messages, and bytes of a torn frame at its end. */
function tapOf(messages: readonly BbftMessage[], torn = new Uint8Array(0)): string {
  taps += 1;
  const path = join(folder, `frames-${taps}.tap`);
  const parts = messages.map((message) => {
    const body = encodeMessage(message);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    return Buffer.concat([length, body]);
  });
  writeFileSync(path, Buffer.concat([...parts, torn]));
  return path;
}

const EMPTY = new Uint8Array(32);

test("two votes of one key for one view and kind, in different files", () => {
  const [one, other] = [tapOf([notes(vote(1, 5, HASH_A))]), tapOf([notes(vote(1, 5, HASH_B))])];
  assert.equal(checkFrames([one, other]).problems.length, 1);
});

test("a vote beside a certificate that holds another one of the same key", () => {
  assert.equal(checkFrames([tapOf([certified(3, 5, HASH_A), notes(vote(3, 5, HASH_B))])]).problems.length, 1);
});

test("NULLIFY beside FINALIZE in one view, in either order", () => {
  for (const pair of [
    [vote(2, 5, EMPTY), vote(3, 5, HASH_A)],
    [vote(3, 5, HASH_A), vote(2, 5, EMPTY)],
  ])
    assert.match(checkFrames([tapOf([notes(...pair)])]).problems.join(), /NULLIFY beside FINALIZE/);
});

/** A block of epoch 3, of another content for each number. */
function blockOf(number: number): SideBlock {
  const batches = [encodeSideBatch([Uint8Array.of(number)])];
  const header = {
    chainId: HASH_A,
    epoch: 3,
    view: 1,
    height: 1,
    parentHash: EMPTY,
    parentView: 0,
    timestampMs: 1,
    bodyRoot: sideBodyRoot(batches),
    transactionCount: 1,
    transactionRoot: EMPTY,
    parentStateRoot: EMPTY,
    skipRoot: skipRoot([]),
    nextCommitteeRoot: EMPTY,
  };
  const block = createSideBlock({ header, batches, parentCertificate: undefined, skipCertificates: [] });
  return block ?? assert.fail("the parts do not match");
}

function proposed(block: SideBlock, view: number, justification: readonly Certificate[] = []): BbftMessage {
  const justifyView = view === block.header.view ? 0 : 5;
  const proposal = { view, block, justifyView, justification, signature: new Uint8Array(64) };
  return { type: "PROPOSE", epoch: 3, proposal };
}

test("two proposals of one view, which has one leader; the same again and in a later view are none", () => {
  const [a, b] = [blockOf(1), blockOf(2)];
  const { problems } = checkFrames([tapOf([proposed(a, 1)]), tapOf([proposed(b, 1)])]);
  assert.equal(problems.length, 1);
  assert.match(problems.join(), /^leader, epoch 3, view 1, kind 0: /);
  assert.deepEqual(checkFrames([tapOf([proposed(a, 1), proposed(a, 1), proposed(a, 6)])]).problems, []);
});

test("a vote beside a certificate that only the justification of a re-proposal carries", () => {
  const block = blockOf(1);
  const message = certified(1, 5, HASH_A);
  const certificates = message.type === "NOTES" ? message.certificates : [];
  assert.equal(certificates.length, 1);
  const again = proposed(block, 6, certificates);
  assert.equal(checkFrames([tapOf([again, notes(vote(1, 5, HASH_B))])]).problems.length, 1);
  assert.deepEqual(checkFrames([tapOf([again, notes(vote(1, 5, HASH_A))])]).problems, []);
});

test("what honest validators do is no finding: the same vote again, other views, other kinds, other keys", () => {
  const good = [vote(1, 5, HASH_A), vote(1, 5, HASH_A), vote(1, 6, HASH_B), vote(2, 5, EMPTY), vote(1, 5, HASH_B, 1)];
  const report = checkFrames([tapOf([notes(...good), certified(1, 5, HASH_A)])]);
  assert.deepEqual([report.problems, report.frames], [[], 2]);
});

test("the last frame of a tap may be torn by a kill; one that is whole and cannot be read is a finding", () => {
  const torn = Uint8Array.of(200, 0, 0, 0, 1, 2, 3);
  assert.deepEqual(checkFrames([tapOf([notes(vote(1, 5, HASH_A))], torn)]).problems, []);
  const wrong = Uint8Array.of(2, 0, 0, 0, 0xff, 0xff);
  assert.equal(checkFrames([tapOf([notes(vote(1, 5, HASH_A))], wrong)]).problems.length, 1);
});

test("gaps: the one that is still open counts, and so does one that began before", () => {
  const blocks = new Map<number, FinalSeen>(
    [1000, 1500, 2000, 2600].map((atMs, i) => [i + 1, { height: i + 1, hash: "", atMs, node: "n" }]),
  );
  assert.deepEqual(gapsIn(blocks, 1600, 2700), [500, 600, 100]);
  assert.deepEqual(gapsIn(blocks, 1600, 9600), [500, 600, 7000]);
  assert.deepEqual(gapsIn(blocks, 3000, 9600), [7000], "nothing came at all");
});
