// Blocks of the fake side chain: each final at once, under a real certificate of three of its four validators.

import { ZERO_HASH } from "@bystack/protocol/entry";
import { merkleRoot } from "@bystack/protocol/merkle";
import { assembleCertificate, signedBytes, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { hashSideHeader, type SideHeader } from "@bystack/protocol/side/header";
import type { FinalityProof } from "@bystack/protocol/side/light-client";
import type { Hash } from "@bystack/utils/bytes";
import { MEMBERS, signerOf } from "./keys.ts";

export type Block = { readonly header: SideHeader; readonly ids: readonly Hash[]; readonly proof: FinalityProof };

const QUORUM = 3;

function certificateOf(header: SideHeader): FinalityProof["certificate"] {
  const blockHash = hashSideHeader(header);
  const content = { epoch: 1, kind: VOTE_KINDS.FINALIZE, view: header.view, height: header.height, blockHash };
  const bytes = signedBytes(header.chainId, content);
  const votes = MEMBERS.slice(0, QUORUM).map((i) => ({ signer: i, signature: signerOf(`vote ${i}`).sign(bytes) }));
  return assembleCertificate(content, votes, MEMBERS.length);
}

/** The next block, with these transactions. */
export function blockAfter(
  parent: Block | undefined,
  { chainId, ids }: { readonly chainId: Hash; readonly ids: readonly Hash[] },
): Block {
  const height = (parent?.header.height ?? 0) + 1;
  const header: SideHeader = {
    chainId,
    epoch: 1,
    view: height,
    height,
    parentHash: parent === undefined ? ZERO_HASH : hashSideHeader(parent.header),
    parentView: height - 1,
    timestampMs: 1_700_000_000_000 + height * 500,
    bodyRoot: ZERO_HASH,
    transactionCount: ids.length,
    transactionRoot: merkleRoot(ids),
    parentStateRoot: ZERO_HASH,
    skipRoot: merkleRoot([]),
    nextCommitteeRoot: ZERO_HASH,
  };
  return { header, ids, proof: { headers: [header], certificate: certificateOf(header) } };
}
