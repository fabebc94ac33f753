// Transactions that wait: the first spender wins, each final block judges the rest anew, both limits hold, and a block
// takes governance before claims and claims before payments, in whatever order they came.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { RANK } from "@bystack/ledger/side/progress";
import { createSideRules, verifyStrictS } from "@bystack/ledger/side/rules";
import { createGenesisState } from "@bystack/ledger/side/state";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { createMemoryDisk } from "@bystack/storage/disk-memory";
import { bytesToHex } from "@bystack/utils/bytes";
import { bodyTransactions } from "../../src/side/indexes.ts";
import { SIDE_MEMPOOL_BYTES_MAX, SIDE_MEMPOOL_TRANSACTIONS_MAX, SideMempool } from "../../src/side/mempool.ts";
import type { SideChain } from "../../src/side/side-chain.ts";
import {
  btm,
  buildOn,
  COIN_NEU,
  type Coin,
  coinsOf,
  createUser,
  extend,
  FEE_NEU,
  finalise,
  genesisCoins,
  OWNER,
  openChain,
  pay,
  sideSpec,
  spend,
  TRUE,
} from "./kit.ts";
import { createDeposits, govern, MAIN_SPEC, PEGGED_SPEC } from "./peg-kit.ts";

const PAYEE = createUser("payee");
/** As many fees of this size as transactions may wait are below one genesis coin. */
const SMALL_FEE_NEU = 1_000_000n;
const OTHER = createUser("other");

function coinAt(index: number, spec = sideSpec()): Coin {
  return genesisCoins(spec)[index] ?? assert.fail(`there is no coin ${index}`);
}

function codeOf(chain: SideChain, transaction: SideTransaction): string {
  const verdict = chain.submit(transaction.raw);
  return verdict.ok ? (verdict.known ? "known" : "ok") : verdict.code;
}

suite("first seen", () => {
  test("a second spender of an output is refused, and a later transaction may build on the first", async () => {
    const chain = await openChain(createMemoryDisk());
    const first = pay(coinAt(0), PAYEE.program);
    const [paid] = coinsOf(first);
    assert.ok(paid !== undefined);
    assert.equal(codeOf(chain, spend([paid], [btm(paid.amount - FEE_NEU, TRUE)], PAYEE)), "TX_INPUT_SPENT");
    assert.equal(codeOf(chain, first), "ok");
    assert.equal(codeOf(chain, first), "known");
    assert.equal(codeOf(chain, pay(coinAt(0), OTHER.program)), "TX_INPUT_SPENT");
    const second = spend([paid], [btm(paid.amount - FEE_NEU, TRUE)], PAYEE);
    assert.equal(codeOf(chain, second), "ok");
    assert.equal(chain.mempool.size, 2);
    assert.equal(chain.mempool.bytes, first.size + second.size);
    assert.deepEqual(chain.mempool.ids(1).length, 1);
  });

  test("what breaks a rule never waits", async () => {
    const chain = await openChain(createMemoryDisk());
    const good = pay(coinAt(0), PAYEE.program);
    const [input] = good.inputs;
    assert.ok(input?.kind === "spend");
    const [signature, key] = input.arguments;
    assert.ok(signature !== undefined && key !== undefined);
    const turned = signature.map((byte, i) => (i === 40 ? byte ^ 1 : byte));
    const forged = createSideTransaction({ ...good, inputs: [{ ...input, arguments: [turned, key] }] });
    assert.equal(codeOf(chain, forged), "TX_SCRIPT");
    assert.equal(chain.submit(good.raw.subarray(0, -1)).ok, false);
    assert.equal(codeOf(chain, pay(coinAt(0), PAYEE.program, 1n)), "TX_FEE");
    assert.equal(codeOf(chain, spend([coinAt(1)], [btm(COIN_NEU + 1n, PAYEE.program)])), "TX_UNBALANCED");
    assert.equal(chain.mempool.size, 0);
    // None of them took the coin.
    assert.equal(codeOf(chain, good), "ok");
  });
});

