// The vault's scripts, addresses and witnesses (federation.md section 3), and who may stand in a script (k-zero, key checks).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { publicKeyFromSeed, signEd25519, verifyEd25519 } from "@bystack/crypto/ed25519";
import { sha3_256 } from "@bystack/crypto/hash";
import { bytesToHex, concatBytes, hexToBytes } from "@bystack/utils/bytes";
import { depositHintProgram, parseDepositHint } from "../../src/peg/hint.ts";
import {
  assembleVaultWitness,
  createVaultKeys,
  depositProgram,
  FLOAT_RECIPIENT,
  isPayee,
  isRecipient,
  payoutCommitment,
  pegInCommitment,
  vaultBtmInputsMax,
  vaultInputGas,
  vaultProgram,
  vaultScript,
  vaultScriptWithRecovery,
  verifyVaultWitness,
} from "../../src/peg/vault.ts";

const seeds = Array.from({ length: 14 }, (_, i) => new Uint8Array(32).fill(i + 1));
const publicKeys = seeds.map(publicKeyFromSeed);
const keys = createVaultKeys(publicKeys.slice(0, 4), 3);
const chainId = new Uint8Array(32).fill(0xc1);
const recipient = concatBytes(hexToBytes("0014"), new Uint8Array(20).fill(9));
const c = pegInCommitment(chainId, recipient);

describe("keys", () => {
  test("k-zero: thresholds that one thief or nobody satisfies are refused", () => {
    for (const threshold of [0, -1, 1, 2, 5, 2.5, Number.NaN]) {
      assert.throws(() => createVaultKeys(publicKeys.slice(0, 4), threshold), { code: "VAULT_KEYS" }, `${threshold}`);
    }
    assert.equal(createVaultKeys(publicKeys.slice(0, 4), 4).threshold, 4);
  });
  test("3 members are too few, 14 cannot merge coins, one key twice is one key", () => {
    assert.throws(() => createVaultKeys(publicKeys.slice(0, 3), 3), { code: "VAULT_KEYS" });
    assert.throws(() => createVaultKeys(publicKeys, 10), { code: "VAULT_KEYS" });
    assert.equal(createVaultKeys(publicKeys.slice(0, 13), 9).publicKeys.length, 13);
    const [first] = publicKeys;
    assert.ok(first !== undefined);
    assert.throws(() => createVaultKeys([...publicKeys.slice(0, 3), first], 3), { code: "VAULT_KEYS" });
  });
  test("small-order, non-canonical and missing points are refused", () => {
    const identity = hexToBytes(`01${"00".repeat(31)}`);
    const beyond = hexToBytes(`ee${"ff".repeat(30)}7f`);
    for (const bad of [identity, beyond, new Uint8Array(32), new Uint8Array(31)]) {
      assert.throws(() => createVaultKeys([...publicKeys.slice(0, 3), bad], 3), { code: "VAULT_KEYS" });
    }
  });
  test("the order of the members does not matter", () => {
    const reversed = createVaultKeys(publicKeys.slice(0, 4).reverse(), 3);
    assert.deepEqual(vaultScript(reversed, c), vaultScript(keys, c));
  });
});

