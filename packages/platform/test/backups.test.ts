// Backups as operations of the platform, over nodes without chains: written, sealed, listed, drilled, and the oldest removed;
// killed at every place of it; made when they are due, also by a platform that was away; refused where they cannot hold. Of the
// platform's own store nothing goes along that lets somebody in.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Platform, TENANT } from "@bystack/platform/daemon/platform";
import { DEV_DEFINITION } from "@bystack/platform/definition/dev";
import { parseDefinition } from "@bystack/platform/definition/parse";
import type { Operation } from "@bystack/platform/operation/record";
import { put } from "@bystack/platform/store";
import { openLmdbStore } from "@bystack/storage/lmdb";
import * as alerts from "../src/alert/tables.ts";
import { createRecipientSecret, recipientOf } from "../src/backup/crypto.ts";
import { openBackup } from "../src/backup/open.ts";
import { openedFor } from "../src/backup/restore-steps.ts";
import { backupAges, isDue, parsePeriod } from "../src/backup/schedule.ts";
import { listSealed } from "../src/backup/sealed.ts";
import { KEPT_TABLES, LEFT_OUT_TABLES, STORE_FILE } from "../src/backup/store-backup.ts";
import * as people from "../src/people/tables.ts";
import * as tables from "../src/store/tables.ts";
import { Machine } from "./machine.ts";

const secret = createRecipientSecret();
const recipient = recipientOf(secret);
const KEEP = 3;
const WITH_BACKUP = DEV_DEFINITION.replace(
  "prove:",
  `backup: { every: 24h, keep: ${KEEP}, recipient: "${recipient}" }\nprove:`,
);
const DAY_MS = 86_400_000;

class Killed extends Error {}

const machines: Machine[] = [];
after(() => Promise.all(machines.map((machine) => machine.end())));

async function newMachine(definition = WITH_BACKUP): Promise<{ machine: Machine; platform: Platform; folder: string }> {
  const machine = new Machine();
  machines.push(machine);
  const platform = await machine.platform();
  const over = await machine.apply(platform, definition);
  assert.equal(over.state, "succeeded", JSON.stringify(over.error));
  return { machine, platform, folder: join(machine.home, "platform", "backups", "dev") };
}

async function settled(platform: Platform, begun: Promise<Operation>): Promise<Operation> {
  return platform.journal.settled((await begun).id);
}

const create = (platform: Platform, wish = {}) => settled(platform, platform.backups.create("dev", wish, "test"));
const idsOf = async (platform: Platform) => (await platform.backups.list("dev")).map(({ id }) => id);

