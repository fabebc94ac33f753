// Why the engine took something not in, by name. What no honest node sends is scored; what one may send that is late is
// only told, so that an operator can count it and nobody can set honest peers against each other.

import { VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { BbftMessage } from "./messages.ts";

/** Scored: the sender broke a rule that every honest node keeps. */
export const SCORED_REFUSALS = [
  /** A proposal that its leader did not sign, or of another chain, epoch or place. */
  "PROPOSAL",
  /** A certificate that does not verify under the keys of its epoch. */
  "CERTIFICATE",
  /** A certificate of another epoch than its message, and not the one that opened it. */
  "CERTIFICATE_EPOCH",
  "VOTE_SIGNATURE",
  /** A vote of a place that the committee does not have. */
  "VOTE_SIGNER",
  /** A vote of another epoch than its message. */
  "VOTE_EPOCH",
  "BLOCK",
  "SYNC",
  "ANSWER",
] as const;

/** Told and not scored: an honest node that was away may send it. */
export const UNSCORED_REFUSALS = ["OLD_EPOCH"] as const;

export type ScoredRefusal = (typeof SCORED_REFUSALS)[number];
export type UnscoredRefusal = (typeof UNSCORED_REFUSALS)[number];

/**
 * What is wrong about the epochs in a NOTES: an honest sender puts in its own epoch alone, and the certificate that
 * opened it, which is the FINALIZE of the epoch before.
 */
export function foreignContent(
  message: BbftMessage & { type: "NOTES" },
): "VOTE_EPOCH" | "CERTIFICATE_EPOCH" | undefined {
  const { epoch } = message;
  if (message.votes.some((vote) => vote.epoch !== epoch)) return "VOTE_EPOCH";
  const isOwn = message.certificates.every(
    (one) => one.epoch === epoch || (one.kind === VOTE_KINDS.FINALIZE && one.epoch === epoch - 1),
  );
  return isOwn ? undefined : "CERTIFICATE_EPOCH";
}
