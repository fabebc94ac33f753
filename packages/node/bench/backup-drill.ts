// How long the drill of a backup takes: a side chain of payments on a disk, backed up, then run through from its first block
// with every signature verified. `node packages/node/bench/backup-drill.ts [transactions] [payments a block]`.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataFolder } from "@bystack/storage/data-folder";
import { createSeededRng } from "@bystack/testing/rng";
import { nullLogger } from "@bystack/utils/ports";
import { drillBackup } from "../src/backup/drill.ts";
import { BackupJobs } from "../src/backup/jobs.ts";
import { createSideBackup } from "../src/backup/side-backup.ts";
import { parseNodeOptions } from "../src/options.ts";
import { systemClock } from "../src/process/timers.ts";
import type { Ground } from "../src/side/ground.ts";
import { openSideStore } from "../src/side/side-store.ts";
import { engineConfig } from "../src/side/specs.ts";
import { incidentsIn } from "../test/incidents.ts";
import { growPayments, paymentsSpec } from "../test/side/payments-kit.ts";

const transactions = Number(process.argv[2] ?? 200_000);
const perBlock = Number(process.argv[3] ?? 500);
const snapshotBlocks = 1_000_000;
const ID = "payments-1";

const folder = mkdtempSync(join(tmpdir(), "bystack-drill-bench-"));
const seconds = (from: number): number => Math.round(performance.now() - from) / 1000;

try {
  const spec = paymentsSpec(perBlock);
  const data = await openDataFolder({ path: join(folder, "data", "side"), kind: "side-node", version: 1 });
  const incidents = incidentsIn(folder);
  const parts = { data, spec, mainSpec: undefined, history: "archive", driver: "lmdb", snapshotBlocks } as const;
  const store = await openSideStore({ ...parts, rng: createSeededRng(1), logger: nullLogger, incidents });
  let from = performance.now();
  await growPayments(store, spec, Math.ceil(transactions / perBlock));
  const grown = seconds(from);
  const config = engineConfig({ spec, genesisHash: store.chain.genesisHash, voteKey: undefined });
  const ground = { spec, mainSpec: undefined, disk: data.disk, store, config, incidents } as unknown as Ground;
  const json = { format: 1, id: "v1", network: "bench", chain: "payments", kind: "side", specFile: "spec.json" };
  const options = parseNodeOptions({ ...json, history: "archive" });
  if (options.kind !== "side") throw new Error("these are the options of a side node");
  const source = createSideBackup({ folder, options, ground, version: "bench", engine: () => undefined });
  const jobs = new BackupJobs({ folder, source, clock: systemClock, logger: nullLogger });
  from = performance.now();
  const status = jobs.begin(ID);
  await jobs.settled();
  if (status.state !== "done") throw new Error(status.why);
  const written = seconds(from);
  const work = join(folder, "work");
  mkdirSync(work);
  const before = process.cpuUsage();
  const result = await drillBackup({ folder: join(folder, status.folder), work, logger: nullLogger });
  const { user, system } = process.cpuUsage(before);
  // Of all threads: other work on the machine spoils the wall-clock figure, not this one.
  const cpuSeconds = Math.round((user + system) / 1000) / 1000;
  const backup = { seconds: written, bytes: status.bytes };
  console.log(JSON.stringify({ grownSeconds: grown, backup, drill: { ...result, cpuSeconds } }));
  await store.close();
  data.release();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
