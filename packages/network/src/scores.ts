// How much a peer key has been at fault, and which keys are refused for a while. Faults come with a kind from the error
// tables; points fade with a half-life, so that rare minor faults never add up. A ban doubles with each repetition and
// survives a restart through the injected store. Keys, not addresses: many nodes may share an address.

import type { ErrorFault } from "@bystack/utils/errors";
import type { Clock } from "@bystack/utils/ports";
import type { PeerId } from "./identity.ts";

/** Most keys whose score is remembered; beyond it the one with the least points is forgotten. */
export const SCORED_PEERS_MAX = 4096;
/** Longest ban, however often a key offends: 24 hours. */
export const BAN_MS_MAX = 86_400_000;

export type Ban = { readonly id: PeerId; readonly untilMs: number; readonly times: number; readonly reason: string };

/** Where bans are kept over a restart; `save` gets all of them. */
export type BanStore = {
  load(): Promise<readonly Ban[]>;
  save(bans: readonly Ban[]): Promise<void>;
};

export type ScoreOptions = {
  readonly clock: Clock;
  /** Points at which a key is banned. Default 100. */
  readonly threshold?: number;
  readonly minorPoints?: number;
  readonly severePoints?: number;
  /** Time in which points halve. Default 10 minutes. */
  readonly halfLifeMs?: number;
  /** First ban. Default 5 minutes. */
  readonly banMs?: number;
};

type Score = { points: number; atMs: number };

export class PeerScores {
  readonly #options: Required<ScoreOptions>;
  readonly #scores = new Map<PeerId, Score>();
  readonly #bans = new Map<PeerId, Ban>();

  constructor(options: ScoreOptions) {
    this.#options = {
      threshold: 100,
      minorPoints: 10,
      severePoints: 100,
      halfLifeMs: 600_000,
      banMs: 300_000,
      ...options,
    };
  }

  /** Takes over bans from an earlier run. An end beyond the longest ban is brought down to it: clocks jump. */
  restore(bans: readonly Ban[]): void {
    const latest = this.#options.clock.nowMs() + BAN_MS_MAX;
    for (const ban of bans.slice(0, SCORED_PEERS_MAX))
      this.#bans.set(ban.id, { ...ban, untilMs: Math.min(ban.untilMs, latest) });
  }

  /** Adds a fault; true when it led to a ban just now. */
  report(id: PeerId, fault: ErrorFault, reason: string): boolean {
    const points =
      fault === "peer-severe" ? this.#options.severePoints : fault === "peer-minor" ? this.#options.minorPoints : 0;
    if (points === 0) return false;
    const score = { points: this.points(id) + points, atMs: this.#options.clock.monotonicMs() };
    this.#scores.set(id, score);
    if (this.#scores.size > SCORED_PEERS_MAX) this.#forgetLeast();
    if (score.points < this.#options.threshold) return false;
    this.#scores.delete(id);
    this.#ban(id, reason);
    return true;
  }

  points(id: PeerId): number {
    const score = this.#scores.get(id);
    if (score === undefined) return 0;
    return score.points * 0.5 ** ((this.#options.clock.monotonicMs() - score.atMs) / this.#options.halfLifeMs);
  }

  /** The ban in force for a key. */
  banOf(id: PeerId): Ban | undefined {
    const ban = this.#bans.get(id);
    return ban !== undefined && ban.untilMs > this.#options.clock.nowMs() ? ban : undefined;
  }

  /** Bans to keep: those in force, and ended ones of the last longest ban, whose repetition still counts. */
  bans(): Ban[] {
    const since = this.#options.clock.nowMs() - BAN_MS_MAX;
    return [...this.#bans.values()].filter((ban) => ban.untilMs > since);
  }

  /** Ends a ban and forgets its repetitions: an operator's word. */
  pardon(id: PeerId): void {
    this.#bans.delete(id);
    this.#scores.delete(id);
  }

  #ban(id: PeerId, reason: string): void {
    const times = (this.#bans.get(id)?.times ?? 0) + 1;
    const lengthMs = Math.min(this.#options.banMs * 2 ** (times - 1), BAN_MS_MAX);
    this.#bans.set(id, { id, untilMs: this.#options.clock.nowMs() + lengthMs, times, reason });
    const kept = new Set(this.bans().map((ban) => ban.id));
    for (const old of this.#bans.keys()) if (!kept.has(old)) this.#bans.delete(old);
    const oldest = this.#bans.keys().next();
    if (this.#bans.size > SCORED_PEERS_MAX && oldest.done !== true) this.#bans.delete(oldest.value);
  }

  #forgetLeast(): void {
    let least: PeerId | undefined;
    for (const id of this.#scores.keys()) if (least === undefined || this.points(id) < this.points(least)) least = id;
    if (least !== undefined) this.#scores.delete(least);
  }
}
