// From a definition and the nodes' public keys to chain specs and node options. Pure: the same input gives the same specs,
// and with them the same chain ids.

import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { publicKeyProgram } from "@bystack/protocol/program";
import type { MainChainSpec, SideChainSpec } from "@bystack/protocol/spec";
import { createDevFederation, createDevMainSpec, createDevSideSpec } from "@bystack/protocol/spec/presets";
import { type Hash, hexToBytes } from "@bystack/utils/bytes";
import { btmToNeu, NEU_PER_BTM } from "../definition/amounts.ts";
import { composeVotes } from "../definition/elections.ts";
import { electionsOf, type NetworkDefinition, type SideDefinition } from "../definition/schema.ts";
import type { NodeIdentity, NodePorts } from "../provider/provider.ts";
import type { NetworkNode } from "./layout.ts";

/** The nodes of a side chain: `<side chain>-1` and so on, those with a seat first. */
export function sideNodesOf(side: SideDefinition): NetworkNode[] {
  return Array.from(
    { length: side.nodes.count + side.nodes.observers },
    (_, place): NetworkNode => ({
      id: `${side.chain}-${place + 1}`,
      chain: side.chain,
      kind: "side",
      index: place < side.nodes.count ? place : null,
    }),
  );
}

/** The node of a side chain that keeps its explorer's index: the first observer, or the first validator where there is none. */
export function explorerNodeOf(side: SideDefinition): string | undefined {
  const nodes = sideNodesOf(side);
  return (nodes.find(({ index }) => index === null) ?? nodes[0])?.id;
}

export function mainNodesOf(definition: NetworkDefinition): NetworkNode[] {
  const { chain, nodes } = definition.main;
  return nodes.map(({ node }): NetworkNode => ({ id: node, chain, kind: "main", index: null }));
}

/** All nodes of a definition. */
export function nodesOf(definition: NetworkDefinition): NetworkNode[] {
  return [...mainNodesOf(definition), ...definition.sides.flatMap(sideNodesOf)];
}

export type ComposedAccount = { readonly name: string; readonly program: Uint8Array };
export type ComposedAsset = { readonly name: string; readonly id: Hash };

/** The dev main chain: funded accounts in genesis, spendable at once. */
export function composeMainSpec(
  definition: NetworkDefinition,
  options: { accounts: readonly ComposedAccount[]; genesisTimeSeconds: number; targetSeconds: number },
): MainChainSpec {
  const outputs = definition.accounts.flatMap(({ account, fund }) => {
    const program = options.accounts.find((candidate) => candidate.name === account)?.program;
    return fund.BTM === undefined || program === undefined ? [] : [{ program, amountNeu: btmToNeu(fund.BTM) }];
  });
  return createDevMainSpec({
    name: definition.main.chain,
    genesisTimeSeconds: options.genesisTimeSeconds,
    outputs,
    targetSeconds: options.targetSeconds,
  });
}

function key(identity: NodeIdentity, use: string): Uint8Array {
  return hexToBytes(identity[use] ?? "");
}

export function composeSideSpec(
  side: SideDefinition,
  options: {
    mainSpec: MainChainSpec;
    identities: readonly { id: string; identity: NodeIdentity }[];
    assets: readonly ComposedAsset[];
    genesisTimeMs: number;
  },
): SideChainSpec {
  const committee = options.identities.map(({ id, identity }) => ({
    id,
    voteKey: key(identity, "vote"),
    rewardProgram: publicKeyProgram(key(identity, "reward")),
  }));
  const members = options.identities.map(({ id, identity }) => ({
    id,
    operator: id,
    identity: key(identity, "identity"),
    vault: key(identity, "vault"),
    collector: key(identity, "collector"),
  }));
  const assets = (side.federation?.assets ?? []).map((name) => ({
    assetId:
      name === "BTM" ? BTM_ASSET_ID : (options.assets.find((asset) => asset.name === name)?.id ?? new Uint8Array(32)),
    depositMin: name === "BTM" ? NEU_PER_BTM : 1n,
    burnMin: name === "BTM" ? NEU_PER_BTM : 1n,
    cap: null,
    largeAmount: null,
  }));
  const chain = electionsOf(side);
  const elections = chain === undefined ? undefined : composeVotes(chain);
  const spec = createDevSideSpec({
    name: side.chain,
    genesisTimeMs: options.genesisTimeMs,
    committee,
    federation:
      side.federation === undefined
        ? null
        : createDevFederation({
            mainSpec: options.mainSpec,
            members,
            threshold: side.federation.threshold,
            confirmations: side.federation.confirmations,
            assets,
          }),
    ...(elections && { votes: elections.votes }),
  });
  const { blockMs, run, epochBlocks } = side.engine;
  const locks = elections === undefined ? spec.locks : { ...spec.locks, voteBlocks: elections.voteBlocks };
  return { ...spec, consensus: { ...spec.consensus, blockMs, run, epochBlocks }, locks };
}

type Listen = { readonly host: string; readonly port: number };
const LOOPBACK = "127.0.0.1";

function listen(port: number | undefined): Listen {
  return { host: LOOPBACK, port: port ?? 0 };
}

/** Of a chain's spec, as the options of a node name it: from the node's folder. */
const specPath = (chain: string): string => `../../specs/${chain}.json`;

/** Options of a main node. Ports are 0 at first and kept once the system has chosen. */
export function mainNodeConfig(options: {
  definition: NetworkDefinition;
  node: NetworkNode;
  ports: NodePorts;
  miningProgram: string;
}): Record<string, unknown> {
  const { definition, node } = options;
  const mine = definition.main.nodes.find((candidate) => candidate.node === node.id)?.mine;
  return {
    format: 1,
    id: node.id,
    network: definition.network,
    chain: node.chain,
    kind: "main",
    specFile: specPath(node.chain),
    http: listen(options.ports.http),
    explorer: true,
    ...(mine !== undefined && { mine: { ...mine, program: options.miningProgram } }),
  };
}

export type SidePeer = { readonly node: NetworkNode; readonly identity: NodeIdentity; readonly ports: NodePorts };

/** Options of a side node. `peers` are the others of the committee as far as their ports are known. */
export function sideNodeConfig(options: {
  definition: NetworkDefinition;
  side: SideDefinition;
  node: NetworkNode;
  ports: NodePorts;
  mainPort: number;
  peers: readonly SidePeer[];
}): Record<string, unknown> {
  const { definition, side, node } = options;
  const known = options.peers.filter((peer) => peer.ports.mesh !== undefined && peer.ports.http !== undefined);
  return {
    format: 1,
    id: node.id,
    network: definition.network,
    chain: node.chain,
    kind: "side",
    specFile: specPath(node.chain),
    mainSpecFile: specPath(definition.main.chain),
    mainUrl: `http://${LOOPBACK}:${options.mainPort}`,
    http: listen(options.ports.http),
    mesh: listen(options.ports.mesh),
    store: side.store,
    explorer: node.id === explorerNodeOf(side),
    history: node.index === null ? side.nodes.observersHistory : side.nodes.history,
    peers: known.map((peer) => ({
      id: peer.node.id,
      key: peer.identity.peer,
      // Of a validator without a seat yet the spec does not say it.
      ...(peer.node.index === null && { voteKey: peer.identity.vote }),
      host: LOOPBACK,
      port: peer.ports.mesh,
    })),
    ...(side.federation !== undefined &&
      node.index !== null && {
        federation: {
          members: known
            .filter((peer) => peer.node.index !== null)
            .map((peer) => ({ index: peer.node.index, url: `http://${LOOPBACK}:${peer.ports.http}` })),
        },
      }),
  };
}