suite("after a final block", () => {
  test("what it holds goes, what it spent goes too, the rest stays in its order", async () => {
    const chain = await openChain(createMemoryDisk());
    const rest = [pay(coinAt(2), PAYEE.program), pay(coinAt(1), PAYEE.program)];
    const mine = pay(coinAt(0), PAYEE.program);
    for (const transaction of [...rest, mine]) assert.equal(codeOf(chain, transaction), "ok");
    const built = [...coinsOf(mine)].map((coin) => spend([coin], [btm(coin.amount - FEE_NEU, TRUE)], PAYEE));
    for (const transaction of built) assert.equal(codeOf(chain, transaction), "ok");

    const rival = await openChain(createMemoryDisk());
    assert.equal(codeOf(rival, pay(coinAt(0), OTHER.program)), "ok");
    const block = buildOn(rival, undefined);
    const before = chain.mempool.ids(10).map(bytesToHex);
    assert.equal(before.length, 4);
    // While the indexes follow, the block is durable but nobody reads it yet: its transactions are found here.
    await finalise(chain, [block], async () => {
      // Until the indexes have followed, a transaction of the block is found as waiting and not nowhere.
      assert.deepEqual([chain.mempool.size, chain.height], [4, 0]);
    });
    assert.equal(chain.height, 1);
    assert.deepEqual(chain.mempool.ids(10).map(bytesToHex), before.slice(0, 2));
    assert.equal(
      chain.mempool.bytes,
      rest.reduce((sum, { size }) => sum + size, 0),
    );
    assert.equal(codeOf(chain, mine), "TX_INPUT_SPENT");
    await extend(chain);
    assert.equal(chain.mempool.size, 0);
  });

  test("one whose time is over goes", async () => {
    const spec = sideSpec({ outputs: [TRUE] });
    const chain = await openChain(createMemoryDisk(), { spec });
    const rival = await openChain(createMemoryDisk(), { spec });
    const { id: _, ...commitment } = coinAt(0, spec);
    const until = (timeRange: bigint): SideTransaction =>
      createSideTransaction({
        version: 1n,
        timeRange,
        inputs: [{ kind: "spend", ...commitment, arguments: [] }],
        outputs: [btm(COIN_NEU - FEE_NEU, PAYEE.program)],
      });
    const first = await extend(rival);
    await finalise(chain, [first]);
    assert.equal(codeOf(chain, until(1n)), "TX_TIME_RANGE");
    assert.equal(codeOf(chain, until(2n)), "ok");
    await finalise(chain, [await extend(rival)]);
    assert.equal(chain.mempool.size, 0);
  });
});

suite("limits", () => {
  const spec = sideSpec({ outputs: [TRUE, TRUE] });
  const rules = createSideRules(spec);
  const open = () => new SideMempool({ tip: createGenesisState(rules), verifySignature: verifyStrictS });
  const [first, second] = genesisCoins(spec);

  test("no more transactions than the limit wait", () => {
    const pool = open();
    let coin = first ?? assert.fail();
    for (let i = 0; i < SIDE_MEMPOOL_TRANSACTIONS_MAX; i += 1) {
      // Each takes what the one before left.
      const next = spend([coin], [btm(coin.amount - SMALL_FEE_NEU, TRUE)]);
      assert.ok(pool.submit(next.raw).ok, `transaction ${i}`);
      coin = coinsOf(next)[0] ?? assert.fail();
    }
    assert.equal(pool.size, SIDE_MEMPOOL_TRANSACTIONS_MAX);
    const more = pay(second ?? assert.fail(), TRUE).raw;
    assert.deepEqual(pool.submit(more), { ok: false, code: "MEMPOOL_FULL" });
    // What waits already is known, full or not.
    const [waiting] = pool.candidates();
    assert.ok(waiting !== undefined);
    assert.deepEqual(pool.submit(waiting.raw), { ok: true, id: waiting.id, known: true });
    const tip = createGenesisState(rules);
    assert.deepEqual(pool.advance(tip), { dropped: [] });
    assert.equal(pool.size, SIDE_MEMPOOL_TRANSACTIONS_MAX);
  });

  test("no more bytes than the limit wait", () => {
    const rich = sideSpec({ outputs: Array.from({ length: 200 }, () => TRUE) });
    const pool = new SideMempool({ tip: createGenesisState(createSideRules(rich)), verifySignature: verifyStrictS });
    const data = new Uint8Array(199_000).fill(1);
    data[0] = 0x6a;
    let verdict: ReturnType<SideMempool["submit"]> | undefined;
    for (const coin of genesisCoins(rich)) {
      const fat = spend([coin], [btm(1n, data), btm(coin.amount - 1n - 45_000_000n, TRUE)]);
      verdict = pool.submit(fat.raw);
      if (!verdict.ok) break;
    }
    assert.deepEqual(verdict, { ok: false, code: "MEMPOOL_FULL" });
    assert.ok(pool.bytes <= SIDE_MEMPOOL_BYTES_MAX && pool.bytes > SIDE_MEMPOOL_BYTES_MAX - 200_000);
  });
});

