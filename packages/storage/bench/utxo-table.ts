// Measures the UTXO table: node packages/storage/bench/utxo-table.ts [entries, default 1,000,000]
// Keys are pseudo-random; gets and replacements go through them in another order, so cache misses are included.

import { UtxoTable } from "@bystack/storage/utxo-table";
import { createSeededRng } from "@bystack/testing/rng";

const entries = Number(process.argv[2] ?? 1_000_000);
const VALUE_BYTES = 64;
const rng = createSeededRng(1);
const table = new UtxoTable({ rng, bytesMax: 8 * 2 ** 30 });

const total = entries * 2;
const keys = new Uint8Array(total * 32);
const words = new Uint32Array(keys.buffer);
for (let i = 0; i < words.length; i += 1) words[i] = rng.u32();
const key = (i: number): Uint8Array => keys.subarray(i * 32, i * 32 + 32);
const value = rng.bytes(VALUE_BYTES);
// A stride that is coprime to the count visits all entries out of order.
const shuffled = (i: number): number => (i * 7_368_787) % entries;

function measure(name: string, run: () => void): void {
  const cpu = process.cpuUsage();
  const from = performance.now();
  run();
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const rate = (value: number): string => `${(entries / value / 1e6).toFixed(2)} M/s`;
  console.log(`${name.padEnd(16)} ${rate(seconds)} wall, ${rate((user + system) / 1e6)} of CPU`);
}

let longestMs = 0;
measure("insert", () => {
  for (let i = 0; i < entries; i += 1) {
    const from = performance.now();
    table.insert(key(i), value);
    longestMs = Math.max(longestMs, performance.now() - from);
  }
});
let found = 0;
measure("get", () => {
  for (let i = 0; i < entries; i += 1) if (table.get(key(shuffled(i))) !== undefined) found += 1;
});
measure("get, missing", () => {
  for (let i = 0; i < entries; i += 1) if (table.get(key(entries + i)) !== undefined) found += 1;
});
measure("delete + insert", () => {
  for (let i = 0; i < entries; i += 1) {
    table.delete(key(shuffled(i)));
    table.insert(key(entries + i), value);
  }
});
let scanned = 0;
const countOne = (): void => {
  scanned += 1;
};
measure("scan", () => {
  for (let cursor: number | undefined = 0; cursor !== undefined; ) cursor = table.scan(cursor, 10_000, countOne);
});
const figures = table.figures();
console.log(`entries ${figures.entries}, found ${found}, scanned ${scanned}, slots ${figures.slots}`);
console.log(`longest insert ${longestMs.toFixed(2)} ms`);
console.log(
  `${(figures.reservedBytes / figures.entries).toFixed(1)} bytes an entry of ${VALUE_BYTES} bytes of value, key and value included`,
);
