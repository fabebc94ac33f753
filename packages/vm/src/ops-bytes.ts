// Instructions on byte strings (7e to 89): joining, cutting, bitwise logic, equality. Cutting returns views, joining makes
// new strings; no operand is ever changed (docs/adr/0001-immutable-vm-strings.md). CAT, SUBSTR, LEFT and RIGHT also charge
// the bytes they touch at once and give that back when they have finished.

import { concatBytes, equalBytes } from "@bystack/utils/bytes";
import type { Handler, Machine, Outcome } from "./machine.ts";
import { pushData } from "./numbers.ts";

/** Charges `cost` now and schedules its refund. */
function payForNow(vm: Machine, cost: number): boolean {
  if (!vm.pay(cost)) return false;
  vm.deferredCost -= cost;
  return true;
}

function join(vm: Machine, asPush: boolean): Outcome {
  const b = vm.popDeferred();
  if (b === undefined) return vm.fault;
  const a = vm.popDeferred();
  if (a === undefined) return vm.fault;
  if (!payForNow(vm, a.length + b.length)) return vm.fault;
  vm.pushDeferred(concatBytes(a, asPush ? pushData(b) : b));
}

function substr(vm: Machine): Outcome {
  const size = vm.popNaturalDeferred();
  if (size === undefined || !payForNow(vm, Number(size))) return vm.fault;
  const offset = vm.popNaturalDeferred();
  if (offset === undefined) return vm.fault;
  const text = vm.popDeferred();
  if (text === undefined) return vm.fault;
  if (offset + size > text.length) return "ErrBadValue";
  vm.pushDeferred(text.subarray(Number(offset), Number(offset + size)));
}

function leftOrRight(vm: Machine, right: boolean): Outcome {
  const wanted = vm.popNaturalDeferred();
  if (wanted === undefined || !payForNow(vm, Number(wanted))) return vm.fault;
  const text = vm.popDeferred();
  if (text === undefined) return vm.fault;
  if (wanted > text.length) return "ErrBadValue";
  const size = Number(wanted);
  vm.pushDeferred(right ? text.subarray(text.length - size) : text.subarray(0, size));
}

function size(vm: Machine): Outcome {
  const top = vm.peek(0);
  if (top === undefined) return vm.fault;
  vm.pushIntDeferred(BigInt(top.length));
}

function invert(vm: Machine): Outcome {
  const top = vm.peek(0);
  if (top === undefined || !vm.pay(top.length)) return vm.fault;
  const inverted = new Uint8Array(top.length);
  for (let i = 0; i < top.length; i += 1) inverted[i] = ~(top[i] ?? 0);
  vm.stack[vm.stack.length - 1] = inverted;
}

/** AND cuts to the shorter operand. */
function and(vm: Machine): Outcome {
  const b = vm.popDeferred();
  if (b === undefined) return vm.fault;
  const a = vm.popDeferred();
  if (a === undefined) return vm.fault;
  const length = Math.min(a.length, b.length);
  if (!vm.pay(length)) return vm.fault;
  const result = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) result[i] = (a[i] ?? 0) & (b[i] ?? 0);
  vm.pushDeferred(result);
}

/** OR and XOR extend the shorter operand with zeros at its end. */
function orOrXor(vm: Machine, exclusive: boolean): Outcome {
  const b = vm.popDeferred();
  if (b === undefined) return vm.fault;
  const a = vm.popDeferred();
  if (a === undefined) return vm.fault;
  const length = Math.max(a.length, b.length);
  if (!vm.pay(length)) return vm.fault;
  const result = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    result[i] = exclusive ? x ^ y : x | y;
  }
  vm.pushDeferred(result);
}

/** Whether the top two are equal; undefined with a fault. */
function popEqual(vm: Machine): boolean | undefined {
  const b = vm.popDeferred();
  if (b === undefined) return undefined;
  const a = vm.popDeferred();
  if (a === undefined || !vm.pay(Math.min(a.length, b.length))) return undefined;
  return equalBytes(a, b);
}

function equal(vm: Machine): Outcome {
  const same = popEqual(vm);
  if (same === undefined) return vm.fault;
  vm.pushBoolDeferred(same);
}

function equalVerify(vm: Machine): Outcome {
  const same = popEqual(vm);
  if (same === undefined) return vm.fault;
  return same ? undefined : "ErrVerifyFailed";
}

export const BYTES_HANDLERS: readonly (readonly [number, Handler])[] = [
  [0x7e, (vm) => join(vm, false)],
  [0x7f, substr],
  [0x80, (vm) => leftOrRight(vm, false)],
  [0x81, (vm) => leftOrRight(vm, true)],
  [0x82, size],
  [0x83, invert],
  [0x84, and],
  [0x85, (vm) => orOrXor(vm, false)],
  [0x86, (vm) => orOrXor(vm, true)],
  [0x87, equal],
  [0x88, equalVerify],
  [0x89, (vm) => join(vm, true)],
];
