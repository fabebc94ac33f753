// The tree of commands as it is run: every help works, every example parses, a wrong line is exit code 2, and on a network
// that is not there every command says so in the same way and leaves nothing behind.

import assert from "node:assert/strict";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { DEV_DEFINITION } from "@bystack/platform/definition/dev";
import { envelopeOf, Home, type Ran } from "./kit.ts";

const home = new Home();
after(() => home.remove());

/** Names of the commands that a help text lists. */
function commandsIn(help: string): string[] {
  const [, list = ""] = help.split("\nCommands:\n");
  return list.split("\n").flatMap((line) => /^ {2}([a-z]+)\b/.exec(line)?.[1] ?? []);
}

type Help = { readonly path: readonly string[]; readonly text: string };

async function helps(path: readonly string[] = []): Promise<Help[]> {
  const ran = await home.run(...path, "--help");
  assert.equal(ran.code, 0, `${path.join(" ")} --help: ${ran.err}`);
  const found: Help[] = [{ path, text: ran.out }];
  for (const name of commandsIn(ran.out)) if (name !== "help") found.push(...(await helps([...path, name])));
  return found;
}

/** Asked for once: a process for each command. */
let tree: Promise<Help[]> | undefined;
function allHelps(): Promise<Help[]> {
  tree ??= helps();
  return tree;
}

/** Commands that start the platform for what they do. */
const STARTS = ["token create", "user invite"];
/** Commands that have nothing to find. */
const NEED_NOTHING = ["network list", "schema"];
/** Exit codes of examples in an empty home, by command or group of commands, where it is not 4. */
const EXITS: Readonly<Record<string, number>> = {
  alert: 8,
  "alert channel add": 1,
  plan: 1,
  apply: 1,
  "node drill": 1,
  operation: 8,
  backup: 8,
  "backup create": 4,
  token: 8,
  user: 8,
  audit: 8,
  "audit verify": 1,
  "network validate": 1,
};

suite("help", () => {
  test("every command has one that begins with its usage and says what it does", async () => {
    const found = await allHelps();
    const paths = found.map(({ path }) => path.join(" "));
    for (const path of [
      "up",
      "down",
      "status",
      "prove",
      "why",
      "logs",
      "clean",
      "replay",
      "open",
      "version",
      "wallet send",
      "peg out",
      "candidate list",
      "candidate register",
      "candidate resign",
      "committee",
      "vote",
      "veto",
      "votes list",
      "votes claim",
      "block",
      "tx",
      "address",
      "search",
      "explorer rebuild",
      "plan",
      "apply",
      "chain create",
      "node add",
      "node rm",
      "operation show",
      "operation cancel",
      "operation resume",
      "token create",
      "token list",
      "token rm",
      "user invite",
      "user list",
      "user role",
      "user rm",
      "audit export",
      "audit head",
      "audit verify",
      "alert list",
      "alert silence",
      "alert test",
      "alert channel list",
      "alert channel add",
      "alert channel rm",
    ])
      assert.ok(paths.includes(path), `${path} is not among ${paths.join(", ")}`);
    for (const { path, text } of found) {
      assert.ok(text.startsWith(`Usage: ${["bystack", ...path].join(" ")}`), text);
      assert.match(text, /\n\n[^\n]{5,}/);
    }
  });

  test("every example is a line that the program takes", async () => {
    const examples = (await allHelps()).flatMap(({ path, text }) => {
      const line = /^Example: bystack (.+)$/m.exec(text)?.[1];
      return line === undefined ? [] : [{ path, args: line.split(" ") }];
    });
    const named = examples.map(({ path }) => path.join(" "));
    for (const path of [
      "up",
      "why",
      "logs",
      "replay",
      "open",
      "wallet send",
      "peg in",
      "peg out",
      "candidate register",
      "candidate resign",
      "committee",
      "vote",
      "veto",
      "votes claim",
      "block",
      "tx",
      "address",
      "search",
      "explorer rebuild",
      "plan",
      "apply",
      "chain create",
      "node add",
      "node rm",
      "operation show",
      "operation cancel",
      "operation resume",
      "token create",
      "token list",
      "token rm",
      "user invite",
      "user list",
      "user role",
      "user rm",
      "audit export",
      "audit head",
      "audit verify",
      "alert list",
      "alert silence",
      "alert test",
      "alert channel list",
      "alert channel add",
      "alert channel rm",
    ])
      assert.ok(named.includes(path), `${path} shows no example`);
    for (const { path, args } of examples) {
      assert.deepEqual(args.slice(0, path.length), path);
      // These would start what they show.
      const name = path.join(" ");
      if (["up", "replay", "open", "daemon"].includes(path[0] ?? "") || name === "backup key create") continue;
      if ([...STARTS, ...NEED_NOTHING].includes(name)) continue;
      // In an empty home: no such file, no platform that could be asked, no such network.
      const expected = EXITS[name] ?? EXITS[path[0] ?? ""] ?? 4;
      assert.equal((await home.run(...args)).code, expected, args.join(" "));
    }
  });
});

