// The main-chain store in memory: for tests, simulations and throw-away chains. Nothing survives the process.

import type { MainUtxo } from "@bystack/ledger/main/utxo";
import type { MainHeader } from "@bystack/protocol/main/block";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import type { MainChainStore, MainStoreCommit, StoredMainBlock } from "./store.ts";

export class MemoryMainChainStore implements MainChainStore {
  readonly #blocks = new Map<string, StoredMainBlock>();
  readonly #utxos = new Map<string, MainUtxo>();
  #main: Hash[] = [];

  async best(): Promise<{ hash: Hash; height: bigint } | undefined> {
    const hash = this.#main.at(-1);
    return hash === undefined ? undefined : { hash, height: BigInt(this.#main.length - 1) };
  }

  async *headers(maxHeight: bigint): AsyncIterable<{ hash: Hash; header: MainHeader }> {
    // Blocks come in with their parents before them, so the order of insertion is an order of the tree.
    for (const { hash, block } of this.#blocks.values()) {
      if (block.header.height <= maxHeight) yield { hash, header: block.header };
    }
  }

  async block(hash: Hash): Promise<StoredMainBlock | undefined> {
    return this.#blocks.get(bytesToHex(hash));
  }

  async utxos(ids: readonly Hash[]): Promise<readonly (MainUtxo | undefined)[]> {
    return ids.map((id) => this.#utxos.get(bytesToHex(id)));
  }

  async commit(commit: MainStoreCommit): Promise<void> {
    for (const { hash, block, statusFail } of commit.blocks)
      this.#blocks.set(bytesToHex(hash), { hash, block, statusFail });
    const { tip } = commit;
    if (tip === undefined) return;
    this.#main = [...this.#main.slice(0, Number(tip.fromHeight)), ...tip.attached];
    for (const [id, entry] of tip.utxos) {
      if (entry === undefined) this.#utxos.delete(id);
      else this.#utxos.set(id, entry);
    }
  }

  /** Everything in the set of unspent outputs, for comparisons. */
  utxoEntries(): ReadonlyMap<string, MainUtxo> {
    return this.#utxos;
  }
}
