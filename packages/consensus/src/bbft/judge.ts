// Judging proposals: S1, S3, S4 and the vote-time predicates (bbft.md section 4), and re-proposals of an epoch's last
// block (section 10). Verdicts: "drop" is for what the leader did not sign (certificates outside the block's hash), and
// costs nobody a view; "invalid" is for what it did sign, and brings NULLIFY at once; "wait" asks for what is missing.

import { type Certificate, skipRoot, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import {
  type SideBlock,
  type SideProposal,
  SKIP_CERTIFICATES_INLINE_MAX,
  skippedViews,
} from "@bystack/protocol/side/proposal";
import { bytesToHex, equalBytes, isZeroBytes } from "@bystack/utils/bytes";
import {
  acceptCertificate,
  addVote,
  checkOwnVote,
  hasParentCertificate,
  isGenuine,
  verifyVoteOf,
} from "./certificates.ts";
import { leaderOf } from "./committee.ts";
import { epochOfHeight, isEpochEnd } from "./config.ts";
import type { PeerId } from "./events.ts";
import { storeBlock } from "./finalise.ts";
import { CLOCK_TOLERANCE_MS } from "./limits.ts";
import type { BbftMessage, Vote } from "./messages.ts";
import { canSignNow, castVote, emit, ownVotes } from "./output.ts";
import { type BbftState, committeeOf, type Stashed } from "./state.ts";
import { noteActivity, nullify } from "./views.ts";
import { requestSync } from "./wanted.ts";

export type ProposalVerdict = "ok" | "drop" | "invalid" | "wait";

export function isReproposal(proposal: SideProposal): boolean {
  return proposal.view !== proposal.block.header.view;
}

function proposalVote(proposal: SideProposal, signer: number): Vote {
  const { epoch, height } = proposal.block.header;
  const { view, signature, block } = proposal;
  return { kind: VOTE_KINDS.PROPOSE, epoch, view, height, blockHash: block.hash, signer, signature };
}

/** Takes in a PROPOSE: checks the leader's signature and sets it aside for {@link retryStash}. */
export function handlePropose(state: BbftState, from: PeerId, message: BbftMessage & { type: "PROPOSE" }): void {
  const { proposal } = message;
  const { header } = proposal.block;
  const formed =
    message.epoch === header.epoch &&
    equalBytes(header.chainId, state.config.chainId) &&
    header.view >= 1 &&
    header.height >= 1 &&
    proposal.view >= header.view;
  // Too late to be of use, or of a committee that is not known yet: neither is the sender's fault.
  if (formed && header.epoch < state.epoch) {
    emit(state, { type: "refused", peer: from, reason: "OLD_EPOCH" });
    return;
  }
  const committee = committeeOf(state, header.epoch);
  if (formed && committee === undefined) {
    requestSync(state, from);
    return;
  }
  const leader = committee === undefined ? 0 : leaderOf(committee, state.config.run, proposal.view);
  const vote = proposalVote(proposal, leader);
  if (!formed || (state.mutation !== "proposer" && !verifyVoteOf(state, vote))) {
    emit(state, { type: "score", peer: from, reason: "PROPOSAL" });
    return;
  }
  if (header.epoch === state.epoch) noteActivity(state, leader);
  if (leader === committee?.ownIndex) {
    checkOwnVote(state, vote);
    return;
  }
  state.stash.set(leader, { from, message, absorbedEpoch: 0 });
}

function absorb(state: BbftState, stashed: Stashed): void {
  if (stashed.absorbedEpoch === state.epoch) return;
  stashed.absorbedEpoch = state.epoch;
  const { block, justification } = stashed.message.proposal;
  const carried = [block.parentCertificate, ...block.skipCertificates, ...justification];
  for (const certificate of carried) {
    if (certificate !== undefined) acceptCertificate(state, certificate, stashed.from);
  }
}

/** Looks again at the proposals set aside. @returns whether one of them was used up. */
export function retryStash(state: BbftState): boolean {
  let changed = false;
  for (const [leader, stashed] of state.stash) {
    const { proposal, epoch } = stashed.message;
    if (epoch > state.epoch) {
      absorb(state, stashed);
      continue;
    }
    if (epoch === state.epoch && proposal.view >= state.view) absorb(state, stashed);
    if (epoch === state.epoch && proposal.view > Math.max(state.view, state.highestCertified + 1)) continue;
    if (epoch === state.epoch && proposal.view > state.view) return true;
    if (epoch === state.epoch) {
      addVote(state, proposalVote(proposal, leader));
      const verdict = proposal.view === state.view ? judge(state, proposal, leader) : "drop";
      if (verdict === "wait") continue;
      if (verdict === "invalid") emit(state, { type: "score", peer: stashed.from, reason: "PROPOSAL" });
      if (proposal.view < state.view && mayBeNeeded(state, proposal, leader)) keepLate(state, stashed);
    }
    state.stash.delete(leader);
    changed = true;
  }
  return changed;
}

/** Its parent's certificate may be news: without it nobody would ask for the blocks below. */
function keepLate(state: BbftState, { from, message }: Stashed): void {
  const { block } = message.proposal;
  if (block.parentCertificate !== undefined) acceptCertificate(state, block.parentCertificate, from);
  storeBlock(state, block);
}

/**
 * Whether the block of a proposal that came too late is worth keeping: one for each view, the first that its leader signed
 * (a leader that signs more must not fill the table), and with a parent certificate that others will accept from us.
 */
function mayBeNeeded(state: BbftState, proposal: SideProposal, leader: number): boolean {
  const first = state.votes.get(proposal.view)?.[VOTE_KINDS.PROPOSE]?.[leader];
  const isFirst = first !== undefined && equalBytes(first.blockHash, proposal.block.hash);
  return isFirst && hasParentCertificate(state, proposal.block);
}

function judge(state: BbftState, proposal: SideProposal, leader: number): ProposalVerdict {
  const earlier = state.proposals.get(state.view);
  if (earlier !== undefined && state.mutation !== "S1") return "drop";
  const verdict = isReproposal(proposal) ? judgeReproposal(state, proposal) : judgeExtension(state, proposal);
  if (verdict === "wait") fetchSkips(state, proposal, leader);
  if (verdict === "invalid") nullify(state);
  if (verdict === "ok") {
    state.proposals.set(state.view, proposal);
    storeBlock(state, proposal.block);
  }
  return verdict;
}

/** S3 for a new block: parent certificate at p, NULLIFY certificates for every view between, all carried. */
function judgeExtension(state: BbftState, proposal: SideProposal): ProposalVerdict {
  const { block } = proposal;
  const { header } = block;
  const end = isEpochEnd(state.config, header.height);
  const committee = end
    ? equalBytes(header.nextCommitteeRoot, state.committees.next.root)
    : isZeroBytes(header.nextCommitteeRoot);
  const isNamed = committee || state.mutation === "committee";
  if (block.batches.length !== 1 || !isNamed || header.parentView >= header.view) return "invalid";
  if (epochOfHeight(state.config, header.height) !== state.epoch && state.mutation !== "extend") return "invalid";
  if (state.mutation === "S3") return "ok";
  const parent = header.height === state.base.height + 1 ? judgeOpening(state, block) : judgeParent(state, block);
  return parent === "ok" ? judgeSkips(state, proposal) : parent;
}

/** The parent is the last block of the epoch before: view 0 of this one. */
function judgeOpening(state: BbftState, block: SideBlock): ProposalVerdict {
  const { header } = block;
  if (header.parentView !== 0 || !equalBytes(header.parentHash, state.base.hash)) return "invalid";
  return hasParentCertificate(state, block) ? "ok" : "drop";
}

function judgeParent(state: BbftState, block: SideBlock): ProposalVerdict {
  if (block.header.parentView < 1) return "invalid";
  return hasParentCertificate(state, block) ? "ok" : "drop";
}

function isNullification(state: BbftState, certificate: Certificate | undefined, view: number): boolean {
  return (
    certificate?.kind === VOTE_KINDS.NULLIFY &&
    certificate.epoch === state.epoch &&
    certificate.view === view &&
    (state.mutation === "skips" || isGenuine(state, certificate))
  );
}

function judgeSkips(state: BbftState, proposal: SideProposal): ProposalVerdict {
  const { header, skipCertificates, hash } = proposal.block;
  const count = skippedViews(header);
  let certificates = skipCertificates;
  if (count > SKIP_CERTIFICATES_INLINE_MAX) {
    const long = state.longSkips;
    if (long === undefined || long.key !== bytesToHex(hash) || long.certificates.length < count) return "wait";
    certificates = long.certificates;
    if (!equalBytes(skipRoot(certificates), header.skipRoot)) {
      // The pieces that came are not those of this block: start again.
      state.longSkips = undefined;
      return "wait";
    }
  }
  for (let i = 0; i < count; i += 1) {
    if (!isNullification(state, certificates[i], header.parentView + 1 + i)) return "invalid";
  }
  return "ok";
}

function fetchSkips(state: BbftState, proposal: SideProposal, leader: number): void {
  const { hash, header } = proposal.block;
  const key = bytesToHex(hash);
  if (state.longSkips?.key === key) return;
  state.longSkips = { key, certificates: [] };
  const views = [header.parentView + 1];
  const message = {
    type: "FETCH",
    epoch: state.epoch,
    finalHeight: state.final.height,
    hashes: [hash],
    views,
  } as const;
  emit(state, { type: "send", to: { validator: leader }, message });
}

/** A last block again: NOTARIZE of the same hash at p and NULLIFY for every view since. */
function judgeReproposal(state: BbftState, proposal: SideProposal): ProposalVerdict {
  const { block, justifyView, view } = proposal;
  if (!isEpochEnd(state.config, block.header.height)) return "invalid";
  if (justifyView < block.header.view || justifyView >= view) return "drop";
  const notarized = state.notarized.get(justifyView);
  if (notarized === undefined || !equalBytes(notarized.blockHash, block.hash)) return "drop";
  const isFree = state.mutation === "justify";
  for (let w = justifyView + 1; w < view; w += 1) if (!isFree && !state.nullified.has(w)) return "drop";
  // Outside the hash: kept as it came, this copy would be served to others in our name.
  return hasParentCertificate(state, block) || state.mutation === "again" ? "ok" : "drop";
}

function clockHolds(state: BbftState, proposal: SideProposal): boolean {
  const ahead = proposal.block.header.timestampMs - state.nowMs;
  if (ahead > CLOCK_TOLERANCE_MS) {
    const atMs = proposal.block.header.timestampMs - CLOCK_TOLERANCE_MS;
    emit(state, { type: "setTimer", id: "clock", atMs });
  }
  return Math.abs(ahead) <= CLOCK_TOLERANCE_MS || state.mutation === "clock";
}

/** NOTARIZE for the proposal of the present view, once everything that a vote stands for is so. */
export function tryVote(state: BbftState): void {
  const proposal = state.proposals.get(state.view);
  if (proposal === undefined || !canSignNow(state)) return;
  const own = ownVotes(state, state.view);
  const voted = own?.votes[VOTE_KINDS.NOTARIZE];
  const again = state.mutation === "S1" && voted !== undefined && !equalBytes(voted.blockHash, proposal.block.hash);
  if (own?.votes[VOTE_KINDS.NULLIFY] !== undefined || (voted !== undefined && !again)) return;
  const entry = state.blocks.get(bytesToHex(proposal.block.hash));
  if (entry?.status === "invalid" && state.mutation !== "S4") {
    nullify(state);
    return;
  }
  if (entry === undefined || (entry.status !== "valid" && state.mutation !== "S4")) return;
  if (!isReproposal(proposal)) {
    if (!clockHolds(state, proposal)) return;
    if (state.config.predicates && entry.predicate !== "holds" && state.mutation !== "predicate") {
      if (entry.predicate === "new") emit(state, { type: "evaluatePredicate", block: entry.block });
      entry.predicate = "asked";
      return;
    }
  }
  const { hash, header } = proposal.block;
  const content = { kind: VOTE_KINDS.NOTARIZE, view: state.view, height: header.height, blockHash: hash };
  castVote(state, { content, block: proposal.block });
}
