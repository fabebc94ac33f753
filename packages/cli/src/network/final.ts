// Waiting until what a command sent is final and the state shows it: only then has it succeeded.

import { setTimeout as delay } from "node:timers/promises";
import { platformError } from "@bystack/platform/errors";
import type { SideClient } from "@bystack/platform/network/run";
import { BystackError } from "@bystack/utils/errors";
import { walletError } from "@bystack/wallet/errors";
import type { ChainKind } from "./chains.ts";

/** A block takes half a second; a chain that needs longer than this stands still. */
const DEADLINE_MS = 60_000;
const POLL_MS = 200;
/** Answers in a row that do not know the transaction any more: between pool and block there may be one. */
const GONE_ANSWERS = 5;

type Timing = { readonly nowMs: () => number; readonly sleep: (ms: number) => Promise<unknown> };
const SYSTEM: Timing = { nowMs: () => performance.now(), sleep: (ms) => delay(ms) };

export type FinalQuestion<T> = {
  readonly transaction: string;
  /** What is waited for, as it is told when it does not come. */
  readonly what: string;
  /** Reads the state; undefined while it does not show the effect. */
  readonly shows: () => Promise<T | undefined>;
  /** On a main chain nothing is final: a block has to do. */
  readonly confirmedIsEnough?: boolean;
};

/** @throws BystackError TRANSACTION_GONE, WAIT_TIMEOUT */
export async function untilFinal<T>(
  node: Pick<SideClient, "call">,
  question: FinalQuestion<T>,
  timing: Timing = SYSTEM,
): Promise<T> {
  const { transaction, what } = question;
  const until = timing.nowMs() + DEADLINE_MS;
  let unknown = 0;
  let last = "it waits";
  for (;;) {
    try {
      const { status } = await node.call("transaction", { params: { id: transaction } });
      unknown = 0;
      const isSettled = status === "final" || (question.confirmedIsEnough === true && status === "confirmed");
      const shown = isSettled ? await question.shows() : undefined;
      if (shown !== undefined) return shown;
      last = isSettled ? "it is final, but the state does not show it" : "it waits";
    } catch (error) {
      if (!(error instanceof BystackError)) throw error;
      if (error.kind !== "unavailable" && error.code !== "TRANSACTION_NOT_FOUND") throw error;
      if (error.code === "TRANSACTION_NOT_FOUND") unknown += 1;
      if (unknown >= GONE_ANSWERS) throw walletError("TRANSACTION_GONE", { why: `${what}: ${transaction}` });
      last = error.message;
    }
    if (timing.nowMs() > until)
      throw platformError("WAIT_TIMEOUT", { why: `${what}: ${last}; transaction ${transaction}` });
    await timing.sleep(POLL_MS);
  }
}

/** A payment once it is final, or on a main chain in a block. @throws BystackError TRANSACTION_GONE, WAIT_TIMEOUT */
export function untilPaid(node: Pick<SideClient, "call">, transaction: string, kind: ChainKind) {
  const shows = () => node.call("transaction", { params: { id: transaction } });
  return untilFinal(node, { transaction, what: "the payment", shows, confirmedIsEnough: kind === "main" });
}
