// `bystack vote`, `veto` and `votes`: votes for candidates, taking them back, and claiming what they have earned.

import type { SideClient } from "@bystack/platform/network/run";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { VOTE_CLAIM_OUTPUTS_MAX } from "@bystack/protocol/side/vote-claim";
import { hexToBytes } from "@bystack/utils/bytes";
import { BTM_DECIMALS, formatAmount, parseAmount } from "@bystack/wallet/amounts";
import { VETO_INPUTS_MAX, vetoRequest, voteClaimRequest, voteRequest } from "@bystack/wallet/build/elections";
import { walletError } from "@bystack/wallet/errors";
import type { Wallet } from "@bystack/wallet/wallet";
import { type Context, requireState } from "../context.ts";
import { nodeOf } from "../network/chains.ts";
import { btm, formatVotes, type OwnVote } from "../network/election-table.ts";
import { act, allCandidates, findCandidate, type Vote, votesOfPrograms } from "../network/elections.ts";
import { withWallet } from "../wallet/access.ts";

const feeText = (feeNeu: bigint): string => `fee ${formatAmount(feeNeu, BTM_DECIMALS)} BTM`;
const sumNeu = (values: readonly string[]): bigint => values.reduce((sum, value) => sum + BigInt(value), 0n);

function votesOfAccount(node: SideClient, wallet: Wallet, account: string): Promise<Vote[]> {
  return votesOfPrograms(
    node,
    wallet.programs(account).map(({ program }) => program),
  );
}

/** Votes for a candidate: BTM that is locked, stays the voter's own, and earns what the candidate shares. */
export async function runVote(
  context: Context,
  what: { readonly candidate: string; readonly amount: string },
  options: { readonly from: string },
): Promise<void> {
  const node = nodeOf(context, "side");
  const amount = parseAmount(what.amount, BTM_DECIMALS);
  const { parameters, height } = await node.call("elections");
  if (amount < BigInt(parameters.outputMinNeu))
    throw walletError("AMOUNT_INVALID", { why: `a vote is at least ${btm(parameters.outputMinNeu)} BTM` });
  const candidate = await findCandidate(node, what.candidate);
  const acted = await withWallet(context.layout, async (wallet) => {
    const before = new Set((await votesOfAccount(node, wallet, options.from)).map(({ id }) => id));
    const owner = wallet.receiveProgram(options.from).program;
    return act(context, {
      node,
      wallet,
      from: options.from,
      request: voteRequest({ candidate: hexToBytes(candidate.key), amount, owner }),
      what: `the vote for ${candidate.id}`,
      shows: async () => (await votesOfAccount(node, wallet, options.from)).find(({ id }) => !before.has(id)),
    });
  });
  const { transaction, feeNeu, shown } = acted;
  const now = await node.call("candidate", { params: { key: candidate.key } });
  const place = now.rank === null ? "" : `, rank ${now.rank}`;
  context.output.result(
    { transaction, feeNeu: feeNeu.toString(), vote: shown, candidate: now },
    `voted ${btm(amount.toString())} BTM for ${candidate.id}: it has ${btm(now.votesNeu)} BTM of votes${place}\n` +
      `locked until block ${shown.freeFrom ?? "-"} (now ${height})\ntransaction ${transaction}, ${feeText(feeNeu)}`,
  );
}

/** The largest votes that are free now. @throws BystackError VOTES_LOCKED, SHARE_UNCLAIMED */
function freeVotes(votes: readonly Vote[], height: number, forgo: boolean): Vote[] {
  const free = votes
    .filter(({ freeFrom }) => freeFrom !== null && freeFrom <= height + 1)
    .sort((a, b) => (BigInt(a.amountNeu) > BigInt(b.amountNeu) ? -1 : 1))
    .slice(0, VETO_INPUTS_MAX);
  if (free.length === 0) {
    const heights = votes.flatMap(({ freeFrom }) => freeFrom ?? []);
    const why =
      votes.length === 0
        ? "the account has no votes for this candidate"
        : heights.length === 0
          ? "the bond is bound until the candidate resigns"
          : `the first is free from block ${Math.min(...heights)}, now ${height}`;
    throw walletError("VOTES_LOCKED", { why });
  }
  const due = sumNeu(free.map(({ dueNeu }) => dueNeu));
  if (due > 0n && !forgo) throw walletError("SHARE_UNCLAIMED", { why: `${btm(due.toString())} BTM are due` });
  return free;
}

export type VetoOptions = { readonly from: string; readonly forgo?: boolean };

