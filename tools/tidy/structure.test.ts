// Draws the real arrows between packages and fails on any that architecture.md section 3 does not have; finds runtime
// import cycles, undeclared and unused dependencies, private entry points, and impure calls in pure packages.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BROWSER_PACKAGES, DRIVER_USERS, isArrowAllowed, PURE_PACKAGES, PURE_PATHS } from "./arrows.ts";
import {
  packageOf,
  ROOT,
  readManifests,
  readSources,
  resolveImport,
  type SourceFile,
  withoutComments,
  workspaceOf,
} from "./sources.ts";

const sources = readSources();
const manifests = readManifests();

function report(problems: readonly string[]): void {
  assert.equal(problems.length, 0, `\n${problems.join("\n")}\n`);
}

test("packages import only along the arrows of architecture.md section 3", () => {
  const problems: string[] = [];
  for (const source of sources) {
    for (const { specifier } of source.imports) {
      const target = workspaceOf(specifier);
      if (target === undefined || isArrowAllowed(source.package, target, source.inTest)) continue;
      problems.push(`${source.path}: ${source.package} may not import ${target} (${specifier})`);
    }
  }
  report(problems);
});

test("every import of a workspace package names an entry of its exports map, and the file exists", () => {
  const problems: string[] = [];
  for (const source of sources) {
    for (const { specifier } of source.imports) {
      if (workspaceOf(specifier) === undefined && !specifier.startsWith(".")) continue;
      const path = resolveImport(source, specifier, manifests);
      if (path === undefined) problems.push(`${source.path}: ${specifier} is not an entry point`);
      else if (!existsSync(join(ROOT, path)))
        problems.push(`${source.path}: ${specifier} names ${path}, which is missing`);
      else if (
        specifier.startsWith(".") &&
        path.split("/")[1] !== source.package &&
        source.path.startsWith("packages/")
      )
        problems.push(`${source.path}: ${specifier} reaches into another package; use its entry point`);
    }
  }
  for (const manifest of manifests) {
    for (const [entry, file] of Object.entries(manifest.exports)) {
      if (typeof file === "string" && !existsSync(join(ROOT, "packages", manifest.package, file)))
        problems.push(`packages/${manifest.package}/package.json: ${entry} names ${file}, which is missing`);
    }
  }
  report(problems);
});

test("dependencies are declared where they are used, and used where they are declared", () => {
  const problems: string[] = [];
  const root = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const shared = new Set(Object.keys(root.devDependencies ?? {}));
  for (const manifest of manifests) {
    const own = sources.filter((source) => source.package === manifest.package);
    const used = new Map<string, boolean>();
    for (const source of own) {
      for (const { specifier } of source.imports) {
        const name = packageOf(specifier);
        if (name !== undefined && name !== `@bystack/${manifest.package}`)
          used.set(name, (used.get(name) ?? false) || !source.inTest);
      }
    }
    for (const [name, atRuntime] of used) {
      const declared =
        name in manifest.dependencies || (!atRuntime && (name in manifest.devDependencies || shared.has(name)));
      if (!declared) problems.push(`packages/${manifest.package}: uses ${name} without declaring it`);
    }
    for (const name of [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)]) {
      if (!used.has(name)) problems.push(`packages/${manifest.package}: declares ${name} but does not use it`);
    }
  }
  report(problems);
});

test("every outside dependency has its sentence in docs/dependencies.md", () => {
  const text = readFileSync(join(ROOT, "docs", "dependencies.md"), "utf8");
  const root = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const names = new Set<string>([
    ...Object.keys(root.devDependencies ?? {}),
    ...Object.keys(root.optionalDependencies ?? {}),
  ]);
  for (const manifest of manifests) {
    for (const name of Object.keys(manifest.dependencies)) if (!name.startsWith("@bystack/")) names.add(name);
  }
  report(
    [...names]
      .filter((name) => !text.includes(`\`${name}\``))
      .map((name) => `docs/dependencies.md: no sentence for ${name}`),
  );
});