suite("a line that cannot be parsed", () => {
  const lines: readonly (readonly string[])[] = [
    ["nope"],
    ["wallet"],
    ["wallet", "nope"],
    ["status", "--nope"],
    ["logs"],
    ["wallet", "send", "--from", "alice"],
    ["logs", "demo-1", "--tail", "many"],
    ["logs", "demo-1", "--tail", "0"],
    ["chain", "create"],
    ["chain", "create", "acme", "--validators", "many"],
    ["operation", "show", "last"],
    ["alert", "silence", "halted.demo", "--minutes", "99999"],
    ["alert", "silence"],
    ["alert", "channel", "add"],
    ["plan"],
    ["why", "demo-1", "demo-2"],
    ["token", "create", "x", "--role", "king"],
    ["token", "create", "x", "--days", "366"],
    ["user", "role", "ann", "king"],
    ["audit", "verify"],
    ["audit", "verify", "a", "--head", "5"],
    ["peg", "in", "--from", "alice"],
    ["candidate", "register", "demo-5"],
    ["candidate", "register", "demo-5", "--from", "alice", "--share", "101"],
    ["candidate", "register", "demo-5", "--from", "alice", "--share", "half"],
    ["candidate", "resign", "--from", "alice"],
    ["candidate", "resign", "demo-5"],
    ["committee", "--epoch", "0"],
    ["vote", "demo-5", "--from", "alice"],
    ["vote", "demo-5", "10"],
    ["veto", "--from", "alice"],
    ["votes", "claim"],
  ];
  for (const line of lines) {
    test(`exit code 2: ${line.join(" ")}`, async () => {
      const ran = await home.run(...line);
      assert.equal(ran.code, 2, ran.err);
      assert.equal(ran.out, "");
      assert.match(ran.err, /Usage: bystack/);
    });
  }

  test("the nearest command is named", async () => {
    assert.match((await home.run("stauts")).err, /Did you mean status\?/);
  });

  test("with --json there is one document all the same", async () => {
    const ran = await home.run("--json", "nope");
    assert.equal(ran.code, 2);
    const { ok, error } = envelopeOf(ran);
    assert.deepEqual(
      [ok, error?.code, error?.message],
      [false, "USAGE", "unknown command 'nope'\n(Did you mean node?)"],
    );
  });
});

const NEEDS_NETWORK: readonly (readonly string[])[] = [
  ["down"],
  ["status"],
  ["prove"],
  ["why"],
  ["why", "demo-1"],
  ["logs", "demo-1"],
  ["logs", "demo-1", "--follow"],
  ["network", "export"],
  ["chain", "list"],
  ["node", "list"],
  ["account", "list"],
  ["asset", "list"],
  ["wallet", "balance"],
  ["wallet", "balance", "alice"],
  ["wallet", "receive", "alice"],
  ["wallet", "send", "--from", "a", "--to", "b", "--amount", "1"],
  ["peg", "in", "--from", "a", "--amount", "1"],
  ["peg", "out", "--from", "a", "--amount", "1"],
  ["peg", "list"],
  ["candidate", "list"],
  ["candidate", "register", "demo-1", "--from", "a"],
  ["candidate", "resign", "demo-1", "--from", "a"],
  ["committee"],
  ["vote", "demo-1", "5", "--from", "a"],
  ["veto", "demo-1", "--from", "a"],
  ["votes", "list"],
  ["votes", "list", "a"],
  ["votes", "claim", "--from", "a"],
  ["federation", "status"],
  ["federation", "stop", "demo-1"],
  ["federation", "start", "demo-1"],
];