describe("a backup", () => {
  let machine: Machine;
  let platform: Platform;
  let folder: string;
  before(async () => {
    ({ machine, platform, folder } = await newMachine());
  });

  test("is written by a node, sealed, listed and drilled, and nothing is left open", async () => {
    const over = await create(platform, { chain: "demo" });
    assert.deepEqual([over.state, over.error], ["succeeded", null]);
    const [row] = await platform.backups.list("dev");
    assert.deepEqual([row?.chain, row?.node, row?.drill?.ok, row?.verified?.ok], ["demo", "demo-4", true, true]);
    const id = row?.id ?? assert.fail();
    assert.deepEqual(listSealed(folder), [id]);
    assert.equal(machine.backups.drilled.length, 1);
    assert.equal(existsSync(join(machine.layout.nodes, "demo-4", "backup", id)), false);
    const into = join(machine.home, "back");
    await openBackup(join(folder, id), secret, into);
    assert.equal(readFileSync(join(into, "data", "blocks.log"), "utf8"), "blocks of demo");
  });

  test("survives what removes its network", () => {
    assert.equal(folder.startsWith(machine.layout.root), false);
  });

  test("beyond those that are kept removes the oldest, of its own chain only", async () => {
    assert.equal((await create(platform, { chain: "main" })).state, "succeeded");
    const before = await idsOf(platform);
    for (let i = 0; i < KEEP; i += 1) await create(platform, { chain: "demo" });
    const ids = await idsOf(platform);
    assert.equal(ids.filter((id) => id.startsWith("demo-")).length, KEEP);
    assert.equal(ids.includes(before[0] ?? ""), false);
    assert.ok(ids.some((id) => id.startsWith("main-")));
    assert.deepEqual(listSealed(folder), ids.toSorted());
  });

  test("that does not hold fails, says why, and pushes no older one out", async () => {
    const before = await idsOf(platform);
    machine.backups.problem = "the state root is another";
    const over = await create(platform, { chain: "demo" });
    assert.deepEqual([over.state, over.error?.code, over.error?.step], ["failed", "DRILL_FAILED", "drilled"]);
    const ids = await idsOf(platform);
    assert.deepEqual(ids.slice(0, before.length), before);
    const row = await platform.backups.get("dev", ids.at(-1) ?? "");
    assert.deepEqual([row.drill?.ok, row.drill?.why], [false, "the state root is another"]);
    machine.backups.problem = "";
    await platform.journal.resume(over.id);
    assert.equal((await platform.journal.settled(over.id)).state, "succeeded");
  });

  test("of a node that is away fails with what to do, and is taken back whole by a cancel", async () => {
    await machine.nodes.stop("demo-4");
    const before = await idsOf(platform);
    const over = await create(platform, { chain: "demo", node: "demo-4" });
    assert.deepEqual([over.state, over.error?.code], ["failed", "BACKUP_FAILED"]);
    await platform.journal.cancel(over.id);
    assert.equal((await platform.journal.settled(over.id)).state, "cancelled");
    assert.deepEqual(await idsOf(platform), before);
    await machine.nodes.start("demo-4");
  });

  test("whose chunk is damaged is told by the next look at it", async () => {
    const id = (await idsOf(platform)).at(-1) ?? assert.fail();
    const path = join(folder, id, "000000.chunk");
    const whole = readFileSync(path);
    writeFileSync(
      path,
      whole.map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
    );
    const failed = await settled(platform, platform.backups.drill("dev", id, "test"));
    assert.equal(failed.error?.code, "BACKUP_DAMAGED");
    const { verified } = await platform.backups.get("dev", id);
    assert.deepEqual([verified?.ok, /000000\.chunk/.test(verified?.why ?? "")], [false, true]);
    writeFileSync(path, whole);
    const again = await settled(platform, platform.backups.drill("dev", id, "test"));
    assert.deepEqual([again.state, (await platform.backups.get("dev", id)).verified?.ok], ["succeeded", true]);
  });

  test("is not begun without a recipient, of nothing, or of another chain's node", async () => {
    await assert.rejects(platform.backups.create("dev", { chain: "acme" }, "test"), { code: "CHAIN_NOT_FOUND" });
    await assert.rejects(platform.backups.create("dev", { chain: "main", node: "demo-1" }, "test"), {
      code: "NODE_NOT_FOUND",
    });
    await assert.rejects(platform.backups.create("no", {}, "test"), { code: "NETWORK_NOT_FOUND" });
    const { platform: without } = await newMachine(DEV_DEFINITION);
    await assert.rejects(without.backups.create("dev", {}, "test"), { code: "BACKUP_NO_RECIPIENT" });
  });
});

test("killed at every place of it a backup is there once, whole, and nothing is left open", async () => {
  const { machine, platform: first, folder } = await newMachine();
  await first.end();
  let place = 1;
  for (; ; place += 1) {
    const life = { isDead: false, point: () => {} };
    let places = 0;
    life.point = () => {
      if (life.isDead) throw new Killed();
      places += 1;
      if (places !== place) return;
      life.isDead = true;
      throw new Killed();
    };
    const platform = await machine.platform(life);
    const { id } = await platform.backups.create("dev", { chain: "demo" }, "test");
    const over = platform.journal.settled(id).then(() => undefined);
    while (
      !life.isDead &&
      (await Promise.race([over, new Promise((resolve) => setImmediate(resolve, "turn"))])) === "turn"
    );
    const next = life.isDead ? await machine.platform() : platform;
    assert.deepEqual((await next.journal.settled(id)).error, null, `killed at place ${place}`);
    const ids = await idsOf(next);
    assert.equal(ids.filter((one) => one === `demo-${Number(id)}`).length, 1, `place ${place}: ${ids.join(", ")}`);
    assert.deepEqual([readdirSync(folder).sort(), ids.length <= KEEP], [ids.toSorted(), true], `place ${place}`);
    assert.equal(existsSync(join(machine.layout.nodes, "demo-4", "backup", `demo-${Number(id)}`)), false);
    await next.end();
    if (!life.isDead) break;
  }
  assert.ok(place > 20, `${place} places`);
});