/** Takes back every vote of the account for a candidate that is free now; its bond too, once it is. */
export async function runVeto(context: Context, candidateText: string, options: VetoOptions): Promise<void> {
  const node = nodeOf(context, "side");
  const candidate = await findCandidate(node, candidateText);
  const { acted, taken } = await withWallet(context.layout, async (wallet) => {
    const all = await votesOfAccount(node, wallet, options.from);
    const { height } = await node.call("elections");
    const votes = all.filter((vote) => vote.candidate === candidate.key);
    const taken = freeVotes(votes, height, options.forgo === true);
    const coins = taken.map((vote) => ({
      id: hexToBytes(vote.id),
      assetId: BTM_ASSET_ID,
      amount: BigInt(vote.amountNeu),
      program: hexToBytes(vote.program),
      sourceId: hexToBytes(vote.sourceId),
      sourcePosition: BigInt(vote.sourcePosition),
      vote: hexToBytes(vote.candidate),
    }));
    const gone = new Set(taken.map(({ id }) => id));
    const acted = await act(context, {
      node,
      wallet,
      from: options.from,
      request: vetoRequest(coins),
      what: `the veto against ${candidate.id}`,
      shows: async () => {
        const left = await votesOfAccount(node, wallet, options.from);
        return left.some(({ id }) => gone.has(id))
          ? undefined
          : left.filter((vote) => vote.candidate === candidate.key);
      },
    });
    return { acted, taken };
  });
  const { transaction, feeNeu, shown } = acted;
  const amountNeu = sumNeu(taken.map((vote) => vote.amountNeu)).toString();
  const left = shown.length === 0 ? "" : `; ${shown.length} more for it are locked (bystack votes list)`;
  context.output.result(
    { transaction, feeNeu: feeNeu.toString(), amountNeu, taken: taken.map(({ id }) => id), left: shown.length },
    `took ${btm(amountNeu)} BTM back from ${candidate.id}${left}\ntransaction ${transaction}, ${feeText(feeNeu)}`,
  );
}

export async function runVotesList(context: Context, account: string | undefined): Promise<void> {
  requireState(context);
  const node = nodeOf(context, "side");
  const { height, epoch } = await node.call("elections");
  const names = new Map((await allCandidates(node)).map(({ key, id }) => [key, id]));
  const votes = await withWallet(context.layout, async (wallet) => {
    const accounts = account === undefined ? wallet.data.accounts.map(({ name }) => name) : [account];
    const found: OwnVote[] = [];
    for (const name of accounts) {
      for (const vote of await votesOfAccount(node, wallet, name))
        found.push({ ...vote, account: name, name: names.get(vote.candidate) ?? `${vote.candidate.slice(0, 16)}…` });
    }
    // Bonds last, the others as they come free.
    const order = (vote: OwnVote): string =>
      `${vote.account} ${vote.name} ${String(vote.freeFrom ?? Number.MAX_SAFE_INTEGER).padStart(16, "0")} ${vote.id}`;
    return found.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  });
  context.output.result({ height, epoch, votes }, formatVotes(votes, { height, epoch }));
}

/** Claims what the account's votes are due, as many as fit one transaction, the largest first; never for less than it costs. */
export async function runVotesClaim(context: Context, options: { from: string }): Promise<void> {
  const node = nodeOf(context, "side");
  const { epoch } = await node.call("elections");
  const outcome = await withWallet(context.layout, async (wallet) => {
    const votes = await votesOfAccount(node, wallet, options.from);
    const due = votes
      .filter(({ dueNeu, claimFromEpoch }) => dueNeu !== "0" && claimFromEpoch <= epoch)
      .sort((a, b) => (BigInt(a.dueNeu) > BigInt(b.dueNeu) ? -1 : 1))
      .slice(0, VOTE_CLAIM_OUTPUTS_MAX);
    if (due.length === 0) return undefined;
    const claimed = new Set(due.map(({ id }) => id));
    const claims = due.map(({ id, program, dueNeu }) => ({
      id: hexToBytes(id),
      program: hexToBytes(program),
      dueNeu: BigInt(dueNeu),
    }));
    const acted = await act(context, {
      node,
      wallet,
      from: options.from,
      request: voteClaimRequest(epoch, claims),
      feeMaxNeu: sumNeu(due.map(({ dueNeu }) => dueNeu)),
      what: "the claim of the voters' share",
      shows: async () => {
        const after = (await votesOfAccount(node, wallet, options.from)).filter(({ id }) => claimed.has(id));
        return after.every(({ claimFromEpoch }) => claimFromEpoch > epoch) ? after : undefined;
      },
    });
    return { acted, due };
  });
  if (outcome === undefined) {
    context.output.result(
      { transaction: null, amountNeu: "0", claimed: [] },
      "Nothing to claim now: the votes have earned nothing yet, or were claimed for in this epoch.",
    );
    return;
  }
  const { acted, due } = outcome;
  const amountNeu = sumNeu(due.map(({ dueNeu }) => dueNeu)).toString();
  context.output.result(
    {
      transaction: acted.transaction,
      feeNeu: acted.feeNeu.toString(),
      amountNeu,
      claimed: due.map(({ id, dueNeu }) => ({ id, dueNeu })),
    },
    `claimed ${btm(amountNeu)} BTM for ${due.length} votes\ntransaction ${acted.transaction}, ${feeText(acted.feeNeu)}`,
  );
}
