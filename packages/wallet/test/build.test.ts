// What the builder makes, for both chains and random coins and payments: nothing appears or disappears, the fee pays for
// every signed byte and every program, the change goes home, and coins are chosen as the limits of the chain allow.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { rootXprv, xpubOfXprv } from "@bystack/crypto/chainkd";
import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { decodeMainTransaction } from "@bystack/protocol/main/transaction";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { type AssetKeys, assetDefinition, assetKeysOf, issuedAssetOf, programAt } from "@bystack/wallet/accounts";
import { formatAmount, parseAmount } from "@bystack/wallet/amounts";
import { type BuildRequest, buildTransaction, type ChainAdapter, type Payment } from "@bystack/wallet/build";
import { MAIN_ADAPTER } from "@bystack/wallet/build/main";
import { createSideAdapter } from "@bystack/wallet/build/side";
import { ASSET_INPUTS_MAX, BTM_INPUTS_MAX, type Coin, selectCoins } from "@bystack/wallet/coins";
import { signInputs } from "@bystack/wallet/sign";
import fc from "fast-check";

const root = rootXprv(utf8ToBytes("a seed for tests only"));
const xpub = xpubOfXprv(root);
const OWN = [programAt(xpub, 1, false, 1), programAt(xpub, 1, false, 2)] as const;
const CHANGE = programAt(xpub, 1, true, 1);
const PAYEE = programAt(xpub, 9, false, 1).program;
const GOLD: AssetKeys = assetKeysOf(xpub, 1, assetDefinition("GOLD", 2));
const GOLD_ENTRY = issuedAssetOf(xpub, { name: "GOLD", decimals: 2, issuer: "owner", keyIndex: 1 });
const PRICE_NEU = 200n;
/** Gas of one P2WPKH program (spec/bytom.md section 8). */
const SPEND_GAS = 1409n;
const CASES = 60;
const BTM = 100_000_000n;

/** What both chains' transactions have. */
type Plain = {
  readonly size: number;
  readonly inputs: readonly {
    kind: string;
    assetId?: Hash;
    amount?: bigint;
    sourceId?: Hash;
    arguments?: readonly Uint8Array[];
  }[];
  readonly outputs: readonly { kind: string; assetId: Hash; amount: bigint; program: Uint8Array }[];
};

function made<Draft>(request: Partial<BuildRequest>, adapter: ChainAdapter<Draft>) {
  const built = buildTransaction(
    { coins: [], payments: [], issues: [], changeProgram: CHANGE.program, ...request },
    adapter,
  );
  const toSign = adapter.inputsToSign(built.draft);
  const witnesses = signInputs(toSign, { root, programs: [...OWN, CHANGE], assets: [GOLD_ENTRY] });
  for (const input of toSign) {
    const [signature, publicKey] = witnesses.get(input.index) ?? [];
    if (input.kind === "issue" || signature === undefined || publicKey === undefined) continue;
    assert.ok(verifyEd25519({ publicKey, message: input.signatureHash, signature }, "strict-s"));
  }
  assert.equal(witnesses.size, toSign.length);
  return { ...built, ...adapter.finish(built.draft, witnesses) };
}

const CHAINS = [
  {
    name: "main chain",
    make: (request: Partial<BuildRequest>) => made(request, MAIN_ADAPTER),
    decode: (raw: Uint8Array): Plain => {
      const decoded = decodeMainTransaction(raw);
      assert.ok(decoded.ok);
      return decoded.value as Plain;
    },
  },
  {
    name: "side chain",
    make: (request: Partial<BuildRequest>) => made(request, createSideAdapter(PRICE_NEU)),
    decode: (raw: Uint8Array): Plain => {
      const decoded = decodeSideTransaction(raw);
      assert.ok(decoded.ok);
      return decoded.value as Plain;
    },
  },
] as const;

let sources = 0;

/** Every coin has a source of its own. */
function coinOf(assetId: Hash, amount: bigint, owner = 0): Coin {
  sources += 1;
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, sources);
  const { program } = OWN[owner] ?? OWN[0];
  return { id, assetId, amount, program, sourceId: id, sourcePosition: BigInt(sources % 4) };
}

