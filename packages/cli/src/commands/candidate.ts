// `bystack candidate` and `bystack committee`: who stands and who sits, standing with a node, resigning.

import { platformError } from "@bystack/platform/errors";
import { clientOf, type SideClient } from "@bystack/platform/network/run";
import { candidateMessage } from "@bystack/protocol/side/candidate";
import { chainIdOf } from "@bystack/protocol/spec";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { BTM_DECIMALS, formatAmount, parseAmount } from "@bystack/wallet/amounts";
import { registrationRequest, resignationRequest } from "@bystack/wallet/build/elections";
import { walletError } from "@bystack/wallet/errors";
import { type Context, requireState } from "../context.ts";
import { nodeOf, sideOf, sideSpecOf } from "../network/chains.ts";
import { btm, formatCandidates, formatCommittee } from "../network/election-table.ts";
import {
  type Acted,
  act,
  allCandidates,
  allEvidence,
  type Candidate,
  candidateOfKey,
  findCandidate,
} from "../network/elections.ts";
import { withWallet } from "../wallet/access.ts";

export async function runCandidateList(context: Context): Promise<void> {
  const node = nodeOf(context, "side");
  const elections = await node.call("elections");
  const [candidates, caught] = await Promise.all([allCandidates(node), allEvidence(node)]);
  context.output.result({ ...elections, items: candidates, caught }, formatCandidates(elections, candidates, caught));
}

export async function runCommittee(context: Context, options: { epoch: string }): Promise<void> {
  const committee = await nodeOf(context, "side").call("committee", { params: { epoch: options.epoch } });
  context.output.result(committee, formatCommittee(committee));
}

/** A node of the meant side chain by its id, as one that answers. */
function sideNode(context: Context, id: string): SideClient {
  const state = requireState(context);
  const { chain } = sideOf(context, state);
  const sides = state.nodes.filter((node) => node.chain === chain);
  const found = sides.find((node) => node.id === id);
  if (found === undefined)
    throw platformError("PROVIDER_NOT_FOUND", { why: `${id}; there are: ${sides.map((node) => node.id).join(", ")}` });
  const client = clientOf(context.layout, found);
  if (client === undefined) throw platformError("NETWORK_NOT_RUNNING", { why: id });
  return client;
}

function reportActed(context: Context, { transaction, feeNeu, shown }: Acted<Candidate>, text: string): void {
  const fee = formatAmount(feeNeu, BTM_DECIMALS);
  const data = { transaction, feeNeu: feeNeu.toString(), candidate: shown };
  context.output.result(data, `${text}\ntransaction ${transaction}, fee ${fee} BTM`);
}

export type RegisterOptions = { readonly from: string; readonly bond?: string; readonly share: string };

/** Stands with a node: its vote key, which never leaves it, and a key of the account that pays the bond. */
export async function runRegister(context: Context, id: string, options: RegisterOptions): Promise<void> {
  const target = sideNode(context, id);
  const node = nodeOf(context, "side");
  const { parameters } = await node.call("elections");
  const amount = options.bond === undefined ? BigInt(parameters.bondMinNeu) : parseAmount(options.bond, BTM_DECIMALS);
  if (amount < BigInt(parameters.bondMinNeu))
    throw walletError("AMOUNT_INVALID", { why: `the bond is at least ${btm(parameters.bondMinNeu)} BTM` });
  const { voteKey } = await target.call("voteKey");
  const chainId = chainIdOf(sideSpecOf(context));
  const acted = await withWallet(context.layout, async (wallet) => {
    const owner = wallet.receiveProgram(options.from).program;
    const key = wallet.candidateKey(options.from, hexToBytes(voteKey));
    const standing = { key, voteKey: hexToBytes(voteKey), rewardProgram: owner, voterShare: Number(options.share) };
    return act(context, {
      node,
      wallet,
      from: options.from,
      request: registrationRequest(standing, { amount, owner }),
      authorise: async ({ raw, id: transactionId }) => {
        const { signature } = await target.call("candidateProof", { body: { raw: bytesToHex(raw) } });
        const message = candidateMessage(chainId, transactionId);
        const own = wallet.signAsCandidate(options.from, hexToBytes(voteKey), message);
        return [own, hexToBytes(signature)];
      },
      what: `the registration of ${id}`,
      shows: () => candidateOfKey(node, bytesToHex(key)),
    });
  });
  const { votesNeu, status } = acted.shown;
  const more =
    status === "below-threshold"
      ? `\nit has ${btm(votesNeu)} BTM of votes and may be elected from ${btm(parameters.thresholdNeu)} on: bystack vote ${id} <amount> --from <account>`
      : "\nit takes part in the next election: bystack candidate list";
  reportActed(context, acted, `${id} stands for election, bond ${btm(amount.toString())} BTM${more}`);
}

/** Takes a candidate of the account out of the elections; the bond comes free later. */
export async function runResign(context: Context, name: string, options: { from: string }): Promise<void> {
  const node = nodeOf(context, "side");
  await node.call("elections");
  const candidate = await findCandidate(node, name);
  const voteKey = hexToBytes(candidate.voteKey);
  const chainId = chainIdOf(sideSpecOf(context));
  const acted = await withWallet(context.layout, async (wallet) => {
    const key = wallet.candidateKey(options.from, voteKey);
    if (bytesToHex(key) !== candidate.key)
      throw walletError("CANDIDATE_FOREIGN", { why: `${candidate.id} was not registered from ${options.from}` });
    return act(context, {
      node,
      wallet,
      from: options.from,
      request: resignationRequest(key),
      authorise: async ({ id }) => [wallet.signAsCandidate(options.from, voteKey, candidateMessage(chainId, id))],
      what: "the resignation",
      shows: async () => {
        const now = await candidateOfKey(node, candidate.key);
        return now?.resignedEpoch === null ? undefined : now;
      },
    });
  });
  const { bondFreeFrom } = acted.shown;
  const text = `${candidate.id} does not stand any more; its seat ends with the committees that are elected already.\nbond free from block ${bondFreeFrom ?? "-"}: bystack veto ${candidate.id} --from ${options.from}`;
  reportActed(context, acted, text);
}
