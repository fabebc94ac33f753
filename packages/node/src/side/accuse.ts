// From two votes that a validator should not have signed both of to a transaction that takes its seat and its bond
// (bbft.md section 10, E1 to E3). Whoever sees it submits it; the ledger takes it once.

import type { SideChain } from "@bystack/chain/side/side-chain";
import type { Evidence } from "@bystack/consensus/bbft/events";
import type { Vote } from "@bystack/consensus/bbft/messages";
import { createEvidenceTransaction, evidenceOf, type SignedMessage } from "@bystack/protocol/side/evidence";
import { bytesToHex } from "@bystack/utils/bytes";
import type { Logger } from "@bystack/utils/ports";

function signedMessage(vote: Vote): SignedMessage {
  const { epoch, kind, view, height, blockHash, signature } = vote;
  return { content: { epoch, kind, view, height, blockHash }, signature };
}

/** Says that a validator signed twice and, on a chain with elections, submits the proof. */
export function createAccuser(options: {
  readonly chain: SideChain;
  readonly logger: Logger;
  /** Vote keys of the present epoch's committee, in its order. */
  readonly committee: () => readonly Uint8Array[];
  readonly onAccepted: (raw: Uint8Array) => void;
}): (evidence: Evidence) => void {
  const { chain, logger, committee, onAccepted } = options;
  return ({ first, second }) => {
    const voteKey = committee()[first.signer];
    if (voteKey === undefined) return;
    const told = { voteKey: bytesToHex(voteKey), epoch: first.epoch, view: first.view };
    logger.error("a validator signed twice", told);
    const evidence = evidenceOf(voteKey, signedMessage(first), signedMessage(second));
    if (!chain.rules.spec.features.votes || evidence === undefined) return;
    const { raw } = createEvidenceTransaction(evidence);
    const verdict = chain.submit(raw);
    if (verdict.ok) onAccepted(raw);
    // Somebody else was first: the key is barred already.
    else logger.info("evidence was not taken", { ...told, code: verdict.code });
  };
}
