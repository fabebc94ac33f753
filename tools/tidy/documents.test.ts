// Documents that must keep up with the code: error codes, limits, vector folders.

import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { renderErrors, renderLimits, renderMetrics } from "./reference-pages.ts";
import { ROOT } from "./sources.ts";

function report(problems: readonly string[]): void {
  assert.equal(problems.length, 0, `\n${problems.join("\n")}\n`);
}

test("docs/reference/errors.md is what the error tables say", async () => {
  assert.equal(
    readFileSync(join(ROOT, "docs", "reference", "errors.md"), "utf8"),
    await renderErrors(),
    "run `npm run docs`",
  );
});

test("docs/reference/metrics.md is what the table of metrics says", async () => {
  const page = readFileSync(join(ROOT, "docs", "reference", "metrics.md"), "utf8");
  assert.equal(page, await renderMetrics(), "run `npm run docs`");
});

test("docs/limits.md is what the sources say, and every limit gives its reason", () => {
  const { text, undocumented } = renderLimits();
  report(undocumented.map(({ path, name }) => `${path}: ${name} has no docstring`));
  assert.equal(readFileSync(join(ROOT, "docs", "limits.md"), "utf8"), text, "run `npm run docs`");
});

test("docs/weaknesses.md has a row for each of the 24, and every test that it names exists", () => {
  const rows = readFileSync(join(ROOT, "docs", "weaknesses.md"), "utf8")
    .split("\n")
    .filter((line) => /^\| \d+ \|/.test(line));
  const numbers = rows.map((row) => Number(row.split("|")[1]));
  assert.deepEqual(
    numbers,
    Array.from({ length: 24 }, (_, i) => i + 1),
  );
  const problems: string[] = [];
  for (const row of rows) {
    const named = [...row.matchAll(/`(packages\/[^`]+\.test\.ts)` "([^"]+)"/g)];
    if (named.length === 0) problems.push(`no test: ${row.slice(0, 60)}`);
    for (const [, path = "", title = ""] of named)
      if (!readFileSync(join(ROOT, path), "utf8").includes(`"${title}"`))
        problems.push(`${path} has no test "${title}"`);
  }
  report(problems);
});

test("every vector file is claimed by a check or stands in vectors/pending.json with its reason", () => {
  const pending: Record<string, Record<string, string>> = JSON.parse(
    readFileSync(join(ROOT, "vectors", "pending.json"), "utf8"),
  );
  const claimed = globSync("packages/*/{src,test}/**/*.ts", { cwd: ROOT })
    .map((path) => readFileSync(join(ROOT, path), "utf8"))
    .join("\n");
  const problems: string[] = [];
  for (const folder of ["bytom", "vapor", "crypto/derived"]) {
    for (const file of readdirSync(join(ROOT, "vectors", folder))) {
      if (file === "README.md") continue;
      const base = file.replace(/\.(?:json|csv)$/, "");
      const isClaimed =
        claimed.includes(`"${base}"`) ||
        claimed.includes(`${base}.json`) ||
        claimed.includes(`${base}.csv`) ||
        new RegExp(`^\\s+"?${base}"?:`, "m").test(claimed);
      const reason = pending[folder]?.[base];
      if (!isClaimed && (reason === undefined || reason.length < 10))
        problems.push(`vectors/${folder}/${file}: no check claims it`);
    }
  }
  report(problems);
});
