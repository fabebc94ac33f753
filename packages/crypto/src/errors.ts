// The failures of this package that are thrown or reject a promise. Verification never throws: it returns verdicts.

import { type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const CRYPTO_ERRORS = {
  WASM_KERNEL_MISSING: {
    kind: "unavailable",
    fault: "local",
    message: "The compiled Tensority kernel is not there or cannot be loaded.",
    next: "Run `npm run setup`; it compiles the kernel.",
  },
  NATIVE_BACKEND_MISSING: {
    kind: "unavailable",
    fault: "local",
    message: "The native backend was asked for, but none has been built and loaded.",
    next: "Build the native backend, or choose the backend `wasm` or `ts`.",
  },
  TENSORITY_QUEUE_FULL: {
    kind: "limit",
    fault: "none",
    message: "Too many proof-of-work checks are waiting.",
    next: "Wait until some of the earlier checks have finished, then ask again.",
  },
  TENSORITY_MINING_BUSY: {
    kind: "conflict",
    fault: "none",
    message: "Every proof-of-work worker is mining already.",
    next: "Abort a running job first, or create the pool with more workers.",
  },
  TENSORITY_WORKER_FAILED: {
    kind: "internal",
    fault: "local",
    message: "A proof-of-work worker stopped before it had answered.",
    next: "Ask again: a new worker is started for the next job. If it repeats, look at the cause and at the memory limits.",
  },
  TENSORITY_POOL_CLOSED: {
    kind: "unavailable",
    fault: "none",
    message: "The proof-of-work workers have been shut down.",
    next: "Create a new pool.",
  },
} as const satisfies ErrorTable;

export type CryptoErrorCode = keyof typeof CRYPTO_ERRORS;

/** Makes an error of this package: `throw cryptoError("WASM_KERNEL_MISSING", { cause })`. */
export const cryptoError = errorFactory(CRYPTO_ERRORS);
