// The shell around the BBFT engine of one node: turns its effects into I/O and I/O into events, one event at a time.
// It keeps the promise the engine rests on: `persisted` is reported only after the entries are on disk, in order; effects
// that wait for it come out of the engine only then (bbft.md S5). Anything that fails here ends the process.

import type { BbftEffect, BbftEvent, BlockContent, Evidence, Target, TimerId } from "@bystack/consensus/bbft/events";
import { type BbftMessage, encodeMessage } from "@bystack/consensus/bbft/messages";
import type { RecordEntry } from "@bystack/consensus/bbft/record";
import type { ScoredRefusal } from "@bystack/consensus/bbft/refusals";
import type { Certificate } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import type { Clock, Logger, Metrics } from "@bystack/utils/ports";
import { nodeError } from "../errors.ts";

/** What an engine does with an event; the consensus package has the real one. */
export type EngineStep = (event: BbftEvent) => readonly BbftEffect[];

/** An event before the shell stamps it with the time. */
export type UnstampedEvent = BbftEvent extends infer E ? (E extends BbftEvent ? Omit<E, "nowMs"> : never) : never;

export type Verdict = { readonly valid: boolean; readonly elected?: readonly Uint8Array[] | undefined };

/** What the engine asks of the rest of the node. Rejections are fatal. */
export type ShellPorts = {
  persist(entries: readonly RecordEntry[], replace: boolean): Promise<void>;
  send(to: Target, bytes: Uint8Array, type: BbftMessage["type"]): void;
  broadcast(bytes: Uint8Array, type: BbftMessage["type"]): void;
  build(request: Extract<BbftEffect, { type: "buildBlock" }>): Promise<BlockContent | undefined>;
  /**
   * `certified`: a quorum has checked the block; proof of work need not be computed again. `elected`: vote keys of the epoch
   * after the next, with the last block of an epoch on a chain with elections.
   */
  validate(block: SideBlock, certified: boolean): Promise<Verdict>;
  /** True when the block's vote-time predicates hold; may be asked again. */
  predicate(block: SideBlock): Promise<boolean>;
  /** Resolves when the blocks are durable; final events go out after that. */
  finalise(blocks: readonly SideBlock[], certificate: Certificate): Promise<void>;
  serveFinal(request: Extract<BbftEffect, { type: "serveFinal" }>): Promise<void>;
  score(peer: string, reason: ScoredRefusal): void;
  /** A validator of this epoch has signed two messages that no honest one signs both of. */
  accuse(evidence: Evidence): void;
  /** A block of this node's own got no certificate in its view. */
  ownBlockNullified(place: { epoch: number; view: number }, hash: Uint8Array): void;
};

export type EngineShell = {
  post(event: UnstampedEvent): void;
  /** Views that ended with a NULLIFY certificate since the start. */
  nullifiedTotal(): number;
  /** Asks again for blocks whose predicates did not hold: the main chain has moved. */
  retryPredicates(): void;
  stop(): void;
  /** Rejects when the node must end; resolves on stop. */
  readonly ended: Promise<void>;
};

/** Blocks whose predicate waits for the main chain; the oldest is forgotten (its view is over long since). */
export const WAITING_PREDICATES_MAX = 16;
/** Longest time a timer is set to, in ms: one of the system's fires at once when it is set beyond 2^31 - 1. */
export const TIMER_MS_MAX = 0x7fff_ffff;

