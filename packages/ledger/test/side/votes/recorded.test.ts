// Recorded bytes of elections (docs/adr/0005 to 0008): bodies of kinds 5, 6 and 7, the canonical spec's hash, and state roots of
// a scripted chain. A change here is a change of every chain with elections.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { encodeCandidateBody } from "@bystack/protocol/side/candidate";
import { VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { createEvidenceTransaction } from "@bystack/protocol/side/evidence";
import type { SideTransaction } from "@bystack/protocol/side/transaction";
import { encodeVoteClaimBody } from "@bystack/protocol/side/vote-claim";
import { bytesToHex } from "@bystack/utils/bytes";
import { COIN, createUser } from "../kit.ts";
import { createCandidate, VotesKit } from "./kit.ts";

const alice = createUser("alice");
const bob = createUser("bob");
const c1 = createCandidate("c1");

const fill = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte);

function bodyOf({ inputs: [input] }: SideTransaction): string {
  assert.ok(input?.kind === "system");
  return bytesToHex(input.body);
}

suite("recorded bytes", () => {
  test("evidence", () => {
    const { NOTARIZE, NULLIFY, FINALIZE, PROPOSE } = VOTE_KINDS;
    const kit = new VotesKit();
    const at = { epoch: 200, view: 3 };
    const told = (kind: 0 | 1 | 3, n: number) => ({ ...at, kind, height: n, blockHash: fill(n, 32) });
    const body = (a: Parameters<VotesKit["sign"]>[1], b: typeof a): string =>
      bodyOf(createEvidenceTransaction({ ...kit.evidence(c1, a, b), voteKey: fill(0xaa, 32) }));
    const [key, one, two] = ["aa".repeat(32), `01${"01".repeat(32)}`, `02${"02".repeat(32)}`];
    assert.equal(body(told(NOTARIZE, 2), told(NOTARIZE, 1)), `01${key}c80103${one}${two}`);
    const nullify = { ...at, kind: NULLIFY, height: 0, blockHash: fill(0, 32) };
    assert.equal(body(told(FINALIZE, 2), nullify), `02${key}c80103${two}`);
    assert.equal(body(told(PROPOSE, 1), told(PROPOSE, 2)), `03${key}c80103${one}${two}`);
  });

  test("candidates and claims", () => {
    const register = encodeCandidateBody({
      action: "register",
      key: fill(0xaa, 64),
      voteKey: fill(0xbb, 32),
      voterShare: 30,
      rewardProgram: Uint8Array.of(0x51, 0x52),
    });
    assert.equal(bytesToHex(register), `01${"aa".repeat(64)}${"bb".repeat(32)}1e025152`);
    assert.equal(bytesToHex(encodeCandidateBody({ action: "resign", key: fill(0xaa, 64) })), `02${"aa".repeat(64)}`);
    const claim = encodeVoteClaimBody(200, [fill(1, 32), fill(2, 32)]);
    assert.equal(bytesToHex(claim), `c80102${"01".repeat(32)}${"02".repeat(32)}`);
  });

  test("chain id and state roots of a scripted chain", () => {
    const kit = new VotesKit({ subsidyNeu: 1_000_000n });
    const roots = [bytesToHex(kit.rules.chainId), bytesToHex(kit.state.root())];
    kit.block(kit.register(alice, c1, { share: 25 }));
    kit.block(kit.vote(bob, c1, 70n * COIN));
    for (const name of ["c2", "c3", "c4"]) kit.stand(alice, [[createCandidate(name), 110n * COIN]]);
    kit.skip(5);
    kit.endEpoch(4);
    roots.push(bytesToHex(kit.state.root()));
    kit.block(kit.doubleVote(createCandidate("c2"), 3));
    kit.endEpoch(6);
    const claimable = kit.votesOf(bob, c1).filter((coin) => kit.due(coin) > 0n);
    assert.equal(claimable.length, 1);
    kit.block(kit.claim(alice, claimable));
    roots.push(bytesToHex(kit.state.root()));
    assert.deepEqual(roots, [
      "abfa1a844febfb4dba9eefcaee5c88a4594c8466921a8b174aa3ab95980933e6",
      "472dbce2dd5b9465067f942ce5bb35358433ee0e4bfff632ba6a860332cd78e1",
      "b47fe1645e3698375d4a3f69d6656c096933888b263168b716ab639a1e3b3bbe",
      "08bc86d26d657c5defc1bbb0007ab1bcd982c26db94c276b0f72409356c1f9be",
    ]);
  });
});
