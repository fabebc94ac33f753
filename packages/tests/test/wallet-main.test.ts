// What the wallet builds for the main chain, judged by the ledger: payments, issuances and payments of assets are valid with
// every signature checked, and the fee leaves some gas, but not much.

import assert from "node:assert/strict";
import { test } from "node:test";
import { rootXprv, xpubOfXprv } from "@bystack/crypto/chainkd";
import { BYTOM_LEDGER_RULES } from "@bystack/ledger/main/rules";
import { type MainTransactionVerdict, validateMainTransaction } from "@bystack/ledger/main/validate-transaction";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { decodeMainTransaction, type MainTransaction } from "@bystack/protocol/main/transaction";
import { bytesToHex, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { type AssetKeys, assetDefinition, assetKeysOf, issuedAssetOf, programAt } from "@bystack/wallet/accounts";
import { type BuildRequest, buildTransaction, type Issue, type Payment } from "@bystack/wallet/build";
import { MAIN_ADAPTER } from "@bystack/wallet/build/main";
import { BTM_INPUTS_MAX, type Coin } from "@bystack/wallet/coins";
import { signInputs } from "@bystack/wallet/sign";

const root = rootXprv(utf8ToBytes("a seed for tests only"));
const xpub = xpubOfXprv(root);
const owner = programAt(xpub, 1, false, 1);
const change = programAt(xpub, 1, true, 1);
const PAYEE = programAt(xpub, 2, false, 1).program;
const GOLD: AssetKeys = assetKeysOf(xpub, 1, assetDefinition("GOLD", 2));
const GOLD_ENTRY = issuedAssetOf(xpub, { name: "GOLD", decimals: 2, issuer: "owner", keyIndex: 1 });
const HEIGHT = 200_000n;
/** Gas that may be left over: the builder's margin, and what a price per byte rounds away. */
const SPARE_GAS_MAX = 800;

function coin(number: number, assetId: Hash, amount: bigint): Coin {
  const sourceId = new Uint8Array(32).fill(number);
  return { id: sourceId, assetId, amount, program: owner.program, sourceId, sourcePosition: 0n };
}

function btmCoins(count: number, amount: bigint): Coin[] {
  return Array.from({ length: count }, (_, i) => coin(i + 1, BTM_ASSET_ID, amount));
}

function pay(assetId: Hash, amount: bigint, program = PAYEE): Payment {
  return { kind: "pay", assetId, amount, program };
}

function buildSigned(request: Partial<BuildRequest>): { transaction: MainTransaction; feeNeu: bigint } {
  const built = buildTransaction(
    { coins: [], payments: [], issues: [], changeProgram: change.program, ...request },
    MAIN_ADAPTER,
  );
  const witnesses = signInputs(MAIN_ADAPTER.inputsToSign(built.draft), {
    root,
    programs: [owner, change],
    assets: [GOLD_ENTRY],
  });
  const { raw, id } = MAIN_ADAPTER.finish(built.draft, witnesses);
  const decoded = decodeMainTransaction(raw);
  assert.ok(decoded.ok, "what the wallet sends decodes");
  assert.deepEqual(mapMainTransaction(decoded.value).id, id);
  return { transaction: decoded.value, feeNeu: built.feeNeu };
}

function judge(transaction: MainTransaction): MainTransactionVerdict {
  const context = { blockVersion: 1n, blockHeight: HEIGHT, isFirst: false, rules: BYTOM_LEDGER_RULES };
  return validateMainTransaction(transaction, context);
}

function assertValid(request: Partial<BuildRequest>): MainTransaction {
  const { transaction, feeNeu } = buildSigned(request);
  const { gas, error } = judge(transaction);
  assert.equal(error, undefined);
  assert.equal(gas.gasValid, true);
  assert.equal(gas.btmValue, feeNeu);
  const spare = Number(feeNeu / BYTOM_LEDGER_RULES.gasPriceNeu) - gas.gasUsed;
  assert.ok(spare >= 0 && spare <= SPARE_GAS_MAX, `${spare} gas are left of ${gas.gasUsed}`);
  return transaction;
}

test("a payment of BTM is valid with one input and with as many as the wallet takes", () => {
  assertValid({ coins: btmCoins(1, 1_000_000_000n), payments: [pay(BTM_ASSET_ID, 5_000n)] });
  const many = assertValid({
    coins: btmCoins(BTM_INPUTS_MAX, 100_000_000n),
    payments: [pay(BTM_ASSET_ID, BigInt(BTM_INPUTS_MAX - 1) * 100_000_000n)],
  });
  assert.equal(many.inputs.length, BTM_INPUTS_MAX);
});

test("an issuance is valid, and so is a payment of the asset with change", () => {
  const issue: Issue = {
    assetId: GOLD.id,
    amount: 10_000n,
    nonce: utf8ToBytes("nonce-01"),
    definition: GOLD.definition,
    program: GOLD.program,
  };
  assertValid({ coins: btmCoins(1, 1_000_000_000n), issues: [issue], payments: [pay(GOLD.id, 10_000n)] });
  const paid = assertValid({
    coins: [...btmCoins(1, 1_000_000_000n), coin(200, GOLD.id, 7_000n), coin(201, GOLD.id, 5_000n)],
    payments: [pay(GOLD.id, 10_000n), pay(BTM_ASSET_ID, 200_000_000n)],
  });
  const amounts = paid.outputs.flatMap((output) =>
    output.kind === "output" && bytesToHex(output.assetId) === GOLD_ENTRY.id ? [output.amount] : [],
  );
  assert.deepEqual(amounts, [10_000n, 2_000n]);
});

test("a retirement that carries data is valid beside a payment", () => {
  const hint = Uint8Array.of(0x6a, 0x04, 1, 2, 3, 4);
  assertValid({
    coins: btmCoins(2, 300_000_000n),
    payments: [pay(BTM_ASSET_ID, 100_000_000n), pay(BTM_ASSET_ID, 1n, hint)],
  });
});

test("a signature by another key, or over another transaction, is refused", () => {
  const { transaction } = buildSigned({ coins: btmCoins(1, 1_000_000_000n), payments: [pay(BTM_ASSET_ID, 5_000n)] });
  const more = { ...transaction, outputs: transaction.outputs.map((output) => ({ ...output, program: PAYEE })) };
  assert.equal(judge(more).error, "ErrFalseVMResult");
  assert.equal(judge(more).gas.gasValid, false);
});
