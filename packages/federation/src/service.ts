// One federation member as one object: journal, signer, collector, proofs, governance and mesh, driven by one step that
// runs every half second and asks both nodes once. What fails in a step is said once and tried again at the next; what a
// message does wrong is judged and answered. The member can be stopped alone: it then neither signs, collects nor listens.

import { formatAddress } from "@bystack/protocol/address";
import type { SideChainSpec } from "@bystack/protocol/spec";
import type { Disk } from "@bystack/storage/disk";
import type { KvStore } from "@bystack/storage/kv";
import { BystackError } from "@bystack/utils/errors";
import type { Clock, Logger, Rng } from "@bystack/utils/ports";
import { Collector, type ListedDeposit } from "./collector/collector.ts";
import { Proofs } from "./collector/proofs.ts";
import { federationError } from "./errors.ts";
import { Exchange, type MemberTransport } from "./exchange/exchange.ts";
import { createHttpMemberTransport, type MemberAddress } from "./exchange/http-transport.ts";
import type { Message } from "./exchange/messages.ts";
import { Governance, type GovernanceOutcome, type GovernanceWish } from "./governance.ts";
import { createHandlers, type FederationHandlers, type MemberActions, type MemberView } from "./handlers.ts";
import { type Journal, openJournal } from "./journal/journal.ts";
import { STATUS_INTERVAL_MS, STATUS_PAYOUTS_MAX, STEP_INTERVAL_MS } from "./limits.ts";
import { Committees } from "./member/committees.ts";
import { type CrashPoint, createMemberContext, type MemberContext, type MemberSeeds } from "./member/context.ts";
import { type PayoutInfo, Signer } from "./member/signer.ts";
import { Observer, type StepView } from "./member/view.ts";
import type { MainChainPort, SideChainPort, Timers } from "./ports.ts";

/** Message numbers that a start reserves at once: at 50 a second they last for 11 years. */
const SEQUENCE_RESERVE = 1n << 34n;

export type { FederationHandlers } from "./handlers.ts";

export type FederationServiceOptions = {
  readonly spec: SideChainSpec;
  /** Place of this member in the spec. */
  readonly index: number;
  readonly seeds: MemberSeeds;
  readonly main: MainChainPort;
  readonly side: SideChainPort;
  /** Where the other members listen; or `transport` instead. */
  readonly peers: readonly MemberAddress[];
  readonly transport?: MemberTransport;
  /** Address prefix of the main chain, for deposit addresses. */
  readonly mainAddressPrefix: string;
  /** The journal is in `folder` on this disk. */
  readonly disk: Disk;
  readonly folder: string;
  /** The collector's memory: any store, also one that forgets. */
  readonly store: KvStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly crashPoint?: (name: CrashPoint) => void;
};

export type FederationServiceStatus = {
  readonly running: boolean;
  /** Null while it would sign; otherwise why not. */
  readonly notSigningBecause: string | null;
  readonly scannedMainHeight: number;
  readonly openPayouts: number;
  /** Code of the last failure to ask a node; null when the last step could ask both. */
  readonly nodeProblem: string | null;
};

export type FederationService = {
  readonly handlers: FederationHandlers;
  /** Who signed a payout, and what it waits for; for the `payouts` routes. */
  payoutInfo(payout: bigint): PayoutInfo;
  start(): void;
  /** Ends the loop and waits for the step under way. */
  stop(): Promise<void>;
  status(): FederationServiceStatus;
  /** The operator's brake: while it is on nothing is signed. Kept in the journal. */
  setBrake(on: boolean): Promise<void>;
  /** One round of everything; `start` calls it in a loop. */
  step(): Promise<void>;
  /** Resolves when no message waits to be sent. */
  drained(): Promise<void>;
};

class Service implements MemberActions {
  readonly #options: FederationServiceOptions;
  readonly #context: MemberContext;
  readonly #journal: Journal;
  readonly #exchange: Exchange;
  readonly #observer: Observer;
  readonly #committees: Committees;
  readonly #signer: Signer;
  readonly #collector: Collector;
  readonly #proofs: Proofs;
  readonly #governance: Governance;
  #view: StepView | undefined;
  #running = true;
  #started = false;
  #cancel: (() => void) | undefined;
  #stepping: Promise<void> | undefined;
  #statusMs = Number.NEGATIVE_INFINITY;
  #problem: string | null = null;
  readonly #said = new Map<string, string>();

  readonly #crashed: () => boolean;

