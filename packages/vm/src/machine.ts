// The state of one running program: two stacks, gas, and the two ways of paying for stack memory (spec/bytom.md section
// 14.1). Items are immutable byte strings that may share memory (docs/adr/0001-immutable-vm-strings.md): nothing here or
// in an instruction writes into an item. Operations answer undefined or false on failure and leave the kind in `fault`.

import type { VmContext, VmRules } from "./context.ts";
import type { VmErrorCode } from "./errors.ts";
import { decodeInt, encodeBool, encodeInt } from "./numbers.ts";

/** Gas for keeping an item on a stack, beside one unit per byte. */
const ITEM_COST = 8;

export type MachineOptions = {
  readonly code: Uint8Array;
  readonly rootCode: Uint8Array;
  readonly context: VmContext;
  readonly rules: VmRules;
  readonly gas: number;
  readonly expansionReserved: boolean;
  readonly depth: number;
  readonly stack: Uint8Array[];
};

/** Memory cost of everything on a stack. */
export function stackCost(stack: readonly Uint8Array[]): number {
  let cost = 0;
  for (const item of stack) cost += ITEM_COST + item.length;
  return cost;
}

export class Machine {
  readonly code: Uint8Array;
  /** The top-level program, which PROGRAM answers even inside a predicate. */
  readonly rootCode: Uint8Array;
  readonly context: VmContext;
  readonly rules: VmRules;
  readonly expansionReserved: boolean;
  /** How many CHECKPREDICATEs this program is inside of. */
  readonly depth: number;
  readonly stack: Uint8Array[];
  readonly altStack: Uint8Array[] = [];
  gas: number;
  deferredCost = 0;
  pc = 0;
  nextPc = 0;
  fault: VmErrorCode = "ErrDataStackUnderflow";
  /** The predicate that this machine waits for. */
  child: Machine | undefined = undefined;

  constructor(options: MachineOptions) {
    this.code = options.code;
    this.rootCode = options.rootCode;
    this.context = options.context;
    this.rules = options.rules;
    this.expansionReserved = options.expansionReserved;
    this.depth = options.depth;
    this.stack = options.stack;
    this.gas = options.gas;
  }

  /** Takes `cost` (which may be negative) from the gas. Too much empties it and is false. */
  pay(cost: number): boolean {
    if (cost > this.gas) {
      this.gas = 0;
      this.fault = "ErrRunLimitExceeded";
      return false;
    }
    this.gas -= cost;
    return true;
  }

  push(item: Uint8Array): boolean {
    if (!this.pay(ITEM_COST + item.length)) return false;
    this.stack.push(item);
    return true;
  }

  pushDeferred(item: Uint8Array): void {
    this.deferredCost += ITEM_COST + item.length;
    this.stack.push(item);
  }

  pushBoolDeferred(value: boolean): void {
    this.pushDeferred(encodeBool(value));
  }

  pushIntDeferred(value: bigint): void {
    this.pushDeferred(encodeInt(value));
  }

  pop(): Uint8Array | undefined {
    const item = this.stack.pop();
    if (item === undefined) this.fault = "ErrDataStackUnderflow";
    else this.gas += ITEM_COST + item.length;
    return item;
  }

  popDeferred(): Uint8Array | undefined {
    const item = this.stack.pop();
    if (item === undefined) this.fault = "ErrDataStackUnderflow";
    else this.deferredCost -= ITEM_COST + item.length;
    return item;
  }

  popIntDeferred(): bigint | undefined {
    const item = this.popDeferred();
    if (item === undefined) return undefined;
    const value = decodeInt(item);
    if (value === undefined) this.fault = "ErrBadValue";
    return value;
  }

  /** A non-negative integer. Callers compare it with a length or pay it as gas. */
  popNaturalDeferred(): bigint | undefined {
    const value = this.popIntDeferred();
    if (value !== undefined && value < 0n) {
      this.fault = "ErrBadValue";
      return undefined;
    }
    return value;
  }

  /** The item `depth` places below the top, without taking it. */
  peek(depth: number): Uint8Array | undefined {
    const item = this.stack[this.stack.length - 1 - depth];
    if (item === undefined) this.fault = "ErrDataStackUnderflow";
    return item;
  }
}

/** What an instruction answers: nothing, or why it failed. */
export type Outcome = VmErrorCode | undefined;
export type Handler = (vm: Machine) => Outcome;
