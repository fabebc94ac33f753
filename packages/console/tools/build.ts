// Builds the console into dist/: static files that the platform serves under a strict content security policy. Called by the
// project's set-up when a source changed, and by whoever works on the console: `npm run console`.

import { join } from "node:path";
import { build } from "vite";
import { reportSizes } from "./sizes.ts";

const root = join(import.meta.dirname, "..");

/** Builds once, in production mode, without any file outside `dist`. */
export async function buildConsole(outDir: string): Promise<void> {
  await build({
    root,
    configFile: false,
    envDir: false,
    logLevel: "warn",
    build: {
      outDir,
      emptyOutDir: true,
      target: ["chrome123", "firefox120", "safari17.5"],
      // A data URL for a script or a font is what the policy forbids.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      // The shell's limit is of what travels: tools/sizes.ts.
      chunkSizeWarningLimit: 1_000,
      rolldownOptions: {
        onLog: (level, log, defaultHandler) => {
          // "use client" is for servers that render; here everything is the client.
          if (log.code !== "MODULE_LEVEL_DIRECTIVE") defaultHandler(level, log);
        },
      },
    },
  });
}

if (import.meta.main) {
  const outDir = join(root, "dist");
  await buildConsole(outDir);
  const { lines, isWithin } = reportSizes(outDir);
  if (!process.argv.includes("--quiet") || !isWithin) for (const line of lines) console.error(line);
  if (!isWithin) process.exitCode = 1;
}
