// The platform's stream of events as an async iterable that survives cuts: it asks again behind the last event that was seen,
// ever more slowly, until the caller's signal ends it. Events without a number are of the moment alone and may be missed.

import type { ApiClient } from "@bystack/api/client";
import type { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { BystackError } from "@bystack/utils/errors";
import type { z } from "zod";
import { delay } from "./delay.ts";

export type PlatformEvent = z.output<(typeof PLATFORM_ROUTES)["events"]["reply"]>;

export type SubscribeOptions = {
  /** Only what concerns this network. */
  readonly network?: string;
  /** Go on behind this event; absent: from now on. */
  readonly after?: number;
  readonly signal?: AbortSignal;
};

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 15_000;

/** Being silent, or busy, ends with time; everything else would be answered the same again. */
function isPassing(error: unknown): boolean {
  return error instanceof BystackError && (error.kind === "unavailable" || error.kind === "limit");
}

/**
 * Ends when the signal is aborted.
 * @throws BystackError when asking again would not help (ROLE_TOO_LOW, SIGN_IN_NEEDED …)
 */
export async function* subscribe(
  api: ApiClient<typeof PLATFORM_ROUTES>,
  { network, after, signal }: SubscribeOptions,
): AsyncGenerator<PlatformEvent, void, undefined> {
  let last = after;
  let wait = RETRY_MS_MIN;
  const query = network === undefined ? {} : { network };
  const isOver = (): boolean => signal?.aborted === true;
  while (!isOver()) {
    try {
      const more = { lastEventId: last, ...(signal !== undefined && { signal }) };
      for await (const event of await api.stream("events", { query }, more)) {
        wait = RETRY_MS_MIN;
        if (event.seq !== null) last = event.seq;
        yield event;
      }
    } catch (error) {
      if (isOver()) return;
      if (!isPassing(error)) throw error;
    }
    await delay(wait, signal).catch(() => undefined);
    wait = Math.min(wait * 2, RETRY_MS_MAX);
  }
}
