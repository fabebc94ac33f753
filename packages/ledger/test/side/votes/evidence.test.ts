// Evidence (sidechain.md section 5, bbft.md section 10): E1 to E3 bar the key and seize the bond, once, from anybody, within
// the unbonding time. P35: whatever an honest node signs, nobody can make evidence of it.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { signEd25519 } from "@bystack/crypto/ed25519";
import { type SignedContent, type SignedKind, signedBytes, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import {
  createEvidenceTransaction,
  EVIDENCE_RULE,
  evidenceOf,
  parseEvidence,
  type SignedMessage,
} from "@bystack/protocol/side/evidence";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex, concatBytes } from "@bystack/utils/bytes";
import fc from "fast-check";
import { createPendingState } from "../../../src/side/builder.ts";
import { unpaidFees } from "../../../src/side/fees.ts";
import { COIN, createUser } from "../kit.ts";
import { createCandidate, EPOCH_BLOCKS, type TestCandidate, VotesKit } from "./kit.ts";

const alice = createUser("alice");
const bob = createUser("bob");
const [c1, c2] = [createCandidate("c1"), createCandidate("c2")];
const ZERO = new Uint8Array(32);
const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n);

function content(kind: SignedKind, view: number, n: number, epoch = 1): SignedContent {
  const isNullify = kind === VOTE_KINDS.NULLIFY;
  return { kind, epoch, view, height: isNullify ? 0 : n, blockHash: isNullify ? ZERO : hash(n) };
}

const { PROPOSE, NOTARIZE, NULLIFY, FINALIZE } = VOTE_KINDS;

const PAIRS = [
  ["E1", EVIDENCE_RULE.twoNotarize, content(NOTARIZE, 3, 1), content(NOTARIZE, 3, 2)],
  ["E2", EVIDENCE_RULE.nullifyAndFinalize, content(NULLIFY, 3, 0), content(FINALIZE, 3, 2)],
  ["E3", EVIDENCE_RULE.twoProposals, content(PROPOSE, 3, 1), content(PROPOSE, 3, 2)],
] as const;

function kitWithCandidate(): VotesKit {
  const kit = new VotesKit();
  kit.block(kit.register(alice, c1));
  kit.block(kit.vote(bob, c1, 7n * COIN));
  return kit;
}

