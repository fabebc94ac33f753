// What a program may ask about the transaction around it (spec/bytom.md section 14.7). The machine knows no transaction
// types: ledgers build one context per entry that has a program. A field that an entry does not have is left out, and
// the instruction that wants it fails with ErrContext.

import type { VmErrorCode } from "./errors.ts";

/** The question of CHECKOUTPUT: is destination `index` of this transaction exactly this output? */
export type OutputQuery = {
  /** All three are non-negative; the machine has refused the others. */
  readonly index: bigint;
  readonly amount: bigint;
  readonly vmVersion: bigint;
  /** As found on the stack: any length. */
  readonly assetId: Uint8Array;
  readonly code: Uint8Array;
  /** True at the top level of a version-1 transaction: then a retirement matches whatever `code` is. */
  readonly expansionReserved: boolean;
};

export type VmContext = {
  /** Expansion opcodes are refused when this is 1, and only then. */
  readonly txVersion?: bigint;
  readonly blockHeight?: bigint;
  readonly entryId: Uint8Array;
  readonly assetId?: Uint8Array;
  readonly amount?: bigint;
  /** Position of this input's value among the mux sources. */
  readonly destinationPosition?: bigint;
  readonly spentOutputId?: Uint8Array;
  /** The 32 bytes that signatures cover; a function because few programs want it and it costs a hash. */
  readonly txSigHash?: () => Uint8Array;
  /** The answer, or ErrBadValue for an index beyond the destinations, or ErrContext. */
  readonly checkOutput?: (query: OutputQuery) => boolean | VmErrorCode;
};

/** What differs between chains. */
export type VmRules = {
  /** Whether a6 is MULFRACTION (side chains) or an expansion opcode (main chain). */
  readonly mulFraction: boolean;
  /**
   * The verdict on one Ed25519 signature. Key and message have 32 bytes; the signature is as found on the stack. Injected,
   * so that a ledger can answer from a batch that was verified before.
   */
  readonly checkSig: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
};
