// Blocks of the fake side chain: each final at once, under a real certificate of three of its four validators.

import { ZERO_HASH } from "@bystack/protocol/entry";
import { merkleRoot } from "@bystack/protocol/merkle";
import { assembleCertificate, signedBytes, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { committeeRoot, hashSideHeader, type SideHeader } from "@bystack/protocol/side/header";
import type { FinalityProof } from "@bystack/protocol/side/light-client";
import type { Hash } from "@bystack/utils/bytes";
import { signerOf } from "./keys.ts";

export type Block = { readonly header: SideHeader; readonly ids: readonly Hash[]; readonly proof: FinalityProof };

/** Name of a vote key. */
export type Seat = number | string;

const QUORUM = 3;

export function voteKeysOf(seats: readonly Seat[]): Uint8Array[] {
  return seats.map((name) => signerOf(`vote ${name}`).publicKey);
}

function certificateOf(header: SideHeader, seats: readonly Seat[]): FinalityProof["certificate"] {
  const blockHash = hashSideHeader(header);
  const { epoch, view, height } = header;
  const content = { epoch, kind: VOTE_KINDS.FINALIZE, view, height, blockHash };
  const bytes = signedBytes(header.chainId, content);
  const signers = seats.slice(0, QUORUM);
  const votes = signers.map((name, signer) => ({ signer, signature: signerOf(`vote ${name}`).sign(bytes) }));
  return assembleCertificate(content, votes, seats.length);
}

/** The next block, with these transactions; `seatsOf`: who sits in an epoch. */
export function blockAfter(
  parent: Block | undefined,
  parts: {
    readonly chainId: Hash;
    readonly ids: readonly Hash[];
    readonly epochBlocks: number;
    readonly seatsOf: (epoch: number) => readonly Seat[];
  },
): Block {
  const { chainId, ids, epochBlocks, seatsOf } = parts;
  const height = (parent?.header.height ?? 0) + 1;
  const epoch = Math.ceil(height / epochBlocks);
  const isLast = height % epochBlocks === 0;
  const header: SideHeader = {
    chainId,
    epoch,
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
    nextCommitteeRoot: isLast ? committeeRoot(voteKeysOf(seatsOf(epoch + 1))) : ZERO_HASH,
  };
  return { header, ids, proof: { headers: [header], certificate: certificateOf(header, seatsOf(epoch)) } };
}
