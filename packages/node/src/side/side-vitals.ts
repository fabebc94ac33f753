// The part of /v1/vitals that only a side node has: its disk, its state root, who leads without success, why it is silent,
// what pauses its peg. Reads what others keep; decides nothing.

import type { NODE_ROUTES } from "@bystack/api/node-routes";
import type { RouteReply } from "@bystack/api/route";
import type { FinalBlock, SideChain } from "@bystack/chain/side/side-chain";
import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { BbftState } from "@bystack/consensus/bbft/state";
import { statusOf } from "@bystack/consensus/bbft/status";
import { bytesToHex } from "@bystack/utils/bytes";
import type { Clock } from "@bystack/utils/ports";
import type { Vitals } from "../process/vitals.ts";
import type { LeaderRecord } from "./leader-record.ts";

type VitalsReply = RouteReply<(typeof NODE_ROUTES)["vitals"]>;

/** Over how long the rate of final blocks is taken. */
const RATE_MS = 5_000;
/** Arrivals kept for it: a node that catches up takes some hundred blocks a second; beyond this the time is shorter. */
export const RATE_BLOCKS_MAX = 2_048;

/** How many final blocks a second arrive now. */
export class BlockRate {
  readonly #clock: Clock;
  readonly #arrivedMs: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  arrived(): void {
    this.#arrivedMs.push(this.#clock.monotonicMs());
    if (this.#arrivedMs.length > RATE_BLOCKS_MAX) this.#arrivedMs.shift();
  }

  perSecond(): number {
    const nowMs = this.#clock.monotonicMs();
    while ((this.#arrivedMs[0] ?? nowMs) < nowMs - RATE_MS) this.#arrivedMs.shift();
    const first = this.#arrivedMs[0];
    const isCut = this.#arrivedMs.length >= RATE_BLOCKS_MAX && first !== undefined;
    const spanMs = isCut ? Math.max(1, nowMs - first) : RATE_MS;
    return (this.#arrivedMs.length * 1000) / spanMs;
  }
}

export type SideVitalsParts = {
  readonly vitals: Vitals;
  readonly leaders: LeaderRecord;
  readonly config: BbftConfig;
  readonly chain: SideChain;
  readonly clock: Clock;
  readonly nameOf: (voteKey: Uint8Array) => string;
  /** Undefined until the node has got so far. */
  readonly engine: () => BbftState | undefined;
};

export class SideVitals {
  readonly #parts: SideVitalsParts;
  readonly #rate: BlockRate;

  constructor(parts: SideVitalsParts) {
    this.#parts = parts;
    this.#rate = new BlockRate(parts.clock);
  }

  follow(_block: FinalBlock): void {
    this.#rate.arrived();
  }

  #peg(): NonNullable<VitalsReply["side"]>["peg"] {
    const { peg } = this.#parts.chain.final;
    if (peg === undefined) return null;
    const { paused, waitsForFloat } = peg.control;
    return { pausedByReorganisation: paused.reorg, pausedByDeficit: paused.deficit, waitsForFloat };
  }

  #accused(state: BbftState): string[] {
    const { keys } = state.committees.present;
    return state.evidence.flatMap(({ first }) => {
      const key = keys[first.signer];
      return key === undefined ? [] : [this.#parts.nameOf(key)];
    });
  }

  async reply(): Promise<VitalsReply> {
    const { vitals, leaders, config, chain } = this.#parts;
    const state = this.#parts.engine();
    const status = state && statusOf(state);
    const side = {
      voteSync: vitals.voteSync(),
      epochBlocks: config.epochBlocks,
      stateRoot: { height: chain.height, root: bytesToHex(chain.final.root()) },
      blocksPerSecond: this.#rate.perSecond(),
      silentThrough: status === undefined || status.voting === "voting" ? null : (status.silentThrough ?? null),
      leaders: leaders.leaders(),
      viewsPerTurn: config.run,
      accused: state === undefined ? [] : this.#accused(state),
      peg: this.#peg(),
    };
    return { ...(await vitals.process()), main: null, side };
  }
}
