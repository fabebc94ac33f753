// The generator of wrong messages (promises.md section 10): each takes a message that an honest engine made and makes one
// thing about it wrong. What is signed by the hostile validator itself is signed again; other signatures are left as they
// are, since nobody can make them.

import { type BbftMessage, decodeMessage, encodeMessage, type Vote } from "@bystack/consensus/bbft/messages";
import { type Certificate, type SignedContent, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SideHeader } from "@bystack/protocol/side/header";
import { createSideBlock, type SideBlock } from "@bystack/protocol/side/proposal";
import type { SimRng } from "./rng.ts";

type Of<T extends BbftMessage["type"]> = BbftMessage & { type: T };

export type Forger = {
  /** Signs as the hostile validator, under its chain's domain. */
  sign(content: SignedContent): Uint8Array;
};

/** One bit of a copy is another. */
function flipped(bytes: Uint8Array, rng: SimRng): Uint8Array {
  const copy = bytes.slice();
  const at = rng.below(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << rng.below(8));
  return copy;
}

/** One to three changed bytes; most results no longer decode, as on a real wire. */
function garbled(message: BbftMessage, rng: SimRng): BbftMessage | undefined {
  const bytes = encodeMessage(message);
  for (let i = rng.between(1, 3); i > 0; i -= 1) bytes[rng.below(bytes.length)] = rng.below(256);
  return decodeMessage(bytes);
}

function mangleVote(vote: Vote, rng: SimRng): Vote {
  switch (rng.below(6)) {
    case 0:
      return { ...vote, signature: flipped(vote.signature, rng) };
    case 1:
      return { ...vote, epoch: Math.max(1, vote.epoch + rng.pick([-1, 1])) };
    case 2:
      return { ...vote, view: vote.view + rng.between(1, 40) };
    case 3:
      return { ...vote, signer: (vote.signer + 1) % 100 };
    case 4:
      return { ...vote, blockHash: flipped(vote.blockHash, rng) };
    default:
      // What was signed as one kind of vote is shown as another.
      return { ...vote, kind: vote.kind === VOTE_KINDS.NOTARIZE ? VOTE_KINDS.FINALIZE : VOTE_KINDS.NOTARIZE };
  }
}

function mangleCertificate(certificate: Certificate, rng: SimRng): Certificate {
  const { bitmap, signatures, epoch, view } = certificate;
  switch (rng.below(5)) {
    case 0:
      return { ...certificate, bitmap: flipped(bitmap, rng) };
    case 1:
      return { ...certificate, signatures: flipped(signatures, rng) };
    case 2:
      return { ...certificate, epoch: Math.max(1, epoch + rng.pick([-1, 1])) };
    case 3:
      return { ...certificate, view: view + rng.between(1, 3) };
    default:
      return { ...certificate, signatures: signatures.subarray(64) };
  }
}

/** A header that is wrong in one thing, with the certificates of the right one. */
function wrongHeader(header: SideHeader, rng: SimRng): SideHeader {
  switch (rng.below(5)) {
    case 0:
      return { ...header, parentHash: flipped(header.parentHash, rng) };
    case 1:
      return { ...header, parentView: Math.max(0, header.parentView - 1) };
    case 2:
      return { ...header, chainId: flipped(header.chainId, rng) };
    case 3:
      return { ...header, epoch: header.epoch + 1 };
    default:
      return { ...header, height: header.height + 1 };
  }
}

function mangleProposal(message: Of<"PROPOSE">, rng: SimRng, forger: Forger): BbftMessage | undefined {
  const { proposal } = message;
  let view = proposal.view;
  let block: SideBlock | undefined = proposal.block;
  if (rng.chance(0.3)) view += rng.between(1, 12);
  else if (rng.chance(0.2)) block = { ...block, parentCertificate: undefined };
  else block = createSideBlock({ ...block, header: wrongHeader(block.header, rng) });
  if (block === undefined) return undefined;
  const { epoch, height } = block.header;
  const signature = forger.sign({ epoch, kind: 0, view, height, blockHash: block.hash });
  return { type: "PROPOSE", epoch, proposal: { ...proposal, view, block, signature } };
}

function mangleNotes(message: Of<"NOTES">, rng: SimRng): BbftMessage {
  const votes = message.votes.map((vote) => (rng.chance(0.5) ? mangleVote(vote, rng) : vote));
  const certificates = message.certificates.map((one) => (rng.chance(0.5) ? mangleCertificate(one, rng) : one));
  return { ...message, votes, certificates };
}

/** A block with something else where its parent's certificate should be: that is outside of its hash. */
function mangleCarried(block: SideBlock, rng: SimRng): SideBlock {
  const { parentCertificate } = block;
  if (parentCertificate === undefined) return block;
  const changed = rng.chance(0.2) ? undefined : mangleCertificate(parentCertificate, rng);
  return { ...block, parentCertificate: changed };
}

/** Makes one thing about a message wrong; undefined when nothing that can be sent came out. */
export function mangle(message: BbftMessage, rng: SimRng, forger: Forger): BbftMessage | undefined {
  if (message.type === "PROPOSE" && rng.chance(0.7)) return mangleProposal(message, rng, forger);
  if (message.type === "BLOCK" && rng.chance(0.8)) return { ...message, block: mangleCarried(message.block, rng) };
  if (message.type === "SYNC_BLOCKS" && rng.chance(0.8))
    return { ...message, blocks: message.blocks.map((block) => mangleCarried(block, rng)) };
  if (message.type === "NOTES" && rng.chance(0.7)) return mangleNotes(message, rng);
  return garbled(message, rng);
}
