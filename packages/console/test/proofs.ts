// Proofs of made-up blocks of both chains, signed by validators that live as long as the run.

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { sha3_256 } from "@bystack/crypto/hash";
import {
  encodeMainHeader,
  mainBlockHash,
  statusItem,
  statusRoot,
  transactionsRoot,
} from "@bystack/protocol/main/block";
import { merklePath, merkleRoot } from "@bystack/protocol/merkle";
import { assembleCertificate, encodeCertificate, signedBytes, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { encodeSideHeader, hashSideHeader, type SideHeader } from "@bystack/protocol/side/header";
import { bytesToHex, utf8ToBytes } from "@bystack/utils/bytes";
import type { MainProof, SideProof } from "../src/proof/file.ts";

const idOf = (words: string) => sha3_256(utf8ToBytes(words));
export const IDS = Array.from({ length: 5 }, (_, i) => idOf(`transaction ${i}`));
const AT = 3;
export const ZERO = new Uint8Array(32);

function pathOf(items: readonly Uint8Array[]) {
  const { siblings, directions } = merklePath(items, AT);
  return {
    siblings: siblings.map(bytesToHex),
    directions: siblings.map((_, i) => (((directions[i >> 3] ?? 0) >> (i & 7)) & 1) === 1),
  };
}

export function mainProof(): { proof: MainProof; hash: string } {
  const failed = IDS.map((_, i) => i === 1);
  const header = {
    version: 1n,
    height: 41n,
    previousHash: idOf("before"),
    timestamp: 1_700_000_000n,
    transactionsRoot: transactionsRoot(IDS),
    statusRoot: statusRoot(failed),
    nonce: 7n,
    bits: 2_161_727_821_137_910_632n,
  };
  const { siblings, directions } = pathOf(IDS);
  const proof: MainProof = {
    format: 1,
    kind: "main",
    network: "dev",
    chain: "main",
    transaction: bytesToHex(IDS[AT] ?? ZERO),
    inclusion: {
      header: bytesToHex(encodeMainHeader(header)),
      height: 41,
      position: AT,
      directions,
      transactionSiblings: siblings,
      statusSiblings: pathOf(failed.map(statusItem)).siblings,
      gasOnly: false,
    },
  };
  return { proof, hash: bytesToHex(mainBlockHash(header)) };
}

type Validator = { readonly key: Uint8Array; readonly secret: KeyObject };

function validators(): Validator[] {
  return Array.from({ length: 4 }, () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    return {
      key: Uint8Array.from(publicKey.export({ format: "der", type: "spki" }).subarray(-32)),
      secret: privateKey,
    };
  });
}

const SEATS = validators();
export const specOf = (votes: object | null) =>
  JSON.stringify({
    committee: SEATS.map(({ key }, i) => ({ id: `demo-${i + 1}`, voteKey: bytesToHex(key) })),
    ...(votes !== null && { votes }),
  });

export function sideProof(signers = [0, 1, 3], votes: object | null = null): { proof: SideProof; chainId: string } {
  const spec = specOf(votes);
  const chainId = sha3_256(utf8ToBytes(spec));
  const header = (height: number, parentHash: Uint8Array): SideHeader => ({
    chainId,
    epoch: 2,
    view: height + 3,
    height,
    parentHash,
    parentView: height + 2,
    timestampMs: 1_700_000_000_000 + height,
    bodyRoot: idOf("body"),
    transactionCount: IDS.length,
    transactionRoot: merkleRoot(IDS),
    parentStateRoot: idOf("state"),
    skipRoot: ZERO,
    nextCommitteeRoot: ZERO,
  });
  const first = header(70, idOf("parent"));
  const second = header(71, hashSideHeader(first));
  const content = {
    epoch: 2,
    kind: VOTE_KINDS.FINALIZE,
    view: second.view,
    height: 71,
    blockHash: hashSideHeader(second),
  } as const;
  const bytes = signedBytes(chainId, content);
  const signed = signers.map((signer) => ({
    signer,
    signature: Uint8Array.from(sign(null, bytes, (SEATS[signer] as Validator).secret)),
  }));
  const { siblings, directions } = pathOf(IDS);
  const proof: SideProof = {
    format: 1,
    kind: "side",
    network: "dev",
    chain: "demo",
    transaction: bytesToHex(IDS[AT] ?? ZERO),
    spec,
    inclusion: {
      header: bytesToHex(encodeSideHeader(first)),
      height: 70,
      position: AT,
      directions,
      transactionSiblings: siblings,
      statusSiblings: [],
      gasOnly: false,
    },
    finality: {
      headers: [first, second].map((one) => bytesToHex(encodeSideHeader(one))),
      certificate: bytesToHex(encodeCertificate(assembleCertificate(content, signed, 4))),
    },
  };
  return { proof, chainId: bytesToHex(chainId) };
}
