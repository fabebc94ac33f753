// How much the console weighs: what a browser fetches before the first page stands (the shell), and what only some pages need.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Bytes, compressed, of everything that index.html asks for, directly or through imports (issue 5). */
export const SHELL_BYTES_MAX = 250 << 10;
/** Bytes, compressed, of the plots and the graph together: files of `*-canvas.tsx` (platform.md section 6). */
export const LAZY_BYTES_MAX = 110 << 10;

const KIB = 1024;

/** What one file imports at once; dynamic imports are fetched later. */
function staticImports(code: string): string[] {
  return [...code.matchAll(/(?:^|[;}\s])(?:import|export)\s*(?:[\w*{}\s,$]+from\s*)?["']\.\/([^"']+\.js)["']/g)].map(
    (match) => match[1] ?? "",
  );
}

export type Sizes = { readonly shell: number; readonly lazy: number; readonly all: number };

/** @param outDir a finished build */
export function measure(outDir: string): Sizes {
  const assets = join(outDir, "assets");
  const html = readFileSync(join(outDir, "index.html"), "utf8");
  const sizeOf = (name: string): number => gzipSync(readFileSync(join(assets, name)), { level: 9 }).length;
  const shell = new Set<string>();
  const visit = (name: string): void => {
    if (shell.has(name)) return;
    shell.add(name);
    if (name.endsWith(".js")) for (const next of staticImports(readFileSync(join(assets, name), "utf8"))) visit(next);
  };
  for (const match of html.matchAll(/(?:src|href)="\/assets\/([^"]+)"/g)) visit(match[1] ?? "");
  const names = readdirSync(assets);
  const lazy = names.filter((name) => /-canvas-/.test(name));
  const sum = (list: Iterable<string>): number => [...list].reduce((total, name) => total + sizeOf(name), 0);
  return { shell: sum(shell), lazy: sum(lazy), all: sum(names) };
}

/** Lines for people, and whether the limits are kept. */
export function reportSizes(outDir: string): { readonly lines: readonly string[]; readonly isWithin: boolean } {
  const { shell, lazy, all } = measure(outDir);
  const kib = (bytes: number): string => `${(bytes / KIB).toFixed(1)} KB`;
  const isWithin = shell <= SHELL_BYTES_MAX && lazy <= LAZY_BYTES_MAX;
  const lines = [
    `console  shell ${kib(shell)} of ${kib(SHELL_BYTES_MAX)}, plots and graph ${kib(lazy)} of ${kib(LAZY_BYTES_MAX)}, all pages ${kib(all)} (gzip)`,
  ];
  if (!isWithin) lines.push("console  too large: see which import brought it (packages/console/README.md)");
  return { lines, isWithin };
}
