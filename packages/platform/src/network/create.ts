// Making a network: folders, keys on the nodes' side, specs, options. Nothing runs yet. A half-made network is made again
// from the start, because no node has signed anything before its specs exist.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { protocolError } from "@bystack/protocol/errors";
import {
  type ChainSpec,
  chainIdOf,
  chainSpecHash,
  chainSpecToJson,
  formatChainSpec,
  parseChainSpec,
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
  nodesOf,
  sideNodeConfig,
} from "./compose.ts";
import {
  FOLDER_FORMAT,
  loadNetworkState,
  makeFolders,
  type NetworkLayout,
  type NetworkNode,
  type NetworkState,
  saveJson,
} from "./layout.ts";
import { chooseFreePorts } from "./preflight.ts";

export type CreateOptions = {
  readonly definition: NetworkDefinition;
  readonly definitionText: string;
  readonly layout: NetworkLayout;
  readonly provider: DeployProvider;
  readonly accounts: readonly ComposedAccount[];
  readonly assets: readonly ComposedAsset[];
  readonly nowMs: number;
  /** Seconds between main-chain blocks: 2, or 15 where only the TypeScript Tensority is there. */
  readonly mainTargetSeconds: number;
};

function onlySide(definition: NetworkDefinition): SideDefinition {
  const [side] = definition.sides;
  if (side === undefined) throw platformError("DEFINITION_INVALID", { why: "there is no side chain" });
  return side;
}

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

async function writeOptions(
  options: CreateOptions,
  parts: { nodes: readonly NetworkNode[]; identities: Map<string, NodeIdentity>; ports: Map<string, NodePorts> },
): Promise<void> {
  const { definition, provider } = options;
  const side = onlySide(definition);
  const portsOf = (id: string): NodePorts => parts.ports.get(id) ?? {};
  const main = parts.nodes.find((node) => node.kind === "main");
  const sides = parts.nodes.filter((node) => node.kind === "side");
  const miningProgram = bytesToHex(options.accounts[0]?.program ?? Uint8Array.of(0x51));
  for (const node of parts.nodes) {
    const config =
      node.kind === "main"
        ? mainNodeConfig({ definition, node, ports: portsOf(node.id), miningProgram })
        : sideNodeConfig({
            definition,
            side,
            node,
            ports: portsOf(node.id),
            mainPort: portsOf(main?.id ?? "").http ?? 0,
            peers: sides
              .filter((other) => other.id !== node.id)
              .map((other) => ({
                node: other,
                identity: parts.identities.get(other.id) ?? {},
                ports: portsOf(other.id),
              })),
          });
    await provider.apply({ id: node.id, config, memoryMiB: definition.limits.memoryMiB });
  }
}

/** No spec is written that a node would refuse: what the definition's own rules let through is told now, not by a node. */
function assertSpec(spec: ChainSpec): void {
  const parsed = parseChainSpec(chainSpecToJson(spec));
  if (parsed.ok) return;
  const rules = parsed.error.slice(0, 5).map(({ path, rule }) => `${path} ${rule}`);
  throw protocolError("SPEC_INVALID", { why: `chain ${spec.name}: ${rules.join("; ")}` });
}

/** Makes the network unless it is there; refuses another definition under the same name. */
export async function createNetwork(options: CreateOptions): Promise<NetworkState> {
  const { definition, layout } = options;
  const known = loadNetworkState(layout);
  if (known !== undefined) {
    if (existsSync(layout.definition) && readFileSync(layout.definition, "utf8") !== options.definitionText) {
      throw platformError("NETWORK_CHANGED", { why: `network ${definition.network}` });
    }
    return known;
  }
  makeFolders(layout);
  const nodes = nodesOf(definition);
  const identities = await makeKeys(options, nodes);
  const ports = await choosePorts(nodes);
  const genesisTimeSeconds = Math.floor(options.nowMs / 1000);
  const mainSpec = composeMainSpec(definition, {
    accounts: options.accounts,
    genesisTimeSeconds,
    targetSeconds: options.mainTargetSeconds,
  });
  const side = onlySide(definition);
  const committee = nodes
    .filter((node) => node.kind === "side" && node.index !== null)
    .map(({ id }) => ({ id, identity: identities.get(id) ?? {} }));
  const sideSpec = composeSideSpec(side, {
    mainSpec,
    identities: committee,
    assets: options.assets,
    genesisTimeMs: options.nowMs,
  });
  assertSpec(mainSpec);
  assertSpec(sideSpec);
  writeFileSync(join(layout.specs, "main.json"), formatChainSpec(mainSpec), { mode: 0o600 });
  writeFileSync(join(layout.specs, "side.json"), formatChainSpec(sideSpec), { mode: 0o600 });
  await writeOptions(options, { nodes, identities, ports });
  writeFileSync(layout.definition, options.definitionText, { mode: 0o600 });
  const state: NetworkState = {
    format: FOLDER_FORMAT,
    network: definition.network,
    createdAtMs: options.nowMs,
    mainChain: definition.main.chain,
    sideChain: side.chain,
    mainSpecHash: bytesToHex(chainSpecHash(mainSpec)),
    sideChainId: bytesToHex(chainIdOf(sideSpec)),
    nodes,
    accounts: definition.accounts.map(({ account }) => account),
    roundTrip: definition.prove.length === 0 ? null : roundTripOf(definition),
    proven: false,
  };
  saveJson(layout.state, state);
  return state;
}
