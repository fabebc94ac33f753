// The node's log: one JSON object a line, rotated by size. The newest file is node.log; older ones are node.log.1 …

import { closeSync, existsSync, fstatSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { LogFields, Logger } from "@bystack/utils/ports";

/** Bytes of one log file before it is rotated: about a day of a quiet node. */
export const LOG_FILE_BYTES_MAX = 10_485_760;
/** Log files kept: 50 MB of history a node. */
export const LOG_FILES_MAX = 5;

export type LogLevel = "debug" | "info" | "warn" | "error";
const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export type FileLogger = Logger & { close(): void };

function unlessItFails(run: () => void): void {
  try {
    run();
  } catch {
    // The next line tries again.
  }
}

export function createFileLogger(options: {
  folder: string;
  node: string;
  level: LogLevel;
  nowMs: () => number;
}): FileLogger {
  const path = join(options.folder, "node.log");
  let file = openSync(path, "a", 0o600);
  let size = fstatSync(file).size;

  function shiftOlder(): void {
    rmSync(`${path}.${LOG_FILES_MAX - 1}`, { force: true });
    for (let i = LOG_FILES_MAX - 2; i >= 1; i -= 1)
      if (existsSync(`${path}.${i}`)) renameSync(`${path}.${i}`, `${path}.${i + 1}`);
    renameSync(path, `${path}.1`);
  }

  /** A rotation that fails half way, on a full disk, is taken up at the new file; until then the old one goes on. */
  function rotate(): void {
    if (existsSync(path)) shiftOlder();
    const next = openSync(path, "a", 0o600);
    closeSync(file);
    file = next;
    size = 0;
  }

  function write(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (RANK[level] < RANK[options.level]) return;
    const entry = { time: new Date(options.nowMs()).toISOString(), level, node: options.node, message, ...fields };
    const line = `${JSON.stringify(entry, (_, value) => (typeof value === "bigint" ? value.toString() : value))}\n`;
    // A full disk must not take the node down through its log: the rules about votes decide that, not this.
    unlessItFails(() => {
      if (size + line.length > LOG_FILE_BYTES_MAX) rotate();
    });
    unlessItFails(() => {
      size += writeSync(file, line);
    });
  }

  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    close: () => closeSync(file),
  };
}
