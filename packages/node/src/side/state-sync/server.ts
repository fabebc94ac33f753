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

/** Bytes of snapshots and blocks that one peer gets in a second; further answers wait. */
export const STATE_BYTES_PER_SECOND = 33_554_432;
/** Peers whose share is remembered; pinned peers are never more. */
export const STATE_PEERS_MAX = 1024;

/** What one peer has had lately. */
class Shares {
  readonly #clock: Clock;
  /** By peer: the monotonic time in ms at which it has used up nothing any more. */
  readonly #freeAtMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits until a peer may have so many bytes more. */
  async take(peer: string, bytes: number): Promise<void> {
    const now = this.#clock.monotonicMs();
    const freeAtMs = Math.max(now, this.#freeAtMs.get(peer) ?? 0);
    if (this.#freeAtMs.size >= STATE_PEERS_MAX && !this.#freeAtMs.has(peer)) this.#freeAtMs.clear();
    this.#freeAtMs.set(peer, freeAtMs + (bytes * 1000) / STATE_BYTES_PER_SECOND);
    if (freeAtMs > now) await delay(freeAtMs - now);
  }
}

export type StateQuestion = { readonly from: string; readonly method: number; readonly body: Uint8Array };

export class StateServer {
  readonly #shares: Shares;
  #store: SideStore | undefined;

  constructor(clock: Clock) {
    this.#shares = new Shares(clock);
  }

  /** From now on there is something to ask for; undefined: no more. */
  use(store: SideStore | undefined): void {
    this.#store = store;
  }

  /** The answer; undefined for "cannot". */
  async answer({ from, method, body }: StateQuestion): Promise<Uint8Array | undefined> {
    const store = this.#store;
    if (method === METHOD.offer) return encodeOffer(store && (await this.#offer(store)));
    const numbers = decodePair(body);
    if (numbers === undefined || store === undefined) return undefined;
    const [first, second] = numbers;
    switch (method) {
      case METHOD.epochEnds:
        return encodeEpochEnds(await store.indexes.epochEnds(first, Math.min(second, EPOCH_ENDS_MAX)));
      case METHOD.finalBlocks: {
        const answer = await this.#finalBlocks(store, {
          fromHeight: first,
          countMax: Math.min(second, SYNC_BLOCKS_MAX),
        });
        await this.#shares.take(from, answer?.length ?? 0);
        return answer;
      }
      case METHOD.snapshotPart:
        await this.#shares.take(from, SNAPSHOT_PART_BYTES);
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