suite("evidence", () => {
  for (const [name, rule, a, b] of PAIRS) {
    test(`${name} seizes the bond for the pool, leaves other votes alone, and counts once`, () => {
      const kit = kitWithCandidate();
      const evidence = kit.evidence(c1, b, a);
      assert.equal(evidence.rule, rule);
      const transaction = createEvidenceTransaction(evidence);
      const [bond] = kit.votesOf(alice, c1);
      const before = kit.state.fees.poolNeu;
      assert.ok(bond !== undefined);
      kit.block(transaction);
      assert.equal(kit.state.fees.poolNeu - before, 50n * COIN);
      assert.ok(unpaidFees(kit.state.fees) >= 50n * COIN);
      assert.equal(kit.state.utxos.get(bond.id), undefined);
      assert.equal(kit.candidate(c1).votes, 7n * COIN);
      assert.equal(kit.candidate(c1).bond, undefined);
      kit.assertSums();
      assert.equal(kit.judge(transaction), "EVIDENCE_KNOWN");
      assert.equal(kit.judge(kit.doubleVote(c1, 1, 9)), "EVIDENCE_KNOWN");
      assert.equal(kit.judge(kit.vote(bob, c1, COIN)), "VOTE_CANDIDATE");
      const again = { ...c2, voteKey: c1.voteKey, voteSeed: c1.voteSeed };
      assert.equal(kit.judge(kit.register(bob, again)), "CANDIDATE_KEY");
      const { barred } = kit.votesState;
      assert.deepEqual(barred.get(bytesToHex(c1.voteKey))?.view, 3);
    });
  }

  test("voters of a barred candidate get their votes back, then it is forgotten", () => {
    const kit = kitWithCandidate();
    kit.block(kit.doubleVote(c1, 1));
    kit.until(12);
    kit.block(kit.veto(bob, kit.votesOf(bob, c1)));
    kit.endEpoch(4);
    assert.equal(kit.votesState.candidate(c1.key), undefined);
    assert.equal(kit.votesState.barredRecords().length, 1, "the key is remembered while evidence could come again");
    kit.endEpoch(6);
    assert.equal(kit.votesState.barredRecords().length, 0);
  });

  test("a validator of the spec can be barred too; its seat goes at the next election", () => {
    const kit = new VotesKit({ members: 5 });
    const [, m1] = kit.validators;
    assert.ok(m1 !== undefined);
    kit.block(kit.doubleVote(m1, 1));
    kit.endEpoch(1);
    assert.deepEqual(kit.committee(2), ["m0", "m1", "m2", "m3", "m4"]);
    assert.deepEqual(kit.committee(3), ["m0", "m2", "m3", "m4"]);
  });

  test("the relay takes it from anybody, and a second copy in a block is refused", () => {
    const kit = kitWithCandidate();
    const transaction = kit.doubleVote(c1, 1);
    const pending = createPendingState({ tip: kit.state });
    assert.equal(pending.add(transaction.raw).ok, true);
    const results = kit.build([transaction, transaction]).results.map((result) => (result.ok ? "ok" : result.code));
    assert.deepEqual(results, ["ok", "EVIDENCE_KNOWN"]);
  });

  test("of a known key, of a past or present epoch, within the unbonding time", () => {
    const kit = kitWithCandidate();
    assert.equal(kit.judge(kit.doubleVote(c2, 1)), "EVIDENCE_KEY");
    assert.equal(kit.judge(kit.doubleVote(c1, 2)), "EVIDENCE_TIME");
    assert.equal(kit.judge(kit.doubleVote(c1, 0)), "EVIDENCE_TIME");
    // Epoch 1 ends at height 4; 16 blocks later it is over.
    kit.until(EPOCH_BLOCKS + 16 - 1);
    assert.equal(kit.judge(kit.doubleVote(c1, 1)), "ok");
    kit.block();
    assert.equal(kit.judge(kit.doubleVote(c1, 1)), "EVIDENCE_TIME");
    assert.equal(kit.judge(kit.doubleVote(c1, 2)), "ok");
  });

  test("signatures are of this key, this chain and exactly these messages", () => {
    const kit = kitWithCandidate();
    const [, , a, b] = PAIRS[0];
    const signedBy = (by: TestCandidate, c: SignedContent, chainId = kit.rules.chainId): SignedMessage => ({
      content: c,
      signature: signEd25519(by.voteSeed, signedBytes(chainId, c)),
    });
    const judge = (first: SignedMessage, second: SignedMessage): string => {
      const evidence = evidenceOf(c1.voteKey, first, second);
      assert.ok(evidence !== undefined);
      return kit.judge(createEvidenceTransaction(evidence));
    };
    assert.equal(judge(signedBy(c1, a), signedBy(c1, b)), "ok");
    assert.equal(judge(signedBy(c1, a), signedBy(c2, b)), "EVIDENCE_SIGNATURE");
    assert.equal(judge(signedBy(c2, a), signedBy(c1, b)), "EVIDENCE_SIGNATURE");
    assert.equal(judge(signedBy(c1, a, hash(7)), signedBy(c1, b, hash(7))), "EVIDENCE_SIGNATURE");
    const other = { ...signedBy(c1, a), content: content(NOTARIZE, 3, 9) };
    assert.equal(judge(other, signedBy(c1, b)), "EVIDENCE_SIGNATURE");
  });

  test("one encoding: damaged and reordered bodies are refused before a signature is looked at", () => {
    const kit = kitWithCandidate();
    for (const [, , a, b] of PAIRS) {
      const good = createEvidenceTransaction(kit.evidence(c1, a, b));
      const [input] = good.inputs;
      assert.ok(input?.kind === "system");
      const judged = (body: Uint8Array, args: readonly Uint8Array[] = input.arguments): string =>
        kit.judge(createSideTransaction({ ...good, inputs: [{ ...input, body, arguments: args }] }));
      assert.equal(judged(input.body), "ok");
      assert.equal(judged(concatBytes(input.body, Uint8Array.of(0))), "EVIDENCE_FORM");
      assert.equal(judged(input.body.subarray(0, -1)), "EVIDENCE_FORM");
      assert.equal(judged(input.body, input.arguments.slice(1)), "EVIDENCE_FORM");
      for (let code = 0; code < 6; code += 1) {
        const body = Uint8Array.from(input.body);
        body[0] = code;
        const verdict = judged(body);
        assert.ok(code === input.body[0] ? verdict === "ok" : /^EVIDENCE_(FORM|SIGNATURE)$/.test(verdict), verdict);
      }
      const random = Uint8Array.from(input.body);
      for (let at = 0; at < random.length; at += 1) {
        const body = Uint8Array.from(input.body);
        body[at] = (body[at] ?? 0) ^ 0x81;
        assert.notEqual(judged(body), "ok", `byte ${at}`);
      }
    }
    // The two messages of E1 in the wrong order.
    const [, , a, b] = PAIRS[0];
    const good = kit.evidence(c1, a, b);
    const swapped = createEvidenceTransaction({ ...good, first: good.second, second: good.first });
    assert.equal(parseEvidence(swapped), undefined);
    const paying: SideTransaction = createSideTransaction({
      ...createEvidenceTransaction(good),
      outputs: kit.pay(alice, COIN, bob).outputs,
    });
    assert.equal(kit.judge(paying), "EVIDENCE_FORM");
  });
});

