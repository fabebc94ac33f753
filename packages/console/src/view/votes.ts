// Who was heard in a consensus, in words. Pure. The node that was asked counts itself by whether it votes.

import type { Status } from "./status.ts";

/** A validator not heard for this long is missing (platform.md section 8). */
export const SILENT_MS = 10_000;
/** Later than this is late: a few blocks. */
const LATE_MS = 3_000;

export type VoterLike = { readonly self: boolean; readonly lastVoteAgeMs: number | null };

export function voteStatus({ self, lastVoteAgeMs }: VoterLike, isSelfVoting: boolean): Status {
  if (self) return isSelfVoting ? { tone: "good", word: "votes" } : { tone: "bad", word: "silent" };
  if (lastVoteAgeMs === null) return { tone: "bad", word: "never heard" };
  if (lastVoteAgeMs > SILENT_MS) return { tone: "bad", word: "silent" };
  return lastVoteAgeMs > LATE_MS ? { tone: "warn", word: "late" } : { tone: "good", word: "votes" };
}

/** How long ago it was heard, as a share of {@link SILENT_MS}: 0 just now, 1 missing. */
export function silenceShare({ self, lastVoteAgeMs }: VoterLike, isSelfVoting: boolean): number {
  if (self) return isSelfVoting ? 0 : 1;
  return lastVoteAgeMs === null ? 1 : Math.min(1, lastVoteAgeMs / SILENT_MS);
}

type ConsensusLike = {
  readonly validators: readonly (VoterLike & { readonly id: string })[];
  readonly quorum: number;
  readonly voting: boolean;
};

export type VoteSummary = {
  readonly live: number;
  readonly missing: readonly string[];
  readonly status: Status;
  readonly sentence: string;
};

export function summaryOf({ validators, quorum, voting }: ConsensusLike): VoteSummary {
  const missing = validators.filter((voter) => voteStatus(voter, voting).tone === "bad").map(({ id }) => id);
  const live = validators.length - missing.length;
  const heard = `${live} of ${validators.length} validators are heard, ${quorum} are needed for a final block`;
  if (live < quorum)
    return { live, missing, status: { tone: "bad", word: "no quorum" }, sentence: `${heard}: the chain stands still.` };
  if (live === quorum && missing.length > 0)
    return {
      live,
      missing,
      status: { tone: "warn", word: "no margin" },
      sentence: `${heard}: it stops with one less.`,
    };
  const sentence = `${heard}: ${live - quorum} more may fail.`;
  return missing.length > 0
    ? { live, missing, status: { tone: "warn", word: "degraded" }, sentence }
    : { live, missing, status: { tone: "good", word: "all vote" }, sentence };
}
