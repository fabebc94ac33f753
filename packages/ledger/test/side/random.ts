// Random life of a pegged chain: deposits, claims, transfers, burns, payouts mined whole or gas-only, proofs, reorganisations
// of the main chain, pauses and resumes. Seeded and replayable; the main chain itself is the oracle for double payments.

import assert from "node:assert/strict";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import type { MainTransaction } from "@bystack/protocol/main/transaction";
import type { SideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { isClaimed } from "../../src/side/peg/claims.ts";
import { payoutStatus } from "../../src/side/peg/status.ts";
import { BTM, COIN, createAsset, createUser, describe, Kit } from "./kit.ts";
import type { MainNode, Mined } from "./main-sim.ts";

/** SplitMix64, as numbers below a bound. */
export function createRandom(seed: bigint): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return Number((z ^ (z >> 31n)) % BigInt(bound));
  };
}

type Deposit = { readonly transaction: MainTransaction; readonly id: Hash; readonly recipient: Uint8Array };

export type LifeOptions = {
  readonly seed: bigint;
  readonly steps: number;
  /** Deepest reorganisation; 0 = none. */
  readonly reorgMax: number;
  /** Whether a reorganisation may lose deposits until the end. */
  readonly loseDeposits: boolean;
};

/** How often each event happened: a run that never did something proves nothing about it. */
export type LifeCounts = Record<string, number>;

const GOLD = createAsset("gold");

export class Life {
  readonly kit: Kit;
  readonly counts: LifeCounts = {};
  readonly #random: (bound: number) => number;
  readonly #options: LifeOptions;
  readonly #users = [createUser("alice"), createUser("bob")];
  readonly #deposits: Deposit[] = [];
  /** Deposits that no block of the best branch holds. */
  #waiting: Deposit[] = [];
  readonly #lost: Deposit[] = [];

