// Builds main-chain transactions for tests: payments with real signatures, coinbases, and inputs and outputs by hand.

import { createEd25519Signer, type Ed25519Signer } from "@bystack/crypto/ed25519";
import { assetIdOf } from "@bystack/protocol/asset";
import { BTM_ASSET_ID, signatureHash } from "@bystack/protocol/entry";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import {
  createMainTransaction,
  type MainCoinbaseInput,
  type MainInput,
  type MainIssuanceInput,
  type MainPlainOutput,
  type MainSpendInput,
  type MainTransaction,
  type MainTransactionData,
} from "@bystack/protocol/main/transaction";
import { publicKeyProgram } from "@bystack/protocol/program";
import { utf8ToBytes } from "@bystack/utils/bytes";
import { BYTOM_LEDGER_RULES } from "../../src/main/rules.ts";
import type { MainTransactionContext } from "../../src/main/validate-transaction.ts";

export const BTM = BTM_ASSET_ID;
export const TRUE = Uint8Array.of(0x51);

export const alice: Ed25519Signer = createEd25519Signer(new Uint8Array(32).fill(1));
export const aliceProgram = publicKeyProgram(alice.publicKey);

export const CONTEXT: MainTransactionContext = {
  blockVersion: 1n,
  blockHeight: 1000n,
  isFirst: false,
  rules: BYTOM_LEDGER_RULES,
};

let counter = 0;

/** 32 bytes that no earlier call gave. */
export function freshHash(): Uint8Array {
  counter += 1;
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, counter);
  return hash;
}

export function spend(amount: bigint, options: Partial<MainSpendInput> = {}): MainSpendInput {
  return {
    kind: "spend",
    sourceId: freshHash(),
    assetId: BTM,
    amount,
    sourcePosition: 0n,
    program: aliceProgram,
    arguments: [],
    ...options,
  };
}

export function output(amount: bigint, options: Partial<MainPlainOutput> = {}): MainPlainOutput {
  return { kind: "output", assetId: BTM, amount, program: aliceProgram, ...options };
}

export function coinbase(text: string): MainCoinbaseInput {
  return { kind: "coinbase", arbitrary: utf8ToBytes(text) };
}

export function issuance(amount: bigint, options: Partial<MainIssuanceInput> = {}): MainIssuanceInput {
  const program = options.program ?? TRUE;
  const vmVersion = options.vmVersion ?? 1n;
  const definition = new Uint8Array(0);
  return {
    kind: "issuance",
    nonce: Uint8Array.of(1),
    assetId: assetIdOf({ vmVersion, program, definition }),
    amount,
    definition,
    vmVersion,
    program,
    arguments: [],
    ...options,
  };
}

export function transaction(
  inputs: readonly MainInput[],
  outputs: MainTransactionData["outputs"],
  options: Partial<MainTransactionData> = {},
): MainTransaction {
  return createMainTransaction({ version: 1n, timeRange: 0n, inputs, outputs, ...options });
}

/** Signs every spend of alice's program. */
export function signed(data: MainTransaction): MainTransaction {
  const mapped = mapMainTransaction(data);
  const inputs = data.inputs.map((input, index) => {
    const source = mapped.sources[index];
    if (input.kind !== "spend" || input.program !== aliceProgram || source === undefined) return input;
    return { ...input, arguments: [alice.sign(signatureHash(source.entryId, mapped.id)), alice.publicKey] };
  });
  return transaction(inputs, data.outputs, { version: data.version, timeRange: data.timeRange });
}
