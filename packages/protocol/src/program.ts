// Program forms that both chains know without running anything (spec/bytom.md section 7, spec/vapor.md section 2.3): the
// segwit-style control programs, what they execute as, multisig scripts, retirements. The instruction reader here only
// measures pushes; the interpreter is `vm`.

import { ripemd160, sha3_256 } from "@bystack/crypto/hash";
import { bigintToBytesLe, concatBytes, EMPTY_BYTES, type Hash, hexToBytes } from "@bystack/utils/bytes";
import { ByteWriter } from "./wire.ts";

const OP = {
  pushData1: 0x4c,
  pushData2: 0x4d,
  pushData4: 0x4e,
  one: 0x51,
  sixteen: 0x60,
  jump: 0x63,
  jumpIf: 0x64,
  verify: 0x69,
  fail: 0x6a,
  greaterThan: 0xa0,
  checkMultisig: 0xad,
  txSigHash: 0xae,
  blockHeight: 0xcd,
} as const;

/** The smallest program that succeeds: TRUE. */
export const TRUE_PROGRAM: Uint8Array = Uint8Array.of(OP.one);

export type Instruction = { readonly opcode: number; readonly data: Uint8Array };

/** Number of data bytes that follow the opcode at `at`, and where they start; undefined when the program is too short. */
function dataSpan(program: Uint8Array, at: number): { start: number; length: number } | undefined {
  const opcode = program[at] ?? 0;
  if (opcode <= 0x4b) return { start: at + 1, length: opcode };
  if (opcode === OP.jump || opcode === OP.jumpIf) return { start: at + 1, length: 4 };
  if (opcode > OP.pushData4) return { start: at + 1, length: 0 };
  const width = opcode === OP.pushData1 ? 1 : opcode === OP.pushData2 ? 2 : 4;
  let length = 0;
  for (let i = width; i >= 1; i -= 1) {
    const byte = program[at + i];
    if (byte === undefined) return undefined;
    length = length * 256 + byte;
  }
  return { start: at + 1 + width, length };
}

/**
 * Splits a program into instructions, stopping after `max` of them; undefined when an instruction runs past the end.
 * `data` of a jump is its target; of other instructions without data it is empty.
 */
export function parseInstructions(program: Uint8Array, max = Number.POSITIVE_INFINITY): Instruction[] | undefined {
  const instructions: Instruction[] = [];
  for (let at = 0; at < program.length && instructions.length < max; ) {
    const span = dataSpan(program, at);
    if (span === undefined || span.start + span.length > program.length) return undefined;
    const end = span.start + span.length;
    instructions.push({ opcode: program[at] ?? 0, data: program.subarray(span.start, end) });
    at = end;
  }
  return instructions;
}

/** Segwit-style look-alike: any push up to OP_16, then exactly one push of 20 or 32 bytes by its own opcode. */
export type WitnessForm = {
  readonly kind: "p2wpkh" | "p2wsh";
  /** The first opcode: only 0 is converted for execution, any other version is spendable by anyone. */
  readonly versionOpcode: number;
  readonly hash: Uint8Array;
};

/** The segwit-style form of a control program, undefined when it has none. */
export function witnessForm(program: Uint8Array): WitnessForm | undefined {
  const instructions = parseInstructions(program, 3);
  const [version, push] = instructions ?? [];
  if (instructions?.length !== 2 || version === undefined || push === undefined) return undefined;
  if (version.opcode > OP.sixteen || (push.opcode !== 20 && push.opcode !== 32)) return undefined;
  return { kind: push.opcode === 20 ? "p2wpkh" : "p2wsh", versionOpcode: version.opcode, hash: push.data };
}

/** True for a program that is exactly TRUE or FAIL. */
export function isStraightforward(program: Uint8Array): boolean {
  return program.length === 1 && (program[0] === OP.one || program[0] === OP.fail);
}

/** What consensus demands of BTM programs (section 7.3): a segwit-style form or a straightforward program. */
export function isStandardProgram(program: Uint8Array): boolean {
  return isStraightforward(program) || witnessForm(program) !== undefined;
}

