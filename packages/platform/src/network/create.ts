// Making a network: folders, keys on the nodes' side, specs, options. Nothing runs yet. The main chain first, then each side
// chain; what is there already stays as it is. A half-made chain is made again from the start, because none of its nodes has
// signed anything before its spec exists.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { protocolError } from "@bystack/protocol/errors";
import {
  type ChainSpec,
  chainIdOf,
  chainSpecHash,
  chainSpecToJson,
  formatChainSpec,
  type MainChainSpec,
  parseChainSpec,
  parseChainSpecText,
} from "@bystack/protocol/spec";
import { bytesToHex } from "@bystack/utils/bytes";
import { roundTripOf } from "../definition/parse.ts";
import type { NetworkDefinition, SideDefinition } from "../definition/schema.ts";
import { platformError } from "../errors.ts";
import type { DeployProvider, NodeIdentity, NodePorts } from "../provider/provider.ts";
import {
  type ComposedAccount,
  type ComposedAsset,
  composeMainSpec,
  composeSideSpec,
  mainNodeConfig,
  mainNodesOf,
  sideNodeConfig,
  sideNodesOf,
} from "./compose.ts";
import {
  FOLDER_FORMAT,
  loadNetworkState,
  type NamedAsset,
  type NetworkLayout,
  type NetworkNode,
  type NetworkState,
  portsOf,
  saveJson,
  specFileOf,
} from "./layout.ts";
import { chooseFreePorts } from "./preflight.ts";

export type CreateOptions = {
  readonly definition: NetworkDefinition;
  readonly layout: NetworkLayout;
  readonly provider: DeployProvider;
  readonly accounts: readonly ComposedAccount[];
  readonly assets: readonly ComposedAsset[];
  readonly nowMs: number;
  /** Seconds between main-chain blocks: 2, or 15 where only the TypeScript Tensority is there. */
  readonly mainTargetSeconds: number;
};

async function makeKeys(options: CreateOptions, nodes: readonly NetworkNode[]): Promise<Map<string, NodeIdentity>> {
  const { memoryMiB } = options.definition.limits;
  const identities = await Promise.all(
    nodes.map(({ id }) => options.provider.apply({ id, config: { format: 1, id }, memoryMiB })),
  );
  return new Map(nodes.map(({ id }, index) => [id, identities[index] ?? {}]));
}

async function choosePorts(nodes: readonly NetworkNode[]): Promise<Map<string, NodePorts>> {
  const ports = await chooseFreePorts(nodes.length * 2);
  return new Map(
    nodes.map(({ id, kind }, index) => {
      const http = ports[2 * index] ?? 0;
      return [id, kind === "main" ? { http } : { http, mesh: ports[2 * index + 1] ?? 0 }];
    }),
  );
}

/** No spec is written that a node would refuse: what the definition's own rules let through is told now, not by a node. */
function assertSpec(spec: ChainSpec): void {
  const parsed = parseChainSpec(chainSpecToJson(spec));
  if (parsed.ok) return;
  const rules = parsed.error.slice(0, 5).map(({ path, rule }) => `${path} ${rule}`);
  throw protocolError("SPEC_INVALID", { why: `chain ${spec.name}: ${rules.join("; ")}` });
}

function saveSpec(layout: NetworkLayout, chain: string, spec: ChainSpec): void {
  assertSpec(spec);
  writeFileSync(specFileOf(layout, chain), formatChainSpec(spec), { mode: 0o600 });
}

function loadMainSpec(layout: NetworkLayout, { mainChain }: NetworkState): MainChainSpec {
  const parsed = parseChainSpecText(readFileSync(specFileOf(layout, mainChain), "utf8"));
  if (parsed.ok && parsed.value.kind === "main") return parsed.value;
  throw platformError("FOLDER_FORMAT", { why: `${specFileOf(layout, mainChain)} is no spec of a main chain` });
}

/** The port that a main node's options keep for it. */
async function mainPortOf(provider: DeployProvider, state: NetworkState): Promise<number> {
  const main = state.nodes.find(({ kind }) => kind === "main");
  return portsOf((await provider.applied(main?.id ?? ""))?.config).http ?? 0;
}

