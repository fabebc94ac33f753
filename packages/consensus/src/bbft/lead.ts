// Leading a view: choose the parent, build ahead, release at the slot boundary, or propose an epoch's last block again
// (bbft.md sections 5, 6 and 10). The leader's NOTARIZE record is written before the proposal leaves; after a restart in
// that view the same block is sent again (S5).

import { type Certificate, skipRoot, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { type SideHeader, sideBodyRoot } from "@bystack/protocol/side/header";
import {
  createSideBlock,
  JUSTIFICATION_MAX,
  type SideBlock,
  type SideProposal,
  SKIP_CERTIFICATES_INLINE_MAX,
} from "@bystack/protocol/side/proposal";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import { isEpochEnd } from "./config.ts";
import type { BlockContent } from "./events.ts";
import { storeBlock } from "./finalise.ts";
import { BLOCKS_MAX, HALVINGS_MAX } from "./limits.ts";
import type { BbftMessage } from "./messages.ts";
import { canSignNow, castVote, emit, ownVotes } from "./output.ts";
import { type BbftState, finalView, leaderAt, ownIndex } from "./state.ts";
import { nullify, reproposalMs } from "./views.ts";
import { wantBlock, wantViews } from "./wanted.ts";

const NO_HASH: Hash = new Uint8Array(32);

type Parent = {
  readonly hash: Hash;
  readonly view: number;
  readonly height: number;
  readonly certificate: Certificate | undefined;
};
type Choice = { readonly parent: Parent } | { readonly missing: readonly number[] };

/** The highest notarized block with NULLIFY certificates for every view above it, or the views that lack one. */
function chooseParent(state: BbftState): Choice {
  const missing: number[] = [];
  for (let view = state.view - 1; view > 0 && view >= finalView(state); view -= 1) {
    const certificate = state.notarized.get(view);
    if (certificate !== undefined) {
      if (missing.length > 0) break;
      return { parent: { hash: certificate.blockHash, view, height: certificate.height, certificate } };
    }
    if (!state.nullified.has(view)) missing.push(view);
  }
  if (missing.length > 0) return { missing };
  const { hash, height, certificate } = state.base;
  return { parent: { hash, view: 0, height, certificate } };
}

function nullifications(state: BbftState, fromView: number): Certificate[] {
  const certificates: Certificate[] = [];
  for (let view = fromView; view < state.view; view += 1) {
    const certificate = state.nullified.get(view);
    if (certificate !== undefined) certificates.push(certificate);
  }
  return certificates;
}

/** Starts or goes on with leading the present view, as far as what is here allows. */
export function lead(state: BbftState): void {
  if (state.lead.stage !== "idle" || leaderAt(state, state.view) !== ownIndex(state)) return;
  const own = ownVotes(state, state.view);
  if (own?.votes[VOTE_KINDS.PROPOSE] !== undefined) {
    state.lead.stage = "done";
    proposeAgain(state);
    return;
  }
  if (
    !canSignNow(state) ||
    own?.votes[VOTE_KINDS.NOTARIZE] !== undefined ||
    own?.votes[VOTE_KINDS.NULLIFY] !== undefined
  )
    return;
  const choice = chooseParent(state);
  if ("missing" in choice) {
    wantViews(state, choice.missing);
    return;
  }
  const { parent } = choice;
  const ended = parent.view > 0 && isEpochEnd(state.config, parent.height);
  if (ended && state.mutation === "repropose") nullify(state);
  else if (ended && state.mutation !== "extend") repropose(state, parent);
  else build(state, parent);
}

function heldParent(state: BbftState, parent: Parent): SideBlock | "final" | undefined {
  const key = bytesToHex(parent.hash);
  if (key === state.final.key) return "final";
  const entry = state.blocks.get(key);
  if (entry === undefined && parent.certificate !== undefined)
    wantBlock(state, parent.hash, [...state.committees.present.keys.keys()]);
  return entry?.status === "valid" ? entry.block : undefined;
}

function build(state: BbftState, parent: Parent): void {
  if (heldParent(state, parent) === undefined) return;
  const token = state.nextToken;
  state.nextToken += 1;
  state.lead = { stage: "building", token, block: undefined };
  emit(state, {
    type: "buildBlock",
    token,
    parentHash: parent.hash,
    epoch: state.epoch,
    view: state.view,
    height: parent.height + 1,
    halvings: state.blocks.size < BLOCKS_MAX ? state.halvings : HALVINGS_MAX,
  });
}

/** Takes in what the builder made; the block is executed like anybody else's before it is proposed. */
export function blockBuilt(state: BbftState, token: number, content: BlockContent | undefined): void {
  if (state.lead.stage !== "building" || state.lead.token !== token) return;
  const choice = chooseParent(state);
  if (content === undefined || "missing" in choice) {
    state.lead.stage = "done";
    nullify(state);
    return;
  }
  const block = assemble(state, choice.parent, content);
  state.lead = { stage: "checking", token, block };
  const entry = block === undefined ? undefined : storeBlock(state, block);
  if (entry === undefined) {
    state.lead.stage = "done";
    nullify(state);
  }
}

function assemble(state: BbftState, parent: Parent, content: BlockContent): SideBlock | undefined {
  const parentBlock = heldParent(state, parent);
  if (parentBlock === undefined) return undefined;
  const parentMs = parentBlock === "final" ? state.final.timestampMs : parentBlock.header.timestampMs;
  const skips = nullifications(state, parent.view + 1);
  const height = parent.height + 1;
  const header: SideHeader = {
    chainId: state.config.chainId,
    epoch: state.epoch,
    view: state.view,
    height,
    parentHash: parent.hash,
    parentView: parent.view,
    timestampMs: Math.max(state.nowMs, parentMs + state.config.blockMs),
    bodyRoot: sideBodyRoot(content.batches),
    transactionCount: content.transactionCount,
    transactionRoot: content.transactionRoot,
    parentStateRoot: content.parentStateRoot,
    skipRoot: skipRoot(skips),
    nextCommitteeRoot: isEpochEnd(state.config, height) ? state.committees.next.root : NO_HASH,
  };
  const inline = skips.length <= SKIP_CERTIFICATES_INLINE_MAX;
  const block = createSideBlock({
    header,
    batches: content.batches,
    parentCertificate: height === 1 ? undefined : parent.certificate,
    skipCertificates: inline ? skips : [],
  });
  if (block !== undefined && !inline) state.ownLongSkips = { key: bytesToHex(block.hash), certificates: skips };
  return block;
}

/** Releases the built block when it is valid and its slot has come; runs whenever either may have changed. */
export function tryRelease(state: BbftState): void {
  const { stage, block } = state.lead;
  if ((stage !== "checking" && stage !== "ready") || block === undefined) return;
  const entry = state.blocks.get(bytesToHex(block.hash));
  if (entry?.status === "invalid") {
    state.lead.stage = "done";
    nullify(state);
    return;
  }
  if (entry?.status !== "valid") return;
  if (block.header.timestampMs > state.nowMs) {
    if (stage === "checking") emit(state, { type: "setTimer", id: "release", atMs: block.header.timestampMs });
    state.lead.stage = "ready";
    return;
  }
  state.lead.stage = "done";
  if (canSignNow(state)) propose(state, { block, justifyView: 0, justification: [] });
}

function repropose(state: BbftState, parent: Parent): void {
  const block = heldParent(state, parent);
  if (block === undefined || block === "final" || parent.certificate === undefined) return;
  const atMs = reproposalMs(state);
  if (state.nowMs < atMs) {
    emit(state, { type: "setTimer", id: "release", atMs });
    return;
  }
  state.lead.stage = "done";
  const justification = [parent.certificate, ...nullifications(state, parent.view + 1)].slice(0, JUSTIFICATION_MAX);
  propose(state, { block, justifyView: parent.view, justification });
}

function propose(state: BbftState, made: Pick<SideProposal, "block" | "justifyView" | "justification">): void {
  const own = ownVotes(state, state.view);
  if (own?.votes[VOTE_KINDS.NULLIFY] !== undefined) return;
  const { epoch, view } = state;
  const { hash, header } = made.block;
  const content = { view, height: header.height, blockHash: hash };
  const wrap = (signature: Uint8Array): BbftMessage => ({
    type: "PROPOSE",
    epoch,
    proposal: { view, ...made, signature },
  });
  castVote(state, { content: { ...content, kind: VOTE_KINDS.PROPOSE }, wrap: (vote) => wrap(vote.signature) });
  castVote(state, { content: { ...content, kind: VOTE_KINDS.NOTARIZE }, block: made.block });
  state.proposals.set(view, { view, ...made, signature: NO_HASH });
}

/** After a restart: the same proposal with the same signature; what cannot be rebuilt is left to the timers. */
function proposeAgain(state: BbftState): void {
  const own = ownVotes(state, state.view);
  const vote = own?.votes[VOTE_KINDS.PROPOSE];
  const block = own?.block;
  if (vote === undefined || block === undefined || own?.durable[VOTE_KINDS.PROPOSE] !== true) return;
  const { epoch, view } = state;
  let justification: Certificate[] = [];
  let justifyView = 0;
  if (block.header.view !== view) {
    const choice = chooseParent(state);
    if ("missing" in choice || choice.parent.certificate === undefined || !equalBytes(choice.parent.hash, block.hash))
      return;
    justifyView = choice.parent.view;
    justification = [choice.parent.certificate, ...nullifications(state, justifyView + 1)].slice(0, JUSTIFICATION_MAX);
  }
  const proposal: SideProposal = { view, block, justifyView, justification, signature: vote.signature };
  state.proposals.set(view, proposal);
  storeBlock(state, block);
  emit(state, { type: "broadcast", message: { type: "PROPOSE", epoch, proposal } });
}
