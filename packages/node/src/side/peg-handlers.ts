// Answers about the peg from the ledger's final state; what only a member knows (deposits it has seen, signatures it
// holds) comes from the member that runs in this process, when one does.

import type { FEDERATION_ROUTES } from "@bystack/api/federation-routes";
import type { RouteHandlers, RouteReply } from "@bystack/api/route";
import type { SideChain } from "@bystack/chain/side/side-chain";
import type { AssetRecord, CoinRecord, PayoutRecord, RequestRecord } from "@bystack/ledger/side/peg/records";
import type { PegState } from "@bystack/ledger/side/peg/state";
import { circulating, floatNeu, isFreeCoin, openPayouts, owed, payoutStatus } from "@bystack/ledger/side/peg/status";
import type { PegRules } from "@bystack/ledger/side/rules";
import { claimView, requestView } from "@bystack/ledger/side/views";
import { addressOfProgram } from "@bystack/protocol/address";
import { encodeMainTransaction } from "@bystack/protocol/main/transaction";
import { depositHintProgram } from "@bystack/protocol/peg/hint";
import { depositProgram, isRecipient, pegInCommitment, vaultProgram, vaultScript } from "@bystack/protocol/peg/vault";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { nodeError } from "../errors.ts";

type FederationHandlers = RouteHandlers<typeof FEDERATION_ROUTES>;

/** The routes that a member answers; the rest is the ledger's. */
export type MemberHandlers = Pick<
  FederationHandlers,
  "announce" | "deposits" | "deposit" | "members" | "memberMessage" | "memberSwitch" | "govern"
>;

/** A federation member that runs in this process. The federation package makes it; the command line joins the two. */
export type MemberPart = {
  readonly handlers: MemberHandlers;
  payoutInfo(payout: bigint): { readonly signedBy: readonly number[]; readonly waitsFor: string | null };
  /** While the brake is on the member signs nothing; it stays on until an operator takes it off. */
  setBrake(on: boolean): Promise<void>;
  start(): void;
  stop(): Promise<void>;
};

type Peg = { readonly state: PegState; readonly rules: PegRules };

type PayoutReply = RouteReply<(typeof FEDERATION_ROUTES)["payout"]>;
type RequestReply = RouteReply<(typeof FEDERATION_ROUTES)["request"]>;

function pegOf(chain: SideChain): Peg {
  const { peg, rules } = chain.final;
  if (peg === undefined || rules.peg === undefined)
    throw nodeError("NOT_ON_THIS_CHAIN", { why: "this side chain has no federation" });
  return { state: peg, rules: rules.peg };
}

function countersReply(asset: AssetRecord) {
  return {
    asset: bytesToHex(asset.assetId),
    listed: asset.listed,
    minimum: asset.depositMin.toString(),
    cap: asset.cap === 0n ? null : asset.cap.toString(),
    locked: asset.locked.toString(),
    minted: asset.minted.toString(),
    burned: asset.burned.toString(),
    circulating: circulating(asset).toString(),
    owed: owed(asset).toString(),
    writtenOff: asset.writtenOff.toString(),
  };
}

function pausedReply({ state }: Peg): string[] {
  const { reorg, deficit, in: pausedIn, out } = state.control.paused;
  return [
    ...(reorg || deficit ? ["automatic"] : []),
    ...(pausedIn ? ["in"] : []),
    ...(out ? ["out"] : []),
    ...state
      .assetRecords()
      .filter((asset) => asset.paused)
      .map((asset) => `asset:${bytesToHex(asset.assetId)}`),
  ];
}

function openFees(state: PegState): bigint {
  return openPayouts(state).reduce((sum, payout) => sum + payout.draft.feeNeu, 0n);
}

function requestReply(
  request: RequestRecord & { status: "queued" | "paying" | "completed"; payout: bigint | undefined },
): RequestReply {
  return {
    id: bytesToHex(request.id),
    transaction: bytesToHex(request.transactionId),
    asset: bytesToHex(request.assetId),
    amount: request.amount.toString(),
    program: bytesToHex(request.program),
    burnHeight: request.burnHeight,
    state: request.status === "paying" ? "in-payout" : request.status,
    payout: request.payout === undefined ? null : Number(request.payout),
  };
}

function payoutReply(peg: Peg, payout: PayoutRecord, member: MemberPart | undefined): PayoutReply {
  const { draft } = payout;
  const info = member?.payoutInfo(draft.payout) ?? { signedBy: [], waitsFor: null };
  return {
    number: Number(draft.payout),
    transaction: bytesToHex(draft.transactionId),
    kind: draft.requestIds.length === 0 ? "merge" : draft.kind,
    state: payoutStatus(peg.state, payout),
    draft: bytesToHex(encodeMainTransaction(draft.transaction)),
    recordedHeight: payout.recordedHeight,
    feeNeu: draft.feeNeu.toString(),
    inputs: draft.inputs.map((input) => bytesToHex(input.id)),
    inputScripts: draft.inputs.map((input) => bytesToHex(vaultScript(peg.rules.vault.keys, input.commitment))),
    requests: draft.requestIds.map(bytesToHex),
    signedBy: [...info.signedBy],
    waitsFor: info.waitsFor,
  };
}

function coinReply(peg: Peg, coin: CoinRecord) {
  const { state, rules } = peg;
  const open = coin.payouts.find((number) => {
    const payout = state.payout(number);
    return payout !== undefined && payoutStatus(state, payout) === "open";
  });
  return {
    id: bytesToHex(coin.id),
    asset: bytesToHex(coin.assetId),
    amount: coin.amount.toString(),
    program: bytesToHex(vaultProgram(rules.vault.keys, coin.commitment)),
    script: bytesToHex(vaultScript(rules.vault.keys, coin.commitment)),
    sourceId: bytesToHex(coin.muxId),
    sourcePosition: Number(coin.position),
    mainHeight: Number(coin.provenIn?.height ?? 0n),
    proven: coin.provenIn !== undefined,
    payout: isFreeCoin(state, coin) || open === undefined ? null : Number(open),
  };
}

