// What the operating system says of a process: alive, started when, how much memory. Linux reads /proc; elsewhere `ps`.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process as the kernel tells of it. */
export type ProcessEntry = {
  /** Text that two processes with one pid do not share. */
  readonly start: string;
  /** Killed, but not gone yet: on a busy machine that can take seconds, and it still holds its ports and locks. */
  readonly isEnding: boolean;
};

/** Flag of a process that has begun to exit (PF_EXITING). */
const EXITING_FLAG = 0x4;
const SIGKILL_MASK = 1n << 8n;

/** Reads /proc/<pid>/stat and /proc/<pid>/status; undefined for a zombie and for a dead process. */
export function parseProcessEntry(stat: string, status: string): ProcessEntry | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = ""] = fields;
  const start = fields[19];
  if (start === undefined || state === "Z" || state === "X") return undefined;
  const pending = [...status.matchAll(/^S(?:ig|hd)Pnd:\s*([0-9a-f]+)$/gm)].map(([, mask]) => BigInt(`0x${mask}`));
  const isKilled = pending.some((mask) => (mask & SIGKILL_MASK) !== 0n);
  return { start, isEnding: isKilled || (Number(fields[6]) & EXITING_FLAG) !== 0 };
}

/** The process of a pid; undefined when there is none (or only its zombie). */
export function processEntry(pid: number): ProcessEntry | undefined {
  try {
    if (process.platform === "linux")
      return parseProcessEntry(readFileSync(`/proc/${pid}/stat`, "utf8"), readFileSync(`/proc/${pid}/status`, "utf8"));
    const start = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return start === "" ? undefined : { start, isEnding: false };
  } catch {
    return undefined;
  }
}

export function rssBytes(pid: number): number | undefined {
  try {
    if (process.platform !== "linux")
      return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1024;
    const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return match === null ? undefined : Number(match[1]) * 1024;
  } catch {
    return undefined;
  }
}
