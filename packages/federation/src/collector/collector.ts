// The automatic collector (federation.md sections 2, 4 and 8): reads main-chain blocks, lists deposits, and claims each one
// once it is deep enough, again and again until the side chain's state has credited it. Nothing depends on its memory: a
// rescan finds the same deposits (CP16), and a claim that was recorded but not sent is simply sent (CP17). Crediting twice
// is impossible because the ledger keeps every N for ever.

import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { createClaim } from "@bystack/protocol/peg/claim";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import type { SideTransaction } from "@bystack/protocol/side/transaction";
import type { KvStore } from "@bystack/storage/kv";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { Journal } from "../journal/journal.ts";
import { CHANGE_PROGRAMS_MAX, CLAIMED_QUERY_MAX, CLAIMS_PER_STEP_MAX, SCAN_BLOCKS_MAX } from "../limits.ts";
import type { MemberContext } from "../member/context.ts";
import type { StepView } from "../member/view.ts";
import type { BlockPoint, MainBlockInfo, MainChainPort, SideChainPort } from "../ports.ts";
import { classifyDeposit, type DepositVerdict } from "./classify.ts";
import { type Deposit, DepositList } from "./deposits.ts";
import { AssetOrigins } from "./origins.ts";
import { ScanPosition } from "./position.ts";
import { Turns } from "./ranks.ts";
import { RecipientBook } from "./recipients.ts";
import { changeProgramsOf, hintedRecipients, issuedAssets, scanBlock } from "./scan.ts";

export type CollectorParts = {
  readonly main: MainChainPort;
  readonly side: SideChainPort;
  readonly journal: Journal;
  readonly store: KvStore;
};

export type ListedDeposit = { readonly deposit: Deposit; readonly verdict: DepositVerdict };

export class Collector {
  readonly #context: MemberContext;
  readonly #parts: CollectorParts;
  readonly #deposits: DepositList;
  readonly #recipients: RecipientBook;
  readonly #origins: AssetOrigins;
  readonly #position: ScanPosition;
  readonly #turns: Turns;
  readonly #changePrograms = new Map<string, string>();
  /** Why the side node refused the last claim of a deposit. */
  readonly #refusals = new Map<string, string>();
  #view: StepView | undefined;
  #scannedTip: Hash | undefined;
  #queryFrom = 0;

  constructor(context: MemberContext, parts: CollectorParts) {
    this.#context = context;
    this.#parts = parts;
    const { chainId, vaultKeys: keys, clock, hasRewardPool } = context;
    this.#deposits = new DepositList(parts.store);
    this.#recipients = new RecipientBook({ chainId, keys, store: parts.store, clock, hasRewardPool });
    this.#origins = new AssetOrigins(parts.store);
    this.#position = new ScanPosition(parts.store, context.federation.mainAnchor.height);
    this.#turns = new Turns(context);
  }

  async load(): Promise<void> {
    await this.#recipients.load();
    await this.#deposits.load();
    await this.#origins.load();
    await this.#position.load();
  }

  /** The last main-chain height that was read. */
  get scannedHeight(): number {
    return this.#position.height;
  }

  async step(view: StepView): Promise<void> {
    this.#view = view;
    this.#noteChangePrograms(view);
    await this.#scan(view.mainTip);
    await this.#findCredited();
    await this.#claim(view);
  }

