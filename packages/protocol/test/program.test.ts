// Program forms: what counts as segwit-style, what it runs as, and the builders (spec/bytom.md section 7).

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import fc from "fast-check";
import { addressOfProgram, parseAddress } from "../src/address.ts";
import {
  executedProgram,
  isStandardProgram,
  multisigScript,
  parseInstructions,
  pushBytes,
  pushNumber,
  retirementProgram,
  witnessForm,
} from "../src/program.ts";

const h20 = "11".repeat(20);
const h32 = "22".repeat(32);
const form = (hex: string): string | undefined => witnessForm(hexToBytes(hex))?.kind;

suite("program", () => {
  test("recognises the forms, with any push up to OP_16 as version", () => {
    assert.equal(form(`0014${h20}`), "p2wpkh");
    assert.equal(form(`0020${h32}`), "p2wsh");
    assert.equal(form(`6020${h32}`), "p2wsh");
    assert.equal(form(`5014${h20}`), "p2wpkh", "0x50 counts as a version");
    assert.equal(form(`02abcd14${h20}`), "p2wpkh", "and so does a push of data");
    assert.equal(form(`6114${h20}`), undefined);
    assert.equal(form(`004c14${h20}`), undefined, "the hash must be pushed by its own opcode");
    assert.equal(form(`0014${h20}51`), undefined);
    assert.equal(form(`0014${h20}4c`), undefined, "a program that does not parse has no form");
    assert.equal(form("0014"), undefined);
  });

  test("standard is a form, TRUE or FAIL, and nothing else", () => {
    for (const hex of [`0014${h20}`, "51", "6a"]) assert.equal(isStandardProgram(hexToBytes(hex)), true, hex);
    for (const hex of ["", "52", "6a00", "5151", `76${h32}`])
      assert.equal(isStandardProgram(hexToBytes(hex)), false, hex);
  });

  test("only version 0 is converted for execution", () => {
    const run = (hex: string): string => bytesToHex(executedProgram(hexToBytes(hex)));
    assert.equal(run(`0014${h20}`), `76ab14${h20}88ae7cac`);
    assert.equal(run(`0020${h32}`), `76aa20${h32}8808ffffffffffffffff7c00c0`);
    assert.equal(run(`5114${h20}`), `5114${h20}`);
    assert.equal(run("00"), "00");
  });

  test("splits programs completely or not at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (program) => {
        const instructions = parseInstructions(program);
        if (instructions === undefined) return;
        const length = instructions.reduce((sum, { opcode, data }) => {
          const header = opcode === 0x4c ? 2 : opcode === 0x4d ? 3 : opcode === 0x4e ? 5 : 1;
          return sum + header + data.length;
        }, 0);
        assert.equal(length, program.length);
      }),
    );
    assert.equal(parseInstructions(hexToBytes("6301020304"))?.length, 1, "a jump carries four bytes");
    assert.equal(parseInstructions(hexToBytes("4effffffff")), undefined);
  });

  test("pushes are minimal", () => {
    const lengths = [0, 1, 75, 76, 255, 256, 65_535, 65_536];
    const opcodes = lengths.map((length) => pushBytes(new Uint8Array(length))[0]);
    assert.deepEqual(opcodes, [0, 1, 0x4b, 0x4c, 0x4c, 0x4d, 0x4d, 0x4e]);
    const numbers = [0n, 1n, 16n, 17n, 255n, 256n, 70_000n].map((value) => bytesToHex(pushNumber(value)));
    assert.deepEqual(numbers, ["00", "51", "60", "0111", "01ff", "020001", "03701101"]);
  });

  test("multisig asks for 0 < k <= n", () => {
    const keys = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
    assert.equal(bytesToHex(multisigScript(keys, 2)).slice(-6), "5253ad");
    assert.equal(bytesToHex(multisigScript([], 0)), "ae0000ad");
    for (const required of [0, 4, -1]) assert.throws(() => multisigScript(keys, required), RangeError);
  });

  test("a retirement pushes its comment", () => {
    assert.equal(bytesToHex(retirementProgram()), "6a");
    assert.equal(bytesToHex(retirementProgram(hexToBytes("0102"))), "6a020102");
  });

  test("a program of version 0 has an address on every chain, and the way back", () => {
    for (const [program, prefix] of [
      [`0014${h20}`, "sp"],
      [`0020${h32}`, "vp"],
    ] as const) {
      const address = addressOfProgram(hexToBytes(program), prefix);
      assert.ok(address !== undefined);
      const parsed = parseAddress(address.text.toUpperCase(), prefix);
      assert.equal(parsed.ok && bytesToHex(parsed.value.program), program);
      assert.deepEqual(parseAddress(address.text, "bm"), { ok: false, error: "prefix" });
    }
    assert.equal(addressOfProgram(hexToBytes(`5114${h20}`), "sp"), undefined);
  });
});