function newestPayouts(state: PegState): PayoutRecord[] {
  const all = [...state.sections.payouts.map.entries()].map(([, payout]) => payout);
  return all.sort((a, b) => (a.draft.payout > b.draft.payout ? -1 : 1));
}

function listRequests(state: PegState): RequestReply[] {
  const views = [...state.sections.requests.map.entries()].flatMap(
    ([, request]) => requestView(state, request.id) ?? [],
  );
  const rank = (status: string): number => (status === "completed" ? 1 : 0);
  return views.sort((a, b) => rank(a.status) - rank(b.status) || b.burnHeight - a.burnHeight).map(requestReply);
}

function ledgerHandlers(context: {
  chain: SideChain;
  mainAddressPrefix: string;
  member: () => MemberPart | undefined;
}) {
  const { chain } = context;
  return {
    federationStatus: () => {
      const peg = pegOf(chain);
      const { federation } = peg.rules;
      const tip = peg.state.tip();
      return {
        members: federation.n,
        threshold: federation.t,
        vaultEpoch: peg.rules.vault.epoch,
        height: chain.height,
        stateRoot: bytesToHex(chain.final.root()),
        mainTip: { height: Number(tip.height), hash: bytesToHex(tip.hash) },
        confirmations: federation.confirmations.base,
        batchBlocks: federation.batchBlocks,
        pegOutFeeNeu: federation.pegOutFeeNeu.toString(),
        paused: pausedReply(peg),
        governanceNext: (peg.state.control.governanceSeq + 1n).toString(),
        floatNeu: floatNeu(peg.state).toString(),
        openFeesNeu: openFees(peg.state).toString(),
        openPayouts: openPayouts(peg.state).length,
        independence: "shared" as const,
        assets: peg.state.assetRecords().map(countersReply),
      };
    },
    federationAddress: ({ query }: { query: { recipient: string } }) => {
      const peg = pegOf(chain);
      const recipient = hexToBytes(query.recipient);
      if (!isRecipient(recipient)) throw nodeError("RECIPIENT_INVALID", { why: query.recipient });
      const { chainId } = chain.rules;
      const { keys } = peg.rules.vault;
      const commitment = pegInCommitment(chainId, recipient);
      const program = depositProgram({ keys, chainId, recipient });
      return {
        address: addressOfProgram(program, context.mainAddressPrefix)?.text ?? "",
        program: bytesToHex(program),
        script: bytesToHex(vaultScript(keys, commitment)),
        commitment: bytesToHex(commitment),
        hint: bytesToHex(depositHintProgram(chainId, recipient)),
      };
    },
    claimedOf: ({ body }: { body: { nullifiers: readonly string[] } }) => {
      const { state } = pegOf(chain);
      const claimed = body.nullifiers.flatMap((nullifier) => {
        const claim = claimView(state, hexToBytes(nullifier));
        return claim === undefined
          ? []
          : [{ nullifier, transaction: bytesToHex(claim.transactionId), height: claim.blockHeight }];
      });
      return { claimed };
    },
    requests: ({ query }: { query: { limit: number } }) => ({
      items: listRequests(pegOf(chain).state).slice(0, query.limit),
    }),
    request: ({ params }: { params: { id: string } }) => {
      const view = requestView(pegOf(chain).state, hexToBytes(params.id));
      if (view === undefined) throw nodeError("REQUEST_NOT_FOUND", { why: params.id });
      return requestReply(view);
    },
    payouts: ({ query }: { query: { limit: number; live: "true" | "false" } }) => {
      const peg = pegOf(chain);
      const all = query.live === "true" ? peg.state.unprovenPayouts().reverse() : newestPayouts(peg.state);
      return { items: all.slice(0, query.limit).map((payout) => payoutReply(peg, payout, context.member())) };
    },
    payout: ({ params }: { params: { number: number } }) => {
      const peg = pegOf(chain);
      const payout = peg.state.payout(BigInt(params.number));
      if (payout === undefined) throw nodeError("PAYOUT_NOT_FOUND", { why: String(params.number) });
      return payoutReply(peg, payout, context.member());
    },
    reserves: () => {
      const peg = pegOf(chain);
      return {
        height: chain.height,
        stateRoot: bytesToHex(chain.final.root()),
        floatNeu: floatNeu(peg.state).toString(),
        openFeesNeu: openFees(peg.state).toString(),
        coins: peg.state.unspentCoins().map((coin) => coinReply(peg, coin)),
        assets: peg.state.assetRecords().map(countersReply),
      };
    },
  };
}

function memberHandlers(member: () => MemberPart | undefined): MemberHandlers {
  const handlers = (): MemberHandlers => {
    const part = member();
    if (part === undefined) throw nodeError("NO_MEMBER_HERE");
    return part.handlers;
  };
  return {
    announce: (input) => handlers().announce(input),
    deposits: (input) => handlers().deposits(input),
    deposit: (input) => handlers().deposit(input),
    members: (input) => handlers().members(input),
    memberMessage: (input) => handlers().memberMessage(input),
    memberSwitch: (input) => handlers().memberSwitch(input),
    govern: (input) => handlers().govern(input),
  };
}

export function createPegHandlers(context: {
  chain: SideChain;
  mainAddressPrefix: string;
  member: () => MemberPart | undefined;
}): FederationHandlers {
  return { ...ledgerHandlers(context), ...memberHandlers(context.member) };
}
