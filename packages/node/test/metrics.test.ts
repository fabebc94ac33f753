// The text that an operator's collector reads: its form, its closed lists, and that nothing a peer does makes it grow.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { BbftState } from "@bystack/consensus/bbft/state";
import { NETWORK_METRICS } from "@bystack/network/names";
import { METRICS, type MetricDefinition } from "../src/process/metric-names.ts";
import { MetricsRegistry } from "../src/process/metrics.ts";
import { countEffects } from "../src/side/side-metrics.ts";
import { sampleOf, samplesOf } from "./samples.ts";

test("counters, gauges and histograms in the text format 0.0.4", async () => {
  const metrics = new MetricsRegistry();
  metrics.count("refused_messages_total", 2, { reason: "SYNC", scored: "yes" });
  metrics.gauge("chain_height", 7);
  for (const value of [0.0004, 0.004, 0.02, 9]) metrics.observe("vote_fsync_seconds", value);
  const text = await metrics.render();
  assert.match(
    text,
    /^# HELP bystack_chain_height Height of the newest block\.\n# TYPE bystack_chain_height gauge\nbystack_chain_height 7\n/,
  );
  assert.match(text, /\nbystack_refused_messages_total\{reason="SYNC",scored="yes"\} 2\n/);
  assert.match(text, /\n# TYPE bystack_vote_fsync_seconds histogram\n/);
  const bucket = (le: string): number | undefined => sampleOf(text, `bystack_vote_fsync_seconds_bucket{le="${le}"}`);
  assert.deepEqual([bucket("0.0005"), bucket("0.005"), bucket("0.025"), bucket("5"), bucket("+Inf")], [1, 2, 3, 3, 4]);
  assert.equal(sampleOf(text, "bystack_vote_fsync_seconds_count"), 4);
  assert.ok(Math.abs((sampleOf(text, "bystack_vote_fsync_seconds_sum") ?? 0) - 9.0244) < 1e-9);
  assert.ok(text.endsWith("\n") && !text.includes("\n\n"));
});

test("a label value that is not listed becomes other: no peer makes a series, and nothing else gets in", async () => {
  const metrics = new MetricsRegistry();
  for (let i = 0; i < 1000; i += 1) metrics.count("network_refused_total", 1, { code: `key-${i}"\n` });
  metrics.count("network_refused_total", 1, { password: "hunter2" });
  const text = await metrics.render();
  assert.deepEqual(samplesOf(text), [['bystack_network_refused_total{code="other"}', 1001]]);
});

test("a counter never falls, and one that others keep is read when it is asked for", async () => {
  const metrics = new MetricsRegistry();
  let elsewhere = 5;
  metrics.onRead(() => metrics.total("reorganisations_total", elsewhere));
  metrics.count("evidence_total", -3);
  assert.equal(sampleOf(await metrics.render(), "bystack_reorganisations_total"), 5);
  elsewhere = 3;
  const text = await metrics.render();
  assert.equal(sampleOf(text, "bystack_reorganisations_total"), 5);
  assert.equal(sampleOf(text, "bystack_evidence_total"), 0);
});

test("what is not in the table cannot be counted, nor as something else than it is", () => {
  const metrics = new MetricsRegistry();
  assert.throws(() => metrics.count("made_up_total"), RangeError);
  assert.throws(() => metrics.count("chain_height"), RangeError);
});

test("a declared counter is there with all its labels before the first event", async () => {
  const metrics = new MetricsRegistry();
  metrics.declare(["refused_messages_total"]);
  const { labels } = METRICS.refused_messages_total;
  assert.equal(samplesOf(await metrics.render()).length, labels.reason.length * labels.scored.length);
});

test("every metric of the mesh is in the table, names are those of the convention, buckets rise", () => {
  const known = Object.keys(METRICS);
  for (const name of Object.values(NETWORK_METRICS)) assert.ok(known.includes(name), name);
  for (const [name, definition] of Object.entries<MetricDefinition>(METRICS)) {
    assert.match(name, /^[a-z][a-z0-9_]*$/);
    assert.equal(name.endsWith("_total"), definition.kind === "counter", name);
    const { buckets = [] } = definition;
    assert.equal(buckets.length > 0, definition.kind === "histogram", name);
    assert.deepEqual(
      buckets,
      [...new Set(buckets)].sort((a, b) => a - b),
      name,
    );
  }
});

test("a view that failed is counted as missed by the validator that led it, and by no other", () => {
  const counted: string[] = [];
  // Runs of two views, four validators: views 2 and 3 are led by place 1, which is this one.
  const state = { config: { run: 2 }, committees: { present: { n: 4, ownIndex: 1 } } } as unknown as BbftState;
  const entered = [2, 3, 4, 5].map((view) => ({ type: "viewEntered", epoch: 1, view, nullified: view !== 3 }) as const);
  countEffects({ count: (name) => void counted.push(name) }, state, entered);
  assert.deepEqual(counted, ["own_views_missed_total"]);
});
