// The journal of operations (platform.md section 2): each step is written down as running before anything is done, asked
// whether it holds already, done, asked again, and written down as done. After a crash the same loop runs again from the
// first step on: what holds is decided by asking the world, never by memory. One operation of a chain at a time.
//
// A step that is done is not undone by a crash of the platform, and one that was half done is done again: `do` and `undo` must
// allow for being called where they have had all or a part of their effect. `key` is the same for every try of a step.

import { BystackError } from "@bystack/utils/errors";
import type { Clock, Logger } from "@bystack/utils/ports";
import { platformError } from "../errors.ts";
import type { AuditEntry } from "../store/audit.ts";
import { type EventDraft, type PlatformStore, put } from "../store/store.ts";
import { numberPart } from "../store/table.ts";
import { META_TABLE, OPERATIONS } from "../store/tables.ts";
import { isOver, type Operation, type StepRecord } from "./record.ts";

/** Operations of one network that wait for others; the next one is refused as BUSY. */
export const OPERATIONS_QUEUED_MAX = 16;
const OPERATIONS_LISTED_MAX = 1_000;

export type StepContext = {
  /** The same for every try of this step: chains, wallets and providers take it for what they must do once. */
  readonly key: string;
  /** Ends when the platform ends or the operation is cancelled: a step that waits gives up then. */
  readonly signal: AbortSignal;
  /** Says what is done or waited for; shown at once. */
  note(text: string): Promise<void>;
};

export type Step = {
  /** Of this operation alone, and the same after every start. */
  readonly name: string;
  readonly title: string;
  /** Whether its effect is there. Asked before and after; it changes nothing. */
  check(context: StepContext): Promise<boolean>;
  do(context: StepContext): Promise<void>;
  /** Takes its effect back; left out where that cannot be, and nothing before such a step is taken back. */
  undo?(context: StepContext): Promise<void>;
};

/** Makes the steps of a kind of operation from its input; the same input gives the same steps. */
export type OperationKind = { readonly kind: string; steps(operation: Operation): readonly Step[] };

export type OperationDraft = Pick<Operation, "kind" | "title" | "network" | "chain" | "actorId" | "input">;

/** The line of the audit log that is written together with what somebody asks for. */
export type AuditLine = Omit<AuditEntry, "atMs">;

