// A development aid beside the tap: reads the frames of all nodes and looks for what no honest validator does: two
// different votes of one key for one (epoch, view, kind), NULLIFY beside FINALIZE in one view, or two proposals of one view,
// which has one leader. Certificates count too, wherever one is carried: they are votes.

import { existsSync, readFileSync } from "node:fs";
import { type BbftMessage, decodeMessage } from "@bystack/consensus/bbft/messages";
import { type Certificate, type SignedContent, signersOf, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SideBlock, SideProposal } from "@bystack/protocol/side/proposal";
import { bytesToHex } from "@bystack/utils/bytes";

export type FrameReport = { readonly frames: number; readonly votes: number; readonly problems: readonly string[] };

type Seen = Map<string, string>;

function note(seen: Seen, problems: string[], signer: number | "leader", content: SignedContent): void {
  const place = `${signer === "leader" ? signer : `validator ${signer}`}, epoch ${content.epoch}, view ${content.view}`;
  const key = `${place}, kind ${content.kind}`;
  const hash = bytesToHex(content.blockHash);
  const before = seen.get(key);
  if (before === undefined) seen.set(key, hash);
  else if (before !== hash) problems.push(`${key}: ${before.slice(0, 16)} and ${hash.slice(0, 16)}`);
  const other =
    content.kind === VOTE_KINDS.NULLIFY
      ? VOTE_KINDS.FINALIZE
      : content.kind === VOTE_KINDS.FINALIZE
        ? VOTE_KINDS.NULLIFY
        : undefined;
  if (other !== undefined && seen.has(`${place}, kind ${other}`)) problems.push(`${place}: NULLIFY beside FINALIZE`);
}

function noteCertificate(seen: Seen, problems: string[], certificate: Certificate | undefined): void {
  if (certificate === undefined) return;
  for (const signer of signersOf(certificate)) note(seen, problems, signer, certificate);
}

function noteBlock(seen: Seen, problems: string[], block: SideBlock): void {
  noteCertificate(seen, problems, block.parentCertificate);
  for (const certificate of block.skipCertificates) noteCertificate(seen, problems, certificate);
}

function noteProposal(seen: Seen, problems: string[], { block, view, justification }: SideProposal): void {
  const { epoch, height } = block.header;
  note(seen, problems, "leader", { kind: VOTE_KINDS.PROPOSE, epoch, view, height, blockHash: block.hash });
  noteBlock(seen, problems, block);
  for (const certificate of justification) noteCertificate(seen, problems, certificate);
}

function noteMessage(seen: Seen, problems: string[], message: BbftMessage): void {
  if (message.type === "NOTES") {
    for (const vote of message.votes) note(seen, problems, vote.signer, vote);
    for (const certificate of message.certificates) noteCertificate(seen, problems, certificate);
  } else if (message.type === "ANSWER") {
    for (const vote of message.votes) note(seen, problems, vote.signer, vote);
    noteCertificate(seen, problems, message.certificate);
  } else if (message.type === "SYNC_BLOCKS") {
    for (const block of message.blocks) noteBlock(seen, problems, block);
    noteCertificate(seen, problems, message.certificate);
  } else if (message.type === "SKIPS") {
    for (const certificate of message.certificates) noteCertificate(seen, problems, certificate);
  } else if (message.type === "BLOCK") noteBlock(seen, problems, message.block);
  else if (message.type === "PROPOSE") noteProposal(seen, problems, message.proposal);
}

/** Frames of a tap: u32 length, bytes; a torn last one (the process was killed there) is left out. */
function* framesOf(path: string): Generator<Uint8Array> {
  if (!existsSync(path)) return;
  const bytes = readFileSync(path);
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    if (at + 4 + length > bytes.length) return;
    yield Uint8Array.from(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
}

export function checkFrames(paths: readonly string[]): FrameReport {
  const seen: Seen = new Map();
  const problems: string[] = [];
  let frames = 0;
  for (const path of paths) {
    for (const frame of framesOf(path)) {
      const message = decodeMessage(frame);
      frames += 1;
      if (message === undefined) {
        problems.push(`${path}: frame ${frames} cannot be read`);
        continue;
      }
      noteMessage(seen, problems, message);
    }
  }
  return { frames, votes: seen.size, problems: [...new Set(problems)] };
}
