// Who gets what of an epoch's rewards (sidechain.md section 5): fees, the pool's release and the subsidy, split between
// producers by their final blocks and standbys by their votes. The voters' share of each part stays in the pool.

import type { SideRules } from "../rules.ts";
import type { EpochCommittee } from "./records.ts";

export type Payee = { readonly program: Uint8Array; readonly amount: bigint };

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

function withoutVoters(amount: bigint, voterShare: number): bigint {
  return amount - (amount * BigInt(voterShare)) / 100n;
}

/** Payees of an epoch, those of 0 included. Division is rounded down each time; what is left stays in the pool. */
export function rewardShares(
  earnings: EpochEarnings,
  committee: EpochCommittee,
  context: { readonly rules: SideRules; readonly poolNeu: bigint },
): Payee[] {
  const { rules, poolNeu } = context;
  const { votes } = rules.spec;
  if (votes === undefined || earnings.blocks === 0) return [];
  const release = votes.poolReleaseNeu < poolNeu ? votes.poolReleaseNeu : poolNeu;
  const total = earnings.feesNeu + release + epochSubsidy(earnings, rules);
  const producersPart = (total * BigInt(votes.producersBps)) / BPS;
  const producers = committee.members.map(({ rewardProgram: program, voterShare }, i) => {
    const led = BigInt(earnings.blocksByLeader[i] ?? 0);
    return { program, amount: withoutVoters((producersPart * led) / BigInt(earnings.blocks), voterShare) };
  });
  const standbyVotes = committee.standbys.reduce((sum, standby) => sum + standby.votes, 0n);
  const standbysPart = total - producersPart;
  const standbys = committee.standbys.map(({ rewardProgram: program, voterShare, votes: own }) => ({
    program,
    amount: withoutVoters((standbysPart * own) / standbyVotes, voterShare),
  }));
  return [...producers, ...standbys];
}
