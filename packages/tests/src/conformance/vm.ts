// Conformance of packages/vm with the recorded virtual machines: programs, opcode table, assembler, disassembler, and the
// one opcode that side chains add. On success stacks and gas must be exact; on failure the kind of failure must be.

import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { assemble } from "@bystack/vm/assembler";
import type { OutputQuery, VmContext, VmRules } from "@bystack/vm/context";
import { disassemble } from "@bystack/vm/disassembler";
import { VM_ERRORS, type VmErrorCode } from "@bystack/vm/errors";
import { GAS_LIMIT_MAX, runProgram, type VmOutcome } from "@bystack/vm/interpreter";
import { OPCODES } from "@bystack/vm/opcodes";
import { checkCases, type Differences, type VectorChecks } from "./check.ts";

type OutputFields = { amount: string; asset_id: string; program: string; vm_version: string };

type ContextFields = {
  vm_version: string;
  tx_version?: string;
  block_height?: string;
  entry_id: string;
  asset_id?: string;
  amount?: string;
  dest_pos?: string;
  spent_output_id?: string;
  tx_sig_hash?: string;
  outputs?: readonly OutputFields[];
};

/** A program with its surroundings, as bvm.json and bvm-aliasing-quirk.json write them. */
export type ProgramCase = {
  name: string;
  program: string;
  args: readonly string[];
  context: ContextFields | "default";
  gas_limit: string;
};

type BvmCase = ProgramCase & {
  ok: boolean;
  error?: string;
  gas_left: string;
  stack?: readonly string[];
  alt_stack?: readonly string[];
  asm?: string;
};

const RETIREMENT = "6a";

export const MAIN_CHAIN_RULES: VmRules = {
  mulFraction: false,
  checkSig: (publicKey, message, signature) => verifyEd25519({ publicKey, message, signature }, "bytom"),
};

function answerCheckOutput(outputs: readonly OutputFields[], query: OutputQuery): boolean | VmErrorCode {
  const output = query.index < outputs.length ? outputs[Number(query.index)] : undefined;
  if (output === undefined) return "ErrBadValue";
  const sameValue = output.asset_id === bytesToHex(query.assetId) && BigInt(output.amount) === query.amount;
  if (output.program.startsWith(RETIREMENT)) {
    return sameValue && query.vmVersion === 0n && (query.expansionReserved || query.code.length === 0);
  }
  return sameValue && BigInt(output.vm_version) === query.vmVersion && output.program === bytesToHex(query.code);
}

function contextOf(fields: ContextFields): VmContext {
  const { outputs, tx_sig_hash: sigHash } = fields;
  return {
    entryId: hexToBytes(fields.entry_id),
    ...(fields.tx_version === undefined ? {} : { txVersion: BigInt(fields.tx_version) }),
    ...(fields.block_height === undefined ? {} : { blockHeight: BigInt(fields.block_height) }),
    ...(fields.asset_id === undefined ? {} : { assetId: hexToBytes(fields.asset_id) }),
    ...(fields.amount === undefined ? {} : { amount: BigInt(fields.amount) }),
    ...(fields.dest_pos === undefined ? {} : { destinationPosition: BigInt(fields.dest_pos) }),
    ...(fields.spent_output_id === undefined ? {} : { spentOutputId: hexToBytes(fields.spent_output_id) }),
    ...(sigHash === undefined ? {} : { txSigHash: () => hexToBytes(sigHash) }),
    ...(outputs === undefined ? {} : { checkOutput: (query: OutputQuery) => answerCheckOutput(outputs, query) }),
  };
}

/**
 * Runs a recorded program. One case has more gas than this implementation counts; it runs with the greatest limit, and the
 * difference is added to what is left, which is exact as long as the program uses less than the limit.
 */
export function runProgramCase(
  recorded: ProgramCase,
  defaultContext?: ContextFields,
): { outcome: VmOutcome; gasLeft: bigint } {
  const fields = recorded.context === "default" ? defaultContext : recorded.context;
  if (fields === undefined) throw new TypeError(`${recorded.name}: no default context in this file`);
  const wanted = BigInt(recorded.gas_limit);
  const limit = wanted > GAS_LIMIT_MAX ? GAS_LIMIT_MAX : Number(wanted);
  const outcome = runProgram({
    vmVersion: BigInt(fields.vm_version),
    code: hexToBytes(recorded.program),
    args: recorded.args.map(hexToBytes),
    context: contextOf(fields),
    limit,
    rules: MAIN_CHAIN_RULES,
  });
  return { outcome, gasLeft: wanted - BigInt(limit) + BigInt(outcome.gasLeft) };
}

