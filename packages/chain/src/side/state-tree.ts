// The states of a side chain above its last final block: one for each executed block, each a layer over its parent's.
// Finality settles one path into the base and voids everything beside it.

import { type ApplyResult, applySideBlock, type BlockSummary } from "@bystack/ledger/side/apply";
import type { SignatureCheck } from "@bystack/ledger/side/rules";
import type { SideState } from "@bystack/ledger/side/state";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";

/** Executed blocks kept above the last final one; a row that waits for finality may be longer, up to the end of its epoch. */
export const EXECUTED_BLOCKS_MAX = 512;

type PowVerdicts = Parameters<typeof applySideBlock>[0]["verdicts"];

export type Executed = { readonly block: SideBlock; readonly state: SideState; readonly summary: BlockSummary };

export type ExecuteResult =
  | { readonly ok: true; readonly executed: Executed }
  | { readonly ok: false; readonly code: string; readonly where: string };

export class StateTree {
  #finalHash: string;
  #final: SideState;
  readonly #executed = new Map<string, Executed>();
  readonly #verifySignature: SignatureCheck;

  constructor(options: { finalHash: Hash; final: SideState; verifySignature: SignatureCheck }) {
    this.#finalHash = bytesToHex(options.finalHash);
    this.#final = options.final;
    this.#verifySignature = options.verifySignature;
  }

  get final(): SideState {
    return this.#final;
  }

  get finalHash(): string {
    return this.#finalHash;
  }

  /** The state after a block: the last final one's, or that of an executed block above it. */
  stateOf(hash: Hash): SideState | undefined {
    const key = bytesToHex(hash);
    return key === this.#finalHash ? this.#final : this.#executed.get(key)?.state;
  }

  executed(hash: Hash): Executed | undefined {
    return this.#executed.get(bytesToHex(hash));
  }

  /** Executes a block on its parent's state, once. The parent must be known. */
  execute(block: SideBlock, verdicts: PowVerdicts): ExecuteResult {
    const key = bytesToHex(block.hash);
    const known = this.#executed.get(key);
    if (known !== undefined) return { ok: true, executed: known };
    const parent = this.stateOf(block.header.parentHash);
    if (parent === undefined) return { ok: false, code: "PARENT_UNKNOWN", where: "" };
    const result: ApplyResult = applySideBlock({
      parent,
      header: block.header,
      batches: block.batches,
      verdicts,
      verifySignature: this.#verifySignature,
    });
    if (!result.ok) {
      const { transaction, input, vm } = result.where;
      return {
        ok: false,
        code: result.code,
        where: `transaction ${transaction ?? "-"}, input ${input ?? "-"}${vm === undefined ? "" : `, ${vm}`}`,
      };
    }
    const executed: Executed = { block, state: result.state, summary: result.summary };
    if (this.#executed.size >= EXECUTED_BLOCKS_MAX) this.#forgetLeaf(block);
    this.#executed.set(key, executed);
    return { ok: true, executed };
  }

  /**
   * Makes room by the lowest block that nothing builds upon, the oldest of several. A row of blocks that wait for finality
   * stays whole, for the lowest of them becomes final first.
   */
  #forgetLeaf(newest: SideBlock): void {
    const parents = new Set([bytesToHex(newest.header.parentHash)]);
    for (const { block } of this.#executed.values()) parents.add(bytesToHex(block.header.parentHash));
    let lowest: { readonly key: string; readonly height: number } | undefined;
    for (const [key, { block }] of this.#executed) {
      const { height } = block.header;
      if (!parents.has(key) && (lowest === undefined || height < lowest.height)) lowest = { key, height };
    }
    if (lowest !== undefined && lowest.height <= newest.header.height) this.#executed.delete(lowest.key);
  }

  /** Makes an executed child of the final block final. Everything that does not descend from it is forgotten. */
  settle(executed: Executed): void {
    executed.state.settle();
    this.#final = executed.state;
    this.#finalHash = bytesToHex(executed.block.hash);
    this.#executed.delete(this.#finalHash);
    const living = new Set([this.#finalHash]);
    // Parents are executed before their children, and a Map keeps that order.
    for (const [key, entry] of this.#executed) {
      if (living.has(bytesToHex(entry.block.header.parentHash))) living.add(key);
      else this.#executed.delete(key);
    }
  }
}
