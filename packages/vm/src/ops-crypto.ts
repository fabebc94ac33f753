// Hashes and signatures (a8 to ae; spec/bytom.md sections 14.3 and 14.4). Prices: a hash costs its input, a signature
// 1024. CHECKMULTISIG pays for all keys before it pops them, so nobody gets a long list for free.

import { ripemd160, sha3_256, sha256 } from "@bystack/crypto/hash";
import type { Handler, Machine, Outcome } from "./machine.ts";

const MESSAGE_BYTES = 32;
const KEY_BYTES = 32;
const HASH_COST_MIN = 64;
const SIGNATURE_COST = 1024;
/** The largest key count whose price still fits 64 bits; a greater one is a bad value, not a lack of gas. */
const KEY_COUNT_MAX = ((1n << 63n) - 1n) / BigInt(SIGNATURE_COST);

function hashTop(vm: Machine, hash: (data: Uint8Array) => Uint8Array): Outcome {
  const data = vm.pop();
  if (data === undefined || !vm.pay(Math.max(HASH_COST_MIN, data.length))) return vm.fault;
  return vm.push(hash(data)) ? undefined : vm.fault;
}

function hash160(vm: Machine): Outcome {
  const data = vm.pop();
  if (data === undefined || !vm.pay(HASH_COST_MIN + data.length)) return vm.fault;
  return vm.push(ripemd160(data)) ? undefined : vm.fault;
}

function checkSig(vm: Machine): Outcome {
  const publicKey = vm.popDeferred();
  if (publicKey === undefined) return vm.fault;
  const message = vm.popDeferred();
  if (message === undefined) return vm.fault;
  const signature = vm.popDeferred();
  if (signature === undefined) return vm.fault;
  if (message.length !== MESSAGE_BYTES) return "ErrBadValue";
  vm.pushBoolDeferred(publicKey.length === KEY_BYTES && vm.rules.checkSig(publicKey, message, signature));
}

/** The top `count` items, the topmost first. */
function popMany(vm: Machine, count: number): Uint8Array[] | undefined {
  if (count > vm.stack.length) {
    vm.fault = "ErrDataStackUnderflow";
    return undefined;
  }
  const items: Uint8Array[] = [];
  for (let i = 0; i < count; i += 1) {
    const item = vm.popDeferred();
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

function checkMultiSig(vm: Machine): Outcome {
  const keyCount = vm.popNaturalDeferred();
  if (keyCount === undefined) return vm.fault;
  if (keyCount > KEY_COUNT_MAX) return "ErrBadValue";
  if (!vm.pay(Number(keyCount) * SIGNATURE_COST)) return vm.fault;
  const signatureCount = vm.popNaturalDeferred();
  if (signatureCount === undefined) return vm.fault;
  if (signatureCount > keyCount || (keyCount > 0n && signatureCount === 0n)) return "ErrBadValue";
  const keys = popMany(vm, Number(keyCount));
  if (keys === undefined) return vm.fault;
  const message = vm.popDeferred();
  if (message === undefined) return vm.fault;
  if (message.length !== MESSAGE_BYTES) return "ErrBadValue";
  const signatures = popMany(vm, Number(signatureCount));
  if (signatures === undefined) return vm.fault;
  vm.pushBoolDeferred(everySignatureHasItsKey(vm, { keys, message, signatures }));
}

/** Keys and signatures must be in the same order; a key may be skipped, a signature may not. */
function everySignatureHasItsKey(
  vm: Machine,
  check: { keys: readonly Uint8Array[]; message: Uint8Array; signatures: readonly Uint8Array[] },
): boolean {
  const { keys, message, signatures } = check;
  if (keys.some((key) => key.length !== KEY_BYTES)) return false;
  let matched = 0;
  for (const key of keys) {
    const signature = signatures[matched];
    if (signature === undefined) break;
    if (vm.rules.checkSig(key, message, signature)) matched += 1;
  }
  return matched === signatures.length;
}

function txSigHash(vm: Machine): Outcome {
  if (vm.context.txSigHash === undefined) return "ErrContext";
  return vm.push(vm.context.txSigHash()) ? undefined : vm.fault;
}

export const CRYPTO_HANDLERS: readonly (readonly [number, Handler])[] = [
  [0xa8, (vm) => hashTop(vm, sha256)],
  [0xaa, (vm) => hashTop(vm, sha3_256)],
  [0xab, hash160],
  [0xac, checkSig],
  [0xad, checkMultiSig],
  [0xae, txSigHash],
];
