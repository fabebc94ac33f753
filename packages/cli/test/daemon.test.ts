// The platform's process as commands meet it: started when it is needed, one for a home folder, back after a kill, closed to
// whoever has not got its token.

import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { platformPaths, readDaemon, removeDaemon, writeDaemon } from "@bystack/platform/daemon/daemon-file";
import { DEV_DEFINITION } from "@bystack/platform/definition/dev";
import { type Envelope, Home } from "./kit.ts";

const onLinux = process.platform === "linux" ? {} : { skip: "processes are told apart by /proc" };
const homes: Home[] = [];
after(() => {
  for (const home of homes) {
    const daemon = readDaemon(home.path);
    if (daemon !== undefined) process.kill(daemon.pid, "SIGKILL");
    home.remove();
  }
});

function newHome(): Home {
  const home = new Home();
  homes.push(home);
  return home;
}

function dataOf(out: string): { actions: readonly unknown[]; hash: string } {
  const envelope = JSON.parse(out) as Envelope & { data?: { actions: readonly unknown[]; hash: string } };
  return envelope.data ?? assert.fail(out);
}

test("two commands that need the platform at once share one, and it is there again after a kill", onLinux, async () => {
  const home = newHome();
  const file = join(home.path, "my.yaml");
  writeFileSync(file, DEV_DEFINITION);
  const plan = () => home.run("--json", "plan", file);
  const [first, second] = await Promise.all([plan(), plan()]);
  assert.deepEqual([first.code, second.code], [0, 0], `${first.err} ${second.err}`);
  assert.equal(dataOf(first.out).actions.length, 2);
  assert.equal(dataOf(first.out).hash, dataOf(second.out).hash);
  const daemon = readDaemon(home.path) ?? assert.fail("it does not run");
  assert.equal(statSync(platformPaths(home.path).daemon).mode & 0o077, 0);

  const stranger = await fetch(`${daemon.url}/v1/networks`);
  assert.deepEqual([stranger.status, await stranger.json()], [200, { items: [] }]);
  assert.equal((await fetch(`${daemon.url}/v1/networks/dev`)).status, 401);
  const other = await fetch(`${daemon.url}/v1/networks`, { headers: { authorization: "Bearer 00" } });
  assert.equal(other.status, 401);

  const again = await home.run("daemon", "run", "--no-wait");
  assert.match(again.err, /FOLDER_IN_USE/);
  assert.equal(readDaemon(home.path)?.pid, daemon.pid);

  process.kill(daemon.pid, "SIGKILL");
  const third = await plan();
  assert.equal(third.code, 0, third.err);
  assert.notEqual(readDaemon(home.path)?.pid, daemon.pid);
  const list = await home.run("operation", "list");
  assert.match(list.out, /Nothing has been done yet/);
});

test("what only asks starts nothing", async () => {
  const home = newHome();
  const asked = await home.run("operation", "list");
  assert.equal(asked.code, 8);
  assert.match(asked.err, /PLATFORM_NOT_RUNNING[\s\S]*bystack up/);
  assert.equal(existsSync(platformPaths(home.path).root), false);
});

test("the daemon's file is believed only while that very process lives", onLinux, () => {
  const home = newHome();
  assert.equal(readDaemon(home.path), undefined);
  writeDaemon(home.path, { startedAtMs: 1, url: "http://127.0.0.1:1", token: "t" });
  const path = platformPaths(home.path).daemon;
  const own = readDaemon(home.path);
  assert.equal(own?.pid, process.pid);
  writeFileSync(path, JSON.stringify({ ...own, processStart: "0" }));
  assert.equal(readDaemon(home.path), undefined);
  writeFileSync(path, readFileSync(path, "utf8").slice(0, 5));
  assert.equal(readDaemon(home.path), undefined);
  removeDaemon(home.path);
  removeDaemon(home.path);
});

test("a second platform stands by, and goes on when the first one is gone", onLinux, async () => {
  const home = newHome();
  const file = join(home.path, "my.yaml");
  writeFileSync(file, DEV_DEFINITION);
  assert.equal((await home.run("--json", "plan", file)).code, 0);
  const first = readDaemon(home.path) ?? assert.fail("it does not run");
  const second = home.spawn("daemon", "run");
  try {
    await second.said(/standing by/);
    assert.equal(readDaemon(home.path)?.pid, first.pid);
    process.kill(first.pid, "SIGKILL");
    await second.said(/the platform answers/);
    assert.equal(readDaemon(home.path)?.pid, second.pid);
    assert.equal((await home.run("--json", "plan", file)).code, 0);
  } finally {
    await second.end();
  }
});
