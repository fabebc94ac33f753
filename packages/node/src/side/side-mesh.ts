// The mesh of a side node: who it talks to, and where what they say goes. It is up before the node is: until `listen` is
// called messages are dropped, as if they had been lost, while questions about states are answered and asked.

import { join } from "node:path";
import { createIdentity } from "@bystack/network/identity";
import { createMesh, type Mesh, type Message } from "@bystack/network/mesh";
import type { Hash } from "@bystack/utils/bytes";
import type { Logger, Metrics } from "@bystack/utils/ports";
import type { SideNodeOptions } from "../options.ts";
import type { NodeKeys } from "../process/keys.ts";
import { systemClock, systemRng } from "../process/timers.ts";
import { createBanFile } from "./ban-file.ts";
import type { PeerList } from "./peer-list.ts";
import { PROTOCOL_VERSION, SIDE_PROTOCOL } from "./protocol.ts";
import type { StatePeer } from "./state-sync/fetch.ts";
import type { PeersPort } from "./state-sync/offers.ts";
import { StateServer } from "./state-sync/server.ts";

/** Longest wait before a validator that is away is dialled again: a network that was cut heals within 5 s (P11). */
const REDIAL_LONGEST_MS = 2_000;

export type SideMesh = {
  readonly mesh: Mesh;
  /** Answers peers that have no blocks. */
  readonly states: StateServer;
  /** From now on messages go here. */
  listen(onMessage: (message: Message) => void): void;
};

export function createSideMesh(parts: {
  readonly folder: string;
  readonly options: SideNodeOptions;
  readonly peers: PeerList;
  readonly keys: NodeKeys;
  readonly version: string;
  readonly chainId: Hash;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): SideMesh {
  const { options, peers, logger } = parts;
  const states = new StateServer(systemClock);
  let listener: (message: Message) => void = () => {};
  const mesh = createMesh({
    identity: createIdentity(parts.keys.peer.seed),
    listen: options.mesh,
    peers: peers.addresses,
    handshake: {
      protocolVersion: PROTOCOL_VERSION,
      networkHash: parts.chainId,
      agent: `bystack/${parts.version}`,
    },
    protocol: SIDE_PROTOCOL,
    limits: { redialLongestMs: REDIAL_LONGEST_MS },
    banStore: createBanFile(join(parts.folder, "bans.json"), logger),
    rng: systemRng,
    logger,
    metrics: parts.metrics,
    handlers: {
      onConnected: (peer) => logger.info("peer connected", { peer: peer.id.slice(0, 8) }),
      onDisconnected: (id) => logger.info("peer disconnected", { peer: id.slice(0, 8) }),
      onMessage: (message) => listener(message),
      onRequest: (question) => states.answer(question),
    },
  });
  peers.onChange((addresses) => mesh.setPeers(addresses));
  const listen = (onMessage: (message: Message) => void): void => {
    listener = onMessage;
  };
  return { mesh, states, listen };
}

function statePeer(mesh: Mesh, id: string): StatePeer {
  return {
    id,
    ask: async (method, body) => {
      const answer = await mesh.request(id, { method, body });
      return answer.ok ? answer.value : undefined;
    },
  };
}

/** Those whom a node without blocks asks for a state. */
export function statePeers(mesh: Mesh, count: number): PeersPort {
  return { count, connected: () => mesh.peers().map(({ id }) => statePeer(mesh, id)) };
}
