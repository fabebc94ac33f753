// Program to assembler text (spec/bytom.md section 14.10). Jump targets get labels alpha, bravo, … zulu, alpha2, … in the
// order in which they are first used; a label is printed where an instruction begins at its address, or at the end.

import { bytesToHex } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import type { VmErrorCode } from "./errors.ts";
import { decodeInstructions, type Instruction, readU32 } from "./instructions.ts";
import { OP, opcodeTable } from "./opcodes.ts";

const WORDS = (
  "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo " +
  "sierra tango uniform victor whisky xray yankee zulu"
).split(" ");

function nameLabels(instructions: readonly Instruction[]): Map<number, string> {
  const labels = new Map<number, string>();
  for (const { op, data } of instructions) {
    if (op !== OP.JUMP && op !== OP.JUMPIF) continue;
    const target = readU32(data, 0);
    if (labels.has(target)) continue;
    const round = Math.floor(labels.size / WORDS.length);
    labels.set(target, `${WORDS[labels.size % WORDS.length]}${round === 0 ? "" : round + 1}`);
  }
  return labels;
}

/** Formats a program; ErrShortProgram when it ends inside an instruction. */
export function disassemble(
  code: Uint8Array,
  options: { readonly mulFraction?: boolean } = {},
): Result<string, VmErrorCode> {
  const instructions = decodeInstructions(code);
  if (instructions === undefined) return err("ErrShortProgram");
  const table = opcodeTable({ mulFraction: options.mulFraction === true });
  const labels = nameLabels(instructions);
  const words: string[] = [];
  const label = (position: number): void => {
    const name = labels.get(position);
    if (name !== undefined) words.push(`$${name}`);
  };
  let position = 0;
  for (const { op, data, next } of instructions) {
    label(position);
    if (op === OP.JUMP) words.push(`JUMP:$${labels.get(readU32(data, 0))}`);
    else if (op === OP.JUMPIF) words.push(`JUMPIF:$${labels.get(readU32(data, 0))}`);
    else words.push(data.length > 0 ? `0x${bytesToHex(data)}` : (table[op]?.name ?? ""));
    position = next;
  }
  label(position);
  return ok(words.join(" "));
}
