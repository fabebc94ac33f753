// The commands of elections, part by part: how lists look, full and empty; a candidate found by what a person calls it; and
// success that waits until the transaction is final and the state shows it.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { SideClient } from "@bystack/platform/network/run";
import { BystackError, type ErrorKind } from "@bystack/utils/errors";
import { btm, formatCandidates, formatCommittee, formatVotes, type OwnVote } from "../src/network/election-table.ts";
import {
  type Candidate,
  type CommitteeReply,
  type Elections,
  everyPage,
  findCandidate,
} from "../src/network/elections.ts";
import { untilFinal } from "../src/network/final.ts";

const elections: Elections = {
  height: 130,
  epoch: 3,
  epochBlocks: 60,
  nextElectionHeight: 180,
  candidates: 2,
  poolNeu: "150000000",
  votersNeu: "0",
  feesNeu: "0",
  poolDeposit: null,
  parameters: {
    outputMinNeu: "100000000",
    thresholdNeu: "10000000000",
    bondMinNeu: "10000000000",
    committeeMin: 4,
    committeeMax: 10,
    seatChangesMax: 1,
    standbysMax: 10,
    candidatesMax: 1000,
    missedMax: 3,
    unbondingBlocks: 3_456_000,
    voteLockBlocks: 120,
    trustingMs: 1_209_600_000,
    producersBps: 9000,
    poolReleaseNeu: "0",
  },
};

const candidate = (part: Partial<Candidate>): Candidate => ({
  key: "ab".repeat(64),
  id: "demo-5",
  voteKey: "cd".repeat(32),
  rank: 1,
  status: "standing",
  votesNeu: "25050000000",
  bondNeu: "10000000000",
  bondId: "ef".repeat(32),
  bondFreeFrom: null,
  voterShare: 20,
  rewardProgram: "51",
  rewardAddress: null,
  seatNow: null,
  seatNext: 3,
  missed: null,
  lastSeatEpoch: 4,
  resignedEpoch: null,
  ...part,
});

suite("tables", () => {
  test("amounts are BTM without zeros that say nothing", () => {
    assert.deepEqual(["0", "1", "150000000", "10000000000", "25050000000"].map(btm), [
      "0",
      "0.00000001",
      "1.5",
      "100",
      "250.5",
    ]);
  });

  test("candidates by rank, each with what becomes of it, and who was caught", () => {
    const text = formatCandidates(
      elections,
      [
        candidate({ seatNow: 0, missed: 2 }),
        candidate({
          id: "demo-2",
          rank: null,
          status: "removed",
          bondNeu: null,
          seatNext: null,
          votesNeu: "100000000",
        }),
      ],
      [{ voteKey: "cd".repeat(32), id: "demo-2", candidate: null, epoch: 2, view: 9, height: 77 }],
    );
    const lines = text.split("\n");
    assert.match(lines[0] ?? "", /^epoch 3; block 180 elects the committee of epoch 5; at most 1 of the seats change$/);
    assert.match(lines[1] ?? "", /from 100 BTM of votes on; bond at least 100 BTM; reward pool 1\.5 BTM$/);
    const [first, second] = [
      lines.find((line) => line.includes("demo-5")),
      lines.find((line) => line.includes("demo-2  ")),
    ];
    assert.match(first ?? "", /^ {3}1 {2}demo-5 {2}(?:ab){8}… {2}250\.5 {3}100 {3}20 % {7}2 {2}has a seat {2}stands$/);
    assert.match(second ?? "", /^ {3}- {2}demo-2 .* 1 +- +20 % +- {2}- +removed: it signed twice$/);
    assert.match(text, /1 stand, 4 are needed: until then the present committee stays\./);
    assert.match(text, /caught {2}demo-2 signed twice in epoch 2, view 9 \(evidence in block 77\)$/);
  });

  test("a seat that comes and one that ends say when", () => {
    const seats = [candidate({ seatNow: null, seatNext: 1 }), candidate({ seatNow: 1, seatNext: null })];
    const text = formatCandidates(elections, seats, []);
    assert.match(text, /from the next epoch/);
    assert.match(text, /until the end of this epoch/);
  });

  test("nobody stands: the next step is named", () => {
    const text = formatCandidates({ ...elections, candidates: 0 }, [], []);
    assert.match(text, /Nobody stands for election\. Stand with a node: bystack candidate register <node>/);
    assert.doesNotMatch(text, /undefined|null|NaN/);
  });

  test("a committee with its seats and standbys", () => {
    const member = { voteKey: "cd".repeat(32), voterShare: 0, rewardProgram: "51" };
    const committee: CommitteeReply = {
      epoch: 3,
      when: "now",
      firstHeight: 121,
      lastHeight: 180,
      quorum: 2,
      faultsTolerated: 0,
      members: [
        { ...member, index: 0, id: "demo-1", candidate: null, missed: 0, barred: false },
        { ...member, index: 1, id: "cdcdcdcd", candidate: "ab".repeat(64), missed: 5, barred: true },
      ],
      standbys: [{ candidate: "12".repeat(64), votesNeu: "20000000000" }],
    };
    const lines = formatCommittee(committee).split("\n");
    assert.equal(lines[0], "committee of epoch 3 (now), blocks 121 to 180: 2 of 2 decide, 0 may fail");
    assert.match(lines[2] ?? "", /^ {3}0 {2}demo-1 {4}(?:cd){8}… {2}chain spec +0$/);
    assert.match(lines[3] ?? "", /^ {3}1 {2}cdcdcdcd .*5 {2}signed twice: loses its seat at the next election$/);
    assert.match(lines[4] ?? "", /^standby {2}(?:12){8}… {2}200 BTM$/);
    assert.doesNotMatch(formatCommittee({ ...committee, standbys: null }), /standby/);
  });

  test("votes with when they are free", () => {
    const vote = (part: Partial<OwnVote>): OwnVote => ({
      account: "alice",
      name: "demo-5",
      id: "01".repeat(32),
      candidate: "ab".repeat(64),
      amountNeu: "500000000",
      program: "51",
      address: null,
      height: 10,
      bond: false,
      freeFrom: 140,
      dueNeu: "0",
      claimFromEpoch: 2,
      sourceId: "02".repeat(32),
      sourcePosition: 0,
      ...part,
    });
    const now = { height: 130, epoch: 3 };
    const lines = formatVotes(
      [
        vote({}),
        vote({ freeFrom: 131 }),
        vote({ bond: true, freeFrom: null }),
        vote({ dueNeu: "1000", claimFromEpoch: 4 }),
      ],
      now,
    ).split("\n");
    assert.match(lines[1] ?? "", /vote {2}free from block 140/);
    assert.match(lines[2] ?? "", /vote {2}free +0$/);
    assert.match(lines[3] ?? "", /bond {2}bound until the candidate resigns/);
    assert.match(lines[4] ?? "", /0\.00001 {2}claim from epoch 4$/);
    assert.match(formatVotes([], now), /^No votes\. Cast one: bystack vote /);
  });
});

