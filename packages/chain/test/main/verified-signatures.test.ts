// The memory of valid signatures: what it answers by itself, what it asks for, its limit, and who uses it.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { MAIN_VM_RULES } from "@bystack/ledger/main/rules";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { createMainTransaction } from "@bystack/protocol/main/transaction";
import { publicKeyProgram } from "@bystack/protocol/program";
import { rememberSignatures } from "../../src/main/verified-signatures.ts";
import { coinsOf, FEE, genesisCoins, mineTip, NOW_MS, openChain, pay } from "./build.ts";

/** Rules that count how often a signature is really verified: valid is one that begins with 1. */
function counting(signaturesMax?: number) {
  let verified = 0;
  const checkSig = (_key: Uint8Array, _message: Uint8Array, signature: Uint8Array): boolean => {
    verified += 1;
    return signature[0] === 1;
  };
  const { checkSig: check } = rememberSignatures({ ...MAIN_VM_RULES, checkSig }, signaturesMax);
  return { check, verified: () => verified };
}

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const signature = (first: number, last = 0): Uint8Array => {
  const bytes = new Uint8Array(64);
  bytes[0] = first;
  bytes[63] = last;
  return bytes;
};

test("a valid signature is verified once, and for this key and message alone", () => {
  const { check, verified } = counting();
  for (let i = 0; i < 3; i += 1) assert.equal(check(key(1), key(2), signature(1)), true);
  assert.equal(verified(), 1);
  check(key(3), key(2), signature(1));
  check(key(1), key(3), signature(1));
  check(key(1), key(2), signature(1, 1));
  assert.equal(verified(), 4);
});

test("what is invalid is verified every time, and so is a signature of another length", () => {
  const { check, verified } = counting();
  for (let i = 0; i < 2; i += 1) assert.equal(check(key(1), key(2), signature(2)), false);
  assert.equal(verified(), 2);
  for (let i = 0; i < 2; i += 1) check(key(1), key(2), Uint8Array.of(1));
  assert.equal(verified(), 4);
});

test("beyond the limit the oldest is forgotten", () => {
  const { check, verified } = counting(2);
  for (const last of [1, 2, 3]) check(key(1), key(2), signature(1, last));
  check(key(1), key(2), signature(1, 3));
  check(key(1), key(2), signature(1, 2));
  assert.equal(verified(), 3);
  check(key(1), key(2), signature(1, 1));
  assert.equal(verified(), 4);
});

test("mempool, template and block of one chain ask the same memory", async () => {
  const { service } = await openChain();
  const [coin] = genesisCoins();
  assert.ok(coin !== undefined);
  const locked = publicKeyProgram(key(1));
  const { version, timeRange, inputs } = pay([coin]);
  const amount = coin.amount - FEE;
  const outputs = [{ kind: "output", assetId: BTM_ASSET_ID, amount, program: locked }] as const;
  const funding = createMainTransaction({ version, timeRange, inputs, outputs });
  const draft = pay(coinsOf(funding));
  const spending = createMainTransaction({
    ...draft,
    inputs: draft.inputs.map((input) =>
      input.kind === "spend" ? { ...input, program: locked, arguments: [signature(1), key(1)] } : input,
    ),
  });
  assert.ok((await service.submitTransaction(funding, NOW_MS)).ok);
  await mineTip(service);
  assert.equal((await service.submitTransaction(spending, NOW_MS)).ok, false);

  const asked = mock.method(service.chain.vmRules, "checkSig", () => true);
  assert.ok((await service.submitTransaction(spending, NOW_MS)).ok);
  assert.equal(asked.mock.callCount(), 1);
  const block = await mineTip(service);
  assert.equal(block.transactions.length, 2);
  assert.equal(asked.mock.callCount(), 3);
});
