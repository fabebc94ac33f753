// A wallet in a folder, against a chain that a test controls: what is promised to a transaction on its way is not spent
// again, whatever the node says or does not say, and a wallet that is opened anew knows it too.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import { BystackError, type ErrorKind } from "@bystack/utils/errors";
import { createSideAdapter } from "@bystack/wallet/build/side";
import { type NodeClient, RESERVATION_MS, type ReportedCoin, Wallet } from "@bystack/wallet/wallet";

const root = mkdtempSync(join(tmpdir(), "bystack-wallet-"));
after(() => rmSync(root, { recursive: true, force: true }));

const COIN = 100_000_000n;
const TIP = 100;
const adapter = createSideAdapter(200n);
const PAYEE = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(5));

class FakeChain implements NodeClient {
  coins: ReportedCoin[] = [];
  readonly submitted: Uint8Array[] = [];
  /** What `submit` answers. */
  failure: Error | undefined;

  async tipHeight(): Promise<number> {
    return TIP;
  }

  async coinsOf(programs: readonly Uint8Array[]): Promise<ReportedCoin[]> {
    return this.coins.filter((coin) => programs.some((program) => equalBytes(program, coin.program)));
  }

  async submit(raw: Uint8Array): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.submitted.push(raw);
  }

  give(program: Uint8Array, count: number, spendableFrom = 0): void {
    for (let i = 0; i < count; i += 1) {
      const id = new Uint8Array(32).fill(this.coins.length + 1);
      const source = { sourceId: id, sourcePosition: 0n };
      this.coins.push({ id, assetId: BTM_ASSET_ID, amount: COIN, program, ...source, spendableFrom });
    }
  }

  /** Sources of all submitted inputs. */
  spent(): string[] {
    return this.submitted.flatMap((raw) => {
      const decoded = decodeSideTransaction(raw);
      assert.ok(decoded.ok);
      return decoded.value.inputs.map((input) => (input.kind === "spend" ? bytesToHex(input.sourceId) : ""));
    });
  }
}

function errorOf(kind: ErrorKind): BystackError {
  return new BystackError("TEST", { kind, fault: "none", message: "a test", next: "nothing" });
}

function open(coins: number, folder = mkdtempSync(join(root, "w-"))) {
  const clock = { nowMs: 1_700_000_000_000 };
  const wallet = Wallet.open(folder, () => clock.nowMs);
  wallet.ensureAccount("alice");
  const chain = new FakeChain();
  chain.give(wallet.receiveProgram("alice").program, coins);
  const send = (amount: bigint, by = wallet) =>
    by.send({
      account: "alice",
      client: chain,
      adapter,
      payments: [{ kind: "pay", assetId: BTM_ASSET_ID, amount, program: PAYEE }],
    });
  return { wallet, chain, clock, folder, send };
}

suite("reservations", () => {
  test("no coin is spent by two sends, one after the other or at once", async () => {
    const { chain, send } = open(6);
    await send(COIN / 2n);
    await send(COIN / 2n);
    await Promise.all([send(COIN / 2n), send(COIN / 2n), send(COIN / 2n)]);
    await send(COIN / 2n);
    assert.equal(chain.submitted.length, 6);
    assert.equal(new Set(chain.spent()).size, 6);
    await assert.rejects(send(1n), { code: "COINS_INSUFFICIENT" });
  });

  test("they stand before the transaction leaves, and in the folder", async () => {
    const { wallet, chain, folder, send } = open(1);
    let seen = 0;
    chain.submit = async () => {
      const stored = JSON.parse(readFileSync(join(folder, "wallet.json"), "utf8"));
      seen = Object.keys(stored.reservations).length;
    };
    const { id } = await send(1n);
    assert.equal(seen, 1);
    const again = Wallet.open(folder, () => 1_700_000_000_000);
    assert.deepEqual(again.data, wallet.data);
    assert.deepEqual(
      Object.values(again.data.reservations).map(({ transaction }) => transaction),
      [bytesToHex(id)],
    );
    await assert.rejects(send(1n, again), { code: "COINS_INSUFFICIENT" });
  });

  for (const kind of ["unavailable", "internal"] as const) {
    test(`they stay when the answer is ${kind}: the transaction may be on its way`, async () => {
      const { wallet, chain, clock, send } = open(1);
      chain.failure = errorOf(kind);
      await assert.rejects(send(1n), { code: "TEST" });
      chain.failure = undefined;
      await assert.rejects(send(1n), { code: "COINS_INSUFFICIENT" });
      const [balance] = await wallet.balance("alice", chain);
      assert.deepEqual([balance?.spendable, balance?.waiting], [0n, COIN]);
      clock.nowMs += RESERVATION_MS - 1;
      await assert.rejects(send(1n), { code: "COINS_INSUFFICIENT" });
      clock.nowMs += 1;
      await send(1n);
      assert.equal(chain.submitted.length, 1);
    });
  }

  test("they stay after an error that is not ours", async () => {
    const { chain, send } = open(1);
    chain.failure = new TypeError("fetch failed");
    await assert.rejects(send(1n), TypeError);
    chain.failure = undefined;
    await assert.rejects(send(1n), { code: "COINS_INSUFFICIENT" });
  });

  for (const kind of ["invalid", "limit"] as const) {
    test(`they end at once when the node refuses (${kind}): the transaction is nowhere`, async () => {
      const { wallet, chain, send } = open(1);
      chain.failure = errorOf(kind);
      await assert.rejects(send(1n), { code: "TEST" });
      assert.deepEqual(wallet.data.reservations, {});
      chain.failure = undefined;
      await send(1n);
    });
  }

  test("a refusal frees the coins of its own transaction only", async () => {
    const { wallet, chain, send } = open(2);
    await send(1n);
    chain.failure = errorOf("invalid");
    await assert.rejects(send(1n), { code: "TEST" });
    assert.equal(Object.keys(wallet.data.reservations).length, 1);
    chain.failure = undefined;
    await send(1n);
    assert.equal(new Set(chain.spent()).size, 2);
  });

  test("those whose time is over are forgotten with the next one", async () => {
    const { wallet, clock, send } = open(2);
    await send(1n);
    clock.nowMs += RESERVATION_MS;
    await send(1n);
    assert.equal(Object.keys(wallet.data.reservations).length, 1);
  });
});

