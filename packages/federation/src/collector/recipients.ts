// Whose deposit addresses a collector knows (federation.md section 3): recipients that were announced, that a hint named,
// the fee float and the reward pool. An address is a hash, so a deposit for a recipient that nobody named cannot be seen; it is not lost:
// naming the recipient later finds it. Programs are made once per recipient and kept.

import {
  depositProgram,
  FLOAT_RECIPIENT,
  isRecipient,
  POOL_RECIPIENT,
  type VaultKeys,
} from "@bystack/protocol/peg/vault";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bucketKey, bucketRange, type KvStore } from "@bystack/storage/kv";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import type { Clock } from "@bystack/utils/ports";
import { federationError } from "../errors.ts";
import { ANNOUNCEMENT_AGE_MS_MAX, ANNOUNCEMENTS_MAX, HINTED_RECIPIENTS_MAX } from "../limits.ts";

const BUCKET = 1;

type Known = {
  readonly recipient: Uint8Array;
  readonly programHex: string;
  /** When it was announced; undefined for one that a hint named. */
  readonly announcedMs: number | undefined;
};

export type RecipientBookOptions = {
  readonly chainId: Hash;
  readonly keys: VaultKeys;
  readonly store: KvStore;
  readonly clock: Clock;
  /** The chain has a reward pool that deposits may feed. */
  readonly hasRewardPool: boolean;
};

export class RecipientBook {
  readonly #options: RecipientBookOptions;
  /** In order of use within a sort. */
  readonly #announced = new Map<string, Known>();
  readonly #hinted = new Map<string, Known>();
  readonly #byProgram = new Map<string, Uint8Array>();

  constructor(options: RecipientBookOptions) {
    this.#options = options;
    const always = options.hasRewardPool ? [FLOAT_RECIPIENT, POOL_RECIPIENT] : [FLOAT_RECIPIENT];
    for (const recipient of always) this.#byProgram.set(bytesToHex(this.programOf(recipient)), recipient);
  }

  async load(): Promise<void> {
    for await (const { key, value } of this.#options.store.iterate(bucketRange(BUCKET))) {
      const reader = new ByteReader(value);
      const announcedMs = reader.varint53();
      const recipient = key.subarray(1);
      if (reader.error !== undefined || !isRecipient(recipient)) continue;
      this.#remember(recipient, announcedMs === 0 ? undefined : announcedMs);
    }
  }

  /** Control program of the deposit address of a recipient. */
  programOf(recipient: Uint8Array): Uint8Array {
    const { chainId, keys } = this.#options;
    return depositProgram({ keys, chainId, recipient });
  }

  /** The recipient whose deposit address has this program. */
  find(programHex: string): Uint8Array | undefined {
    return this.#byProgram.get(programHex);
  }

  /** Watches a recipient for 30 days. @throws RECIPIENT_INVALID, ANNOUNCEMENTS_FULL */
  async announce(recipient: Uint8Array): Promise<Uint8Array> {
    if (!isRecipient(recipient)) throw federationError("RECIPIENT_INVALID");
    const key = bytesToHex(recipient);
    await this.#expire();
    if (!this.#announced.has(key) && this.#announced.size >= ANNOUNCEMENTS_MAX)
      throw federationError("ANNOUNCEMENTS_FULL");
    await this.#save(recipient, this.#options.clock.nowMs());
    return this.programOf(recipient);
  }

  /** Learns a recipient from a hint. */
  async learn(recipient: Uint8Array): Promise<void> {
    const key = bytesToHex(recipient);
    if (this.#announced.has(key)) return;
    const known = this.#hinted.get(key);
    if (known !== undefined) {
      this.#hinted.delete(key);
      this.#hinted.set(key, known);
      return;
    }
    await this.#save(recipient, undefined);
    if (this.#hinted.size > HINTED_RECIPIENTS_MAX) {
      const [oldest] = this.#hinted.values();
      if (oldest !== undefined) await this.#drop(this.#hinted, oldest);
    }
  }

  #remember(given: Uint8Array, announcedMs: number | undefined): void {
    // A copy: what a hint names is a view of a whole main-chain block.
    const recipient = Uint8Array.from(given);
    const key = bytesToHex(recipient);
    const programHex = bytesToHex(this.programOf(recipient));
    const known: Known = { recipient, programHex, announcedMs };
    this.#announced.delete(key);
    this.#hinted.delete(key);
    (announcedMs === undefined ? this.#hinted : this.#announced).set(key, known);
    this.#byProgram.set(programHex, recipient);
  }

  async #save(recipient: Uint8Array, announcedMs: number | undefined): Promise<void> {
    this.#remember(recipient, announcedMs);
    const value = new ByteWriter(10).varint63(BigInt(announcedMs ?? 0)).finish();
    await this.#options.store.batch({ puts: [{ key: bucketKey(BUCKET, recipient), value }] });
  }

  async #drop(from: Map<string, Known>, known: Known): Promise<void> {
    from.delete(bytesToHex(known.recipient));
    this.#byProgram.delete(known.programHex);
    await this.#options.store.batch({ deletes: [bucketKey(BUCKET, known.recipient)] });
  }

  /** Announcements are in order of their time: only the oldest can have run out. */
  async #expire(): Promise<void> {
    const limitMs = this.#options.clock.nowMs() - ANNOUNCEMENT_AGE_MS_MAX;
    for (const known of [...this.#announced.values()]) {
      if ((known.announcedMs ?? 0) > limitMs) return;
      await this.#drop(this.#announced, known);
    }
  }
}
