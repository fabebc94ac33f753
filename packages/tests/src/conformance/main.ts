// `npm run conformance -- <folder> [--json]`: runs every vector file of a folder, whichever folder it is. The format of a
// file is its name without a trailing -2, -3 …; Bytom's files name their source, Vapor's do not. A file whose part is not
// built yet stands in vectors/pending.json and does not fail; any other unknown file does.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { VECTOR_SUITES } from "./suites.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");
/** Differences shown for one file; the counts are always complete. */
const SHOWN_MAX = 5;

type FileReport = {
  file: string;
  passed: number;
  failed: number;
  pending?: string;
  unknown?: boolean;
  /** Cases whose result is another one than the reference's on purpose, by the reason. They are among the passed. */
  deliberate: Record<string, string[]>;
  details: string[];
};

function formatOf(file: string): string {
  return file.replace(/\.json$/, "").replace(/-\d+$/, "");
}

function familyOf(content: unknown): "bytom" | "vapor" {
  return typeof content === "object" && content !== null && "source" in content ? "bytom" : "vapor";
}

/** Another file of the folder, or the project's own copy when the folder has none. */
function siblingsOf(folder: string, family: string): (name: string) => unknown {
  return (name) => {
    const beside = join(folder, `${name}.json`);
    return JSON.parse(
      readFileSync(existsSync(beside) ? beside : join(ROOT, "vectors", family, `${name}.json`), "utf8"),
    );
  };
}

async function runFile(
  path: string,
  file: string,
  pending: Record<string, Record<string, string>>,
): Promise<FileReport> {
  const content: unknown = JSON.parse(readFileSync(path, "utf8"));
  const family = familyOf(content);
  const format = formatOf(file);
  const checks = VECTOR_SUITES.filter((suite) => suite.folder === family).map((suite) => suite.checks[format]);
  const check = checks.find((candidate) => candidate !== undefined);
  if (check !== undefined) {
    const results = await check(content, siblingsOf(dirname(path), family));
    const failures = results.filter((result) => !result.ok);
    const details = failures.slice(0, SHOWN_MAX).map((result) => `${result.name}: ${result.detail ?? "differs"}`);
    if (failures.length > SHOWN_MAX) details.push(`… and ${failures.length - SHOWN_MAX} more`);
    const deliberate: Record<string, string[]> = {};
    for (const { name, deliberate: reason } of results) {
      if (reason !== undefined) deliberate[reason] = [...(deliberate[reason] ?? []), name];
    }
    return { file, passed: results.length - failures.length, failed: failures.length, deliberate, details };
  }
  const reason = pending[family]?.[format];
  if (reason !== undefined) return { file, passed: 0, failed: 0, pending: reason, deliberate: {}, details: [] };
  return { file, passed: 0, failed: 0, unknown: true, deliberate: {}, details: ["no check knows this format"] };
}

function lineOf(report: FileReport): string {
  if (report.pending !== undefined) return `${report.file}  pending: ${report.pending}`;
  if (report.unknown === true) return `${report.file}  unknown format`;
  return [
    `${report.file}  ${report.passed} passed, ${report.failed} failed`,
    ...Object.entries(report.deliberate).map(
      ([reason, names]) => `    ${names.length} differ on purpose (${reason}): ${names.join(" ")}`,
    ),
    ...report.details.map((detail) => `    ${detail}`),
  ].join("\n");
}

async function main(): Promise<number> {
  const folder = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
  const json = process.argv.includes("--json");
  if (folder === undefined || !existsSync(folder)) {
    console.error(
      folder === undefined ? "usage: npm run conformance -- <folder> [--json]" : `no such folder: ${folder}`,
    );
    return 2;
  }
  const pending = JSON.parse(readFileSync(join(ROOT, "vectors", "pending.json"), "utf8"));
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort();
  const reports: FileReport[] = [];
  for (const file of files) {
    const report = await runFile(resolve(folder, file), file, pending);
    reports.push(report);
    if (!json) console.log(lineOf(report));
  }
  const passed = reports.reduce((sum, report) => sum + report.passed, 0);
  const failed = reports.reduce((sum, report) => sum + report.failed, 0);
  const unknown = reports.filter((report) => report.unknown === true).length;
  const waiting = reports.filter((report) => report.pending !== undefined).length;
  const ok = failed === 0 && unknown === 0 && passed > 0;
  if (json)
    console.log(
      JSON.stringify({ schemaVersion: 1, ok, data: { passed, failed, unknown, pending: waiting, files: reports } }),
    );
  else
    console.log(
      `\n${files.length} files: ${passed} passed, ${failed} failed, ${waiting} files pending, ${unknown} unknown`,
    );
  return ok ? 0 : 1;
}

process.exitCode = await main();