  /** Watches a recipient from now on, and finds what was paid to it before. @throws RECIPIENT_INVALID, ANNOUNCEMENTS_FULL */
  async announce(recipient: Uint8Array): Promise<Uint8Array> {
    const program = await this.#recipients.announce(recipient);
    for (const { height } of await this.#parts.main.unspentOf([program])) {
      if (height > this.#position.height) continue;
      const block = await this.#parts.main.blockAt(height);
      if (block !== undefined) await this.#take(block);
    }
    return program;
  }

  /** Newest first. */
  list(limit: number): ListedDeposit[] {
    return this.#deposits.newest(limit).map((deposit) => this.#listed(deposit));
  }

  get(nullifierHex: string): ListedDeposit | undefined {
    const deposit = this.#deposits.get(nullifierHex);
    return deposit === undefined ? undefined : this.#listed(deposit);
  }

  /** The deposit that made a vault coin; looked for on the main chain when the list does not have it. */
  async locate(coin: { readonly id: Hash; readonly program: Uint8Array }): Promise<Deposit | undefined> {
    const known = this.#deposits.get(bytesToHex(coin.id));
    if (known !== undefined) return known;
    for (const { id, height } of await this.#parts.main.unspentOf([coin.program])) {
      const block = equalBytes(id, coin.id) ? await this.#parts.main.blockAt(height) : undefined;
      if (block !== undefined) await this.#take(block);
    }
    return this.#deposits.get(bytesToHex(coin.id));
  }

  #listed(deposit: Deposit): ListedDeposit {
    const verdict = this.#classify(deposit);
    const refused = this.#refusals.get(bytesToHex(deposit.nullifier));
    if (verdict.state !== "claiming" || refused === undefined) return { deposit, verdict };
    return { deposit, verdict: { ...verdict, reason: `The side node refused the claim for now: ${refused}` } };
  }