  constructor(
    options: FederationServiceOptions,
    parts: { readonly context: MemberContext; readonly journal: Journal; readonly crashed: () => boolean },
  ) {
    const { context, journal } = parts;
    this.#crashed = parts.crashed;
    this.#options = options;
    this.#context = context;
    this.#journal = journal;
    const { main, side, store } = options;
    // Clock and journal both lift the first number, so that an emptied disk or a clock set back loses no message.
    const reserved = journal.sequence;
    const byClock = BigInt(Math.max(0, Math.floor(options.clock.nowMs()))) << 16n;
    const sequence = reserved > byClock ? reserved : byClock;
    const transport = options.transport ?? createHttpMemberTransport(options.peers);
    this.#exchange = new Exchange(context, { transport, sequence });
    this.#sequence = sequence;
    this.#observer = new Observer(main, side);
    const exchange = this.#exchange;
    this.#committees = new Committees(options.spec, { side, store, clock: options.clock });
    const committees = this.#committees;
    this.#signer = new Signer(context, { main, side, committees, journal, exchange });
    this.#collector = new Collector(context, { main, side, journal, store });
    this.#proofs = new Proofs(context, { main, side, locate: (coin) => this.#collector.locate(coin) });
    this.#governance = new Governance(context, { side, journal, exchange });
  }

  readonly #sequence: bigint;

  async load(): Promise<void> {
    await this.#collector.load();
    await this.#committees.load();
    const { stopped } = this.#journal;
    if (stopped !== undefined) {
      this.#context.logger.error("the federation member signs nothing", { code: stopped.code, why: stopped.why });
      return;
    }
    await this.#record(() => this.#journal.record({ type: "beat", sequence: this.#sequence + SEQUENCE_RESERVE }));
  }

