// An election with real processes, by the commands that a person would use, under load: candidates stand, votes are cast, a
// node that had no seat takes one and another loses its own, a validator that was away over an epoch's end comes back, the
// federation still carries assets, voters claim their share and take their votes back.

import { setTimeout as delay } from "node:timers/promises";
import { prove } from "./federation.ts";
import { waitUntilReady } from "./network.ts";
import { gapsIn, quantile } from "./observer.ts";
import { missingOnNodes, newsOf } from "./oracle.ts";
import { type Check, nowMs, type Run, say } from "./run.ts";

const VOTER = "alice";
const VOTE_BTM = "300";
/** Four bonds of 100, the votes, and fees. */
const FUND_BTM = "1000";
/** Percent of its rewards that the winner leaves to its voters. */
const SHARE = "20";
const PEG_DEADLINE_MS = 60_000;
/** An epoch of the dev network is 60 blocks: an election counts from the epoch after the next, at most 90 s later. */
const ELECTED_DEADLINE_MS = 150_000;
/** A vote is locked for two epochs, and a share can be claimed in the epoch after the vote. */
const FREE_DEADLINE_MS = 120_000;
const POLL_MS = 500;
/** As for any validator that is away: the first turn of its own as the leader. A change of seats costs no view. */
const GAP_MS = 2_000;

type Seats = { readonly epoch: number; readonly members: readonly { readonly id: string; readonly missed: number }[] };
type Votes = { readonly height: number; readonly votes: readonly { candidate: string; freeFrom: number | null }[] };

async function until(what: string, deadlineMs: number, holds: () => Promise<boolean>): Promise<void> {
  const end = nowMs() + deadlineMs;
  while (!(await holds())) {
    if (nowMs() > end) throw new Error(`${what}: not within ${deadlineMs / 1000} s`);
    await delay(POLL_MS);
  }
}

async function fund({ network }: Run): Promise<void> {
  await network.cli("peg", "in", "--from", VOTER, "--amount", FUND_BTM);
  await until("the voter's BTM on the side chain", PEG_DEADLINE_MS, async () => {
    const { balances } = (await network.cli("wallet", "balance", VOTER)) as {
      balances: { chain: string; asset: string; spendable: string }[];
    };
    return balances.some(
      ({ chain, asset, spendable }) =>
        chain !== network.state.mainChain && asset === "BTM" && Number(spendable) >= Number(FUND_BTM),
    );
  });
}

/** The committee of an epoch, as the command line tells it. */
const seatsOf = async ({ network }: Run, epoch: string): Promise<Seats> =>
  (await network.cli("committee", "--epoch", epoch)) as Seats;

/** Kills a validator for a whole epoch, and waits until it is ready again. @returns how long that took, in ms */
async function awayOverAnEpoch(run: Run, id: string): Promise<number> {
  const { network, observer } = run;
  const { epoch } = await seatsOf(run, "now");
  process.kill(network.pid(id), "SIGKILL");
  await until("the epoch after the next", ELECTED_DEADLINE_MS, async () => {
    const { epoch: now } = await network.client(network.sides.find((other) => other !== id) ?? "").call("committee", {
      params: { epoch: "now" },
    });
    return now >= epoch + 2;
  });
  const from = nowMs();
  await network.start([id]);
  observer.connect([id]);
  await waitUntilReady(network, [id]);
  return nowMs() - from;
}

export async function election(run: Run): Promise<Check[]> {
  const { network, observer } = run;
  const newcomer = network.sides.at(-1) ?? "";
  const [first = "", ...others] = network.sides.slice(0, -1);
  const loser = others.at(-1) ?? "";
  const standing = [first, ...others.slice(0, -1)];
  const news = newsOf(run);
  await fund(run);
  const from = nowMs();
  say(`${newcomer} and ${standing.join(", ")} stand for election, ${loser} does not`);
  await network.cli("candidate", "register", newcomer, "--from", VOTER, "--share", SHARE);
  for (const id of standing) await network.cli("candidate", "register", id, "--from", VOTER);
  await network.cli("vote", newcomer, VOTE_BTM, "--from", VOTER);
  await until(`${newcomer} has a seat`, ELECTED_DEADLINE_MS, async () =>
    (await seatsOf(run, "now")).members.some(({ id }) => id === newcomer),
  );
  const elected = await seatsOf(run, "now");
  const ids = elected.members.map(({ id }) => id);
  say(`epoch ${elected.epoch}: ${ids.join(", ")}`);
  const rejoinMs = await awayOverAnEpoch(run, first);
  say("a round trip through the federation, whose members had to follow the committees");
  const proof = await prove(network);
  await until("a share of the voter", FREE_DEADLINE_MS, async () => {
    const { amountNeu } = (await network.cli("votes", "claim", "--from", VOTER)) as { amountNeu: string };
    return amountNeu !== "0";
  });
  await until("votes that are free", FREE_DEADLINE_MS, async () => {
    const { height, votes } = (await network.cli("votes", "list", VOTER)) as Votes;
    return votes.some(({ freeFrom }) => freeFrom !== null && freeFrom <= height + 1);
  });
  const veto = (await network.cli("veto", newcomer, "--from", VOTER, "--forgo")) as { amountNeu: string };
  const missed = (await seatsOf(run, "now")).members.find(({ id }) => id === newcomer)?.missed ?? -1;
  const gaps = gapsIn(observer.blocks, from, nowMs());
  const p99 = Math.round(quantile(gaps, 0.99));
  const longest = Math.round(Math.max(...gaps));
  run.load.stop();
  await run.running;
  const lost = await missingOnNodes(run, news());
  for (const problem of lost.slice(0, 10)) say(`PROBLEM ${problem}`);
  return [
    {
      name: "committee after the election",
      value: ids.join(" "),
      limit: `with ${newcomer}, without ${loser}`,
      ok: ids.includes(newcomer) && !ids.includes(loser),
    },
    { name: `views that ${newcomer} let pass`, value: missed, limit: "0", ok: missed === 0 },
    { name: `${first}, away over an epoch's end, ready after ms`, value: Math.round(rejoinMs), limit: "", ok: true },
    { name: "round trip after it, s", value: proof.seconds, limit: "proven", ok: proof.ok },
    {
      name: "votes taken back, neu",
      value: veto.amountNeu,
      limit: `${VOTE_BTM} BTM`,
      ok: veto.amountNeu === `${VOTE_BTM}00000000`,
    },
    { name: "block interval, p99 ms, one away included", value: p99, limit: "", ok: true },
    { name: "longest gap, ms", value: longest, limit: `at most ${GAP_MS}`, ok: longest <= GAP_MS },
    { name: "final blocks and transactions lost", value: lost.length, limit: "0", ok: lost.length === 0 },
  ];
}
