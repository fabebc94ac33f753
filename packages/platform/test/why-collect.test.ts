// The questions of `bystack why`: asked of all nodes at once, each with a deadline, and whatever is missing is itself told. The
// nodes here are HTTP servers that answer, hang, speak something else, or are of a release without the newer routes.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { layoutOf, type NetworkNode, type NetworkState } from "@bystack/platform/network/layout";
import { whyChain, whyNetwork, whyNode, whySubject } from "@bystack/platform/why";
import { ANSWER_MS, collect, type WhySource } from "@bystack/platform/why/collect";
import { BystackError } from "@bystack/utils/errors";
import { FakeProvider } from "./kit.ts";

type Manner = "well" | "hangs" | "garbage" | "refused";

const MANNERS: readonly Manner[] = ["well", "well", "hangs", "garbage", "refused"];
/** What platform.md section 8 allows all questions together. */
const COLLECT_MS = 3_000;
const HASH = "ab".repeat(32);

const info = (id: string) => ({
  kind: "side",
  chain: "demo",
  chainId: HASH,
  node: id,
  version: "older",
  instance: id,
  startedAtMs: 1,
  height: 5,
  tip: HASH,
  finalHeight: 5,
  finalHash: HASH,
  finalAgeMs: 10,
  blockIntervalMs: 500,
  ready: true,
  notReadyBecause: null,
  peers: 3,
  mempool: 0,
  rssBytes: 1,
  addressPrefix: "sp",
  backends: {},
});

class ProcessesThatRun extends FakeProvider {
  override async status(ids: readonly string[] = []) {
    return ids.map((id) => ({
      id,
      phase: "running" as const,
      instance: { pid: 1, instance: id, ports: { http: 1 }, startedAtMs: 1, processStart: "1" },
      exit: undefined,
      rssBytes: 1,
    }));
  }
  override async logs(): Promise<string[]> {
    throw new Error("the log cannot be read");
  }
}

suite("collect", () => {
  const home = mkdtempSync(join(tmpdir(), "bystack-why-"));
  const layout = layoutOf(home, "dev");
  const nodes: NetworkNode[] = MANNERS.map((_, index) => ({
    id: `demo-${index + 1}`,
    chain: "demo",
    kind: "side",
    index,
  }));
  const servers: Server[] = [];
  const asked = new Map<string, string[]>();
  const side = { chain: "demo", chainId: HASH, createdAtMs: 1, roundTrip: null, proven: true };
  const state: NetworkState = {
    format: 2,
    network: "dev",
    createdAtMs: 1,
    mainChain: "main",
    mainSpecHash: "",
    sides: [side],
    nodes,
    accounts: [],
    assets: [],
  };
  const source: WhySource = { layout, state, provider: new ProcessesThatRun(), nowMs: () => 1_000_000 };

  before(async () => {
    for (const [index, { id }] of nodes.entries()) {
      const manner = MANNERS[index] ?? "well";
      const server = createServer((request, response) => {
        asked.set(id, [...(asked.get(id) ?? []), request.url ?? ""]);
        if (manner === "hangs") return;
        const isInfo = request.url === "/v1/info";
        // Everything else is unknown to it, as newer routes are to an older release.
        response.writeHead(isInfo ? 200 : 404, { "content-type": "application/json" });
        const problem = {
          type: "x",
          title: "none",
          status: 404,
          detail: "",
          code: "UNKNOWN_ROUTE",
          requestId: "",
          next: "",
        };
        response.end(manner === "garbage" ? "<html>" : JSON.stringify(isInfo ? info(id) : problem));
      });
      await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
      const address = server.address();
      const http = typeof address === "object" && address !== null ? address.port : 0;
      mkdirSync(join(layout.nodes, id), { recursive: true });
      writeFileSync(
        join(layout.nodes, id, "instance.json"),
        JSON.stringify({ instance: id, ports: { http }, adminToken: "t" }),
      );
      if (manner === "refused") await new Promise((resolve) => server.close(resolve));
      else servers.push(server);
    }
  });
  after(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(home, { recursive: true, force: true });
  });

  test("two deadlines after each other are within what is allowed", () => {
    assert.ok(2 * ANSWER_MS < COLLECT_MS);
  });

  test("of each node what it says, or how it was missed; one that hangs holds up no other", async () => {
    const { nodes: found, chains } = await collect(source);
    assert.deepEqual(
      found.map(({ unreachable, info: told }) => unreachable?.how ?? told?.node),
      ["demo-1", "demo-2", "silent", "stranger", "refused"],
    );
    assert.equal(found[2]?.unreachable?.why, `no answer within ${ANSWER_MS} ms`);
    assert.match(found[4]?.unreachable?.why ?? "", /ECONNREFUSED/);
    assert.deepEqual(
      [found[0]?.consensus, found[0]?.vitals, found[0]?.clock, found[0]?.peg],
      [undefined, undefined, undefined, undefined],
    );
    assert.deepEqual(found[0]?.crashesMs, [], "a log that cannot be read is no crash");
    assert.deepEqual(
      chains.map(({ chain, kind }) => `${chain} ${kind}`),
      ["main main", "demo side"],
    );
    // The one that hangs was asked everything at once, not one thing after the other.
    assert.ok((asked.get("demo-3") ?? []).length > 5, asked.get("demo-3")?.join());
  });

  test("says it in the words of each, of a network, a chain, a node", async () => {
    const { findings, healthy } = await whyNetwork(source);
    assert.equal(healthy, false);
    const stolen = findings.find(({ id }) => id === "port-stolen");
    assert.match(stolen?.sentence ?? "", /Something else answers on the port of demo-4/);
    const { findings: ofChain } = await whyChain(source, "demo");
    assert.deepEqual(ofChain, findings);
    const { findings: ofNode } = await whyNode(source, "demo-4");
    assert.ok(ofNode.some(({ id, subject }) => id === "port-stolen" && subject === "demo-4"));
    const { findings: ofMain, healthy: isMainWell } = await whyChain(source, "main");
    assert.deepEqual([ofMain, isMainWell], [[], true], "another chain's trouble is not this one's");
  });

  test("a name that is not there is refused with those that are", async () => {
    const isMissing = (code: string) => (error: unknown) => error instanceof BystackError && error.code === code;
    await assert.rejects(whySubject(source, "nobody"), isMissing("WHY_NOT_FOUND"));
    await assert.rejects(whyChain(source, "nobody"), isMissing("CHAIN_NOT_FOUND"));
    await assert.rejects(whyNode(source, "nobody"), isMissing("PROVIDER_NOT_FOUND"));
  });
});
