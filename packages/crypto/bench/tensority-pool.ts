// Prints what a pool of one worker costs the process around it: the longest pause of the event loop and the resident
// memory, while it checks and mines. Usage: node packages/crypto/bench/tensority-pool.ts [backend]

import { monitorEventLoopDelay } from "node:perf_hooks";
import { sha3_256 } from "../src/hash.ts";
import { TENSORITY_BACKENDS } from "../src/tensority.ts";
import { createTensorityPool } from "../src/tensority-pool.ts";

const backend = TENSORITY_BACKENDS.find((name) => name === process.argv[2]) ?? "wasm";
const checks = backend === "ts" ? 6 : 30;
const megabytes = () => (process.memoryUsage.rss() / 2 ** 20).toFixed(0);
const word = (index: number) => sha3_256(Uint8Array.of(index));

console.log(`resident before: ${megabytes()} MiB`);
const pool = createTensorityPool({ backend });
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const stop = new AbortController();
const search = pool.mine({ body: word(0), seed: word(1), target: 0n, nonceStart: 0n }, stop.signal);
const waits: number[] = [];
for (let i = 0; i < checks; i += 1) {
  const from = performance.now();
  await pool.verify(word(i), word(i % 2), 0n);
  waits.push(performance.now() - from);
}
stop.abort();
const outcome = await search;
delay.disable();
const wait = waits.sort((a, b) => a - b)[checks >> 1] ?? 0;
console.log(
  `${backend}: check while mining ${wait.toFixed(0)} ms (median of ${checks}), ${outcome.hashes} hashes mined between`,
);
console.log(
  `longest pause of the event loop: ${(delay.max / 1e6).toFixed(1)} ms; resident with two seeds: ${megabytes()} MiB`,
);
await pool.close();
