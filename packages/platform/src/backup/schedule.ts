// When a backup is due: by what the store says of those that were made and of the operations that tried, so that a platform that
// was away for a while makes one at its start, and one that was restarted makes none twice. Pure.

import type { Operation } from "../operation/record.ts";
import type { BackupRow } from "./row.ts";

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** One that has failed is tried again after this, or after its period if that is shorter. */
export const RETRY_MS = 3_600_000;

/** A period as a definition says it: `90m`, `24h`, `7d`. */
export function parsePeriod(text: string): number {
  const match = /^([1-9]\d{0,3})([mhd])$/.exec(text);
  if (match === null) throw new RangeError(`${text} is no period`);
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

export type Made = {
  /** Backups of one chain that are listed. */
  readonly rows: readonly Pick<BackupRow, "createdAtMs">[];
  /** The operations that make them, as far back as they are known. */
  readonly operations: readonly Pick<Operation, "state" | "createdAtMs">[];
};

/** Whether a chain's next backup is due. */
export function isDue({ rows, operations }: Made, everyMs: number, nowMs: number): boolean {
  if (operations.some(({ state }) => state === "queued" || state === "running")) return false;
  const tried = operations.filter(({ state }) => state !== "succeeded").map(({ createdAtMs }) => createdAtMs);
  if (tried.some((atMs) => nowMs < atMs + Math.min(RETRY_MS, everyMs))) return false;
  const made = [...rows, ...operations.filter(({ state }) => state === "succeeded")];
  return made.every(({ createdAtMs }) => nowMs >= createdAtMs + everyMs);
}

/** Seconds since the newest backup, and since the newest that was proven by a drill; null when there is none. */
export function backupAges(rows: readonly Pick<BackupRow, "createdAtMs" | "drill">[], nowMs: number) {
  const age = (times: readonly number[]): number | null =>
    times.length === 0 ? null : Math.max(0, nowMs - Math.max(...times)) / 1000;
  const drills = rows.flatMap(({ drill }) => (drill?.ok === true ? [drill.atMs] : []));
  return { backupAgeSeconds: age(rows.map(({ createdAtMs }) => createdAtMs)), drillAgeSeconds: age(drills) };
}
