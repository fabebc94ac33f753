// Why a main-chain transaction or block is refused: the reference's names (spec/bytom.md sections 8 and 9), ours for what
// the reference cannot handle (section 2.3), and the kinds of VM failure. Validation answers with these codes as values;
// the table says what each means for people and for the score of a peer.

import type { ErrorTable } from "@bystack/utils/errors";
import { VM_ERRORS, type VmErrorCode } from "@bystack/vm/errors";

function refusal(message: string, next = "Build the transaction again and sign it.") {
  return { kind: "invalid", fault: "peer-minor", message, next } as const;
}

function badBlock(message: string) {
  return {
    kind: "invalid",
    fault: "peer-severe",
    message,
    next: "Nothing: the block breaks a rule of the chain.",
  } as const;
}

export const MAIN_TRANSACTION_ERRORS = {
  ErrTxVersion: refusal("The transaction version is not the one that the block version requires."),
  ErrWrongTransactionSize: refusal("The transaction has no bytes."),
  ErrBadTimeRange: refusal("The transaction was valid only up to a height that has passed."),
  ErrEmptyInputIDs: refusal("Two inputs of the transaction are the same."),
  ErrNotStandardTx: refusal("A BTM output is not locked by one of the standard programs."),
  ErrEmptyResults: refusal("The transaction has no outputs."),
  ErrOverflow: refusal("The amounts of an asset do not fit 63 bits."),
  ErrNoSource: refusal("An output pays an asset that no input brings."),
  ErrUnbalanced: refusal("Inputs and outputs of an asset differ."),
  ErrGasCalculate: refusal("The fee is negative or does not cover the size of the transaction."),
  ErrOverGasCredit: refusal("The fee does not cover the gas, or too much gas is needed before the fee is proven."),
  ErrMismatchedPosition: refusal("An input is repeated, or a coinbase input is not the first one."),
  ErrWrongCoinbaseTransaction: refusal("A coinbase input may stand only in the first transaction of a block."),
  ErrWrongCoinbaseAsset: refusal("A coinbase input creates an asset other than BTM."),
  ErrCoinbaseArbitraryOversize: refusal("The coinbase input carries too many arbitrary bytes."),
  ErrUnsupportedAssetVersion: refusal("An input or output has an asset version that has no meaning yet."),
  ErrManyCoinbases: refusal("The transaction has more than one coinbase input."),
} as const satisfies ErrorTable;

export type MainTransactionErrorCode = keyof typeof MAIN_TRANSACTION_ERRORS | VmErrorCode;

export const MAIN_BLOCK_ERRORS = {
  errVersionRegression: badBlock("The block version is not 1."),
  errMisorderedBlockHeight: badBlock("The block's height does not follow its parent's."),
  errBadBits: badBlock("The block's difficulty is not the required one."),
  errMismatchedBlock: badBlock("The block does not name this parent."),
  errBadTimestamp: badBlock("The block's time is not after the median of its ancestors, or too far in the future."),
  errWorkProof: badBlock("The block's proof of work does not reach its difficulty."),
  errOverBlockLimit: badBlock("The block's transactions use more gas than a block may."),
  errMismatchedMerkleRoot: badBlock("A Merkle root in the header does not belong to the transactions."),
  ErrEntryType: badBlock("The coinbase pays to a retirement."),
} as const satisfies ErrorTable;

/** A block is refused for a rule of its own or for a transaction that may not be in any block. */
export type MainBlockErrorCode = keyof typeof MAIN_BLOCK_ERRORS | MainTransactionErrorCode;

export const MAIN_UTXO_ERRORS = {
  UTXO_MISSING: refusal("An input spends an output that does not exist.", "Wait for the transaction that creates it."),
  UTXO_SPENT: refusal("An input spends an output that is spent already."),
  UTXO_IMMATURE: refusal("An input spends a coinbase output too early.", "Wait until the coinbase is mature."),
  UTXO_NOT_SPENT: {
    kind: "internal",
    fault: "local",
    message: "A block cannot be undone: an output that it spends is unspent in the state.",
    next: "The state does not belong to this block. Rebuild the state from the stored blocks.",
  },
} as const satisfies ErrorTable;

export type MainUtxoErrorCode = keyof typeof MAIN_UTXO_ERRORS;

/** What a refusal means, for people. */
export function mainErrorMessage(code: MainBlockErrorCode | MainUtxoErrorCode): string {
  if (code in VM_ERRORS) return `An input's program failed: ${VM_ERRORS[code as VmErrorCode]}.`;
  const table: ErrorTable = { ...MAIN_TRANSACTION_ERRORS, ...MAIN_BLOCK_ERRORS, ...MAIN_UTXO_ERRORS };
  return table[code]?.message ?? code;
}
