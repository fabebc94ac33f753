// Who was heard in a consensus.

import assert from "node:assert/strict";
import { test } from "node:test";
import { silenceShare, summaryOf, voteStatus } from "../src/view/votes.ts";

const voter = (id: string, lastVoteAgeMs: number | null, self = false) => ({ id, self, lastVoteAgeMs });

test("a validator is judged by how long it was not heard, the one that was asked by whether it votes", () => {
  assert.equal(voteStatus(voter("a", 400), true).word, "votes");
  assert.equal(voteStatus(voter("a", 5_000), true).word, "late");
  assert.equal(voteStatus(voter("a", 10_001), true).word, "silent");
  assert.equal(voteStatus(voter("a", null), true).word, "never heard");
  assert.equal(voteStatus(voter("a", null, true), true).word, "votes");
  assert.equal(voteStatus(voter("a", null, true), false).word, "silent");
  assert.deepEqual(
    [0, 5_000, 60_000].map((age) => silenceShare(voter("a", age), true)),
    [0, 0.5, 1],
  );
});

test("the sentence says what the votes mean for the chain", () => {
  const of = (ages: readonly (number | null)[]) =>
    summaryOf({
      validators: [voter("v0", null, true), ...ages.map((age, i) => voter(`v${i + 1}`, age))],
      quorum: 3,
      voting: true,
    });
  assert.equal(of([1, 1, 1]).status.word, "all vote");
  assert.deepEqual(of([1, 1, 60_000]).missing, ["v3"]);
  assert.equal(of([1, 1, 60_000]).status.word, "no margin");
  const lost = of([1, 60_000, null]);
  assert.equal(lost.status.word, "no quorum");
  assert.equal(lost.sentence, "2 of 4 validators are heard, 3 are needed for a final block: the chain stands still.");
});
