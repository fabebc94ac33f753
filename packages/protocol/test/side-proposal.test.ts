// Blocks and proposals as bytes: a decoded block matches its own roots (sidechain.md section 2, bbft.md section 3).

import assert from "node:assert/strict";
import { test } from "node:test";
import { equalBytes } from "@bystack/utils/bytes";
import fc from "fast-check";
import { assembleCertificate, type Certificate, skipRoot } from "../src/side/certificate.ts";
import { encodeSideBatch, type SideHeader, sideBodyRoot } from "../src/side/header.ts";
import {
  createSideBlock,
  encodeSideBlock,
  readSideBlock,
  readSideProposal,
  type SideBlock,
  type SideProposal,
  writeSideProposal,
} from "../src/side/proposal.ts";
import { ByteReader, ByteWriter } from "../src/wire.ts";

const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

function certificate(kind: 1 | 2 | 3, view: number): Certificate {
  const empty = kind === 2;
  const content = { epoch: 1, kind, view, height: empty ? 0 : 6, blockHash: empty ? hash(0) : hash(2) };
  const votes = [0, 1, 2].map((signer) => ({ signer, signature: new Uint8Array(64).fill(signer + view) }));
  return assembleCertificate(content, votes, 4);
}

function makeBlock(skips: readonly Certificate[], changed: Partial<SideHeader> = {}): SideBlock | undefined {
  const batches = [encodeSideBatch([Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)])];
  const header: SideHeader = {
    chainId: hash(1),
    epoch: 1,
    view: 5 + skips.length,
    height: 7,
    parentHash: hash(2),
    parentView: 4,
    timestampMs: 1_700_000_000_000,
    bodyRoot: sideBodyRoot(batches),
    transactionCount: 2,
    transactionRoot: hash(4),
    parentStateRoot: hash(5),
    skipRoot: skipRoot(skips),
    nextCommitteeRoot: hash(0),
    ...changed,
  };
  const carried = skips.length > 64 ? [] : skips;
  return createSideBlock({ header, batches, parentCertificate: certificate(1, 4), skipCertificates: carried });
}

function block(skips: readonly Certificate[] = []): SideBlock {
  const made = makeBlock(skips);
  assert.ok(made !== undefined);
  return made;
}

test("a block goes through its bytes, with and without skipped views", () => {
  for (const skips of [[], [certificate(2, 5), certificate(2, 6)]]) {
    const made = block(skips);
    const reader = new ByteReader(encodeSideBlock(made));
    const read = readSideBlock(reader);
    reader.finish();
    assert.equal(reader.error, undefined);
    assert.ok(equalBytes(read.hash, made.hash));
    assert.deepEqual(encodeSideBlock(read), encodeSideBlock(made));
  }
});

test("above 64 skipped views the block carries their root alone", () => {
  const skips = Array.from({ length: 65 }, (_, i) => certificate(2, 5 + i));
  assert.equal(block(skips).skipCertificates.length, 0);
});

test("parts that do not match the header are no block", () => {
  assert.equal(makeBlock([], { bodyRoot: hash(9) }), undefined);
  assert.equal(makeBlock([certificate(2, 5)], { skipRoot: hash(9) }), undefined);
  assert.equal(makeBlock([], { view: 6 }), undefined, "a skipped view without its certificate");
  assert.equal(makeBlock([], { height: 1 }), undefined, "block 1 has no parent certificate");
});

test("the parent's certificate and a re-proposal's additions are outside the hash", () => {
  const made = block();
  const other = createSideBlock({ ...made, parentCertificate: certificate(1, 3) });
  assert.ok(other !== undefined && equalBytes(other.hash, made.hash));
});

function encode(proposal: SideProposal): Uint8Array {
  const writer = new ByteWriter();
  writeSideProposal(writer, proposal);
  return writer.finish();
}

const signature = new Uint8Array(64).fill(7);

test("proposals and re-proposals go through their bytes", () => {
  const made = block();
  const plain: SideProposal = { view: 5, block: made, justifyView: 0, justification: [], signature };
  const again: SideProposal = {
    view: 7,
    block: made,
    justifyView: 5,
    justification: [certificate(1, 5), certificate(2, 6)],
    signature,
  };
  for (const proposal of [plain, again]) {
    const reader = new ByteReader(encode(proposal));
    assert.deepEqual(encode(readSideProposal(reader)), encode(proposal));
    reader.finish();
    assert.equal(reader.error, undefined);
  }
  const false1 = new ByteReader(encode({ ...plain, justifyView: 4 }));
  readSideProposal(false1);
  assert.equal(false1.error, "INVALID", "a first proposal has no justification");
});

test("changed bytes never throw, and never give the same hash with another body", () => {
  const made = block([certificate(2, 5)]);
  const bytes = encodeSideBlock(made);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, cut) => {
      const changed = bytes.slice(0, cut);
      if (at < cut) changed[at] = value;
      const reader = new ByteReader(changed);
      const read = readSideBlock(reader);
      if (reader.error !== undefined || !equalBytes(read.hash, made.hash)) return true;
      return read.batches.every((batch, i) => equalBytes(batch, made.batches[i] ?? hash(0)));
    }),
    { numRuns: 2000 },
  );
});