suite("what a block takes", () => {
  test("governance before claims before payments, each kind in the order it came", async () => {
    const chain = await openChain(createMemoryDisk(), { spec: PEGGED_SPEC, mainSpec: MAIN_SPEC });
    const { headers, claims } = createDeposits([OWNER.program, PAYEE.program, OTHER.program]);
    const [mine, payees, others] = claims;
    assert.ok(mine !== undefined && payees !== undefined && others !== undefined);
    assert.equal(codeOf(chain, mine), "CLAIM_HEADER");
    assert.equal(codeOf(chain, headers), "HEADERS_RELAYED");
    await extend(chain, [], headers.raw);
    await extend(chain, [mine]);
    assert.equal(codeOf(chain, mine), "CLAIM_SPENT");

    const [coin] = coinsOf(mine);
    assert.ok(coin !== undefined);
    const payment = pay(coin, PAYEE.program);
    const listing = govern({ action: "pause", scope: { kind: "out" } });
    for (const transaction of [payment, others, payees, listing]) assert.equal(codeOf(chain, transaction), "ok");
    const inOrder = [listing, others, payees, payment].map(({ raw }) => bytesToHex(raw));
    assert.deepEqual(
      [...chain.mempool.candidates()].map(({ rank }) => rank),
      [RANK.system, RANK.claim, RANK.claim, RANK.ordinary],
    );
    const block = await extend(chain);
    assert.deepEqual(
      bodyTransactions(block.batches).map(({ raw }) => bytesToHex(raw)),
      inOrder,
    );
    assert.equal(chain.mempool.size, 0);
    assert.equal(chain.final.peg?.control.paused.out, true);
  });

  test("halving takes fewer bytes; what did not fit waits for the next block", async () => {
    const spec = sideSpec({ outputs: Array.from({ length: 12 }, () => TRUE) });
    const size = pay(genesisCoins(spec)[0] ?? assert.fail(), TRUE).size;
    const small = { ...spec, limits: { ...spec.limits, blockBytesMax: 8 * size + 10 } };
    const chain = await openChain(createMemoryDisk(), { spec: small });
    for (const coin of genesisCoins(small)) assert.equal(codeOf(chain, pay(coin, TRUE)), "ok");
    const countAt = (halvings: number, gasMax?: number) =>
      chain.build({
        parentHash: chain.genesisHash,
        view: 1,
        gasMax,
        halvings,
        headers: undefined,
        verdicts: new Map(),
      })?.transactionCount;
    assert.deepEqual([countAt(0), countAt(1), countAt(2), countAt(9)], [8, 4, 2, 0]);
    // Each takes about as much gas as it has bytes; the one that passes the limit is still taken, so that any can be.
    assert.deepEqual([countAt(0, 1), countAt(0, 3 * size), countAt(0, 2 ** 40), countAt(1, 5 * size)], [1, 3, 8, 3]);
    await extend(chain);
    assert.equal(chain.mempool.size, 4);
    await extend(chain);
    assert.equal(chain.mempool.size, 0);
  });
});
