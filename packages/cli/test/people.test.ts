// Tokens, people and the audit log from the command line, against a platform of its own in an empty home: what is made is
// listed, works where it should, and is good for nothing once it was ended.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { createClient } from "@bystack/api/client";
import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { readDaemon } from "@bystack/platform/daemon/daemon-file";
import { runningPlatform } from "../src/daemon/connect.ts";
import { envelopeOf, Home } from "./kit.ts";

const home = new Home();
after(async () => {
  const { pid = 0 } = readDaemon(home.path) ?? {};
  await runningPlatform(home.path)?.call("stopPlatform");
  while (readDaemon(home.path)?.pid === pid) await new Promise((resolve) => setImmediate(resolve));
  home.remove();
});

async function data(...args: readonly string[]): Promise<never> {
  const ran = await home.run("--json", ...args);
  assert.equal(ran.code, 0, `${args.join(" ")}: ${ran.out}${ran.err}`);
  return envelopeOf(ran).data as never;
}

async function codeOf(...args: readonly string[]): Promise<readonly [number | null, string | undefined]> {
  const ran = await home.run("--json", ...args);
  return [ran.code, envelopeOf(ran).error?.code];
}

suite("tokens", () => {
  test("nobody listens: the commands that only ask say so", async () => {
    assert.deepEqual(await codeOf("token", "list"), [8, "PLATFORM_NOT_RUNNING"]);
    assert.deepEqual(await codeOf("audit", "head"), [8, "PLATFORM_NOT_RUNNING"]);
  });

  test("the text alone is on stdout, and signs a program in with the role that was asked for", async () => {
    const made = await home.run("token", "create", "my-app", "--role", "auditor", "--days", "7");
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, /^\S+\n$/);
    assert.match(made.err, /auditor of every network, until .*bystack token rm t[0-9a-f]{16}/);
    const baseUrl = readDaemon(home.path)?.url ?? "";
    const api = createClient({ baseUrl, routes: PLATFORM_ROUTES, token: made.out.trim() });
    const me = await api.call("me");
    assert.deepEqual([me.login, me.via, me.roles], ["admin", "token", { "*": "a" }]);
    await assert.rejects(api.call("users"), { code: "ROLE_TOO_LOW" });
    const { items }: { items: { name: string; role: string }[] } = await data("token", "list");
    assert.deepEqual(
      items.map(({ name, role }) => [name, role]),
      [["my-app", "a"]],
    );
    await data("token", "rm", "my-app");
    await assert.rejects(api.call("me"), { code: "SIGN_IN_NEEDED" });
    assert.deepEqual(await codeOf("token", "rm", "my-app"), [4, "TOKEN_NOT_FOUND"]);
  });

  test("for one network alone, and for nobody who is not there", async () => {
    const { text, url }: { text: string; url: string } = await data("token", "create", "one", "--network", "dev");
    const me = await createClient({ baseUrl: url, routes: PLATFORM_ROUTES, token: text }).call("me");
    assert.deepEqual(me.roles, { dev: "d" });
    assert.deepEqual(await codeOf("token", "create", "x", "--user", "nobody"), [4, "USER_NOT_FOUND"]);
  });
});

suite("people", () => {
  test("an invitation makes a user, whose role is changed, and who is removed", async () => {
    const { url }: { url: string } = await data("user", "invite", "Ann", "--role", "auditor");
    const link = new URL(url).hash.replace("#k=", "");
    const baseUrl = readDaemon(home.path)?.url ?? "";
    await createClient({ baseUrl, routes: PLATFORM_ROUTES }).call("signInByLink", { body: { link, login: "ann" } });
    assert.match((await home.run("user", "list")).out, /^ann +auditor of all/m);
    const changed: { roles: object } = await data("user", "role", "ann", "operator");
    assert.deepEqual(changed.roles, { "*": "o" });
    await data("user", "rm", "ann");
    assert.deepEqual(await codeOf("user", "rm", "ann"), [4, "USER_NOT_FOUND"]);
    assert.deepEqual(await codeOf("user", "rm", "admin"), [5, "LAST_OWNER"]);
  });
});

suite("the audit log", () => {
  test("an export is verified without the platform; a changed row, a cut end and a file that is none are not", async () => {
    const head: { seq: number; hash: string } = await data("audit", "head");
    const exported = await home.run("audit", "export");
    assert.equal(exported.code, 0, exported.err);
    const file = join(home.path, "audit.ndjson");
    writeFileSync(file, exported.out);
    const mark = `${head.seq}:${head.hash}`;
    assert.deepEqual(await data("audit", "verify", file, "--head", mark), { rows: head.seq, head: head.hash });
    const lines = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, lines.map((line, i) => (i === 1 ? line.replace('"local"', '"token"') : line)).join("\n"));
    assert.deepEqual(await codeOf("audit", "verify", file), [1, "AUDIT_EXPORT_INVALID"]);
    writeFileSync(file, `${lines.slice(0, -2).join("\n")}\n`);
    assert.equal((await home.run("audit", "verify", file)).code, 0);
    assert.deepEqual(await codeOf("audit", "verify", file, "--head", mark), [1, "AUDIT_EXPORT_INVALID"]);
    assert.deepEqual(await codeOf("audit", "verify", `${file}.none`), [1, "AUDIT_EXPORT_INVALID"]);
  });
});
