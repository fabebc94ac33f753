// The command line as a person has it: the program itself, in a home folder of its own.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../bin/bystack.mjs", import.meta.url));

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string };

export class Home {
  readonly path = mkdtempSync(join(tmpdir(), "bystack-home-"));

  /** Runs one command to its end. */
  run(...args: readonly string[]): Promise<Ran> {
    const env = { ...process.env, BYSTACK_HOME: this.path, NO_COLOR: "1" };
    const child = spawn(process.execPath, [PROGRAM, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk) => {
      out += String(chunk);
    });
    child.stderr.on("data", (chunk) => {
      err += String(chunk);
    });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, out, err }));
    });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export type Envelope = {
  readonly schemaVersion: number;
  readonly ok: boolean;
  readonly data?: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly why: string; readonly next: string };
};

/** The one JSON document on stdout. */
export function envelopeOf(ran: Ran): Envelope {
  return JSON.parse(ran.out) as Envelope;
}
