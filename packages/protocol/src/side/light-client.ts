// What a side chain's headers prove to somebody who holds no state: that a block is final, and who sits in the next epoch's
// committee. From a committee that is trusted, epoch ends lead to any later one (bbft.md section 10: the last header of
// epoch e commits to the committee of e + 1). Pure and browser-safe; the clock comes in as an argument.

import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import { type Certificate, type CertificateVerdict, quorumSize, VOTE_KINDS, verifyCertificate } from "./certificate.ts";
import { committeeRoot, hashSideHeader, type SideHeader } from "./header.ts";

/** The committee of one epoch, as far as a proof of finality needs it. */
export type EpochCommittee = {
  readonly chainId: Hash;
  readonly epoch: number;
  /** Vote keys in committee order. */
  readonly keys: readonly Uint8Array[];
};

/** Headers from the block in question on, each the parent of the next, and the FINALIZE certificate of the last. */
export type FinalityProof = { readonly headers: readonly SideHeader[]; readonly certificate: Certificate };

export type VerifySignature = (key: Uint8Array, bytes: Uint8Array, signature: Uint8Array) => boolean;

/** What is wrong with a proof of finality; certificate verdicts under their own names. */
export type FinalityFault = "CHAIN" | "EPOCH" | "LINK" | "CERTIFICATE" | Exclude<CertificateVerdict, "ok">;

/** Verifies that the first of the headers is of a final block: a descendant in the same epoch has the certificate. */
export function verifyFinality(
  proof: FinalityProof,
  committee: EpochCommittee,
  verify: VerifySignature,
): Result<SideHeader, FinalityFault> {
  const { headers, certificate } = proof;
  const [first] = headers;
  if (first === undefined) return err("LINK");
  let last = first;
  let lastHash = hashSideHeader(first);
  if (!equalBytes(first.chainId, committee.chainId)) return err("CHAIN");
  if (first.epoch !== committee.epoch) return err("EPOCH");
  for (const header of headers.slice(1)) {
    const follows = equalBytes(header.parentHash, lastHash) && header.height === last.height + 1;
    if (!follows || header.epoch !== first.epoch || !equalBytes(header.chainId, committee.chainId)) return err("LINK");
    last = header;
    lastHash = hashSideHeader(header);
  }
  const names = equalBytes(certificate.blockHash, lastHash) && certificate.height === last.height;
  if (certificate.kind !== VOTE_KINDS.FINALIZE || !names) return err("CERTIFICATE");
  const quorum = quorumSize(committee.keys.length);
  const verdict = verifyCertificate(certificate, { ...committee, quorum }, verify);
  return verdict === "ok" ? ok(first) : err(verdict);
}

/** What a light client believes: a committee, and when the newest header that it has verified was made. */
export type LightClientState = EpochCommittee & {
  readonly epochBlocks: number;
  /** Time of the newest verified header; of the genesis at first. */
  readonly timeMs: number;
};

/** The last header of an epoch, its FINALIZE certificate and the keys that its committee root stands for. */
export type EpochEnd = {
  readonly header: SideHeader;
  readonly certificate: Certificate;
  readonly nextKeys: readonly Uint8Array[];
};

export type LightClientContext = {
  readonly nowMs: number;
  /**
   * How long a committee is believed after its newest header. Below the time for which stake stays locked: after that, old
   * keys may have been sold, and could sign another history that nobody is punished for.
   */
  readonly trustingMs: number;
  readonly verify: VerifySignature;
};

/** A header may be made by a clock that is ahead by this much. */
export const LIGHT_CLIENT_FUTURE_MS_MAX = 10_000;

export type LightClientFault = FinalityFault | "EXPIRED" | "FUTURE" | "TIME" | "HEIGHT" | "COMMITTEE";

function judgeTime(state: LightClientState, header: SideHeader, context: LightClientContext) {
  if (context.nowMs - state.timeMs > context.trustingMs) return "EXPIRED";
  if (header.timestampMs > context.nowMs + LIGHT_CLIENT_FUTURE_MS_MAX) return "FUTURE";
  return undefined;
}

/** Verifies a final header of the state's own epoch. The value is the state with the header's time when that is newer. */
export function verifyFinalHeader(
  state: LightClientState,
  proof: FinalityProof,
  context: LightClientContext,
): Result<{ readonly header: SideHeader; readonly state: LightClientState }, LightClientFault> {
  const [first] = proof.headers;
  const late = first === undefined ? undefined : judgeTime(state, first, context);
  if (late !== undefined) return err(late);
  const verified = verifyFinality(proof, state, context.verify);
  if (!verified.ok) return verified;
  const header = verified.value;
  return ok({ header, state: { ...state, timeMs: Math.max(state.timeMs, header.timestampMs) } });
}

/** Moves on by one epoch. */
export function followEpoch(
  state: LightClientState,
  end: EpochEnd,
  context: LightClientContext,
): Result<LightClientState, LightClientFault> {
  const { header, certificate, nextKeys } = end;
  const late = judgeTime(state, header, context);
  if (late !== undefined) return err(late);
  if (header.height !== state.epoch * state.epochBlocks) return err("HEIGHT");
  if (header.timestampMs < state.timeMs) return err("TIME");
  const verified = verifyFinality({ headers: [header], certificate }, state, context.verify);
  if (!verified.ok) return verified;
  if (!equalBytes(committeeRoot(nextKeys), header.nextCommitteeRoot)) return err("COMMITTEE");
  return ok({ ...state, epoch: state.epoch + 1, keys: nextKeys, timeMs: header.timestampMs });
}
