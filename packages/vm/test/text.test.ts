// Numbers, assembler and disassembler: round trips, and text from strangers.

import assert from "node:assert/strict";
import test from "node:test";
import { bytesToHex } from "@bystack/utils/bytes";
import fc from "fast-check";
import { ASSEMBLY_LENGTH_MAX, assemble } from "../src/assembler.ts";
import { disassemble } from "../src/disassembler.ts";
import { decodeInstructions } from "../src/instructions.ts";
import { decodeBool, decodeInt, encodeInt, INT64_MAX, INT64_MIN, pushData, pushInt } from "../src/numbers.ts";
import { OPCODES } from "../src/opcodes.ts";
import { program } from "./programs.ts";

function hexOf(text: string): string {
  const assembled = assemble(text);
  return assembled.ok ? bytesToHex(assembled.value) : `${assembled.error.token}: ${assembled.error.reason}`;
}

test("every 64-bit integer survives the way to an item and back, in the fewest bytes", () => {
  const edges = [INT64_MIN, -1n, 0n, 1n, 255n, 256n, (1n << 48n) - 1n, 1n << 48n, INT64_MAX];
  const check = (value: bigint): void => {
    const item = encodeInt(value);
    assert.equal(decodeInt(item), value);
    assert.ok(value < 0n ? item.length === 8 : item.length === 0 || item[item.length - 1] !== 0);
  };
  edges.forEach(check);
  fc.assert(fc.property(fc.bigInt({ min: INT64_MIN, max: INT64_MAX }), check));
});

test("an item of nine bytes is no integer", () => {
  assert.equal(decodeInt(new Uint8Array(9)), undefined);
  assert.equal(decodeInt(new Uint8Array(8)), 0n);
});

test("one set bit anywhere makes an item true, wherever its memory begins", () => {
  for (const length of [0, 1, 63, 64, 65, 66, 67, 130]) {
    const memory = new Uint8Array(length + 8);
    for (let start = 0; start < 5; start += 1) {
      const item = memory.subarray(start, start + length);
      memory.fill(0);
      // Bytes beside the item do not count.
      if (start > 0) memory[start - 1] = 1;
      memory[start + length] = 1;
      assert.equal(decodeBool(item), false);
      for (let i = 0; i < length; i += 1) {
        item[i] = 0x80;
        assert.equal(decodeBool(item), true, `byte ${i} of ${length} at ${start}`);
        item[i] = 0;
      }
    }
  }
});

test("a canonical push decodes to the bytes it pushes", () => {
  for (const length of [0, 1, 75, 76, 255, 256, 65535, 65536]) {
    const bytes = new Uint8Array(length).fill(9);
    const instructions = decodeInstructions(pushData(bytes));
    assert.equal(instructions?.length, 1);
    assert.deepEqual(instructions?.[0]?.data.length, length);
  }
  assert.equal(bytesToHex(pushInt(16n)), "60");
  assert.equal(bytesToHex(pushInt(17n)), "0111");
  assert.equal(bytesToHex(pushInt(-1n)), "08ffffffffffffffff");
});

test("assembling a disassembled program gives the same text again", () => {
  fc.assert(
    fc.property(program, (code) => {
      const text = disassemble(code);
      if (!text.ok) return;
      const assembled = assemble(text.value);
      if (!assembled.ok) return; // expansion opcodes and targets between instructions have no source text
      assert.deepEqual(disassemble(assembled.value), text);
    }),
    { numRuns: 2000 },
  );
});

test("the assembler answers any text with a verdict", () => {
  const words = fc.constantFrom(
    "DUP",
    "JUMP:$a",
    "$a",
    "$",
    "JUMP:",
    "0x",
    "0x0",
    "'",
    "'a b'",
    "''",
    "-",
    "1",
    "JUMPIF:9",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words, { maxLength: 12 }).map((list) => list.join(" ")),
      ),
      (text) => {
        assert.equal(typeof assemble(text).ok, "boolean");
      },
    ),
    { numRuns: 2000 },
  );
  assert.equal(assemble(" ".repeat(ASSEMBLY_LENGTH_MAX + 1)).ok, false);
});

test("quoted text keeps its spaces and its escapes", () => {
  assert.equal(hexOf("'a b'"), "03612062");
  assert.equal(hexOf("'it\\'s'"), "0469742773");
  assert.equal(hexOf("'a\\\\' 1"), "02615c51");
  assert.equal(hexOf("''"), "00");
  assert.equal(hexOf("'open"), "'open: unrecognised token");
});

test("the 27th label begins the second round", () => {
  const jumps = Array.from({ length: 27 }, (_, i) => `JUMP:${5 * i}`).join(" ");
  const assembled = assemble(jumps);
  assert.ok(assembled.ok);
  const text = disassemble(assembled.value);
  assert.ok(text.ok && text.value.includes("JUMP:$zulu ") && text.value.endsWith("JUMP:$alpha2"));
});

test("MULFRACTION has a name only where the rules have it", () => {
  assert.equal(assemble("MULFRACTION").ok, false);
  const assembled = assemble("MULFRACTION", { mulFraction: true });
  assert.deepEqual(assembled.ok && bytesToHex(assembled.value), "a6");
  assert.deepEqual(disassemble(Uint8Array.of(0xa6)), { ok: true, value: "NOPxa6" });
  assert.deepEqual(disassemble(Uint8Array.of(0xa6), { mulFraction: true }), { ok: true, value: "MULFRACTION" });
});

test("the table has 256 opcodes of which the listed ones are expansions", () => {
  assert.equal(OPCODES.length, 256);
  OPCODES.forEach((opcode, code) => {
    assert.equal(opcode.code, code);
  });
  // 50 62 65-68 8a a6 a7 a9 af b0-bf c5-c8 cc ce-ff
  assert.equal(OPCODES.filter((opcode) => opcode.expansion).length, 82);
});