/**
 * What one honest node signs: S1 at most one NOTARIZE a view, S2 never NULLIFY and FINALIZE of one view, one proposal a
 * view (S5), each as often as it likes and in later views for blocks that it knows (re-proposals).
 */
const honestView = fc.record({
  epoch: fc.integer({ min: 1, max: 2 }),
  view: fc.integer({ min: 1, max: 6 }),
  block: fc.integer({ min: 1, max: 5 }),
  proposes: fc.boolean(),
  notarizes: fc.boolean(),
  end: fc.constantFrom("nullify", "finalize", "nothing"),
});

function honestMessages(
  views: readonly (typeof honestView extends fc.Arbitrary<infer T> ? T : never)[],
): SignedContent[] {
  return views.flatMap(({ epoch, view, block, proposes, notarizes, end }) => {
    const kinds: SignedKind[] = [];
    if (proposes) kinds.push(PROPOSE);
    if (notarizes) kinds.push(NOTARIZE);
    if (end === "nullify") kinds.push(NULLIFY);
    if (end === "finalize") kinds.push(FINALIZE);
    return kinds.map((kind) => content(kind, view, block, epoch));
  });
}

suite("P35: honest nodes are never framed", () => {
  const views = fc.uniqueArray(honestView, { maxLength: 10, selector: ({ epoch, view }) => `${epoch}/${view}` });

  test("no two messages of an honest node are evidence, whoever puts them together", () => {
    fc.assert(
      fc.property(views, (list) => {
        const messages = honestMessages(list).map((c) => ({ content: c, signature: new Uint8Array(64) }));
        for (const a of messages) {
          for (const b of messages) assert.equal(evidenceOf(c1.voteKey, a, b), undefined);
        }
      }),
      { numRuns: 2000, seed: 35 },
    );
  });

  test("nor are they accepted when an attacker relabels them: the bytes signed are those of the honest message", () => {
    const kit = kitWithCandidate();
    kit.until(6);
    let tried = 0;
    const attack = fc.record({
      list: views,
      rule: fc.constantFrom(...PAIRS),
      picks: fc.tuple(fc.nat(50), fc.nat(50)),
      view: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(attack, ({ list, rule: [, rule, a, b], picks, view }) => {
        const signed = honestMessages(list).map((c) => kit.sign(c1, c));
        const [first, second] = picks.map((pick) => signed[pick % Math.max(1, signed.length)]?.signature);
        if (first === undefined || second === undefined) return;
        tried += 1;
        const transaction = createEvidenceTransaction({
          rule,
          voteKey: c1.voteKey,
          first: { content: { ...a, view }, signature: first },
          second: { content: { ...b, view }, signature: second },
        });
        assert.equal(kit.judge(transaction), "EVIDENCE_SIGNATURE");
      }),
      { numRuns: 300, seed: 36 },
    );
    assert.ok(tried > 100, `${tried} attacks`);
  });

  test("whoever breaks a rule once is caught by exactly that pair", () => {
    const kit = kitWithCandidate();
    for (const [, rule, a, b] of PAIRS) {
      const honest = honestMessages([
        { epoch: 1, view: 1, block: 1, proposes: true, notarizes: true, end: "finalize" },
        { epoch: 1, view: 2, block: 1, proposes: false, notarizes: true, end: "nullify" },
      ]);
      const messages = [...honest, a, b].map((c) => kit.sign(c1, c));
      const found = messages.flatMap((x, i) =>
        messages.slice(i + 1).flatMap((y) => evidenceOf(c1.voteKey, x, y) ?? []),
      );
      assert.deepEqual(
        found.map((evidence) => evidence.rule),
        [rule],
      );
      assert.ok(found.every((evidence) => kit.judge(createEvidenceTransaction(evidence)) === "ok"));
    }
  });
});
