// Instructions that ask about the transaction (c1 to cd; spec/bytom.md sections 14.6 and 14.7). What the entry does not
// have is ErrContext.

import type { VmContext } from "./context.ts";
import type { Handler, Machine, Outcome } from "./machine.ts";

function checkOutput(vm: Machine): Outcome {
  const code = vm.popDeferred();
  if (code === undefined) return vm.fault;
  const vmVersion = vm.popNaturalDeferred();
  if (vmVersion === undefined) return vm.fault;
  const assetId = vm.popDeferred();
  if (assetId === undefined) return vm.fault;
  const amount = vm.popNaturalDeferred();
  if (amount === undefined) return vm.fault;
  const index = vm.popNaturalDeferred();
  if (index === undefined) return vm.fault;
  if (vm.context.checkOutput === undefined) return "ErrContext";
  const { expansionReserved } = vm;
  const answer = vm.context.checkOutput({ index, amount, vmVersion, assetId, code, expansionReserved });
  if (typeof answer === "string") return answer;
  vm.pushBoolDeferred(answer);
}

function pushBytes(field: (context: VmContext) => Uint8Array | undefined): Handler {
  return (vm) => {
    const item = field(vm.context);
    if (item === undefined) return "ErrContext";
    vm.pushDeferred(item);
  };
}

function pushNumber(field: (context: VmContext) => bigint | undefined): Handler {
  return (vm) => {
    const value = field(vm.context);
    if (value === undefined) return "ErrContext";
    // The wire allows 63 bits; the reference reinterprets anything above as negative.
    vm.pushIntDeferred(BigInt.asIntN(64, value));
  };
}

function program(vm: Machine): Outcome {
  vm.pushDeferred(vm.rootCode);
  return undefined;
}

export const CONTEXT_HANDLERS: readonly (readonly [number, Handler])[] = [
  [0xc1, checkOutput],
  [0xc2, pushBytes((context) => context.assetId)],
  [0xc3, pushNumber((context) => context.amount)],
  [0xc4, program],
  [0xc9, pushNumber((context) => context.destinationPosition)],
  [0xca, pushBytes((context) => context.entryId)],
  [0xcb, pushBytes((context) => context.spentOutputId)],
  [0xcd, pushNumber((context) => context.blockHeight)],
];
