// The guide "your own transaction, final in ten minutes" as a newcomer follows it: a fresh clone, each command of the page in
// its order through a shell, the program copied from the page. What the page promises is what the commands must print.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { type Check, nowMs, say } from "./run.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");
const PAGE = join("docs", "guide-first-transaction.md");
const COMMAND_DEADLINE_MS = 300_000;
const TEN_MINUTES_S = 600;
/** Of the payment from an own program; the page's other path needs three of them. */
const COMMANDS_MAX = 6 + 1;

type Guide = { readonly commands: readonly string[]; readonly program: string };

/** Commands and program of the page. */
export function readGuide(text: string): Guide {
  const blocks = [...text.matchAll(/^```(sh|js)\n([\s\S]*?)^```$/gm)];
  const of = (kind: string): string[] => blocks.flatMap(([, name, body = ""]) => (name === kind ? [body.trim()] : []));
  const [program = ""] = of("js");
  return { commands: of("sh"), program };
}

async function run(command: string, cwd: string, home: string): Promise<{ code: number | null; out: string }> {
  const path = [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter);
  const child = spawn("sh", ["-c", command], {
    cwd,
    env: { ...process.env, BYSTACK_HOME: home, PATH: path, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: COMMAND_DEADLINE_MS,
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    out += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out };
}

/** Follows the page once. The network and all folders are gone afterwards. */
export async function guideRounds(): Promise<Check[]> {
  const folder = mkdtempSync(join(tmpdir(), "bystack-guide-"));
  const [clone, home, app] = [join(folder, "bystack"), join(folder, "home"), join(folder, "my-app")];
  execFileSync("git", ["clone", "--quiet", ROOT, clone]);
  const { commands, program } = readGuide(readFileSync(join(clone, PAGE), "utf8"));
  mkdirSync(app);
  writeFileSync(join(app, "pay.mjs"), program);
  const checks: Check[] = [];
  const from = nowMs();
  let last = "";
  try {
    for (const command of commands) {
      const startedAt = nowMs();
      const { code, out } = await run(command, clone, home);
      const seconds = (nowMs() - startedAt) / 1000;
      last = out.trim().split("\n").at(-1) ?? "";
      say(`${seconds.toFixed(1).padStart(6)} s  ${command}\n          ${last}`);
      checks.push({ name: command, value: Number(seconds.toFixed(1)), limit: "exit code 0", ok: code === 0 });
      if (code !== 0) break;
    }
  } finally {
    await run("npx bystack down", clone, home);
    rmSync(folder, { recursive: true, force: true });
  }
  const total = Math.round((nowMs() - from) / 1000);
  return [
    ...checks,
    { name: "commands", value: commands.length, limit: `at most ${COMMANDS_MAX}`, ok: commands.length <= COMMANDS_MAX },
    {
      name: "the program's payment is final",
      value: last,
      limit: "",
      ok: /^final in block \d+: [0-9a-f]{64}/.test(last),
    },
    { name: "seconds in all", value: total, limit: `at most ${TEN_MINUTES_S}`, ok: total <= TEN_MINUTES_S },
  ];
}
