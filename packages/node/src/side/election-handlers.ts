// Answers of a side node about elections, from final state. A cursor is the last key given: when it is not in the list any
// more, or the ranking has changed, the reader is told to begin again or sees the order of the new moment.

import type { ELECTION_ROUTES } from "@bystack/api/election-routes";
import type { RouteHandlers, RouteReply } from "@bystack/api/route";
import type { SideIndexes } from "@bystack/chain/side/indexes";
import type { SideChain } from "@bystack/chain/side/side-chain";
import type { SideState } from "@bystack/ledger/side/state";
import { seatChangesMax } from "@bystack/ledger/side/votes/election";
import type { CommitteeMember, EpochCommittee } from "@bystack/ledger/side/votes/records";
import { specMembers } from "@bystack/ledger/side/votes/state";
import {
  type CandidateView,
  candidateViews,
  presentEpoch,
  seatViews,
  voteView,
} from "@bystack/ledger/side/votes/views";
import { addressOfProgram } from "@bystack/protocol/address";
import { depositProgram, POOL_RECIPIENT } from "@bystack/protocol/peg/vault";
import { candidateMessage, parseCandidate } from "@bystack/protocol/side/candidate";
import { quorumSize } from "@bystack/protocol/side/certificate";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { writeEpochEnd } from "@bystack/protocol/side/epoch-end";
import type { EpochEnd } from "@bystack/protocol/side/light-client";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";
import { ByteWriter } from "@bystack/protocol/wire";
import { bytesToHex, equalBytes, hexToBytes } from "@bystack/utils/bytes";
import { nodeError } from "../errors.ts";
import { ownedOutputs } from "./handlers.ts";
import type { NameOf } from "./peer-list.ts";

type Handlers = RouteHandlers<typeof ELECTION_ROUTES>;
type CandidateReply = RouteReply<(typeof ELECTION_ROUTES)["candidate"]>;
type VoteReply = RouteReply<(typeof ELECTION_ROUTES)["votes"]>["items"][number];

/** A vote key as this module needs it: it signs registrations that name it. */
export type ProofSigner = { readonly publicKey: Uint8Array; sign(message: Uint8Array): Uint8Array };

export type ElectionContext = {
  readonly chain: SideChain;
  readonly indexes: SideIndexes;
  readonly mainAddressPrefix: string;
  readonly nameOf: NameOf;
  readonly voteKey: ProofSigner;
};

function candidatesOf(chain: SideChain): CandidateView[] {
  const views = candidateViews(chain.final);
  if (views === undefined) throw nodeError("NO_ELECTIONS", { why: chain.rules.spec.name });
  return views;
}

function electionsReply({
  chain,
  mainAddressPrefix,
}: ElectionContext): RouteReply<(typeof ELECTION_ROUTES)["elections"]> {
  const { final, rules } = chain;
  const { votes } = rules.spec;
  if (final.votes === undefined || votes === undefined) throw nodeError("NO_ELECTIONS", { why: rules.spec.name });
  const epoch = presentEpoch(final);
  const { epochBlocks } = rules.spec.consensus;
  const { thresholdNeu, outputMinNeu, bondMinNeu, poolReleaseNeu, seatChangeDivisor: _, ...counts } = votes;
  const pool =
    rules.peg === undefined
      ? undefined
      : depositProgram({ keys: rules.peg.vault.keys, chainId: rules.chainId, recipient: POOL_RECIPIENT });
  return {
    height: chain.height,
    epoch,
    epochBlocks,
    nextElectionHeight: epoch * epochBlocks,
    candidates: final.votes.candidateRecords().length,
    poolNeu: final.fees.poolNeu.toString(),
    votersNeu: final.votes.control.votersNeu.toString(),
    feesNeu: (final.fees.current.epoch === epoch ? final.fees.current.feesNeu : 0n).toString(),
    poolDeposit:
      pool === undefined
        ? null
        : { address: addressOfProgram(pool, mainAddressPrefix)?.text ?? "", program: bytesToHex(pool) },
    parameters: {
      ...counts,
      outputMinNeu: outputMinNeu.toString(),
      thresholdNeu: thresholdNeu.toString(),
      bondMinNeu: bondMinNeu.toString(),
      poolReleaseNeu: poolReleaseNeu.toString(),
      seatChangesMax: seatChangesMax(final.votes.committee(epoch)?.members.length ?? 0, votes),
      voteLockBlocks: rules.spec.locks.voteBlocks,
    },
  };
}

