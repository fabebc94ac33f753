// Blocks of a side chain without a committee: headers that fit, certificates that nobody has signed. For parts that take
// what the engine has already judged.

import { type Certificate, skipRoot, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { type SideHeader, sideBodyRoot } from "@bystack/protocol/side/header";
import { createSideBlock, type SideBlock } from "@bystack/protocol/side/proposal";
import type { Hash } from "@bystack/utils/bytes";

export const ZERO = new Uint8Array(32);

export function certificateOf(block: SideBlock): Certificate {
  const { epoch, view, height } = block.header;
  return {
    kind: VOTE_KINDS.FINALIZE,
    epoch,
    view,
    height,
    blockHash: block.hash,
    scheme: 1,
    bitmap: Uint8Array.of(7),
    signatures: new Uint8Array(192),
  };
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
    parentCertificate: parent === undefined ? undefined : { ...certificateOf(parent), kind: VOTE_KINDS.NOTARIZE },
    skipCertificates: [],
  });
  if (block === undefined) throw new Error("the parts of the block do not match");
  return block;
}
