// What a side node stands on, opened before its parts are joined: specs, data folder, stored chain, record of votes, mesh. A
// node without blocks gets a state from its peers here, before anything is built upon the empty one.

import { join } from "node:path";
import type { BbftConfig } from "@bystack/consensus/bbft/config";
import { verifyEd25519 } from "@bystack/crypto/ed25519";
import type { MainChainSpec, SideChainSpec } from "@bystack/protocol/spec";
import { openDataFolder } from "@bystack/storage/data-folder";
import type { Disk } from "@bystack/storage/disk";
import { equalBytes } from "@bystack/utils/bytes";
import type { Logger } from "@bystack/utils/ports";
import { nodeError } from "../errors.ts";
import type { SideNodeOptions } from "../options.ts";
import { Incidents } from "../process/incidents.ts";
import type { NodeKeys } from "../process/keys.ts";
import { MetricsRegistry } from "../process/metrics.ts";
import type { Opened } from "../process/opened.ts";
import { systemClock, systemRng } from "../process/timers.ts";
import { type ConsensusRecord, openConsensusRecord } from "./consensus-record.ts";
import { type FrameTap, NO_TAP, openFrameTap } from "./frame-tap.ts";
import { PeerList } from "./peer-list.ts";
import { createSideMesh, type SideMesh, statePeers } from "./side-mesh.ts";
import { openFetchedStore, openSideStore, type SideStore, type SideStoreOptions } from "./side-store.ts";
import { engineConfig, loadSpecs } from "./specs.ts";
import { loadState, snapshotPlace } from "./state-file.ts";
import { syncState } from "./state-sync/state-sync.ts";

/** What the data folder of a side node says that it is. */
export const DATA_KIND = "side-node";
export const DATA_FORMAT = 1;

export type GroundDependencies = {
  readonly folder: string;
  readonly options: SideNodeOptions;
  readonly keys: NodeKeys;
  readonly version: string;
  readonly logger: Logger;
  /** The disk under the data folder; by default that of the operating system. */
  readonly createDisk?: ((root: string) => Disk) | undefined;
};

export type Ground = {
  readonly spec: SideChainSpec;
  readonly mainSpec: MainChainSpec | undefined;
  readonly disk: Disk;
  readonly store: SideStore;
  readonly config: BbftConfig;
  readonly record: ConsensusRecord | undefined;
  readonly tap: FrameTap;
  readonly incidents: Incidents;
  readonly metrics: MetricsRegistry;
  readonly peers: PeerList;
  readonly wire: SideMesh;
  /** Where the mesh listens; 0 when it does not. */
  readonly meshPort: number;
};

/** Asks peers for a state to begin with; the store that comes back is open. */
async function withFetchedState(
  empty: SideStore,
  options: SideStoreOptions,
  { wire, node }: { readonly wire: SideMesh; readonly node: SideNodeOptions },
): Promise<SideStore> {
  const { epochBlocks } = options.spec.consensus;
  if (node.trusted !== undefined && node.trusted.height % epochBlocks !== 0)
    throw nodeError("OPTIONS_INVALID", { why: `trusted.height ${node.trusted.height} is not the end of an epoch` });
  const beginning = await syncState({
    spec: options.spec,
    snapshots: snapshotPlace(options.data),
    clock: systemClock,
    verify: (publicKey, message, signature) => verifyEd25519({ publicKey, message, signature }, "strict-s"),
    logger: options.logger,
    peers: statePeers(wire.mesh, node.peers.length),
    trusted: node.trusted,
    load: (height) => loadState(options, BigInt(height)),
    blame: (peer, reason) => wire.mesh.report(peer, "peer-severe", reason),
  });
  if (beginning === undefined) return empty;
  await empty.close();
  return openFetchedStore(options, beginning);
}

/** @throws BystackError OPTIONS_INVALID, FOLDER_IN_USE, SPEC_MISMATCH, PORT_IN_USE and what storage refuses */
export async function openGround(deps: GroundDependencies, opened: Opened): Promise<Ground> {
  const { folder, options, keys, logger, createDisk, version } = deps;
  const { spec, mainSpec } = loadSpecs(folder, options);
  const path = join(folder, "data", "side");
  const data = await openDataFolder({ path, kind: DATA_KIND, version: DATA_FORMAT, createDisk });
  opened.add(() => data.release());
  const incidents = new Incidents({ folder, clock: systemClock, logger });
  const { store: driver, snapshotBlocks, history } = options;
  const rng = systemRng;
  const storeOptions: SideStoreOptions = {
    data,
    spec,
    mainSpec,
    driver,
    snapshotBlocks,
    history,
    rng,
    logger,
    incidents,
  };
  let store = await openSideStore(storeOptions);
  opened.add(() => store.close());
  // On a chain with elections every key may get a seat: its record of own votes begins before that.
  const mayVote =
    spec.features.votes || spec.committee.some((validator) => equalBytes(validator.voteKey, keys.vote.publicKey));
  const voteKey = mayVote ? keys.vote.publicKey : undefined;
  const config = engineConfig({ spec, genesisHash: store.chain.genesisHash, voteKey });
  const { chainId } = config;
  const record =
    voteKey === undefined ? undefined : await openConsensusRecord({ folder, data, chainId, voteKey, rng, incidents });
  opened.add(async () => record?.close());
  const tap = options.tap ? openFrameTap(join(folder, "log", `frames-${systemClock.nowMs()}.tap`)) : NO_TAP;
  opened.add(() => tap.close());
  const metrics = new MetricsRegistry();
  const own = { id: options.id, voteKey: keys.vote.publicKey };
  const peers = new PeerList({ spec, own, peers: options.peers });
  const wire = createSideMesh({ folder, options, peers, keys, version, chainId, logger, metrics });
  opened.add(() => wire.mesh.stop());
  const address = await wire.mesh.start();
  if (store.chain.height === 0 && history !== "archive")
    store = await withFetchedState(store, storeOptions, { wire, node: options });
  wire.states.use(store);
  opened.add(() => wire.states.use(undefined));
  return {
    spec,
    mainSpec,
    disk: data.disk,
    store,
    config,
    record,
    tap,
    incidents,
    metrics,
    peers,
    wire,
    meshPort: address?.port ?? 0,
  };
}