  constructor(options: LifeOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed);
    this.kit = new Kit({ assets: [GOLD], confirmations: 3 });
  }

  run(): void {
    this.kit.fundFloat(50n * COIN);
    for (const user of this.#users) this.kit.fund(user.program, 60n * COIN);
    for (let step = 0; step < this.#options.steps; step += 1) {
      this.#event();
      this.check();
    }
    this.#drain();
  }

  #count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  #event(): void {
    const events = [
      () => this.#deposit(),
      () => this.#mine(),
      () => this.#mine(),
      () => this.#mine(),
      () => this.kit.sync(),
      () => this.#claims(),
      () => this.#burn(),
      () => this.#burn(),
      () => this.#transfer(),
      () => this.#proofs(),
      () => this.#proofs(),
      () => void this.kit.block(),
      () => this.#resume(),
      () => this.#reorganise(),
    ];
    events[this.#random(events.length)]?.();
  }

  #deposit(): void {
    const isFloat = this.#random(5) === 0;
    const recipient = isFloat ? Uint8Array.of(0x6a) : this.#user().program;
    const assetId = this.#random(2) === 0 ? BTM : GOLD.id;
    const amount = assetId === BTM ? COIN * BigInt(1 + this.#random(60)) : BigInt(1 + this.#random(1000));
    const transaction = this.kit.depositTransaction(recipient, amount, assetId);
    const id = mapMainTransaction(transaction).results[0]?.id ?? BTM;
    const deposit = { transaction, id, recipient };
    this.#deposits.push(deposit);
    this.#waiting.push(deposit);
    this.#count("deposit");
  }

  #user() {
    const user = this.#users[this.#random(this.#users.length)];
    assert.ok(user !== undefined);
    return user;
  }

  /** A body for the next block on `parent`: waiting deposits, and any draft ever signed that is valid there. */
  #body(parent: MainNode, options: { readonly honest: boolean }): Mined[] {
    const body: Mined[] = [];
    const deposits = this.#waiting.filter(
      (deposit) => !this.#isOn(parent, deposit) && (options.honest || this.#random(2) === 0),
    );
    for (const deposit of deposits) body.push({ transaction: deposit.transaction });
    const spent = new Set<string>();
    for (const draft of this.kit.drafts.values()) {
      if (!options.honest && this.#random(3) === 0) continue;
      const transaction = this.kit.signed(draft);
      const inputs = mapMainTransaction(transaction).spentOutputIds.map(bytesToHex);
      const fail = draft.kind === "asset" && !options.honest && this.#random(3) === 0;
      // A gas-only transaction needs only its BTM: a dead asset draft is still minable that way.
      const canFail = draft.kind === "asset" && !options.honest && this.#minesGasOnly(draft.payout, parent);
      if (inputs.some((id) => spent.has(id))) continue;
      if (this.kit.main.canMine(transaction, parent)) body.push({ transaction, fail });
      else if (canFail) body.push({ transaction, fail: true });
      else continue;
      if (fail || !this.kit.main.canMine(transaction, parent)) this.#count("gas-only");
      else this.#count("payout mined");
      for (const id of inputs) spent.add(id);
    }
    return body;
  }

  #minesGasOnly(payout: bigint, parent: MainNode): boolean {
    const draft = this.kit.drafts.get(payout);
    const btm = draft?.inputs.filter((coin) => bytesToHex(coin.assetId) === bytesToHex(BTM)) ?? [];
    return btm.length > 0 && btm.every((coin) => parent.utxos.has(bytesToHex(coin.id)));
  }

  #isOn(node: MainNode, deposit: Deposit): boolean {
    for (let at: MainNode | undefined = node; at !== undefined; at = at.parent) {
      if (at.mapped.some((entry) => entry.results.some((result) => bytesToHex(result.id) === bytesToHex(deposit.id))))
        return true;
    }
    return false;
  }

  #mine(options = { honest: false }): void {
    this.kit.main.mine(this.#body(this.kit.main.tip, options));
    this.#count("mine");
  }

  #reorganise(): void {
    const { reorgMax, loseDeposits } = this.#options;
    const depth = reorgMax === 0 ? 0 : 1 + this.#random(reorgMax);
    if (depth === 0 || this.kit.main.tip.height < depth + 20) return;
    if (loseDeposits && this.#random(3) === 0) {
      const lost = this.#waiting.splice(this.#random(this.#waiting.length || 1), 1);
      this.#lost.push(...lost);
    }
    let node = this.kit.main.ancestor(depth);
    for (let i = 0; i <= depth; i += 1) node = this.kit.main.mine(this.#body(node, { honest: false }), node);
    this.kit.main.tip = node;
    this.#count(depth >= 3 ? "deep reorg" : "shallow reorg");
  }

  /** Adds what the ledger accepts, in one block. */
  #submit(transactions: readonly (SideTransaction | undefined)[]): void {
    const bytes = transactions.filter((transaction) => transaction !== undefined).map(({ raw }) => raw);
    const { results } = this.kit.build(bytes);
    const good = transactions
      .filter((transaction) => transaction !== undefined)
      .filter((_, i) => results[i]?.ok === true);
    for (const result of results) this.#count(`submit ${describe(result)}`);
    this.kit.block(...good);
  }

  #place(id: Hash): { node: MainNode; index: number } | undefined {
    for (let node: MainNode | undefined = this.kit.main.tip; node !== undefined; node = node.parent) {
      const index = node.mapped.findIndex((entry) =>
        entry.results.some((result) => bytesToHex(result.id) === bytesToHex(id)),
      );
      if (index >= 0) return { node, index };
    }
    return undefined;
  }

  #claims(): void {
    const claims: SideTransaction[] = [];
    for (const deposit of this.#deposits) {
      const place = this.#place(deposit.id);
      if (place === undefined || place.index === 0) continue;
      if (isClaimed(this.kit.pegState, deposit.id) && this.#random(4) !== 0) continue;
      claims.push(this.kit.claim(place, deposit.recipient));
    }
    this.#submit(claims);
  }

  #burn(): void {
    const user = this.#user();
    const assetId = this.#random(2) === 0 ? BTM : GOLD.id;
    const balance = this.kit.balance(user, assetId);
    const most = assetId === BTM ? balance / COIN - 2n : balance;
    if (most < 1n || this.kit.balance(user) < COIN) return;
    const part = 1n + BigInt(this.#random(Number(most)));
    this.#submit([this.kit.burn(user, assetId === BTM ? part * COIN : part, { assetId })]);
    this.#count("burn");
  }

  #transfer(): void {
    const user = this.#user();
    const balance = this.kit.balance(user) / COIN - 1n;
    if (balance < 1n) return;
    const amount = COIN * (1n + BigInt(this.#random(Number(balance))));
    this.#submit([this.kit.spend(user, [{ kind: "intra", assetId: BTM, amount, program: this.#user().program }])]);
  }

  #proofs(): void {
    this.kit.sync();
    const proofs: (SideTransaction | undefined)[] = [];
    for (const [, coin] of this.kit.pegState.sections.coins.map.entries()) {
      if (coin.provenIn === undefined && coin.fromPayout === undefined) proofs.push(this.kit.coinProof(coin.id));
    }
    for (const number of this.kit.drafts.keys()) {
      if (this.kit.pegState.payout(number)?.proof === undefined) proofs.push(this.kit.payoutProof(number));
    }
    this.#submit(proofs.slice(0, 60));
  }

  #resume(): void {
    const { reorg, deficit } = this.kit.pegState.control.paused;
    if (!reorg && !deficit) return;
    this.#count("paused");
    this.#submit([this.kit.govern({ action: "resume", scope: { kind: "automatic" } }, [0, 1, 2])]);
  }

  /** Everything that holds after every block. */
  check(): void {
    this.kit.assertSupply();
    this.#assertPaidOnce();
  }

  /** On the best branch of the main chain no request is paid twice. */
  #assertPaidOnce(): void {
    const paid = new Map<string, bigint>();
    for (const draft of this.kit.drafts.values()) {
      const place = this.kit.main.find(draft.transactionId);
      if (place === undefined || place.node.statusFail[place.index] === true) continue;
      for (const id of draft.requestIds) {
        const key = bytesToHex(id);
        assert.equal(paid.get(key), undefined, `request paid by ${paid.get(key)} and ${draft.payout}`);
        paid.set(key, draft.payout);
      }
    }
  }

  /** Honest miners, no more reorganisations: what is owed gets paid. */
  #drain(): void {
    const { kit } = this;
    this.#waiting.push(...this.#lost.splice(0));
    for (let i = 0; i < 60; i += 1) {
      this.#mine({ honest: true });
      if (i % 4 === 3) this.#proofs();
      this.#resume();
      kit.block();
      this.check();
    }
    const open = kit.pegState.unprovenPayouts().filter((payout) => payoutStatus(kit.pegState, payout) === "open");
    this.counts["pending at end"] = kit.pegState.pendingRequests().length;
    this.counts["open at end"] = open.length;
  }
}
