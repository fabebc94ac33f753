// Builds the package that is published: one module for browsers and Node alike, its types, its README. Everything of this
// repository is inside; zod alone stays outside, as the types name it. `npm run sdk` packs it.

import { execFile } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const repository = join(root, "..", "..");
const TYPES = "types";

type Manifest = {
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
};

async function bundle(outDir: string): Promise<void> {
  await build({
    root,
    configFile: false,
    envDir: false,
    publicDir: false,
    logLevel: "warn",
    build: {
      outDir,
      emptyOutDir: false,
      target: "es2024",
      minify: false,
      reportCompressedSize: false,
      lib: { entry: join(root, "src", "sdk.ts"), formats: ["es"], fileName: "index" },
      rolldownOptions: { external: [/^zod(?:\/|$)/] },
    },
  });
}

/** `@bystack/wallet/coins` → the file of its declarations below `types`; undefined for packages from outside. */
function declarationOf(specifier: string): string | undefined {
  const match = /^@bystack\/([a-z]+)(\/.+)$/.exec(specifier);
  if (match === null) return undefined;
  const [, name = "", entry = ""] = match;
  const manifest = JSON.parse(readFileSync(join(repository, "packages", name, "package.json"), "utf8"));
  const file: unknown = manifest.exports[`.${entry}`];
  if (typeof file !== "string") throw new Error(`${specifier} is not an entry point`);
  return join(name, file);
}

/** Declarations name files of the package alone: each import of ours becomes a relative one, each `.ts` a `.js`. */
function relink(types: string): void {
  for (const path of globSync("**/*.d.ts", { cwd: types })) {
    const text = readFileSync(join(types, path), "utf8");
    const linked = text.replace(/(from\s+|import\()"([^"]+)"/g, (whole, before: string, specifier: string) => {
      const ours = declarationOf(specifier);
      if (ours === undefined && !specifier.startsWith(".")) return whole;
      const target = ours === undefined ? specifier : relative(dirname(path), ours).replaceAll("\\", "/");
      const dotted = target.startsWith(".") ? target : `./${target}`;
      return `${before}"${dotted.replace(/\.ts$/, ".js")}"`;
    });
    writeFileSync(join(types, path), linked);
  }
}

/** Every entry of our packages by its file: what is found through node_modules would count as foreign and get no declarations. */
function entryPaths(): Record<string, string[]> {
  const paths: Record<string, string[]> = {};
  for (const path of globSync("packages/*/package.json", { cwd: repository })) {
    const { name, exports = {} } = JSON.parse(readFileSync(join(repository, path), "utf8"));
    for (const [entry, file] of Object.entries(exports))
      if (typeof file === "string") paths[join(name, entry)] = [join(repository, dirname(path), file)];
  }
  return paths;
}

async function declare(outDir: string): Promise<void> {
  const types = join(outDir, TYPES);
  const config = join(outDir, "tsconfig.types.json");
  const options = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: join(repository, "packages"),
    outDir: types,
    paths: entryPaths(),
    typeRoots: [join(repository, "node_modules", "@types")],
  };
  const settings = {
    extends: join(repository, "tsconfig.json"),
    compilerOptions: options,
    include: [],
    files: [join(root, "src", "sdk.ts")],
  };
  writeFileSync(config, JSON.stringify(settings));
  await run(process.execPath, [join(repository, "node_modules", "typescript", "bin", "tsc"), "-p", config]);
  rmSync(config);
  relink(types);
}

/** What npm is told: nothing of the workspace, and no dependency but the ones that stay outside. */
function manifestOf({ version, license, dependencies }: Manifest): object {
  const types = `./${TYPES}/sdk/src/sdk.d.ts`;
  return {
    name: "@bystack/sdk",
    version,
    description: "Client and wallet for Bystack networks, in Node and in browsers",
    license,
    type: "module",
    sideEffects: false,
    exports: { ".": { types, default: "./index.js" } },
    types,
    engines: { node: ">=20" },
    dependencies: { zod: dependencies.zod },
  };
}

/** Makes the package's folder anew. */
export async function buildSdk(outDir: string): Promise<void> {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  await bundle(outDir);
  await declare(outDir);
  writeFileSync(join(outDir, "package.json"), `${JSON.stringify(manifestOf(manifest), null, 2)}\n`);
  for (const name of [join(root, "README.md"), join(repository, "LICENSE")])
    if (existsSync(name)) cpSync(name, join(outDir, name.endsWith("LICENSE") ? "LICENSE" : "README.md"));
}

/** Packs a folder with a package; the path of the tarball. Runs npm offline: nothing is asked of anybody. */
export async function pack(folder: string, into: string): Promise<string> {
  mkdirSync(into, { recursive: true });
  const args = ["pack", folder, "--pack-destination", into, "--json", "--offline", "--ignore-scripts"];
  const { stdout } = await run("npm", args, { maxBuffer: 16 << 20 });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return join(into, filename);
}

if (import.meta.main) {
  const dist = join(root, "dist");
  await buildSdk(dist);
  console.log(await pack(dist, join(root, "build")));
}
