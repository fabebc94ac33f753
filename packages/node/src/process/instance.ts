// The file by which a running node says where it listens, and by which a later daemon recognises it.

import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bytesToHex } from "@bystack/utils/bytes";

export type Instance = {
  readonly pid: number;
  readonly instance: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly startedAtMs: number;
  readonly processStart: string;
  /** Opens the admin routes; the file is readable by its owner only. */
  readonly adminToken: string;
};

/** Kernel's start time of this process; with the pid it names a process for good. Elsewhere than on Linux `ps` is asked. */
function ownProcessStart(readPs: () => string): string {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return readPs();
  }
}

export function createInstance(
  ports: Readonly<Record<string, number>>,
  options: { nowMs: number; readPs: () => string },
): Instance {
  return {
    pid: process.pid,
    instance: bytesToHex(randomBytes(16)),
    ports,
    startedAtMs: options.nowMs,
    processStart: ownProcessStart(options.readPs),
    adminToken: bytesToHex(randomBytes(32)),
  };
}

export function writeInstance(folder: string, instance: Instance): void {
  const path = join(folder, "instance.json");
  writeFileSync(`${path}.tmp`, `${JSON.stringify(instance, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}