export function createEngineShell(options: {
  step: EngineStep;
  ports: ShellPorts;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}): EngineShell {
  const { step, ports, clock, logger, metrics } = options;
  const timers = new Map<TimerId, NodeJS.Timeout>();
  const inbox: UnstampedEvent[] = [];
  const waiting = new Map<string, SideBlock>();
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  // A failure while the node is still being put together is told to whoever asks later, not to the process at once.
  ended.catch(() => {});
  let epoch = 0;
  let nullifiedTotal = 0;
  let persisting: Promise<void> = Promise.resolve();
  let stopped = false;
  let running = false;

  function stop(): void {
    stopped = true;
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
    resolve();
  }

  function fail(error: unknown): void {
    if (stopped) return;
    stopped = true;
    for (const timer of timers.values()) clearTimeout(timer);
    reject(error);
  }

  /** One event at a time, in order, and never inside another step: an effect's answer waits its turn. */
  function post(event: UnstampedEvent): void {
    if (stopped) return;
    inbox.push(event);
    if (running) return;
    running = true;
    try {
      for (let next = inbox.shift(); next !== undefined && !stopped; next = inbox.shift()) {
        for (const effect of step({ ...next, nowMs: clock.nowMs() } as BbftEvent)) handle(effect);
      }
    } catch (error) {
      fail(error);
    } finally {
      running = false;
    }
  }

  function answer(work: Promise<UnstampedEvent | undefined>): void {
    work.then((event) => event !== undefined && post(event), fail);
  }

  function setTimer(id: TimerId, atMs: number): void {
    clearTimeout(timers.get(id));
    const timer = setTimeout(
      () => {
        timers.delete(id);
        post({ type: "timer", id });
      },
      Math.min(TIMER_MS_MAX, Math.max(0, atMs - clock.nowMs())),
    );
    timers.set(id, timer);
  }

  async function checkPredicate(block: SideBlock, key: string): Promise<UnstampedEvent> {
    const holds = await ports.predicate(block);
    if (holds) waiting.delete(key);
    else {
      waiting.set(key, block);
      const [oldest] = waiting.keys();
      if (waiting.size > WAITING_PREDICATES_MAX && oldest !== undefined) waiting.delete(oldest);
    }
    return { type: "predicate", hash: block.hash, holds };
  }

  /** Effects with an answer that comes later, as an event. */
  function handleLater(effect: BbftEffect): boolean {
    switch (effect.type) {
      case "persist": {
        const { token } = effect;
        persisting = persisting.then(() => ports.persist(effect.entries, effect.replace));
        answer(persisting.then((): UnstampedEvent => ({ type: "persisted", token })));
        return true;
      }
      case "buildBlock":
        answer(
          ports.build(effect).then((content): UnstampedEvent => ({ type: "blockBuilt", token: effect.token, content })),
        );
        return true;
      case "validateBlock":
        answer(
          ports
            .validate(effect.block, effect.certified)
            .then((verdict): UnstampedEvent => ({ type: "blockValidated", hash: effect.block.hash, ...verdict })),
        );
        return true;
      case "evaluatePredicate":
        answer(checkPredicate(effect.block, Buffer.from(effect.block.hash).toString("hex")));
        return true;
      case "finalised": {
        const height = effect.blocks.at(-1)?.header.height;
        answer(
          ports
            .finalise(effect.blocks, effect.certificate)
            .then((): UnstampedEvent | undefined => (height === undefined ? undefined : { type: "stored", height })),
        );
        return true;
      }
      case "serveFinal":
        ports.serveFinal(effect).catch(fail);
        return true;
      default:
        return false;
    }
  }

  function handle(effect: BbftEffect): void {
    if (handleLater(effect)) return;
    switch (effect.type) {
      case "send":
        ports.send(effect.to, encodeMessage(effect.message), effect.message.type);
        return;
      case "broadcast":
        ports.broadcast(encodeMessage(effect.message), effect.message.type);
        return;
      case "setTimer":
        setTimer(effect.id, effect.atMs);
        return;
      case "cancelTimer":
        clearTimeout(timers.get(effect.id));
        timers.delete(effect.id);
        return;
      case "viewEntered":
        epoch = effect.epoch;
        if (effect.nullified) {
          nullifiedTotal += 1;
          metrics.count("consensus_nullified_total");
        }
        return;
      case "silence":
        logger.warn("voting silence", { reason: effect.reason, epoch: effect.epoch, view: effect.view });
        return;
      case "evidence":
        ports.accuse(effect.evidence);
        return;
      case "ownBlockNullified":
        logger.warn("own block nullified", { view: effect.view });
        ports.ownBlockNullified({ epoch, view: effect.view }, effect.hash);
        return;
      case "score":
        ports.score(effect.peer, effect.reason);
        return;
      case "refused":
        metrics.count("refused_messages_total", 1, { reason: effect.reason, scored: "no" });
        return;
      case "halt":
        throw nodeError("CONSENSUS_HALTED", { why: effect.reason });
    }
  }

  function retryPredicates(): void {
    for (const [key, block] of [...waiting]) answer(checkPredicate(block, key));
  }

  return { post, nullifiedTotal: () => nullifiedTotal, retryPredicates, stop, ended };
}
