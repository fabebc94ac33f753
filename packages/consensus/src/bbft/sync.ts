// Serving and catching up: FETCH for blocks and certificates of the present epoch, final blocks with their certificates
// for a node that was off or is new, and the answer to a message of an earlier epoch (bbft.md section 6).

import { type Certificate, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import { acceptCertificate, acceptVote, checkOwnBits, hasParentCertificate, isGenuine } from "./certificates.ts";
import { type BbftConfig, epochOfHeight } from "./config.ts";
import type { PeerId } from "./events.ts";
import { storeBlock } from "./finalise.ts";
import {
  BLOCKS_MAX,
  FETCH_BYTES_PER_SECOND,
  FETCH_VIEWS_MAX,
  MESSAGE_CERTIFICATES_MAX,
  SERVE_INTERVAL_MS,
  SERVED_PEERS_MAX,
  SYNC_BLOCKS_MAX,
} from "./limits.ts";
import type { BbftMessage } from "./messages.ts";
import { emit } from "./output.ts";
import { foreignContent } from "./refusals.ts";
import type { BbftState } from "./state.ts";
import { sendMessages } from "./views.ts";
import { requestSync } from "./wanted.ts";

type Of<T extends BbftMessage["type"]> = BbftMessage & { type: T };

/** One costly answer per peer, kind and interval. */
export function mayServe(state: BbftState, peer: PeerId, kind: string): boolean {
  const key = `${kind}:${peer}`;
  const last = state.served.get(key);
  if (last !== undefined && state.nowMs >= last && state.nowMs - last < SERVE_INTERVAL_MS) return false;
  if (state.served.size >= SERVED_PEERS_MAX) state.served.clear();
  state.served.set(key, state.nowMs);
  return true;
}

/** A peer is in an earlier epoch: it gets that epoch's last block and its FINALIZE certificate. */
export function serveEpochEnd(state: BbftState, peer: PeerId, epoch: number): void {
  if (!mayServe(state, peer, "epoch")) return;
  const { block, certificate, height } = state.base;
  if (block !== undefined && certificate?.kind === VOTE_KINDS.FINALIZE && epoch === state.epoch - 1) {
    emit(state, { type: "send", to: { peer }, message: { type: "SYNC_BLOCKS", blocks: [block], certificate } });
    return;
  }
  const fromHeight = Math.min(height, epoch * state.config.epochBlocks);
  if (fromHeight > 0) emit(state, { type: "serveFinal", to: { peer }, fromHeight, countMax: 1 });
}

export function handleNotes(state: BbftState, from: PeerId, message: Of<"NOTES">): void {
  const foreign = foreignContent(message);
  if (foreign !== undefined) emit(state, { type: "score", peer: from, reason: foreign });
  if (message.epoch < state.epoch) {
    emit(state, { type: "refused", peer: from, reason: "OLD_EPOCH" });
    serveEpochEnd(state, from, message.epoch);
    return;
  }
  if (message.epoch > state.epoch) requestSync(state, from);
  let stuck = false;
  for (const vote of message.votes) {
    acceptVote(state, vote, from);
    if (vote.kind === VOTE_KINDS.NULLIFY && message.view < state.view) stuck = true;
  }
  for (const certificate of message.certificates) acceptCertificate(state, certificate, from);
  if (stuck && message.epoch === state.epoch) helpBehind(state, from, message.view);
}

/** A peer waits in a view that this node has left: the certificates from there on bring it along. */
function helpBehind(state: BbftState, peer: PeerId, view: number): void {
  if (!mayServe(state, peer, "behind")) return;
  const certificates: Certificate[] = [];
  const highest = state.notarized.get(state.highestNotarized);
  if (highest !== undefined) certificates.push(highest);
  const from = Math.max(view, state.highestNotarized + 1, state.view - FETCH_VIEWS_MAX);
  for (let skipped = from; skipped < state.view; skipped += 1) {
    const certificate = state.nullified.get(skipped);
    if (certificate !== undefined) certificates.push(certificate);
  }
  sendMessages(state, { peer }, [{ type: "NOTES", epoch: state.epoch, view: state.view, votes: [], certificates }]);
}

/** Takes the cost of an answer from what a peer may still fetch; false when it has had its share. */
function mayFetch(state: BbftState, peer: PeerId, bytes: number): boolean {
  const { nowMs, fetchBudgets } = state;
  const budget = fetchBudgets.get(peer) ?? { bytes: FETCH_BYTES_PER_SECOND, atMs: nowMs };
  const elapsedMs = Math.max(0, nowMs - budget.atMs);
  const left = Math.min(FETCH_BYTES_PER_SECOND, budget.bytes + (elapsedMs * FETCH_BYTES_PER_SECOND) / 1000);
  if (fetchBudgets.size >= SERVED_PEERS_MAX && !fetchBudgets.has(peer)) fetchBudgets.clear();
  const fits = bytes <= left;
  fetchBudgets.set(peer, { bytes: fits ? left - bytes : left, atMs: nowMs });
  return fits;
}

function blockBytes(block: SideBlock): number {
  return block.batches.reduce((sum, batch) => sum + batch.length, certificateBytes(block.skipCertificates));
}

function certificateBytes(certificates: readonly Certificate[]): number {
  return certificates.reduce((sum, { signatures }) => sum + signatures.length, 1024);
}

function findBlock(state: BbftState, key: string): SideBlock | undefined {
  const held = state.blocks.get(key)?.block;
  if (held !== undefined) return held;
  for (const point of [state.final, state.base]) if (point.key === key) return point.block;
  return undefined;
}

function certificatesOf(state: BbftState, views: readonly number[]): Certificate[] {
  const found: Certificate[] = [];
  for (const view of views) {
    for (const table of [state.notarized, state.nullified]) {
      const certificate = table.get(view);
      if (certificate !== undefined) found.push(certificate);
    }
  }
  return found;
}

export function handleFetch(state: BbftState, from: PeerId, message: Of<"FETCH">): void {
  if (message.epoch < state.epoch) serveEpochEnd(state, from, message.epoch);
  const [only] = message.hashes;
  if (message.views.length > 0 && only !== undefined) {
    serveSkips(state, from, bytesToHex(only), message.views[0] ?? 0);
    return;
  }
  if (message.views.length > 0 && message.epoch === state.epoch) {
    const certificates = certificatesOf(state, message.views);
    const { epoch, view } = state;
    if (certificates.length > 0 && mayFetch(state, from, certificateBytes(certificates)))
      sendMessages(state, { peer: from }, [{ type: "NOTES", epoch, view, votes: [], certificates }]);
  }
  let missed = false;
  for (const hash of message.hashes) {
    const block = findBlock(state, bytesToHex(hash));
    if (block === undefined) missed = true;
    else if (mayFetch(state, from, blockBytes(block)))
      emit(state, { type: "send", to: { peer: from }, message: { type: "BLOCK", block } });
  }
  if (missed) serveFinals(state, from, message.finalHeight + 1);
}

function serveSkips(state: BbftState, peer: PeerId, key: string, first: number): void {
  const own = state.ownLongSkips;
  if (own === undefined || own.key !== key || state.mutation === "long-skips") return;
  const hash = state.blocks.get(key)?.block.hash;
  if (hash === undefined) return;
  const start = own.certificates.findIndex((certificate) => certificate.view >= first);
  if (start < 0) return;
  const certificates = own.certificates.slice(start, start + MESSAGE_CERTIFICATES_MAX);
  if (!mayFetch(state, peer, certificateBytes(certificates))) return;
  emit(state, { type: "send", to: { peer }, message: { type: "SKIPS", hash, first, certificates } });
}

/** One piece of the skip certificates of the block that waits for them; the root is checked when all are here. */
export function handleSkips(state: BbftState, from: PeerId, message: Of<"SKIPS">): void {
  const long = state.longSkips;
  if (long === undefined || long.key !== bytesToHex(message.hash)) return;
  const stashed = [...state.stash.values()].find((item) => equalBytes(item.message.proposal.block.hash, message.hash));
  if (stashed === undefined) return;
  const { header } = stashed.message.proposal.block;
  if (message.first !== header.parentView + 1 + long.certificates.length) return;
  for (const certificate of message.certificates) {
    if (!isGenuine(state, certificate)) return;
    acceptCertificate(state, certificate, from);
  }
  const count = header.view - header.parentView - 1;
  long.certificates = [...long.certificates, ...message.certificates].slice(0, count);
  if (long.certificates.length >= count || message.certificates.length === 0) return;
  const views = [header.parentView + 1 + long.certificates.length];
  const fetch = {
    type: "FETCH",
    epoch: state.epoch,
    finalHeight: state.final.height,
    hashes: [message.hash],
    views,
  } as const;
  emit(state, { type: "send", to: { peer: from }, message: fetch });
}

export function handleBlock(state: BbftState, from: PeerId, message: Of<"BLOCK">): void {
  const { block } = message;
  if (!state.wanted.has(bytesToHex(block.hash)) || block.header.epoch !== state.epoch) return;
  const { parentCertificate } = block;
  // Outside the hash: whoever serves the block may have put anything there.
  if (!hasParentCertificate(state, block) && state.mutation !== "block") {
    emit(state, { type: "score", peer: from, reason: "BLOCK" });
    return;
  }
  checkOwnBits(state, block);
  storeBlock(state, block);
  if (parentCertificate !== undefined) acceptCertificate(state, parentCertificate, from);
}

function serveFinals(state: BbftState, peer: PeerId, fromHeight: number): void {
  if (fromHeight < 1 || fromHeight > state.final.height || !mayServe(state, peer, "finals")) return;
  emit(state, { type: "serveFinal", to: { peer }, fromHeight, countMax: SYNC_BLOCKS_MAX });
}

export function handleSyncRequest(state: BbftState, from: PeerId, message: Of<"SYNC_REQUEST">): void {
  serveFinals(state, from, message.fromHeight);
}

/** A chain of final blocks: every link and every certificate is verified before one of them is kept. */
export function handleSyncBlocks(state: BbftState, from: PeerId, message: Of<"SYNC_BLOCKS">): void {
  const { blocks, certificate } = message;
  const last = blocks[blocks.length - 1];
  if (last === undefined || last.header.epoch !== state.epoch || last.header.height <= state.final.height) return;
  const linked = blocks.every((block, i) => {
    const parent = blocks[i - 1];
    return (
      block.header.epoch === state.epoch && (parent === undefined || equalBytes(parent.hash, block.header.parentHash))
    );
  });
  const finalises = certificate.kind === VOTE_KINDS.FINALIZE && equalBytes(certificate.blockHash, last.hash);
  const genuine = blocks.every(
    (block) =>
      block.header.height <= state.final.height || state.mutation === "sync" || hasParentCertificate(state, block),
  );
  if (!linked || !finalises || !genuine || !acceptCertificate(state, certificate, undefined)) {
    emit(state, { type: "score", peer: from, reason: "SYNC" });
    return;
  }
  const first = blocks[0];
  const hasGap = first !== undefined && first.header.height > state.final.height + 1;
  // Marked as wanted so that a full table does not refuse blocks that are final. Those beyond a gap cannot be used yet:
  // a peer that sends a whole epoch from its end must not fill the memory.
  for (const block of blocks) {
    if (hasGap && state.blocks.size >= BLOCKS_MAX) break;
    checkOwnBits(state, block);
    const key = bytesToHex(block.hash);
    if (block.header.height > state.final.height && !state.blocks.has(key)) {
      state.wanted.set(key, { hash: block.hash, askFirst: [], attempt: 0, dueMs: state.nowMs });
      storeBlock(state, block);
    }
  }
  if (hasGap) requestSync(state, from);
  else state.syncPeer = from;
}

/** After final blocks have come in from a sync: asks the same peer for the next ones. */
export function continueSync(state: BbftState): void {
  if (state.syncPeer === undefined) return;
  const peer = state.syncPeer;
  state.syncPeer = undefined;
  state.syncAskedMs = Number.NEGATIVE_INFINITY;
  requestSync(state, peer);
}

/**
 * For the shell that answers `serveFinal`: the last height of a SYNC_BLOCKS that begins at `fromHeight`. An answer stays
 * inside one epoch and ends at a block whose own FINALIZE certificate the store has: the highest within `countMax`, or
 * else the first one beyond. @returns undefined when there is none.
 */
export function lastServedHeight(
  config: BbftConfig,
  request: { readonly fromHeight: number; readonly countMax: number; readonly tipHeight: number },
  hasCertificate: (height: number) => boolean,
): number | undefined {
  const end = Math.min(request.tipHeight, epochOfHeight(config, request.fromHeight) * config.epochBlocks);
  const within = Math.min(end, request.fromHeight + request.countMax - 1);
  for (let height = within; height >= request.fromHeight; height -= 1) if (hasCertificate(height)) return height;
  for (let height = within + 1; height <= end; height += 1) if (hasCertificate(height)) return height;
  return undefined;
}
