// P35 on what real engines sign: through crashes, partitions, old and lost records, epoch ends, re-proposals and committees
// that change, no two messages under an honest key are evidence that the ledger takes. The same search finds what hostile
// keys sign, and what honest ones sign as soon as one voting rule is taken out.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mutation } from "@bystack/consensus/bbft/mutation";
import type { SideRules } from "@bystack/ledger/side/rules";
import { evidenceProblem } from "@bystack/ledger/side/votes/evidence";
import type { VotesState } from "@bystack/ledger/side/votes/state";
import {
  createEvidenceTransaction,
  EVIDENCE_RULE,
  type Evidence,
  evidenceOf,
  parseEvidence,
  type SignedMessage,
} from "@bystack/protocol/side/evidence";
import { DEFAULT_VOTES } from "@bystack/protocol/spec/presets";
import { fakeCrypto, fakeHash, fakeKey } from "../src/fake-crypto.ts";
import type { Outcome } from "../src/outcome.ts";
import { runSchedule } from "../src/schedule.ts";
import { SignedMessages } from "./signed.ts";

const FIRST_SEED = 7_000_001;
/** As the schedules have it. */
const CHAIN_ID = fakeHash(7, Uint8Array.of(1));
const PLACES_MAX = 16;

type Run = { readonly outcome: Outcome; readonly signed: SignedMessages };

function run(seed: number, options: { byzantine: number; mutation?: Mutation }): Run {
  const signed = new SignedMessages(CHAIN_ID, PLACES_MAX);
  const outcome = runSchedule(seed, { nodes: 4, ...options, onSent: (_, message) => signed.take(message) });
  return { outcome, signed };
}

/** What the ledger says to evidence: every key has a seat and no past, and no epoch is too old. "ok" when it takes it. */
function judged(evidence: Evidence): string {
  const parsed = parseEvidence(createEvidenceTransaction(evidence));
  if (parsed === undefined) return "TX_FORM";
  const rules = { chainId: CHAIN_ID, spec: { consensus: { epochBlocks: 1000 } } } as unknown as SideRules;
  const members = [{ voteKey: evidence.voteKey }];
  const state = { isBarred: () => false, control: { committees: [{ members }] } } as unknown as VotesState;
  const block = { height: 1, epoch: 1_000_000 };
  const { verify } = fakeCrypto(0);
  return evidenceProblem(parsed, { state, votes: DEFAULT_VOTES, rules, block, verifySignature: verify }) ?? "ok";
}

/** Evidence that the ledger takes, out of all pairs of one key's messages. */
function accepted(place: number, messages: readonly SignedMessage[]): Evidence[] {
  const found: Evidence[] = [];
  messages.forEach((a, i) => {
    for (const b of messages.slice(i + 1)) {
      const evidence = evidenceOf(fakeKey(place), a, b);
      if (evidence !== undefined && judged(evidence) === "ok") found.push(evidence);
    }
  });
  return found;
}

/** Places whose engines kept all their rules and all that they had signed. */
function honestPlaces({ plan }: Outcome): number[] {
  const faulty = new Set([...plan.byzantine, ...(plan.relapse === undefined ? [] : [plan.relapse.node])]);
  return Array.from({ length: plan.pool }, (_, place) => place).filter((place) => !faulty.has(place));
}

test("no two messages of an honest key are evidence, in whatever schedule", () => {
  const tally = { messages: 0, pairs: 0, restarts: 0, partitions: 0, epochs: 0, reproposals: 0, committees: 0 };
  const hostile = new Map<number, number>();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + 100; seed += 1) {
    const { outcome, signed } = run(seed, { byzantine: seed % 4 === 0 ? 0 : 1 });
    assert.deepEqual(outcome.violations, []);
    for (const place of honestPlaces(outcome)) {
      const messages = signed.of(place);
      assert.deepEqual(accepted(place, messages), [], `seed ${seed}: n${place} is framed`);
      tally.messages += messages.length;
      tally.pairs += (messages.length * (messages.length - 1)) / 2;
    }
    for (const { rule } of outcome.plan.byzantine.flatMap((place) => accepted(place, signed.of(place))))
      hostile.set(rule, (hostile.get(rule) ?? 0) + 1);
    const { coverage } = outcome;
    tally.restarts += Number(coverage.restart);
    tally.partitions += Number(coverage.partition);
    tally.epochs += Number(coverage.epochCrossed);
    tally.reproposals += Number(coverage.reproposed);
    tally.committees += Number(coverage.committeeChanged);
  }
  assert.ok(tally.messages > 5000 && tally.pairs > 50_000, JSON.stringify(tally));
  for (const seen of [tally.restarts, tally.partitions, tally.epochs, tally.reproposals, tally.committees])
    assert.ok(seen >= 12, JSON.stringify(tally));
  // The search finds what hostile keys sign, of each rule.
  for (const rule of Object.values(EVIDENCE_RULE))
    assert.ok((hostile.get(rule) ?? 0) > 10, JSON.stringify([...hostile]));
});

test("nor does the ledger take signatures of an honest key under other labels", () => {
  let tried = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + 6; seed += 1) {
    const { outcome, signed } = run(seed, { byzantine: 1 });
    for (const place of honestPlaces(outcome)) {
      const messages = signed.of(place).slice(0, 40);
      for (const a of messages) {
        for (const b of messages) {
          if (a === b) continue;
          for (const verdict of relabelled(place, a, b)) {
            tried += 1;
            assert.notEqual(verdict, "ok", `seed ${seed}: n${place}`);
          }
        }
      }
    }
  }
  assert.ok(tried > 10_000, `${tried}`);
});

/** Both messages as if they were of the first one's view, under each rule. */
function relabelled(place: number, a: SignedMessage, b: SignedMessage): string[] {
  const { epoch, view } = a.content;
  const forced = { ...b, content: { ...b.content, epoch, view } };
  const kinds = [
    [EVIDENCE_RULE.twoNotarize, 1, 1],
    [EVIDENCE_RULE.nullifyAndFinalize, 2, 3],
    [EVIDENCE_RULE.twoProposals, 0, 0],
  ] as const;
  return kinds.map(([rule, first, second]) =>
    judged({
      rule,
      voteKey: fakeKey(place),
      first: { ...a, content: { ...a.content, kind: first } },
      second: { ...forced, content: { ...forced.content, kind: second } },
    }),
  );
}

const BROKEN = [
  ["S1", EVIDENCE_RULE.twoNotarize],
  ["S2", EVIDENCE_RULE.nullifyAndFinalize],
] as const;

for (const [mutation, rule] of BROKEN) {
  test(`without rule ${mutation} the search finds evidence of rule ${rule} against an honest key`, () => {
    const rules = new Set<number>();
    for (let seed = 1; seed <= 60 && !rules.has(rule); seed += 1) {
      const { outcome, signed } = run(seed, { byzantine: 1, mutation });
      for (const place of honestPlaces(outcome))
        for (const evidence of accepted(place, signed.of(place))) rules.add(evidence.rule);
    }
    assert.ok(rules.has(rule), `found: ${[...rules]}`);
  });
}
