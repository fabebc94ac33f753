// Prints the median hash rate and the time to fill the cache of a seed, for each Tensority backend, on one core.
// Usage: node packages/crypto/bench/tensority.ts [backend ...]

import { sha3_256 } from "../src/hash.ts";
import { extendSeed, matrixIndexes, type TensorityKernel } from "../src/tensority-kernel.ts";
import { createScalarKernel } from "../src/tensority-scalar.ts";
import { createWasmKernel } from "../src/tensority-wasm.ts";
import { medianMs } from "./median.ts";

const plans: readonly { create: () => TensorityKernel; fills: number; hashes: number }[] = [
  { create: createScalarKernel, fills: 3, hashes: 5 },
  { create: createWasmKernel, fills: 9, hashes: 25 },
];

const wanted = process.argv.slice(2);
for (const { create, fills, hashes } of plans) {
  const kernel = create();
  if (wanted.length > 0 && !wanted.includes(kernel.backend)) continue;
  const word = (index: number) => sha3_256(new Uint8Array([index]));
  const fillMs = medianMs(fills, (index) => kernel.fillSlot(0, extendSeed(word(index))));
  // Everything a hash needs when its seed is cached: the choice of matrices, the products, the last SHA-3.
  const hashMs = medianMs(hashes, (index) => sha3_256(kernel.multiply(0, matrixIndexes(word(index)))));
  console.log(
    `${kernel.backend}: ${(1000 / hashMs).toFixed(2)} hashes/s (median of ${hashes}), seed cache ${fillMs.toFixed(0)} ms (median of ${fills})`,
  );
}
