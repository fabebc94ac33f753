// `bystack node drill <folder>`: runs an opened backup through in a throw-away folder, without peers, votes or ports, and says
// what came out. The platform calls it as a process of its own after each backup: what it needs of memory ends with it.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { DrillResult } from "@bystack/api/backup-manifest";
import { drillBackup } from "@bystack/node/backup/drill";
import { nullLogger } from "@bystack/utils/ports";
import type { Context } from "../context.ts";

/** What a drill has found, in a line for people. */
export function formatDrill({ ok, height, stateRoot, blocks, transactions, seconds, why }: DrillResult): string {
  if (!ok) return `✖ this backup does not hold: ${why}`;
  const root = `${stateRoot?.slice(0, 16)}…`;
  return `✔ height ${height}, state ${root}: ${blocks} blocks with ${transactions} transactions run through in ${seconds.toFixed(1)} s`;
}

/** Opens and runs a backup through. `work`: where; by default the system's folder for temporary files. */
export async function drillFolder(folder: string, work: string = tmpdir()): Promise<DrillResult> {
  mkdirSync(work, { recursive: true, mode: 0o700 });
  const place = mkdtempSync(join(work, "bystack-drill-"));
  try {
    return await drillBackup({ folder: resolve(folder), work: place, logger: nullLogger });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

export async function runNodeDrill({ output }: Context, folder: string, options: { work?: string }): Promise<void> {
  const result = await drillFolder(folder, options.work);
  output.result(result, formatDrill(result));
  if (!result.ok) process.exitCode = 10;
}
