// Calls to the platform: the typed client of its route table at this page's own origin, with the session's header half. An
// answer that the session is over ends it here; one that asks for a fresh proof opens the dialog and tries again once.

import { createClient } from "@bystack/api/client";
import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { BystackError } from "@bystack/utils/errors";
import type { z } from "zod";
import { endSession, headerHalf, SESSION_HEADER } from "./session.ts";

export type Routes = typeof PLATFORM_ROUTES;
/** Routes that answer once. */
export type RouteId = {
  [K in keyof Routes & string]: Routes[K]["kind"] extends "json" ? K : never;
}[keyof Routes & string];
export type Input<K extends keyof Routes> = {
  readonly params?: z.input<Routes[K]["params"]>;
  readonly query?: z.input<Routes[K]["query"]>;
  readonly body?: z.input<Routes[K]["body"]>;
};
export type Reply<K extends keyof Routes> = z.output<Routes[K]["reply"]>;

/** Codes after which only signing in helps. */
const ENDED: readonly string[] = ["SIGN_IN_NEEDED", "SESSION_ENDED"];
/** A change may go through a slow disk; reads that take longer than this are shown as failed. */
const TIMEOUT_MS = 10_000;

/** For streams; everything else goes through {@link call}. */
export const client = createClient({
  baseUrl: "",
  routes: PLATFORM_ROUTES,
  timeoutMs: TIMEOUT_MS,
  headers: () => {
    const half = headerHalf();
    return half === undefined ? {} : { [SESSION_HEADER]: half };
  },
});

/** Asks for a fresh proof; resolves to whether it was given. Set by the dialog while it is mounted. */
let askProof: (() => Promise<boolean>) | undefined;

export function setProofDialog(ask: typeof askProof): void {
  askProof = ask;
}

export type ShownError = {
  readonly code: string;
  readonly message: string;
  readonly why: string;
  readonly next: string;
};

/** What is shown of whatever was thrown: also what has no code of its own gets one, and a next step. */
export function errorOf(error: unknown): ShownError {
  if (error instanceof BystackError) {
    const { code, message, why, next } = error;
    if (code === "UNREACHABLE")
      return { code, message: "The platform does not answer.", why, next: "See whether it runs: bystack status." };
    return { code, message, why, next };
  }
  const why = error instanceof Error ? error.message : String(error);
  return { code: "CONSOLE_FAILED", message: "The console failed.", why, next: "Reload the page." };
}

/** A number that makes a change the same one when it is sent again. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @throws BystackError with the platform's code, UNREACHABLE or BAD_ANSWER */
export async function call<K extends RouteId>(id: K, input: Input<K> = {}): Promise<Reply<K>> {
  const half = headerHalf();
  const options = PLATFORM_ROUTES[id].method === "GET" ? {} : { idempotencyKey: newKey() };
  try {
    return await client.call(id, input, options);
  } catch (error) {
    if (!(error instanceof BystackError)) throw error;
    // Another tab has replaced the halves while this call was under way.
    if (error.code === "SESSION_ENDED" && headerHalf() !== half) return client.call(id, input, options);
    if (ENDED.includes(error.code)) endSession(error.code, error.why);
    if (error.code !== "STEP_UP_NEEDED" || askProof === undefined || !(await askProof())) throw error;
    return client.call(id, input, options);
  }
}
