// Making a network: the specs are what the protocol takes, the same input gives the same chains, the options of the nodes
// fit together, and what is there is never made over.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { DEV_DEFINITION, DEV_ELECTIONS_DEFINITION } from "@bystack/platform/definition/dev";
import {
  homeFolder as homeOf,
  layoutOf,
  listNetworks,
  loadNetworkState,
  type NetworkState,
  specFileOf,
} from "@bystack/platform/network/layout";
import {
  checkClock,
  checkDisk,
  checkMemory,
  checkPortsFree,
  chooseFreePorts,
} from "@bystack/platform/network/preflight";
import {
  chainIdOf,
  chainSpecHash,
  type MainChainSpec,
  parseChainSpecText,
  type SideChainSpec,
} from "@bystack/protocol/spec";
import { bytesToHex } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { FakeProvider, homeFolder, makeNetwork, NOW_MS } from "./kit.ts";

const homes: string[] = [];
after(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

function newHome(): string {
  const home = homeFolder();
  homes.push(home);
  return home;
}

function specsOf(home: string): { main: MainChainSpec; side: SideChainSpec } {
  const { specs } = layoutOf(home, "dev");
  const [main, side] = ["main", "demo"].map((name) => {
    const parsed = parseChainSpecText(readFileSync(join(specs, `${name}.json`), "utf8"));
    assert.ok(parsed.ok, parsed.ok ? "" : JSON.stringify(parsed.error));
    return parsed.value;
  });
  assert.ok(main?.kind === "main" && side?.kind === "side");
  return { main, side };
}

suite("a new network", () => {
  test("its specs parse, and the state names their ids", async () => {
    const home = newHome();
    const state = await makeNetwork(home);
    const { main, side } = specsOf(home);
    assert.equal(state.mainSpecHash, bytesToHex(chainSpecHash(main)));
    assert.equal(state.sides[0]?.chainId, bytesToHex(chainIdOf(side)));
    assert.deepEqual(side.federation?.mainSpec, chainSpecHash(main));
    assert.deepEqual([side.federation?.n, side.federation?.t, side.federation?.assets.length], [4, 3, 2]);
    assert.deepEqual(
      [side.consensus.blockMs, side.consensus.run, side.consensus.epochBlocks, main.pow.targetSeconds],
      [500, 4, 60, 2],
    );
    assert.deepEqual(
      main.genesis.outputs.map(({ amountNeu }) => amountNeu),
      [1_000_000_000_000n, 100_000_000_000n],
    );
    assert.deepEqual([side.genesis.timeMs, main.genesis.timeSeconds], [NOW_MS, NOW_MS / 1000]);
    assert.deepEqual(loadNetworkState(layoutOf(home, "dev")), state);
    assert.deepEqual(listNetworks(home), ["dev"]);
  });

  test("elections stand in the spec as the definition says, the rest by the defaults; the observer has no seat", async () => {
    const home = newHome();
    const text = DEV_ELECTIONS_DEFINITION.replace(
      "elections: {}",
      'elections: { bondMin: "12.5", missedMax: 7, voteLockBlocks: 240 }',
    );
    await makeNetwork(home, { text });
    const { side } = specsOf(home);
    assert.equal(side.features.votes, true);
    assert.deepEqual(
      [side.votes?.bondMinNeu, side.votes?.missedMax, side.votes?.thresholdNeu, side.locks.voteBlocks],
      [1_250_000_000n, 7, 10_000_000_000n, 240],
    );
    assert.deepEqual(
      side.committee.map(({ id }) => id),
      ["demo-1", "demo-2", "demo-3", "demo-4"],
    );
    assert.equal(side.federation?.n, 4);
    const plain = newHome();
    await makeNetwork(plain);
    assert.deepEqual([specsOf(plain).side.features.votes, specsOf(plain).side.votes], [false, undefined]);
  });

  test("has as many side chains as its definition, each with its own keys, spec and members", async () => {
    const home = newHome();
    const provider = new FakeProvider();
    const text = DEV_DEFINITION.replace(
      "accounts:",
      "  - chain: acme\n    nodes: { count: 5, observers: 1 }\n    federation: { threshold: 4, assets: [BTM, GOLD] }\naccounts:",
    );
    const state = await makeNetwork(home, { text, provider });
    assert.deepEqual(
      state.sides.map(({ chain, proven, roundTrip }) => [chain, proven, roundTrip?.asset]),
      [
        ["demo", false, "GOLD"],
        ["acme", false, "GOLD"],
      ],
    );
    assert.equal(new Set(state.sides.map(({ chainId }) => chainId)).size, 2);
    const acme = parseChainSpecText(readFileSync(specFileOf(layoutOf(home, "dev"), "acme"), "utf8"));
    assert.ok(acme.ok && acme.value.kind === "side");
    assert.deepEqual([acme.value.federation?.n, acme.value.federation?.t], [5, 4]);
    assert.equal(bytesToHex(chainIdOf(acme.value)), state.sides[1]?.chainId);
    const optionsOf = (id: string) => provider.specs.findLast((spec) => spec.id === id)?.config;
    const peers = (optionsOf("acme-6")?.peers ?? []) as { id: string }[];
    assert.deepEqual(
      peers.map(({ id }) => id),
      ["acme-1", "acme-2", "acme-3", "acme-4", "acme-5"],
    );
    assert.equal(optionsOf("acme-1")?.mainUrl, optionsOf("demo-1")?.mainUrl);
    assert.deepEqual(
      [optionsOf("acme-1")?.specFile, optionsOf("acme-1")?.mainSpecFile],
      ["../../specs/acme.json", "../../specs/main.json"],
    );
  });

  test("a spec that a node would refuse is not written", async () => {
    const home = newHome();
    class OneKey extends FakeProvider {
      override async apply(spec: Parameters<FakeProvider["apply"]>[0]) {
        const keys = await super.apply(spec);
        return { ...keys, vote: (await super.apply({ ...spec, id: "demo-1" })).vote ?? "" };
      }
    }
    await assert.rejects(makeNetwork(home, { provider: new OneKey() }), (error) => {
      assert.ok(error instanceof BystackError, String(error));
      assert.equal(error.code, "SPEC_INVALID");
      assert.match(error.why, /^chain demo: committee\[1\]\.voteKey is the same key as committee\[0\]\.voteKey/);
      return true;
    });
    assert.deepEqual(readdirSync(layoutOf(home, "dev").specs), ["main.json"]);
    assert.deepEqual(loadNetworkState(layoutOf(home, "dev"))?.sides, []);
  });

  test("a state file that holds no state of this format is refused, whatever it holds", () => {
    const home = newHome();
    const layout = layoutOf(home, "dev");
    mkdirSync(layout.root, { recursive: true });
    for (const text of ["null", "[]", "7", "{}", '{"format": 1}', '"format"', "{", ""]) {
      writeFileSync(layout.state, text);
      assert.throws(() => loadNetworkState(layout), { code: "FOLDER_FORMAT" }, text);
    }
  });

  test("the same input gives the same chains; another moment gives others", async () => {
    const [first, second] = [await makeNetwork(newHome()), await makeNetwork(newHome())];
    assert.deepEqual(first, second);
    const later = await makeNetwork(newHome(), { nowMs: NOW_MS + 1000 });
    assert.notEqual(later.mainSpecHash, first.mainSpecHash);
    assert.notEqual(later.sides[0]?.chainId, first.sides[0]?.chainId);
  });

  test("nothing is readable by others", async () => {
    const home = newHome();
    await makeNetwork(home);
    const { root } = layoutOf(home, "dev");
    assert.equal(statSync(root).mode & 0o077, 0);
    for (const entry of readdirSync(root, { recursive: true, encoding: "utf8" }))
      assert.equal(statSync(join(root, entry)).mode & 0o077, 0, entry);
  });
});

suite("the options of the nodes", () => {
  type Options = Record<string, unknown> & {
    http: { port: number };
    mesh?: { port: number };
    peers?: { id: string; key: string; voteKey?: string; port: number }[];
    federation?: { members: { index: number; url: string }[] };
    mainUrl?: string;
  };

  async function optionsOf(text?: string): Promise<{ state: NetworkState; of: (id: string) => Options }> {
    const provider = new FakeProvider();
    const state = await makeNetwork(newHome(), { provider, ...(text !== undefined && { text }) });
    const last = new Map(provider.specs.map(({ id, config }) => [id, config as Options]));
    return { state, of: (id) => last.get(id) ?? assert.fail(`${id} has no options`) };
  }

  test("every validator knows the others, by the ports that they have", async () => {
    const { state, of } = await optionsOf();
    const sides = state.nodes.filter(({ kind }) => kind === "side").map(({ id }) => id);
    assert.deepEqual(sides, ["demo-1", "demo-2", "demo-3", "demo-4"]);
    for (const [index, id] of sides.entries()) {
      const options = of(id);
      const others = sides.filter((other) => other !== id);
      assert.deepEqual(
        options.peers?.map((peer) => [peer.id, peer.port]),
        others.map((other) => [other, of(other).mesh?.port]),
      );
      assert.deepEqual(
        options.federation?.members.map(({ index: place, url }) => [place, url]),
        others.map((other) => [sides.indexOf(other), `http://127.0.0.1:${of(other).http.port}`]),
      );
      assert.equal(
        options.federation?.members.some((member) => member.index === index),
        false,
      );
      assert.equal(options.mainUrl, `http://127.0.0.1:${of("main-1").http.port}`);
    }
  });

  test("no two listeners share a port", async () => {
    const { state, of } = await optionsOf();
    const ports = state.nodes.flatMap(({ id }) => [of(id).http.port, of(id).mesh?.port ?? []]).flat();
    assert.equal(ports.length, 9);
    assert.equal(new Set(ports).size, 9);
    assert.ok(ports.every((port) => port > 0));
  });

  test("an observer follows the chain without a seat or a vault key, and the others know its vote key", async () => {
    const { state, of } = await optionsOf(DEV_ELECTIONS_DEFINITION);
    assert.deepEqual(state.nodes.at(-1), { id: "demo-5", chain: "demo", kind: "side", index: null });
    assert.equal(of("demo-5").federation, undefined);
    assert.deepEqual(
      of("demo-5").peers?.map(({ id, voteKey }) => [id, voteKey]),
      ["demo-1", "demo-2", "demo-3", "demo-4"].map((id) => [id, undefined]),
    );
    assert.deepEqual([of("demo-1").history, of("demo-5").history], ["kept", "archive"]);
    const known = of("demo-1").peers?.find(({ id }) => id === "demo-5");
    assert.match(known?.voteKey ?? "", /^[0-9a-f]{64}$/);
    assert.deepEqual(
      of("demo-1").federation?.members.map(({ index }) => index),
      [1, 2, 3],
    );
  });

  test("main nodes keep an explorer, and of a side chain the first observer, or else the first validator", async () => {
    const { of } = await optionsOf(DEV_ELECTIONS_DEFINITION);
    const explorers = (ids: readonly string[], options: typeof of) => ids.map((id) => options(id).explorer);
    assert.deepEqual(explorers(["main-1", "demo-1", "demo-4", "demo-5"], of), [true, false, false, true]);
    const plain = await optionsOf(DEV_DEFINITION);
    assert.deepEqual(explorers(["main-1", "demo-1", "demo-2"], plain.of), [true, true, false]);
    const two = await optionsOf(DEV_ELECTIONS_DEFINITION.replace("observers: 1,", "observers: 2,"));
    assert.deepEqual(explorers(["demo-5", "demo-6"], two.of), [true, false]);
  });

  test("which blocks the nodes keep is said by the definition", async () => {
    const told = DEV_ELECTIONS_DEFINITION.replace(
      "observers: 1,",
      "observers: 1, history: pruned, observersHistory: kept,",
    );
    const { of } = await optionsOf(told);
    assert.deepEqual([of("demo-1").history, of("demo-5").history], ["pruned", "kept"]);
  });

  test("a network without federation has neither members nor vault", async () => {
    const text = DEV_DEFINITION.replace(/^ {4}federation:.*\n/m, "").replace(/^prove:.*\n/m, "prove: []\n");
    const { of } = await optionsOf(text);
    assert.equal(of("demo-1").federation, undefined);
  });
});

suite("before a start", () => {
  test("free ports are different ones, and taken ports are named", async () => {
    const ports = await chooseFreePorts(40);
    assert.equal(new Set(ports).size, 40);
    const [port] = ports;
    assert.ok(port !== undefined);
    await checkPortsFree([{ node: "demo-1", port }]);
    const { createServer } = await import("node:net");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    await assert.rejects(checkPortsFree([{ node: "demo-1", port: address.port }]), {
      code: "PROVIDER_PORT_IN_USE",
      why: `port ${address.port}, kept for demo-1`,
    });
    await new Promise((resolve) => server.close(resolve));
  });

  test("disk, memory and clock", () => {
    const home = newHome();
    checkDisk(join(home, "new"), 1);
    assert.throws(() => checkDisk(home, 2 ** 40), { code: "PROVIDER_DISK_LOW" });
    checkMemory(0);
    assert.throws(() => checkMemory(2 ** 30), { code: "PROVIDER_MEMORY_LOW" });
    checkClock(NOW_MS);
    assert.throws(() => checkClock(0), { code: "CLOCK_WRONG", why: /1970/ });
  });

  test("the home folder is BYSTACK_HOME where it is set", () => {
    assert.equal(homeOf({ BYSTACK_HOME: "/somewhere" }), "/somewhere");
    assert.match(homeOf({}), /\.bystack$/);
    assert.deepEqual(listNetworks("/there/is/no/such/folder"), []);
  });
});
