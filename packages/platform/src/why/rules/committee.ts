// Whether a side chain goes on: a lost quorum, none to spare, a cut between validators that run, a standstill that nothing
// explains, a leader in vain.

import type { Committee, Seat } from "../committee.ts";
import { are, count, type Draft, draft, duration, listed, nodeDraft } from "../draft.ts";
import { type Answering, type Evidence, isAnswering, nodesOf } from "../evidence.ts";

/** Starts every node of the network that does not run. */
const START_ALL = "bystack up";
/** More nodes than these are not each named in a sentence that says how to start them. */
const STARTS_NAMED_MAX = 3;

/** Views in a row that a leader must have lost: two whole turns, so that one bad moment is none. */
const VAIN_TURNS = 2;

export const awaySeats = ({ seats }: Committee): Seat[] => seats.filter(({ state }) => state === "away");
const notLive = ({ seats }: Committee): Seat[] => seats.filter(({ state }) => state !== "live");

const reasonLine = ({ id, reason }: Seat): string => `${id}: ${reason}`;

const startOf = ({ id }: Seat): string => `bystack node start ${id}`;

function remedyOf(seats: readonly Seat[]): string[] {
  return seats.map((seat) => (seat.gone ? startOf(seat) : `bystack why ${seat.id}`));
}

function startText(seats: readonly Seat[]): string {
  if (seats.length === 0) return "";
  const isDown = seats.every(({ gone }) => gone);
  const them = seats.length === 1 ? "it" : "them";
  const starts = seats.length > STARTS_NAMED_MAX ? START_ALL : seats.map(startOf).join(", ");
  return isDown ? ` Start ${them}: ${starts}` : ` See what keeps ${them}: bystack why ${seats[0]?.id}`;
}

/** `2 of 4 validators vote and 3 are needed; demo-3 and demo-4 are away`. */
export function quorumText(committee: Committee): string {
  const away = notLive(committee).map(({ id }) => id);
  const voting = committee.live === 0 ? "none" : String(committee.live);
  const verb = committee.live <= 1 ? "votes" : "vote";
  const needed = `${committee.quorum} ${committee.quorum === 1 ? "is" : "are"} needed`;
  return `${voting} of ${count(committee.seats.length, "validator")} ${verb} and ${needed}; ${listed(away)} ${are(away)} away`;
}

function quorumLost(committee: Committee): Draft {
  const missing = notLive(committee);
  const sentence = `${committee.chain} has stopped: ${quorumText(committee)}.${startText(missing)}`;
  return draft("quorum-lost", { chain: committee.chain, subject: committee.chain }, sentence, {
    severity: "critical",
    sinceMs: committee.stoppedSinceMs ?? null,
    evidence: missing.map(reasonLine),
    commands: remedyOf(missing),
    about: missing.map(({ id }) => id),
  });
}

function marginZero(committee: Committee, round: string | undefined): Draft {
  const away = awaySeats(committee);
  const ids = away.map(({ id }) => id);
  const sentence =
    `${committee.chain} goes on, but the next validator that fails stops it: ${committee.seats.length - away.length} of ` +
    `${committee.seats.length} vote and all ${committee.quorum} are needed; ${listed(ids)} ${are(ids)} away.${startText(away)}`;
  const ends = away.flatMap(({ node }) => (node?.phase === "running" ? [] : (node?.exit?.atMs ?? [])));
  return draft("margin-zero", { chain: committee.chain, subject: committee.chain }, sentence, {
    sinceMs: ends.length === 0 ? null : Math.max(...ends),
    evidence: [...away.map(reasonLine), ...(round === undefined ? [] : [round])],
    commands: remedyOf(away),
    about: ids,
  });
}

/** Nodes that are connected with each other, the largest group first. A connection counts when neither side denies it. */
export function groupsOf(nodes: readonly Answering[]): string[][] {
  const says = (from: Answering, to: string): boolean => from.peers.find(({ id }) => id === to)?.connected ?? true;
  const linked = (a: Answering, b: Answering): boolean => says(a, b.id) && says(b, a.id);
  const left = new Set(nodes);
  const groups: string[][] = [];
  for (const start of nodes) {
    if (!left.delete(start)) continue;
    const group = [start];
    for (const one of group)
      for (const other of [...left]) if (linked(one, other) && left.delete(other)) group.push(other);
    groups.push(group.map(({ id }) => id));
  }
  return groups.sort((a, b) => b.length - a.length);
}

/** Validators that run and answer here, and have no way to each other. */
function partition(committee: Committee, evidence: Evidence): Draft[] {
  const { chain, quorum, seats } = committee;
  const voters = nodesOf(evidence, chain)
    .filter(isAnswering)
    .filter(({ id, consensus }) => consensus?.voting === true && seats.some((seat) => seat.id === id));
  const groups = groupsOf(voters);
  const [largest = []] = groups;
  const apart = groups.slice(1).flat();
  const stands = committee.stoppedSinceMs !== undefined;
  // Without enough of them the cut is not what is missing.
  if (apart.length === 0 || voters.length < quorum || (stands && largest.length >= quorum)) return [];
  const place = { chain, subject: chain };
  const next = "Check addresses, ports and firewalls between their hosts; they dial again by themselves.";
  const evidenceLines = groups.map((group) => `connected with each other: ${listed(group)}`);
  const commands = apart.map((id) => `bystack logs ${id}`);
  if (stands) {
    const sentence =
      `${chain} has stopped: its validators run, but no ${quorum} of them are connected with each other ` +
      `(${groups.map((group) => listed(group)).join(" | ")}), so the network between them is cut. ${next}`;
    const parts = { severity: "critical" as const, sinceMs: committee.stoppedSinceMs ?? null };
    return [draft("partition", place, sentence, { ...parts, evidence: evidenceLines, commands, about: apart })];
  }
  const joining = new Set(seats.filter(({ state }) => state === "joining").map(({ id }) => id));
  const cut = apart.filter((id) => !joining.has(id));
  if (cut.length === 0 || largest.length < quorum) return [];
  const sentence =
    `${listed(cut)} ${cut.length === 1 ? "runs and answers" : "run and answer"} here, but ${are(cut)} cut off from ${listed(largest)}, which go on ` +
    `without ${cut.length === 1 ? "it" : "them"}. ${next}`;
  return [draft("partition", place, sentence, { evidence: evidenceLines, commands, about: cut })];
}

