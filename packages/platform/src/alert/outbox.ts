// Messages on their way. A message is written with the alerts that it tells of, in one change; that an attempt begins is written
// before it begins, and how it ended after. So nothing is sent twice by a restart: what was on its way when the platform ended is
// `unknown` and is not sent again. What failed is tried again, later each time, under the same message id.

import { BystackError } from "@bystack/utils/errors";
import type { Logger } from "@bystack/utils/ports";
import { type PlatformStore, type Put, put } from "../store/store.ts";
import type { Table } from "../store/table.ts";
import { numberPart } from "../store/table.ts";
import type { Message } from "./message.ts";
import { type ChannelRow, type Delivery, MESSAGES, type MessageRow } from "./tables.ts";

/** Deliveries that wait; with more the oldest ones are given up, and the log says so. */
export const DELIVERIES_WAITING_MAX = 200;
/** Messages that are kept, the newest: the delivery log. */
export const MESSAGES_KEPT_MAX = 100;
/** Between attempts; after the last one a delivery has failed. */
export const RETRY_MS = [5_000, 30_000, 120_000, 600_000, 1_800_000] as const;

export type OutboxOptions = {
  readonly store: PlatformStore;
  readonly tenant: string;
  readonly logger: Logger;
  /** Sends through one channel. @throws BystackError with what may be said of the failure */
  readonly deliver: (channel: string, message: Message) => Promise<void>;
  /** Runs once after a delay; the result cancels it. */
  readonly after: (delayMs: number, run: () => void) => () => void;
};

const isOver = ({ state }: Delivery): boolean => state !== "waiting" && state !== "sending";
const whyOf = (error: unknown): string =>
  // Only what the platform says itself: another error's text may hold what was sent.
  (error instanceof BystackError ? `${error.message} ${error.why}` : "a fault of the platform").slice(0, 500);

export class Outbox {
  readonly #options: OutboxOptions;
  /** By id, oldest first. */
  readonly #rows = new Map<string, MessageRow>();
  readonly #busy = new Set<string>();
  readonly #timers = new Map<string, () => void>();
  #next = 1;
  #isEnded = false;
  #running = new Set<Promise<void>>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Reads what is on its way, and goes on with what waits. */
  async start(): Promise<void> {
    const { store, tenant } = this.#options;
    // One page: no more are ever kept, but for those that one change adds.
    const rows = await store.tenant(tenant).list(MESSAGES, { reverse: true });
    const puts: Put[] = [];
    for (const { key, value } of rows.toReversed()) {
      const [id = ""] = key;
      this.#next = Math.max(this.#next, Number(id) + 1);
      const deliveries = value.deliveries.map((one): Delivery => {
        if (one.state !== "sending") return one;
        return { ...one, state: "unknown", why: "the platform ended while it was being sent" };
      });
      const row = { ...value, deliveries };
      this.#rows.set(id, row);
      if (deliveries.some((one, i) => one !== value.deliveries[i])) puts.push(put(MESSAGES, [id], row));
    }
    if (puts.length > 0) await store.write(tenant, { puts });
    this.#pump();
  }

  /** Waits for what is being sent; what waits is sent after the next start. */
  async end(): Promise<void> {
    this.#isEnded = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    await this.settled();
  }

