// The answer to "what became of my transaction": where it stands, or the refusal that is remembered, in the words of the
// table of errors that its chain has.

import type { NODE_ROUTES } from "@bystack/api/node-routes";
import type { RouteReply } from "@bystack/api/route";
import { BystackError } from "@bystack/utils/errors";
import type { RefusedTransaction } from "./refused-transactions.ts";

type WhyReply = RouteReply<(typeof NODE_ROUTES)["transactionWhy"]>;
type Held = Pick<RouteReply<(typeof NODE_ROUTES)["transaction"]>, "status" | "gasOnly" | "blockHeight">;

/** @param find answers where the transaction stands, or throws TRANSACTION_NOT_FOUND */
export async function transactionWhy(parts: {
  readonly id: string;
  readonly find: () => Promise<Held>;
  readonly refused: RefusedTransaction | undefined;
  readonly errorOf: (code: string) => BystackError;
  readonly mempool: WhyReply["mempool"];
}): Promise<WhyReply> {
  const { id, find, refused, errorOf, mempool } = parts;
  const nothing = { code: null, why: null, next: null, atMs: null, gasOnly: false, blockHeight: null };
  try {
    const { status, gasOnly, blockHeight } = await find();
    return { ...nothing, id, state: status, gasOnly, blockHeight, mempool };
  } catch (error) {
    if (!(error instanceof BystackError) || error.code !== "TRANSACTION_NOT_FOUND") throw error;
  }
  if (refused === undefined) return { ...nothing, id, state: "unknown", mempool };
  const { code, message, next } = errorOf(refused.code);
  return { ...nothing, id, state: refused.how, code, why: message, next, atMs: refused.atMs, mempool };
}
