// M1 of federation.md section 5: a side-chain block is final when a FINALIZE certificate of its epoch's committee names it
// or a descendant in the same epoch (an epoch's last block is always finalised in it). The signer verifies every signature
// itself: its own node is asked for the proof, never for the verdict.

import { verifyEd25519 } from "@bystack/crypto/ed25519";
import type { SideHeader } from "@bystack/protocol/side/header";
import {
  type FinalityProof,
  type FinalityFault as ProofFault,
  verifyFinality as verifyProof,
} from "@bystack/protocol/side/light-client";
import type { Hash } from "@bystack/utils/bytes";
import { err, type Result } from "@bystack/utils/result";
import { FINALITY_HEADERS_MAX } from "../limits.ts";

/** The chain, and epoch and committee of the height in question. */
export type FinalityContext = {
  readonly chainId: Hash;
  readonly epoch: number;
  readonly voteKeys: readonly Uint8Array[];
};

/** What is wrong with a proof of finality. */
export type FinalityFault = ProofFault | "HEIGHT" | "LENGTH";

/** Verifies that the block at `height` is final; the value is its header. */
export function verifyFinality(
  proof: FinalityProof,
  height: number,
  { chainId, epoch, voteKeys: keys }: FinalityContext,
): Result<SideHeader, FinalityFault> {
  const [first] = proof.headers;
  if (proof.headers.length > FINALITY_HEADERS_MAX) return err("LENGTH");
  if (first === undefined || first.height !== height) return err("HEIGHT");
  return verifyProof(proof, { chainId, epoch, keys }, (publicKey, message, signature) =>
    verifyEd25519({ publicKey, message, signature }, "strict-s"),
  );
}
