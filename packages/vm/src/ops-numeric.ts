// Instructions on integers and booleans (8b to a5, and MULFRACTION at a6). Operands are popped from the top, so the right
// one is read, and can fail, before the left one. Results outside 64 bits are ErrRange. DIV truncates toward zero while
// MOD takes the sign of the divisor: a quirk of the reference that programs can observe.

import type { Handler, Machine, Outcome } from "./machine.ts";
import { decodeBool, INT64_MAX, INT64_MIN } from "./numbers.ts";

function pushResult(vm: Machine, value: bigint): Outcome {
  if (value > INT64_MAX || value < INT64_MIN) return "ErrRange";
  vm.pushIntDeferred(value);
}

function unary(compute: (x: bigint) => bigint): Handler {
  return (vm) => {
    const x = vm.popIntDeferred();
    return x === undefined ? vm.fault : pushResult(vm, compute(x));
  };
}

function binary(compute: (x: bigint, y: bigint) => bigint): Handler {
  return (vm) => {
    const y = vm.popIntDeferred();
    if (y === undefined) return vm.fault;
    const x = vm.popIntDeferred();
    return x === undefined ? vm.fault : pushResult(vm, compute(x, y));
  };
}

function compare(holds: (x: bigint, y: bigint) => boolean): Handler {
  return (vm) => {
    const y = vm.popIntDeferred();
    if (y === undefined) return vm.fault;
    const x = vm.popIntDeferred();
    if (x === undefined) return vm.fault;
    vm.pushBoolDeferred(holds(x, y));
  };
}

function divide(compute: (x: bigint, y: bigint) => bigint): Handler {
  return (vm) => {
    const y = vm.popIntDeferred();
    if (y === undefined) return vm.fault;
    const x = vm.popIntDeferred();
    if (x === undefined) return vm.fault;
    if (y === 0n) return "ErrDivZero";
    // The one quotient that does not fit; the reference refuses the remainder too, although that would be 0.
    if (x === INT64_MIN && y === -1n) return "ErrRange";
    return pushResult(vm, compute(x, y));
  };
}

function flooredRemainder(x: bigint, y: bigint): bigint {
  const remainder = x % y;
  return remainder !== 0n && remainder < 0n !== y < 0n ? remainder + y : remainder;
}

function truth(vm: Machine, holds: (x: bigint) => boolean): Outcome {
  const x = vm.popIntDeferred();
  if (x === undefined) return vm.fault;
  vm.pushBoolDeferred(holds(x));
}

function leftShift(vm: Machine): Outcome {
  const y = vm.popNaturalDeferred();
  if (y === undefined) return vm.fault;
  const x = vm.popIntDeferred();
  if (x === undefined) return vm.fault;
  if (x === 0n || y === 0n) return pushResult(vm, x);
  return y >= 64n ? "ErrRange" : pushResult(vm, x << y);
}

function rightShift(vm: Machine): Outcome {
  const y = vm.popIntDeferred();
  if (y === undefined) return vm.fault;
  const x = vm.popIntDeferred();
  if (x === undefined) return vm.fault;
  if (y < 0n) return "ErrBadValue";
  return pushResult(vm, y >= 64n ? x >> 63n : x >> y);
}

function boolean(combine: (x: boolean, y: boolean) => boolean): Handler {
  return (vm) => {
    const y = vm.popDeferred();
    if (y === undefined) return vm.fault;
    const x = vm.popDeferred();
    if (x === undefined) return vm.fault;
    vm.pushBoolDeferred(combine(decodeBool(x), decodeBool(y)));
  };
}

function numEqualVerify(vm: Machine): Outcome {
  const y = vm.popIntDeferred();
  if (y === undefined) return vm.fault;
  const x = vm.popIntDeferred();
  if (x === undefined) return vm.fault;
  return x === y ? undefined : "ErrVerifyFailed";
}

function within(vm: Machine): Outcome {
  const max = vm.popIntDeferred();
  if (max === undefined) return vm.fault;
  const min = vm.popIntDeferred();
  if (min === undefined) return vm.fault;
  const x = vm.popIntDeferred();
  if (x === undefined) return vm.fault;
  vm.pushBoolDeferred(min <= x && x < max);
}

/** x y z gives trunc(x * y / z), the product without a limit (spec/vapor.md section 7.2). Side chains only. */
export function mulFraction(vm: Machine): Outcome {
  const z = vm.popIntDeferred();
  if (z === undefined) return vm.fault;
  const y = vm.popIntDeferred();
  if (y === undefined) return vm.fault;
  const x = vm.popIntDeferred();
  if (x === undefined) return vm.fault;
  return z === 0n ? "ErrDivZero" : pushResult(vm, (x * y) / z);
}

// Math.min and Math.max take no bigint.
function smaller(x: bigint, y: bigint): bigint {
  if (x < y) return x;
  return y;
}

function greater(x: bigint, y: bigint): bigint {
  if (x > y) return x;
  return y;
}

export const NUMERIC_HANDLERS: readonly (readonly [number, Handler])[] = [
  [0x8b, unary((x) => x + 1n)],
  [0x8c, unary((x) => x - 1n)],
  [0x8d, unary((x) => x * 2n)],
  [0x8e, unary((x) => x >> 1n)],
  [0x8f, unary((x) => -x)],
  [0x90, unary((x) => (x < 0n ? -x : x))],
  [0x91, (vm) => truth(vm, (x) => x === 0n)],
  [0x92, (vm) => truth(vm, (x) => x !== 0n)],
  [0x93, binary((x, y) => x + y)],
  [0x94, binary((x, y) => x - y)],
  [0x95, binary((x, y) => x * y)],
  [0x96, divide((x, y) => x / y)],
  [0x97, divide(flooredRemainder)],
  [0x98, leftShift],
  [0x99, rightShift],
  [0x9a, boolean((x, y) => x && y)],
  [0x9b, boolean((x, y) => x || y)],
  [0x9c, compare((x, y) => x === y)],
  [0x9d, numEqualVerify],
  [0x9e, compare((x, y) => x !== y)],
  [0x9f, compare((x, y) => x < y)],
  [0xa0, compare((x, y) => x > y)],
  [0xa1, compare((x, y) => x <= y)],
  [0xa2, compare((x, y) => x >= y)],
  [0xa3, binary(smaller)],
  [0xa4, binary(greater)],
  [0xa5, within],
];
