// Instructions that move items about (6b to 7d). All of them pay for memory at once; the ones that only rearrange pay
// nothing for it.

import type { Handler, Machine, Outcome } from "./machine.ts";
import { decodeBool, decodeInt, encodeInt, INT64_MAX } from "./numbers.ts";

const UNDERFLOW = "ErrDataStackUnderflow";

function toAltStack(vm: Machine): Outcome {
  const item = vm.stack.pop();
  if (item === undefined) return UNDERFLOW;
  vm.altStack.push(item);
}

function fromAltStack(vm: Machine): Outcome {
  const item = vm.altStack.pop();
  if (item === undefined) return "ErrAltStackUnderflow";
  vm.stack.push(item);
}

function drop(vm: Machine): Outcome {
  return vm.pop() === undefined ? vm.fault : undefined;
}

function drop2(vm: Machine): Outcome {
  return drop(vm) ?? drop(vm);
}

/** Pushes copies of the `count` items that end `below` places under the top, in their order. */
function copy(vm: Machine, count: number, below: number): Outcome {
  const first = vm.stack.length - below - count;
  if (first < 0) return UNDERFLOW;
  for (let i = first; i < first + count; i += 1) {
    const item = vm.stack[i];
    if (item === undefined) return UNDERFLOW;
    if (!vm.push(item)) return vm.fault;
  }
}

/** Moves the `count` items that end `below` places under the top to the top, in their order. */
function lift(vm: Machine, count: number, below: number): Outcome {
  const first = vm.stack.length - below - count;
  if (first < 0) return UNDERFLOW;
  vm.stack.push(...vm.stack.splice(first, count));
}

function ifDup(vm: Machine): Outcome {
  const top = vm.peek(0);
  if (top === undefined) return vm.fault;
  if (decodeBool(top) && !vm.push(top)) return vm.fault;
}

function depth(vm: Machine): Outcome {
  return vm.push(encodeInt(BigInt(vm.stack.length))) ? undefined : vm.fault;
}

function nip(vm: Machine): Outcome {
  const top = vm.stack.pop();
  if (top === undefined || vm.pop() === undefined) return UNDERFLOW;
  vm.stack.push(top);
}

function tuck(vm: Machine): Outcome {
  const top = vm.peek(0);
  if (top === undefined || vm.stack.length < 2) return UNDERFLOW;
  if (!vm.push(top)) return vm.fault;
  return lift(vm, 1, 1) ?? lift(vm, 1, 2) ?? lift(vm, 1, 1);
}

/** The operand of PICK and ROLL as a depth; anything beyond the stack is an underflow. */
function popDepth(vm: Machine): number | undefined {
  const item = vm.pop();
  if (item === undefined) return undefined;
  const value = decodeInt(item);
  // The greatest integer has no successor, so the reference calls it a bad value and not an underflow.
  if (value === undefined || value < 0n || value === INT64_MAX) vm.fault = "ErrBadValue";
  else if (value >= vm.stack.length) vm.fault = UNDERFLOW;
  else return Number(value);
}

function pick(vm: Machine): Outcome {
  const below = popDepth(vm);
  return below === undefined ? vm.fault : copy(vm, 1, below);
}

function roll(vm: Machine): Outcome {
  const below = popDepth(vm);
  return below === undefined ? vm.fault : lift(vm, 1, below);
}

export const STACK_HANDLERS: readonly (readonly [number, Handler])[] = [
  [0x6b, toAltStack],
  [0x6c, fromAltStack],
  [0x6d, drop2],
  [0x6e, (vm) => copy(vm, 2, 0)],
  [0x6f, (vm) => copy(vm, 3, 0)],
  [0x70, (vm) => copy(vm, 2, 2)],
  [0x71, (vm) => lift(vm, 2, 4)],
  [0x72, (vm) => lift(vm, 2, 2)],
  [0x73, ifDup],
  [0x74, depth],
  [0x75, drop],
  [0x76, (vm) => copy(vm, 1, 0)],
  [0x77, nip],
  [0x78, (vm) => copy(vm, 1, 1)],
  [0x79, pick],
  [0x7a, roll],
  [0x7b, (vm) => lift(vm, 1, 2)],
  [0x7c, (vm) => lift(vm, 1, 1)],
  [0x7d, tuck],
];
