// Alerts of the platform: looks at each network that shall run every few seconds, hands what it sees to the engine, writes what
// has changed in one change with its events and its message, and keeps what somebody has set. A look that fails changes nothing.

import { ALERT_RULES, type AlertRule } from "@bystack/api/alert-schema";
import type { WhyReport } from "@bystack/api/why-schema";
import type { Clock, Logger, Rng } from "@bystack/utils/ports";
import { platformError } from "../errors.ts";
import type { NetworkStatus } from "../network/status.ts";
import type { AuditLine } from "../operation/journal.ts";
import { type EventDraft, type PlatformStore, put } from "../store/store.ts";
import type { Table } from "../store/table.ts";
import { Channels } from "./channels.ts";
import { isSilenced, OPEN_ALERTS_MAX, RESOLVED_ALERTS_KEPT_MAX, type Step, step } from "./engine.ts";
import { MESSAGE, type Message } from "./message.ts";
import { type Ages, type Observation, observe, observeAges, observeCertificate } from "./observe.ts";
import { Outbox } from "./outbox.ts";
import { RULE_TEXTS, type RuleSetting, type RuleSettings, ruleSettings } from "./rules.ts";
import type { Seal } from "./seal.ts";
import type { Send } from "./send.ts";
import { ALERTS, type AlertRow, MESSAGES, RULES, SILENCES, SILENCES_MAX, type SilenceRow } from "./tables.ts";

/** From one look to the next, seen from its end. */
export const ALERT_LOOK_EVERY_MS = 5_000;
/** What belongs to the platform and to no network of it. */
export const PLATFORM_SCOPE = "*";
const SILENCE_ID_BYTES = 8;
const MINUTE_MS = 60_000;

/** What is seen of a network at one moment. */
export type Look = {
  readonly report: WhyReport;
  readonly status: NetworkStatus | undefined;
  readonly isStopped: (node: string) => boolean;
};

export type AlertsOptions = {
  readonly store: PlatformStore;
  readonly tenant: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly networks: () => Promise<readonly { readonly name: string; readonly desired: "running" | "stopped" }[]>;
  readonly look: (network: string) => Promise<Look>;
  /** When the platform's certificate ends; undefined without TLS. */
  readonly certificateEndsMs: () => number | undefined;
  /** Of backups, drills and anchors, where they are measured. */
  readonly ages?: (network: string) => Ages;
  readonly seal: Seal;
  readonly send: Send;
  readonly after: (delayMs: number, run: () => void) => () => void;
};

type State = {
  alerts: ReadonlyMap<string, AlertRow>;
  rules: RuleSettings;
  silences: readonly SilenceRow[];
  /** Of the newest look, by the clock that does not jump. */
  lookedMs: number | undefined;
};

export type AlertView = AlertRow & { readonly silenced: boolean };

export class Alerts {
  readonly channels: Channels;
  readonly outbox: Outbox;
  readonly #options: AlertsOptions;
  readonly #states = new Map<string, State>();
  #cancel: () => void = () => {};
  #looking: Promise<void> = Promise.resolve();
  #isEnded = false;

  constructor(options: AlertsOptions) {
    this.#options = options;
    const { store, tenant, rng, seal, send, logger, after, clock } = options;
    this.channels = new Channels({ store, tenant, rng, seal, send, nowMs: () => clock.nowMs() });
    const deliver = (channel: string, message: Message): Promise<void> => this.channels.deliver(channel, message);
    this.outbox = new Outbox({ store, tenant, logger, deliver, after });
  }

  async start(): Promise<void> {
    await this.channels.start();
    await this.outbox.start();
    this.#plan();
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    this.#cancel();
    await this.#looking;
    await this.outbox.end();
  }

