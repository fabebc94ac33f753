// What this package throws beyond the codes of the platform and the wallet. All are `BystackError`: code, message, why, next.

import { type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const SDK_ERRORS = {
  SECRET_INVALID: {
    kind: "invalid",
    fault: "local",
    message: "This is not the secret of an account.",
    next: "Give the 64 hexadecimal digits that `account.secret` had when the account was made.",
  },
  FINAL_TIMEOUT: {
    kind: "unavailable",
    fault: "none",
    message: "The transaction did not become final in time.",
    next: "It may still do so: ask again with `waitFinal`. `bystack why <transaction>` says what it waits for.",
  },
  PAYMENT_GONE: {
    kind: "conflict",
    fault: "none",
    message:
      "The chain does not know the transaction any more: another one spent its coins, or it was never submitted.",
    next: "Look at the balance, then pay anew.",
  },
  COINS_RESERVED: {
    kind: "limit",
    fault: "none",
    message: "Too many payments of this program are on their way.",
    next: "Wait until some of them are final.",
  },
} as const satisfies ErrorTable;

export const sdkError = errorFactory(SDK_ERRORS);
