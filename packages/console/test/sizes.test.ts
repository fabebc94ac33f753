// How the console is weighed: what index.html asks for at once is the shell, what is imported later is not.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { measure, reportSizes, SHELL_BYTES_MAX } from "../tools/sizes.ts";

function built(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "bystack-console-"));
  mkdirSync(join(folder, "assets"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const HTML = '<script type="module" src="/assets/a.js"></script><link rel="stylesheet" href="/assets/a.css">';

test("the shell is what index.html asks for with all that it imports; the rest is counted apart", () => {
  const files = {
    "index.html": HTML,
    "assets/a.js": `import{b}from"./b.js";const later=()=>import(${JSON.stringify("./page.js")});b(later)`,
    "assets/b.js": "export const b=1",
    "assets/page.js": 'import{x}from"./topology-canvas-1.js"',
    "assets/topology-canvas-1.js": "export const x=2",
    "assets/a.css": ".b{}",
  };
  const folder = built(files);
  const size = (name: keyof typeof files): number => gzipSync(files[name], { level: 9 }).length;
  try {
    const { shell, lazy } = measure(folder);
    assert.equal(shell, size("assets/a.js") + size("assets/b.js") + size("assets/a.css"));
    assert.equal(lazy, size("assets/topology-canvas-1.js"));
    assert.equal(reportSizes(folder).isWithin, true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a shell above its limit is not within", () => {
  // Digits of a linear congruence compress badly: three quarters of their length and more are left.
  let state = 1;
  const noise = Array.from({ length: SHELL_BYTES_MAX * 2 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCharCode(33 + ((state >>> 16) % 90));
  }).join("");
  const folder = built({ "index.html": HTML, "assets/a.js": noise, "assets/a.css": "" });
  try {
    assert.equal(reportSizes(folder).isWithin, false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
