// How long a mining main-chain node keeps its event loop busy, and how evenly its blocks come: a whole node on a disk with
// 2 s blocks, while clients ask and pay. `node packages/node/bench/main-node.ts [seconds] [payments per second]`.

import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { bytesToHex } from "@bystack/utils/bytes";
import { startMainNode } from "../src/main/main-node.ts";
import {
  clientOf,
  createFolder,
  createOwner,
  devSpec,
  followEvents,
  mainOptions,
  mining,
  splitCoins,
} from "../test/main/kit.ts";

const seconds = Number(process.argv[2] ?? 30);
const perSecond = Number(process.argv[3] ?? 5);
const EVERY_MS = 2_000;

const owner = createOwner();
const folder = createFolder(devSpec(owner));
const mine = { ...mining(owner), mine: { threads: 1, everyMs: EVERY_MS, program: bytesToHex(owner.account.program) } };
const node = await startMainNode({ folder: folder.path, options: mainOptions(mine) });
const client = clientOf(node.url);
const events = await followEvents(node.url);
await events.until((event) => event.height >= 1);
const payments = await splitCoins({ client, owner, events, parts: seconds * perSecond });

/** Processor time of this thread between two turns of a 5 ms timer: what the loop itself was busy, other programs aside. */
function watchBusy(): { maxMs(): number; stop(): void } {
  let last = process.threadCpuUsage();
  let max = 0;
  const timer = setInterval(() => {
    const now = process.threadCpuUsage();
    max = Math.max(max, now.user + now.system - last.user - last.system);
    last = now;
  }, 5);
  return { maxMs: () => Math.round(max / 10) / 100, stop: () => clearInterval(timer) };
}

const busy = watchBusy();
const lag = monitorEventLoopDelay({ resolution: 5 });
const from = await client.call("block", { params: { ref: "tip" } });
lag.enable();
let sent = 0;
for (const raw of payments) {
  await client.call("submit", { body: { raw } });
  sent += 1;
  await delay(1_000 / perSecond);
}
await events.until((event) => event.height > from.height + 1);
lag.disable();
busy.stop();
const to = await client.call("block", { params: { ref: "tip" } });
const milliseconds = (nanoseconds: number): number => Math.round(nanoseconds / 1e4) / 100;
console.log(
  JSON.stringify({
    blocks: to.height - from.height,
    meanIntervalMs: (to.timestampMs - from.timestampMs) / (to.height - from.height),
    sent,
    eventLoopDelayMs: {
      p50: milliseconds(lag.percentile(50)),
      p99: milliseconds(lag.percentile(99)),
      p999: milliseconds(lag.percentile(99.9)),
      max: milliseconds(lag.max),
    },
    busyMaxMs: busy.maxMs(),
    hashesPerSecond: (await client.call("main")).hashesPerSecond,
    rssMiB: Math.round((await client.call("info")).rssBytes / 1_048_576),
  }),
);
events.close();
await node.stop();
folder.remove();
