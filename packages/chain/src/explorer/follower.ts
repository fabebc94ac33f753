// Keeps the index at the chain's heels: reads blocks behind the cursor, a bounded number a turn, writes rows and cursor in one
// batch, undoes what the chain took back. It is on nobody's path: the chain tells it that something is new and goes on.
// After any end it goes on from the cursor. An index of another format, of another chain, one that the chain took back
// too deep, or one that contradicts a block, is cleared and made anew.

import { ByteWriter } from "@bystack/protocol/wire";
import type { KvStore } from "@bystack/storage/kv";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { Pause } from "../main/pause.ts";
import { applyBlock } from "./apply.ts";
import { ExplorerChanges } from "./changes.ts";
import { explorerError } from "./errors.ts";
import type { ExplorerBlock } from "./facts.ts";
import { CURSOR_ROW, type CursorRow, EXPLORER_FORMAT, key } from "./rows.ts";

/**
 * Rows of one batch while the index catches up; the block that passes it is the batch's last. Handing a batch to the store
 * holds up everything else on the loop (bench node/explorer).
 */
export const EXPLORER_BATCH_ROWS = 1_000;
/** Blocks of one batch: empty ones make few rows. Fewer than can be undone. */
export const EXPLORER_BATCH_BLOCKS = 256;
/** Blocks behind the chain at which an index still counts as following it. */
export const EXPLORER_LAG_BLOCKS = 3;
/** Rows deleted at once while the index is cleared. */
export const EXPLORER_CLEAR_ROWS = 1_000;

/** The chain as the index follows it. */
export type ExplorerSource = {
  readonly chainId: Hash;
  /** Height of the newest block that may be indexed: final, or the best chain's tip. */
  height(): number;
  /** Lowest height whose block is here, genesis aside. */
  firstHeight(): number;
  /** Whether the block is on the chain now. */
  isOnChain(block: { readonly height: number; readonly hash: Hash }): boolean;
  /** A block of the chain; undefined when it is not here, or not any more. */
  block(height: number): Promise<ExplorerBlock | undefined>;
  /** Whether blocks can be taken back. */
  readonly undoable: boolean;
};

export type ExplorerState =
  | "following"
  /** Catching up, from where it was or from the beginning. */
  | "catching-up"
  /** Being cleared; nothing can be asked meanwhile. */
  | "clearing"
  /** Blocks that it needs are not on this node. */
  | "incomplete"
  /** Its store failed, or it was cleared and contradicts the blocks again. */
  | "failed";

export type ExplorerStatus = {
  readonly state: ExplorerState;
  readonly why: string | undefined;
  readonly cursor: CursorRow | undefined;
  /** Since the start of the node. */
  readonly rebuilds: number;
};

/** Another number, or another chain: not this index. */
function formatRow(chainId: Hash): Uint8Array {
  return new ByteWriter(40).varint31(EXPLORER_FORMAT).raw(chainId).finish();
}

export type ExplorerFollowerOptions = {
  readonly store: KvStore;
  readonly source: ExplorerSource;
  /** Awaited between transactions and blocks. */
  readonly pause: Pause;
  /** The state has changed. */
  readonly onChange?: (status: ExplorerStatus) => void;
};

function reasonOf(error: unknown): string {
  if (error instanceof BystackError) return `${error.message} ${error.why}`.trim();
  return error instanceof Error ? error.message : String(error);
}

export class ExplorerFollower {
  readonly #options: ExplorerFollowerOptions;
  #state: ExplorerState = "catching-up";
  #why: string | undefined;
  #cursor: CursorRow | undefined;
  #rebuilds = 0;
  /** What comes before the next block. */
  #todo: "open" | "clear" | undefined = "open";
  /** Cleared because it contradicted a block, and not at the tip since. */
  #healing = false;
  #running: Promise<void> | undefined;
  #poked = false;
  #stopped = false;

  constructor(options: ExplorerFollowerOptions) {
    this.#options = options;
  }