describe("a schedule", () => {
  test("makes a backup of each chain and of the platform once a period, and none twice", async () => {
    const { machine, platform } = await newMachine();
    const allOver = async (of: Platform): Promise<void> => {
      for (const { id } of await of.journal.list({ limit: 50 })) await of.journal.settled(id);
    };
    await platform.backups.look();
    await platform.backups.look();
    await allOver(platform);
    const kinds = async (of: Platform) => (await of.backups.list("dev")).map(({ chain }) => chain).sort();
    assert.deepEqual(await kinds(platform), ["demo", "main", "platform"]);
    await platform.end();
    machine.pass(DAY_MS / 2);
    const next = await machine.platform();
    await next.backups.look();
    await allOver(next);
    assert.equal((await kinds(next)).length, 3);
    machine.pass(DAY_MS / 2);
    await next.backups.look();
    await allOver(next);
    assert.deepEqual(await kinds(next), ["demo", "demo", "main", "main", "platform", "platform"]);
    await next.end();
  });

  test("waits for what is under way, and tries one that failed again after an hour", () => {
    const operation = (state: Operation["state"], createdAtMs: number) => ({ state, createdAtMs });
    const due = (
      operations: { state: Operation["state"]; createdAtMs: number }[],
      nowMs: number,
      rows: number[] = [],
    ) => isDue({ rows: rows.map((createdAtMs) => ({ createdAtMs })), operations }, DAY_MS, nowMs);
    assert.equal(due([], 0), true);
    assert.equal(due([operation("running", 0)], 10 * DAY_MS), false);
    assert.equal(due([operation("failed", 0)], 3_599_999), false);
    assert.equal(due([operation("failed", 0)], 3_600_000), true);
    assert.equal(due([operation("failed", DAY_MS / 2)], DAY_MS, [0]), true);
    assert.equal(due([operation("succeeded", 5)], DAY_MS + 4), false);
    assert.equal(due([], DAY_MS - 1, [0]), false);
    assert.deepEqual([parsePeriod("90m"), parsePeriod("24h"), parsePeriod("7d")], [5_400_000, DAY_MS, 7 * DAY_MS]);
  });

  test("tells how old the newest backup is, and the newest that was proven", () => {
    const drill = {
      ok: true,
      atMs: 3_000,
      height: 1,
      stateRoot: null,
      blocks: 1,
      transactions: 1,
      seconds: 1,
      why: "",
    };
    const rows = [
      { createdAtMs: 2_000, drill },
      { createdAtMs: 9_000, drill: { ...drill, ok: false, atMs: 9_500 } },
    ];
    assert.deepEqual(backupAges(rows, 10_000), { backupAgeSeconds: 1, drillAgeSeconds: 7 });
    assert.deepEqual(backupAges([], 10_000), { backupAgeSeconds: null, drillAgeSeconds: null });
  });
});

describe("the definition", () => {
  test("changes backups while everything runs, and refuses what is no key, period or folder", async () => {
    const { machine, platform } = await newMachine(DEV_DEFINITION);
    const plan = await platform.plan(WITH_BACKUP);
    assert.deepEqual(
      plan.actions.map(({ verb, class: of }) => [verb, of]),
      [["network.configure", "live"]],
    );
    assert.equal((await machine.apply(platform, WITH_BACKUP)).state, "succeeded");
    assert.deepEqual([...machine.nodes.starts.values()], [1, 1, 1, 1, 1]);
    for (const [wrong, rule] of [
      ["every: 1w", /a period/],
      ["every: 0h", /a period/],
      ["recipient: abc", /public half/],
      ["target: s3://x", /file:/],
      ["target: file:data", /file:/],
      ["target: file:../x", /file:/],
      ["keep: 0", />=1/],
    ] as const) {
      const [key = ""] = wrong.split(":");
      const text =
        key === "recipient"
          ? `backup: { ${wrong} }`
          : `backup: { ${wrong.replace(/: (.*)$/, ': "$1"').replace('keep: "0"', "keep: 0")}, recipient: "${recipient}" }`;
      assert.throws(
        () => parseDefinition(DEV_DEFINITION.replace("prove:", `${text}\nprove:`), "x"),
        { code: "DEFINITION_INVALID", why: rule },
        wrong,
      );
    }
  });
});

