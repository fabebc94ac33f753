// How many transactions a second are decoded and mapped on one core.
// Usage: node packages/protocol/bench/codec.ts

import { hexToBytes } from "@bystack/utils/bytes";
import { BTM_ASSET_ID } from "../src/entry.ts";
import { mapMainTransaction } from "../src/main/entries.ts";
import { decodeMainTransaction, encodeMainTransaction } from "../src/main/transaction.ts";
import { mapSideTransaction } from "../src/side/entries.ts";
import { decodeSideTransaction, encodeSideTransaction } from "../src/side/transaction.ts";

const SECONDS = 1;

function measure(name: string, run: () => void): void {
  for (let i = 0; i < 2000; i += 1) run();
  const start = performance.now();
  let runs = 0;
  while (performance.now() - start < SECONDS * 1000) {
    for (let i = 0; i < 200; i += 1) run();
    runs += 200;
  }
  const perSecond = (runs / (performance.now() - start)) * 1000;
  console.log(`${name.padEnd(28)} ${Math.round(perSecond).toLocaleString("en")} a second`);
}

const program = hexToBytes(`0014${"ab".repeat(20)}`);
const spend = {
  kind: "spend",
  sourceId: new Uint8Array(32).fill(7),
  assetId: BTM_ASSET_ID,
  amount: 100_000_000n,
  sourcePosition: 1n,
  program,
  arguments: [new Uint8Array(64), new Uint8Array(32)],
} as const;
const data = { version: 1n, timeRange: 0n, inputs: [spend] };
const value = { assetId: BTM_ASSET_ID, amount: 40_000_000n, program };
const main = encodeMainTransaction({
  ...data,
  outputs: [
    { kind: "output", ...value },
    { kind: "output", ...value },
  ],
});
const side = encodeSideTransaction({
  ...data,
  outputs: [
    { kind: "intra", ...value },
    { kind: "intra", ...value },
  ],
});

measure("main: decode", () => decodeMainTransaction(main));
measure("main: decode and map", () => {
  const decoded = decodeMainTransaction(main);
  if (decoded.ok) mapMainTransaction(decoded.value);
});
measure("side: decode strictly", () => decodeSideTransaction(side));
measure("side: decode and map", () => {
  const decoded = decodeSideTransaction(side);
  if (decoded.ok) mapSideTransaction(decoded.value);
});
