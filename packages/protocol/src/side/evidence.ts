// Evidence that a validator broke a voting rule (bbft.md section 10, E1 to E3), as system transactions of kind 5: two
// signed messages of one key for one view that no honest node signs both of. Bytes: docs/adr/0005. One encoding for one
// pair, whoever found it.

import { compareBytes, equalBytes, type Hash, isZeroBytes } from "@bystack/utils/bytes";
import { createSystem, hasSystemForm, SYSTEM_KIND } from "../peg/system.ts";
import { ByteReader, ByteWriter } from "../wire.ts";
import { SIGNATURE_BYTES, type SignedContent, signedBytes, VOTE_KINDS } from "./certificate.ts";
import { writeVarint53 } from "./header.ts";
import type { SideTransaction, SideTransactionData } from "./transaction.ts";

/** E1: two NOTARIZE · E2: NULLIFY and FINALIZE · E3: two proposals; each of one view. */
export const EVIDENCE_RULE = { twoNotarize: 1, nullifyAndFinalize: 2, twoProposals: 3 } as const;
export type EvidenceRule = (typeof EVIDENCE_RULE)[keyof typeof EVIDENCE_RULE];

/** One message of a validator, with its signature. */
export type SignedMessage = { readonly content: SignedContent; readonly signature: Uint8Array };

export type Evidence = {
  readonly rule: EvidenceRule;
  readonly voteKey: Uint8Array;
  /** Of E2 the NULLIFY; else the one with the lower (height, hash). */
  readonly first: SignedMessage;
  readonly second: SignedMessage;
};

const KINDS = {
  [EVIDENCE_RULE.twoNotarize]: [VOTE_KINDS.NOTARIZE, VOTE_KINDS.NOTARIZE],
  [EVIDENCE_RULE.nullifyAndFinalize]: [VOTE_KINDS.NULLIFY, VOTE_KINDS.FINALIZE],
  [EVIDENCE_RULE.twoProposals]: [VOTE_KINDS.PROPOSE, VOTE_KINDS.PROPOSE],
} as const;

function compareContents(a: SignedContent, b: SignedContent): number {
  return a.height === b.height ? compareBytes(a.blockHash, b.blockHash) : a.height - b.height;
}

/** Whether the pair, in this order, breaks the rule. Messages of another epoch or view never contradict each other. */
function isPair(rule: EvidenceRule, first: SignedContent, second: SignedContent): boolean {
  const [firstKind, secondKind] = KINDS[rule];
  if (first.kind !== firstKind || second.kind !== secondKind) return false;
  if (first.epoch !== second.epoch || first.view !== second.view) return false;
  if (rule === EVIDENCE_RULE.nullifyAndFinalize) return first.height === 0 && isZeroBytes(first.blockHash);
  return compareContents(first, second) < 0;
}

/** The evidence that two messages of one key make, in whichever order; undefined when an honest node may sign both. */
export function evidenceOf(voteKey: Uint8Array, a: SignedMessage, b: SignedMessage): Evidence | undefined {
  for (const rule of Object.values(EVIDENCE_RULE)) {
    if (isPair(rule, a.content, b.content)) return { rule, voteKey, first: a, second: b };
    if (isPair(rule, b.content, a.content)) return { rule, voteKey, first: b, second: a };
  }
  return undefined;
}

/** `rule u8 | vote key 32 | epoch v63 | view v63 | height v63 | hash 32`, the last two twice but for E2. */
function encodeEvidenceBody({ rule, voteKey, first, second }: Evidence): Uint8Array {
  const writer = new ByteWriter(160).byte(rule).raw(voteKey);
  writeVarint53(writer, second.content.epoch);
  writeVarint53(writer, second.content.view);
  const told = rule === EVIDENCE_RULE.nullifyAndFinalize ? [second.content] : [first.content, second.content];
  for (const content of told) {
    writeVarint53(writer, content.height);
    writer.raw(content.blockHash);
  }
  return writer.finish();
}

const NO_HASH = new Uint8Array(32);

/** Reads kind 5; undefined for anything but the one encoding of a pair that breaks a rule. Signatures are not verified. */
export function parseEvidence(transaction: SideTransactionData): Evidence | undefined {
  const [input] = transaction.inputs;
  if (input?.kind !== "system" || input.systemKind !== SYSTEM_KIND.evidence || !hasSystemForm(transaction)) {
    return undefined;
  }
  const [firstSignature, secondSignature] = input.arguments;
  if (input.arguments.length !== 2 || firstSignature?.length !== SIGNATURE_BYTES) return undefined;
  if (secondSignature?.length !== SIGNATURE_BYTES) return undefined;
  const reader = new ByteReader(input.body);
  const code = reader.byte();
  const rule = Object.values(EVIDENCE_RULE).find((known) => known === code);
  if (rule === undefined) return undefined;
  const voteKey = reader.take(32);
  const [epoch, view] = [reader.varint53(), reader.varint53()];
  const [firstKind, secondKind] = KINDS[rule];
  const read = (): { height: number; blockHash: Hash } => ({ height: reader.varint53(), blockHash: reader.hash() });
  const told = rule === EVIDENCE_RULE.nullifyAndFinalize ? { height: 0, blockHash: NO_HASH } : read();
  const first = { content: { epoch, view, kind: firstKind, ...told }, signature: firstSignature };
  const second = { content: { epoch, view, kind: secondKind, ...read() }, signature: secondSignature };
  reader.finish();
  if (reader.error !== undefined || !isPair(rule, first.content, second.content)) return undefined;
  const evidence = { rule, voteKey, first, second };
  return equalBytes(encodeEvidenceBody(evidence), input.body) ? evidence : undefined;
}

/** Whether both messages are signed by the key for this chain. */
export function verifyEvidence(
  evidence: Evidence,
  chainId: Hash,
  verifySignature: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean,
): boolean {
  const { voteKey, first, second } = evidence;
  return [first, second].every(({ content, signature }) =>
    verifySignature(voteKey, signedBytes(chainId, content), signature),
  );
}

/** Kind 5. */
export function createEvidenceTransaction(evidence: Evidence): SideTransaction {
  const { first, second } = evidence;
  return createSystem(SYSTEM_KIND.evidence, encodeEvidenceBody(evidence), [first.signature, second.signature]);
}
