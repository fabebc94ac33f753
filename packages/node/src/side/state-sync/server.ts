// Answers a node that begins without any blocks: which snapshot there is, its bytes, the blocks that confirm it, and how the
// epochs before it ended. What one peer is given in a second is limited; nothing here is believed by the one who asks.

import { setTimeout as delay } from "node:timers/promises";
import { SYNC_BLOCKS_MAX } from "@bystack/consensus/bbft/limits";
import { encodeMessage } from "@bystack/consensus/bbft/messages";
import { isStorageError } from "@bystack/storage/errors";
import { listSnapshots, readSnapshotPart, snapshotBytes } from "@bystack/storage/snapshot";
import type { Clock } from "@bystack/utils/ports";
import { CONSENSUS_BYTES_MAX } from "../protocol.ts";
import { encodeFinalAnswer } from "../serve-final.ts";
import type { SideStore } from "../side-store.ts";
import {
  decodePair,
  EPOCH_ENDS_MAX,
  encodeEpochEnds,
  encodeOffer,
  METHOD,
  SNAPSHOT_PART_BYTES,
  type StateOffer,
} from "./messages.ts";

/** Bytes that one peer gets in a second; further answers wait. A newcomer has a million outputs in some ten seconds. */
export const STATE_BYTES_PER_SECOND = 16_777_216;
/** Bytes that all peers together get in a second: encryption and disk stay below a tenth of a core. */
export const STATE_BYTES_PER_SECOND_ALL = 33_554_432;
/** Peers whose share is remembered; pinned peers are never more. */
export const STATE_PEERS_MAX = 1024;
/**
 * What a question counts at least, in bytes of the share: blocks are read, checked and encoded again, some 10 ms, so a peer
 * gets eight such answers a second; looking for a snapshot and for epoch ends costs about a millisecond.
 */
const LEAST_BYTES: Readonly<Record<number, number>> = {
  [METHOD.offer]: 524_288,
  [METHOD.epochEnds]: 524_288,
  [METHOD.finalBlocks]: 2_097_152,
};

/** A budget of bytes: each taking says how long to wait for it. */
class Budget {
  readonly #bytesPerMs: number;
  /** Monotonic ms at which everything taken so far is paid for. */
  #freeAtMs = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  take(bytes: number, nowMs: number): number {
    const fromMs = Math.max(nowMs, this.#freeAtMs);
    this.#freeAtMs = fromMs + bytes / this.#bytesPerMs;
    return fromMs - nowMs;
  }
}

/** Resolves after so many ms. */
type Wait = (ms: number) => Promise<unknown>;

/** What peers have had lately, each and together. */
class Shares {
  readonly #clock: Clock;
  readonly #wait: Wait;
  readonly #all = new Budget(STATE_BYTES_PER_SECOND_ALL);
  readonly #peers = new Map<string, Budget>();

  constructor(clock: Clock, wait: Wait) {
    this.#clock = clock;
    this.#wait = wait;
  }

  /** Waits until a peer may have so many bytes more. */
  async take(peer: string, bytes: number): Promise<void> {
    if (this.#peers.size >= STATE_PEERS_MAX && !this.#peers.has(peer)) this.#peers.clear();
    const own = this.#peers.get(peer) ?? new Budget(STATE_BYTES_PER_SECOND);
    this.#peers.set(peer, own);
    await this.#takeOf(own, bytes);
    await this.#takeOf(this.#all, bytes);
  }

  async #takeOf(budget: Budget, bytes: number): Promise<void> {
    const waitMs = budget.take(bytes, this.#clock.monotonicMs());
    if (waitMs > 0) await this.#wait(waitMs);
  }
}

export type StateQuestion = { readonly from: string; readonly method: number; readonly body: Uint8Array };

export class StateServer {
  readonly #shares: Shares;
  #store: SideStore | undefined;

  constructor(clock: Clock, wait: Wait = delay) {
    this.#shares = new Shares(clock, wait);
  }

  /** From now on there is something to ask for; undefined: no more. */
  use(store: SideStore | undefined): void {
    this.#store = store;
  }

  /** The answer; undefined for "cannot". */
  async answer({ from, method, body }: StateQuestion): Promise<Uint8Array | undefined> {
    await this.#shares.take(from, LEAST_BYTES[method] ?? SNAPSHOT_PART_BYTES);
    const store = this.#store;
    if (method === METHOD.offer) return encodeOffer(store && (await this.#offer(store)));
    const numbers = decodePair(body);
    if (numbers === undefined || store === undefined) return undefined;
    const [first, second] = numbers;
    switch (method) {
      case METHOD.epochEnds:
        return encodeEpochEnds(await store.indexes.epochEnds(first, Math.min(second, EPOCH_ENDS_MAX)));
      case METHOD.finalBlocks:
        return this.#finalBlocks(store, { fromHeight: first, countMax: Math.min(second, SYNC_BLOCKS_MAX) });
      case METHOD.snapshotPart:
        return this.#part(store, first, second);
      default:
        return undefined;
    }
  }

  /** The newest snapshot whose block is here and confirmed by a certified one of the same epoch. */
  async #offer({ chain, snapshots }: SideStore): Promise<StateOffer | undefined> {
    const { epochBlocks } = chain.rules.spec.consensus;
    for (const id of await listSnapshots(snapshots)) {
      const height = Number(id);
      const isHere = height >= chain.blocks.firstHeight && height < chain.height;
      if (isHere && height % epochBlocks !== 0) return { height, bytes: await snapshotBytes(snapshots, id) };
    }
    return undefined;
  }

  async #finalBlocks(
    { chain, certified }: SideStore,
    request: { readonly fromHeight: number; readonly countMax: number },
  ): Promise<Uint8Array | undefined> {
    const { epochBlocks } = chain.rules.spec.consensus;
    if (request.fromHeight % epochBlocks !== 0) return encodeFinalAnswer(chain.blocks, request, epochBlocks);
    const last = await certified(request.fromHeight);
    if (last === undefined) return undefined;
    const bytes = encodeMessage({ type: "SYNC_BLOCKS", blocks: [last.block], certificate: last.certificate });
    return bytes.length > CONSENSUS_BYTES_MAX ? undefined : bytes;
  }

  async #part({ snapshots }: SideStore, height: number, offset: number): Promise<Uint8Array | undefined> {
    try {
      return await readSnapshotPart(snapshots, BigInt(height), { offset, length: SNAPSHOT_PART_BYTES });
    } catch (error) {
      // A newer one has taken its place: whoever asks begins again.
      if (isStorageError(error, "FILE_MISSING")) return undefined;
      throw error;
    }
  }
}