  get signer(): Signer {
    return this.#signer;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    const again = (): void => {
      if (!this.#started) return;
      this.#cancel = this.#options.timers.after(STEP_INTERVAL_MS, () => {
        void this.#stepSafely().finally(again);
      });
    };
    void this.#stepSafely().finally(again);
  }

  /** A fault of ours in one step must not end the process that also holds a validator. */
  async #stepSafely(): Promise<void> {
    try {
      await this.step();
    } catch (error) {
      this.#context.logger.error("a step of the federation member failed", { error: String(error) });
    }
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.#cancel?.();
    await this.#stepping;
    await this.#exchange.close();
    await this.#journal.close();
  }

  step(): Promise<void> {
    this.#stepping ??= this.#step().finally(() => {
      this.#stepping = undefined;
    });
    return this.#stepping;
  }

  drained(): Promise<void> {
    return this.#exchange.drained();
  }

  async setBrake(on: boolean): Promise<void> {
    await this.#journal.record({ type: "brake", on });
    this.#context.logger.warn("the brake of the federation member was moved", { on });
  }

  status(): FederationServiceStatus {
    const stopped = this.#journal.stopped;
    const why =
      stopped !== undefined ? `${stopped.message} ${stopped.why}` : this.#journal.brake ? "the brake is on" : null;
    return {
      running: this.#running,
      notSigningBecause: this.#running ? why : "the member is stopped",
      scannedMainHeight: this.#collector.scannedHeight,
      openPayouts: this.#view?.payouts.filter(({ record }) => record.state === "open").length ?? 0,
      nodeProblem: this.#problem,
    };
  }

  async #step(): Promise<void> {
    if (!this.#running || this.#crashed()) return;
    const observed = await this.#attempt("nodes", async () => {
      this.#view = await this.#observer.observe();
    });
    const view = this.#view;
    if (!observed || view === undefined) return;
    this.#sendStatus(view);
    await this.#attempt("committees", () => this.#followCommittees(view));
    await this.#attempt("signing", () => this.#signer.step(view));
    await this.#attempt("collecting", () => this.#collector.step(view));
    await this.#attempt("proofs", () => this.#proofs.step(view));
    await this.#attempt("governance", () => this.#governance.step(view));
  }

  /** In every step, so that a node that prunes its blocks is asked for an epoch's end while it has it. */
  async #followCommittees(view: StepView): Promise<void> {
    const followed = await this.#committees.follow(this.#committees.epochOf(view.status.height));
    if (!followed.ok && followed.error !== "waits")
      throw federationError("COMMITTEE_NOT_CERTIFIED", { why: followed.error });
  }

  /** A typed failure is said when it appears, changes and goes; anything else is a fault of ours and is said every time. */
  async #attempt(part: string, run: () => Promise<void>): Promise<boolean> {
    try {
      await run();
      if (this.#said.delete(part)) this.#context.logger.info("a part of the federation member works again", { part });
      if (part === "nodes") this.#problem = null;
      return true;
    } catch (error) {
      if (!(error instanceof BystackError)) throw error;
      if (part === "nodes") this.#problem = error.code;
      if (this.#said.get(part) !== error.code) {
        this.#said.set(part, error.code);
        this.#context.logger.warn("a part of the federation member waits", { part, code: error.code, why: error.why });
      }
      return false;
    }
  }

  #sendStatus(view: StepView): void {
    const now = this.#context.clock.monotonicMs();
    if (now - this.#statusMs < STATUS_INTERVAL_MS) return;
    this.#statusMs = now;
    const open = view.payouts.filter(({ record }) => record.state === "open").map(({ record }) => record.payout);
    this.#exchange.broadcast(
      {
        type: "status",
        sideHeight: view.status.height,
        mainHeight: view.mainTip.height,
        signs: this.#journal.stopped === undefined && !this.#journal.brake,
        openPayouts: open.slice(0, STATUS_PAYOUTS_MAX),
      },
      view.status.epoch,
    );
  }

  async #record(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof BystackError)) throw error;
      this.#context.logger.error("the federation member signs nothing", { code: error.code, why: error.why });
    }
  }

  #assertRunning(): void {
    if (!this.#running || this.#crashed()) throw federationError("NO_MEMBER_HERE");
  }

  async receive(envelope: Uint8Array): Promise<boolean> {
    this.#assertRunning();
    const view = this.#view;
    // Before the first look at the chain nothing can be judged; the sender repeats what matters.
    if (view === undefined) return false;
    const received = this.#exchange.receive(envelope, view.status.epoch);
    if (!received.ok) {
      if (received.error === "RATE") throw federationError("MEMBER_RATE");
      throw federationError("ENVELOPE_INVALID", { why: received.error });
    }
    const { from, message } = received.value;
    return message === undefined ? false : this.#dispatch(from, message, view);
  }

  async #dispatch(from: number, message: Message, view: StepView): Promise<boolean> {
    const member = this.#context.federation.members[from]?.id ?? String(from);
    switch (message.type) {
      case "sigs": {
        const verdict = await this.#signer.receive(from, message);
        return verdict === "stored" || verdict === "known" || verdict === "early";
      }
      case "want":
        this.#signer.answer(from, message, view.status.epoch);
        return true;
      case "governance": {
        const good = this.#governance.receive(from, message, view);
        if (!good) this.#context.logger.warn("a federation member sent a bad governance signature", { member });
        return good;
      }
      case "status":
        return true;
    }
  }

  switchTo(run: boolean): boolean {
    if (run !== this.#running) {
      this.#context.logger.warn("the federation member was switched", { running: run });
      this.#running = run;
    }
    return this.#running;
  }

  async announce(recipient: Uint8Array): Promise<string> {
    this.#assertRunning();
    const program = await this.#collector.announce(recipient);
    // A P2WSH program: two bytes, then the script hash.
    return formatAddress(program.subarray(2), this.#options.mainAddressPrefix);
  }

  async govern(wish: GovernanceWish): Promise<GovernanceOutcome> {
    this.#assertRunning();
    const view = this.#view;
    if (view === undefined)
      throw federationError("GOVERNANCE_REFUSED", { why: "the member has not seen the chain yet" });
    // The number that is signed must be the ledger's next one now, not that of the last step.
    return this.#governance.sign(wish, { ...view, status: await this.#options.side.status() });
  }

  deposits(limit: number): ListedDeposit[] {
    return this.#collector.list(limit);
  }

  deposit(nullifierHex: string): ListedDeposit {
    const listed = this.#collector.get(nullifierHex);
    if (listed === undefined) throw federationError("DEPOSIT_NOT_FOUND");
    return listed;
  }

  members(): MemberView[] {
    return this.#context.federation.members.map(({ id }, index) => {
      const self = index === this.#context.index;
      return {
        index,
        id,
        self,
        running: self ? this.#running : this.#exchange.isRunning(index),
        lastSeenAgeMs: self ? 0 : this.#exchange.ageMs(index),
      };
    });
  }
}

/**
 * Opens the journal and the collector's memory and returns a member that does nothing until `start` (or `step`).
 * @throws MEMBER_KEYS when the seeds are not the spec's; VAULT_KEYS when the spec's vault may not hold money
 */
export async function createFederationService(options: FederationServiceOptions): Promise<FederationService> {
  const { spec, index, seeds, clock, logger } = options;
  let crashed = false;
  const crashPoint = (name: CrashPoint): void => {
    try {
      options.crashPoint?.(name);
    } catch (error) {
      // A hook that throws stands for the end of the process: nothing may happen here after it.
      crashed = true;
      throw error;
    }
  };
  const context = createMemberContext({ spec, index, seeds, clock, logger, crashPoint });
  const journal = await openJournal({ disk: options.disk, folder: options.folder, rng: options.rng });
  const service = new Service(options, { context, journal, crashed: () => crashed });
  await service.load();
  return {
    handlers: createHandlers(service),
    payoutInfo: (payout) => service.signer.info(payout),
    start: () => service.start(),
    stop: () => service.stop(),
    status: () => service.status(),
    setBrake: (on) => service.setBrake(on),
    step: () => service.step(),
    drained: () => service.drained(),
  };
}
