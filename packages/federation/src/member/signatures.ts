// Signatures of one payout: verified before they are stored, one list a member (federation.md section 5: no coordinator).
// Pure: signature hashes come from the draft that this member derived itself (M6), never from a message.

import { verifyEd25519 } from "@bystack/crypto/ed25519";
import type { MainTransaction } from "@bystack/protocol/main/transaction";
import { assemblePayout, draftSignatureHashes, type PayoutDraft } from "@bystack/protocol/peg/draft";
import type { VaultKeys, VaultSignature } from "@bystack/protocol/peg/vault";
import type { Hash } from "@bystack/utils/bytes";

export type SignatureVerdict = "stored" | "known" | "COUNT" | "SIGNATURE" | "MEMBER";

/** What is collected for one payout. */
export class PayoutSignatures {
  readonly draft: PayoutDraft;
  readonly hashes: readonly Hash[];
  readonly #keys: VaultKeys;
  readonly #keyIndexes: readonly number[];
  readonly #byMember = new Map<number, readonly Uint8Array[]>();

  constructor(draft: PayoutDraft, options: { readonly keys: VaultKeys; readonly keyIndexes: readonly number[] }) {
    this.draft = draft;
    this.hashes = draftSignatureHashes(draft);
    this.#keys = options.keys;
    this.#keyIndexes = options.keyIndexes;
  }

  /** Members whose signatures are here, ascending. */
  get signers(): number[] {
    return [...this.#byMember.keys()].sort((a, b) => a - b);
  }

  of(member: number): readonly Uint8Array[] | undefined {
    return this.#byMember.get(member);
  }

  /** Verifies a member's signatures, one an input, and keeps them. */
  add(member: number, signatures: readonly Uint8Array[]): SignatureVerdict {
    const publicKey = this.#keys.publicKeys[this.#keyIndexes[member] ?? -1];
    if (publicKey === undefined) return "MEMBER";
    if (this.#byMember.has(member)) return "known";
    if (signatures.length !== this.hashes.length) return "COUNT";
    const good = this.hashes.every((message, i) => {
      const signature = signatures[i];
      return signature !== undefined && verifyEd25519({ publicKey, message, signature }, "strict-s");
    });
    if (!good) return "SIGNATURE";
    this.#byMember.set(member, signatures);
    return "stored";
  }

  /** The signed transaction once k members have signed; every set of signers gives the same transaction id (F7). */
  assemble(): MainTransaction | undefined {
    const perInput = this.hashes.map((_, i): VaultSignature[] =>
      [...this.#byMember].flatMap(([member, signatures]) => {
        const signature = signatures[i];
        return signature === undefined ? [] : [{ keyIndex: this.#keyIndexes[member] ?? 0, signature }];
      }),
    );
    return assemblePayout(this.draft, perInput, () => this.#keys);
  }
}
