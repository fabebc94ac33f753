// How the command line speaks: results on stdout, progress on stderr; with --json exactly one JSON document on stdout
// (platform.md section 7). Exit codes: 0 ok, 1 failed, 2 usage, 4 not found, 5 conflict, 7 timeout, 8 unreachable,
// 9 forbidden, 10 unhealthy.

import { BystackError, type ErrorKind } from "@bystack/utils/errors";

export const SCHEMA_VERSION = 1;
const EXIT_USAGE = 2;

const EXIT_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  invalid: 1,
  "not-found": 4,
  conflict: 5,
  limit: 1,
  unavailable: 8,
  unauthenticated: 9,
  forbidden: 9,
  internal: 1,
};

const EXIT_OF_CODE: Readonly<Record<string, number>> = {
  WAIT_TIMEOUT: 7,
  PROVIDER_START_TIMEOUT: 7,
  UNHEALTHY: 10,
  PROOF_FAILED: 10,
};

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof BystackError)) return 1;
  return EXIT_OF_CODE[error.code] ?? EXIT_OF_KIND[error.kind];
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item) => (typeof item === "bigint" ? item.toString() : item));
}

export type Output = {
  readonly json: boolean;
  /** A line of progress; nowhere when the answer is JSON and nobody watches. */
  progress(line: string): void;
  /** The result: `data` for --json, `text` for a person. */
  result(data: unknown, text: string): void;
};

export function createOutput(json: boolean): Output {
  return {
    json,
    progress: (line) => {
      process.stderr.write(`${line}\n`);
    },
    result: (data, text) => {
      process.stdout.write(json ? `${toJson({ schemaVersion: SCHEMA_VERSION, ok: true, data })}\n` : `${text}\n`);
    },
  };
}

/** A command line that cannot be parsed; people have been told on stderr already, with the usage. */
export function reportUsage(message: string, json: boolean): void {
  process.exitCode = EXIT_USAGE;
  if (!json) return;
  const error = { code: "USAGE", message: message.replace(/^error: /, ""), why: "", next: "See the usage: --help." };
  process.stdout.write(`${toJson({ schemaVersion: SCHEMA_VERSION, ok: false, error })}\n`);
}

/** Prints a failure and sets the exit code. What happened, why, and what to do next. */
export function reportFailure(error: unknown, json: boolean): void {
  process.exitCode = exitCodeOf(error);
  const known = error instanceof BystackError;
  const code = known ? error.code : "INTERNAL";
  const message = error instanceof Error ? error.message : String(error);
  const why = known ? error.why : "";
  const next = known ? error.next : "This is a defect of Bystack; please report it with the lines above.";
  if (json) {
    process.stdout.write(
      `${toJson({ schemaVersion: SCHEMA_VERSION, ok: false, error: { code, message, why, next } })}\n`,
    );
    return;
  }
  const stack = known || !(error instanceof Error) ? "" : `\n${error.stack ?? ""}`;
  process.stderr.write(`\n${message} (${code})${why === "" ? "" : `\n  why:  ${why}`}\n  next: ${next}${stack}\n`);
}
