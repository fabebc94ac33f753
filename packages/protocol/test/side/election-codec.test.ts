// Kinds 5, 6 and 7 from hostile hands: damaged bodies and shapes never throw, and whatever parses is the one encoding of what it
// says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex } from "@bystack/utils/bytes";
import fc from "fast-check";
import { createSystem, EMPTY_RETIREMENT, SYSTEM_KIND } from "../../src/peg/system.ts";
import { encodeCandidateBody, parseCandidate } from "../../src/side/candidate.ts";
import { createEvidenceTransaction, evidenceOf, parseEvidence } from "../../src/side/evidence.ts";
import type { SideInput, SideTransactionData } from "../../src/side/transaction.ts";
import { encodeVoteClaimBody, parseVoteClaim } from "../../src/side/vote-claim.ts";

const fill = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte);
const signature = fill(7, 64);

const spend: SideInput = {
  kind: "spend",
  sourceId: fill(1, 32),
  assetId: fill(255, 32),
  amount: 5n,
  sourcePosition: 0n,
  program: Uint8Array.of(0x51),
  arguments: [],
};

function bodies(): { kind: bigint; body: Uint8Array; args: Uint8Array[] }[] {
  const message = (n: number) => ({
    content: { kind: 1, epoch: 2, view: 300, height: n, blockHash: fill(n, 32) } as const,
    signature,
  });
  const evidence = evidenceOf(fill(3, 32), message(1), message(2));
  assert.ok(evidence !== undefined);
  const [input] = createEvidenceTransaction(evidence).inputs;
  assert.ok(input?.kind === "system");
  const key = fill(4, 64);
  const rest = { voteKey: fill(5, 32), voterShare: 10, rewardProgram: Uint8Array.of(0x51) };
  const register = encodeCandidateBody({ action: "register", key, ...rest });
  const resign = encodeCandidateBody({ action: "resign", key });
  const claim = encodeVoteClaimBody(9, [fill(1, 32), fill(2, 32)]);
  return [
    { kind: SYSTEM_KIND.evidence, body: input.body, args: [signature, signature] },
    { kind: SYSTEM_KIND.candidate, body: register, args: [signature, signature] },
    { kind: SYSTEM_KIND.candidate, body: resign, args: [signature] },
    { kind: SYSTEM_KIND.voteClaim, body: claim, args: [] },
  ];
}

function transactionOf(kind: bigint, body: Uint8Array, args: readonly Uint8Array[]): SideTransactionData {
  const plain = createSystem(kind, body, args);
  if (kind === SYSTEM_KIND.evidence) return plain;
  const payment = { kind: "intra", assetId: fill(255, 32), amount: 1n, program: Uint8Array.of(0x51) } as const;
  return { ...plain, inputs: [...plain.inputs, spend], outputs: [EMPTY_RETIREMENT, payment, payment] };
}

/** The body that an honest sender writes for what was parsed; undefined when nothing was. */
function writtenAgain(transaction: SideTransactionData): Uint8Array | undefined {
  const evidence = parseEvidence(transaction);
  if (evidence !== undefined) {
    const [input] = createEvidenceTransaction(evidence).inputs;
    return input?.kind === "system" ? input.body : undefined;
  }
  const candidate = parseCandidate(transaction);
  if (candidate !== undefined) return encodeCandidateBody(candidate);
  const claim = parseVoteClaim(transaction);
  const ids = claim?.payments.map(({ voteId }) => voteId);
  return claim === undefined || ids === undefined ? undefined : encodeVoteClaimBody(claim.epoch, ids);
}

test("the samples parse", () => {
  for (const { kind, body, args } of bodies()) {
    assert.equal(bytesToHex(writtenAgain(transactionOf(kind, body, args)) ?? fill(0, 1)), bytesToHex(body));
  }
});

test("damaged bodies, seed 5: nothing throws, and what parses is written the same way", () => {
  const samples = bodies();
  let parsed = 0;
  const damage = fc.record({
    sample: fc.nat(samples.length - 1),
    kind: fc.constantFrom(5n, 6n, 7n),
    at: fc.nat(200),
    bytes: fc.uint8Array({ maxLength: 12 }),
    cut: fc.nat(6),
    args: fc.nat(3),
  });
  fc.assert(
    fc.property(damage, ({ sample, kind, at, bytes, cut, args }) => {
      const source = samples[sample];
      assert.ok(source !== undefined);
      const body = Uint8Array.from(source.body.subarray(0, source.body.length - (cut > 3 ? cut : 0)));
      if (at < body.length) body.set(bytes.subarray(0, body.length - at), at);
      const again = writtenAgain(
        transactionOf(kind, body, args === 0 ? source.args : Array.from({ length: args - 1 }, () => signature)),
      );
      if (again === undefined) return;
      parsed += 1;
      assert.equal(bytesToHex(again), bytesToHex(body));
    }),
    { numRuns: 5000, seed: 5 },
  );
  assert.ok(parsed > 100, `${parsed} bodies parsed`);
});

test("bodies of random bytes never throw", () => {
  fc.assert(
    fc.property(fc.constantFrom(5n, 6n, 7n), fc.uint8Array({ maxLength: 300 }), (kind, body) => {
      const again = writtenAgain(transactionOf(kind, body, [signature, signature]));
      if (again !== undefined) assert.equal(bytesToHex(again), bytesToHex(body));
    }),
    { numRuns: 3000, seed: 6 },
  );
});
