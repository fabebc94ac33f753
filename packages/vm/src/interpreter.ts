// Runs programs of the Bytom virtual machine (spec/bytom.md section 14; side chains add one opcode, spec/vapor.md section
// 7.2). Pure and deterministic; never throws, whatever the program: every failure is a value. The order of charging and
// popping inside an instruction decides which error wins and how much gas is left, so it follows the reference exactly.

import type { VmContext, VmRules } from "./context.ts";
import type { VmErrorCode } from "./errors.ts";
import { headerLength, instructionEnd, readU32, SMALL_INT_ITEMS } from "./instructions.ts";
import { type Handler, Machine, type Outcome, stackCost } from "./machine.ts";
import { decodeBool, encodeInt, FALSE_ITEM } from "./numbers.ts";
import { EXPANSION_COST, OP, OPCODES, opcodeTable } from "./opcodes.ts";
import { BYTES_HANDLERS } from "./ops-bytes.ts";
import { CONTEXT_HANDLERS } from "./ops-context.ts";
import { CRYPTO_HANDLERS } from "./ops-crypto.ts";
import { mulFraction, NUMERIC_HANDLERS } from "./ops-numeric.ts";
import { STACK_HANDLERS } from "./ops-stack.ts";

/**
 * How deep CHECKPREDICATE may nest. Each level pays 256 before the next begins, so no chain whose gas per program is at most
 * 256 * 4096 = 1,048,576 can reach it (main chain 200,000; Vapor 640,000); it bounds the memory of waiting machines when
 * a tool gives more gas. At the limit the instruction fails as if the gas were used up.
 */
export const PREDICATE_DEPTH_MAX = 4096;

/** The greatest gas limit: gas is counted in numbers, exactly. */
export const GAS_LIMIT_MAX: number = Number.MAX_SAFE_INTEGER;

const VM_VERSION = 1n;
const PREDICATE_COST = 256;
const PREDICATE_NET_COST = 64;
const MINUS_ONE_ITEM = encodeInt(-1n);

export type VmRun = {
  readonly vmVersion: bigint;
  readonly code: Uint8Array;
  /** Pushed in this order: the last one is on top. */
  readonly args: readonly Uint8Array[];
  readonly context: VmContext;
  /** Gas, from 0 to GAS_LIMIT_MAX. */
  readonly limit: number;
  readonly rules: VmRules;
};

/** `gasLeft` and the stacks (bottom first) are the machine's state at the end, also after a failure. */
export type VmOutcome =
  | { readonly ok: true; readonly gasLeft: number; readonly stack: Uint8Array[]; readonly altStack: Uint8Array[] }
  | {
      readonly ok: false;
      readonly error: VmErrorCode;
      readonly gasLeft: number;
      readonly stack: Uint8Array[];
      readonly altStack: Uint8Array[];
    };

/** Runs a program to its end. Ok when nothing failed and the top item is true. Never throws. */
export function runProgram(run: VmRun): VmOutcome {
  const { code, context, rules, limit } = run;
  if (run.vmVersion !== VM_VERSION) {
    return { ok: false, error: "ErrUnsupportedVM", gasLeft: limit, stack: [], altStack: [] };
  }
  const vm = new Machine({
    code,
    rootCode: code,
    context,
    rules,
    gas: limit,
    expansionReserved: context.txVersion === 1n,
    depth: 0,
    stack: [],
  });
  const error = pushArguments(vm, run.args) ?? execute(vm) ?? (topIsTrue(vm) ? undefined : "ErrFalseVMResult");
  const { gas: gasLeft, stack, altStack } = vm;
  return error === undefined ? { ok: true, gasLeft, stack, altStack } : { ok: false, error, gasLeft, stack, altStack };
}

function pushArguments(vm: Machine, args: readonly Uint8Array[]): Outcome {
  for (const arg of args) if (!vm.push(arg)) return vm.fault;
}

function topIsTrue(vm: Machine): boolean {
  const top = vm.stack[vm.stack.length - 1];
  return top !== undefined && decodeBool(top);
}

/**
 * Runs a program and the predicates it calls. A predicate is a machine of its own that its caller waits for; the waiting
 * ones stand in a list, so that nesting costs no host call stack.
 */
function execute(root: Machine): Outcome {
  const callers: Machine[] = [];
  let vm = root;
  let outcome = advance(vm);
  for (;;) {
    const { child } = vm;
    if (child !== undefined) {
      callers.push(vm);
      vm = child;
      outcome = advance(vm);
      continue;
    }
    const caller = callers.pop();
    if (caller === undefined) return outcome;
    outcome = endPredicate(caller, vm, outcome) ?? advance(caller);
    vm = caller;
  }
}

/** Runs until the program ends, fails, or waits for a predicate in `vm.child`. */
function advance(vm: Machine): Outcome {
  const { code } = vm;
  const handlers = vm.rules.mulFraction ? HANDLERS_WITH_MULFRACTION : HANDLERS;
  const costs = vm.rules.mulFraction ? COSTS_WITH_MULFRACTION : COSTS;
  while (vm.pc < code.length) {
    const end = instructionEnd(code, vm.pc);
    if (end < 0) return "ErrShortProgram";
    const op = code[vm.pc] ?? 0;
    const handler = handlers[op];
    if (handler === undefined && vm.expansionReserved) return "ErrDisallowedOpcode";
    vm.nextPc = end;
    vm.deferredCost = 0;
    if (!vm.pay(costs[op] ?? EXPANSION_COST)) return vm.fault;
    const error = handler?.(vm);
    if (error !== undefined) return error;
    if (vm.child !== undefined) return undefined;
    const unpaid = settle(vm);
    if (unpaid !== undefined) return unpaid;
  }
}

