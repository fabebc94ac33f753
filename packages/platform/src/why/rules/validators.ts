// Why a side node that runs does not vote, and what was wrong with its own files.

import { STANDS_MS } from "../committee.ts";
import { type Draft, duration, nodeDraft } from "../draft.ts";
import type { Answering, Consensus, Incident } from "../evidence.ts";

const LOST_RECORD: readonly string[] = ["record-missing", "record-damaged"];

/** Blocks until a node votes again that observes through a view of some epoch: about as many as the views need. */
function blocksToWait(node: Answering, consensus: Consensus): number | undefined {
  const side = node.vitals?.side;
  const through = side?.silentThrough;
  if (side === undefined || side === null || through === null || through === undefined) return undefined;
  const epochs = through.epoch - consensus.epoch;
  if (epochs <= 0) return Math.max(1, through.view - consensus.view + 1);
  const left = side.epochBlocks - (node.info.finalHeight % side.epochBlocks);
  return left + (epochs - 1) * side.epochBlocks + through.view + 1;
}

function lostRecord(node: Answering): Incident | undefined {
  const { startedAtMs } = node.info;
  return node.incidents.findLast(({ code, atMs }) => LOST_RECORD.includes(code) && atMs >= startedAtMs - STANDS_MS);
}

function observeFinding(node: Answering, consensus: Consensus): Draft {
  const lost = lostRecord(node);
  const reason =
    lost === undefined
      ? "others know votes of its key that its record does not hold: the record is an older copy, or the key is used twice"
      : lost.what;
  const blocks = blocksToWait(node, consensus);
  const eta =
    blocks === undefined || node.info.blockIntervalMs === null ? undefined : blocks * node.info.blockIntervalMs;
  const wait =
    blocks === undefined
      ? "by itself"
      : `by itself in about ${blocks} blocks${eta === undefined ? "" : ` (${duration(eta)})`}`;
  const sentence = `${node.id} only observes, so that it signs nothing twice: ${reason}. It votes again ${wait}.`;
  return nodeDraft("vote-log-lost", node, sentence, {
    sinceMs: lost?.atMs ?? null,
    evidence: [consensus.notVotingBecause ?? "", ...(lost === undefined ? [] : [`${lost.file}: ${lost.done}`])],
  });
}

/** Why a validator does not sign while its chain may well go on. */
function silenceFindings(node: Answering, consensus: Consensus): Draft[] {
  const why = consensus.notVotingBecause ?? "";
  switch (consensus.silence) {
    case "starting":
    case "asking":
    case "bar": {
      const sentence = `${node.id} does not vote yet: ${why}. This ends by itself once the others have answered.`;
      return [nodeDraft("silent-after-start", node, sentence, { severity: "note", sinceMs: node.info.startedAtMs })];
    }
    case "observe":
      return [observeFinding(node, consensus)];
    case "halted": {
      const sentence =
        `${node.id} contradicts a certificate of its committee and has stopped: it or more than a third are faulty. ` +
        "Keep its data folder and report it; then rebuild the node from its peers.";
      return [
        nodeDraft("diverged", node, sentence, {
          severity: "critical",
          commands: [`bystack logs ${node.id}`, `bystack node rebuild ${node.id}`],
        }),
      ];
    }
    default:
      return [];
  }
}

/** A node that stands for election, or was founded with a seat, and has none now. */
function notSeated(node: Answering, consensus: Consensus): Draft[] {
  const { seat } = node;
  if (consensus.silence !== "observer" || seat === undefined) return [];
  const { candidate, nextElectionHeight } = seat;
  if (candidate === undefined && !node.founder) return [];
  const blocks = Math.max(0, nextElectionHeight - node.info.finalHeight);
  const interval = node.info.blockIntervalMs;
  const when = `at height ${nextElectionHeight}${interval === null ? "" : `, in about ${duration(blocks * interval)}`}`;
  if (candidate === undefined) {
    const sentence = `${node.id} has no seat in epoch ${consensus.epoch} and does not stand for election, so it follows without a vote.`;
    return [
      nodeDraft("not-seated", node, sentence, {
        severity: "note",
        commands: [`bystack candidate register ${node.id}`],
      }),
    ];
  }
  const place = candidate.rank === null ? `it is ${candidate.status}` : `rank ${candidate.rank}`;
  const seated = candidate.seatNext === null ? `the next election is ${when}` : "it has one in the next epoch";
  const sentence = `${node.id} has no seat in epoch ${consensus.epoch}, so it follows without a vote: ${place}; ${seated}.`;
  return [
    nodeDraft("not-seated", node, sentence, {
      severity: "note",
      evidence: [`votes: ${candidate.votesNeu} neu`, `next election: height ${nextElectionHeight}`],
      commands: candidate.seatNext === null ? ["bystack candidate list"] : [],
    }),
  ];
}

function healedFindings(node: Answering, told: readonly Draft[]): Draft[] {
  const lost = told.some(({ id }) => id === "vote-log-lost") ? lostRecord(node) : undefined;
  return node.incidents
    .filter((incident) => incident !== lost)
    .map(({ code, atMs, file, what, done }) =>
      nodeDraft("healed", node, `${node.id} had trouble with ${file}: ${what}. What it did: ${done}.`, {
        severity: "note",
        sinceMs: atMs,
        evidence: [code],
      }),
    );
}

function supplyFindings(node: Answering, consensus: Consensus): Draft[] {
  if (consensus.supplyProblem === null) return [];
  const sentence = `${node.id} signs no payout any more: ${consensus.supplyProblem}.`;
  return [
    nodeDraft("supply-mismatch", node, sentence, {
      severity: "critical",
      commands: [`bystack logs ${node.id}`, "bystack federation status"],
    }),
  ];
}

/** What a side node says about itself. */
export function validatorFindings(node: Answering): Draft[] {
  const { consensus } = node;
  if (consensus === undefined) return [];
  const silent = silenceFindings(node, consensus);
  return [
    ...silent,
    ...notSeated(node, consensus),
    ...supplyFindings(node, consensus),
    ...healedFindings(node, silent),
  ];
}
