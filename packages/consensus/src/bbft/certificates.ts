// Votes become certificates, certificates become known: the two tables behind every decision (bbft.md sections 3 and 4).
// Nothing here acts on what was learned; `settle` in engine.ts does, once a step has taken in all it was given.
// An own signature that the record does not know is found here, wherever it turns up (S5).

import {
  assembleCertificate,
  type Certificate,
  type CertificateKind,
  hasSigner,
  SIGNATURE_BYTES,
  signersOf,
  VOTE_KINDS,
  verifyCertificate,
} from "@bystack/protocol/side/certificate";
import { certifiesParentView, type SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex, equalBytes, isZeroBytes } from "@bystack/utils/bytes";
import type { PeerId } from "./events.ts";
import { VIEWS_AHEAD_MAX, VIEWS_BEHIND_MAX } from "./limits.ts";
import { type Vote, verifyVote } from "./messages.ts";
import { emit, halt, note } from "./output.ts";
import { comparePositions, ownKey, type Silence } from "./replay.ts";
import { type BbftState, committeeOf, finalView, holdsKey, ownIndex, type ViewVotes } from "./state.ts";
import { noteActivity } from "./views.ts";
import { wantBlock } from "./wanted.ts";

type Content = Pick<Vote, "kind" | "epoch" | "view" | "height" | "blockHash">;

function sameBlock(a: Content, b: Content): boolean {
  return a.height === b.height && equalBytes(a.blockHash, b.blockHash);
}

/** Adds a silence to the state and, at once, to the record. */
export function keepSilent(state: BbftState, silence: Silence): void {
  if (silence.reason === "bar" && state.mutation === "bar") return;
  state.silences.push(silence);
  // Also while the record is read: an own signature that it shows in a certificate was in it, the silence was not.
  if (state.mutation !== "silence" && holdsKey(state))
    state.pendingEntries.push({ type: "silence", reason: silence.reason, through: silence.through });
  state.urgent = true;
  emit(state, { type: "silence", reason: silence.reason, ...silence.through });
}

/** Reacts to an own, verified signature: one that the record does not hold means that an older copy is running. */
export function checkOwnVote(state: BbftState, vote: Content): void {
  if (!holdsKey(state) || state.mutation === "S5-forget" || comparePositions(vote, state.floor) < 0) return;
  const known = state.own.get(ownKey(vote.epoch, vote.view))?.votes[vote.kind];
  if (known !== undefined && sameBlock(known, vote)) return;
  const through = { epoch: vote.epoch + 1, view: 2 };
  const covered = state.silences.some((s) => s.reason === "observe" && comparePositions(s.through, through) >= 0);
  if (!covered && state.mutation !== "unknown") keepSilent(state, { reason: "observe", through });
}

/** The cheap half of {@link checkOwnVote} for a certificate: only a bit that the record cannot explain is verified. */
export function checkOwnBit(state: BbftState, certificate: Certificate): void {
  const own = committeeOf(state, certificate.epoch)?.ownIndex ?? -1;
  if (own < 0 || !hasSigner(certificate, own) || comparePositions(certificate, state.floor) < 0) return;
  const known = state.own.get(ownKey(certificate.epoch, certificate.view))?.votes[certificate.kind];
  if (known !== undefined && sameBlock(known, certificate)) return;
  if (verifyFully(state, certificate)) checkOwnVote(state, certificate);
}

function votedSignature(row: (Vote | undefined)[] | undefined, certificate: Certificate, signer: number) {
  const vote = row?.[signer];
  return vote !== undefined && sameBlock(vote, certificate) ? vote.signature : undefined;
}

/** Verifies all signatures; one that was already verified as a vote is compared instead. */
function verifyFully(state: BbftState, certificate: Certificate): boolean {
  const { chainId } = state.config;
  const { epoch } = certificate;
  const committee = committeeOf(state, epoch);
  if (committee === undefined) return false;
  const context = { chainId, keys: committee.keys, epoch, quorum: committee.q };
  const row = certificate.epoch === state.epoch ? state.votes.get(certificate.view)?.[certificate.kind] : undefined;
  const verdict = verifyCertificate(certificate, context, (key, bytes, signature, signer) => {
    const voted = votedSignature(row, certificate, signer);
    if (voted !== undefined && equalBytes(voted, signature)) return true;
    const keys = state.mutation === "S6" ? committee.keys : [key];
    return keys.some((one) => state.crypto.verify(one, bytes, signature));
  });
  return verdict === "ok";
}

function heldCertificate(state: BbftState, certificate: Certificate): Certificate | undefined {
  if (certificate.epoch !== state.epoch) {
    const opening = state.base.certificate;
    return opening?.epoch === certificate.epoch && opening.view === certificate.view ? opening : undefined;
  }
  if (certificate.kind === VOTE_KINDS.NOTARIZE) return state.notarized.get(certificate.view);
  if (certificate.kind === VOTE_KINDS.NULLIFY) return state.nullified.get(certificate.view);
  const candidates = [state.finalCertificate, state.nearCertificate, state.final.certificate];
  return candidates.find((held) => held?.view === certificate.view && held.epoch === certificate.epoch);
}