  #classify(deposit: Deposit): DepositVerdict {
    const view = this.#view;
    if (view === undefined) {
      const confirmationsNeeded = this.#context.federation.confirmations.base;
      return { state: "seen", confirmations: 0, confirmationsNeeded, reason: null, claimable: false };
    }
    const hasOrigin = equalBytes(deposit.assetId, BTM_ASSET_ID) || this.#origins.has(deposit.assetId);
    return classifyDeposit(deposit, { federation: this.#context.federation, view, hasOrigin });
  }

  /** Addresses that payouts used for change: money that others send there has no recipient. */
  #noteChangePrograms(view: StepView): void {
    for (const { record } of view.payouts) {
      for (const program of changeProgramsOf(record.transaction, record.requestIds.length)) {
        this.#changePrograms.set(program, bytesToHex(record.transactionId));
      }
    }
    for (const oldest of this.#changePrograms.keys()) {
      if (this.#changePrograms.size <= CHANGE_PROGRAMS_MAX) return;
      this.#changePrograms.delete(oldest);
    }
  }

  /** Reads what is new; a tip that was reached before is not looked at again. */
  async #scan(tip: BlockPoint): Promise<void> {
    const { main } = this.#parts;
    if (this.#scannedTip !== undefined && equalBytes(this.#scannedTip, tip.hash)) return;
    if (await this.#position.rewind(main)) {
      const height = this.#position.height;
      this.#context.logger.info("the main chain was reorganised; deposits are counted again", { height });
      for (const deposit of this.#deposits.all()) {
        if (deposit.mainHeight > height && !deposit.credited) await this.#deposits.remove(deposit.nullifier);
      }
    }
    for (let i = 0; i < SCAN_BLOCKS_MAX; i += 1) {
      const block = await main.blockAt(this.#position.height + 1);
      if (block === undefined) {
        this.#scannedTip = tip.hash;
        return;
      }
      await this.#take(block);
      await this.#position.advance(block);
    }
  }

  async #take(block: MainBlockInfo): Promise<void> {
    const { chainId, logger } = this.#context;
    for (const recipient of hintedRecipients(block.block, chainId)) await this.#recipients.learn(recipient);
    for (const origin of issuedAssets(block.block)) await this.#origins.learn(origin);
    const find = (programHex: string): Uint8Array | undefined => this.#recipients.find(programHex);
    for (const deposit of scanBlock(block, { chainId, find, changePrograms: this.#changePrograms })) {
      const isNew = this.#deposits.get(bytesToHex(deposit.nullifier)) === undefined;
      await this.#deposits.put(deposit);
      if (!isNew) continue;
      const { nullifier, amount, mainHeight, flaw } = deposit;
      logger.info("deposit seen", { nullifier: bytesToHex(nullifier), amount, mainHeight, flaw });
    }
  }

  async #findCredited(): Promise<void> {
    const open = this.#deposits.all().filter(({ credited, recipient }) => !credited && recipient !== undefined);
    if (open.length === 0) return;
    if (this.#queryFrom >= open.length) this.#queryFrom = 0;
    const asked = open.slice(this.#queryFrom, this.#queryFrom + CLAIMED_QUERY_MAX);
    this.#queryFrom += CLAIMED_QUERY_MAX;
    const claimed = await this.#parts.side.claimed(asked.map(({ nullifier }) => nullifier));
    for (const deposit of asked) {
      const key = bytesToHex(deposit.nullifier);
      const claim = claimed.get(key);
      if (claim === undefined) continue;
      this.#refusals.delete(key);
      await this.#deposits.put({ ...deposit, credited: true, claim });
      this.#context.logger.info("deposit credited", { nullifier: key, amount: deposit.amount });
    }
  }

  async #claim(view: StepView): Promise<void> {
    const claimable = this.#deposits.all().filter((deposit) => !deposit.credited && this.#classify(deposit).claimable);
    this.#turns.keepOnly(claimable.map(({ nullifier }) => nullifier));
    const now = this.#context.clock.monotonicMs();
    let count = 0;
    for (const deposit of claimable) {
      if (count >= CLAIMS_PER_STEP_MAX) return;
      if (!this.#turns.isDue(deposit.nullifier, view.status.epoch, now)) continue;
      count += 1;
      await this.#submitClaim(deposit, view.status.epoch);
    }
  }

  /** The claim of a deposit. Its id is the same whoever makes it: proof and collector are in the witness. */
  async #build(deposit: Deposit, epoch: number): Promise<SideTransaction | undefined> {
    const { chainId, collector } = this.#context;
    const block = await this.#parts.main.blockAt(deposit.mainHeight);
    const mined = block?.block.transactions[deposit.transactionIndex];
    if (block === undefined || mined === undefined || deposit.recipient === undefined) return undefined;
    // The chain may have moved since the scan: the next one finds the deposit where it is now.
    if (!equalBytes(mapMainTransaction(mined).id, deposit.transactionId)) return undefined;
    const isBtm = equalBytes(deposit.assetId, BTM_ASSET_ID);
    const origin = isBtm ? undefined : await this.#origins.get(deposit.assetId);
    if (!isBtm && origin === undefined) return undefined;
    return createClaim(
      {
        block: block.block,
        statusFail: block.statusFail,
        transactionIndex: deposit.transactionIndex,
        position: deposit.position,
        vaultEpoch: BigInt(epoch),
        recipient: deposit.recipient,
        ...(origin === undefined ? {} : { origin }),
      },
      { chainId, publicKey: collector.publicKey, sign: (message) => collector.sign(message) },
    );
  }

  async #submitClaim(deposit: Deposit, epoch: number): Promise<void> {
    const { crashPoint } = this.#context;
    const claim = await this.#build(deposit, epoch);
    if (claim === undefined) return;
    crashPoint("CP16");
    const key = bytesToHex(deposit.nullifier);
    await this.#recordClaim(deposit.nullifier, mapSideTransaction(claim).id);
    crashPoint("CP17");
    try {
      await this.#parts.side.submit(claim.raw);
      this.#refusals.delete(key);
    } catch (error) {
      if (!(error instanceof BystackError)) throw error;
      if (this.#refusals.get(key) === undefined) {
        this.#context.logger.warn("a claim was refused", { nullifier: key, code: error.code, why: error.why });
      }
      this.#refusals.set(key, error.why === "" ? error.message : error.why);
    }
  }

  /** The record serves diagnosis only: a journal that stopped signing does not stop claims. */
  async #recordClaim(nullifier: Hash, transactionId: Hash): Promise<void> {
    const known = this.#parts.journal.claimOf(nullifier);
    if (this.#parts.journal.stopped !== undefined || (known !== undefined && equalBytes(known, transactionId))) return;
    try {
      await this.#parts.journal.record({ type: "claim", nullifier, transactionId });
    } catch (error) {
      if (!(error instanceof BystackError)) throw error;
    }
  }
}
