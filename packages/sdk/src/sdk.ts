// `@bystack/sdk`: everything that a program or a page needs to use a Bystack network: the typed client of the platform's API
// and a wallet that keeps its keys on the caller's side. Browser-safe: nothing here reaches a module of Node.

export type { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
export { BystackError } from "@bystack/utils/errors";
export { BTM_DECIMALS, formatAmount, parseAmount } from "@bystack/wallet/amounts";
export { type Account, createAccount, openAccount } from "./account.ts";
export { BTM_ASSET_ID } from "./assets.ts";
export type { AssetBalance, Chain, ChainFacts, PayOptions, WaitOptions } from "./chain.ts";
export { type Bystack, type ConnectOptions, connect, type Network } from "./connect.ts";
export { SDK_ERRORS } from "./errors.ts";
export type { PlatformEvent, SubscribeOptions } from "./events.ts";
export { type Output, type PaymentOrder, type SignedPayment, signPayment } from "./payment.ts";