function candidateReply(view: CandidateView, { chain, nameOf }: ElectionContext): CandidateReply {
  return {
    key: bytesToHex(view.key),
    id: nameOf(view.voteKey),
    voteKey: bytesToHex(view.voteKey),
    rank: view.rank ?? null,
    status: view.status,
    votesNeu: view.votes.toString(),
    bondNeu: view.bond?.amount.toString() ?? null,
    bondId: view.bond === undefined ? null : bytesToHex(view.bond.outputId),
    bondFreeFrom: view.bondRelease ?? null,
    voterShare: view.voterShare,
    rewardProgram: bytesToHex(view.rewardProgram),
    rewardAddress: addressOfProgram(view.rewardProgram, chain.rules.spec.addressPrefix)?.text ?? null,
    seatNow: view.seatNow ?? null,
    seatNext: view.seatNext ?? null,
    missed: view.missed ?? null,
    lastSeatEpoch: view.lastSeatEpoch === 0 ? null : view.lastSeatEpoch,
    resignedEpoch: view.resignedEpoch ?? null,
  };
}

/** One page after the item that the cursor names; `keyOf` names each item once. */
function page<T>(
  items: readonly T[],
  query: { limit: number; cursor?: string | undefined },
  keyOf: (item: T) => string,
) {
  let from = 0;
  if (query.cursor !== undefined) {
    const last = items.findIndex((item) => keyOf(item) === query.cursor);
    if (last < 0) throw nodeError("CURSOR_INVALID", { why: query.cursor.slice(0, 40) });
    from = last + 1;
  }
  const shown = items.slice(from, from + query.limit);
  const end = shown.at(-1);
  return { shown, next: from + shown.length < items.length && end !== undefined ? keyOf(end) : null };
}

function findCandidate(context: ElectionContext, text: string): CandidateReply {
  const replies = candidatesOf(context.chain).map((view) => candidateReply(view, context));
  const found = replies.filter(({ key, voteKey }) => key.startsWith(text) || voteKey.startsWith(text));
  const [first] = found;
  if (first === undefined) throw nodeError("CANDIDATE_NOT_FOUND", { why: text });
  if (found.length > 1) throw nodeError("CANDIDATE_AMBIGUOUS", { why: `${text}: ${found.length} candidates` });
  return first;
}

/** Seats of which the keys alone are known. */
function bareSeats(keys: readonly Uint8Array[]): CommitteeMember[] {
  const nothing = new Uint8Array(0);
  return keys.map((voteKey) => ({ voteKey, rewardProgram: nothing, candidate: nothing, voterShare: 0 }));
}

type Seated = {
  readonly members: readonly CommitteeMember[];
  /** Undefined where vote keys are all that is kept. */
  readonly standbys: EpochCommittee["standbys"] | undefined;
};

/** The committee of an epoch, from the state as long as it knows it, then from how the epoch before it ended. */
async function committeeAt({ chain, indexes }: ElectionContext, epoch: number): Promise<Seated> {
  const { final, rules } = chain;
  if (epoch <= presentEpoch(final) + 1) {
    if (final.votes === undefined) return { members: specMembers(rules.spec), standbys: [] };
    const known = final.votes.committee(epoch);
    if (known !== undefined) return known;
    if (epoch === 1) return { members: specMembers(rules.spec), standbys: [] };
    const [end] = await indexes.epochEnds(epoch - 1, 1);
    if (end !== undefined) return { members: bareSeats(end.nextKeys), standbys: undefined };
  }
  throw nodeError("COMMITTEE_UNKNOWN", { why: `epoch ${epoch}, the present one is ${presentEpoch(final)}` });
}

function whenOf(epoch: number, final: SideState) {
  const now = presentEpoch(final);
  return epoch < now ? ("past" as const) : epoch === now ? ("now" as const) : ("next" as const);
}

async function committeeReply(
  context: ElectionContext,
  ref: string,
): Promise<RouteReply<(typeof ELECTION_ROUTES)["committee"]>> {
  const { final, rules } = context.chain;
  const now = presentEpoch(final);
  const epoch = ref === "now" ? now : ref === "next" ? now + 1 : Number(ref);
  const { members, standbys } = await committeeAt(context, epoch);
  const { epochBlocks } = rules.spec.consensus;
  const quorum = quorumSize(members.length);
  return {
    epoch,
    when: whenOf(epoch, final),
    firstHeight: (epoch - 1) * epochBlocks + 1,
    lastHeight: epoch * epochBlocks,
    quorum,
    faultsTolerated: members.length - quorum,
    members: seatViews(final, { epoch, members }).map((seat, index) => ({
      index,
      id: context.nameOf(seat.voteKey),
      voteKey: bytesToHex(seat.voteKey),
      candidate: seat.candidate.length === 0 ? null : bytesToHex(seat.candidate),
      voterShare: standbys === undefined ? null : seat.voterShare,
      rewardProgram: standbys === undefined ? null : bytesToHex(seat.rewardProgram),
      missed: seat.missed ?? null,
      barred: seat.barred,
    })),
    standbys:
      standbys?.map(({ candidate, votes }) => ({ candidate: bytesToHex(candidate), votesNeu: `${votes}` })) ?? null,
  };
}

