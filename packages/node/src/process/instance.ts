// The file by which a running node says where it listens, and by which a later daemon recognises it.

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { storageError } from "@bystack/storage/errors";
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
function ownProcessStart(): string {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(process.pid)], { encoding: "utf8" }).trim();
  }
}

/** The identity of this start, before its ports are known. */
export function createInstance(nowMs: number): Instance {
  return {
    pid: process.pid,
    instance: bytesToHex(randomBytes(16)),
    ports: {},
    startedAtMs: nowMs,
    processStart: ownProcessStart(),
    adminToken: bytesToHex(randomBytes(32)),
  };
}

/** @throws BystackError DISK_FULL, DISK_IO */
export function writeInstance(folder: string, instance: Instance): void {
  const path = join(folder, "instance.json");
  try {
    writeFileSync(`${path}.tmp`, `${JSON.stringify(instance, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  } catch (cause) {
    const isFull = ["ENOSPC", "EDQUOT"].includes((cause as NodeJS.ErrnoException).code ?? "");
    throw storageError(isFull ? "DISK_FULL" : "DISK_IO", { why: "instance.json cannot be written", cause });
  }
}
