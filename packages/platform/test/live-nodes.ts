// Nodes without chains: each answers over HTTP what a healthy node answers, keeps its options and keys in a folder as the
// process provider does, and lives on when the platform of a test is killed, as processes do.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { NetworkLayout } from "@bystack/platform/network/layout";
import type { NodeInstance, NodeSpec, NodeStatus } from "@bystack/platform/provider";
import { writeFakeBackup } from "./fake-backups.ts";
import { FakeProvider } from "./kit.ts";

type Peer = { readonly id: string };
type Life = {
  readonly server: Server;
  readonly instance: NodeInstance;
  peers: readonly Peer[];
  readonly startedAs: string;
  /** What was in its data folder when it began. */
  readonly startedOver: readonly string[];
};

/** All nodes of a test, whichever provider has started them. */
export class LiveNodes {
  readonly lives = new Map<string, Life>();
  /** How often each was started. */
  readonly starts = new Map<string, number>();
  /** Nodes that cannot be stopped. */
  readonly stuck = new Set<string>();
  /** Nodes beside the first four that were elected. */
  readonly elected = new Set<string>();
  /** Validators that do not vote. */
  readonly silent = new Set<string>();
  readonly layout: NetworkLayout;
  readonly clock: { nowMs(): number };

  constructor(layout: NetworkLayout, clock: { nowMs(): number }) {
    this.layout = layout;
    this.clock = clock;
  }

  answer(id: string, path: string, body: string): unknown {
    const { kind, chain } = this.config(id);
    const life = this.lives.get(id);
    switch (path) {
      case "/v1/info":
        return infoOf({ id, kind, chain, startedAtMs: life?.instance.startedAtMs ?? 0, ready: !this.silent.has(id) });
      case "/v1/consensus":
        return consensusOf(id, chain, { silent: this.silent, elected: this.elected });
      case "/v1/peers":
        return {
          items: (life?.peers ?? []).map((peer) => ({ id: peer.id, connected: true, score: 0, finalHeight: null })),
        };
      case "/admin/peers":
        if (life !== undefined) life.peers = (JSON.parse(body) as { peers: Peer[] }).peers;
        return { peers: life?.peers.length ?? 0 };
      case "/admin/backup":
        return writeFakeBackup(join(this.layout.nodes, id), {
          ...(JSON.parse(body) as { id: string }),
          node: id,
          chain,
        });
      default:
        return undefined;
    }
  }

  config(id: string): { kind: string; chain: string; peers?: readonly Peer[] } {
    return JSON.parse(readFileSync(join(this.layout.nodes, id, "node.json"), "utf8"));
  }

  async start(id: string): Promise<NodeInstance> {
    const known = this.lives.get(id);
    if (known !== undefined) return known.instance;
    this.starts.set(id, (this.starts.get(id) ?? 0) + 1);
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += String(chunk);
      });
      request.on("end", () => {
        const answer = this.answer(id, request.url ?? "", body);
        response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
        response.end(JSON.stringify(answer ?? { code: "X", title: "x", status: 404 }));
      });
    });
    await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
    const address = server.address();
    const http = typeof address === "object" && address !== null ? address.port : 0;
    const instance = { pid: 1, instance: id, ports: { http }, startedAtMs: this.clock.nowMs(), processStart: "1" };
    const startedAs = readFileSync(join(this.layout.nodes, id, "node.json"), "utf8");
    const data = join(this.layout.nodes, id, "data", "side");
    const startedOver = existsSync(data) ? readdirSync(data) : [];
    this.lives.set(id, { server, instance, peers: this.config(id).peers ?? [], startedAs, startedOver });
    writeFileSync(join(this.layout.nodes, id, "instance.json"), JSON.stringify({ ...instance, adminToken: "t" }));
    return instance;
  }

  async stop(id: string): Promise<void> {
    const life = this.lives.get(id);
    if (life === undefined) return;
    if (this.stuck.has(id)) throw new Error(`${id} does not end`);
    this.lives.delete(id);
    rmSync(join(this.layout.nodes, id, "instance.json"), { force: true });
    life.server.closeAllConnections();
    await new Promise((resolve) => life.server.close(resolve));
  }

  async end(): Promise<void> {
    this.stuck.clear();
    await Promise.all([...this.lives.keys()].map((id) => this.stop(id)));
  }
}

function infoOf(node: { id: string; kind: string; chain: string; startedAtMs: number; ready: boolean }) {
  const { id, kind, chain, startedAtMs, ready } = node;
  const hash = "ab".repeat(32);
  return {
    kind,
    chain,
    chainId: hash,
    node: id,
    version: "test",
    instance: id,
    startedAtMs,
    height: 5,
    tip: hash,
    finalHeight: 5,
    finalHash: hash,
    finalAgeMs: 10,
    blockIntervalMs: 500,
    ready,
    notReadyBecause: ready ? null : "it does not vote",
    peers: 3,
    mempool: 0,
    rssBytes: 1,
    addressPrefix: "sp",
    backends: {},
  };
}

const COMMITTEE = [1, 2, 3, 4];

function consensusOf(
  id: string,
  chain: string,
  { silent, elected }: { readonly silent: ReadonlySet<string>; readonly elected: ReadonlySet<string> },
) {
  const voting = !silent.has(id);
  return {
    epoch: 1,
    view: 1,
    validators: COMMITTEE.map((n, index) => ({
      index,
      id: `${chain}-${n}`,
      voteKey: "cd".repeat(32),
      self: `${chain}-${n}` === id || (n === 4 && elected.has(id)),
      lastVoteAgeMs: 1,
    })),
    faultsTolerated: 1,
    quorum: 3,
    voting,
    notVotingBecause: voting ? null : "test",
    silence: voting ? null : "asking",
    nullifiedTotal: 0,
    supplyProblem: null,
  };
}

/** A provider over nodes that outlive it. */
export class LiveProvider extends FakeProvider {
  readonly #nodes: LiveNodes;

  constructor(nodes: LiveNodes) {
    super();
    this.#nodes = nodes;
  }

  #path(id: string, file: string): string {
    return join(this.#nodes.layout.nodes, id, file);
  }

  override async apply(spec: NodeSpec) {
    const identity = await super.apply(spec);
    mkdirSync(join(this.#nodes.layout.nodes, spec.id), { recursive: true });
    writeFileSync(this.#path(spec.id, "node.json"), JSON.stringify({ ...spec.config, memoryMiB: spec.memoryMiB }));
    writeFileSync(this.#path(spec.id, "identity.json"), JSON.stringify(identity));
    return identity;
  }

  override async applied(id: string) {
    try {
      const read = (file: string) => JSON.parse(readFileSync(this.#path(id, file), "utf8"));
      return { config: read("node.json"), identity: read("identity.json") };
    } catch {
      return undefined;
    }
  }

  override async start(id: string): Promise<NodeInstance> {
    return this.#nodes.start(id);
  }

  override async stop(id: string): Promise<void> {
    await this.#nodes.stop(id);
  }

  override async remove(id: string): Promise<void> {
    rmSync(join(this.#nodes.layout.nodes, id), { recursive: true, force: true });
  }

  override async status(ids?: readonly string[]): Promise<NodeStatus[]> {
    const all = ids ?? [...this.#nodes.lives.keys()];
    return all.map((id) => {
      const life = this.#nodes.lives.get(id);
      const phase = life === undefined ? "stopped" : "running";
      return { id, phase, instance: life?.instance, exit: undefined, rssBytes: 1 };
    });
  }
}
