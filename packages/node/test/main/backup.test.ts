// The backup of a mining node with LMDB: a copy of one moment while blocks go on, drilled by applying every block again, put
// into an empty folder, where a node starts with the same tip. What was changed in it is found.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { MANIFEST_FILE } from "@bystack/api/backup-manifest";
import { nullLogger } from "@bystack/utils/ports";
import { drillBackup } from "../../src/backup/drill.ts";
import { readManifest } from "../../src/backup/jobs.ts";
import { placeBackup } from "../../src/backup/restore.ts";
import { type MainNode, startMainNode } from "../../src/main/main-node.ts";
import { systemClock } from "../../src/process/timers.ts";
import { type Client, clientOf, createFolder, createOwner, devSpec, mainOptions, mining, nodeJson } from "./kit.ts";

const POLL_MS = 20;
const HEIGHT = 5;
const owner = createOwner();
const folder = createFolder(devSpec(owner));
let node: MainNode;
let client: Client;
let kept: string;

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(POLL_MS);
}

async function drill(from: string) {
  const work = join(folder.path, "work");
  mkdirSync(work);
  try {
    return await drillBackup({ folder: from, work, logger: nullLogger });
  } finally {
    rmSync(work, { recursive: true });
  }
}

before(async () => {
  writeFileSync(join(folder.path, "node.json"), JSON.stringify(nodeJson(mining(owner))));
  node = await startMainNode({ folder: folder.path, options: mainOptions(mining(owner)) });
  const { adminToken } = JSON.parse(readFileSync(join(folder.path, "instance.json"), "utf8"));
  client = clientOf(node.url, adminToken);
  await until(async () => (await client.call("info")).height >= HEIGHT);
  const ask = () => client.call("backup", { body: { id: "main-1" } });
  await until(async () => (await ask()).state !== "running");
  const done = await ask();
  assert.deepEqual([done.state, done.why], ["done", ""]);
  kept = join(folder.path, done.folder);
});

after(async () => {
  await node.stop();
  folder.remove();
});

test("every block of it, applied again, leaves the same outputs", async () => {
  const { height, blockHash, stateRoot, kind, votes } = readManifest(kept);
  assert.deepEqual([kind, votes, height >= HEIGHT], ["main", null, true]);
  assert.equal((await client.call("block", { params: { ref: String(height) } })).hash, blockHash);
  const result = await drill(kept);
  assert.deepEqual([result.why, result.ok, result.height, result.stateRoot], ["", true, height, stateRoot]);
  assert.equal(result.blocks, height);
});

test("a store that was changed is found, also with a manifest that says otherwise", async () => {
  const broken = join(folder.path, "broken");
  cpSync(kept, broken, { recursive: true });
  const path = join(broken, MANIFEST_FILE);
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  for (const change of [{ stateRoot: "ab".repeat(32) }, { height: 1 }, { chainId: "cd".repeat(32) }]) {
    writeFileSync(path, JSON.stringify({ ...manifest, ...change }));
    assert.equal((await drill(broken)).ok, false, JSON.stringify(change));
  }
});

test("in an empty folder a node begins with its tip", async () => {
  const into = join(folder.path, "into");
  mkdirSync(into);
  const { height, blockHash } = await placeBackup({ from: kept, into, clock: systemClock });
  const again = await startMainNode({ folder: into, options: mainOptions(), logger: nullLogger });
  const info = await clientOf(again.url).call("info");
  await again.stop();
  assert.deepEqual([info.height, info.tip], [height, blockHash]);
  await assert.rejects(placeBackup({ from: kept, into: folder.path, clock: systemClock }), {
    code: "RESTORE_NOT_EMPTY",
  });
});