describe("a restore", () => {
  let machine: Machine;
  let platform: Platform;
  let id: string;
  before(async () => {
    ({ machine, platform } = await newMachine());
    await create(platform, { chain: "demo", node: "demo-1" });
    id = (await idsOf(platform))[0] ?? assert.fail();
  });
  const into = (): string => join(machine.layout.nodes, "demo-1");
  const restore = () => settled(platform, platform.backups.restore("dev", { id, node: "demo-1" }, "test"));
  const open = async (): Promise<void> => {
    rmSync(openedFor(into(), id), { recursive: true, force: true });
    mkdirSync(join(into(), "restore"), { recursive: true });
    const { folder } = await platform.backups.get("dev", id);
    await openBackup(join(folder, id), secret, openedFor(into(), id));
  };

  test("needs what only the owner of the key can open, and takes nothing else", async () => {
    assert.equal((await restore()).error?.code, "BACKUP_SEALED");
    await open();
    const manifest = join(openedFor(into(), id), "manifest.json");
    writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"height":5', '"height":4'));
    assert.equal((await restore()).error?.code, "BACKUP_SEALED");
  });

  test("is refused while the old instance runs here, or a peer is connected to one elsewhere", async () => {
    await open();
    assert.equal((await restore()).error?.code, "RESTORE_INSTANCE_ALIVE");
    await machine.nodes.stop("demo-1");
    const over = await restore();
    assert.deepEqual([over.error?.code, over.error?.step], ["RESTORE_INSTANCE_ALIVE", "placed"]);
    assert.equal(existsSync(join(into(), "restored.json")), false);
  });

  test("is refused when nobody can be asked", async () => {
    for (const other of ["demo-2", "demo-3", "demo-4"]) await machine.nodes.stop(other);
    assert.equal((await restore()).error?.code, "RESTORE_UNASKED");
    for (const other of ["demo-2", "demo-3", "demo-4"]) await machine.nodes.start(other);
  });

  test("puts it in once the old one is gone, and starts the node", async () => {
    for (const other of ["demo-2", "demo-3", "demo-4"]) {
      const life = machine.nodes.lives.get(other) ?? assert.fail();
      life.peers = life.peers.filter((peer) => peer.id !== "demo-1");
    }
    const over = await restore();
    assert.deepEqual([over.state, over.error], ["succeeded", null]);
    assert.equal(readFileSync(join(into(), "data", "side", "blocks.log"), "utf8"), "blocks of demo");
    assert.deepEqual([machine.running().includes("demo-1"), existsSync(openedFor(into(), id))], [true, false]);
  });
});

describe("the platform's own store", () => {
  const all = Object.values<unknown>({ ...tables, ...people, ...alerts }).flatMap((value) =>
    typeof value === "object" && value !== null && "bucket" in value && "name" in value ? [String(value.name)] : [],
  );

  test("says of every table whether a backup has it", () => {
    const named = [...KEPT_TABLES, ...LEFT_OUT_TABLES].map(({ name }) => name);
    assert.ok(all.length >= 14, `${all.length} tables`);
    assert.deepEqual(named.toSorted(), all.toSorted());
  });

  test("is backed up without sessions, tokens, links and kept answers", async () => {
    const { machine, platform, folder } = await newMachine();
    const store = machine.store ?? assert.fail();
    const canary = `${"c0ffee".repeat(10)}beef`;
    const userId = "u0123456789abcdef";
    const token = {
      id: "t0123456789abcdef",
      userId,
      name: "ci",
      role: "o",
      network: "*",
      hash: canary,
      createdAtMs: 1,
      expiresAtMs: 2,
    } as const;
    const link = {
      id: "l0123456789abcdef",
      userId,
      madeBy: "x",
      name: "",
      roles: {},
      hash: canary,
      createdAtMs: 1,
      lastsMs: 1,
    };
    const session = {
      id: "s0123456789abcdef",
      userId,
      cookieHash: canary,
      headerHash: canary,
      oldHashes: [],
      createdAtMs: 1,
      seenAtMs: 1,
      rotatedAtMs: 1,
      provenAtMs: 1,
    };
    const user = {
      id: userId,
      login: "ada",
      name: "Ada",
      roles: {},
      password: null,
      passkeys: [],
      postponed: true,
      createdAtMs: 1,
    };
    await store.write(TENANT, {
      puts: [
        put(people.TOKENS, [userId, token.id], token),
        put(people.LINKS, [link.id], link),
        put(people.SESSIONS, [userId, session.id], session),
        put(people.USERS, [userId], user),
        put(tables.REPLIES, ["k"], { requestHash: canary, reply: { token: canary }, atMs: 1 }),
      ],
    });
    const over = await create(platform, { platform: true });
    assert.deepEqual([over.state, over.error], ["succeeded", null]);
    const [row] = await platform.backups.list("dev");
    assert.ok(row?.drill?.ok === true && row.drill.transactions > 5, JSON.stringify(row?.drill));
    const into = join(machine.home, "opened");
    await openBackup(join(folder, row.id), secret, into);
    for (const name of readdirSync(into, { recursive: true, withFileTypes: true }))
      if (name.isFile()) assert.equal(readFileSync(join(name.parentPath, name.name)).indexOf(canary), -1, name.name);
    const copy = await openLmdbStore({ path: join(into, "data", STORE_FILE) });
    const buckets = new Set<number | undefined>();
    for await (const { key } of copy.iterate()) buckets.add(key[0]);
    await copy.close();
    assert.ok(buckets.has(people.USERS.bucket) && buckets.has(tables.NETWORKS.bucket));
    for (const { bucket, name } of LEFT_OUT_TABLES) assert.equal(buckets.has(bucket), false, name);
  });
});
