// Proof files as somebody would paste them: a good one of each chain, and one with a signature that was changed.

import { formatProof } from "../../../src/proof/file.ts";
import { mainProof, sideProof } from "../../proofs.ts";

/** Of another network: nobody here can be asked about it. */
const FAR = "far";

export const MAIN_PROOF = formatProof({ ...mainProof().proof, network: FAR });
const side = { ...sideProof().proof, network: FAR };
export const SIDE_PROOF = formatProof(side);

const { certificate } = side.finality;
const at = certificate.length - 100;
const digit = (Number.parseInt(certificate.charAt(at), 16) ^ 1).toString(16);
export const TAMPERED_PROOF = formatProof({
  ...side,
  finality: { ...side.finality, certificate: certificate.slice(0, at) + digit + certificate.slice(at + 1) },
});
