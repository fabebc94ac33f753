// Calls to the platform: the typed client of its route table at this page's own origin, with the session's header half. An
// answer that the session is over ends it here; one that asks for a fresh proof opens the dialog and tries again once.

import { type ApiClient, createClient } from "@bystack/api/client";
import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { BystackError } from "@bystack/utils/errors";
import type { z } from "zod";
import { endSession, headerHalf, SESSION_HEADER } from "./session.ts";

export type Routes = typeof PLATFORM_ROUTES;
export type RouteId = keyof Routes & string;
export type Input<K extends RouteId> = {
  readonly params?: z.input<Routes[K]["params"]>;
  readonly query?: z.input<Routes[K]["query"]>;
  readonly body?: z.input<Routes[K]["body"]>;
};
export type Reply<K extends RouteId> = z.output<Routes[K]["reply"]>;

/** Codes after which only signing in helps. */
const ENDED: readonly string[] = ["SIGN_IN_NEEDED", "SESSION_ENDED"];

/** `fetch` with the header half; cookies go along by themselves at the own origin. */
export function sessionFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const half = headerHalf();
  if (half !== undefined) headers.set(SESSION_HEADER, half);
  return fetch(url, { ...init, headers, credentials: "same-origin" });
}

const client: ApiClient<Routes> = createClient({ baseUrl: "", routes: PLATFORM_ROUTES, fetch: sessionFetch });

/** Asks for a fresh proof; resolves to whether it was given. Set by the dialog when it is mounted. */
let askProof: (() => Promise<boolean>) | undefined;

export function setProofDialog(ask: typeof askProof): void {
  askProof = ask;
}

/** What is shown when a thing went wrong that has no code of its own. */
export function errorOf(error: unknown): { code: string; message: string; why: string; next: string } {
  if (error instanceof BystackError) {
    const { code, message, why, next } = error;
    if (code === "UNREACHABLE")
      return { code, message: "The platform does not answer.", why, next: "See whether it runs: bystack status." };
    return { code, message, why, next };
  }
  const why = error instanceof Error ? error.message : String(error);
  return { code: "CONSOLE_FAILED", message: "The console failed.", why, next: "Reload the page." };
}

/** @throws BystackError with the platform's code, UNREACHABLE or BAD_ANSWER */
export async function call<K extends RouteId>(id: K, input: Input<K> = {}): Promise<Reply<K>> {
  try {
    return await client.call(id, input);
  } catch (error) {
    if (!(error instanceof BystackError)) throw error;
    if (ENDED.includes(error.code)) endSession(error.code, error.why);
    if (error.code !== "STEP_UP_NEEDED" || askProof === undefined || !(await askProof())) throw error;
    return client.call(id, input);
  }
}