  #plan(): void {
    this.#cancel = this.#options.after(ALERT_LOOK_EVERY_MS, () => {
      this.#looking = this.look()
        .catch((error: unknown) => this.#options.logger.warn("a look for alerts failed", { why: String(error) }))
        .finally(() => {
          if (!this.#isEnded) this.#plan();
        });
    });
  }

  /** Looks at the platform and at every network once. */
  async look(): Promise<void> {
    const { networks, certificateEndsMs, clock } = this.#options;
    const rows = await networks();
    await this.#forgetAllBut([PLATFORM_SCOPE, ...rows.map(({ name }) => name)]);
    await this.#step(PLATFORM_SCOPE, observeCertificate(certificateEndsMs(), clock.nowMs()));
    await Promise.all(
      rows.map(async ({ name, desired }) => {
        const seen = await this.#seen(name, desired);
        if (seen !== undefined) await this.#step(name, seen);
        else this.#unseen(name);
      }),
    );
  }

  /** The time until the next look that sees something counts for nothing: nobody knows what was the case. */
  #unseen(network: string): void {
    const state = this.#states.get(network);
    if (state !== undefined) state.lookedMs = undefined;
  }

  /** What is the case now; undefined where nothing can be seen: then nothing is concluded. */
  async #seen(network: string, desired: "running" | "stopped"): Promise<Observation[] | undefined> {
    const { look, ages, clock, logger } = this.#options;
    const old = observeAges(network, ages?.(network) ?? {}, clock.nowMs());
    // Of a network that shall not run nothing is missing.
    if (desired === "stopped") return old;
    try {
      const { report, status, isStopped } = await look(network);
      return [...observe(report, status, isStopped), ...old];
    } catch (error) {
      // It is being made or removed at this moment.
      logger.debug("a network cannot be looked at for alerts", { network, why: String(error) });
      return undefined;
    }
  }

  async #stateOf(network: string): Promise<State> {
    const known = this.#states.get(network);
    if (known !== undefined) return known;
    const { store, tenant } = this.#options;
    const view = store.tenant(tenant);
    const limit = OPEN_ALERTS_MAX + RESOLVED_ALERTS_KEPT_MAX;
    const [alerts, rules, silences] = await Promise.all([
      view.list(ALERTS, { under: [network], limit }),
      view.list(RULES, { under: [network] }),
      view.list(SILENCES, { under: [network] }),
    ]);
    const state: State = {
      alerts: new Map(alerts.map(({ value }) => [value.id, value])),
      rules: ruleSettings(Object.fromEntries(rules.map(({ value }) => [value.rule, value]))),
      silences: silences.map(({ value }) => value),
      lookedMs: undefined,
    };
    // Two may have asked at the same time: the first one's is everybody's.
    const first = this.#states.get(network) ?? state;
    this.#states.set(network, first);
    return first;
  }

  #writing: Promise<unknown> = Promise.resolve();

  /** One at a time: a message gets its number when nobody else can take it. */
  #step(network: string, seen: readonly Observation[]): Promise<void> {
    const run = this.#writing.then(() => this.#stepNow(network, seen));
    this.#writing = run.catch(() => {});
    return run;
  }

  async #stepNow(network: string, seen: readonly Observation[]): Promise<void> {
    const { clock, store, tenant, logger } = this.#options;
    const state = await this.#stateOf(network);
    const monotonicMs = clock.monotonicMs();
    const elapsedMs = state.lookedMs === undefined ? 0 : monotonicMs - state.lookedMs;
    const { rules, silences } = state;
    const world = { network, nowMs: clock.nowMs(), elapsedMs, rules, silences, nextMessage: this.outbox.nextId };
    const result = step(state.alerts, seen, world);
    const message = result.message && this.outbox.rowOf(result.message, this.channels.rows);
    const { changed, removed, overflow } = result;
    if (overflow > 0) logger.warn("more alerts than there is room for", { network, beyond: overflow });
    if (changed.length + removed.length > 0 || message !== undefined) {
      const puts = changed.map((alert) => put(ALERTS, [network, alert.id], alert));
      if (message !== undefined) puts.push(put(MESSAGES, [message.message.id], message));
      const deletes = removed.map((id) => ({ table: ALERTS as Table<never>, key: [network, id] }));
      await store.write(tenant, { puts, deletes, events: eventsOf(network, result) });
    }
    // Only what is written is true: a store that is busy is looked at again with the next step.
    state.alerts = result.alerts;
    state.lookedMs = monotonicMs;
    if (message !== undefined) await this.outbox.accept(message);
  }

  /** How many alerts of each rule are active, of everything that is looked at. */
  activeByRule(): Map<AlertRule, number> {
    const counts = new Map<AlertRule, number>(ALERT_RULES.map((rule) => [rule, 0]));
    for (const { alerts } of this.#states.values())
      for (const { rule, state } of alerts.values())
        if (state === "active") counts.set(rule, (counts.get(rule) ?? 0) + 1);
    return counts;
  }

  /** Alerts of a network and of the platform itself; those that are open first, the newest first. */
  async list(network: string): Promise<{ items: AlertView[]; silences: SilenceRow[]; rules: RuleSettings }> {
    const nowMs = this.#options.clock.nowMs();
    const own = await this.#stateOf(network);
    const platform = await this.#stateOf(PLATFORM_SCOPE);
    const viewOf = (state: State): AlertView[] =>
      [...state.alerts.values()].map((alert) => ({ ...alert, silenced: isSilenced(alert, state.silences, nowMs) }));
    const atMs = ({ activeMs, resolvedMs, sinceMs }: AlertRow): number => resolvedMs ?? activeMs ?? sinceMs;
    const order = { active: 0, pending: 1, resolved: 2 } as const;
    const items = [...viewOf(platform), ...viewOf(own)].sort(
      (a, b) => order[a.state] - order[b.state] || atMs(b) - atMs(a),
    );
    return { items, silences: own.silences.filter(({ untilMs }) => untilMs > nowMs), rules: own.rules };
  }

  /** @throws BystackError ALERT_RULES_INVALID when one is named twice */
  async setRules(
    network: string,
    given: readonly (RuleSetting & { readonly rule: AlertRule })[],
    audit?: AuditLine,
  ): Promise<RuleSettings> {
    const state = await this.#stateOf(network);
    const rules = new Map(given.map((rule) => [rule.rule, rule]));
    if (rules.size !== given.length) throw platformError("ALERT_RULES_INVALID", { why: "a rule is named twice" });
    const puts = [...rules.values()].map((row) => put(RULES, [network, row.rule], row));
    const events = [{ topic: "alert-rules", subject: network, data: { network } }];
    await this.#options.store.write(this.#options.tenant, { puts, events, ...(audit && { audit }) });
    state.rules = {
      ...state.rules,
      ...Object.fromEntries([...rules].map(([rule, { enabled, holdMs }]) => [rule, { enabled, holdMs }])),
    };
    return state.rules;
  }

  /**
   * Tells nobody of an alert, or of its whole rule, for so many minutes; 0 ends what was said before.
   * @throws BystackError ALERT_NOT_FOUND, SILENCES_FULL
   */
  async silence(
    network: string,
    id: string,
    given: { readonly minutes: number; readonly scope: "alert" | "rule"; readonly who: string; readonly why: string },
    audit?: AuditLine,
  ): Promise<SilenceRow | undefined> {
    const { clock, rng, store, tenant } = this.#options;
    const own = await this.#stateOf(network);
    const state = own.alerts.has(id) ? own : await this.#stateOf(PLATFORM_SCOPE);
    const alert = state.alerts.get(id);
    if (alert === undefined) throw platformError("ALERT_NOT_FOUND");
    const place = state === own ? network : PLATFORM_SCOPE;
    const subject = given.scope === "alert" ? alert.subject : null;
    const nowMs = clock.nowMs();
    const isSame = (row: SilenceRow): boolean => row.rule === alert.rule && row.subject === subject;
    const gone = state.silences.filter((row) => isSame(row) || row.untilMs <= nowMs);
    const kept = state.silences.filter((row) => !gone.includes(row));
    if (given.minutes > 0 && kept.length >= SILENCES_MAX)
      throw platformError("SILENCES_FULL", { why: `there are ${kept.length}` });
    const silenceId = `s${Buffer.from(rng.bytes(SILENCE_ID_BYTES)).toString("hex")}`;
    const { who, why } = given;
    const row: SilenceRow = {
      id: silenceId,
      rule: alert.rule,
      subject,
      untilMs: nowMs + given.minutes * MINUTE_MS,
      who,
      why,
    };
    const isMade = given.minutes > 0;
    const data = { network: place, rule: alert.rule, untilMs: isMade ? row.untilMs : null };
    await store.write(tenant, {
      puts: isMade ? [put(SILENCES, [place, row.id], row)] : [],
      deletes: gone.map((old) => ({ table: SILENCES as Table<never>, key: [place, old.id] })),
      events: [{ topic: "silence", subject: alert.id, data }],
      ...(audit && { audit }),
    });
    state.silences = isMade ? [...kept, row] : kept;
    return isMade ? row : undefined;
  }

  /** Sends a message that says that it is a test. @throws BystackError with why it did not arrive */
  async test(channel: string, audit?: AuditLine): Promise<void> {
    const { clock, store, tenant } = this.#options;
    const title = "This is a test of a Bystack channel: alerts will look like this.";
    const message = MESSAGE.parse({
      id: `test-${clock.nowMs()}`,
      network: PLATFORM_SCOPE,
      atMs: clock.nowMs(),
      title,
      active: [],
      resolved: [],
      more: 0,
    });
    if (audit !== undefined) await store.write(tenant, { audit });
    await this.channels.deliver(channel, message);
  }

  /** A channel with everything that waits for it. @throws BystackError CHANNEL_NOT_FOUND */
  async removeChannel(id: string, audit?: AuditLine): Promise<void> {
    await this.channels.remove(id, audit);
    await this.outbox.forget(id);
  }

  /** Rows of networks that are gone. */
  async #forgetAllBut(networks: readonly string[]): Promise<void> {
    const { store, tenant } = this.#options;
    for (const network of [...this.#states.keys()]) {
      if (networks.includes(network)) continue;
      await store.update(tenant, async (view) => {
        const deletes: { table: Table<never>; key: readonly string[] }[] = [];
        for (const table of [ALERTS, RULES, SILENCES] as unknown as Table<never>[])
          for (const { key } of await view.list(table, { under: [network], limit: OPEN_ALERTS_MAX * 2 }))
            deletes.push({ table, key });
        return [{ deletes }, undefined];
      });
      this.#states.delete(network);
    }
  }
}

function eventsOf(network: string, { turned }: Step): EventDraft[] {
  return turned.map(({ id, rule, subject, state, severity, sentence }) => ({
    topic: "alert",
    subject: id,
    data: { network, rule, subject, state, severity, sentence },
  }));
}

/** The rules as they are shown. */
export function shownRules(settings: RuleSettings) {
  return Object.entries(settings).map(([rule, { enabled, holdMs }]) => {
    return { rule: rule as AlertRule, enabled, holdMs, says: RULE_TEXTS[rule as AlertRule].says };
  });
}
