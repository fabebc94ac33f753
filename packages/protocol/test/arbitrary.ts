// Arbitrary values for the property tests of this package.

import fc from "fast-check";
import { assetIdOf } from "../src/asset.ts";
import type { MainInput, MainOutput, MainTransactionData } from "../src/main/transaction.ts";
import type { SideInput, SideOutput, SideTransactionData } from "../src/side/transaction.ts";

export const anyHash = fc.uint8Array({ minLength: 32, maxLength: 32 });
export const anyBytes = fc.uint8Array({ maxLength: 40 });
export const anyNumber63 = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n });
const anyArguments = fc.array(anyBytes, { maxLength: 4 });

const spendFields = {
  sourceId: anyHash,
  assetId: anyHash,
  amount: anyNumber63,
  sourcePosition: anyNumber63,
  program: anyBytes,
};

const mainSpend = fc.record({ kind: fc.constant("spend" as const), ...spendFields, arguments: anyArguments });
const mainIssuance = fc
  .record({
    nonce: anyBytes,
    amount: anyNumber63,
    definition: anyBytes,
    vmVersion: anyNumber63,
    program: anyBytes,
    arguments: anyArguments,
  })
  .map((input) => ({ kind: "issuance" as const, ...input, assetId: assetIdOf(input) }));

const anyMainOutput: fc.Arbitrary<MainOutput> = fc.record({
  kind: fc.constant("output" as const),
  assetId: anyHash,
  amount: anyNumber63,
  program: anyBytes,
});

/** Main-chain transactions without suffixes and without a coinbase. */
export const anyMainTransaction: fc.Arbitrary<MainTransactionData> = fc.record({
  version: anyNumber63,
  timeRange: anyNumber63,
  inputs: fc.array<MainInput>(fc.oneof(mainSpend, mainIssuance), { maxLength: 5 }),
  outputs: fc.array(anyMainOutput, { maxLength: 5 }),
});

const anySideInput: fc.Arbitrary<SideInput> = fc.oneof(
  fc.record({ kind: fc.constant("spend" as const), ...spendFields, arguments: anyArguments }),
  fc.record({ kind: fc.constant("veto" as const), ...spendFields, vote: anyBytes, arguments: anyArguments }),
  fc.record({ kind: fc.constant("coinbase" as const), arbitrary: anyBytes }),
  fc.record({
    kind: fc.constant("system" as const),
    systemKind: anyNumber63,
    body: anyBytes,
    arguments: anyArguments,
  }),
  fc.record({
    kind: fc.constant("cross-chain" as const),
    ...spendFields,
    issuanceVmVersion: anyNumber63,
    definition: anyBytes,
    issuanceProgram: anyBytes,
    arguments: anyArguments,
  }),
);

const outputFields = { assetId: anyHash, amount: anyNumber63, program: anyBytes };
const anySideOutput: fc.Arbitrary<SideOutput> = fc.oneof(
  fc.record({ kind: fc.constant("intra" as const), ...outputFields }),
  fc.record({ kind: fc.constant("cross" as const), ...outputFields }),
  fc.record({ kind: fc.constant("vote" as const), ...outputFields, vote: anyBytes }),
);

/** Side-chain transactions of every kind of input and output. */
export const anySideTransaction: fc.Arbitrary<SideTransactionData> = fc.record({
  version: anyNumber63,
  timeRange: anyNumber63,
  inputs: fc.array(anySideInput, { maxLength: 5 }),
  outputs: fc.array(anySideOutput, { maxLength: 5 }),
});

/** A change to bytes: one of them replaced, some cut off, some appended, or one inserted. */
export const anyMutation = fc
  .record({
    how: fc.constantFrom("replace", "cut", "append", "insert"),
    at: fc.nat(),
    byte: fc.integer({ min: 0, max: 255 }),
  })
  .map(({ how, at, byte }) => (bytes: Uint8Array): Uint8Array => {
    const index = bytes.length === 0 ? 0 : at % bytes.length;
    if (how === "cut") return bytes.slice(0, index);
    if (how === "append") return Uint8Array.of(...bytes, byte);
    if (how === "insert") return Uint8Array.of(...bytes.slice(0, index), byte, ...bytes.slice(index));
    const changed = bytes.slice();
    changed[index] = byte;
    return changed;
  });
