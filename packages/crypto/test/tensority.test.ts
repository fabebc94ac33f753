// Every backend on the recorded results; the plain one on a few, with the values in between, because it is slow.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { sha3_256 } from "../src/hash.ts";
import { createTensority, registerTensority, type TensorityKernel, tensorityOfKernel } from "../src/tensority.ts";
import { extendSeed, matrixIndexes } from "../src/tensority-kernel.ts";
import { createScalarKernel } from "../src/tensority-scalar.ts";
import { createWasmKernel } from "../src/tensority-wasm.ts";
import { sample, vectorCases } from "./vectors.ts";

type Case = {
  name: string;
  block_hash: string;
  seed: string;
  result: string;
  extended_seed?: string;
  cache_sha3_256?: string;
  cache_first_block_sha3_256?: string;
  cache_first_64_bytes?: string;
  cache_last_64_bytes?: string;
  matrix_result_sha3_256?: string;
  matrix_result_first_32_bytes?: string;
};

const cases = vectorCases<Case>("bytom/tensority.json");
const detailed = cases.filter((c) => c.cache_sha3_256 !== undefined);

/** Puts a packed cache of the WebAssembly kernel back into the order of the specification. */
function unpack(packed: Uint8Array): Uint8Array {
  const cache = new Uint8Array(packed.length);
  for (let matrix = 0; matrix < 256; matrix += 1) {
    for (let row = 0; row < 256; row += 1) {
      const from = matrix * 65_536 + (row >> 2) * 1024 + (row & 3) * 2;
      const to = (matrix >> 1) * 131_072 + (4 * row + (matrix & 1)) * 128;
      for (let k = 0; k < 256; k += 1) cache[to + k + (k & 128)] = packed[from + (k >> 1) * 8 + (k & 1)] ?? 0;
    }
  }
  return cache;
}

function checkInBetween(c: Case, kernel: TensorityKernel & { sum(): Uint8Array }, cache: () => Uint8Array): void {
  const extended = extendSeed(hexToBytes(c.seed));
  assert.equal(bytesToHex(extended), c.extended_seed);
  kernel.fillSlot(0, extended);
  const filled = cache();
  assert.equal(bytesToHex(sha3_256(filled)), c.cache_sha3_256);
  assert.equal(bytesToHex(sha3_256(filled.subarray(0, 131_072))), c.cache_first_block_sha3_256);
  assert.equal(bytesToHex(filled.subarray(0, 64)), c.cache_first_64_bytes);
  assert.equal(bytesToHex(filled.subarray(-64)), c.cache_last_64_bytes);
  const folded = kernel.multiply(0, matrixIndexes(hexToBytes(c.block_hash)));
  assert.equal(bytesToHex(sha3_256(kernel.sum())), c.matrix_result_sha3_256);
  assert.equal(bytesToHex(kernel.sum().subarray(0, 32)), c.matrix_result_first_32_bytes);
  assert.equal(bytesToHex(sha3_256(folded)), c.result);
}

test("the vectors are there", () => {
  assert.equal(cases.length, 22);
  assert.ok(detailed.length >= 5);
});

for (const c of detailed.slice(0, 2)) {
  test(`ts: ${c.name}, with the values in between`, () => {
    const kernel = createScalarKernel();
    checkInBetween(c, kernel, () => kernel.cache(0));
  });
}

test("ts: through the interface", () => {
  const c = cases.find(({ name }) => name === "solonet-block-257");
  assert.ok(c);
  const tensority = createTensority({ backend: "ts", maxSeeds: 1 });
  assert.equal(tensority.backend, "ts");
  assert.equal(bytesToHex(tensority.hash(hexToBytes(c.block_hash), hexToBytes(c.seed))), c.result);
});

for (const c of detailed) {
  test(`wasm: ${c.name}, with the values in between`, () => {
    const kernel = createWasmKernel();
    checkInBetween(c, kernel, () => unpack(kernel.packedCache(0)));
  });
}

