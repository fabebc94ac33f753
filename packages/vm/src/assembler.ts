// Assembler text to program (spec/bytom.md section 14.10), as used by the compile API, Equity and tools. Not on a hot path.
// Tokens: opcode names, decimal integers, 0x hexadecimal, 'quoted bytes', $label, JUMP:$label, JUMPIF:$label, JUMP:123.

import { tryHexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import { INT64_MAX, INT64_MIN, pushData, pushInt } from "./numbers.ts";
import { OP, opcodeTable } from "./opcodes.ts";

/** Longest source text, in characters: the reference caps a program at 2^31 - 1 bytes, no honest one comes near this. */
export const ASSEMBLY_LENGTH_MAX = 1 << 20;

/** What is wrong, at which token, in words for the author of the text. */
export type AssemblyError = { readonly code: "ErrToken"; readonly token: string; readonly reason: string };

export type AssemblyOptions = { readonly mulFraction?: boolean };

type Jump = { readonly label: string; readonly at: number };

type State = {
  readonly bytes: number[];
  readonly labels: Map<string, number>;
  readonly jumps: Jump[];
};

// A quoted token ends at the quote that no backslash precedes; other tokens end at white space.
const TOKEN = /'(?:\\[\s\S]|[^'\\])*'(?=\s|$)|\S+/gu;
const BACKSLASH = 0x5c;
const U32_MAX = 0xffff_ffffn;

function opcodeNames(mulFraction: boolean): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const opcode of opcodeTable({ mulFraction })) {
    const needsOperand = opcode.name.startsWith("PUSHDATA") || opcode.name.startsWith("JUMP");
    if (!opcode.expansion && !needsOperand) names.set(opcode.name, opcode.code);
  }
  names.set("0", OP.FALSE);
  names.set("TRUE", OP.TRUE);
  return names;
}

const NAMES = opcodeNames(false);
const NAMES_WITH_MULFRACTION = opcodeNames(true);

function parseInteger(token: string): bigint | undefined {
  if (!/^[+-]?[0-9]+$/u.test(token)) return undefined;
  const value = token.startsWith("-") ? -BigInt(token.slice(1)) : BigInt(token.replace("+", ""));
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

/** The bytes between the quotes; a backslash takes the next byte literally. */
function unquote(token: string): Uint8Array {
  const raw = utf8ToBytes(token.slice(1, -1));
  const bytes: number[] = [];
  for (let i = 0; i < raw.length; i += 1) {
    if (raw[i] === BACKSLASH) i += 1;
    bytes.push(raw[i] ?? BACKSLASH);
  }
  return Uint8Array.from(bytes);
}

function append(state: State, bytes: Uint8Array): undefined {
  for (const byte of bytes) state.bytes.push(byte);
}

function appendU32(state: State, value: number): void {
  for (let shift = 0; shift < 32; shift += 8) state.bytes.push((value >>> shift) & 0xff);
}

/** Each of these answers with the reason of a refusal, or undefined. */
function addJump(state: State, op: number, target: string): string | undefined {
  state.bytes.push(op);
  if (target.startsWith("$")) {
    state.jumps.push({ label: target, at: state.bytes.length });
    appendU32(state, 0);
    return undefined;
  }
  if (!/^[0-9]+$/u.test(target) || BigInt(target) > U32_MAX) return "a jump needs a $label or an address below 2^32";
  appendU32(state, Number(target));
  return undefined;
}

function addLabel(state: State, label: string): string | undefined {
  if (state.labels.has(label)) return "the label is defined twice";
  state.labels.set(label, state.bytes.length);
  return undefined;
}

function addToken(state: State, token: string, names: ReadonlyMap<string, number>): string | undefined {
  const op = names.get(token);
  if (op !== undefined) {
    state.bytes.push(op);
    return undefined;
  }
  if (token.startsWith("JUMP:")) return addJump(state, OP.JUMP, token.slice(5));
  if (token.startsWith("JUMPIF:")) return addJump(state, OP.JUMPIF, token.slice(7));
  if (token.startsWith("$")) return addLabel(state, token);
  if (token.startsWith("0x")) {
    const bytes = tryHexToBytes(token.slice(2));
    return bytes === undefined ? "not hexadecimal" : append(state, pushData(bytes));
  }
  if (token.length >= 2 && token.startsWith("'") && token.endsWith("'")) return append(state, pushData(unquote(token)));
  const value = parseInteger(token);
  return value === undefined ? "unrecognised token" : append(state, pushInt(value));
}

function resolveJumps(state: State): AssemblyError | undefined {
  for (const { label, at } of state.jumps) {
    const target = state.labels.get(label);
    if (target === undefined) return { code: "ErrToken", token: label, reason: "the label is not defined" };
    for (let i = 0; i < 4; i += 1) state.bytes[at + i] = (target >>> (8 * i)) & 0xff;
  }
}

/** Assembles a text. Pushes are canonical; names such as DATA_5 become the bare opcode byte. */
export function assemble(text: string, options: AssemblyOptions = {}): Result<Uint8Array, AssemblyError> {
  if (text.length > ASSEMBLY_LENGTH_MAX) {
    return err({ code: "ErrToken", token: "", reason: `the text is longer than ${ASSEMBLY_LENGTH_MAX} characters` });
  }
  const names = options.mulFraction === true ? NAMES_WITH_MULFRACTION : NAMES;
  const state: State = { bytes: [], labels: new Map(), jumps: [] };
  for (const token of text.match(TOKEN) ?? []) {
    const reason = addToken(state, token, names);
    if (reason !== undefined) return err({ code: "ErrToken", token: token.slice(0, 80), reason });
  }
  const unresolved = resolveJumps(state);
  return unresolved === undefined ? ok(Uint8Array.from(state.bytes)) : err(unresolved);
}
