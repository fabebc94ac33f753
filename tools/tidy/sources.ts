// Reads the repository as the tidy tests need it: source files, their imports, and the manifests of the packages.

import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

export const ROOT = join(import.meta.dirname, "..", "..");

export type Import = { readonly specifier: string; readonly typeOnly: boolean };

export type SourceFile = {
  /** Path from the root, with forward slashes. */
  readonly path: string;
  readonly package: string;
  readonly inTest: boolean;
  readonly text: string;
  readonly imports: readonly Import[];
};

export type Manifest = {
  readonly package: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

const IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*"([^"]+)"\s*\)/g;

/** Comments blanked out (same length), so that words in prose do not count as code. Strings stay. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<![:"'`\\])\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, " "));
}

function importsOf(text: string): Import[] {
  const found: Import[] = [];
  for (const match of text.matchAll(IMPORT))
    found.push({ specifier: match[2] ?? "", typeOnly: match[1] !== undefined });
  for (const match of text.matchAll(DYNAMIC_IMPORT)) found.push({ specifier: match[1] ?? "", typeOnly: false });
  return found;
}

export function readSources(): SourceFile[] {
  return globSync(["packages/*/{src,test,bench}/**/*.ts", "packages/*/src/**/*.tsx"], { cwd: ROOT })
    .map((path) => path.replaceAll("\\", "/"))
    .sort()
    .map((path) => {
      const text = readFileSync(join(ROOT, path), "utf8");
      const [, name = "", part = ""] = path.split("/");
      return { path, package: name, inTest: part !== "src", text, imports: importsOf(withoutComments(text)) };
    });
}

export function readManifests(): Manifest[] {
  return globSync("packages/*/package.json", { cwd: ROOT })
    .sort()
    .map((path) => {
      const manifest = JSON.parse(readFileSync(join(ROOT, path), "utf8"));
      return {
        package: path.split(/[\\/]/)[1] ?? "",
        exports: manifest.exports ?? {},
        dependencies: manifest.dependencies ?? {},
        devDependencies: manifest.devDependencies ?? {},
      };
    });
}

/** `@bystack/storage/lmdb` → `storage`; undefined for anything that is not one of our packages. */
export function workspaceOf(specifier: string): string | undefined {
  return specifier.startsWith("@bystack/") ? specifier.split("/")[1] : undefined;
}

/** `@peculiar/x509/sub` → `@peculiar/x509`; undefined for relative and node: specifiers, and for a package's own `#name`. */
export function packageOf(specifier: string): string | undefined {
  if (/^(?:\.|#|node:)/.test(specifier)) return undefined;
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
}

/** The file a relative or workspace import names, as a path from the root. */
export function resolveImport(from: SourceFile, specifier: string, manifests: readonly Manifest[]): string | undefined {
  if (specifier.startsWith(".")) return relative(ROOT, join(ROOT, dirname(from.path), specifier)).replaceAll("\\", "/");
  const name = workspaceOf(specifier);
  const manifest = manifests.find((candidate) => candidate.package === name);
  if (name === undefined || manifest === undefined) return undefined;
  const entry = manifest.exports[`.${specifier.slice(`@bystack/${name}`.length)}`];
  return typeof entry === "string" ? `packages/${name}/${entry.replace(/^\.\//, "")}` : undefined;
}