test("wasm: all recorded results, with two seeds in turn", () => {
  const tensority = createTensority({ backend: "wasm" });
  assert.equal(tensority.backend, "wasm");
  for (const c of cases) {
    assert.equal(bytesToHex(tensority.hash(hexToBytes(c.block_hash), hexToBytes(c.seed))), c.result, c.name);
  }
});

/** A kernel that only notes what is asked of it; its result tells which seed its slot holds. */
function noteKernel(): { kernel: TensorityKernel; fills: string[]; failNext: () => void } {
  const slots: Uint8Array[] = [];
  const fills: string[] = [];
  let fails = false;
  const kernel: TensorityKernel = {
    backend: "native",
    fillSlot(slot, extended) {
      if (fails) {
        fails = false;
        throw new Error("out of memory");
      }
      fills.push(`${slot}:${extended[0]}`);
      slots[slot] = extended.slice();
    },
    multiply: (slot) => slots[slot] ?? new Uint8Array(0),
  };
  return {
    kernel,
    fills,
    failNext: () => {
      fails = true;
    },
  };
}

test("the cache of seeds keeps the most recently used ones", () => {
  const { kernel, fills, failNext } = noteKernel();
  const tensority = tensorityOfKernel(kernel, 2);
  const seed = (byte: number) => new Uint8Array(32).fill(byte);
  const header = sample("header", 0);
  const expected = (byte: number) => sha3_256(extendSeed(seed(byte)));
  for (const byte of [1, 2, 1, 3, 1, 2]) assert.deepEqual(tensority.hash(header, seed(byte)), expected(byte));
  assert.deepEqual(fills, ["0:1", "1:2", "1:3", "1:2"]); // 3 took the place of 2, 2 that of 3; 1 stayed
  failNext();
  assert.throws(() => tensority.hash(header, seed(4)), /out of memory/);
  assert.deepEqual(tensority.hash(header, seed(2)), expected(2)); // the failed one left nothing behind
  assert.deepEqual(tensority.hash(header, seed(5)), expected(5));
  assert.deepEqual(tensority.hash(header, seed(2)), expected(2));
});

test("wasm: four seeds at once, no fifth", () => {
  const tensority = createTensority({ backend: "wasm", maxSeeds: 4 });
  const seeds = [...new Set(cases.map(({ seed }) => seed))].slice(0, 4);
  assert.equal(seeds.length, 4);
  for (const c of [...cases, ...cases].filter(({ seed }) => seeds.includes(seed)).slice(0, 12)) {
    assert.equal(bytesToHex(tensority.hash(hexToBytes(c.block_hash), hexToBytes(c.seed))), c.result, c.name);
  }
  assert.throws(() => createTensority({ backend: "wasm", maxSeeds: 5 }), /invariant/);
});

test("hashes and seeds of a wrong length are a programmer's error", () => {
  const tensority = tensorityOfKernel(noteKernel().kernel, 1);
  assert.throws(() => tensority.hash(new Uint8Array(31), new Uint8Array(32)), /invariant/);
  assert.throws(() => tensority.hash(new Uint8Array(32), new Uint8Array(33)), /invariant/);
  assert.throws(() => tensorityOfKernel(noteKernel().kernel, 0), /invariant/);
});

test("an absent backend is said aloud; a registered one is used", () => {
  const codeIs = (code: string) => (error: unknown) => error instanceof BystackError && error.code === code;
  assert.throws(() => createTensority({ backend: "native" }), codeIs("NATIVE_BACKEND_MISSING"));
  registerTensority("native", ({ maxSeeds }) => tensorityOfKernel(noteKernel().kernel, maxSeeds));
  assert.equal(createTensority({ backend: "native" }).backend, "native");
  assert.throws(() => createWasmKernel(new URL("absent.wasm", import.meta.url)), codeIs("WASM_KERNEL_MISSING"));
  assert.throws(() => createWasmKernel(pathToFileURL(import.meta.filename)), codeIs("WASM_KERNEL_MISSING"));
});
