// `npm run bench -- <name> [arguments]`: runs one benchmark script of a package; without a name it lists them. Figures are
// medians of several runs inside each script; quote ratios, because machines differ and are shared.

import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** `crypto/tensority` for packages/crypto/bench/tensority.ts. */
function benchmarks(): Map<string, string> {
  const files = globSync("packages/*/bench/*.ts", { cwd: ROOT }).sort();
  return new Map(files.map((file) => [file.replace(/^packages[\\/]([^\\/]+)[\\/]bench[\\/](.+)\.ts$/, "$1/$2"), file]));
}

const known = benchmarks();
const [name, ...rest] = process.argv.slice(2);
const matches = [...known].filter(([key]) => name !== undefined && (key === name || key.endsWith(`/${name}`)));
const [match] = matches;
if (match === undefined || matches.length > 1) {
  const reason =
    name === undefined ? "" : matches.length > 1 ? `${name} names several; ` : `there is no benchmark ${name}; `;
  process.stderr.write(
    `${reason}usage: npm run bench -- <name>\n${[...known.keys()].map((key) => `  ${key}`).join("\n")}\n`,
  );
  process.exitCode = name === undefined ? 0 : 2;
} else {
  process.exitCode = spawnSync(process.execPath, [join(ROOT, match[1]), ...rest], { stdio: "inherit" }).status ?? 1;
}