const P2WPKH_HEAD = hexToBytes("76ab14");
const P2WPKH_TAIL = hexToBytes("88ae7cac");
const P2WSH_HEAD = hexToBytes("76aa20");
const P2WSH_TAIL = hexToBytes("8808ffffffffffffffff7c00c0");

/** The program that runs when an output with this control program is spent (section 7.1): most programs as they are. */
export function executedProgram(program: Uint8Array): Uint8Array {
  if (program[0] !== 0) return program;
  const form = witnessForm(program);
  if (form === undefined) return program;
  return form.kind === "p2wpkh"
    ? concatBytes(P2WPKH_HEAD, form.hash, P2WPKH_TAIL)
    : concatBytes(P2WSH_HEAD, form.hash, P2WSH_TAIL);
}

/** Public key hash: RIPEMD-160 of the 32 key bytes. */
export function publicKeyHash(publicKey: Uint8Array): Uint8Array {
  return ripemd160(publicKey);
}

/** Control program of a public key hash of 20 bytes. */
export function p2wpkhProgram(hash20: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x00, 0x14), hash20);
}

/** Control program of a script hash of 32 bytes. */
export function p2wshProgram(hash32: Hash): Uint8Array {
  return concatBytes(Uint8Array.of(0x00, 0x20), hash32);
}

/** Control program that pays to a 32-byte public key. */
export function publicKeyProgram(publicKey: Uint8Array): Uint8Array {
  return p2wpkhProgram(publicKeyHash(publicKey));
}

/** Control program that pays to a script. */
export function scriptProgram(script: Uint8Array): Uint8Array {
  return p2wshProgram(sha3_256(script));
}

/** The shortest instruction that pushes these bytes. */
export function pushBytes(data: Uint8Array): Uint8Array {
  const writer = new ByteWriter(data.length + 5);
  if (data.length <= 0x4b) writer.byte(data.length);
  else if (data.length <= 0xff) writer.byte(OP.pushData1).byte(data.length);
  else if (data.length <= 0xffff) writer.byte(OP.pushData2).raw(bigintToBytesLe(BigInt(data.length), 2));
  else writer.byte(OP.pushData4).raw(bigintToBytesLe(BigInt(data.length), 4));
  return writer.raw(data).finish();
}

/** The shortest instruction that pushes a non-negative number: OP_1 to OP_16, else its minimal little-endian bytes. */
export function pushNumber(value: bigint): Uint8Array {
  if (value >= 1n && value <= 16n) return Uint8Array.of(0x50 + Number(value));
  const bytes: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 8n) bytes.push(Number(rest & 0xffn));
  return pushBytes(Uint8Array.from(bytes));
}

/**
 * k-of-n script: TXSIGHASH, the keys in their order, k, n, CHECKMULTISIG (section 7.2). The witness is k signatures in
 * key order. @throws RangeError unless 0 < k <= n or k = n = 0.
 */
export function multisigScript(publicKeys: readonly Uint8Array[], required: number): Uint8Array {
  const count = publicKeys.length;
  if (required > count || (required <= 0 && count > 0) || required < 0) {
    throw new RangeError(`multisig: ${required} of ${count}`);
  }
  const writer = new ByteWriter(34 * count + 8).byte(OP.txSigHash);
  for (const key of publicKeys) writer.raw(pushBytes(key));
  writer.raw(pushNumber(BigInt(required))).raw(pushNumber(BigInt(count)));
  return writer.byte(OP.checkMultisig).finish();
}

/** Issuance program of a wallet's asset: the bare multisig script, and before `limitHeight` only when that is not 0. */
export function issuanceProgram(publicKeys: readonly Uint8Array[], required: number, limitHeight = 0n): Uint8Array {
  const script = multisigScript(publicKeys, required);
  if (limitHeight === 0n) return script;
  const guard = Uint8Array.of(OP.blockHeight, OP.greaterThan, OP.verify);
  return concatBytes(pushNumber(limitHeight), guard, script);
}

/** Program of a retirement: FAIL and, when there is a comment, a push of it. No id covers the comment. */
export function retirementProgram(comment: Uint8Array = EMPTY_BYTES): Uint8Array {
  return comment.length === 0 ? Uint8Array.of(OP.fail) : concatBytes(Uint8Array.of(OP.fail), pushBytes(comment));
}