export type JournalOptions = {
  readonly store: PlatformStore;
  readonly tenant: string;
  readonly kinds: readonly OperationKind[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when the journal itself cannot be written: the process must end, and the next start goes on. */
  readonly onBroken: (error: unknown) => void;
  /** Called at each place where a process may end; tests end there (CP21). */
  readonly onPoint?: (point: string) => void;
};

type Running = { abort: AbortController; done: Promise<void> };

/** Whether two operations may not run at once. */
function excludes(a: Pick<Operation, "network" | "chain">, b: Pick<Operation, "network" | "chain">): boolean {
  return a.network === b.network && (a.chain === null || b.chain === null || a.chain === b.chain);
}

function errorOf(error: unknown, step: string): NonNullable<Operation["error"]> {
  if (error instanceof BystackError)
    return { code: error.code, message: error.message, why: error.why, next: error.next, step };
  const { message, next } = platformError("STEP_FAILED");
  return { code: "STEP_FAILED", message, why: error instanceof Error ? error.message : String(error), next, step };
}

function eventOf({ id, kind, state, network, chain, steps, error }: Operation): EventDraft {
  const done = steps.filter((step) => step.state === "done").length;
  const at = steps.find((step) => step.state === "running");
  const step = at === undefined ? null : { name: at.name, title: at.title, note: at.note };
  return {
    topic: "operation",
    subject: id,
    data: { kind, state, network, chain, done, steps: steps.length, step, error: error?.code ?? null },
  };
}

export class Journal {
  readonly #options: JournalOptions;
  readonly #running = new Map<string, Running>();
  readonly #ended = Promise.withResolvers<void>();
  #isEnding = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  get #view() {
    return this.#options.store.tenant(this.#options.tenant);
  }

  #point(name: string): void {
    this.#options.onPoint?.(name);
  }

  /** Goes on with what was under way when the platform ended. */
  async start(): Promise<void> {
    await this.#pump();
  }

  /** Interrupts what runs; it goes on at the next start. */
  async end(): Promise<void> {
    this.#isEnding = true;
    for (const { abort } of this.#running.values()) abort.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    this.#ended.resolve();
  }

  async #open(): Promise<Operation[]> {
    const rows = await this.#view.list(OPERATIONS, { limit: OPERATIONS_LISTED_MAX, reverse: true });
    return rows
      .map(({ value }) => value)
      .filter((operation) => !isOver(operation))
      .reverse();
  }

  async get(id: string): Promise<Operation> {
    const found = await this.#view.get(OPERATIONS, [id]);
    if (found === undefined) throw platformError("OPERATION_NOT_FOUND", { why: id });
    return found;
  }

  /** Newest first. */
  async list(options: { readonly limit: number; readonly after?: string | undefined }): Promise<Operation[]> {
    const { limit, after } = options;
    const rows = await this.#view.list(OPERATIONS, {
      limit,
      reverse: true,
      after: after === undefined ? undefined : [after],
    });
    return rows.map(({ value }) => value);
  }

  /** Writes an operation down and starts it when its turn comes. @throws BystackError OPERATIONS_BUSY */
  async submit(draft: OperationDraft, audit?: AuditLine): Promise<Operation> {
    const { store, tenant, clock } = this.#options;
    const waiting = (await this.#open()).filter(
      ({ network, state }) => network === draft.network && state === "queued",
    );
    if (waiting.length >= OPERATIONS_QUEUED_MAX)
      throw platformError("OPERATIONS_BUSY", { why: `${waiting.length} of network ${draft.network} wait` });
    const operation = await store.update(tenant, async (view) => {
      const number = ((await view.get(META_TABLE, ["operation"]))?.number ?? 0) + 1;
      const bare: Operation = {
        ...draft,
        id: numberPart(number),
        state: "queued",
        createdAtMs: clock.nowMs(),
        startedAtMs: null,
        endedAtMs: null,
        cancelAsked: false,
        steps: [],
        error: null,
      };
      const steps = this.#stepsOf(bare).map(
        ({ name, title }): StepRecord => ({
          name,
          title,
          state: "waiting",
          made: false,
          startedAtMs: null,
          endedAtMs: null,
          note: "",
        }),
      );
      const made = { ...bare, steps };
      const puts = [put(OPERATIONS, [made.id], made), put(META_TABLE, ["operation"], { number, text: "" })];
      return [{ puts, events: [eventOf(made)], ...(audit && { audit }) }, made];
    });
    await this.#pump();
    return operation;
  }

  /** Takes back what can be, down to the first step that cannot. @throws BystackError OPERATION_OVER */
  async cancel(id: string, audit?: AuditLine): Promise<Operation> {
    const cancel = (found: Operation): Operation => {
      if (found.state === "succeeded" || found.state === "cancelled")
        throw platformError("OPERATION_OVER", { why: `${id} has ${found.state}` });
      // One that is under way is told by its signal; one that has failed gets another turn.
      const state = found.state === "failed" ? "queued" : found.state;
      return { ...found, cancelAsked: true, state, endedAtMs: null, error: null };
    };
    const asked = await this.#change(id, cancel, audit);
    this.#running.get(id)?.abort.abort();
    await this.#pump();
    return asked;
  }

  /** Tries a failed operation again, from its first step on. @throws BystackError OPERATION_OVER */
  async resume(id: string, audit?: AuditLine): Promise<Operation> {
    const resume = (found: Operation): Operation => {
      if (found.state !== "failed")
        throw platformError("OPERATION_OVER", { why: `${id} has not failed: ${found.state}` });
      return { ...found, state: "queued", endedAtMs: null, error: null };
    };
    const resumed = await this.#change(id, resume, audit);
    await this.#pump();
    return resumed;
  }

  /** Resolves when an operation is over, or the platform ends. */
  async settled(id: string): Promise<Operation> {
    for (;;) {
      const changed = Promise.withResolvers<void>();
      // Before it is read: what changes between the two is seen.
      const forget = this.#options.store.onEvents(() => changed.resolve());
      try {
        const operation = await this.get(id);
        if (isOver(operation) || this.#isEnding) return operation;
        await Promise.race([changed.promise, this.#ended.promise]);
      } finally {
        forget();
      }
    }
  }

  #stepsOf(operation: Operation): readonly Step[] {
    const kind = this.#options.kinds.find(({ kind }) => kind === operation.kind);
    if (kind === undefined) throw platformError("OPERATION_UNKNOWN", { why: operation.kind });
    return kind.steps(operation);
  }

  async #change(id: string, change: (found: Operation) => Operation, audit?: AuditLine): Promise<Operation> {
    const { store, tenant } = this.#options;
    return store.update(tenant, async (view) => {
      const found = await view.get(OPERATIONS, [id]);
      if (found === undefined) throw platformError("OPERATION_NOT_FOUND", { why: id });
      const changed = change(found);
      const puts = [put(OPERATIONS, [id], changed)];
      return [{ puts, events: [eventOf(changed)], ...(audit && { audit }) }, changed];
    });
  }

  /** Starts every operation that no other one stands in the way of, in the order in which they were asked for. */
  async #pump(): Promise<void> {
    if (this.#isEnding) return;
    const open = await this.#open();
    for (const [i, operation] of open.entries()) {
      if (this.#running.has(operation.id)) continue;
      // Behind those that were asked for before, and behind a later one that runs while this one is resumed.
      const first = open.filter((other, place) => place < i || (place > i && this.#running.has(other.id)));
      if (first.some((other) => excludes(other, operation))) continue;
      const running: Running = { abort: new AbortController(), done: Promise.resolve() };
      this.#running.set(operation.id, running);
      running.done = this.#runToEnd(operation.id, running);
    }
  }

  async #runToEnd(id: string, running: Running): Promise<void> {
    try {
      await this.#run(id, running);
      this.#running.delete(id);
      await this.#pump();
    } catch (error) {
      this.#running.delete(id);
      this.#options.onBroken(error);
    }
  }

  async #run(id: string, running: Running): Promise<void> {
    const { clock, logger } = this.#options;
    const begun = await this.#change(id, (found) => ({
      ...found,
      state: "running",
      startedAtMs: found.startedAtMs ?? clock.nowMs(),
    }));
    const turn: Turn = { id, running, steps: [], at: "" };
    try {
      turn.steps = this.#stepsOf(begun);
      if (!begun.cancelAsked && !(await this.#forward(turn))) return;
      if (!(await this.get(id)).cancelAsked) return;
      await this.#backward(turn);
    } catch (error) {
      if (this.#isEnding && running.abort.signal.aborted) return;
      const failed = errorOf(error, turn.at);
      logger.warn("operation failed", { id, step: turn.at, code: failed.code, why: failed.why });
      await this.#change(id, (found) => ({ ...found, state: "failed", endedAtMs: clock.nowMs(), error: failed }));
    }
  }

  /** @returns false when the platform ends; true when all is done or the operation is to be cancelled */
  async #forward(turn: Turn): Promise<boolean> {
    const { id, running, steps } = turn;
    for (const step of steps) {
      turn.at = step.name;
      const { signal } = running.abort;
      if (signal.aborted) return !this.#isEnding;
      try {
        await this.#make(id, step, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        return !this.#isEnding;
      }
    }
    const endedAtMs = this.#options.clock.nowMs();
    // A cancel that was asked for during the last step comes first.
    await this.#change(id, (found) => (found.cancelAsked ? found : { ...found, state: "succeeded", endedAtMs }));
    return true;
  }

  #contextOf(id: string, step: Step, signal: AbortSignal): StepContext {
    return {
      key: `${id}/${step.name}`,
      signal,
      note: (text) => this.#setStep(id, step.name, { note: text.slice(0, 500) }),
    };
  }

  async #make(id: string, step: Step, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const context = this.#contextOf(id, step, signal);
    await this.#setStep(id, step.name, { state: "running", startedAtMs: clock.nowMs(), endedAtMs: null });
    this.#point(`${step.name} recorded`);
    if (!(await step.check(context))) {
      this.#point(`${step.name} asked`);
      await this.#setStep(id, step.name, { made: true });
      await step.do(context);
      this.#point(`${step.name} made`);
      if (!(await step.check(context))) throw platformError("STEP_UNPROVEN", { why: step.title });
    }
    this.#point(`${step.name} proven`);
    await this.#setStep(id, step.name, { state: "done", endedAtMs: clock.nowMs(), note: "" });
    this.#point(`${step.name} written`);
  }

  /** Takes steps back, newest first, until one that cannot be. */
  async #backward(turn: Turn): Promise<void> {
    const { id, running, steps } = turn;
    const { clock } = this.#options;
    if (!this.#isEnding) running.abort = new AbortController();
    for (const step of steps.toReversed()) {
      const record = (await this.get(id)).steps.find(({ name }) => name === step.name);
      if (record?.made !== true || record.state === "undone") continue;
      turn.at = step.name;
      const context = this.#contextOf(id, step, running.abort.signal);
      // Begun without an effect, it has nothing that would have to be taken back.
      const isFinal = step.undo === undefined && (record.state === "done" || (await step.check(context)));
      if (isFinal) break;
      await step.undo?.(context);
      this.#point(`${step.name} taken back`);
      await this.#setStep(id, step.name, { state: "undone", endedAtMs: clock.nowMs(), note: "" });
    }
    await this.#change(id, (found) => ({ ...found, state: "cancelled", endedAtMs: clock.nowMs() }));
  }

  async #setStep(id: string, name: string, change: Partial<StepRecord>): Promise<void> {
    await this.#change(id, (found) => ({
      ...found,
      steps: found.steps.map((step) => (step.name === name ? { ...step, ...change } : step)),
    }));
  }
}

type Turn = { readonly id: string; readonly running: Running; steps: readonly Step[]; at: string };
