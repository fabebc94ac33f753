// Why a state that comes from a peer may be believed: a chain of committees from the spec to the state's epoch, and final
// blocks from the state's own on, whose second one names the root. Pure; what peers sent is judged here and nowhere else.

import { type Certificate, quorumSize, verifyCertificate } from "@bystack/protocol/side/certificate";
import { hashSideHeader } from "@bystack/protocol/side/header";
import {
  type EpochEnd,
  followEpoch,
  type LightClientContext,
  type LightClientState,
  type VerifySignature,
  verifyFinality,
} from "@bystack/protocol/side/light-client";
import { certifiesParentView, type SideBlock } from "@bystack/protocol/side/proposal";
import { chainIdOf, type SideChainSpec } from "@bystack/protocol/spec";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";

/** Vote keys of the committees that a proof needs, and where the row of epoch ends has come to. */
export type Committees = {
  readonly client: LightClientState;
  /** Keys of the epoch before the client's; undefined in epoch 1. */
  readonly previous: readonly Uint8Array[] | undefined;
};

/** Blocks as an answer brings them: linked, the last with the certificate. */
export type CertifiedRun = { readonly blocks: readonly SideBlock[]; readonly certificate: Certificate };

/** What a row of epoch ends begins with: the committee that the spec names. */
export function firstCommittees(spec: SideChainSpec): Committees {
  const keys = spec.committee.map(({ voteKey }) => voteKey);
  const client: LightClientState = {
    chainId: chainIdOf(spec),
    epoch: 1,
    keys,
    epochBlocks: spec.consensus.epochBlocks,
    timeMs: spec.genesis.timeMs,
  };
  return { client, previous: undefined };
}

/** The end of an epoch that an operator vouches for: up to it certificates may be of any age. */
export type TrustedEnd = { readonly height: number; readonly hash: Hash };

/** Moves on by the ends of some epochs. The error names what is wrong; EXPIRED is nobody's fault. */
export function followEnds(
  committees: Committees,
  ends: readonly EpochEnd[],
  context: LightClientContext & { readonly trusted: TrustedEnd | undefined },
): Result<Committees, string> {
  const { trusted } = context;
  let { client, previous } = committees;
  for (const end of ends) {
    const { height } = end.header;
    const isVouchedFor = trusted !== undefined && height <= trusted.height;
    const trustingMs = isVouchedFor ? Number.POSITIVE_INFINITY : context.trustingMs;
    const next = followEpoch(client, end, { ...context, trustingMs });
    if (!next.ok) return err(next.error);
    if (height === trusted?.height && !equalBytes(hashSideHeader(end.header), trusted.hash)) return err("TRUSTED");
    previous = client.keys;
    client = next.value;
  }
  return ok({ client, previous });
}

/** The committees of an epoch on a chain whose committee never changes. */
export function fixedCommittees(spec: SideChainSpec, epoch: number): Committees {
  const { client } = firstCommittees(spec);
  return { client: { ...client, epoch }, previous: epoch === 1 ? undefined : client.keys };
}

function keysOf({ client, previous }: Committees, epoch: number): readonly Uint8Array[] | undefined {
  if (epoch === client.epoch) return client.keys;
  return epoch === client.epoch - 1 ? previous : undefined;
}

/** Outside the hash: whoever serves a block may have put anything there. */
function hasParentCertificate(block: SideBlock, committees: Committees, verify: VerifySignature): boolean {
  const { header, parentCertificate } = block;
  if (header.height === 1) return true;
  if (parentCertificate === undefined || !certifiesParentView(header, parentCertificate)) return false;
  const { blockHash, height, epoch } = parentCertificate;
  const keys = keysOf(committees, epoch);
  if (keys === undefined || !equalBytes(blockHash, header.parentHash) || height !== header.height - 1) return false;
  const context = { chainId: header.chainId, epoch, keys, quorum: quorumSize(keys.length) };
  return verifyCertificate(parentCertificate, context, verify) === "ok";
}

/**
 * What is wrong with final blocks of one epoch that begin at a height; undefined when they are final and may be stored and
 * served again: their parent certificates count too.
 */
export function runProblem(
  run: CertifiedRun,
  expected: { readonly height: number; readonly epoch: number },
  parts: { readonly committees: Committees; readonly verify: VerifySignature },
): string | undefined {
  const { blocks, certificate } = run;
  const { committees, verify } = parts;
  const keys = keysOf(committees, expected.epoch);
  if (keys === undefined || blocks[0]?.header.height !== expected.height) return "HEIGHT";
  const { chainId } = committees.client;
  const proof = { headers: blocks.map(({ header }) => header), certificate };
  const verdict = verifyFinality(proof, { chainId, epoch: expected.epoch, keys }, verify);
  if (!verdict.ok) return verdict.error;
  return blocks.every((block) => hasParentCertificate(block, committees, verify)) ? undefined : "PARENT_CERTIFICATE";
}
