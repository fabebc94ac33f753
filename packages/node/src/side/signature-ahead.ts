// Verifies the signatures of stored blocks in a thread of its own, some blocks ahead of their execution: about a third of a
// replay's work. Execution asks the same question with the same bytes and finds the answer; what the thread did not verify,
// also because it failed, is verified where it is asked. No signature goes unverified.

import { Worker } from "node:worker_threads";
import type { BlockStore } from "@bystack/chain/side/block-store";
import { type SignatureCheck, verifyStrictS } from "@bystack/ledger/side/rules";
import { isStorageError } from "@bystack/storage/errors";
import type { Logger } from "@bystack/utils/ports";
import {
  type AheadAnswer,
  type AheadRequest,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
  TRIPLE_BYTES,
} from "./signature-worker.ts";

/** Blocks that may wait between the thread and execution. */
export const AHEAD_BLOCKS_MAX = 64;
/** Bytes of blocks that may wait there; one block more may be under way. */
export const AHEAD_BYTES_MAX = 16_777_216;
/** A replay of fewer blocks is over before a thread has begun. */
export const AHEAD_BLOCKS_MIN = 32;
/** Megabytes of the thread's heap. */
const WORKER_HEAP_MIB = 128;

type Waiting = { bytes: number; readonly done: Promise<void>; readonly resolve: () => void };

export class SignatureAhead {
  readonly #check: SignatureCheck;
  readonly #logger: Logger;
  readonly #worker: Worker;
  readonly #verified = new Set<string>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #triple = Buffer.alloc(TRIPLE_BYTES);
  #bytes = 0;
  #room = Promise.withResolvers<void>();
  #isOver = false;

  /** Begins to read the blocks from a height on. `check`: for what the thread has not verified. */
  constructor(options: {
    readonly blocks: BlockStore;
    readonly from: number;
    readonly logger: Logger;
    readonly check?: SignatureCheck;
  }) {
    this.#check = options.check ?? verifyStrictS;
    this.#logger = options.logger;
    this.#worker = new Worker(new URL("./signature-worker.ts", import.meta.url), {
      name: "signatures",
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MIB },
    });
    this.#worker.on("message", (answer: AheadAnswer) => this.#receive(answer));
    this.#worker.on("error", (error) => this.#giveUp(error));
    this.#read(options.blocks, options.from).catch((error: unknown) => this.#giveUp(error));
  }

  /** For the chain that replays. */
  readonly verify: SignatureCheck = (publicKey, message, signature) => {
    // Parts of other lengths could stand together like a triple that was verified.
    const isTriple =
      publicKey.length === PUBLIC_KEY_BYTES &&
      signature.length === SIGNATURE_BYTES &&
      publicKey.length + signature.length + message.length === TRIPLE_BYTES;
    if (!isTriple) return this.#check(publicKey, message, signature);
    this.#triple.set(publicKey, 0);
    this.#triple.set(signature, publicKey.length);
    this.#triple.set(message, publicKey.length + signature.length);
    // Each is asked for once: the chain remembers successes itself.
    return this.#verified.delete(this.#triple.toString("latin1")) || this.#check(publicKey, message, signature);
  };

  /** Resolves when the block of a height may be executed; those below it have been. */
  async ready(height: number): Promise<void> {
    const done = this.#waiting.get(height - 1);
    if (done !== undefined) {
      this.#waiting.delete(height - 1);
      this.#bytes -= done.bytes;
      this.#room.resolve();
      this.#room = Promise.withResolvers();
    }
    if (!this.#isOver) await this.#entryOf(height).done;
  }

  async close(): Promise<void> {
    this.#end();
    this.#verified.clear();
    await this.#worker.terminate();
  }

  #entryOf(height: number): Waiting {
    const known = this.#waiting.get(height);
    if (known !== undefined) return known;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const entry = { bytes: 0, done, resolve };
    this.#waiting.set(height, entry);
    return entry;
  }

  async #read(blocks: BlockStore, from: number): Promise<void> {
    for await (const { block } of blocks.iterate(from)) {
      while (!this.#isOver && (this.#waiting.size >= AHEAD_BLOCKS_MAX || this.#bytes >= AHEAD_BYTES_MAX))
        await this.#room.promise;
      if (this.#isOver) return;
      const { height } = block.header;
      const entry = this.#entryOf(height);
      entry.bytes = block.batches.reduce((sum, batch) => sum + batch.length, 0);
      this.#bytes += entry.bytes;
      this.#worker.postMessage({ height, batches: block.batches } satisfies AheadRequest);
    }
    // Whoever asks for the block behind the last one does not wait.
    this.#entryOf(blocks.height + 1).resolve();
  }

  #receive({ height, verified }: AheadAnswer): void {
    // An answer that was under way when the thread ended: nobody waits for it any more.
    if (this.#isOver) return;
    const bytes = Buffer.from(verified.buffer, verified.byteOffset, verified.byteLength);
    for (let at = 0; at + TRIPLE_BYTES <= bytes.length; at += TRIPLE_BYTES)
      this.#verified.add(bytes.toString("latin1", at, at + TRIPLE_BYTES));
    this.#waiting.get(height)?.resolve();
  }

  /** Execution goes on alone, and meets the same damage if that is what it was. */
  #giveUp(error: unknown): void {
    if (!isStorageError(error)) this.#logger.warn("signatures are verified without a thread", { why: String(error) });
    this.#end();
  }

  #end(): void {
    this.#isOver = true;
    for (const { resolve } of this.#waiting.values()) resolve();
    this.#room.resolve();
  }
}
