// The explorer's commands against a real main-chain node: what they print for people and as data, what they say about what
// is not there, and an index made anew while the node runs.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiClient, createClient } from "@bystack/api/client";
import { MAIN_ROUTES } from "@bystack/api/main-routes";
import { type MainNode, startMainNode } from "@bystack/node/main/main-node";
import { parseNodeOptions } from "@bystack/node/options";
import { FOLDER_FORMAT, layoutOf, makeFolders, type NetworkState, saveJson } from "@bystack/platform/network/layout";
import { addressOfProgram } from "@bystack/protocol/address";
import { p2wpkhProgram } from "@bystack/protocol/program";
import { formatChainSpec } from "@bystack/protocol/spec";
import { createDevMainSpec } from "@bystack/protocol/spec/presets";
import { bytesToHex } from "@bystack/utils/bytes";
import { envelopeOf, Home } from "./kit.ts";

const PROGRAM = p2wpkhProgram(new Uint8Array(20).fill(6));
const COIN_NEU = 100_000_000_000n;

suite("the explorer on the command line", () => {
  const home = new Home();
  const layout = layoutOf(home.path, "dev");
  const folder = join(layout.nodes, "main-1");
  let node: MainNode;
  let client: ApiClient<typeof MAIN_ROUTES>;
  let address = "";

  const data = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const ran = await home.run(...args, "--json");
    assert.equal(ran.code, 0, ran.err);
    return envelopeOf(ran).data as Record<string, unknown>;
  };

  before(async () => {
    makeFolders(layout);
    for (const part of ["data", "log"]) mkdirSync(join(folder, part), { recursive: true });
    const spec = createDevMainSpec({
      name: "main",
      genesisTimeSeconds: Math.floor(Date.now() / 1000),
      outputs: [{ program: PROGRAM, amountNeu: COIN_NEU }],
    });
    address = addressOfProgram(PROGRAM, spec.addressPrefix)?.text ?? "";
    writeFileSync(join(folder, "spec.json"), formatChainSpec(spec));
    const options = parseNodeOptions({
      format: 1,
      id: "main-1",
      network: "dev",
      chain: "main",
      kind: "main",
      specFile: "spec.json",
      store: "memory",
      explorer: true,
      mine: { threads: 1, everyMs: 100, program: bytesToHex(PROGRAM) },
    });
    assert.ok(options.kind === "main");
    node = await startMainNode({ folder, options });
    const state: NetworkState = {
      format: FOLDER_FORMAT,
      network: "dev",
      createdAtMs: 1,
      mainChain: "main",
      mainSpecHash: "",
      sides: [],
      nodes: [{ id: "main-1", chain: "main", kind: "main", index: null }],
      accounts: [],
      assets: [],
    };
    saveJson(layout.state, state);
    client = createClient({ baseUrl: node.url, routes: MAIN_ROUTES });
    for (;;) {
      const { height } = await client.call("explorer");
      if ((height ?? 0) >= 2) break;
      await delay(25);
    }
  });
  after(async () => {
    await node.stop();
    home.remove();
  });

  test("a block and a transaction, in words and as data", async () => {
    const block = await client.call("block", { params: { ref: "1" } });
    const [id = ""] = block.transactions;
    const [text, byHash, tx, found] = await Promise.all([
      home.run("block", "1", "--chain", "main"),
      data("block", block.hash),
      home.run("tx", id),
      data("tx", id),
    ]);
    assert.equal(text.code, 0, text.err);
    assert.match(text.out, new RegExp(`^main, block 1 {2}${block.hash}\n`));
    assert.match(text.out, new RegExp(`The reward for blocks: \\S+ BTM to ${address}\\.\n +${id} {2}block 1`));
    assert.deepEqual((byHash.block as { hash: string }).hash, block.hash);
    assert.match(tx.out, /inputs: 1\n +coinbase .*\n +outputs: 1\n +normal /);
    assert.deepEqual((found.transaction as { id: string; what: { class: string } }).what.class, "coinbase");
  });

  test("an address and a search", async () => {
    const [text, unused, hits, nothing] = await Promise.all([
      home.run("address", address),
      home.run("address", "00"),
      data("search", address),
      home.run("search", "no such thing"),
    ]);
    assert.match(
      text.out,
      new RegExp(`^main: ${address}\n +\\d+ transactions in blocks 0 to \\d+\n +holds \\S+ BTM\n`),
    );
    assert.match(unused.out, /was never used on this chain/);
    assert.deepEqual(hits.hits, [
      { chain: "main", type: "address", address, program: bytesToHex(PROGRAM), used: true },
    ]);
    assert.match(nothing.out, /^nothing is found/);
  });

  test("what is not there is said by its code", async () => {
    const [transaction, block, wrong, stranger] = await Promise.all([
      home.run("tx", "0".repeat(64), "--json"),
      home.run("block", "999999", "--chain", "main", "--json"),
      home.run("address", "bm1qqqq", "--json"),
      home.run("explorer", "rebuild", "main-9", "--json"),
    ]);
    const codes = [transaction, block, wrong, stranger].map((ran) => [ran.code, envelopeOf(ran).error?.code]);
    assert.deepEqual(codes, [
      [4, "TRANSACTION_NOT_FOUND"],
      [4, "BLOCK_NOT_FOUND"],
      [1, "ADDRESS_INVALID"],
      [4, "PROVIDER_NOT_FOUND"],
    ]);
  });

  test("the index is made anew while the node runs", async () => {
    const { node: id, state, rebuilds } = await data("explorer", "rebuild", "main-1");
    assert.deepEqual([id, state, rebuilds], ["main-1", "following", 1]);
  });
});