type Lost = { readonly id: string; readonly nullified: number; readonly led: number; readonly roundMs: number };

/** Leaders whose newest turns all failed, as most of the nodes saw it. */
function inVain(committee: Committee, evidence: Evidence): Lost[] {
  const nodes = nodesOf(evidence, committee.chain).filter(isAnswering);
  const lost: Lost[] = [];
  for (const [index, { id }] of committee.seats.entries()) {
    const seen = nodes.flatMap(({ vitals }) => {
      const side = vitals?.side;
      const record = side?.leaders.find((leader) => leader.index === index);
      return side === undefined || side === null || record === undefined
        ? []
        : [{ ...record, turn: side.viewsPerTurn }];
    });
    const failing = seen.filter(({ nullifiedInRow, turn }) => nullifiedInRow >= VAIN_TURNS * turn);
    const [first] = failing;
    if (first === undefined || failing.length * 2 <= seen.length) continue;
    lost.push({ id, led: first.led, nullified: first.nullified, roundMs: first.nullifiedMeanMs * first.turn });
  }
  return lost;
}

function leaderDead(committee: Committee, lost: Lost): Draft {
  const sentence =
    `${lost.id} votes, but no block that it leads becomes final: each round of leaders waits ${duration(lost.roundMs)} for it. ` +
    `Restart it; when that does not help, look at its log.`;
  return draft("leader-dead", { chain: committee.chain, subject: lost.id }, sentence, {
    evidence: [`${lost.nullified} of the last ${lost.led} views that it led were nullified`],
    commands: [`bystack node restart ${lost.id}`, `bystack logs ${lost.id}`],
    about: [lost.id],
  });
}

function standstill(committee: Committee, evidence: Evidence): Draft {
  const { chain, live, seats, best, stoppedSinceMs } = committee;
  const ageMs = Math.max(0, evidence.nowMs - (stoppedSinceMs ?? evidence.nowMs));
  const nodes = nodesOf(evidence, chain).filter(isAnswering);
  const sentence =
    `${chain} has stopped: no block has become final for ${duration(ageMs)}, although ${live} of ${count(seats.length, "validator")} ` +
    `vote and are connected. Keep the logs of all nodes and report it; a restart of the validators, one by one, loses nothing.`;
  const lines = nodes.map(
    ({ id, info, consensus }) =>
      `${id}: final height ${info.finalHeight}, epoch ${consensus?.epoch ?? "?"}, view ${consensus?.view ?? "?"}, ` +
      `${consensus?.nullifiedTotal ?? 0} views nullified`,
  );
  return draft("no-final-block", { chain, subject: chain }, sentence, {
    severity: "critical",
    sinceMs: stoppedSinceMs ?? null,
    evidence: [`newest final height ${best?.height ?? "unknown"}`, ...lines],
    commands: nodes.map(({ id }) => `bystack logs ${id}`),
  });
}

/** What is to be said of the chain as a whole. */
export function committeeFindings(committee: Committee, evidence: Evidence): Draft[] {
  const { seats, quorum, live, stoppedSinceMs } = committee;
  const cut = partition(committee, evidence);
  const lost = inVain(committee, evidence);
  const away = awaySeats(committee);
  if (stoppedSinceMs !== undefined) {
    if (live < quorum) return [quorumLost(committee), ...cut];
    return cut.length > 0 ? cut : [standstill(committee, evidence)];
  }
  const ofAway = lost.find(({ id }) => away.some((seat) => seat.id === id));
  const round =
    ofAway === undefined ? undefined : `each round of leaders waits ${duration(ofAway.roundMs)} for ${ofAway.id}`;
  const isMargin = away.length > 0 && seats.length - away.length === quorum;
  return [
    ...cut,
    ...(isMargin ? [marginZero(committee, round)] : []),
    ...lost
      .filter(({ id }) => id !== ofAway?.id && !away.some((seat) => seat.id === id))
      .map((one) => leaderDead(committee, one)),
  ];
}

/** A seated validator that is away although the chain has others to spare. */
export function sparedFindings(committee: Committee): Draft[] {
  const away = awaySeats(committee);
  if (committee.seats.length - away.length <= committee.quorum) return [];
  return away.flatMap((seat) => {
    const { node } = seat;
    // What is known of its process or its silence is said there.
    if (node !== undefined && (node.phase !== "running" || !isAnswering(node) || node.consensus?.voting === false))
      return [];
    const sentence = `${seat.id} ${seat.reason}; ${committee.chain} goes on without it.`;
    return [
      nodeDraft("unreachable", { id: seat.id, chain: committee.chain }, sentence, {
        commands: [`bystack logs ${seat.id}`],
      }),
    ];
  });
}
