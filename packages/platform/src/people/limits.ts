// How often somebody may call (platform.md section 4, "Per token"): reads and writes by credential, the public by address,
// sign-ins by name and by address, streams at once by credential.

import type { BystackError } from "@bystack/utils/errors";
import type { Clock } from "@bystack/utils/ports";
import { platformError } from "../errors.ts";
import { parseAddress } from "../outbound/addresses.ts";
import { Buckets } from "./buckets.ts";

/** Tokens and sessions whose calls are counted apart. */
export const LIMITED_CREDENTIALS_MAX = 10_000;
/** Addresses whose calls are counted apart; IPv6 by its /64, which one household has. */
export const LIMITED_SOURCES_MAX = 10_000;
/** Logins whose sign-ins are counted apart. */
export const LIMITED_LOGINS_MAX = 10_000;
/** Streams of one credential at once. */
export const CREDENTIAL_STREAMS_MAX = 20;
/** Streams of all of them at once. */
export const PLATFORM_STREAMS_MAX = 500;

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

function formatV4(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 255n)).join(".");
}

/** What an address counts as, readable: all forms of one are the same, and IPv6 is its /64. */
export function sourceKey(source: string): string {
  const address = parseAddress(source.split("%", 1)[0] ?? "");
  if (address === undefined) return "unknown";
  const { family, bits } = address;
  if (family === 4) return formatV4(bits);
  if (bits >> 32n === 0xffffn) return formatV4(bits & 0xffff_ffffn);
  const groups = [112n, 96n, 80n, 64n].map((shift) => ((bits >> shift) & 0xffffn).toString(16));
  return `${groups.join(":")}::/64`;
}

/** The error of a call that came too early. */
export function limited(waitMs: number): BystackError {
  return platformError("RATE_LIMITED", { why: `in ${Math.ceil(waitMs / 1000)} s`, details: { retryAfterMs: waitMs } });
}

export type LimitKind = "read" | "write" | "public" | "login" | "source";

export class Limits {
  readonly #buckets: Readonly<Record<LimitKind, Buckets>>;
  readonly #streams = new Map<string, number>();
  #streamsOpen = 0;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    const make = (burst: number, refillMs: number, keysMax: number) => new Buckets({ clock, burst, refillMs, keysMax });
    this.#buckets = {
      read: make(50, SECOND_MS, LIMITED_CREDENTIALS_MAX),
      write: make(5, SECOND_MS, LIMITED_CREDENTIALS_MAX),
      public: make(10, SECOND_MS, LIMITED_SOURCES_MAX),
      login: make(5, MINUTE_MS, LIMITED_LOGINS_MAX),
      source: make(5, MINUTE_MS, LIMITED_SOURCES_MAX),
    };
  }

  /** @returns 0, or in how many milliseconds to come again */
  take(kind: LimitKind, key: string): number {
    return this.#buckets[kind].take(key);
  }

  /** @returns what gives the place back, once. @throws BystackError STREAMS_FULL */
  openStream(key: string): () => void {
    const open = this.#streams.get(key) ?? 0;
    if (open >= CREDENTIAL_STREAMS_MAX)
      throw platformError("STREAMS_FULL", { why: `${open} are open with this sign-in` });
    if (this.#streamsOpen >= PLATFORM_STREAMS_MAX)
      throw platformError("STREAMS_FULL", { why: `${this.#streamsOpen} are open on the platform` });
    this.#streams.set(key, open + 1);
    this.#streamsOpen += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#streamsOpen -= 1;
      const left = (this.#streams.get(key) ?? 1) - 1;
      if (left === 0) this.#streams.delete(key);
      else this.#streams.set(key, left);
    };
  }
}
