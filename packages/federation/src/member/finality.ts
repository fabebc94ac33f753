// M1 of federation.md section 5: a side-chain block is final when a FINALIZE certificate of its epoch's committee names it
// or a descendant in the same epoch (an epoch's last block is always finalised in it). The signer verifies every signature
// itself: its own node is asked for the proof, never for the verdict.

import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { VOTE_KINDS, verifyCertificate } from "@bystack/protocol/side/certificate";
import { hashSideHeader, type SideHeader } from "@bystack/protocol/side/header";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import { FINALITY_HEADERS_MAX } from "../limits.ts";
import type { FinalityProof } from "../ports.ts";

export type FinalityContext = {
  readonly chainId: Hash;
  readonly voteKeys: readonly Uint8Array[];
  readonly quorum: number;
};

/** What is wrong with a proof of finality; certificate verdicts under their own names. */
export type FinalityFault = "HEIGHT" | "CHAIN" | "LINK" | "CERTIFICATE" | "LENGTH" | (string & {});

/** Verifies that the block at `height` is final; the value is its header. */
export function verifyFinality(
  proof: FinalityProof,
  height: number,
  context: FinalityContext,
): Result<SideHeader, FinalityFault> {
  const { headers, certificate } = proof;
  const [first] = headers;
  if (headers.length > FINALITY_HEADERS_MAX) return err("LENGTH");
  if (first === undefined || first.height !== height) return err("HEIGHT");
  let last = first;
  let lastHash = hashSideHeader(first);
  if (!equalBytes(first.chainId, context.chainId)) return err("CHAIN");
  for (const header of headers.slice(1)) {
    const follows = equalBytes(header.parentHash, lastHash) && header.height === last.height + 1;
    if (!follows || header.epoch !== first.epoch || !equalBytes(header.chainId, context.chainId)) return err("LINK");
    last = header;
    lastHash = hashSideHeader(header);
  }
  const names = equalBytes(certificate.blockHash, lastHash) && certificate.height === last.height;
  if (certificate.kind !== VOTE_KINDS.FINALIZE || !names) return err("CERTIFICATE");
  const verdict = verifyCertificate(
    certificate,
    { chainId: context.chainId, epoch: first.epoch, keys: context.voteKeys, quorum: context.quorum },
    (publicKey, message, signature) => verifyEd25519({ publicKey, message, signature }, "strict-s"),
  );
  return verdict === "ok" ? ok(first) : err(verdict);
}
