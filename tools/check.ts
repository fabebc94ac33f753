// `npm run check`: types, format and lint, then the tidy tests (structure of the repository). Under 90 s on two cores.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const bin = (name: string): string => join(root, "node_modules", ".bin", name);

const steps: { name: string; command: string; args: string[] }[] = [
  { name: "types", command: bin("tsc"), args: ["--project", "tsconfig.json"] },
  { name: "types of the console", command: bin("tsc"), args: ["--project", "packages/console"] },
  { name: "format and lint", command: bin("biome"), args: ["check", "--error-on-warnings", "."] },
  { name: "tidy", command: process.execPath, args: ["tools/test.ts", "tools/tidy"] },
];

let failures = 0;
for (const step of steps) {
  const from = performance.now();
  const result = spawnSync(step.command, step.args, { cwd: root, stdio: "inherit" });
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  const ok = result.status === 0;
  if (!ok) failures += 1;
  console.log(`check  ${step.name}: ${ok ? "ok" : "FAILED"} in ${seconds} s`);
}
process.exitCode = failures === 0 ? 0 : 1;