  get status(): ExplorerStatus {
    return { state: this.#state, why: this.#why, cursor: this.#cursor, rebuilds: this.#rebuilds };
  }

  /** Says that the chain may have moved, and starts the work where it rests. Never throws, never waits. */
  poke(): void {
    if (this.#stopped || this.#state === "failed") return;
    this.#poked = true;
    this.#running ??= this.#run();
  }

  /** Waits until the work rests: at the tip, or where it cannot go on. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Has the index made anew; also after a failure. */
  rebuild(): void {
    if (this.#stopped) return;
    this.#healing = false;
    this.#clearBecause(undefined);
    this.poke();
  }

  /** No batch is begun afterwards. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  #clearBecause(why: string | undefined): void {
    this.#todo = "clear";
    this.#rebuilds += 1;
    this.#set("clearing", why);
  }

  #set(state: ExplorerState, why?: string): void {
    if (state === this.#state && why === this.#why) return;
    this.#state = state;
    this.#why = why;
    this.#options.onChange?.(this.status);
  }

  async #run(): Promise<void> {
    while (this.#poked && !this.#stopped) {
      this.#poked = false;
      try {
        while (!this.#stopped && (await this.#turn())) await this.#options.pause();
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#running = undefined;
  }

  /** An index that is made anew and contradicts the blocks again would be made anew for ever: once is enough. */
  #fail(error: unknown): void {
    const heals = error instanceof BystackError && error.code === "EXPLORER_INCONSISTENT" && !this.#healing;
    if (!heals) {
      this.#set("failed", reasonOf(error));
      return;
    }
    this.#healing = true;
    this.#clearBecause(reasonOf(error));
    this.#poked = true;
  }

  /** One bounded piece of work; false when there is nothing to do. */
  async #turn(): Promise<boolean> {
    if (this.#todo === "clear") await this.#clear();
    else if (this.#todo === "open") await this.#open();
    else return this.#step();
    return true;
  }

  /** Takes the index as it is when it fits. */
  async #open(): Promise<void> {
    const { store, source } = this.#options;
    const format = await store.get(key.format);
    if (format !== undefined && equalBytes(format, formatRow(source.chainId))) {
      this.#todo = undefined;
      await this.#loadCursor();
    } else if (format === undefined) this.#todo = "clear";
    else this.#clearBecause("it is of another format, or of another chain");
  }

  async #loadCursor(): Promise<void> {
    const bytes = await this.#options.store.get(key.cursor);
    this.#cursor = bytes === undefined ? undefined : CURSOR_ROW.decode(bytes);
  }

  /** The format goes first and comes last: a crash on the way leaves an index that is cleared again. */
  async #clear(): Promise<void> {
    const { store, source, pause } = this.#options;
    this.#cursor = undefined;
    await store.batch({ deletes: [key.format, key.cursor], flush: true });
    for (let more = true; more && !this.#stopped; ) {
      const deletes: Uint8Array[] = [];
      for await (const { key: row } of store.iterate({ limit: EXPLORER_CLEAR_ROWS })) deletes.push(row);
      more = deletes.length > 0;
      if (more) await store.batch({ deletes });
      await pause();
    }
    if (this.#stopped) return;
    await store.batch({ puts: [{ key: key.format, value: formatRow(source.chainId) }], flush: true });
    this.#todo = undefined;
    this.#set("catching-up", this.#why);
  }

  /** One batch, or one block undone. */
  async #step(): Promise<boolean> {
    const { source } = this.#options;
    const cursor = this.#cursor;
    if (cursor !== undefined && !source.isOnChain(cursor)) {
      await this.#undo(cursor);
      return true;
    }
    const next = (cursor?.height ?? -1) + 1;
    if (next > source.height()) {
      this.#healing = false;
      this.#set("following");
      return false;
    }
    if (next > 0 && next < source.firstHeight()) {
      this.#set("incomplete", `block ${next} is needed, the first one here is ${source.firstHeight()}`);
      return false;
    }
    // A chain that grows is followed; only who is further behind catches up.
    if (next + EXPLORER_LAG_BLOCKS < source.height()) this.#set("catching-up", this.#why);
    return this.#follow(next);
  }

  async #follow(from: number): Promise<boolean> {
    const { store, source, pause } = this.#options;
    const changes = new ExplorerChanges(store);
    let cursor = this.#cursor;
    for (let height = from; height <= source.height() && height < from + EXPLORER_BATCH_BLOCKS; height += 1) {
      if (changes.size >= EXPLORER_BATCH_ROWS || this.#stopped || this.#todo !== undefined) break;
      const block = await source.block(height);
      const follows = block !== undefined && (cursor === undefined || equalBytes(block.previous, cursor.hash));
      if (!follows && height === from) return this.#assertMoved(height);
      if (!follows) break;
      cursor = await applyBlock(changes, block, { cursor, undoable: source.undoable, pause });
    }
    // Asked to begin anew meanwhile: these rows would be in the way.
    if (this.#todo !== undefined || cursor === this.#cursor) return true;
    await store.batch(changes.batch());
    this.#cursor = cursor;
    return true;
  }

  /** The next block does not follow: the chain took back what is indexed while it was read, or the index is wrong. */
  #assertMoved(height: number): true {
    const cursor = this.#cursor;
    if (cursor === undefined || this.#options.source.isOnChain(cursor))
      throw explorerError("EXPLORER_INCONSISTENT", { why: `block ${height} does not follow what is indexed` });
    return true;
  }

  async #undo(cursor: CursorRow): Promise<void> {
    const { store } = this.#options;
    const changes = new ExplorerChanges(store);
    if (!(await changes.undo(cursor.height))) {
      this.#clearBecause(`the chain took back block ${cursor.height}, which cannot be undone here`);
      return;
    }
    await store.batch(changes.batch());
    await this.#loadCursor();
  }
}
