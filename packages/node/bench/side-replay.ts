// How fast a side node replays its block log, every signature verified: a chain of payments on a disk, opened again and
// again without its snapshots. Other work on the machine spoils the wall-clock figure, not that of processor time.
// `node packages/node/bench/side-replay.ts [blocks] [payments a block] [runs]`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataFolder } from "@bystack/storage/data-folder";
import { createSeededRng } from "@bystack/testing/rng";
import { nullLogger } from "@bystack/utils/ports";
import { openSideStore, type SideStoreOptions } from "../src/side/side-store.ts";
import { incidentsIn } from "../test/incidents.ts";
import { growPayments, paymentsSpec } from "../test/side/payments-kit.ts";

const blocks = Number(process.argv[2] ?? 50);
const perBlock = Number(process.argv[3] ?? 500);
const runs = Number(process.argv[4] ?? 5);

const root = mkdtempSync(join(tmpdir(), "bystack-replay-"));
const data = await openDataFolder({ path: join(root, "data"), kind: "side-node", version: 1 });
const spec = paymentsSpec(perBlock);
const options: SideStoreOptions = {
  data,
  spec,
  mainSpec: undefined,
  driver: "lmdb",
  snapshotBlocks: 1_000_000,
  history: "kept",
  rng: createSeededRng(1),
  logger: nullLogger,
  incidents: incidentsIn(root),
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

try {
  const made = await openSideStore(options);
  await growPayments(made, spec, blocks);
  await made.close();
  const rates: number[] = [];
  const main: number[] = [];
  const all: number[] = [];
  const eachUs = ({ user, system }: { user: number; system: number }): number => (user + system) / (blocks * perBlock);
  for (let run = 0; run < runs; run += 1) {
    rmSync(join(root, "data", "snapshots"), { recursive: true, force: true });
    const [mainCpu, allCpu] = [process.threadCpuUsage(), process.cpuUsage()];
    const from = performance.now();
    const store = await openSideStore(options);
    const seconds = (performance.now() - from) / 1000;
    main.push(eachUs(process.threadCpuUsage(mainCpu)));
    all.push(eachUs(process.cpuUsage(allCpu)));
    rates.push((blocks * perBlock) / seconds);
    if (store.chain.height !== blocks) throw new Error(`height ${store.chain.height}`);
    await store.close();
  }
  console.log(
    JSON.stringify({
      transactions: blocks * perBlock,
      runs,
      medianPerSecond: Math.round(median(rates)),
      perSecond: rates.map(Math.round),
      mainThreadUsEach: Math.round(median(main)),
      allThreadsUsEach: Math.round(median(all)),
    }),
  );
} finally {
  data.release();
  rmSync(root, { recursive: true, force: true });
}
