// Tensority, the proof-of-work function of the main chain (spec/bytom.md section 5), behind one interface for all
// backends. The choice is made aloud: a backend that is absent is an error, never another backend in its place.

import { existsSync } from "node:fs";
import { assertInvariant } from "@bystack/utils/errors";
import { cryptoError } from "./errors.ts";
import { type Tensority, type TensorityBackend, tensorityOfKernel } from "./tensority-kernel.ts";
import { createScalarKernel } from "./tensority-scalar.ts";
import { createWasmKernel, KERNEL_FILE } from "./tensority-wasm.ts";

export {
  TENSORITY_BACKENDS,
  TENSORITY_SEED_BYTES,
  type Tensority,
  type TensorityBackend,
  type TensorityKernel,
  tensorityOfKernel,
} from "./tensority-kernel.ts";

/** Two seeds (32 MiB): around every 256th block, headers of the old and of the new seed come mixed. */
export const TENSORITY_SEEDS_DEFAULT = 2;

/** What the memory of the WebAssembly kernel has room for (assembly/asconfig.json): 64 MiB of caches. */
export const TENSORITY_SEEDS_MAX = 4;

export type TensorityFactory = (options: { readonly maxSeeds: number }) => Tensority;

const factories = new Map<TensorityBackend, TensorityFactory>([
  ["ts", ({ maxSeeds }) => tensorityOfKernel(createScalarKernel(), maxSeeds)],
  ["wasm", ({ maxSeeds }) => tensorityOfKernel(createWasmKernel(), maxSeeds)],
]);

/** Makes a backend available in this thread: how the loader of the native crate announces itself. */
export function registerTensority(backend: TensorityBackend, factory: TensorityFactory): void {
  factories.set(backend, factory);
}

/**
 * A Tensority of the given backend that keeps the caches of up to `maxSeeds` seeds (1 to 4), 16 MiB each.
 * @throws BystackError WASM_KERNEL_MISSING, NATIVE_BACKEND_MISSING
 */
export function createTensority(options: {
  readonly backend: TensorityBackend;
  readonly maxSeeds?: number;
}): Tensority {
  const factory = factories.get(options.backend);
  if (factory === undefined) throw cryptoError("NATIVE_BACKEND_MISSING");
  const { maxSeeds = TENSORITY_SEEDS_DEFAULT } = options;
  assertInvariant(maxSeeds <= TENSORITY_SEEDS_MAX, `a Tensority keeps at most ${TENSORITY_SEEDS_MAX} seeds`);
  return factory({ maxSeeds });
}

/** The fastest backend that is there: a registered native one, WebAssembly once set-up has built it, TypeScript always. */
export function fastestTensority(): TensorityBackend {
  if (factories.has("native")) return "native";
  return existsSync(KERNEL_FILE) ? "wasm" : "ts";
}
