// A main-chain node as a process: SIGTERM ends it in order with exit code 0, kill -9 loses nothing that was announced, and
// a wrong spec gives the exit code of platform.md section 3.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { clientOf, createFolder, createOwner, devSpec, followEvents, mining, nodeJson } from "./kit.ts";

const PROGRAM = join(import.meta.dirname, "fixtures", "run-node.ts");
const owner = createOwner();
const spec = devSpec(owner);
const folder = createFolder(spec);
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill("SIGKILL");
  folder.remove();
});

type Running = { readonly url: string; readonly child: ChildProcess; readonly exit: Promise<number | string | null> };

function start(): { child: ChildProcess; url: Promise<string>; exit: Running["exit"] } {
  const child = spawn(process.execPath, [PROGRAM, folder.path], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const exit = new Promise<number | string | null>((resolve) =>
    child.once("exit", (code, signal) => resolve(signal ?? code)),
  );
  const url = new Promise<string>((resolve, reject) => {
    child.stdout?.once("data", (chunk) => resolve(String(chunk).trim()));
    void exit.then((how) => reject(new Error(`the node ended with ${how}`)));
  });
  url.catch(() => {});
  return { child, url, exit };
}

async function run(options: Readonly<Record<string, unknown>>): Promise<Running> {
  writeFileSync(join(folder.path, "node.json"), JSON.stringify(nodeJson(options)));
  const { child, url, exit } = start();
  return { child, exit, url: await url };
}

test("a killed node comes back with every block that it announced; SIGTERM ends one cleanly", async () => {
  const first = await run(mining(owner));
  const events = await followEvents(first.url);
  const announced = await events.until((event) => event.height >= 2);
  first.child.kill("SIGKILL");
  assert.equal(await first.exit, "SIGKILL");

  const second = await run(mining(owner));
  const client = clientOf(second.url);
  assert.equal((await client.call("block", { params: { ref: "2" } })).hash, announced.hash);
  const more = await followEvents(second.url);
  await more.until((event) => event.height > announced.height);
  second.child.kill("SIGTERM");
  assert.equal(await second.exit, 0);
  assert.equal(existsSync(join(folder.path, "instance.json")), false);
  const log = readFileSync(join(folder.path, "log", "node.log"), "utf8");
  assert.match(log, /"message":"chain opened".*"tensority":"(?:wasm|ts|native)"/);

  folder.saveSpec({ ...spec, name: "another" });
  const refused = start();
  assert.equal(await refused.exit, 65);
});
