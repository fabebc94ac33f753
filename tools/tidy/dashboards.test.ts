// The dashboards and rules that are shipped say nothing of metrics that no code registers, leave none out that one does, and hold
// alerts for the times of the platform's own engine.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { METRICS } from "../../packages/node/src/process/metric-names.ts";
import { RULE_TEXTS } from "../../packages/platform/src/alert/rules.ts";
import { PLATFORM_METRICS } from "../../packages/platform/src/metrics/names.ts";
import { ROOT } from "./sources.ts";

const FOLDER = join(ROOT, "dashboards");
const TABLE: Readonly<Record<string, { readonly kind: string }>> = { ...METRICS, ...PLATFORM_METRICS };

/** Rules of the platform that Prometheus cannot have, and why. */
const PLATFORM_ALONE: Readonly<Record<string, string>> = {
  mismatch: "reserves and supplies are compared by `why`; no metric says them yet",
  signers: "members of the federation have no metrics yet",
  clock: "a node does not know how wrong its clock is; the platform compares",
  "late-transfer": "transfers are no metrics: there would be a series for each",
  "tls-expiry": "the platform reads its own certificate",
  backup: "there is no age before backups are made",
  drill: "there is no age before drills are made",
  anchor: "there is no age before anchors are made",
};

/** Names in a file, without what a histogram adds to its own. */
function namesIn(text: string): Set<string> {
  const names = [...text.matchAll(/\bbystack_([a-z0-9_]+)/g)].map(([, name = ""]) => {
    const bare = name.replace(/_(?:bucket|sum|count)$/, "");
    return TABLE[name] === undefined && TABLE[bare]?.kind === "histogram" ? bare : name;
  });
  return new Set(names);
}

const files = readdirSync(FOLDER).map((file) => ({ file, text: readFileSync(join(FOLDER, file), "utf8") }));

test("dashboards and rules name no metric that there is not", () => {
  assert.deepEqual(files.map(({ file }) => file).sort(), [
    "chain.json",
    "federation.json",
    "network.json",
    "node.json",
    "rules.yaml",
  ]);
  for (const { file, text } of files) {
    const names = [...namesIn(text)];
    assert.ok(names.length > 0, `${file} names no metric`);
    assert.deepEqual(
      names.filter((name) => TABLE[name] === undefined),
      [],
      file,
    );
  }
});

test("every metric is on a dashboard or in a rule", () => {
  const used = new Set(files.flatMap(({ text }) => [...namesIn(text)]));
  assert.deepEqual(
    Object.keys(TABLE).filter((name) => !used.has(name)),
    [],
  );
});

test("a dashboard is JSON with panels that ask something, each with its own number", () => {
  for (const { file, text } of files.filter((one) => one.file.endsWith(".json"))) {
    const { panels } = JSON.parse(text) as { panels: { id: number; targets: { expr: string }[] }[] };
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, file);
    for (const { targets } of panels) assert.ok(targets.length > 0 && targets.every(({ expr }) => expr !== ""), file);
  }
});

test("rules hold for the times of the platform's alerts; each that is missing says why", () => {
  const text = files.find(({ file }) => file === "rules.yaml")?.text ?? "";
  const parts = text.split(/^ {6}- alert: /m).slice(1);
  const holds = parts.map((part) => {
    const [rule = ""] = part.split("\n", 1);
    return [rule, Number(/^ {8}for: (\d+)s$/m.exec(part)?.[1]) * 1_000] as const;
  });
  for (const [rule, holdMs] of holds) assert.equal(holdMs, RULE_TEXTS[rule as keyof typeof RULE_TEXTS]?.holdMs, rule);
  const told = [...holds.map(([rule]) => rule), ...Object.keys(PLATFORM_ALONE)];
  assert.deepEqual(told.sort(), Object.keys(RULE_TEXTS).sort());
});
