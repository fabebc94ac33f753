// The headers transaction: which main-chain headers a leader puts into its block, whether a block's headers may be voted
// for by this node's own view of the main chain, and the verdicts on their proof of work (federation.md section 4).

import type { TensorityPool } from "@bystack/crypto/tensority-pool";
import { readBatch } from "@bystack/ledger/side/apply";
import { type PowVerdicts, powJobs } from "@bystack/ledger/side/peg/headers";
import type { SideState } from "@bystack/ledger/side/state";
import { type MainHeader, mainBlockHash } from "@bystack/protocol/main/block";
import { createHeadersTransaction, decodeHeadersBody } from "@bystack/protocol/peg/system";
import { targetOfBits } from "@bystack/protocol/pow";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex } from "@bystack/utils/bytes";
import type { MainFollower } from "./main-follower.ts";

/** Headers of one system transaction (federation.md section 4). */
const HEADERS_A_BLOCK = 64;
/** After a block with headers was nullified its leader leaves headers out for 10, 20, 40 … views, at most 600. */
const BACK_OFF_VIEWS_FIRST = 10;
const BACK_OFF_VIEWS_MAX = 600;

const HEADERS_KIND = 1n;

/** The headers in a block's body; empty when there are none. The transaction is among the first two. */
export function headersInBody(batches: readonly Uint8Array[]): MainHeader[] {
  const [batch] = batches;
  const transactions = batch === undefined ? [] : (readBatch(batch) ?? []);
  for (const raw of transactions.slice(0, 2)) {
    const decoded = decodeSideTransaction(raw);
    const input = decoded.ok ? decoded.value.inputs[0] : undefined;
    if (input?.kind === "system" && input.systemKind === HEADERS_KIND) return decodeHeadersBody(input.body) ?? [];
  }
  return [];
}

/** Headers that would bring the state's best tip to the own main node's, `lag` successors behind; undefined when none would. */
function missingHeaders(state: SideState, follower: MainFollower, lag: number): MainHeader[] | undefined {
  const { peg } = state;
  const top = follower.tipHeight;
  if (peg === undefined || top === undefined) return undefined;
  const tip = peg.tip();
  // The highest block of our best chain that the state knows already: its tip, or below a fork.
  let height = Number(tip.height);
  for (;;) {
    const entry = follower.at(height);
    if (entry === undefined) return undefined;
    if (peg.sections.headers.get(entry.hash) !== undefined) break;
    height -= 1;
  }
  const missing: MainHeader[] = [];
  for (let at = height + 1; at <= top - lag && missing.length < HEADERS_A_BLOCK; at += 1) {
    const entry = follower.at(at);
    if (entry === undefined) break;
    missing.push(entry.header);
  }
  return missing.length === 0 ? undefined : missing;
}

/** A place among the views of all epochs; views begin anew in each. */
type Place = { readonly epoch: number; readonly view: number };

export class MainHeaders {
  /** Absent where the node has no main node of its own: it then checks proof of work itself and votes for no headers. */
  readonly #follower: MainFollower | undefined;
  readonly #lag: number;
  readonly #pool: () => TensorityPool;
  #failures = 0;
  #silentUntil: Place = { epoch: 0, view: 0 };

  constructor(options: { follower: MainFollower | undefined; headerLag: number; pool: () => TensorityPool }) {
    this.#follower = options.follower;
    this.#lag = options.headerLag;
    this.#pool = options.pool;
  }

  /** The transaction for a block that this node builds; undefined when there is nothing new or it is backing off. */
  transactionFor(parent: SideState, { epoch, view }: Place): Uint8Array | undefined {
    const isSilent = epoch === this.#silentUntil.epoch && view < this.#silentUntil.view;
    if (this.#follower === undefined || isSilent) return undefined;
    const headers = missingHeaders(parent, this.#follower, this.#lag);
    return headers === undefined ? undefined : createHeadersTransaction(headers).raw;
  }

  /** A block of this node's own was nullified. With headers in it they may be the reason. */
  ownBlockNullified({ epoch, view }: Place, hadHeaders: boolean): void {
    if (!hadHeaders) return;
    const views = Math.min(BACK_OFF_VIEWS_MAX, BACK_OFF_VIEWS_FIRST * 2 ** this.#failures);
    this.#silentUntil = { epoch, view: view + views };
    this.#failures += 1;
  }

  ownBlockFinal(): void {
    this.#failures = 0;
  }

  /** The vote-time predicate: the last header is on the best chain of the own main node with enough successors. */
  holds(batches: readonly Uint8Array[]): boolean {
    const last = headersInBody(batches).at(-1);
    if (last === undefined) return true;
    const known = this.#follower?.onBestChain(bytesToHex(mainBlockHash(last)));
    return known !== undefined && (this.#follower?.tipHeight ?? 0) - known.height >= this.#lag;
  }

  /**
   * Verdicts for the headers of a block. What the own main node has is proven; the rest is computed in a worker, up to
   * the first that fails: the block is invalid there.
   */
  async verdicts(parent: SideState, batches: readonly Uint8Array[]): Promise<PowVerdicts> {
    const headers = headersInBody(batches);
    const { peg, rules } = parent;
    const verdicts = new Map<string, boolean>();
    if (headers.length === 0 || peg === undefined || rules.peg === undefined) return verdicts;
    for (const job of powJobs(peg, rules.peg, headers)) {
      const key = bytesToHex(job.hash);
      const isKnown = this.#follower?.onBestChain(key) !== undefined;
      const isGood = isKnown || (await this.#pool().verify(job.hash, job.seed, targetOfBits(job.bits))).ok;
      verdicts.set(key, isGood);
      if (!isGood) break;
    }
    return verdicts;
  }
}