function encodeEnd(end: EpochEnd): string {
  const writer = new ByteWriter(4096);
  writeEpochEnd(writer, end);
  return bytesToHex(writer.finish());
}

async function votesReply(context: ElectionContext, programs: readonly Uint8Array[], cursor: string | undefined) {
  const { chain } = context;
  if (chain.final.votes === undefined) throw nodeError("NO_ELECTIONS", { why: chain.rules.spec.name });
  const { items, next } = await ownedOutputs(context, programs, { cursor });
  const votes = items.flatMap(({ id, utxo }): VoteReply[] => {
    const view = voteView(chain.final, bytesToHex(id), utxo);
    if (view === undefined) return [];
    return [
      {
        id: bytesToHex(id),
        candidate: bytesToHex(view.candidate),
        amountNeu: utxo.amount.toString(),
        program: bytesToHex(utxo.program),
        address: addressOfProgram(utxo.program, chain.rules.spec.addressPrefix)?.text ?? null,
        height: utxo.createdHeight,
        bond: view.isBond,
        freeFrom: view.freeFrom ?? null,
        dueNeu: view.dueNeu.toString(),
        claimFromEpoch: view.claimFrom,
        sourceId: bytesToHex(utxo.sourceId),
        sourcePosition: utxo.sourcePosition,
      },
    ];
  });
  return { items: votes, next };
}

function evidenceReply(context: ElectionContext, query: { limit: number; cursor?: string | undefined }) {
  const { votes } = context.chain.final;
  if (votes === undefined) throw nodeError("NO_ELECTIONS", { why: context.chain.rules.spec.name });
  const newest = votes.barredRecords().sort((a, b) => b.height - a.height);
  const { shown, next } = page(newest, query, ({ voteKey }) => bytesToHex(voteKey));
  const items = shown.map(({ voteKey, epoch, view, height }) => {
    const candidate = votes.candidateOf(voteKey)?.key;
    const key = candidate === undefined ? null : bytesToHex(candidate);
    return { voteKey: bytesToHex(voteKey), id: context.nameOf(voteKey), candidate: key, epoch, view, height };
  });
  return { items, next };
}

/** Signs one kind of message only: that of a registration, on this chain, of this node's own vote key. */
function proveCandidate({ chain, voteKey }: ElectionContext, raw: Uint8Array) {
  if (chain.final.votes === undefined) throw nodeError("NO_ELECTIONS", { why: chain.rules.spec.name });
  const decoded = decodeSideTransaction(raw);
  const action = decoded.ok ? parseCandidate(decoded.value) : undefined;
  if (!decoded.ok || action?.action !== "register")
    throw nodeError("REGISTRATION_INVALID", { why: decoded.ok ? "it registers nobody" : decoded.error.code });
  if (!equalBytes(action.voteKey, voteKey.publicKey))
    throw nodeError("REGISTRATION_INVALID", { why: `it names the vote key ${bytesToHex(action.voteKey)}` });
  const message = candidateMessage(chain.rules.chainId, mapSideTransaction(decoded.value).id);
  return { voteKey: bytesToHex(voteKey.publicKey), signature: bytesToHex(voteKey.sign(message)) };
}

export function createElectionHandlers(context: ElectionContext): Handlers {
  const { chain, nameOf, voteKey } = context;
  return {
    elections: () => electionsReply(context),
    candidates: ({ query }) => {
      const { shown, next } = page(candidatesOf(chain), query, ({ key }) => bytesToHex(key));
      return { items: shown.map((view) => candidateReply(view, context)), next };
    },
    candidate: ({ params }) => findCandidate(context, params.key),
    committee: ({ params }) => committeeReply(context, params.epoch),
    epochEnds: async ({ query }) => {
      if (chain.final.votes === undefined) throw nodeError("NO_ELECTIONS", { why: chain.rules.spec.name });
      const ends = await context.indexes.epochEnds(query.from, query.limit);
      return { items: ends.map(encodeEnd) };
    },
    votes: ({ body }) => votesReply(context, body.programs.map(hexToBytes), body.cursor),
    evidence: ({ query }) => evidenceReply(context, query),
    candidateProof: ({ body }) => proveCandidate(context, hexToBytes(body.raw)),
    voteKey: () => ({ voteKey: bytesToHex(voteKey.publicKey), id: nameOf(voteKey.publicKey) }),
  };
}
