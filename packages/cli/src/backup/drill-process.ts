// A drill as a process of its own: it needs the memory of a whole chain's state, which the platform must not keep, and it ends
// with whoever asked for it.

import { spawn } from "node:child_process";
import { DRILL_RESULT, type DrillResult } from "@bystack/api/backup-manifest";
import { platformError } from "@bystack/platform/errors";
import { PROGRAM } from "../context.ts";

/** Characters of its answer: one line of JSON. */
const OUTPUT_CHARS_MAX = 65_536;

/** Runs `bystack node drill`. @throws BystackError DRILL_FAILED when the process gives no answer */
export function drillInProcess(opened: string, work: string, signal: AbortSignal): Promise<DrillResult> {
  return new Promise((resolve, reject) => {
    const args = [PROGRAM, "--json", "node", "drill", opened, "--work", work];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], signal });
    let out = "";
    let problem = "";
    child.stdout.on("data", (chunk) => {
      out = `${out}${String(chunk)}`.slice(0, OUTPUT_CHARS_MAX);
    });
    child.stderr.on("data", (chunk) => {
      problem = `${problem}${String(chunk)}`.slice(-OUTPUT_CHARS_MAX);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      try {
        resolve(DRILL_RESULT.parse((JSON.parse(out) as { data: unknown }).data));
      } catch (cause) {
        const last = problem.trim().split("\n").at(-1) ?? "";
        reject(platformError("DRILL_FAILED", { why: `the drill ended with ${code}: ${last}`, cause }));
      }
    });
  });
}