function coinsOf(assetId: Hash, amounts: readonly bigint[]): Coin[] {
  return amounts.map((amount, i) => coinOf(assetId, amount, i % OWN.length));
}

const someBtm = fc.array(fc.bigInt(BTM, 50n * BTM), { minLength: 3, maxLength: 12 });
const someGold = fc.array(fc.bigInt(1n, 1000n), { maxLength: 5 });
const someWishes = fc.array(fc.bigInt(1n, BTM / 2n), { minLength: 1, maxLength: 4 });

function pay(assetId: Hash, amount: bigint): Payment {
  return { kind: "pay", assetId, amount, program: PAYEE };
}

function sum(items: readonly { assetId?: Hash; amount?: bigint }[], assetId: Hash): bigint {
  const key = bytesToHex(assetId);
  return items.reduce(
    (total, item) =>
      item.assetId !== undefined && bytesToHex(item.assetId) === key ? total + (item.amount ?? 0n) : total,
    0n,
  );
}

for (const chain of CHAINS) {
  suite(chain.name, () => {
    test("random payments balance in each asset, and the fee is what is missing in BTM", () => {
      const property = fc.property(someBtm, someGold, someWishes, fc.bigInt(1n, 100n), (btm, gold, wishes, percent) => {
        const coins = [...coinsOf(GOLD.id, gold), ...coinsOf(BTM_ASSET_ID, btm)];
        const payments = wishes.map((amount) => pay(BTM_ASSET_ID, amount));
        const goldPaid = (sum(coins, GOLD.id) * percent) / 100n;
        if (goldPaid > 0n) payments.push(pay(GOLD.id, goldPaid));
        const { raw, spent, feeNeu } = chain.make({ coins, payments });
        const transaction = chain.decode(raw);
        const { inputs, outputs } = transaction;
        assert.equal(sum(inputs, GOLD.id), sum(outputs, GOLD.id));
        assert.equal(sum(inputs, BTM_ASSET_ID) - sum(outputs, BTM_ASSET_ID), feeNeu);
        const needed = (BigInt(transaction.size) + SPEND_GAS * BigInt(inputs.length)) * PRICE_NEU;
        assert.ok(feeNeu >= needed && feeNeu < needed + 1000n * PRICE_NEU, `fee ${feeNeu}, needed ${needed}`);
        // The payments as they were asked for, then change to the own program only.
        payments.forEach((payment, i) => {
          const output = outputs[i];
          assert.deepEqual(
            [output?.assetId, output?.amount, output?.program],
            [payment.assetId, payment.amount, PAYEE],
          );
        });
        const change = outputs.slice(payments.length);
        assert.ok(
          change.every(({ program, amount }) => bytesToHex(program) === bytesToHex(CHANGE.program) && amount > 0n),
        );
        assert.equal(new Set(spent.map(({ id }) => bytesToHex(id))).size, spent.length);
        assert.deepEqual(
          new Set(inputs.map(({ sourceId }) => sourceId)),
          new Set(spent.map(({ sourceId }) => sourceId)),
        );
        assert.ok(inputs.every((input) => input.arguments?.length === 2));
      });
      fc.assert(property, { numRuns: CASES });
    });

    test("too little, in too many pieces, or nothing at all is refused", () => {
      const coins = coinsOf(BTM_ASSET_ID, [BTM, 3n * BTM]);
      const held = sum(coins, BTM_ASSET_ID);
      const refused = (request: Partial<BuildRequest>, code: string): void => {
        assert.throws(() => chain.make(request), { code });
      };
      refused({ coins, payments: [pay(BTM_ASSET_ID, held)] }, "COINS_INSUFFICIENT");
      refused({ coins, payments: [pay(BTM_ASSET_ID, held + 1n)] }, "COINS_INSUFFICIENT");
      refused({ coins, payments: [pay(GOLD.id, 1n)] }, "COINS_INSUFFICIENT");
      refused({ coins, payments: [pay(BTM_ASSET_ID, 0n)] }, "AMOUNT_INVALID");
      refused({ coins, payments: [pay(BTM_ASSET_ID, -5n)] }, "AMOUNT_INVALID");
      // Gold alone cannot pay its way.
      refused({ coins: coinsOf(GOLD.id, [5n]), payments: [pay(GOLD.id, 1n)] }, "COINS_INSUFFICIENT");
      const small = coinsOf(
        BTM_ASSET_ID,
        Array.from({ length: BTM_INPUTS_MAX + 1 }, () => BTM),
      );
      refused({ coins: small, payments: [pay(BTM_ASSET_ID, BTM * BigInt(BTM_INPUTS_MAX))] }, "COINS_FRAGMENTED");
    });

    test("the fee of a payment that needs one more coin for its own fee is paid", () => {
      const coins = coinsOf(BTM_ASSET_ID, [BTM, BTM]);
      const { raw, spent, feeNeu } = chain.make({ coins, payments: [pay(BTM_ASSET_ID, BTM - 1n)] });
      assert.equal(spent.length, 2);
      assert.ok(feeNeu >= (BigInt(chain.decode(raw).size) + 2n * SPEND_GAS) * PRICE_NEU);
    });
  });
}