/** The names of a definition with the ids that the wallet has for them. */
export function namedAssets(definition: NetworkDefinition, made: readonly ComposedAsset[]): NamedAsset[] {
  return definition.assets.flatMap(({ asset, issuer, decimals }) => {
    const id = made.find(({ name }) => name === asset)?.id;
    return id === undefined ? [] : [{ asset, id: bytesToHex(id), decimals, issuer }];
  });
}

/** The main chain: keys, spec, options. Begins the network's folder. */
export async function createMainChain(options: CreateOptions): Promise<NetworkState> {
  const { definition, layout, provider } = options;
  const nodes = mainNodesOf(definition);
  await makeKeys(options, nodes);
  const ports = await choosePorts(nodes);
  const spec = composeMainSpec(definition, {
    accounts: options.accounts,
    genesisTimeSeconds: Math.floor(options.nowMs / 1000),
    targetSeconds: options.mainTargetSeconds,
  });
  saveSpec(layout, definition.main.chain, spec);
  const miningProgram = bytesToHex(options.accounts[0]?.program ?? Uint8Array.of(0x51));
  for (const node of nodes) {
    const config = mainNodeConfig({ definition, node, ports: ports.get(node.id) ?? {}, miningProgram });
    await provider.apply({ id: node.id, config, memoryMiB: definition.limits.memoryMiB });
  }
  const state: NetworkState = {
    format: FOLDER_FORMAT,
    network: definition.network,
    createdAtMs: options.nowMs,
    mainChain: definition.main.chain,
    mainSpecHash: bytesToHex(chainSpecHash(spec)),
    sides: [],
    nodes,
    accounts: definition.accounts.map(({ account }) => account),
    assets: namedAssets(definition, options.assets),
  };
  saveJson(layout.state, state);
  return state;
}

async function writeSideOptions(
  options: CreateOptions,
  parts: {
    side: SideDefinition;
    nodes: readonly NetworkNode[];
    identities: Map<string, NodeIdentity>;
    mainPort: number;
  },
): Promise<void> {
  const { definition, provider } = options;
  const { side, nodes, identities, mainPort } = parts;
  const ports = await choosePorts(nodes);
  const peers = nodes.map((node) => ({
    node,
    identity: identities.get(node.id) ?? {},
    ports: ports.get(node.id) ?? {},
  }));
  for (const { node, ports: own } of peers) {
    const others = peers.filter((peer) => peer.node.id !== node.id);
    const config = sideNodeConfig({ definition, side, node, ports: own, mainPort, peers: others });
    await provider.apply({ id: node.id, config, memoryMiB: definition.limits.memoryMiB });
  }
}

/** A side chain beside what is there: keys of its nodes, its spec, their options. */
export async function createSideChain(
  options: CreateOptions,
  state: NetworkState,
  side: SideDefinition,
): Promise<NetworkState> {
  const { definition, layout } = options;
  const nodes = sideNodesOf(side);
  const identities = await makeKeys(options, nodes);
  const seated = nodes.filter(({ index }) => index !== null);
  const spec = composeSideSpec(side, {
    mainSpec: loadMainSpec(layout, state),
    identities: seated.map(({ id }) => ({ id, identity: identities.get(id) ?? {} })),
    assets: options.assets,
    genesisTimeMs: options.nowMs,
  });
  saveSpec(layout, side.chain, spec);
  await writeSideOptions(options, { side, nodes, identities, mainPort: await mainPortOf(options.provider, state) });
  const made = {
    chain: side.chain,
    chainId: bytesToHex(chainIdOf(spec)),
    createdAtMs: options.nowMs,
    roundTrip: definition.prove.length === 0 ? null : roundTripOf(definition, side),
    proven: false,
  };
  const changed = { ...state, sides: [...state.sides, made], nodes: [...state.nodes, ...nodes] };
  saveJson(layout.state, changed);
  return changed;
}

/** Takes a side chain away that nothing was proven on: its nodes are stopped, and its keys go. */
export async function removeSideChain(
  { layout, provider }: { readonly layout: NetworkLayout; readonly provider: DeployProvider },
  chain: string,
): Promise<void> {
  const state = loadNetworkState(layout);
  if (state === undefined) return;
  for (const { id } of state.nodes.filter((node) => node.chain === chain)) await provider.remove(id);
  saveJson(layout.state, {
    ...state,
    sides: state.sides.filter((side) => side.chain !== chain),
    nodes: state.nodes.filter((node) => node.chain !== chain),
  });
  rmSync(specFileOf(layout, chain), { force: true });
}
