// Where instructions begin and end (spec/bytom.md section 14.2). The three functions below answer with numbers, so the
// interpreter decodes without allocating; `decodeInstruction` packs the same answers for tools.

import { EMPTY_BYTES } from "@bystack/utils/bytes";
import { OP } from "./opcodes.ts";

export type Instruction = {
  readonly op: number;
  /** The pushed bytes, or the 4 bytes of a jump target; empty for everything else. 51 to 60 carry their one byte. */
  readonly data: Uint8Array;
  /** Position of the next instruction. */
  readonly next: number;
};

const SHORT = -1;

/** The item that 51 to 60 push, by opcode. Shared: stack items are never written to. */
export const SMALL_INT_ITEMS: readonly Uint8Array[] = Array.from({ length: OP.N16 + 1 }, (_, op) =>
  op >= OP.TRUE ? Uint8Array.of(op - 0x50) : EMPTY_BYTES,
);

/** Bytes before the operand: the opcode, and the length field of PUSHDATA1, 2 and 4. */
export function headerLength(op: number): number {
  if (op === OP.PUSHDATA1) return 2;
  if (op === OP.PUSHDATA2) return 3;
  return op === OP.PUSHDATA4 ? 5 : 1;
}

/** Four little-endian bytes as a number; the caller vouches that they exist. */
export function readU32(code: Uint8Array, at: number): number {
  const low = (code[at] ?? 0) | ((code[at + 1] ?? 0) << 8) | ((code[at + 2] ?? 0) << 16);
  return low + (code[at + 3] ?? 0) * 0x1000000;
}

/** Position after the instruction at `pc` (which must be inside the program); -1 when the program ends inside it. */
export function instructionEnd(code: Uint8Array, pc: number): number {
  const op = code[pc] ?? 0;
  let end = pc + 1;
  if (op === OP.JUMP || op === OP.JUMPIF) end = pc + 5;
  else if (op < OP.PUSHDATA1) end = pc + 1 + op;
  else if (op <= OP.PUSHDATA4) {
    end = pc + headerLength(op);
    if (end > code.length) return SHORT;
    if (op === OP.PUSHDATA1) end += code[pc + 1] ?? 0;
    else if (op === OP.PUSHDATA2) end += (code[pc + 1] ?? 0) + (code[pc + 2] ?? 0) * 256;
    else end += readU32(code, pc + 1);
  }
  return end > code.length ? SHORT : end;
}

/** The instruction at `pc`; undefined when the program ends inside it. */
export function decodeInstruction(code: Uint8Array, pc: number): Instruction | undefined {
  const next = instructionEnd(code, pc);
  if (next === SHORT) return undefined;
  const op = code[pc] ?? 0;
  if (op >= OP.TRUE && op <= OP.N16) return { op, data: SMALL_INT_ITEMS[op] ?? EMPTY_BYTES, next };
  return { op, data: code.subarray(pc + headerLength(op), next), next };
}

/** All instructions of a program; undefined when it ends inside one. */
export function decodeInstructions(code: Uint8Array): Instruction[] | undefined {
  const instructions: Instruction[] = [];
  for (let pc = 0; pc < code.length; ) {
    const instruction = decodeInstruction(code, pc);
    if (instruction === undefined) return undefined;
    instructions.push(instruction);
    pc = instruction.next;
  }
  return instructions;
}