/** Cycles among runtime imports (type imports vanish before anything runs). */
function findCycles(files: readonly SourceFile[]): string[] {
  const edges = new Map<string, string[]>();
  for (const file of files) {
    const targets = file.imports
      .filter((entry) => !entry.typeOnly)
      .map((entry) => resolveImport(file, entry.specifier, manifests))
      .filter((path): path is string => path !== undefined);
    edges.set(file.path, targets);
  }
  const state = new Map<string, "open" | "done">();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
      return;
    }
    state.set(path, "open");
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    state.set(path, "done");
  };
  for (const file of files) visit(file.path, []);
  return cycles;
}

test("there is no runtime import cycle", () => {
  report(findCycles(sources));
});

const BANNED_IN_PURE: readonly { pattern: RegExp; instead: string }[] = [
  { pattern: /\bDate\.now\b|\bnew Date\b|\bperformance\.now\b/, instead: "the time in an argument" },
  { pattern: /\bMath\.random\b|\bcrypto\.getRandomValues\b/, instead: "an Rng argument" },
  { pattern: /\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/, instead: "a timer effect" },
  { pattern: /\bprocess\.|\bfetch\(|\bPromise\.race\b|\bconsole\./, instead: "nothing: this package does no I/O" },
  { pattern: /from "node:/, instead: "a port or @bystack/crypto" },
];

test("pure packages touch no clock, randomness, timer, process or node module", () => {
  const problems: string[] = [];
  for (const source of sources) {
    const pure =
      !source.inTest &&
      (PURE_PACKAGES.includes(source.package) || PURE_PATHS.some((path) => source.path.startsWith(`${path}/`)));
    if (!pure) continue;
    withoutComments(source.text)
      .split("\n")
      .forEach((line, index) => {
        for (const { pattern, instead } of BANNED_IN_PURE) {
          if (pattern.test(line)) problems.push(`${source.path}:${index + 1}: ${line.trim()} (use ${instead})`);
        }
      });
  }
  report(problems);
});

test("what runs in a browser imports no node module", () => {
  const problems: string[] = [];
  for (const source of sources) {
    if (source.inTest || !BROWSER_PACKAGES.includes(source.package)) continue;
    for (const { specifier } of source.imports)
      if (specifier.startsWith("node:")) problems.push(`${source.path}: imports ${specifier}`);
  }
  report(problems);
});

test("only the composition roots import a storage driver", () => {
  const drivers = new Set(["@bystack/storage/lmdb", "@bystack/storage/memory", "@bystack/storage/disk-node"]);
  const problems: string[] = [];
  for (const source of sources) {
    if (source.inTest || DRIVER_USERS.includes(source.package)) continue;
    for (const { specifier } of source.imports)
      if (drivers.has(specifier)) problems.push(`${source.path}: imports ${specifier}`);
  }
  report(problems);
});

test("no default export, no barrel, no escape from the type checker", () => {
  const problems: string[] = [];
  for (const source of sources) {
    const code = withoutComments(source.text);
    if (/\/index\.ts$/.test(source.path))
      problems.push(`${source.path}: no index.ts; name entry points in the exports map`);
    if (/^export default\b/m.test(code)) problems.push(`${source.path}: no default export`);
    if (/@ts-(?:ignore|expect-error|nocheck)/.test(source.text))
      problems.push(`${source.path}: escapes from the type checker`);
    if (/\b(?:TODO|FIXME|XXX|HACK)\b/.test(source.text))
      problems.push(`${source.path}: a note to a later self; do it or write an issue`);
  }
  report(problems);
});

test("every source file says in its first lines what it owns", () => {
  report(
    sources
      .filter((source) => !/^(?:#![^\n]*\n)?\/[/*]/.test(source.text))
      .map((source) => `${source.path}: starts without a comment`),
  );
});
