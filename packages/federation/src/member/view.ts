// What one step of a member looks at: both chains, asked once, so that signing, collecting and governance of a step judge
// the same picture.

import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import type {
  BlockPoint,
  MainChainPort,
  MainTransactionInfo,
  PayoutRecord,
  PegStatus,
  SideChainPort,
} from "../ports.ts";
import { draftKey } from "./rederive.ts";

export type LivePayout = { readonly record: PayoutRecord; readonly main: MainTransactionInfo | undefined };

export type StepView = {
  readonly status: PegStatus;
  readonly mainTip: BlockPoint;
  /** The main-chain tip that the side chain's state knows is on the best chain of the own main node. */
  readonly mainAgrees: boolean;
  /** Ascending by number. */
  readonly payouts: readonly LivePayout[];
};

/** Depth of a main-chain block as the side chain's state counts it; 0 when the state does not know it yet. */
export function depthOf(height: number, status: PegStatus): number {
  return Math.max(0, status.mainTip.height - height + 1);
}

/** Asks both nodes. Where a transaction stands is asked again only when the main tip has moved. */
export class Observer {
  readonly #main: MainChainPort;
  readonly #side: SideChainPort;
  #tip: BlockPoint | undefined;
  #agreement: { readonly key: string; readonly agrees: boolean } | undefined;
  #mined = new Map<string, MainTransactionInfo | undefined>();

  constructor(main: MainChainPort, side: SideChainPort) {
    this.#main = main;
    this.#side = side;
  }

  async observe(): Promise<StepView> {
    const mainTip = await this.#main.tip();
    const status = await this.#side.status();
    const records = [...(await this.#side.livePayouts())].sort((a, b) => (a.payout < b.payout ? -1 : 1));
    const mainAgrees = await this.#agrees(mainTip, status.mainTip);
    if (this.#tip === undefined || !equalBytes(this.#tip.hash, mainTip.hash)) this.#mined = new Map();
    this.#tip = mainTip;
    const payouts: LivePayout[] = [];
    const mined = new Map<string, MainTransactionInfo | undefined>();
    for (const record of records) {
      const key = draftKey(record);
      const main = this.#mined.has(key) ? this.#mined.get(key) : await this.#main.transaction(record.transactionId);
      mined.set(key, main);
      payouts.push({ record, main });
    }
    this.#mined = mined;
    return { status, mainTip, mainAgrees, payouts };
  }

  /** Asked again only when one of the tips has moved: the answer is a whole block. */
  async #agrees(own: BlockPoint, state: BlockPoint): Promise<boolean> {
    const key = `${bytesToHex(own.hash)}:${bytesToHex(state.hash)}`;
    if (this.#agreement?.key === key) return this.#agreement.agrees;
    const block = await this.#main.blockAt(state.height);
    const agrees = block !== undefined && equalBytes(block.hash, state.hash);
    this.#agreement = { key, agrees };
    return agrees;
  }
}
