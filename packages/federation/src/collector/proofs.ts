// Completion proofs and re-proofs (federation.md sections 4 and 5): a payout that is D deep on the main chain is reported to
// the side chain with its status (kind 2, form 00: done, or failed when it was gas-only); after a deep reorganisation each
// unproven deposit coin is proven again (form 01). Anyone's proof counts; collectors take turns only to save work.

import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { createClaimProof } from "@bystack/protocol/peg/claim";
import { createInclusionPaths } from "@bystack/protocol/peg/inclusion";
import { createCoinProofTransaction, createPayoutProofTransaction } from "@bystack/protocol/peg/system";
import type { SideTransaction } from "@bystack/protocol/side/transaction";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { COIN_PROOFS_PER_STEP_MAX } from "../limits.ts";
import type { MemberContext } from "../member/context.ts";
import { depthOf, type LivePayout, type StepView } from "../member/view.ts";
import type { MainBlockInfo, MainChainPort, PayoutRecord, SideChainPort, UnprovenCoin } from "../ports.ts";
import type { Deposit } from "./deposits.ts";
import { Turns } from "./ranks.ts";

/** The proof that a payout is in a block; undefined when the block does not hold it. */
export function createCompletion(record: PayoutRecord, info: MainBlockInfo): SideTransaction | undefined {
  const transactionIds = info.block.transactions.map((transaction) => mapMainTransaction(transaction).id);
  const index = transactionIds.findIndex((id) => equalBytes(id, record.transactionId));
  if (index < 0) return undefined;
  return createPayoutProofTransaction({
    payout: record.payout,
    headerHeight: BigInt(info.height),
    statusFail: info.statusFail[index] === true,
    paths: createInclusionPaths({ transactionIds, statusFail: info.statusFail, index, withStatus: true }),
  });
}

export type ProofParts = {
  readonly main: MainChainPort;
  readonly side: SideChainPort;
  /** Finds the deposit behind a vault coin. */
  readonly locate: (coin: UnprovenCoin) => Promise<Deposit | undefined>;
};

export class Proofs {
  readonly #context: MemberContext;
  readonly #parts: ProofParts;
  readonly #turns: Turns;

  constructor(context: MemberContext, parts: ProofParts) {
    this.#context = context;
    this.#parts = parts;
    this.#turns = new Turns(context);
  }

  async step(view: StepView): Promise<void> {
    // Depths count on the chain that the state knows: without agreement a proof would name another block.
    if (!view.mainAgrees) return;
    const deep = view.payouts.filter((payout) => this.#isDeep(payout, view));
    const coins = (await this.#parts.side.unprovenCoins()).slice(0, COIN_PROOFS_PER_STEP_MAX);
    this.#turns.keepOnly([...deep.map(({ record }) => record.transactionId), ...coins.map(({ id }) => id)]);
    for (const { record, main } of deep) {
      if (main?.block !== undefined && this.#isDue(record.transactionId, view)) {
        await this.#complete(record, main.block.height);
      }
    }
    for (const coin of coins) if (this.#isDue(coin.id, view)) await this.#prove(coin, view);
  }

  #isDeep({ main }: LivePayout, view: StepView): boolean {
    const { base } = this.#context.federation.confirmations;
    return main?.block !== undefined && depthOf(main.block.height, view.status) >= base;
  }

  #isDue(id: Hash, view: StepView): boolean {
    return this.#turns.isDue(id, view.status.epoch, this.#context.clock.monotonicMs());
  }

  async #complete(record: PayoutRecord, height: number): Promise<void> {
    const block = await this.#parts.main.blockAt(height);
    const proof = block === undefined ? undefined : createCompletion(record, block);
    if (proof !== undefined) await this.#submit(proof, { payout: record.payout });
  }

  async #prove(coin: UnprovenCoin, view: StepView): Promise<void> {
    const deposit = await this.#parts.locate(coin);
    if (deposit === undefined) return;
    const block = await this.#parts.main.blockAt(deposit.mainHeight);
    const mined = block?.block.transactions[deposit.transactionIndex];
    if (block === undefined || mined === undefined) return;
    if (!equalBytes(mapMainTransaction(mined).id, deposit.transactionId)) return;
    const { proof } = createClaimProof({
      block: block.block,
      statusFail: block.statusFail,
      transactionIndex: deposit.transactionIndex,
      position: deposit.position,
      vaultEpoch: BigInt(view.status.epoch),
    });
    await this.#submit(createCoinProofTransaction(coin.id, proof), {});
  }

  async #submit(transaction: SideTransaction, fields: { readonly payout?: bigint }): Promise<void> {
    try {
      await this.#parts.side.submit(transaction.raw);
    } catch (error) {
      // Often another collector was first; the state says whether work is left.
      if (!(error instanceof BystackError)) throw error;
      this.#context.logger.debug("a proof was refused", { ...fields, code: error.code, why: error.why });
    }
  }
}