export function stackText(stack: readonly Uint8Array[]): string {
  return stack.map(bytesToHex).join(" ");
}

/** The kind of failure, or "ok". */
function verdictOf(outcome: VmOutcome): string {
  return outcome.ok ? "ok" : outcome.error;
}

function checkRun(recorded: BvmCase, defaultContext: ContextFields, { same }: Differences): void {
  const { outcome, gasLeft } = runProgramCase(recorded, defaultContext);
  if (recorded.ok) {
    same("verdict", verdictOf(outcome), "ok");
    same("gas left", gasLeft, recorded.gas_left);
    same("stack", stackText(outcome.stack), (recorded.stack ?? []).join(" "));
    same("alt stack", stackText(outcome.altStack), (recorded.alt_stack ?? []).join(" "));
  } else if (recorded.error !== undefined && recorded.error in VM_ERRORS) {
    same("verdict", verdictOf(outcome), recorded.error);
  } else {
    // "other: …" is a failure of the reference's decoder that has no name of its own.
    same("success", outcome.ok, false);
  }
  if (recorded.asm === undefined) return;
  const text = disassemble(hexToBytes(recorded.program));
  same("disassembly", text.ok ? text.value : text.error, recorded.asm);
}

type OpcodeCase = {
  name: string;
  opcode?: string;
  expansion?: boolean;
  asm?: string;
  program?: string;
  disassembled?: string;
  error?: boolean;
};

function checkOpcode(recorded: OpcodeCase, { same }: Differences): void {
  const { opcode, asm, program, disassembled, error } = recorded;
  if (opcode !== undefined) {
    const entry = OPCODES[Number.parseInt(opcode, 16)];
    same("name", entry?.name, recorded.name);
    same("expansion", entry?.expansion, recorded.expansion);
  }
  if (asm !== undefined) {
    const assembled = assemble(asm);
    same("assembled", assembled.ok ? bytesToHex(assembled.value) : "error", error === true ? "error" : program);
  }
  if (program !== undefined && (disassembled !== undefined || error === true)) {
    const text = disassemble(hexToBytes(program));
    same("disassembled", text.ok ? text.value : "error", error === true ? "error" : disassembled);
  }
}

type MulFractionCase = {
  program: string;
  check_program?: string;
  error_root: string | null;
  gas_left_of_10000: number;
};

const MULFRACTION_ERRORS: Readonly<Record<string, VmErrorCode>> = {
  "false VM result": "ErrFalseVMResult",
  "division by zero": "ErrDivZero",
};

function runMulFraction(program: string): VmOutcome {
  return runProgram({
    vmVersion: 1n,
    code: hexToBytes(program),
    args: [],
    context: { entryId: new Uint8Array(32), txVersion: 1n },
    limit: 10_000,
    rules: { ...MAIN_CHAIN_RULES, mulFraction: true },
  });
}

function checkMulFraction(recorded: MulFractionCase, { same }: Differences): void {
  const outcome = runMulFraction(recorded.program);
  same("verdict", verdictOf(outcome), recorded.error_root === null ? "ok" : MULFRACTION_ERRORS[recorded.error_root]);
  same("gas left", outcome.gasLeft, recorded.gas_left_of_10000);
  // The check program compares the result with the recorded value and must end true.
  if (recorded.check_program !== undefined) same("value", verdictOf(runMulFraction(recorded.check_program)), "ok");
}

/** Checks by vector file of the main chain: the base name without extension. */
export const vmChecks: VectorChecks = {
  bvm: (file) => {
    const { default_context: defaultContext, cases } = file as { default_context: ContextFields; cases: BvmCase[] };
    return checkCases(
      cases,
      (recorded) => recorded.name,
      (recorded, differences) => checkRun(recorded, defaultContext, differences),
    );
  },
  opcodes: (file) => checkCases((file as { cases: OpcodeCase[] }).cases, (recorded) => recorded.name, checkOpcode),
};

/** The same for the side chain. */
export const vmVaporChecks: VectorChecks = {
  "vm-mulfraction": (file) =>
    checkCases((file as { cases: MulFractionCase[] }).cases, (recorded) => recorded.program, checkMulFraction),
};
