// The real engine takes no step that the model of the voting rules would not take (promise P7), in every schedule of every
// test here; and with a rule taken out of the engine the comparison notices by itself, whatever the other invariants say.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Vote } from "@bystack/consensus/bbft/messages";
import type { Mutation } from "@bystack/consensus/bbft/mutation";
import type { RecordEntry } from "@bystack/consensus/bbft/record";
import { VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { fakeHash, fakeKey } from "../src/fake-crypto.ts";
import { Conformance } from "../src/model/conformance.ts";
import { MUTANTS, settingsOf } from "../src/mutants.ts";
import { drawSizes, PROFILES } from "../src/profiles.ts";
import { runSchedule } from "../src/schedule.ts";
import { SeatMap } from "../src/seats.ts";

/** Not the first seeds: those are what the code was written against. */
const FIRST_SEED = 7_000_001;
const SCHEDULES = 100;

test("schedules of 4 to 13 validators are runs of the model", () => {
  let steps = 0;
  let reproposed = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed += 1) {
    const outcome = runSchedule(seed, drawSizes(PROFILES.nightly, seed));
    assert.deepEqual(outcome.violations, [], `seed ${seed}`);
    assert.ok(outcome.modelSteps >= 12 * outcome.plan.nodes * (2 / 3), `seed ${seed}: ${outcome.modelSteps} steps`);
    steps += outcome.modelSteps;
    if (outcome.coverage.reproposed) reproposed += 1;
  }
  console.log(`${steps} steps compared, last blocks proposed again in ${reproposed} schedules`);
  assert.ok(reproposed >= SCHEDULES / 20);
});

/** The rule that the model names, by the mistake in the engine, and the first seed that shows it. */
const NOTICED: readonly [Mutation, number, RegExp][] = [
  ["S1", 2, /signs NOTARIZE: not a step of the model, S1/],
  ["S2", 2, /signs FINALIZE: not a step of the model, S2/],
  ["S3", 1, /signs NOTARIZE: not a step of the model, skips/],
  ["skips", 1, /signs NOTARIZE: not a step of the model, skips/],
  ["certificate", 1, /signs NOTARIZE: not a step of the model, skips/],
  ["carried", 1, /signs NOTARIZE: not a step of the model, skips/],
  ["named", 195, /signs NOTARIZE: not a step of the model, parent/],
  ["extend", 8, /signs NOTARIZE: not a step of the model, ended/],
  ["justify", 887, /signs NOTARIZE: not a step of the model, again/],
  ["S5-forget", 9, /signs FINALIZE: not a step of the model, S2/],
  ["S6", 16, /not a step of the model, enter/],
  ["quorum", 1, /not a step of the model, enter/],
  ["quorum-2f", 1, /not a step of the model, enter/],
  ["views", 1, /not a step of the model, enter/],
  ["vote-epoch", 54, /not a step of the model, enter/],
  ["certificate-epoch", 6, /not a step of the model, enter/],
  ["count-early", 4, /reports a block final that cannot be/],
  ["epoch", 1, /reports a block final that cannot be/],
  ["fsync", 1, /not a step of the model, enter/],
];

for (const [mutation, seed, said] of NOTICED) {
  test(`an engine without rule ${mutation} leaves the model with seed ${seed}`, () => {
    const mutant = MUTANTS.find((one) => one.mutation === mutation);
    assert.ok(mutant !== undefined);
    const { violations } = runSchedule(seed, { ...settingsOf(mutant), mutation, conform: true, only: ["MODEL"] });
    assert.match(violations[0]?.detail ?? "nothing", said);
    const intact = runSchedule(seed, settingsOf(mutant));
    assert.deepEqual(intact.violations, []);
  });
}

const BLOCK = fakeHash(3, Uint8Array.of(3));

function entry(kind: Vote["kind"], signer: number, view: number): RecordEntry {
  const named =
    kind === VOTE_KINDS.NULLIFY ? { height: 0, blockHash: new Uint8Array(32) } : { height: 1, blockHash: BLOCK };
  return {
    type: "own",
    vote: { kind, epoch: 1, view, signer, signature: new Uint8Array(64), ...named },
    block: undefined,
  };
}

/** Four validators, the last of them suspected, and what is found wrong with what they do. */
function watched() {
  const found: string[] = [];
  const conformance = new Conformance({
    config: {
      chainId: fakeHash(1, Uint8Array.of(1)),
      committee: [0, 1, 2, 3].map(fakeKey),
      ownKey: undefined,
      run: 1,
      epochBlocks: 5,
      blockMs: 500,
      deltaMs: 150,
      genesis: { hash: fakeHash(2, Uint8Array.of(2)), timestampMs: 0 },
      predicates: false,
    },
    seats: new SeatMap([0, 1, 2, 3], false),
    suspects: [3],
    blocks: new Map(),
    fail: (_, detail) => found.push(detail),
  });
  const signs = (place: number, kind: Vote["kind"], view: number): void =>
    conformance.observe(place, { type: "persist", token: 1, entries: [entry(kind, place, view)], replace: false });
  const enters = (place: number, view: number): void =>
    conformance.observe(place, { type: "viewEntered", epoch: 1, view, nullified: false });
  return { conformance, found, signs, enters };
}

test("FINALIZE takes a NOTARIZE certificate: durable votes of two honest validators and the suspect's", () => {
  const { conformance, found, signs } = watched();
  conformance.synced(0, [entry(VOTE_KINDS.NOTARIZE, 0, 1)]);
  signs(1, VOTE_KINDS.FINALIZE, 1);
  assert.match(found[0] ?? "", /^n1 in view 1:1 signs FINALIZE: not a step of the model, certificate: /);
  conformance.synced(2, [entry(VOTE_KINDS.NOTARIZE, 2, 1)]);
  signs(0, VOTE_KINDS.FINALIZE, 1);
  assert.equal(found.length, 1);
});

test("NULLIFY belongs to a view of the present step, and a restart forgets what was not durable", () => {
  const { conformance, found, signs, enters } = watched();
  enters(0, 1);
  conformance.synced(1, [entry(VOTE_KINDS.NULLIFY, 1, 1)]);
  conformance.synced(2, [entry(VOTE_KINDS.NULLIFY, 2, 1)]);
  enters(0, 2);
  signs(0, VOTE_KINDS.NULLIFY, 1);
  assert.deepEqual(found, [], "in the step in which it leaves the view");
  conformance.stepped(0);
  signs(0, VOTE_KINDS.NULLIFY, 1);
  assert.match(found[0] ?? "", /signs NULLIFY: not a step of the model, view: /);
  conformance.synced(1, [entry(VOTE_KINDS.NOTARIZE, 1, 3)]);
  conformance.synced(2, [entry(VOTE_KINDS.NOTARIZE, 2, 3)]);
  enters(0, 3);
  signs(0, VOTE_KINDS.NULLIFY, 3);
  signs(0, VOTE_KINDS.FINALIZE, 3);
  assert.match(found[1] ?? "", /^n0 enters view 1:3: .*enter: /);
  assert.match(found[2] ?? "", /signs FINALIZE: .*S2: /);
  conformance.started(0);
  signs(0, VOTE_KINDS.FINALIZE, 3);
  assert.equal(found.length, 3);
  signs(3, VOTE_KINDS.FINALIZE, 9);
  assert.equal(found.length, 3, "nobody asks what a suspect signs");
});
