// Why a submitted transaction was refused, as an error for the API: the ledger's and the mempool's own codes and words. No
// table of its own.

import { MAIN_MEMPOOL_ERRORS, type MainMempoolErrorCode } from "@bystack/chain/main/errors";
import {
  MAIN_TRANSACTION_ERRORS,
  MAIN_UTXO_ERRORS,
  type MainTransactionErrorCode,
  type MainUtxoErrorCode,
  mainErrorMessage,
} from "@bystack/ledger/main/errors";
import { BystackError, type ErrorTable } from "@bystack/utils/errors";
import { nodeError } from "../errors.ts";

const TABLE: ErrorTable = { ...MAIN_TRANSACTION_ERRORS, ...MAIN_UTXO_ERRORS, ...MAIN_MEMPOOL_ERRORS };

/** Codes without an entry are those of a failed program. */
export function submitRefusal(code: MainMempoolErrorCode | MainTransactionErrorCode | MainUtxoErrorCode): BystackError {
  if (code === "ErrPoolIsFull") return nodeError("MEMPOOL_FULL");
  const entry = TABLE[code] ?? {
    kind: "invalid",
    fault: "peer-minor",
    message: mainErrorMessage(code as MainTransactionErrorCode),
    next: "Build the transaction again and sign it.",
  };
  return new BystackError(code, entry);
}

/** The same for a code that this node has answered with before. */
export function rememberedRefusal(code: string): BystackError {
  return code === "MEMPOOL_FULL" ? nodeError(code) : submitRefusal(code as MainTransactionErrorCode);
}