function errorOf(code: string, kind: ErrorKind = "not-found"): BystackError {
  return new BystackError(code, { kind, fault: "none", message: `a test: ${code}`, next: "nothing" });
}

/** A node that answers a call with the next of these; an error is thrown. The last one is given for ever. */
function nodeOf(answers: Readonly<Record<string, readonly unknown[]>>): { node: SideClient; asked: string[] } {
  const asked: string[] = [];
  const call = async (id: string): Promise<unknown> => {
    const list = answers[id] ?? assert.fail(`nobody should ask ${id}`);
    const answer = list[Math.min(asked.filter((one) => one === id).length, list.length - 1)];
    asked.push(id);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { node: { baseUrl: "http://test", call } as unknown as SideClient, asked };
}

suite("a candidate as a person calls it", () => {
  const pages = [
    { items: [candidate({}), candidate({ id: "demo-2", key: "12".repeat(64) })], next: "x" },
    { items: [candidate({ id: "demo-9", key: "34".repeat(64) })], next: null },
  ];

  test("by the name of its node, on whichever page it is", async () => {
    assert.equal((await findCandidate(nodeOf({ candidates: pages }).node, "demo-9")).key, "34".repeat(64));
  });

  test("by the beginning of a key, which the node looks up; anything else is not there", async () => {
    const { node, asked } = nodeOf({ candidates: pages, candidate: [candidate({ id: "found" })] });
    assert.equal((await findCandidate(node, "12121212")).id, "found");
    assert.deepEqual(asked, ["candidates", "candidates", "candidate"]);
    await assert.rejects(findCandidate(nodeOf({ candidates: pages }).node, "Demo 7"), { code: "CANDIDATE_NOT_FOUND" });
  });

  test("all pages of a list, each once", async () => {
    const cursors: (string | undefined)[] = [];
    const all = await everyPage(async (cursor) => {
      cursors.push(cursor);
      return cursor === undefined ? { items: [1, 2], next: "a" } : { items: [3], next: null };
    });
    assert.deepEqual(
      [all, cursors],
      [
        [1, 2, 3],
        [undefined, "a"],
      ],
    );
  });
});

suite("success", () => {
  const FINAL = { status: "final" };
  const PENDING = { status: "pending" };
  const GONE = errorOf("TRANSACTION_NOT_FOUND");

  function timing() {
    const clock = { ms: 0 };
    const sleep = async (ms: number): Promise<void> => {
      clock.ms += ms;
    };
    return { nowMs: () => clock.ms, sleep };
  }

  const wait = (answers: readonly unknown[], shows: () => Promise<string | undefined>) =>
    untilFinal(nodeOf({ transaction: answers }).node, { transaction: "ab", what: "the vote", shows }, timing());

  test("comes when the transaction is final and the state shows it, not before", async () => {
    let looked = 0;
    const shows = async (): Promise<string | undefined> => {
      looked += 1;
      return looked < 3 ? undefined : "seen";
    };
    const away = errorOf("UNREACHABLE", "unavailable");
    const { node, asked } = nodeOf({ transaction: [PENDING, GONE, PENDING, away, FINAL] });
    assert.equal(await untilFinal(node, { transaction: "ab", what: "the vote", shows }, timing()), "seen");
    assert.deepEqual([asked.length, looked], [4 + 3, 3], "the state is not asked while the transaction waits");
  });

  test("a transaction that nobody knows any more is told at once, one that waits for ever after the deadline", async () => {
    const never = async (): Promise<undefined> => undefined;
    await assert.rejects(wait([PENDING, GONE], never), { code: "TRANSACTION_GONE", why: "the vote: ab" });
    const often = [PENDING, GONE, GONE, GONE, GONE, PENDING, GONE, GONE, GONE, GONE, FINAL];
    assert.equal(
      await wait(often, async () => "seen"),
      "seen",
      "between pool and block it may be nowhere for a moment",
    );
    await assert.rejects(wait([PENDING], never), { code: "WAIT_TIMEOUT", why: /^the vote: it waits; transaction ab$/ });
    await assert.rejects(wait([FINAL], never), {
      code: "WAIT_TIMEOUT",
      why: /it is final, but the state does not show it/,
    });
  });

  test("any other error of the node is passed on", async () => {
    await assert.rejects(
      wait([errorOf("BAD_REQUEST", "invalid")], async () => "seen"),
      { code: "BAD_REQUEST" },
    );
  });
});
