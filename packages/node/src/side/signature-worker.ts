// The inside of the thread that verifies signatures ahead of a replay: takes the batch of a block, finds the inputs that one
// key signs, and gives back which signatures hold. It says yes only to what it has verified; about the rest it says nothing.

import { parentPort } from "node:worker_threads";
import { readBatch } from "@bystack/ledger/side/apply";
import { verifyStrictS } from "@bystack/ledger/side/rules";
import { mapSideTransaction, sideSignatureHash } from "@bystack/protocol/side/entries";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** Public key, signature and message one after the other: everything that decides the verdict. */
export const TRIPLE_BYTES = PUBLIC_KEY_BYTES + SIGNATURE_BYTES + 32;

export type AheadRequest = { readonly height: number; readonly batches: readonly Uint8Array[] };
/** `verified`: triples that hold. */
export type AheadAnswer = { readonly height: number; readonly verified: Uint8Array };

/** The triples of a transaction that hold: of inputs whose arguments are a signature and its key. */
function verifiedOf(raw: Uint8Array): Uint8Array[] {
  const decoded = decodeSideTransaction(raw);
  if (!decoded.ok) return [];
  const mapped = mapSideTransaction(decoded.value);
  return decoded.value.inputs.flatMap((input, index) => {
    const [signature, publicKey, more] = "arguments" in input ? input.arguments : [];
    if (more !== undefined || signature?.length !== SIGNATURE_BYTES || publicKey?.length !== PUBLIC_KEY_BYTES)
      return [];
    const message = sideSignatureHash(mapped, index);
    return verifyStrictS(publicKey, message, signature) ? [publicKey, signature, message] : [];
  });
}

parentPort?.on("message", ({ height, batches }: AheadRequest) => {
  const triples = batches.flatMap((batch) => (readBatch(batch) ?? []).flatMap(verifiedOf));
  const answer: AheadAnswer = { height, verified: Uint8Array.from(Buffer.concat(triples)) };
  parentPort?.postMessage(answer, [answer.verified.buffer as ArrayBuffer]);
});
