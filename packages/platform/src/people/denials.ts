// Refusals in the audit log, such that nobody can fill it: a few lines for each source and minute, a few more for all of them,
// and the rest as a number. Nothing that a refused caller sent is written but through the fields given here.

import type { Clock, Logger } from "@bystack/utils/ports";
import type { AuditEntry } from "../store/audit.ts";
import type { PlatformStore } from "../store/store.ts";

/** Lines for one source in one minute. */
export const SOURCE_DENIALS_MAX = 5;
/** Lines for all sources in one minute. */
export const DENIALS_MAX = 60;
/** Sources that are counted apart in one minute; the others are counted together. */
export const DENIAL_SOURCES_MAX = 1_000;
/** Sources that get a line of their own when the counts are written, those with the most; the others get one together. */
export const DENIAL_SUMMARIES_MAX = 20;

const WINDOW_MS = 60_000;
const NO_REQUEST = "0".repeat(64);

export type Denial = Omit<AuditEntry, "atMs"> & {
  readonly tenant: string;
  /** Whose refusals are counted together: a credential if one is known, else the address. */
  readonly source: string;
};

type Counted = { tenant: string; written: number; more: number };

export class Denials {
  readonly #store: PlatformStore;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #logger: Logger;
  readonly #sources = new Map<string, Counted>();
  #beganMs: number;
  #written = 0;
  #others: Counted;

  /** @param tenant whose log takes what belongs to no tenant */
  constructor(options: { store: PlatformStore; clock: Pick<Clock, "monotonicMs">; logger: Logger; tenant: string }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#beganMs = options.clock.monotonicMs();
    this.#others = { tenant: options.tenant, written: 0, more: 0 };
  }

  /** Sources that are counted apart at the moment. */
  get size(): number {
    return this.#sources.size;
  }

  async #write(tenant: string, audit: Omit<AuditEntry, "atMs">): Promise<boolean> {
    try {
      await this.#store.write(tenant, { audit });
      return true;
    } catch (error) {
      // The refusal stands even when it cannot be written; the caller must not see the difference.
      this.#logger.warn("a refusal could not be written", { error: error instanceof Error ? error.name : "unknown" });
      return false;
    }
  }

  #countedOf({ tenant, source }: Denial): Counted {
    const key = `${tenant} ${source}`;
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    if (this.#sources.size >= DENIAL_SOURCES_MAX) return this.#others;
    const counted = { tenant, written: 0, more: 0 };
    this.#sources.set(key, counted);
    return counted;
  }

  /** Writes a refusal down, or counts it. */
  async note(denial: Denial): Promise<void> {
    if (this.#clock.monotonicMs() - this.#beganMs >= WINDOW_MS) await this.flush();
    const counted = this.#countedOf(denial);
    if (this.#written >= DENIALS_MAX || counted.written >= SOURCE_DENIALS_MAX) {
      counted.more += 1;
      return;
    }
    counted.written += 1;
    this.#written += 1;
    const { tenant, source: _, ...audit } = denial;
    if (!(await this.#write(tenant, audit))) counted.more += 1;
  }

  /** Writes what was only counted, and begins a new minute; also called when the platform ends. */
  async flush(): Promise<void> {
    const rows = [...this.#sources].filter(([, { more }]) => more > 0).sort(([, a], [, b]) => b.more - a.more);
    const others = { ...this.#others };
    this.#sources.clear();
    this.#beganMs = this.#clock.monotonicMs();
    this.#written = 0;
    this.#others = { tenant: others.tenant, written: 0, more: 0 };
    for (const [, { more }] of rows.slice(DENIAL_SUMMARIES_MAX)) others.more += more;
    const line = (actorId: string, more: number): Omit<AuditEntry, "atMs"> => ({
      actorId,
      via: "none",
      route: "denied",
      target: `${more} more`,
      outcome: "COUNTED",
      requestHash: NO_REQUEST,
    });
    for (const [key, { tenant, more }] of rows.slice(0, DENIAL_SUMMARIES_MAX))
      await this.#write(tenant, line(key.slice(tenant.length + 1), more));
    if (others.more > 0) await this.#write(others.tenant, line("other sources", others.more));
  }
}
