// The platform's store: tables of rows over a KvStore, one tenant seen at a time. Changes run one after the other, and each is
// one flushed batch of rows, events and one line of the audit log: after a crash there is all of it or nothing.

import type { KvBatch, KvEntry, KvReader, KvSnapshot, KvStore } from "@bystack/storage/kv";
import type { Clock } from "@bystack/utils/ports";
import { platformError } from "../errors.ts";
import { type AuditEntry, type AuditRow, nextAuditRow } from "./audit.ts";
import { decodeRow, encodeRow, numberPart, partsOfKey, rowKey, rowRange, type Table, type TableRow } from "./table.ts";
import { AUDIT, EVENTS, EVENTS_KEPT_MS, META_TABLE, type PlatformEvent } from "./tables.ts";

/** Version of the rows. A newer one is refused; an older one will be migrated. */
export const STORE_FORMAT = 1;
/** Changes that wait for their turn; the next one is told that the platform is busy. */
export const CHANGES_WAITING_MAX = 1_000;
/** Rows of one page of a list. */
export const LIST_ROWS_MAX = 200;
/** Events that go in one sweep; the rest goes in the next. */
const EVENTS_SWEPT_MAX = 10_000;
/** What belongs to no tenant. Tenants are names, and a name begins with a letter. */
const SYSTEM = "-";

export type Put = { readonly table: Table<never>; readonly key: readonly string[]; readonly value: unknown };
export type EventDraft = Omit<PlatformEvent, "seq" | "atMs">;

/** What one change writes. */
export type Change = {
  readonly puts?: readonly Put[];
  readonly deletes?: readonly Omit<Put, "value">[];
  readonly events?: readonly EventDraft[];
  readonly audit?: Omit<AuditEntry, "atMs">;
};

/** One row to write; the value is checked against the table. */
export function put<T>(table: Table<T>, key: readonly string[], value: T): Put {
  return { table: table as Table<never>, key, value };
}

export type ListOptions = {
  /** The first parts of the keys. */
  readonly under?: readonly string[];
  readonly after?: readonly string[] | undefined;
  readonly limit?: number;
  readonly reverse?: boolean;
};

/** One tenant's rows. */
export class TenantView {
  readonly tenant: string;
  readonly #reader: KvReader;

  constructor(tenant: string, reader: KvReader) {
    this.tenant = tenant;
    this.#reader = reader;
  }

  async get<T>(table: Table<T>, key: readonly string[]): Promise<T | undefined> {
    const bytes = await this.#reader.get(rowKey(table, this.tenant, key));
    return bytes === undefined ? undefined : decodeRow(table, bytes);
  }

  /** Rows in the order of their keys. */
  async list<T>(table: Table<T>, options: ListOptions = {}): Promise<TableRow<T>[]> {
    const { under, after, limit = LIST_ROWS_MAX, reverse = false } = options;
    // Backwards a page begins below the row that the last one ended with.
    const range = rowRange(table, this.tenant, { ...(under && { under }), after: reverse ? undefined : after });
    const below = reverse && after !== undefined ? { to: rowKey(table, this.tenant, after) } : {};
    const rows: TableRow<T>[] = [];
    for await (const { key, value } of this.#reader.iterate({ ...range, ...below, limit, reverse }))
      rows.push({ key: partsOfKey(key), value: decodeRow(table, value) });
    return rows;
  }
}

type Numbers = { event: number; audit: Pick<AuditRow, "seq" | "hash"> | undefined };

export class PlatformStore {
  readonly #kv: KvStore;
  readonly #clock: Clock;
  readonly #listeners = new Set<(tenant: string) => void>();
  readonly #numbers = new Map<string, Numbers>();
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(kv: KvStore, clock: Clock) {
    this.#kv = kv;
    this.#clock = clock;
  }

  /** @throws BystackError STORE_FORMAT for rows of a newer release */
  static async open(kv: KvStore, clock: Clock): Promise<PlatformStore> {
    const store = new PlatformStore(kv, clock);
    const system = new TenantView(SYSTEM, kv);
    const found = await system.get(META_TABLE, ["format"]);
    if (found !== undefined && found.number !== STORE_FORMAT)
      throw platformError("STORE_FORMAT", { why: `format ${found.number}, this release writes ${STORE_FORMAT}` });
    if (found === undefined) {
      const value = encodeRow(META_TABLE, { number: STORE_FORMAT, text: "" });
      await kv.batch({ puts: [{ key: rowKey(META_TABLE, SYSTEM, ["format"]), value }], flush: true });
    }
    return store;
  }