suite("a network that is not there", () => {
  for (const line of NEEDS_NETWORK) {
    test(`exit code 4: ${line.join(" ")}`, async () => {
      const ran = await home.run("--json", ...line);
      assert.equal(ran.code, 4, ran.out);
      const { schemaVersion, ok, error } = envelopeOf(ran);
      assert.deepEqual(
        [schemaVersion, ok, error?.code, error?.why, error?.next],
        [1, false, "NETWORK_NOT_FOUND", "dev", "Start one: bystack up."],
      );
      assert.deepEqual(readdirSync(home.path), []);
    });
  }

  test("people are told on stderr: what, why, what next", async () => {
    const ran = await home.run("--network", "other", "status");
    assert.equal(ran.code, 4);
    assert.equal(ran.out, "");
    assert.match(ran.err, /NETWORK_NOT_FOUND[\s\S]*why: {2}other\n {2}next: Start one: bystack up\./);
  });

  test("cleaning up is done already", async () => {
    const ran = await home.run("clean", "--json");
    assert.equal(ran.code, 0);
    assert.deepEqual(envelopeOf(ran), { schemaVersion: 1, ok: true, data: { network: "dev", removed: false } });
  });
});

suite("lists and definitions", () => {
  test("no network is a list without items; the schema of a definition is one that names its keys", async () => {
    assert.deepEqual(envelopeOf(await home.run("--json", "network", "list")).data, { items: [] });
    const schema = envelopeOf(await home.run("--json", "schema")).data as { properties: object; required: string[] };
    assert.deepEqual(schema.required.toSorted(), ["format", "main", "network", "sides"]);
    assert.ok("federation" in JSON.parse(JSON.stringify(schema)).properties.sides.items.properties);
  });

  test("a definition is checked without anything being made", async () => {
    const file = join(home.path, "my.yaml");
    writeFileSync(file, DEV_DEFINITION);
    assert.deepEqual(envelopeOf(await home.run("--json", "network", "validate", file)).data, {
      network: "dev",
      sides: ["demo"],
    });
    writeFileSync(file, DEV_DEFINITION.replace(/^network:/m, "netwrok:"));
    const ran = await home.run("--json", "network", "validate", file);
    assert.deepEqual([ran.code, envelopeOf(ran).error?.code], [1, "DEFINITION_INVALID"]);
    assert.match(envelopeOf(ran).error?.why ?? "", /network/);
    rmSync(file);
    assert.deepEqual(readdirSync(home.path), []);
  });
});

suite("other answers", () => {
  const lastLine = (ran: Ran): string => ran.out.trimEnd().split("\n").at(-1) ?? "";

  test("the version, for people and for programs", async () => {
    const { version } = (await import("../package.json", { with: { type: "json" } })).default;
    assert.equal(lastLine(await home.run("version")), `bystack ${version} on node ${process.version}`);
    const ran = await home.run("version", "--json");
    assert.deepEqual(envelopeOf(ran), { schemaVersion: 1, ok: true, data: { version, node: process.version } });
    assert.equal(ran.out.split("\n").length, 2);
  });

  test("--elections is for the dev network; a file says it itself", async () => {
    const ran = await home.run("--json", "up", "net.yaml", "--elections");
    assert.equal(ran.code, 1);
    const { error } = envelopeOf(ran);
    assert.equal(error?.code, "DEFINITION_INVALID");
    assert.match(error?.why ?? "", /in net\.yaml write `elections: \{\}`/);
    assert.deepEqual(readdirSync(home.path), []);
  });

  test("a definition that is missing is told before anything is made", async () => {
    const ran = await home.run("--json", "up", `${home.path}/none.yaml`);
    assert.equal(ran.code, 1);
    assert.equal(envelopeOf(ran).error?.code, "DEFINITION_UNREADABLE");
    assert.deepEqual(readdirSync(home.path), []);
  });

  test("a node without options ends with the code of wrong options", async () => {
    const ran = await home.run("node", "run", `${home.path}/none`);
    assert.equal(ran.code, 64);
    assert.match(ran.err, /OPTIONS_INVALID[\s\S]*next: /);
  });

  test("a recording that is none is refused", async () => {
    const ran = await home.run("--json", "replay", `${home.path}/none.json`);
    assert.equal(ran.code, 1);
    assert.equal(envelopeOf(ran).error?.code, "REPLAY_FILE_INVALID");
  });
});