test("nothing is sent, and no coin promised, when the fee is above what the caller allows", async () => {
  const { feeNeu } = await open(1).send(1000n);
  const again = open(1);
  const request = {
    account: "alice",
    client: again.chain,
    adapter,
    payments: [{ kind: "pay", assetId: BTM_ASSET_ID, amount: 1000n, program: PAYEE }] as const,
  };
  await assert.rejects(again.wallet.send({ ...request, feeMaxNeu: feeNeu - 1n }), { code: "FEE_ABOVE_MAX" });
  assert.deepEqual([again.chain.submitted.length, again.wallet.data.reservations], [0, {}]);
  await again.wallet.send({ ...request, feeMaxNeu: feeNeu });
  assert.equal(again.chain.submitted.length, 1);
});

suite("accounts of a wallet", () => {
  test("coins that are not ripe wait", async () => {
    const { wallet, chain, send } = open(1);
    const { program } = wallet.receiveProgram("alice");
    chain.give(program, 1, TIP + 1);
    chain.give(program, 1, TIP + 2);
    const [balance] = await wallet.balance("alice", chain);
    assert.deepEqual([balance?.spendable, balance?.waiting], [2n * COIN, COIN]);
    await assert.rejects(send(2n * COIN), { code: "COINS_INSUFFICIENT" });
  });

  test("a fresh address is another one, stays the newest, and its coins count", async () => {
    const { wallet, chain, folder } = open(1);
    const first = wallet.receiveProgram("alice").program;
    const second = wallet.nextReceiveProgram("alice").program;
    assert.notDeepEqual(first, second);
    assert.deepEqual(wallet.receiveProgram("alice").program, second);
    chain.give(second, 1);
    const again = Wallet.open(folder, Date.now);
    assert.deepEqual(again.receiveProgram("alice").program, second);
    assert.equal((await again.balance("alice", chain))[0]?.spendable, 2n * COIN);
  });

  test("change comes back to the account itself", async () => {
    const { wallet, chain, send } = open(1);
    const { feeNeu } = await send(1000n);
    const [raw] = chain.submitted;
    const decoded = decodeSideTransaction(raw ?? assert.fail());
    assert.ok(decoded.ok);
    const own = wallet.programs("alice").map(({ program }) => bytesToHex(program));
    const change = decoded.value.outputs.filter(({ program }) => own.includes(bytesToHex(program)));
    assert.deepEqual(
      change.map(({ amount }) => amount),
      [COIN - 1000n - feeNeu],
    );
  });

  test("an asset keeps its id; an unknown one cannot be issued", () => {
    const { wallet, folder } = open(0);
    const gold = wallet.ensureAsset("GOLD", { issuer: "alice", decimals: 2 });
    assert.deepEqual(wallet.ensureAsset("GOLD", { issuer: "alice", decimals: 2 }), gold);
    assert.deepEqual(Wallet.open(folder, Date.now).data.assets, [gold]);
    const [first, second] = [wallet.issueOf("GOLD", 5n), wallet.issueOf("GOLD", 5n)];
    assert.equal(bytesToHex(first.assetId), gold.id);
    assert.notDeepEqual(first.nonce, second.nonce);
    assert.throws(() => wallet.issueOf("LEAD", 5n), { code: "ASSET_NOT_FOUND" });
    assert.throws(() => wallet.ensureAsset("LEAD", { issuer: "bob", decimals: 0 }), { code: "ACCOUNT_NOT_FOUND" });
  });
});