  /** Until nothing is being sent (tests). */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** The newest first. */
  get log(): MessageRow[] {
    return [...this.#rows.values()].reverse();
  }

  /** Deliveries that wait for their first or next attempt. */
  get waiting(): number {
    return [...this.#rows.values()].flatMap(({ deliveries }) => deliveries).filter(({ state }) => state === "waiting")
      .length;
  }

  get nextId(): string {
    return numberPart(this.#next);
  }

  /** The row of a message to the channels that are for its network; to be written with what it tells of. */
  rowOf(message: Message, channels: readonly ChannelRow[]): MessageRow {
    const wanted = channels.filter(
      ({ network }) => network === "*" || message.network === "*" || network === message.network,
    );
    return { message, deliveries: wanted.map(({ id }) => ({ channel: id, state: "waiting", attempts: 0, why: null })) };
  }

  /** A message that was written: from now on it is on its way. */
  async accept(row: MessageRow): Promise<void> {
    this.#rows.set(row.message.id, row);
    this.#next = Math.max(this.#next, Number(row.message.id) + 1);
    try {
      await this.#trim();
    } finally {
      this.#pump();
    }
  }

  /** A channel that is gone: nothing waits for it any more. */
  async forget(channel: string): Promise<void> {
    const puts: Put[] = [];
    for (const [id, row] of this.#rows) {
      if (!row.deliveries.some((one) => one.channel === channel && one.state === "waiting")) continue;
      const deliveries = row.deliveries.map((one): Delivery => {
        return one.channel === channel && one.state === "waiting"
          ? { ...one, state: "failed", why: "the channel was removed" }
          : one;
      });
      this.#rows.set(id, { ...row, deliveries });
      puts.push(put(MESSAGES, [id], { ...row, deliveries }));
    }
    if (puts.length > 0) await this.#write({ puts });
  }

  async #write(change: { puts?: Put[]; deletes?: { table: Table<never>; key: string[] }[] }): Promise<void> {
    await this.#options.store.write(this.#options.tenant, change);
  }

  /** Keeps both limits: old messages that are over go, and of too many that wait the oldest are given up. */
  async #trim(): Promise<void> {
    const waiting = [...this.#rows].flatMap(([id, { deliveries }]) =>
      deliveries.flatMap(({ state }, i) => (state === "waiting" ? [{ id, i }] : [])),
    );
    const puts: Put[] = [];
    for (const { id, i } of waiting.slice(0, Math.max(0, waiting.length - DELIVERIES_WAITING_MAX))) {
      const why = `more than ${DELIVERIES_WAITING_MAX} waited`;
      const row = this.#changed(id, i, (one) => ({ ...one, state: "failed", why }));
      if (row !== undefined) puts.push(put(MESSAGES, [id], row));
    }
    const deletes: { table: Table<never>; key: string[] }[] = [];
    for (const [id, { deliveries }] of this.#rows) {
      if (this.#rows.size <= MESSAGES_KEPT_MAX) break;
      if (!deliveries.every(isOver)) continue;
      this.#rows.delete(id);
      deletes.push({ table: MESSAGES as Table<never>, key: [id] });
    }
    if (puts.length + deletes.length > 0) {
      const gone = new Set(deletes.map(({ key }) => key[0]));
      await this.#write({ puts: puts.filter(({ key }) => !gone.has(key[0])), deletes });
    }
  }

  #changed(id: string, at: number, change: (one: Delivery) => Delivery): MessageRow | undefined {
    const row = this.#rows.get(id);
    if (row === undefined) return undefined;
    const next = { ...row, deliveries: row.deliveries.map((one, i) => (i === at ? change(one) : one)) };
    this.#rows.set(id, next);
    return next;
  }

  /** Begins what is due: to each channel one at a time, in order. */
  #pump(): void {
    if (this.#isEnded) return;
    const stopped = new Set<string>(this.#busy);
    for (const [id, { deliveries }] of this.#rows) {
      for (const [at, { channel, state }] of deliveries.entries()) {
        if (state !== "waiting" || stopped.has(channel)) continue;
        stopped.add(channel);
        // It waits for its next attempt, and what came later waits behind it.
        if (this.#timers.has(channel)) continue;
        this.#busy.add(channel);
        const run = this.#attempt(id, at, channel)
          .catch((error: unknown) =>
            this.#options.logger.warn("a delivery could not be written", { why: whyOf(error) }),
          )
          .finally(() => {
            this.#busy.delete(channel);
            this.#running.delete(run);
            this.#pump();
          });
        this.#running.add(run);
      }
    }
  }

  async #attempt(id: string, at: number, channel: string): Promise<void> {
    const { deliver, after } = this.#options;
    const begun = this.#changed(id, at, (one) => ({ ...one, state: "sending", attempts: one.attempts + 1 }));
    if (begun === undefined) return;
    try {
      await this.#write({ puts: [put(MESSAGES, [id], begun)] });
    } catch (error) {
      // Nothing left; the store is busy or broken. The next attempt comes as after a failure.
      this.#changed(id, at, (one) => ({ ...one, state: "waiting", attempts: Math.max(0, one.attempts - 1) }));
      this.#later(channel, RETRY_MS[0]);
      throw error;
    }
    let why: string | null = null;
    try {
      await deliver(channel, begun.message);
    } catch (error) {
      why = whyOf(error);
    }
    const attempts = begun.deliveries[at]?.attempts ?? 1;
    const retryMs = RETRY_MS[attempts - 1];
    const state = why === null ? "sent" : retryMs === undefined ? "failed" : "waiting";
    const ended = this.#changed(id, at, (one) => ({ ...one, state, why }));
    if (state === "waiting" && retryMs !== undefined && !this.#isEnded) this.#later(channel, retryMs, after);
    if (ended !== undefined) await this.#write({ puts: [put(MESSAGES, [id], ended)] });
  }

  #later(channel: string, delayMs: number, after = this.#options.after): void {
    this.#timers.get(channel)?.();
    this.#timers.set(
      channel,
      after(delayMs, () => {
        this.#timers.delete(channel);
        this.#pump();
      }),
    );
  }
}
