// Blocks of a side chain whose one validator is in the tests' hands: headers that fit and certificates that it has signed.
// For parts that take what the engine has already judged, and for those that judge it again.

import { publicKeyFromSeed, signEd25519 } from "@bystack/crypto/ed25519";
import {
  assembleCertificate,
  type Certificate,
  type CertificateKind,
  signedBytes,
  skipRoot,
  VOTE_KINDS,
} from "@bystack/protocol/side/certificate";
import { type SideHeader, sideBodyRoot } from "@bystack/protocol/side/header";
import { createSideBlock, type SideBlock } from "@bystack/protocol/side/proposal";
import type { Hash } from "@bystack/utils/bytes";

export const ZERO = new Uint8Array(32);
const VOTE_SEED = new Uint8Array(32).fill(1);
/** Vote key of the one validator. */
export const VOTE_KEY = publicKeyFromSeed(VOTE_SEED);

export function certificateOf(block: SideBlock, kind: CertificateKind = VOTE_KINDS.FINALIZE): Certificate {
  const { epoch, view, height, chainId } = block.header;
  const content = { kind, epoch, view, height, blockHash: block.hash };
  const signature = signEd25519(VOTE_SEED, signedBytes(chainId, content));
  return assembleCertificate(content, [{ signer: 0, signature }], 1);
}

export type Content = {
  readonly batches: readonly Uint8Array[];
  readonly transactionCount: number;
  readonly transactionRoot: Hash;
  readonly parentStateRoot: Hash;
};

/** The next block in the first epoch; `header` changes what is made up here. */
export function blockOf(
  spec: { chainId: Hash; genesisMs: number },
  parent: SideBlock | undefined,
  content: Content,
  header: Partial<SideHeader> = {},
): SideBlock {
  const height = (parent?.header.height ?? 0) + 1;
  const kind = (header.parentView ?? height - 1) === 0 ? VOTE_KINDS.FINALIZE : VOTE_KINDS.NOTARIZE;
  const block = createSideBlock({
    header: {
      chainId: spec.chainId,
      epoch: 1,
      view: height,
      height,
      parentHash: parent?.hash ?? ZERO,
      parentView: height - 1,
      timestampMs: spec.genesisMs + 500 * height,
      bodyRoot: sideBodyRoot(content.batches),
      transactionCount: content.transactionCount,
      transactionRoot: content.transactionRoot,
      parentStateRoot: content.parentStateRoot,
      skipRoot: skipRoot([]),
      nextCommitteeRoot: ZERO,
      ...header,
    },
    batches: content.batches,
    parentCertificate: parent === undefined ? undefined : certificateOf(parent, kind),
    skipCertificates: [],
  });
  if (block === undefined) throw new Error("the parts of the block do not match");
  return block;
}
