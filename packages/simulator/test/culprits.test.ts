// Accountability (promise P4): with f + 1 hostile validators, twins under one key each, the chain forks; certificates that
// two honest validators can show name more than f of the hostile, and never anybody else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Certificate, quorumSize, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { equalBytes } from "@bystack/utils/bytes";
import { type Culprits, type EvidenceContext, findCulprits } from "../src/culprits.ts";
import { fakeCrypto } from "../src/fake-crypto.ts";
import { runSplit, type Shown, type SplitOutcome } from "../src/split.ts";

function contextOf({ config }: SplitOutcome): EvidenceContext {
  return { chainId: config.chainId, keysOf: () => config.committee, verify: fakeCrypto(0).verify };
}

function shownBy(fork: readonly [Shown, Shown], withRecord: boolean): Certificate[] {
  return fork.flatMap(({ chain, record }) => (withRecord ? [...chain, ...record] : [...chain]));
}

function checkCulprits(seed: number, { hostile, config }: SplitOutcome, culprits: Culprits): void {
  const n = config.committee.length;
  assert.ok(culprits.seats.length > n - quorumSize(n), `seed ${seed}: ${culprits.seats.length} culprits`);
  const honest = culprits.seats.filter((seat) => !hostile.includes(seat));
  assert.deepEqual(honest, [], `seed ${seed}: the evidence names honest validators`);
}

/** Whether one of the chains ends the epoch of the fork with a block that was proposed again. */
function isOfReproposal({ config, forkHeight }: SplitOutcome, fork: readonly [Shown, Shown]): boolean {
  const epoch = Math.ceil(forkHeight / config.epochBlocks);
  return fork.some(({ blocks, chain }) => {
    const last = blocks[epoch * config.epochBlocks - 1];
    if (last === undefined) return false;
    return chain.some(
      ({ kind, view, blockHash }) =>
        kind === VOTE_KINDS.FINALIZE && equalBytes(blockHash, last.hash) && view > last.header.view,
    );
  });
}

type Count = { forks: number; byChains: number; byRecords: number; readonly unproven: number[] };

function runMany(scenarios: number, nodes: number): Count {
  const count: Count = { forks: 0, byChains: 0, byRecords: 0, unproven: [] };
  for (let seed = 1; seed <= scenarios; seed += 1) {
    const outcome = runSplit(seed, nodes);
    const { fork } = outcome;
    if (fork === undefined) continue;
    count.forks += 1;
    const byChains = findCulprits(shownBy(fork, false), contextOf(outcome));
    const all = byChains ?? findCulprits(shownBy(fork, true), contextOf(outcome));
    if (byChains !== undefined) count.byChains += 1;
    else if (all !== undefined) count.byRecords += 1;
    if (all !== undefined) checkCulprits(seed, outcome, all);
    else {
      assert.ok(isOfReproposal(outcome, fork), `seed ${seed}: a fork that nobody can be named for`);
      count.unproven.push(seed);
    }
  }
  console.log(JSON.stringify(count));
  return count;
}

test("1,000 scenarios of two hostile in four: every fork names them, but for last blocks proposed again", () => {
  const { forks, byChains, byRecords, unproven } = runMany(1000, 4);
  assert.ok(forks >= 600);
  assert.ok(byChains >= 0.98 * forks);
  // What justified the second proposal of a last block is in no chain, and the records were rewritten since.
  assert.ok(unproven.length <= forks / 100);
  assert.equal(byChains + byRecords + unproven.length, forks);
});

test("three hostile in seven", () => {
  const { forks, unproven } = runMany(50, 7);
  assert.ok(forks >= 15);
  assert.deepEqual(unproven, []);
});

test("a certificate with a wrong signature proves nothing", () => {
  const outcome = runSplit(1, 4);
  assert.ok(outcome.fork !== undefined);
  const context = contextOf(outcome);
  const proof = findCulprits(shownBy(outcome.fork, true), context);
  assert.ok(proof !== undefined);
  assert.deepEqual(findCulprits([proof.first, proof.second], context), proof);
  const signatures = proof.second.signatures.slice();
  signatures[0] = (signatures[0] ?? 0) ^ 1;
  assert.equal(findCulprits([proof.first, { ...proof.second, signatures }], context), undefined);
  assert.equal(findCulprits([proof.first, proof.second], { ...context, keysOf: () => undefined }), undefined);
});
