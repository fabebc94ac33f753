// `npm run test:browser`: opens every page of the built console in a real Chromium: in three worlds, in four states, light and
// dark, wide and narrow. Usage: npm run test:browser [-- <part of a page's name> ...] [--state ok] [--world dev]; with --live
// a real network instead (live.ts)

import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { CHROMIUM_REMEDY, findChromium } from "./chromium.ts";
import { startFixtureServer } from "./fixture-server.ts";
import { runLive } from "./live.ts";
import { PAGE_CASES } from "./pages.ts";
import { STATES, visitPage } from "./visit.ts";
import { DEV } from "./worlds/dev.ts";
import { EMPTY } from "./worlds/empty.ts";
import { LARGE } from "./worlds/large.ts";

const WORLDS = [EMPTY, DEV, LARGE];
const root = join(import.meta.dirname, "..", "..");
const dist = join(root, "dist");
const artefacts = join(root, "artefacts");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { state: { type: "string" }, world: { type: "string" }, live: { type: "boolean", default: false } },
});

async function run(executablePath: string): Promise<number> {
  const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
  let visits = 0;
  let failures = 0;
  for (const world of WORLDS.filter(({ name }) => (values.world ?? name) === name)) {
    const server = await startFixtureServer({ dist, world });
    for (const { name, path, worlds, onlyOk, answers, draft, act } of PAGE_CASES) {
      if (positionals.length > 0 && !positionals.some((part) => name.includes(part))) continue;
      if (worlds !== undefined && !worlds.includes(world.name)) continue;
      server.world = { ...world, answers: { ...world.answers, ...answers } };
      const network = world.network ?? "none";
      const states = onlyOk === true ? ["ok" as const] : STATES;
      for (const state of states.filter((candidate) => (values.state ?? candidate) === candidate)) {
        // A context of its own: nothing that one visit has stored is there for the next.
        const context = await browser.newContext();
        const folder = join(artefacts, world.name);
        const visit = {
          name,
          path: path(network),
          state,
          act,
          draft: draft === undefined ? undefined : { network, text: draft },
        };
        const problems = await visitPage(context, server, visit, folder);
        await context.close();
        visits += 1;
        if (problems.length > 0) failures += 1;
        console.log(`${problems.length === 0 ? "ok  " : "FAIL"}  ${world.name.padEnd(6)} ${state.padEnd(12)} ${name}`);
        for (const problem of problems) console.log(`        ${problem}`);
      }
    }
    await server.close();
  }
  await browser.close();
  console.log(
    `\n${visits - failures} of ${visits} visits without a problem; screenshots in packages/console/artefacts`,
  );
  return failures === 0 && visits > 0 ? 0 : 1;
}

const executable = findChromium();
if (executable === undefined) {
  console.error(`test:browser  ${CHROMIUM_REMEDY}`);
  process.exitCode = 2;
} else if (!existsSync(join(dist, "index.html"))) {
  console.error("test:browser  the console is not built: npm run setup");
  process.exitCode = 2;
} else if (values.live) {
  mkdirSync(artefacts, { recursive: true });
  process.exitCode = await runLive(executable, artefacts);
} else {
  if (positionals.length === 0 && values.world === undefined && values.state === undefined)
    rmSync(artefacts, { recursive: true, force: true });
  process.exitCode = await run(executable);
}
