// The explorer of a node: its index's store, the follower that fills it, the questions that may be asked of it. Nothing in
// here ends the node: an explorer that fails says so, and the chain goes on.

import { explorerError } from "@bystack/chain/explorer/errors";
import { ExplorerFollower, type ExplorerSource, type ExplorerStatus } from "@bystack/chain/explorer/follower";
import { ExplorerIndex } from "@bystack/chain/explorer/query";
import type { KvStore } from "@bystack/storage/kv";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import type { Logger } from "@bystack/utils/ports";
import { nodeError } from "../errors.ts";
import { createPause } from "../main/turns.ts";
import { openExplorerStore } from "./open-store.ts";

/** The index works this long before others have their turn: less than a chain's own work, which is more urgent. */
const STRETCH_MS = 3;

export type ExplorerOptions = {
  readonly folder: string;
  readonly driver: "lmdb" | "memory";
  readonly source: ExplorerSource;
  readonly monotonicMs: () => number;
  readonly logger: Logger;
};

export class Explorer {
  readonly #store: KvStore;
  readonly #index: ExplorerIndex;
  readonly #follower: ExplorerFollower;
  readonly #source: ExplorerSource;

  private constructor(options: ExplorerOptions, store: KvStore) {
    const { source, logger, monotonicMs } = options;
    this.#store = store;
    this.#source = source;
    this.#index = new ExplorerIndex(store);
    this.#follower = new ExplorerFollower({
      store,
      source,
      pause: createPause(monotonicMs, STRETCH_MS),
      onChange: ({ state, why, cursor }) => {
        const fields = { state, why: why ?? "", height: cursor?.height ?? -1 };
        if (state === "failed" || state === "incomplete") logger.error("the explorer's index has stopped", fields);
        else logger.info("the explorer's index", fields);
      },
    });
  }

  /** Opens the index and begins to follow; undefined when its file cannot even be begun anew. */
  static async open(options: ExplorerOptions): Promise<Explorer | undefined> {
    try {
      const explorer = new Explorer(options, await openExplorerStore(options));
      explorer.poke();
      return explorer;
    } catch (error) {
      options.logger.error("the node goes on without its explorer", { why: String(error) });
      return undefined;
    }
  }

  /** The chain may have moved. */
  poke(): void {
    this.#follower.poke();
  }

  rebuild(): void {
    this.#follower.rebuild();
  }

  /** Waits until the index rests. */
  idle(): Promise<void> {
    return this.#follower.idle();
  }

  get status(): ExplorerStatus & { readonly chainHeight: number } {
    return { ...this.#follower.status, chainHeight: this.#source.height() };
  }

  /**
   * The index, when it can be asked.
   * @throws BystackError EXPLORER_REBUILDING, EXPLORER_INCOMPLETE, EXPLORER_FAILED
   */
  index(): ExplorerIndex {
    const { state, why = "" } = this.#follower.status;
    if (state === "clearing") throw explorerError("EXPLORER_REBUILDING", { why });
    if (state === "incomplete") throw nodeError("EXPLORER_INCOMPLETE", { why });
    if (state === "failed") throw nodeError("EXPLORER_FAILED", { why });
    return this.#index;
  }

  async close(): Promise<void> {
    await this.#follower.stop();
    await this.#store.close();
  }
}

/** What a node has of an explorer. */
export type ExplorerPart = { readonly isOn: boolean; readonly explorer: Explorer | undefined };

/** @throws BystackError EXPLORER_OFF, EXPLORER_FAILED */
export function requireExplorer({ isOn, explorer }: ExplorerPart): Explorer {
  if (!isOn) throw nodeError("EXPLORER_OFF");
  if (explorer === undefined) throw nodeError("EXPLORER_FAILED", { why: "its file cannot be opened" });
  return explorer;
}

/**
 * Ids of a block's transactions by their position, where the index has the block: making them anew takes a hash for each
 * part of each transaction. Empty where it cannot be asked.
 */
export async function indexedIds(
  { explorer }: ExplorerPart,
  block: { readonly height: number; readonly hash: Hash },
): Promise<ReadonlyMap<number, Hash>> {
  if (explorer === undefined || explorer.status.state !== "following") return new Map();
  const index = explorer.index();
  const row = await index.block(block.height);
  return row !== undefined && equalBytes(row.hash, block.hash) ? index.idsOfBlock(block.height) : new Map();
}