describe("scripts", () => {
  test("script(e, c) is c DROP TXSIGHASH keys 3 4 CHECKMULTISIG, keys ascending; the program is its P2WSH", () => {
    const sorted = publicKeys.slice(0, 4).map(bytesToHex).sort();
    const expected = `20${bytesToHex(c)}75ae${sorted.map((key) => `20${key}`).join("")}5354ad`;
    assert.equal(bytesToHex(vaultScript(keys, c)), expected);
    assert.equal(bytesToHex(vaultProgram(keys, c)), `0020${bytesToHex(sha3_256(hexToBytes(expected)))}`);
  });
  test("with recovery the jumps land on the emergency arm and on the end", () => {
    const recovery = { keys: createVaultKeys(publicKeys.slice(4, 8), 3), afterHeight: 105_120n };
    const script = vaultScriptWithRecovery(keys, recovery, c);
    const view = new DataView(script.buffer, script.byteOffset);
    assert.equal(script[34], 0x64);
    const emergency = view.getUint32(35, true);
    assert.equal(script[emergency - 5], 0x63);
    assert.equal(view.getUint32(emergency - 4, true), script.length);
    assert.equal(bytesToHex(script.subarray(emergency, emergency + 7)), "03a09a01cd9f69");
  });
  test("the commitment names chain and recipient, or payout and requests", () => {
    const other = concatBytes(recipient.subarray(0, 21), Uint8Array.of(8));
    const all = [
      c,
      pegInCommitment(chainId, other),
      pegInCommitment(new Uint8Array(32), recipient),
      pegInCommitment(chainId, FLOAT_RECIPIENT),
      payoutCommitment(chainId, 1n, []),
      payoutCommitment(chainId, 2n, []),
      payoutCommitment(chainId, 1n, [c]),
      payoutCommitment(new Uint8Array(32), 1n, [c]),
    ].map(bytesToHex);
    assert.equal(new Set(all).size, all.length);
    assert.deepEqual(depositProgram({ keys, chainId, recipient }), vaultProgram(keys, c));
  });
  test("recipients and payees", () => {
    assert.ok(
      isPayee(recipient) && isRecipient(recipient) && isRecipient(FLOAT_RECIPIENT) && !isPayee(FLOAT_RECIPIENT),
    );
    for (const bad of [
      "",
      "51",
      "6a00",
      "0014",
      `5114${"00".repeat(20)}`,
      `0020${"00".repeat(31)}`,
      `0014${"00".repeat(21)}`,
    ]) {
      assert.equal(isRecipient(hexToBytes(bad)), false, bad);
    }
  });
  test("F4: gas of an input and how many BTM inputs fit", () => {
    const table = [4, 7, 10, 13, 14].map((n) => [n, vaultInputGas(n), vaultBtmInputsMax(n)]);
    assert.deepEqual(table, [
      [4, 4641, 6],
      [7, 7815, 3],
      [10, 10_989, 2],
      [13, 14_163, 2],
      [14, 15_221, 1],
    ]);
  });
});

describe("witnesses", () => {
  const hash = new Uint8Array(32).fill(5);
  const order = keys.publicKeys.map((key) => publicKeys.findIndex((known) => bytesToHex(known) === bytesToHex(key)));
  const signatures = order.map((member, keyIndex) => ({
    keyIndex,
    signature: signEd25519(seeds[member] ?? new Uint8Array(32), hash),
  }));
  const verifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
    verifyEd25519({ publicKey, message, signature }, "strict-s");
  const judge = (witness: readonly Uint8Array[]): boolean =>
    verifyVaultWitness({ keys, commitment: c, witness, signatureHash: hash, verifySignature });

  test("the k lowest of the signatures there are, whatever order they came in", () => {
    assert.equal(assembleVaultWitness(keys, c, signatures.slice(0, 2)), undefined);
    const witness = assembleVaultWitness(keys, c, [...signatures].reverse());
    assert.ok(witness !== undefined && judge(witness));
    assert.deepEqual(
      witness.slice(0, 3),
      signatures.slice(0, 3).map((entry) => entry.signature),
    );
    const late = assembleVaultWitness(keys, c, signatures.slice(1));
    assert.ok(late !== undefined && judge(late));
  });
  test("wrong order, one twice, k − 1, another script: refused", () => {
    const [a, b, d] = signatures.map((entry) => entry.signature);
    const script = vaultScript(keys, c);
    assert.ok(a !== undefined && b !== undefined && d !== undefined);
    assert.equal(judge([a, b, d, script]), true);
    for (const bad of [
      [b, a, d, script],
      [a, a, b, script],
      [a, b, script],
      [a, b, d, script.slice(1)],
      [a, b, d, d, script],
      [],
    ]) {
      assert.equal(judge(bad), false);
    }
  });
});

describe("the deposit hint", () => {
  test("comes back for its own chain and recipient", () => {
    assert.deepEqual(parseDepositHint(chainId, depositHintProgram(chainId, recipient)), recipient);
    assert.deepEqual(parseDepositHint(chainId, depositHintProgram(chainId, FLOAT_RECIPIENT)), FLOAT_RECIPIENT);
  });
  test("anything else is no hint", () => {
    const good = depositHintProgram(chainId, recipient);
    assert.equal(parseDepositHint(new Uint8Array(32), good), undefined);
    for (let at = 0; at < 15; at += 1) {
      const bad = good.slice();
      bad[at] = (bad[at] ?? 0) ^ 1;
      assert.equal(parseDepositHint(chainId, bad), undefined, `byte ${at}`);
    }
    for (const bad of ["", "6a", "6a00", "51", `${bytesToHex(good)}51`]) {
      assert.equal(parseDepositHint(chainId, hexToBytes(bad)), undefined);
    }
    assert.equal(parseDepositHint(chainId, depositHintProgram(chainId, hexToBytes("51"))), undefined);
  });
});