/** Whether a certificate that came with a block verifies; one that equals a certificate held already does. */
export function isGenuine(state: BbftState, certificate: Certificate): boolean {
  const held = heldCertificate(state, certificate);
  const same =
    held !== undefined &&
    held.kind === certificate.kind &&
    sameBlock(held, certificate) &&
    equalBytes(held.bitmap, certificate.bitmap) &&
    equalBytes(held.signatures, certificate.signatures);
  return same || state.mutation === "carried" || verifyFully(state, certificate);
}

/** {@link checkOwnBit} for all certificates that came with a block. */
export function checkOwnBits(state: BbftState, block: SideBlock): void {
  if (block.parentCertificate !== undefined) checkOwnBit(state, block.parentCertificate);
  for (const certificate of block.skipCertificates) checkOwnBit(state, certificate);
}

/**
 * Whether a block carries a genuine certificate of the parent that its header names: NOTARIZE in the header's parent view
 * or, in an epoch's first block, FINALIZE of the epoch before in any view. Block 1 needs none.
 */
export function hasParentCertificate(state: BbftState, block: SideBlock): boolean {
  const { header, parentCertificate } = block;
  if (header.height === 1) return true;
  if (parentCertificate === undefined || !equalBytes(parentCertificate.blockHash, header.parentHash)) return false;
  const isNamed = certifiesParentView(header, parentCertificate) || state.mutation === "named";
  return isNamed && parentCertificate.height === header.height - 1 && isGenuine(state, parentCertificate);
}

function contradict(state: BbftState, certificate: Certificate): void {
  const entry = state.blocks.get(bytesToHex(certificate.blockHash));
  if (entry?.status === "invalid") halt(state, "a certificate contradicts own execution");
}

function learnNotarized(state: BbftState, certificate: Certificate): void {
  const { view } = certificate;
  if (state.notarized.has(view)) {
    halt(state, `two blocks are notarized in view ${view} of epoch ${state.epoch}`);
    return;
  }
  state.notarized.set(view, certificate);
  state.highestNotarized = Math.max(state.highestNotarized, view);
  state.freshNotarized.push(view);
  if (!state.blocks.has(bytesToHex(certificate.blockHash)))
    wantBlock(state, certificate.blockHash, signersOf(certificate));
}

function learnFinalize(state: BbftState, certificate: Certificate): void {
  const best = state.finalCertificate;
  if (best !== undefined && best.height >= certificate.height && !sameBlock(best, certificate)) {
    if (best.height === certificate.height) halt(state, `two blocks are final at height ${best.height}`);
    else state.nearCertificate = certificate;
    return;
  }
  if (best !== undefined && certificate.height > best.height) state.nearCertificate ??= best;
  if (best === undefined || certificate.height > best.height) state.finalCertificate = certificate;
}

/** Takes in a verified certificate of this epoch that is not held yet. */
function learn(state: BbftState, certificate: Certificate): void {
  if (state.mutation !== "lost-certificate") note(state, { type: "certificate", certificate });
  if (certificate.kind === VOTE_KINDS.NULLIFY) state.nullified.set(certificate.view, certificate);
  else {
    contradict(state, certificate);
    if (certificate.kind === VOTE_KINDS.NOTARIZE) learnNotarized(state, certificate);
    else learnFinalize(state, certificate);
  }
  state.highestCertified = Math.max(state.highestCertified, certificate.view);
}

/**
 * Takes in a certificate that somebody sent. @returns whether it holds; false also for a certificate of another epoch,
 * about which this node cannot do anything here.
 */
export function acceptCertificate(state: BbftState, certificate: Certificate, from: PeerId | undefined): boolean {
  if (certificate.epoch !== state.epoch && state.mutation !== "certificate-epoch") return false;
  const held = heldCertificate(state, certificate);
  if (held !== undefined && sameBlock(held, certificate)) {
    checkOwnBit(state, certificate);
    return true;
  }
  if (certificate.kind === VOTE_KINDS.FINALIZE && certificate.height < state.final.height) return true;
  if (certificate.kind !== VOTE_KINDS.FINALIZE && certificate.view < finalView(state)) return true;
  if (state.mutation !== "certificate" && !verifyFully(state, certificate)) {
    if (from !== undefined) emit(state, { type: "score", peer: from, reason: "CERTIFICATE" });
    return false;
  }
  if (certificate.kind === VOTE_KINDS.FINALIZE && certificate.height === state.final.height) {
    if (!equalBytes(certificate.blockHash, state.final.hash)) halt(state, "a second block is final at one height");
    return true;
  }
  checkOwnBit(state, certificate);
  learn(state, certificate);
  return true;
}

