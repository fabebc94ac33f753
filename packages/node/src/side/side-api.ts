// What a side node answers: the handlers of all its routes, joined from those of the chain, the peg and elections.

import type { RouteHandlers } from "@bystack/api/route";
import type { SIDE_ROUTES } from "@bystack/api/side-routes";
import type { Hash } from "@bystack/utils/bytes";
import type { BackupJobs } from "../backup/jobs.ts";
import type { ExplorerChain } from "../explorer/chain-view.ts";
import type { ExplorerPart } from "../explorer/explorer.ts";
import { createExplorerHandlers } from "../explorer/handlers.ts";
import { createSideView } from "../explorer/side-view.ts";
import { SIDE_PEER } from "../options.ts";
import type { NodeKeys } from "../process/keys.ts";
import type { RefusedTransactions } from "../process/refused-transactions.ts";
import { createElectionHandlers } from "./election-handlers.ts";
import type { Ground } from "./ground.ts";
import { createSideReads } from "./handlers.ts";
import type { NodeInfo } from "./node-info.ts";
import { createPegHandlers, type MemberPart } from "./peg-handlers.ts";
import type { SideVitals } from "./side-vitals.ts";

/** The explorer's view of the chain; where a transaction is the node's own index knows first, and genesis only the other. */
function viewOf({ store, mainSpec }: Ground, { explorer }: ExplorerPart): ExplorerChain {
  const { chain, indexes } = store;
  return createSideView({
    chain,
    mainAddressPrefix: mainSpec?.addressPrefix ?? "",
    placeOf: async (id) => {
      const place = await indexes.transaction(id);
      return place === undefined ? explorer?.index().transaction(id) : { height: place.height, position: place.index };
    },
  });
}

export function createSideHandlers(parts: {
  readonly ground: Ground;
  readonly keys: NodeKeys;
  readonly info: NodeInfo;
  readonly vitals: SideVitals;
  readonly refused: RefusedTransactions;
  readonly explorer: ExplorerPart;
  readonly member: () => MemberPart | undefined;
  readonly backups: BackupJobs;
  /** A transaction was submitted here and taken. */
  readonly onAccepted: (raw: Uint8Array, id: Hash) => void;
  readonly onStopAsked: () => void;
}): RouteHandlers<typeof SIDE_ROUTES> {
  const { ground, keys, info, vitals, refused, explorer, member, backups, onAccepted, onStopAsked } = parts;
  const { store, mainSpec, peers, incidents } = ground;
  const { chain, indexes } = store;
  const mainAddressPrefix = mainSpec?.addressPrefix ?? "";
  return {
    ...createSideReads({ chain, indexes, refused, explorer, onAccepted }),
    ...createExplorerHandlers({ part: explorer, chain: viewOf(ground, explorer) }),
    ...createPegHandlers({ chain, mainAddressPrefix, member }),
    ...createElectionHandlers({ chain, indexes, mainAddressPrefix, nameOf: peers.nameOf, voteKey: keys.vote }),
    info: () => info.info(),
    consensus: () => info.consensus(),
    vitals: () => vitals.reply(),
    peers: () => info.peers(),
    incidents: () => ({ items: [...incidents.items] }),
    setPeers: ({ body }) => {
      peers.set(body.peers.map((peer) => SIDE_PEER.parse(peer)));
      return { peers: peers.all.length };
    },
    backup: ({ body }) => ({ ...backups.begin(body.id) }),
    stop: () => {
      onStopAsked();
      return { stopping: true as const };
    },
  };
}