test("an issuance pays some units out and keeps the rest, on the main chain only", () => {
  const issue = { ...GOLD, assetId: GOLD.id, amount: 1000n, nonce: utf8ToBytes("nonce-01") };
  const coins = coinsOf(BTM_ASSET_ID, [BTM]);
  const [main, side] = CHAINS;
  const { outputs } = main.decode(main.make({ coins, issues: [issue], payments: [pay(GOLD.id, 400n)] }).raw);
  assert.deepEqual(
    outputs.slice(0, 2).map(({ amount, program }) => [amount, program]),
    [
      [400n, PAYEE],
      [600n, CHANGE.program],
    ],
  );
  assert.throws(() => side.make({ coins, issues: [issue], payments: [pay(GOLD.id, 400n)] }), /main chain only/);
});

test("a burn is an output towards the main chain", () => {
  const coins = coinsOf(BTM_ASSET_ID, [BTM]);
  const [, side] = CHAINS;
  const burn: Payment = { kind: "burn", assetId: BTM_ASSET_ID, amount: 7n, program: PAYEE };
  const { outputs } = side.decode(side.make({ coins, payments: [burn] }).raw);
  assert.deepEqual(
    outputs.map(({ kind }) => kind),
    ["cross", "intra"],
  );
});

test("the fewest coins are chosen, the same ones every time", () => {
  const amounts = fc.array(fc.bigInt(1n, 6n), { minLength: 1, maxLength: 20 });
  const property = fc.property(amounts, fc.bigInt(1n, 100n), (values, percent) => {
    const coins = coinsOf(GOLD.id, values);
    const held = sum(coins, GOLD.id);
    const amount = (held * percent + 99n) / 100n;
    const options = { inputsMax: ASSET_INPUTS_MAX, what: "GOLD" };
    const chosen = selectCoins(coins, amount, options);
    assert.deepEqual(selectCoins(coins.toReversed(), amount, options), chosen);
    assert.ok(sum(chosen, GOLD.id) >= amount);
    const largest = coins.map((coin) => coin.amount).sort((a, b) => Number(b - a));
    const fewer = largest.slice(0, chosen.length - 1).reduce((total, value) => total + value, 0n);
    assert.ok(fewer < amount, `${chosen.length} coins where fewer do`);
  });
  fc.assert(property, { numRuns: 300 });
});

test("amounts as people write them", () => {
  assert.equal(parseAmount("12.5", 8), 1_250_000_000n);
  assert.equal(parseAmount("7", 0), 7n);
  assert.equal(formatAmount(1_250_000_000n, 8), "12.50000000");
  assert.equal(formatAmount(5n, 2), "0.05");
  assert.equal(formatAmount(-5n, 2), "-0.05");
  assert.equal(formatAmount(7n, 0), "7");
  for (const text of [
    "",
    "-1",
    "0",
    "0.0",
    "1.",
    ".5",
    "1e3",
    "1,5",
    " 1",
    "0x10",
    "1.123456789",
    "99999999999999999999",
  ])
    assert.throws(() => parseAmount(text, 8), { code: "AMOUNT_INVALID" }, text);
  assert.throws(() => parseAmount("92233720368.54775808", 8), { code: "AMOUNT_INVALID" });
  assert.equal(parseAmount("92233720368.54775807", 8), (1n << 63n) - 1n);
});
