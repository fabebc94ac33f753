// Who gets what of an epoch's rewards (sidechain.md section 5): fees, the pool's release and the subsidy, split between
// producers by their final blocks and standbys by their votes; of each part a share is the voters'.

import type { SideRules } from "../rules.ts";
import type { EpochCommittee } from "./records.ts";

export type Payee = { readonly program: Uint8Array; readonly amount: bigint };

/** A payee of elections: the candidate it is, and what its voters get beside its own amount. */
export type RewardShare = Payee & { readonly candidate: Uint8Array; readonly votersNeu: bigint };

/** What an epoch brought in and who led its blocks. */
export type EpochEarnings = {
  readonly feesNeu: bigint;
  readonly blocks: number;
  readonly blocksByLeader: readonly number[];
};

const BPS = 10_000n;

/** What is newly created for an epoch: 0 on a pegged chain. */
export function epochSubsidy(earnings: EpochEarnings, rules: SideRules): bigint {
  return rules.spec.subsidyNeu * BigInt(earnings.blocks);
}

type Earner = { readonly rewardProgram: Uint8Array; readonly candidate: Uint8Array; readonly voterShare: number };

function shareOf({ rewardProgram: program, candidate, voterShare }: Earner, part: bigint): RewardShare {
  const votersNeu = (part * BigInt(voterShare)) / 100n;
  return { program, candidate, amount: part - votersNeu, votersNeu };
}

/** Payees of an epoch, those of 0 included. Division is rounded down each time; what is left stays in the pool. */
export function rewardShares(
  earnings: EpochEarnings,
  committee: EpochCommittee,
  context: { readonly rules: SideRules; readonly poolNeu: bigint },
): RewardShare[] {
  const { rules, poolNeu } = context;
  const { votes } = rules.spec;
  if (votes === undefined || earnings.blocks === 0) return [];
  const release = votes.poolReleaseNeu < poolNeu ? votes.poolReleaseNeu : poolNeu;
  const total = earnings.feesNeu + release + epochSubsidy(earnings, rules);
  const producersPart = (total * BigInt(votes.producersBps)) / BPS;
  const producers = committee.members.map((member, i) => {
    const led = BigInt(earnings.blocksByLeader[i] ?? 0);
    return shareOf(member, (producersPart * led) / BigInt(earnings.blocks));
  });
  const standbyVotes = committee.standbys.reduce((sum, standby) => sum + standby.votes, 0n);
  const standbysPart = total - producersPart;
  const standbys = committee.standbys.map((standby) => shareOf(standby, (standbysPart * standby.votes) / standbyVotes));
  return [...producers, ...standbys];
}