/** Ends an instruction: its deferred costs, then the next one. */
function settle(vm: Machine): Outcome {
  if (vm.deferredCost !== 0 && !vm.pay(vm.deferredCost)) return vm.fault;
  vm.pc = vm.nextPc;
  return undefined;
}

function pushOperand(vm: Machine): Outcome {
  const start = vm.pc + headerLength(vm.code[vm.pc] ?? 0);
  return vm.push(vm.code.subarray(start, vm.nextPc)) ? undefined : vm.fault;
}

function pushSmallInt(vm: Machine): Outcome {
  return vm.push(SMALL_INT_ITEMS[vm.code[vm.pc] ?? 0] ?? FALSE_ITEM) ? undefined : vm.fault;
}

function nop(): Outcome {
  return undefined;
}

function fail(): Outcome {
  return "ErrReturn";
}

function jump(vm: Machine): Outcome {
  vm.nextPc = readU32(vm.code, vm.pc + 1);
  return undefined;
}

function jumpIf(vm: Machine): Outcome {
  const condition = vm.popDeferred();
  if (condition === undefined) return vm.fault;
  if (decodeBool(condition)) jump(vm);
}

function verify(vm: Machine): Outcome {
  const condition = vm.popDeferred();
  if (condition === undefined) return vm.fault;
  return decodeBool(condition) ? undefined : "ErrVerifyFailed";
}

/** Begins a program from the stack on the top items, with a gas limit of its own (spec/bytom.md section 14.5). */
function checkPredicate(vm: Machine): Outcome {
  vm.deferredCost += PREDICATE_NET_COST - PREDICATE_COST;
  const limit = vm.popIntDeferred();
  if (limit === undefined) return vm.fault;
  const code = vm.popDeferred();
  if (code === undefined) return vm.fault;
  const wanted = vm.popIntDeferred();
  if (wanted === undefined) return vm.fault;
  if (limit < 0n) return "ErrBadValue";
  const depth = vm.stack.length;
  if (wanted > depth) return "ErrDataStackUnderflow";
  if (vm.depth >= PREDICATE_DEPTH_MAX) return "ErrRunLimitExceeded";
  const gas = limit === 0n ? vm.gas : Number(limit);
  if (!vm.pay(gas)) return vm.fault;
  vm.child = new Machine({
    code,
    rootCode: vm.rootCode,
    context: vm.context,
    rules: vm.rules,
    gas,
    expansionReserved: false,
    depth: vm.depth + 1,
    stack: vm.stack.splice(wanted < 0n ? 0 : depth - Number(wanted)),
  });
  return undefined;
}

/** What the predicate left comes back to its caller; its failure is a false and nothing more. */
function endPredicate(caller: Machine, child: Machine, error: Outcome): Outcome {
  caller.child = undefined;
  caller.deferredCost -= child.gas + stackCost(child.stack) + stackCost(child.altStack);
  caller.pushBoolDeferred(error === undefined && topIsTrue(child));
  return settle(caller);
}

const CONTROL_HANDLERS: readonly (readonly [number, Handler])[] = [
  [OP.FALSE, (vm) => (vm.push(FALSE_ITEM) ? undefined : vm.fault)],
  [OP.PUSHDATA1, pushOperand],
  [OP.PUSHDATA2, pushOperand],
  [OP.PUSHDATA4, pushOperand],
  [OP.NEGATE1, (vm) => (vm.push(MINUS_ONE_ITEM) ? undefined : vm.fault)],
  [0x61, nop],
  [OP.JUMP, jump],
  [OP.JUMPIF, jumpIf],
  [OP.VERIFY, verify],
  [OP.FAIL, fail],
  [OP.CHECKPREDICATE, checkPredicate],
];

function buildHandlers(): readonly (Handler | undefined)[] {
  const table: (Handler | undefined)[] = Array.from({ length: 256 }, () => undefined);
  for (let op = 1; op <= 75; op += 1) table[op] = pushOperand;
  for (let op: number = OP.TRUE; op <= OP.N16; op += 1) table[op] = pushSmallInt;
  const groups = [
    CONTROL_HANDLERS,
    STACK_HANDLERS,
    BYTES_HANDLERS,
    NUMERIC_HANDLERS,
    CRYPTO_HANDLERS,
    CONTEXT_HANDLERS,
  ];
  for (const [op, handler] of groups.flat()) table[op] = handler;
  return table;
}

const HANDLERS = buildHandlers();
const HANDLERS_WITH_MULFRACTION = HANDLERS.with(0xa6, mulFraction);
const COSTS: readonly number[] = OPCODES.map((opcode) => opcode.cost);
const COSTS_WITH_MULFRACTION: readonly number[] = opcodeTable({ mulFraction: true }).map((opcode) => opcode.cost);