  tenant(tenant: string): TenantView {
    return new TenantView(tenant, this.#kv);
  }

  /** Called after each change that has written events, with its tenant; what it wrote is read from the table. */
  onEvents(listener: (tenant: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reads and changes a tenant's rows; nobody else changes any meanwhile. Durable when it resolves.
   * @throws BystackError STORE_BUSY; what `work` throws, and then nothing is written
   */
  async update<R>(tenant: string, work: (view: TenantView) => Promise<readonly [Change, R]>): Promise<R> {
    if (this.#waiting >= CHANGES_WAITING_MAX)
      throw platformError("STORE_BUSY", { why: `${this.#waiting} changes wait` });
    this.#waiting += 1;
    const run = this.#last.then(async () => {
      const [change, result] = await work(this.tenant(tenant));
      await this.#write(tenant, change);
      return result;
    });
    // The next change does not mind how this one ended; the caller does.
    this.#last = run.catch(() => {});
    try {
      return await run;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** {@link update} for a change that does not depend on what is there. */
  write(tenant: string, change: Change): Promise<void> {
    return this.update(tenant, async () => [change, undefined]);
  }

  async #numbersOf(tenant: string): Promise<Numbers> {
    const known = this.#numbers.get(tenant);
    if (known !== undefined) return known;
    const view = this.tenant(tenant);
    const [audit] = await view.list(AUDIT, { limit: 1, reverse: true });
    // Not the newest event itself: it may have been swept, and no number is given twice.
    const event = (await view.get(META_TABLE, ["event"]))?.number ?? 0;
    const numbers = { event, audit: audit?.value };
    this.#numbers.set(tenant, numbers);
    return numbers;
  }

  async #write(tenant: string, change: Change): Promise<void> {
    const { puts = [], deletes = [], events = [], audit } = change;
    if (puts.length + deletes.length + events.length === 0 && audit === undefined) return;
    const numbers = await this.#numbersOf(tenant);
    const atMs = this.#clock.nowMs();
    const rows: KvEntry[] = [];
    const add = <T>(table: Table<T>, key: readonly string[], value: T): void => {
      rows.push({ key: rowKey(table, tenant, key), value: encodeRow(table, value) });
    };
    for (const { table, key, value } of puts) add(table, key, value as never);
    let event = numbers.event;
    for (const draft of events) {
      event += 1;
      add(EVENTS, [numberPart(event)], { ...draft, seq: event, atMs });
    }
    if (events.length > 0) add(META_TABLE, ["event"], { number: event, text: "" });
    const auditRow = audit === undefined ? undefined : nextAuditRow({ ...audit, atMs }, numbers.audit);
    if (auditRow !== undefined) add(AUDIT, [numberPart(auditRow.seq)], auditRow);
    const batch: KvBatch = {
      puts: rows,
      deletes: deletes.map(({ table, key }) => rowKey(table, tenant, key)),
      flush: true,
    };
    await this.#kv.batch(batch);
    numbers.event = event;
    if (auditRow !== undefined) numbers.audit = auditRow;
    if (events.length > 0) for (const listener of this.#listeners) listener(tenant);
  }

  /** Events after a number, oldest first. `missed`: some in between were swept already. */
  async eventsAfter(
    tenant: string,
    seq: number,
    limit = LIST_ROWS_MAX,
  ): Promise<{ readonly events: PlatformEvent[]; readonly missed: boolean }> {
    const rows = await this.tenant(tenant).list(EVENTS, { after: [numberPart(seq)], limit });
    const events = rows.map(({ value }) => value);
    const [first] = events;
    return { events, missed: first !== undefined && first.seq > seq + 1 };
  }

  /** Number of the newest event; a stream that wants no history begins behind it. */
  async newestEvent(tenant: string): Promise<number> {
    return (await this.#numbersOf(tenant)).event;
  }

  /** Removes events that are older than {@link EVENTS_KEPT_MS}. @returns how many went */
  async sweepEvents(tenant: string): Promise<number> {
    const until = this.#clock.nowMs() - EVENTS_KEPT_MS;
    const rows = await this.tenant(tenant).list(EVENTS, { limit: EVENTS_SWEPT_MAX });
    const old = rows.filter(({ value }) => value.atMs < until);
    await this.write(tenant, { deletes: old.map(({ key }) => ({ table: EVENTS as Table<never>, key })) });
    return old.length;
  }

  /** All rows of all tenants as they are now, for a backup; release it. */
  snapshot(): Promise<KvSnapshot> {
    return this.#kv.snapshot();
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#last;
    await this.#kv.close();
  }
}
