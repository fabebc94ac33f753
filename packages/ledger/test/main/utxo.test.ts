// The set of unspent outputs: applying and undoing random blocks over a model store, maturity from the rules, and a failed
// transaction that leaves no trace.

import assert from "node:assert/strict";
import test from "node:test";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";
import fc from "fast-check";
import { BYTOM_LEDGER_RULES as rules } from "../../src/main/rules.ts";
import {
  type AppliedMainTransaction,
  createdOutputs,
  type MainUtxo,
  MainUtxoView,
  referencedOutputs,
} from "../../src/main/utxo.ts";
import { BTM, coinbase, output, spend, transaction } from "./build.ts";

const GOLD = new Uint8Array(32).fill(7);
const MATURITY = { coinbaseMaturity: 2n, genesisMaturity: 0n };

class Store {
  readonly entries = new Map<string, MainUtxo>();
  readonly lookup = (id: Hash): MainUtxo | undefined => this.entries.get(bytesToHex(id));

  write(view: MainUtxoView): void {
    for (const [id, entry] of view.changes()) {
      if (entry === undefined) this.entries.delete(id);
      else this.entries.set(id, entry);
    }
  }

  unspent(): string[] {
    return Array.from(this.entries)
      .filter(([, entry]) => !entry.spent)
      .map(([id]) => id)
      .sort();
  }
}

/** A transaction that spends known outputs: only the ids matter to the set, so the outputs' content is made up. */
type Coin = { readonly id: string; readonly asset: Uint8Array; readonly from: ReturnType<typeof spend> };

function pay(coins: readonly Coin[], assets: readonly Uint8Array[], statusFail: boolean): AppliedMainTransaction {
  const outputs = assets.map((assetId, index) => output(BigInt(index), { assetId }));
  return {
    mapped: mapMainTransaction(
      transaction(
        coins.map(({ from }) => from),
        outputs,
      ),
    ),
    statusFail,
  };
}

/** The outputs that a transaction creates, as coins that can be spent. */
function coinsOf(applied: AppliedMainTransaction): Coin[] {
  const created = new Set(createdOutputs(applied).map(bytesToHex));
  return applied.mapped.results
    .filter(({ id }) => created.has(bytesToHex(id)))
    .map(({ id, value, position }) => ({
      id: bytesToHex(id),
      asset: value.assetId,
      from: spend(value.amount, {
        sourceId: applied.mapped.muxId,
        sourcePosition: BigInt(position),
        assetId: value.assetId,
      }),
    }));
}

function reward(height: bigint): AppliedMainTransaction {
  return { mapped: mapMainTransaction(transaction([coinbase(`${height}`)], [output(50n)])), statusFail: false };
}

test("blocks applied and undone leave the same unspent outputs, one block or all at once", () => {
  const plan = fc.array(
    fc.array(fc.record({ take: fc.nat(), two: fc.boolean(), fail: fc.boolean(), gold: fc.boolean() }), {
      maxLength: 4,
    }),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(plan, (blocks) => {
      const store = new Store();
      const history: { transactions: AppliedMainTransaction[]; before: string[] }[] = [];
      let coins: Coin[] = [];
      for (const [index, block] of blocks.entries()) {
        const height = BigInt(index);
        const transactions = [reward(height)];
        for (const { take, two, fail, gold } of block) {
          const chosen = coins.splice(coins.length === 0 ? 0 : take % coins.length, two ? 2 : 1);
          if (chosen.length === 0) continue;
          // A transaction without BTM creates no BTM either; repeated, it would only make the same ids again.
          const statusFail = fail && chosen.some((coin) => coin.asset === BTM);
          const applied = pay(chosen, [BTM, gold ? GOLD : BTM], statusFail);
          transactions.push(applied);
          coins.push(...coinsOf(applied));
          // A gas-only transaction leaves the other assets where they were.
          if (statusFail) coins.push(...chosen.filter(({ asset }) => asset === GOLD));
        }
        const before = store.unspent();
        const view = new MainUtxoView(store.lookup, { coinbaseMaturity: 0n, genesisMaturity: 0n });
        assert.equal(view.applyBlock(height, transactions), undefined);
        for (const id of referencedOutputs(transactions)) assert.ok(view.get(id)?.spent);
        store.write(view);
        coins = [...coins, ...coinsOf(transactions[0] ?? reward(height))];
        history.push({ transactions, before });
      }
      for (const { transactions, before } of history.toReversed()) {
        const view = new MainUtxoView(store.lookup, rules);
        assert.equal(view.detachBlock(transactions), undefined);
        store.write(view);
        assert.deepEqual(store.unspent(), before);
      }
      assert.deepEqual(store.unspent(), []);
    }),
    { numRuns: 300 },
  );
});

test("a spent coinbase keeps its height through an undo, an ordinary output does not need it", () => {
  const store = new Store();
  const first = reward(7n);
  const view = new MainUtxoView(store.lookup, MATURITY);
  assert.equal(view.applyBlock(7n, [first]), undefined);
  store.write(view);
  const spending = pay(coinsOf(first), [BTM], false);
  const next = new MainUtxoView(store.lookup, MATURITY);
  assert.equal(next.applyBlock(9n, [reward(9n), spending]), undefined);
  store.write(next);
  const [coin] = coinsOf(first);
  assert.ok(coin !== undefined);
  assert.deepEqual(store.lookup(hexToBytes(coin.id)), { coinbase: true, height: 7n, spent: true });
  const undo = new MainUtxoView(store.lookup, MATURITY);
  assert.equal(undo.detachBlock([reward(9n), spending]), undefined);
  assert.deepEqual(undo.get(hexToBytes(coin.id)), { coinbase: true, height: 7n, spent: false });
});

test("maturity comes from the rules, and the genesis has its own", () => {
  const genesis = reward(0n);
  const later = reward(1n);
  const view = new MainUtxoView(() => undefined, MATURITY);
  assert.equal(view.applyBlock(0n, [genesis]), undefined);
  assert.equal(view.applyBlock(1n, [later, pay(coinsOf(genesis), [BTM], false)]), undefined);
  const early = pay(coinsOf(later), [BTM], false);
  assert.equal(view.applyTransaction(early, { height: 2n, isFirst: false }), "UTXO_IMMATURE");
  assert.equal(view.applyTransaction(early, { height: 3n, isFirst: false }), undefined);
});

test("a refused transaction leaves the view as it was", () => {
  const genesis = reward(0n);
  const view = new MainUtxoView(() => undefined, MATURITY);
  assert.equal(view.applyBlock(0n, [genesis]), undefined);
  const before = new Map(view.entries());
  const [coin] = coinsOf(genesis);
  assert.ok(coin !== undefined);
  const missing: Coin = { id: "", asset: BTM, from: spend(1n) };
  const half = pay([coin, missing], [BTM], false);
  assert.equal(view.applyTransaction(half, { height: 1n, isFirst: false }), "UTXO_MISSING");
  assert.deepEqual(view.entries(), before);
});

test("undoing a block that was never applied is an error", () => {
  const genesis = reward(0n);
  const view = new MainUtxoView(() => undefined, MATURITY);
  assert.equal(view.applyBlock(0n, [genesis]), undefined);
  assert.equal(view.detachBlock([reward(1n), pay(coinsOf(genesis), [BTM], false)]), "UTXO_NOT_SPENT");
});
