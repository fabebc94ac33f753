// Errors of the wallet: keys, accounts, coins, building.

import { type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const WALLET_ERRORS = {
  KEY_STORE_LOCKED: {
    kind: "forbidden",
    fault: "local",
    message: "The key store cannot be opened with this secret.",
    next: "Check the passphrase, or the unlock file in the wallet's folder.",
  },
  KEY_STORE_DAMAGED: {
    kind: "invalid",
    fault: "local",
    message: "The key store file cannot be read.",
    next: "Restore it from a backup: without it the coins of its accounts cannot be spent.",
  },
  KEY_STORE_EXISTS: {
    kind: "conflict",
    fault: "local",
    message: "There is a key file already; it is never overwritten.",
    next: "Use another folder.",
  },
  WALLET_BUSY: {
    kind: "conflict",
    fault: "none",
    message: "Another command uses this wallet.",
    next: "Wait until it has ended, then try again.",
  },
  ACCOUNT_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "The wallet has no such account.",
    next: "List the accounts: bystack wallet balance.",
  },
  ACCOUNT_EXISTS: {
    kind: "conflict",
    fault: "none",
    message: "The wallet has this account already.",
    next: "Choose another name.",
  },
  ASSET_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "The wallet does not know this asset.",
    next: "Name it by its id (64 hexadecimal digits), or issue it first.",
  },
  AMOUNT_INVALID: {
    kind: "invalid",
    fault: "none",
    message: "The amount is not valid for this asset.",
    next: "Give a positive decimal number with no more places than the asset has.",
  },
  COINS_INSUFFICIENT: {
    kind: "conflict",
    fault: "none",
    message: "The account does not hold enough.",
    next: "See what it holds: bystack wallet balance. Coins that wait in a transaction become free again when it is in a block.",
  },
  COINS_FRAGMENTED: {
    kind: "limit",
    fault: "none",
    message: "The account holds enough, but in too many small coins for one transaction.",
    next: "Send it to yourself in several steps first, each with a part of the amount.",
  },
  CANDIDATE_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "There is no such candidate.",
    next: "List them: bystack candidate list. A candidate is named by its node or by the beginning of its key.",
  },
  CANDIDATE_FOREIGN: {
    kind: "conflict",
    fault: "none",
    message: "The candidate stands with a key of another account or wallet.",
    next: "Name the account that registered it: --from.",
  },
  VOTES_LOCKED: {
    kind: "conflict",
    fault: "none",
    message: "None of these votes can be taken back now.",
    next: "See from which height each is free: bystack votes list.",
  },
  SHARE_UNCLAIMED: {
    kind: "conflict",
    fault: "none",
    message: "These votes have earned a share that is not claimed; taking them back now gives it to the reward pool.",
    next: "Claim it first: bystack votes claim. Or add --forgo to give it up.",
  },
  FEE_ABOVE_MAX: {
    kind: "conflict",
    fault: "none",
    message: "The fee is higher than what the transaction would bring.",
    next: "Wait until more has come together. A veto may give up a small share: --forgo.",
  },
  TRANSACTION_GONE: {
    kind: "conflict",
    fault: "none",
    message: "The transaction has left the pool without taking effect.",
    next: "Look at what has changed meanwhile, then try again.",
  },
  DESTINATION_INVALID: {
    kind: "invalid",
    fault: "none",
    message: "The destination is not an address of this chain.",
    next: "Ask the receiver for an address of the right chain; each chain has its own prefix.",
  },
} as const satisfies ErrorTable;

export const walletError = errorFactory(WALLET_ERRORS);
