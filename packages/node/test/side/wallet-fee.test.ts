// What the wallet builds for a side chain, judged by the ledger as a block would: with one coin and with as many as fit,
// with other assets beside them, every signature checked; the fee is enough, and not much more.

import assert from "node:assert/strict";
import { test } from "node:test";
import { rootXprv, xpubOfXprv } from "@bystack/crypto/chainkd";
import { publicKeyFromSeed } from "@bystack/crypto/ed25519";
import { createPendingState } from "@bystack/ledger/side/builder";
import { createSideRules } from "@bystack/ledger/side/rules";
import { createGenesisState } from "@bystack/ledger/side/state";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { publicKeyProgram } from "@bystack/protocol/program";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import { createDevSideSpec } from "@bystack/protocol/spec/presets";
import { bytesToHex, utf8ToBytes } from "@bystack/utils/bytes";
import { programAt } from "@bystack/wallet/accounts";
import { buildTransaction, type Payment } from "@bystack/wallet/build";
import { createSideAdapter } from "@bystack/wallet/build/side";
import { BTM_INPUTS_MAX, type Coin } from "@bystack/wallet/coins";
import { signInputs } from "@bystack/wallet/sign";

const root = rootXprv(utf8ToBytes("a seed for tests only"));
const OWNER = programAt(xpubOfXprv(root), 1, false, 1);
const PAYEE = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(9));
const COIN_NEU = 100_000_000n;
/** Gas that may be left over: the builder's margin for the peak of a program. */
const SPARE_GAS_MAX = 1000n;

const SPEC = createDevSideSpec({
  name: "demo",
  genesisTimeMs: 1_700_000_000_000,
  committee: [0, 1, 2, 3].map((i) => ({
    id: `v${i}`,
    voteKey: publicKeyFromSeed(new Uint8Array(32).fill(i)),
    rewardProgram: publicKeyProgram(publicKeyFromSeed(new Uint8Array(32).fill(i))),
  })),
  federation: null,
  genesisOutputs: Array.from({ length: BTM_INPUTS_MAX }, () => ({ program: OWNER.program, amountNeu: COIN_NEU })),
});

const coins: Coin[] = sideGenesis(SPEC).transactions.flatMap((transaction) => {
  const { muxId, results } = mapSideTransaction(transaction);
  return results.map(({ id, value, program, position }) => ({
    id,
    assetId: value.assetId,
    amount: value.amount,
    program,
    sourceId: muxId,
    sourcePosition: BigInt(position),
  }));
});

function judge(payments: readonly Payment[], price = SPEC.gas.priceNeu) {
  const adapter = createSideAdapter(price);
  const built = buildTransaction({ coins, payments, issues: [], changeProgram: OWNER.program }, adapter);
  const witnesses = signInputs(adapter.inputsToSign(built.draft), { root, programs: [OWNER], assets: [] });
  const { raw, id } = adapter.finish(built.draft, witnesses);
  const tip = createGenesisState(createSideRules(SPEC));
  return { built, raw, id, result: createPendingState({ tip }).add(raw) };
}

const pay = (amount: bigint, program = PAYEE): Payment => ({ kind: "pay", assetId: BTM_ASSET_ID, amount, program });

for (const inputs of [1, 2, 5, BTM_INPUTS_MAX]) {
  test(`${inputs} coins pay, and the fee fits`, () => {
    const amount = COIN_NEU * BigInt(inputs) - 10_000_000n;
    const { built, raw, id, result } = judge([pay(amount)]);
    assert.ok(result.ok, result.ok ? "" : `${result.code} ${JSON.stringify(result.verdict)}`);
    assert.equal(built.spent.length, inputs);
    assert.equal(result.effect.feeNeu, built.feeNeu);
    assert.equal(bytesToHex(result.effect.id), bytesToHex(id));
    const used = BigInt(result.effect.gasUsed);
    const bought = built.feeNeu / SPEC.gas.priceNeu;
    assert.ok(bought >= used && bought - used <= SPARE_GAS_MAX + BigInt(raw.length), `${bought} for ${used}`);
  });
}

test("many outputs and a retirement with data pay for their bytes", () => {
  const many = Array.from({ length: 60 }, (_, i) => pay(BigInt(1000 + i)));
  const data = Uint8Array.from({ length: 400 }, (_, i) => (i === 0 ? 0x6a : i & 0xff));
  const { result } = judge([...many, pay(1n, data)]);
  assert.ok(result.ok, result.ok ? "" : result.code);
});

test("a chain with a higher price refuses the fee of a lower one", () => {
  const { result } = judge([pay(5n)], SPEC.gas.priceNeu / 4n);
  assert.equal(result.ok, false);
});