/** One piece for each validator of this epoch: a key that signs twice in many views must not hide another one's. */
function keepEvidence(state: BbftState, first: Vote, second: Vote): void {
  if (state.evidence.some((kept) => kept.first.signer === first.signer)) return;
  state.evidence.push({ first, second });
  emit(state, { type: "evidence", evidence: { first, second } });
}

function rowsOf(state: BbftState, view: number): ViewVotes {
  const rows = state.votes.get(view) ?? [[], [], [], []];
  state.votes.set(view, rows);
  return rows;
}

function isHeld(state: BbftState, kind: CertificateKind, view: number): boolean {
  if (kind === VOTE_KINDS.NOTARIZE) return state.notarized.has(view);
  if (kind === VOTE_KINDS.NULLIFY) return state.nullified.has(view);
  return false;
}

/** Enough votes of one content make its certificate. */
function tryAssemble(state: BbftState, ofView: (Vote | undefined)[], vote: Vote): void {
  const kind = vote.kind;
  if (kind === VOTE_KINDS.PROPOSE || isHeld(state, kind, vote.view)) return;
  const agreeing: Vote[] = [];
  const row = state.mutation === "views" ? [...state.votes.values()].flatMap((rows) => rows[kind] ?? []) : ofView;
  for (const other of row) if (other !== undefined && sameBlock(other, vote)) agreeing.push(other);
  if (agreeing.length < state.committees.present.q) return;
  const certificate = assembleCertificate({ ...vote, kind }, agreeing, state.committees.present.n);
  if (kind === VOTE_KINDS.FINALIZE && (vote.height <= state.final.height || isPendingFinal(state, vote))) return;
  learn(state, certificate);
}

function isPendingFinal(state: BbftState, vote: Vote): boolean {
  return state.finalCertificate !== undefined && sameBlock(state.finalCertificate, vote);
}

/** Takes in one verified vote of this epoch, own ones when they are durable. */
export function addVote(state: BbftState, vote: Vote): void {
  if (vote.view < 1 || vote.view < finalView(state)) return;
  if (vote.view > state.view + VIEWS_AHEAD_MAX || vote.view < state.view - VIEWS_BEHIND_MAX) return;
  const rows = rowsOf(state, vote.view);
  const row = rows[vote.kind];
  if (row === undefined) return;
  const earlier = row[vote.signer];
  if (earlier !== undefined) {
    if (!sameBlock(earlier, vote)) keepEvidence(state, earlier, vote);
    return;
  }
  row[vote.signer] = vote;
  if (vote.signer !== ownIndex(state) && state.mutation !== "seen") note(state, { type: "seen", vote });
  const counterpart = vote.kind === VOTE_KINDS.NULLIFY ? VOTE_KINDS.FINALIZE : VOTE_KINDS.NULLIFY;
  const least = state.mutation === "evidence" ? VOTE_KINDS.NOTARIZE : VOTE_KINDS.NULLIFY;
  const opposite = vote.kind >= least ? rows[counterpart]?.[vote.signer] : undefined;
  if (opposite !== undefined) keepEvidence(state, opposite, vote);
  tryAssemble(state, row, vote);
}

/** Takes in a vote from the network: range, duplicates, signature, then {@link addVote}. */
export function acceptVote(state: BbftState, vote: Vote, from: PeerId): void {
  const isPresent = vote.epoch === state.epoch || state.mutation === "vote-epoch";
  if (isPresent && vote.signer >= state.committees.present.n)
    emit(state, { type: "score", peer: from, reason: "VOTE_SIGNER" });
  if (!isPresent || vote.signer >= state.committees.present.n) return;
  if (vote.view < 1 || vote.view < finalView(state) || vote.view > state.view + VIEWS_AHEAD_MAX) return;
  const empty = vote.height === 0 && isZeroBytes(vote.blockHash);
  if ((vote.kind === VOTE_KINDS.NULLIFY) !== empty) return;
  const earlier = state.votes.get(vote.view)?.[vote.kind]?.[vote.signer];
  if (earlier !== undefined && sameBlock(earlier, vote)) return;
  if (!verifyVoteOf(state, vote)) {
    emit(state, { type: "score", peer: from, reason: "VOTE_SIGNATURE" });
    return;
  }
  noteActivity(state, vote.signer);
  if (vote.signer === ownIndex(state)) checkOwnVote(state, vote);
  addVote(state, vote);
}

export function verifyVoteOf(state: BbftState, vote: Vote): boolean {
  if (vote.signature.length !== SIGNATURE_BYTES) return false;
  const committee = committeeOf(state, vote.epoch);
  if (committee === undefined) return false;
  const { chainId } = state.config;
  const verify = (keys: readonly Uint8Array[]): boolean =>
    verifyVote(vote, { chainId, keys }, (key, bytes, signature) => state.crypto.verify(key, bytes, signature));
  return verify(committee.keys) || (state.mutation === "old-keys" && verify(state.committees.previous?.keys ?? []));
}
