// The Tensority kernel in WebAssembly SIMD: loads build/tensority.wasm (compiled by the set-up from
// assembly/tensority.ts, which says how memory is laid out) and grows its memory by 16 MiB for each seed in use.

import { readFileSync } from "node:fs";
import { cryptoError } from "./errors.ts";
import { TENSORITY_SEED_BYTES, type TensorityKernel } from "./tensority-kernel.ts";

/** Where set-up puts the compiled kernel. */
export const KERNEL_FILE = new URL("../build/tensority.wasm", import.meta.url);

// The fixed addresses of assembly/tensority.ts.
const EXTENDED_SEED = 8_192;
const INDEXES = 12_288;
const FOLDED = 16_384;
const SUM = 65_536;
const SLOTS = 524_288;
const PAGE_BYTES = 65_536;

type KernelMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number };

type KernelExports = {
  readonly memory: KernelMemory;
  fillSlot(slot: number): void;
  multiply(slot: number): void;
};

type Exports = Readonly<Record<string, unknown>>;

/** The part of the WebAssembly interface in use; the type libraries of this project have none. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
  readonly Memory: new (descriptor: { initial: number }) => KernelMemory;
};

function isKernelExports(exports: Exports): exports is Exports & KernelExports {
  const { memory, fillSlot, multiply } = exports;
  return memory instanceof WebAssembly.Memory && typeof fillSlot === "function" && typeof multiply === "function";
}

function instantiate(file: URL): KernelExports {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)));
    if (isKernelExports(exports)) return exports;
  } catch (cause) {
    throw cryptoError("WASM_KERNEL_MISSING", { why: cause instanceof Error ? cause.message : String(cause), cause });
  }
  throw cryptoError("WASM_KERNEL_MISSING", { why: "the file is not a Tensority kernel of this version" });
}

/** The WebAssembly kernel; the two views beyond {@link TensorityKernel} are for tests of intermediate values. */
export type WasmKernel = TensorityKernel & {
  /** The packed cache of a slot, a view that the next growth of memory invalidates. */
  packedCache(slot: number): Uint8Array;
  /** The 256 x 256 bytes of the sum of the four chains of the last multiplication (5.4), copied. */
  sum(): Uint8Array;
};

/** @throws BystackError WASM_KERNEL_MISSING when the compiled kernel is absent or unusable. */
export function createWasmKernel(file: URL = KERNEL_FILE): WasmKernel {
  const kernel = instantiate(file);
  const bytes = (from: number, length: number) => new Uint8Array(kernel.memory.buffer, from, length);

  return {
    backend: "wasm",
    fillSlot(slot, extendedSeed) {
      const missing = SLOTS + (slot + 1) * TENSORITY_SEED_BYTES - kernel.memory.buffer.byteLength;
      if (missing > 0) kernel.memory.grow(Math.ceil(missing / PAGE_BYTES));
      bytes(EXTENDED_SEED, 128).set(extendedSeed);
      kernel.fillSlot(slot);
    },
    multiply(slot, indexes) {
      bytes(INDEXES, 128).set(indexes);
      kernel.multiply(slot);
      return bytes(FOLDED, 256).slice();
    },
    packedCache: (slot) => bytes(SLOTS + slot * TENSORITY_SEED_BYTES, TENSORITY_SEED_BYTES),
    sum: () => bytes(SUM, 65_536).slice(),
  };
}
