// How elections look to a person: candidates by rank, the seats of a committee, votes with when they are free. Pure; `--json`
// prints the same as data.

import { BTM_DECIMALS, formatAmount } from "@bystack/wallet/amounts";
import type { Candidate, Caught, CommitteeReply, Elections, Vote } from "./elections.ts";

/** Digits of a key that are shown; enough to name a candidate to any command. */
const KEY_DIGITS = 16;

/** Neu as BTM without zeros at the end. */
export function btm(neu: string): string {
  return formatAmount(BigInt(neu), BTM_DECIMALS).replace(/\.?0+$/, "");
}

const shortKey = (key: string): string => `${key.slice(0, KEY_DIGITS)}…`;

/** Rows under a heading, columns as wide as they need; those named are set to the right. */
function table(heading: readonly string[], rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

const STATES: Readonly<Record<Candidate["status"], string>> = {
  standing: "stands",
  "below-threshold": "too few votes",
  demoted: "missed too many views: out of the next election",
  resigned: "resigned",
  removed: "removed: it signed twice",
};

function seatText({ seatNow, seatNext }: Candidate): string {
  if (seatNow === null && seatNext === null) return "-";
  if (seatNow !== null && seatNext !== null) return "has a seat";
  return seatNow === null ? "from the next epoch" : "until the end of this epoch";
}

export function formatCandidates(
  elections: Elections,
  candidates: readonly Candidate[],
  caught: readonly Caught[],
): string {
  const { epoch, nextElectionHeight, parameters } = elections;
  const standing = candidates.filter(({ rank }) => rank !== null).length;
  const lines = [
    `epoch ${epoch}; block ${nextElectionHeight} elects the committee of epoch ${epoch + 2}; at most ${parameters.seatChangesMax} of the seats change`,
    `elected from ${btm(parameters.thresholdNeu)} BTM of votes on; bond at least ${btm(parameters.bondMinNeu)} BTM; reward pool ${btm(elections.poolNeu)} BTM`,
  ];
  if (candidates.length === 0) {
    lines.push("", "Nobody stands for election. Stand with a node: bystack candidate register <node> --from <account>");
  } else {
    const rows = candidates.map((candidate) => [
      candidate.rank === null ? "-" : String(candidate.rank),
      candidate.id,
      shortKey(candidate.key),
      btm(candidate.votesNeu),
      candidate.bondNeu === null ? "-" : btm(candidate.bondNeu),
      `${candidate.voterShare} %`,
      candidate.missed === null ? "-" : String(candidate.missed),
      seatText(candidate),
      STATES[candidate.status],
    ]);
    const heading = ["rank", "name", "key", "votes", "bond", "share", "missed", "seat", "state"];
    lines.push("", ...table(heading, rows, [0, 3, 4, 5, 6]));
    if (standing < parameters.committeeMin)
      lines.push(
        "",
        `${standing} stand, ${parameters.committeeMin} are needed: until then the present committee stays.`,
      );
  }
  for (const one of caught)
    lines.push(
      "",
      `caught  ${one.id} signed twice in epoch ${one.epoch}, view ${one.view} (evidence in block ${one.height})`,
    );
  return lines.join("\n");
}

export function formatCommittee(committee: CommitteeReply): string {
  const { epoch, when, firstHeight, lastHeight, members, standbys, quorum, faultsTolerated } = committee;
  const rows = members.map((seat) => [
    String(seat.index),
    seat.id,
    shortKey(seat.voteKey),
    seat.candidate === null ? "chain spec" : shortKey(seat.candidate),
    seat.missed === null ? "-" : String(seat.missed),
    seat.barred ? "signed twice: loses its seat at the next election" : "",
  ]);
  const lines = [
    `committee of epoch ${epoch} (${when}), blocks ${firstHeight} to ${lastHeight}: ${quorum} of ${members.length} decide, ${faultsTolerated} may fail`,
    ...table(["seat", "name", "vote key", "candidate", "missed", ""], rows, [0, 4]),
  ];
  for (const { candidate, votesNeu } of standbys ?? [])
    lines.push(`standby  ${shortKey(candidate)}  ${btm(votesNeu)} BTM`);
  return lines.join("\n");
}

export type OwnVote = Vote & { readonly account: string; readonly name: string };

export function formatVotes(
  votes: readonly OwnVote[],
  now: { readonly height: number; readonly epoch: number },
): string {
  if (votes.length === 0) return "No votes. Cast one: bystack vote <candidate> <amount> --from <account>";
  const free = ({ freeFrom, bond }: OwnVote): string => {
    if (freeFrom === null) return bond ? "bound until the candidate resigns" : "-";
    return freeFrom <= now.height + 1 ? "free" : `free from block ${freeFrom}`;
  };
  const rows = votes.map((vote) => [
    vote.account,
    vote.name,
    btm(vote.amountNeu),
    vote.bond ? "bond" : "vote",
    free(vote),
    btm(vote.dueNeu),
    vote.dueNeu !== "0" && vote.claimFromEpoch > now.epoch ? `claim from epoch ${vote.claimFromEpoch}` : "",
  ]);
  return table(["account", "candidate", "BTM", "", "when", "share due", ""], rows, [2, 5]).join("\n");
}
