// The command line as a person has it: the program itself, in a home folder of its own.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../bin/bystack.mjs", import.meta.url));

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string };

/** A command that goes on until it is ended. */
export class Running {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #out = "";
  #wake: () => void = () => {};

  constructor(child: ChildProcessByStdio<null, Readable, Readable>) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        this.#out += String(chunk);
        this.#wake();
      });
    child.once("close", () => this.#wake());
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when it has said something like this. @throws when it ends without it */
  async said(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#out)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error(`it ended: ${this.#out}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.kill("SIGTERM");
    await closed;
  }
}

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

  /** Begins a command that goes on. */
  spawn(...args: readonly string[]): Running {
    const env = { ...process.env, BYSTACK_HOME: this.path, NO_COLOR: "1" };
    return new Running(spawn(process.execPath, [PROGRAM, ...args], { env, stdio: ["ignore", "pipe", "pipe"] }));
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
