// `bystack backup` from the key to the restored folder, on a real main node run by the platform's own process: made, drilled,
// listed, opened by the key's owner, put into an empty folder; and what is refused on the way.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { readDaemon } from "@bystack/platform/daemon/daemon-file";
import { envelopeOf, Home } from "./kit.ts";

const home = new Home();
const key = join(home.path, "backup.key");

/** One chain of its own: a main node and one validator, without a round trip to prove. */
const definition = (recipient: string): string => `format: 1
network: dev
main: { chain: main, spec: dev, nodes: [{ node: main-1, parts: [main], mine: { threads: 1, everyMs: 1000 } }] }
sides:
  - chain: demo
    engine: { blockMs: 200, run: 2, epochBlocks: 8 }
    developmentMode: true
    nodes: { count: 1, parts: [validator] }
accounts: [{ account: alice, fund: { BTM: "100" } }]
backup: { every: 24h, keep: 2, recipient: "${recipient}" }
prove: []
`;

type Backup = { readonly id: string; readonly height: number; readonly drill: { readonly ok: boolean } | null };
let recipient: string;

async function json<T>(...args: readonly string[]): Promise<T> {
  const ran = await home.run("--json", ...args);
  assert.equal(ran.code, 0, `${args.join(" ")}: ${ran.out} ${ran.err}`);
  return envelopeOf(ran).data as T;
}

async function codeOf(...args: readonly string[]): Promise<string | undefined> {
  const ran = await home.run("--json", ...args);
  assert.notEqual(ran.code, 0, ran.out);
  return envelopeOf(ran).error?.code;
}

suite("backups", { skip: process.platform !== "linux" && "processes are told apart by /proc" }, () => {
  before(async () => {
    recipient = (await json<{ recipient: string }>("backup", "key", "create", key)).recipient;
    const file = join(home.path, "my.yaml");
    writeFileSync(file, definition(recipient));
    await json("apply", file);
  });
  after(async () => {
    await home.run("down");
    const daemon = readDaemon(home.path);
    if (daemon !== undefined) process.kill(daemon.pid, "SIGTERM");
    home.remove();
  });

  test("a key is its owner's alone and never written over", async () => {
    assert.equal(statSync(key).mode & 0o077, 0);
    assert.match(recipient, /^[0-9a-f]{64}$/);
    assert.equal(await codeOf("backup", "key", "create", key), "BACKUP_PLACE_TAKEN");
  });

  for (const chain of ["demo", "main"])
    test(`chain ${chain} is backed up, drilled, and opened by the key alone`, async () => {
      const over = await json<{ state: string }>("--chain", chain, "backup", "create");
      assert.equal(over.state, "succeeded");
      const { items } = await json<{ items: (Backup & { chain: string })[] }>("backup", "list");
      const { id, height, drill } = items.find((item) => item.chain === chain) ?? assert.fail();
      assert.equal(drill?.ok, true);
      assert.equal((await json<{ opened: boolean }>("backup", "verify", id)).opened, false);
      assert.equal((await json<{ opened: boolean }>("backup", "verify", id, "--key", key)).opened, true);
      const drilled = await json<{ ok: boolean; height: number }>("backup", "drill", id, "--key", key);
      assert.deepEqual([drilled.ok, drilled.height], [true, height]);
      const other = join(home.path, `other-${chain}.key`);
      await json("backup", "key", "create", other);
      assert.equal(await codeOf("backup", "drill", id, "--key", other), "BACKUP_FOREIGN_KEY");
      const shown = await home.run("backup", "show", id);
      assert.match(shown.out, new RegExp(`recipient +${recipient}`));
    });

  test("goes into an empty folder, and is refused while nobody can be asked about a validator", async () => {
    const { items } = await json<{ items: (Backup & { chain: string; folder: string })[] }>("backup", "list");
    const main = items.find(({ chain }) => chain === "main") ?? assert.fail();
    const side = items.find(({ chain }) => chain === "demo") ?? assert.fail();
    const into = join(home.path, "elsewhere");
    mkdirSync(into);
    const args = (of: string) => ["backup", "restore", of, "--key", key, "--into", into] as const;
    assert.equal(await codeOf(...args(side.id)), "RESTORE_UNASKED");
    assert.deepEqual(readdirSync(into), []);
    // By its folder, as on a machine without the platform.
    const { height } = await json<{ height: number }>(...args(join(main.folder, main.id)));
    assert.deepEqual([height, existsSync(join(into, "data", "main", "chain.lmdb"))], [main.height, true]);
    assert.equal(JSON.parse(readFileSync(join(into, "node.json"), "utf8")).specFile, "spec.json");
    assert.equal(
      await codeOf("backup", "restore", main.id, "--key", key, "--into", "main-1"),
      "RESTORE_INSTANCE_ALIVE",
    );
  });

  test("the platform's own store is backed up, and its secrets stay", async () => {
    const over = await json<{ state: string }>("backup", "create", "--platform");
    assert.equal(over.state, "succeeded");
  });
});
