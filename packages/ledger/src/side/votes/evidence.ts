// Evidence against validators (sidechain.md section 5, bbft.md section 10): a key that signed two messages which no honest
// node signs both of is barred from the next election on, and its bond goes to the reward pool. Accepted once for each key:
// whoever is barred has nothing left to lose until the record is forgotten.

import { type Evidence, verifyEvidence } from "@bystack/protocol/side/evidence";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import type { SideTransactionErrorCode } from "../errors.ts";
import type { SignatureCheck } from "../rules.ts";
import { evidenceEnd, type VotesContext } from "./candidates.ts";
import { closePosition } from "./voters.ts";

/** Why evidence is refused. */
export function evidenceProblem(
  evidence: Evidence,
  context: VotesContext & { readonly verifySignature: SignatureCheck },
): SideTransactionErrorCode | undefined {
  const { state, votes, rules, block, verifySignature } = context;
  const { voteKey, second } = evidence;
  const { epoch } = second.content;
  if (state.isBarred(voteKey)) return "EVIDENCE_KNOWN";
  const isSeated = state.control.committees.some(({ members }) =>
    members.some((member) => equalBytes(member.voteKey, voteKey)),
  );
  if (!isSeated && state.candidateOf(voteKey) === undefined) return "EVIDENCE_KEY";
  if (epoch < 1 || epoch > block.epoch || block.height > evidenceEnd(epoch, rules, votes)) return "EVIDENCE_TIME";
  return verifyEvidence(evidence, rules.chainId, verifySignature) ? undefined : "EVIDENCE_SIGNATURE";
}

/** Bars the key. @returns the bond that is to be removed from the outputs, and what the pool gets, if there is one. */
export function applyEvidence(
  evidence: Evidence,
  { state, block }: Pick<VotesContext, "state" | "block">,
): { readonly outputId: Uint8Array; readonly pooledNeu: bigint } | undefined {
  const voteKey = evidence.voteKey.slice();
  const { epoch, view } = evidence.second.content;
  state.barred.set(bytesToHex(voteKey), { voteKey, epoch, view, height: block.height });
  const record = state.candidateOf(voteKey);
  if (record?.bond === undefined) return undefined;
  const { outputId, amount } = record.bond;
  const unclaimed = closePosition(state, { id: bytesToHex(outputId), key: record.key, amount });
  state.setCandidate({ ...record, bond: undefined, votes: record.votes - amount });
  return { outputId, pooledNeu: amount + unclaimed };
}
