// Every command that the console shows exists: the command line's own help is asked for each of them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const PROGRAM = join(root, "..", "cli", "bin", "bystack.mjs");

/** `bystack node restart ${id}` → `node restart`; words that a page fills in stand for themselves. */
function commandsOf(text: string): string[] {
  const shown = text.replaceAll(/^\s*(?:\/\/|\*).*$/gm, "");
  return [...shown.matchAll(/["`'\s]bystack ((?:[a-z]+|\$\{verb\})(?: (?:[a-z]+|\$\{verb\}))?)(?=["`' .:<$])/g)].map(
    (match) => match[1] ?? "",
  );
}

/** Where a page fills in which of them is meant. */
const VERB = ["$", "{verb}"].join("");
const verbs = ["restart", "stop", "rebuild"];
const shown = new Set(
  globSync("src/**/*.{ts,tsx}", { cwd: root })
    .flatMap((file) => commandsOf(readFileSync(join(root, file), "utf8")))
    .flatMap((command) => (command.includes(VERB) ? verbs.map((verb) => command.replace(VERB, verb)) : [command])),
);

test("every command on the screen is one of the command line's", () => {
  assert.ok(shown.size >= 8, `found only ${[...shown].join(", ")}`);
  for (const command of shown) {
    const help = execFileSync(process.execPath, [PROGRAM, ...command.split(" "), "--help"], { encoding: "utf8" });
    const [, usage = ""] = /^Usage: bystack (.*)$/m.exec(help) ?? [];
    const [first = "", second] = command.split(" ");
    const isKnown =
      usage.startsWith(`${command} `) ||
      usage === command ||
      (usage.startsWith(`${first} [options]`) && second !== undefined);
    assert.ok(isKnown, `bystack ${command}: the help is of "bystack ${usage}"`);
  }
});
