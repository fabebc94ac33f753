// A node beside those that a side chain has already: made, made known to the others, let go again.

import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { NetworkDefinition, SideDefinition } from "../definition/schema.ts";
import { platformError } from "../errors.ts";
import type { AppliedNode, DeployProvider } from "../provider/provider.ts";
import { type SidePeer, sideNodeConfig } from "./compose.ts";
import { type NetworkLayout, type NetworkNode, type NetworkState, portsOf, saveJson } from "./layout.ts";
import { chooseFreePorts } from "./preflight.ts";
import { clientOf } from "./run.ts";

export type Place = { readonly layout: NetworkLayout; readonly provider: DeployProvider };

async function appliedNode(provider: DeployProvider, id: string): Promise<AppliedNode> {
  const found = await provider.applied(id);
  if (found === undefined) throw platformError("PROVIDER_NOT_FOUND", { why: id });
  return found;
}

async function peerOf(provider: DeployProvider, node: NetworkNode): Promise<SidePeer> {
  const { config, identity } = await appliedNode(provider, node.id);
  return { node, identity, ports: portsOf(config) };
}

const nodesOfChain = (state: NetworkState, chain: string): NetworkNode[] =>
  state.nodes.filter((node) => node.chain === chain);

/** Makes keys and options of a node and puts it into the state; the others do not know it yet. */
export async function addSideNode(
  { layout, provider }: Place,
  parts: { definition: NetworkDefinition; side: SideDefinition; state: NetworkState; id: string },
): Promise<void> {
  const { definition, side, state, id } = parts;
  const { memoryMiB } = definition.limits;
  const node: NetworkNode = { id, chain: side.chain, kind: "side", index: null };
  await provider.apply({ id, config: { format: 1, id }, memoryMiB });
  const [http = 0, mesh = 0] = await chooseFreePorts(2);
  const others = nodesOfChain(state, side.chain).filter((other) => other.id !== id);
  const main = state.nodes.find(({ kind }) => kind === "main");
  const mainPort = portsOf((await appliedNode(provider, main?.id ?? "")).config).http ?? 0;
  const peers = await Promise.all(others.map((other) => peerOf(provider, other)));
  const config = sideNodeConfig({ definition, side, node, ports: { http, mesh }, mainPort, peers });
  await provider.apply({ id, config, memoryMiB });
  saveJson(layout.state, { ...state, nodes: [...state.nodes.filter((other) => other.id !== id), node] });
}

type PeerEntry = { readonly id: string; readonly key: string; readonly host: string; readonly port: number };

/** Every node of a chain with the peers that it shall have: all others. */
async function wantedPeers({ provider }: Place, nodes: readonly NetworkNode[]) {
  const entries = new Map<string, PeerEntry & { readonly voteKey?: string }>();
  for (const node of nodes) {
    const { identity, config } = await appliedNode(provider, node.id);
    const { mesh = 0 } = portsOf(config);
    const { peer = "", vote = "" } = identity;
    // Of a validator of the first committee the spec says the vote key.
    const voteKey = node.index === null ? { voteKey: vote } : {};
    entries.set(node.id, { id: node.id, key: peer, ...voteKey, host: "127.0.0.1", port: mesh });
  }
  return nodes.map((node) => ({ node, peers: [...entries.values()].filter(({ id }) => id !== node.id) }));
}

const listText = (ids: readonly string[]): string => [...ids].sort().join();

function peerIds(config: Readonly<Record<string, unknown>>): string[] {
  return Array.isArray(config.peers) ? config.peers.map((peer: { id?: unknown }) => String(peer.id)) : [];
}

/** Whether every node of a chain, of those that run and in the options of all, has exactly the others as its peers. */
export async function arePeersKnown(place: Place, state: NetworkState, chain: string): Promise<boolean> {
  for (const { node, peers } of await wantedPeers(place, nodesOfChain(state, chain))) {
    const wanted = listText(peers.map(({ id }) => id));
    if (listText(peerIds((await appliedNode(place.provider, node.id)).config)) !== wanted) return false;
    const [status] = await place.provider.status([node.id]);
    if (status?.phase !== "running") continue;
    const told = await clientOf(place.layout, node)?.call("peers");
    if (listText((told?.items ?? []).map(({ id }) => id)) !== wanted) return false;
  }
  return true;
}

/** Tells every node of a chain who the others are: in its options for its next start, and while it runs. */
export async function makePeersKnown(
  place: Place,
  parts: { readonly state: NetworkState; readonly chain: string; readonly memoryMiB: number },
): Promise<void> {
  const { provider, layout } = place;
  for (const { node, peers } of await wantedPeers(place, nodesOfChain(parts.state, parts.chain))) {
    const { config } = await appliedNode(provider, node.id);
    await provider.apply({ id: node.id, config: { ...config, peers }, memoryMiB: parts.memoryMiB });
    const [status] = await provider.status([node.id]);
    if (status?.phase === "running") await clientOf(layout, node)?.call("setPeers", { body: { peers } });
  }
}

/** Takes a stopped node out of the state; its folder goes to the trash, keys and all. */
export async function putNodeAway({ layout }: Place, state: NetworkState, id: string, nowMs: number): Promise<void> {
  mkdirSync(layout.trash, { recursive: true, mode: 0o700 });
  saveJson(layout.state, { ...state, nodes: state.nodes.filter((node) => node.id !== id) });
  renameSync(join(layout.nodes, id), join(layout.trash, `${id}-${nowMs}`));
}
