// Remembers which signatures were found valid, so that a transaction's signatures are verified once and not three times: on
// its way into the mempool, into a candidate block and into the chain. A verdict is a pure function of key, message and
// signature, so a remembered one is as good as a new one; invalid ones are not kept, so nobody can fill this with rubbish.

import { MAIN_VM_RULES } from "@bystack/ledger/main/rules";

/** The mempool's transactions with some to spare, about 3 MB; a signature that was forgotten is verified again. */
export const VERIFIED_SIGNATURES_MAX = 16_384;

const SIGNATURE_BYTES = 64;

/** How programs are run; only the verdict on signatures is replaced here. */
export type ProgramRules = typeof MAIN_VM_RULES;

/** The rules with a memory of the latest valid signatures. */
export function rememberSignatures(
  rules: ProgramRules = MAIN_VM_RULES,
  signaturesMax = VERIFIED_SIGNATURES_MAX,
): ProgramRules {
  // Key, message and signature, oldest first. All three have a fixed length. A character a byte: a flat string of 128 bytes,
  // where text put together from hexadecimal pieces takes more than 20 times that.
  const valid = new Set<string>();
  return {
    ...rules,
    checkSig: (publicKey, message, signature) => {
      if (signature.length !== SIGNATURE_BYTES) return rules.checkSig(publicKey, message, signature);
      const key = String.fromCharCode(...publicKey, ...message, ...signature);
      if (valid.has(key)) return true;
      if (!rules.checkSig(publicKey, message, signature)) return false;
      valid.add(key);
      const [oldest] = valid.size > signaturesMax ? valid : [];
      if (oldest !== undefined) valid.delete(oldest);
      return true;
    },
  };
}
