// Runs the tests (Node's own runner, one process a file) and ends with the line `N passed, N failed, N skipped`.
// Usage: npm test [-- <part of a path> ...]; BYSTACK_TEST_CONCURRENCY sets how many files run at once (default: cores).

import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const root = join(import.meta.dirname, "..");
const filters = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const files = globSync(["packages/*/test/**/*.test.ts", "tools/**/*.test.ts"], { cwd: root })
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort()
  .map((file) => join(root, file));

/** No single file may hang the run: the slowest one (simulation, merge-gate profile) is allowed 3 minutes of 2 cores. */
const FILE_TIMEOUT_MS = 600_000;

if (files.length === 0) {
  console.error(`no test file matches ${filters.join(", ")}`);
  process.exit(2);
}

process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules", ".bystack", "compile-cache");
let passed = 0;
let failed = 0;
let skipped = 0;
const stream = run({
  files,
  concurrency: Number(process.env.BYSTACK_TEST_CONCURRENCY ?? availableParallelism()),
  timeout: FILE_TIMEOUT_MS,
});
stream.on("test:pass", (event) => {
  if (event.details.type === "suite") return;
  if (event.skip !== undefined || event.todo !== undefined) skipped += 1;
  else passed += 1;
});
stream.on("test:fail", (event) => {
  if (event.details.type === "suite") return;
  failed += 1;
});
stream.compose(spec).pipe(process.stdout);
stream.on("close", () => {
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
});
