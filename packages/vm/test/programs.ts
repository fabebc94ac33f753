// Generators of programs for property tests: pure noise, and programs that keep the stack filled so that instructions get
// past their operands.

import { concatBytes } from "@bystack/utils/bytes";
import fc from "fast-check";
import type { VmContext, VmRules } from "../src/context.ts";
import { encodeInt, INT64_MAX, INT64_MIN, pushData } from "../src/numbers.ts";
import { OPCODES } from "../src/opcodes.ts";

export const RULES: VmRules = { mulFraction: false, checkSig: (key, message) => key[0] === message[0] };
export const SIDE_RULES: VmRules = { ...RULES, mulFraction: true };

export const CONTEXT: VmContext = {
  txVersion: 1n,
  blockHeight: 1234n,
  entryId: new Uint8Array(32).fill(1),
  assetId: new Uint8Array(32).fill(255),
  amount: 5000n,
  destinationPosition: 3n,
  spentOutputId: new Uint8Array(32).fill(2),
  txSigHash: () => new Uint8Array(32).fill(3),
  checkOutput: ({ index }) => (index < 4n ? index === 1n : "ErrBadValue"),
};

const smallInt = fc.bigInt({ min: -3n, max: 20n });
const anyInt = fc.bigInt({ min: INT64_MIN, max: INT64_MAX });

/** Items as programs like them: numbers, hashes, short strings. */
export const item = fc.oneof(
  { weight: 4, arbitrary: smallInt.map(encodeInt) },
  { weight: 2, arbitrary: anyInt.map(encodeInt) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 32, maxLength: 32 }) },
);

const computing = OPCODES.filter(({ code, expansion }) => !expansion && code > 0x64).map(({ code }) => code);
const instruction = fc.oneof(
  { weight: 3, arbitrary: item.map(pushData) },
  { weight: 4, arbitrary: fc.constantFrom(...computing).map((code) => Uint8Array.of(code)) },
  { weight: 1, arbitrary: fc.nat(255).map((code) => Uint8Array.of(code)) },
);
const structured = fc.array(instruction, { maxLength: 60 }).map((parts) => concatBytes(...parts));

export const program = fc.oneof(fc.uint8Array({ maxLength: 80 }), structured);
export const args = fc.array(item, { maxLength: 6 });
