// Properties of the machine beyond the recorded vectors: it never throws, gas is conserved, operands are never changed;
// and the guards that recorded programs cannot reach.

import assert from "node:assert/strict";
import test from "node:test";
import { ripemd160 } from "@bystack/crypto/hash";
import { bytesToHex, concatBytes, hexToBytes } from "@bystack/utils/bytes";
import fc from "fast-check";
import { assemble } from "../src/assembler.ts";
import { PREDICATE_DEPTH_MAX, runProgram, type VmOutcome, type VmRun } from "../src/interpreter.ts";
import { stackCost } from "../src/machine.ts";
import { args, CONTEXT, program, RULES, SIDE_RULES } from "./programs.ts";

const RUNS = 3000;

function run(code: Uint8Array, options: Partial<VmRun> = {}): VmOutcome {
  return runProgram({ vmVersion: 1n, code, args: [], context: CONTEXT, limit: 10_000, rules: RULES, ...options });
}

function compile(text: string): Uint8Array {
  const assembled = assemble(text);
  assert.ok(assembled.ok, text);
  return assembled.value;
}

test("a program never throws and never makes gas", () => {
  fc.assert(
    fc.property(program, args, fc.nat(4000), fc.boolean(), (code, given, limit, side) => {
      const rules = side ? SIDE_RULES : RULES;
      const outcome = runProgram({ vmVersion: 1n, code, args: given, context: CONTEXT, limit, rules });
      assert.ok(Number.isSafeInteger(outcome.gasLeft) && outcome.gasLeft >= 0 && outcome.gasLeft <= limit);
      // What lies on the stacks has been paid for: gas and memory together never exceed the limit.
      if (outcome.ok) {
        assert.ok(outcome.gasLeft + stackCost(outcome.stack) + stackCost(outcome.altStack) <= limit);
      }
    }),
    { numRuns: RUNS },
  );
});

test("a program gives the same outcome twice and leaves its arguments alone", () => {
  fc.assert(
    fc.property(program, args, (code, given) => {
      const before = given.map(bytesToHex);
      const codeBefore = bytesToHex(code);
      const first = run(code, { args: given });
      const second = run(code, { args: given });
      assert.deepEqual(
        { ok: first.ok, gas: first.gasLeft, stack: first.stack.map(bytesToHex) },
        { ok: second.ok, gas: second.gasLeft, stack: second.stack.map(bytesToHex) },
      );
      assert.deepEqual(given.map(bytesToHex), before);
      assert.equal(bytesToHex(code), codeBefore);
    }),
    { numRuns: RUNS },
  );
});

test("less gas never turns a failure into a success", () => {
  fc.assert(
    fc.property(program, args, fc.nat(2000), (code, given, less) => {
      const rich = run(code, { args: given, limit: 2000 });
      const poor = run(code, { args: given, limit: less });
      // A predicate with limit 0 gets what is left, so programs with predicates may see the difference.
      if (poor.ok && !code.includes(0xc0)) assert.ok(rich.ok && rich.gasLeft - poor.gasLeft === 2000 - less);
    }),
    { numRuns: RUNS },
  );
});

test("endless predicates stop at the depth limit and not in the host's call stack", () => {
  const nested = compile("DUP 1 SWAP 0 CHECKPREDICATE");
  const outcome = run(nested, { args: [nested], limit: Number.MAX_SAFE_INTEGER });
  assert.equal(outcome.ok, false);
  // At every level the program leaves its result; only the innermost one could not nest.
  assert.equal(!outcome.ok && outcome.error, "ErrFalseVMResult");
  assert.ok(PREDICATE_DEPTH_MAX * 256 > 640_000, "the guard must be out of reach of consensus");
});

test("an endless loop ends with the gas", () => {
  const outcome = run(compile("$again JUMP:$again"), { limit: 200_000 });
  assert.equal(!outcome.ok && outcome.error, "ErrRunLimitExceeded");
  assert.equal(outcome.gasLeft, 0);
});

test("the payment program costs what the specification says, and names its failures", () => {
  const publicKey = new Uint8Array(32).fill(3);
  const args = [new Uint8Array(64), publicKey];
  const code = (hash: Uint8Array) => concatBytes(hexToBytes("76ab14"), hash, hexToBytes("88ae7cac"));
  const paid = run(code(ripemd160(publicKey)), { args });
  assert.ok(paid.ok);
  assert.equal(10_000 - paid.gasLeft, 1409); // spec/bytom.md section 8.3
  const foreign = run(code(new Uint8Array(20)), { args });
  assert.equal(!foreign.ok && foreign.error, "ErrVerifyFailed");
  const refused = run(code(ripemd160(publicKey)), { args, rules: { ...RULES, checkSig: () => false } });
  assert.equal(!refused.ok && refused.error, "ErrFalseVMResult");
});

test("MULFRACTION is an expansion opcode where the rules leave it out", () => {
  const code = compile("7 2 3");
  const mul = Uint8Array.of(...code, 0xa6);
  const main = run(mul);
  assert.equal(!main.ok && main.error, "ErrDisallowedOpcode");
  const side = run(mul, { rules: SIDE_RULES });
  assert.deepEqual(side.stack.map(bytesToHex), ["04"]);
});

test("a context field that is missing is ErrContext, and CHECKOUTPUT reports its index", () => {
  const bare = { entryId: new Uint8Array(32), txVersion: 1n };
  for (const name of ["ASSET", "AMOUNT", "INDEX", "OUTPUTID", "BLOCKHEIGHT", "TXSIGHASH"]) {
    const outcome = run(compile(name), { context: bare });
    assert.equal(!outcome.ok && outcome.error, "ErrContext", name);
  }
  const beyond = run(compile("9 5 0x00 1 0x51 CHECKOUTPUT"));
  assert.equal(!beyond.ok && beyond.error, "ErrBadValue");
  assert.ok(run(compile("1 5 0x00 1 0x51 CHECKOUTPUT")).ok);
});

test("joining never writes into a shared operand", () => {
  const outcome = run(compile("'abcd' DUP 2 LEFT 'x' CAT"));
  assert.deepEqual(outcome.stack.map(bytesToHex), ["61626364", "616278"]);
});
