// Weaknesses of the original's ledger and mempool, numbered as in docs/weaknesses.md, each tried on this chain.

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeSideBlock, readSideBlock, type SideBlock } from "@bystack/protocol/side/proposal";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { ByteReader } from "@bystack/protocol/wire";
import { createMemoryDisk } from "@bystack/storage/disk-memory";
import { bytesToHex } from "@bystack/utils/bytes";
import { bodyTransactions } from "../../src/side/indexes.ts";
import type { SideChain } from "../../src/side/side-chain.ts";
import {
  btm,
  buildOn,
  COIN_NEU,
  type Coin,
  createUser,
  extend,
  FEE_NEU,
  finalise,
  genesisCoins,
  openChain,
  pay,
  sideSpec,
  spend,
  TRUE,
} from "./kit.ts";

const PAYEE = createUser("payee");

function coinAt(index: number, spec = sideSpec()): Coin {
  return genesisCoins(spec)[index] ?? assert.fail(`there is no coin ${index}`);
}

function codeOf(chain: SideChain, { raw }: SideTransaction): string {
  const verdict = chain.submit(raw);
  return verdict.ok ? (verdict.known ? "known" : "ok") : verdict.code;
}

/** With these arguments instead of its own at the first input. */
function withArguments(transaction: SideTransaction, change: (own: readonly Uint8Array[]) => Uint8Array[]) {
  const [input, ...others] = transaction.inputs;
  assert.ok(input?.kind === "spend");
  return createSideTransaction({
    ...transaction,
    inputs: [{ ...input, arguments: change(input.arguments) }, ...others],
  });
}

test("V13.6 nobody on the way can put garbage into the witnesses of a block, and bytes of extra entries are paid for", async () => {
  const chain = await openChain(createMemoryDisk());
  const payment = pay(coinAt(0), PAYEE.program);
  assert.equal(codeOf(chain, payment), "ok");
  const block = buildOn(chain, undefined);
  const bytes = encodeSideBlock(block);
  const [input] = payment.inputs;
  assert.ok(input?.kind === "spend");
  const at = Buffer.from(bytes).indexOf(input.arguments[0] ?? assert.fail("no signature"));
  assert.ok(at > 0);
  for (const offset of [0, 31, 63]) {
    const turned = bytes.slice();
    turned[at + offset] = (turned[at + offset] ?? 0) ^ 1;
    const reader = new ByteReader(turned);
    const read = readSideBlock(reader);
    reader.finish();
    assert.ok(reader.error !== undefined || bytesToHex(read.hash) !== bytesToHex(block.hash));
  }
  const other = pay(coinAt(1), PAYEE.program);
  const extended = (change: (own: readonly Uint8Array[]) => Uint8Array[]): string =>
    codeOf(chain, withArguments(other, change));
  assert.equal(
    extended((own) => [new Uint8Array(100_000), ...own]),
    "TX_FEE",
    "bytes are paid for",
  );
  assert.equal(
    extended((own) => [...own, Uint8Array.of(1)]),
    "TX_SCRIPT",
  );
  assert.equal(codeOf(chain, other), "ok");
});

test("V13.17 a transaction is worth nothing on another chain with the same outputs", async () => {
  const [here, there] = [sideSpec(), { ...sideSpec(), name: "other" }];
  const chain = await openChain(createMemoryDisk(), { spec: here });
  const elsewhere = await openChain(createMemoryDisk(), { spec: there });
  const payment = pay(coinAt(0, here), PAYEE.program);
  assert.equal(codeOf(chain, payment), "ok");
  assert.equal(codeOf(elsewhere, payment), "TX_INPUT_SPENT");
  assert.equal(codeOf(elsewhere, pay(coinAt(0, there), PAYEE.program)), "ok");
  const ids = [here, there].map((spec) => bytesToHex(coinAt(0, spec).id));
  assert.notEqual(ids[0], ids[1]);
});

test("V13.21 a block that is not final censors nothing: its transactions are taken, wait, and get into the next block", async () => {
  const chain = await openChain(createMemoryDisk());
  const victim = pay(coinAt(0), PAYEE.program);
  const rival = await openChain(createMemoryDisk());
  assert.equal(codeOf(rival, victim), "ok");
  const seen: SideBlock = buildOn(rival, undefined);
  assert.ok(chain.execute(seen, "assumed").ok, "it came, was valid, and gets no certificate");
  assert.equal(codeOf(chain, victim), "ok");
  const own = buildOn(chain, undefined, { lateMs: 1 });
  assert.ok(bodyTransactions(own.batches).some(({ id }) => bytesToHex(id) === chain.mempool.ids(1).map(bytesToHex)[0]));
  // Another block without it becomes final: it goes on waiting.
  const empty = buildOn(await openChain(createMemoryDisk()), undefined, { lateMs: 2 });
  await finalise(chain, [empty]);
  assert.equal(chain.mempool.size, 1);
  const next = await extend(chain);
  assert.ok(bodyTransactions(next.batches).length > 0);
  assert.equal(codeOf(chain, victim), "TX_INPUT_SPENT");
});

test("V13.22 conflicting spends take one place, whatever comes after them", async () => {
  const chain = await openChain(createMemoryDisk());
  const verdicts = Array.from({ length: 300 }, (_, i) =>
    codeOf(chain, pay(coinAt(0), PAYEE.program, FEE_NEU + BigInt(i))),
  );
  assert.deepEqual([...new Set(verdicts)], ["ok", "TX_INPUT_SPENT"]);
  assert.equal(chain.mempool.size, 1);
  assert.equal(codeOf(chain, pay(coinAt(1), PAYEE.program)), "ok");
});

test("V13.23 the pool judges for the next height, not for the present one", async () => {
  const spec = sideSpec({ outputs: [TRUE, TRUE] });
  const chain = await openChain(createMemoryDisk(), { spec });
  await extend(chain);
  await extend(chain);
  const until = (timeRange: bigint, index: number): SideTransaction =>
    createSideTransaction({ ...spend([coinAt(index, spec)], [btm(COIN_NEU - FEE_NEU, PAYEE.program)]), timeRange });
  assert.equal(chain.height, 2);
  assert.equal(codeOf(chain, until(2n, 0)), "TX_TIME_RANGE", "valid at the tip, in no block any more");
  assert.equal(codeOf(chain, until(3n, 0)), "ok");
  const next = await extend(chain);
  assert.equal(next.header.height, 3);
  assert.equal(chain.mempool.size, 0);
});
