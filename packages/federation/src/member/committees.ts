// Whose certificates a member believes, epoch by epoch. From the spec's committee each epoch's last header, certified by the
// committee before, leads to the next one (protocol/side/light-client); the own node is asked for keys and proofs, never
// believed. What was followed is kept, so that a start goes on from there, also on a node that has pruned old blocks.
// There is no trusting time here: docs/adr/0011.

import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { followEpoch, type LightClientFault, type LightClientState } from "@bystack/protocol/side/light-client";
import { chainIdOf, type SideChainSpec } from "@bystack/protocol/spec";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bucketKey, bucketRange, type KvEntry, type KvStore } from "@bystack/storage/kv";
import { bytesToHex, u64ToBytesLe } from "@bystack/utils/bytes";
import type { Clock } from "@bystack/utils/ports";
import { err, ok, type Result } from "@bystack/utils/result";
import { COMMITTEES_KEPT_MAX, EPOCHS_FOLLOWED_PER_STEP_MAX } from "../limits.ts";
import type { SideChainPort } from "../ports.ts";

const BUCKET = 5;
/** Key of the row that says how far was followed; no epoch has this number. */
const NEWEST_KEY = bucketKey(BUCKET, u64ToBytesLe(0n));

/** `waits`: the own node cannot show it yet. Anything else: what it shows is not certified. */
export type CommitteeFault = "waits" | `committee-${LightClientFault | "FORGOTTEN"}`;

type Change = { readonly epoch: number; readonly keys: readonly Uint8Array[] };

function encodeRow(number: number, keys: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(16 + 32 * keys.length).varint63(BigInt(number)).varint31(keys.length);
  for (const key of keys) writer.raw(key);
  return writer.finish();
}

function decodeRow(bytes: Uint8Array): { number: number; keys: Uint8Array[] } | undefined {
  const reader = new ByteReader(bytes);
  const number = reader.varint53();
  const count = reader.varint31();
  if (reader.error !== undefined || count * 32 !== reader.remaining) return undefined;
  const keys = Array.from({ length: count }, () => reader.take(32).slice());
  reader.finish();
  return reader.error === undefined ? { number, keys } : undefined;
}

const sameKeys = (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean =>
  a.map(bytesToHex).join() === b.map(bytesToHex).join();

export class Committees {
  readonly #parts: { readonly side: SideChainPort; readonly store: KvStore; readonly clock: Clock };
  readonly #isElected: boolean;
  /** The newest committee that was followed. */
  #state: LightClientState;
  /** First epochs of each committee, ascending; the newest ones are kept. */
  #changes: Change[];

  constructor(
    spec: SideChainSpec,
    parts: { readonly side: SideChainPort; readonly store: KvStore; readonly clock: Clock },
  ) {
    this.#parts = parts;
    this.#isElected = spec.features.votes;
    const keys = spec.committee.map(({ voteKey }) => voteKey);
    const { epochBlocks } = spec.consensus;
    this.#state = { chainId: chainIdOf(spec), epoch: 1, keys, epochBlocks, timeMs: spec.genesis.timeMs };
    this.#changes = [{ epoch: 1, keys }];
  }

  epochOf(height: number): number {
    return Math.ceil(height / this.#state.epochBlocks);
  }

  /** Reads what was followed before; anything but a whole record is as good as none. */
  async load(): Promise<void> {
    const changes: Change[] = [];
    let newest: { number: number; keys: Uint8Array[] } | undefined;
    for await (const { key, value } of this.#parts.store.iterate(bucketRange(BUCKET))) {
      const row = decodeRow(value);
      if (row === undefined) return;
      const epoch = Number(new DataView(key.buffer, key.byteOffset + 1, 8).getBigUint64(0, true));
      if (epoch === 0) newest = row;
      else changes.push({ epoch, keys: row.keys });
    }
    changes.sort((a, b) => a.epoch - b.epoch);
    const last = changes.at(-1);
    if (newest === undefined || last === undefined || last.epoch > newest.number) return;
    this.#changes = changes;
    // The time only keeps headers in order; a header of the next epoch is later than any of this one.
    this.#state = { ...this.#state, epoch: newest.number, keys: last.keys };
  }

  /** Follows the committees up to an epoch, some of them at a time. */
  async follow(epoch: number): Promise<Result<void, CommitteeFault>> {
    if (!this.#isElected) return ok(undefined);
    if (this.#state.epoch >= epoch) return ok(undefined);
    const { side, clock } = this.#parts;
    const context = {
      nowMs: clock.nowMs(),
      trustingMs: Number.POSITIVE_INFINITY,
      verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
        verifyEd25519({ publicKey, message, signature }, "strict-s"),
    };
    for (const end of (await side.epochEnds(this.#state.epoch)).slice(0, EPOCHS_FOLLOWED_PER_STEP_MAX)) {
      const followed = followEpoch(this.#state, end, context);
      if (!followed.ok) return err(`committee-${followed.error}` as const);
      await this.#keep(followed.value);
    }
    return this.#state.epoch >= epoch ? ok(undefined) : err("waits");
  }

  async #keep(state: LightClientState): Promise<void> {
    const puts: KvEntry[] = [];
    const deletes: Uint8Array[] = [];
    let changes = this.#changes;
    const rowOf = (change: Change): KvEntry => ({
      key: bucketKey(BUCKET, u64ToBytesLe(BigInt(change.epoch))),
      value: encodeRow(change.epoch, change.keys),
    });
    // The spec's own committee stands there from the first row on.
    if (this.#state.epoch === 1) puts.push(...this.#changes.map(rowOf));
    if (!sameKeys(state.keys, this.#state.keys)) {
      const change = { epoch: state.epoch, keys: state.keys };
      puts.push(rowOf(change));
      const [oldest] = changes;
      const isFull = changes.length >= COMMITTEES_KEPT_MAX;
      changes = [...(isFull ? changes.slice(1) : changes), change];
      if (isFull && oldest !== undefined) deletes.push(rowOf(oldest).key);
    }
    puts.push({ key: NEWEST_KEY, value: encodeRow(state.epoch, []) });
    await this.#parts.store.batch({ puts, deletes });
    this.#changes = changes;
    this.#state = state;
  }

  /** Vote keys of the committee that a block's certificate must come from. */
  async at(height: number): Promise<Result<readonly Uint8Array[], CommitteeFault>> {
    const epoch = this.epochOf(height);
    const followed = await this.follow(epoch);
    if (!followed.ok) return followed;
    const found = this.#isElected ? this.#changes.findLast((change) => change.epoch <= epoch) : this.#changes[0];
    return found === undefined ? err("committee-FORGOTTEN") : ok(found.keys);
  }
}
