// Reads the text of `/metrics` as a collector does: every line has to be a comment or a sample.

import assert from "node:assert/strict";

const SAMPLE =
  /^([a-z_][a-z0-9_]*(?:\{[a-z]+="(?:[^"\\\n]|\\[\\n"])*"(?:,[a-z]+="(?:[^"\\\n]|\\[\\n"])*")*\})?) (\S+)$/;

/** Name with labels, and value, in the order of the text; comments checked and left out. */
export function samplesOf(text: string): [string, number][] {
  const found: [string, number][] = [];
  for (const line of text.trimEnd().split("\n")) {
    if (/^# (?:HELP|TYPE) bystack_[a-z0-9_]+ \S/.test(line)) continue;
    const match = SAMPLE.exec(line);
    assert.ok(match !== null, `not a sample: ${line}`);
    found.push([match[1] ?? "", Number(match[2])]);
  }
  return found;
}

export function sampleOf(text: string, name: string): number | undefined {
  return samplesOf(text).find(([found]) => found === name)?.[1];
}

/** The text that a node gives. */
export async function metricsAt(url: string): Promise<string> {
  const reply = await fetch(`${url}/metrics`);
  assert.equal(reply.status, 200);
  assert.match(reply.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  return reply.text();
}
