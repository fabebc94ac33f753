// A node without any blocks begins with a state that its peers have (sidechain.md section 4): the newest snapshot, proven by
// certificates from the spec's committee on, its root computed again. Nothing is kept that was not proven, and the block log
// comes last: a crash in between leaves an empty log, and the next start begins anew. Without an offer, or when none holds,
// the node replays blocks from the first one on.

import type { SideState } from "@bystack/ledger/side/state";
import { isStorageError } from "@bystack/storage/errors";
import { removeSnapshot } from "@bystack/storage/snapshot";
import { equalBytes } from "@bystack/utils/bytes";
import type { Found } from "../state-file.ts";
import { type FetchContext, type Fetched, type FetchFailure, fetchState } from "./fetch.ts";
import { collectOffers, type OfferedState, type PeersPort } from "./offers.ts";

/** Offers that are tried before the node replays blocks instead. */
export const STATE_ATTEMPTS_MAX = 4;

/** A proven state with what goes on disk beside its snapshot. */
export type Beginning = Found & Fetched;

export type StateSyncOptions = FetchContext & {
  readonly peers: PeersPort;
  /** Reads the snapshot of a height. @throws BystackError when it is damaged */
  load(height: number): Promise<Found | undefined>;
  /** A peer sent what an honest one never sends. */
  blame(peer: string, reason: string): void;
};

/** Whether the second block names the root of the state behind the first. */
function isConfirmed(state: SideState, { run }: Fetched): boolean {
  const next = run.blocks[1];
  return next !== undefined && equalBytes(next.header.parentStateRoot, state.root());
}

/** What a fetched file holds. @throws what the own disk refuses */
async function loadFetched(fetched: Fetched, options: StateSyncOptions): Promise<Found | FetchFailure> {
  try {
    const found = await options.load(fetched.height);
    if (found !== undefined && isConfirmed(found.state, fetched)) return found;
    return { why: "its state is not the one that the certified block names", fault: true };
  } catch (error) {
    // A file that went bad on the peer's disk is as likely as a bad peer.
    if (isStorageError(error, "SNAPSHOT_DAMAGED")) return { why: error.why, fault: false };
    throw error;
  }
}

async function tryOffer({ peer, offer }: OfferedState, options: StateSyncOptions): Promise<Beginning | FetchFailure> {
  const fetched = await fetchState(peer, offer, options);
  if (!fetched.ok) return fetched.error;
  const found = await loadFetched(fetched.value, options);
  if (!("why" in found)) return { ...found, ...fetched.value };
  await removeSnapshot(options.snapshots, BigInt(offer.height));
  return found;
}

/** A state to begin with, its snapshot in place; undefined when there is none to be had. @throws what the own disk refuses */
export async function syncState(options: StateSyncOptions): Promise<Beginning | undefined> {
  const { logger, clock } = options;
  if (options.peers.count === 0) return undefined;
  const offers = await collectOffers(options.peers, clock);
  for (const offered of offers.slice(0, STATE_ATTEMPTS_MAX)) {
    const peer = offered.peer.id.slice(0, 8);
    const { height, bytes } = offered.offer;
    logger.info("beginning with a state from a peer", { height, bytes, peer });
    const result = await tryOffer(offered, options);
    if (!("why" in result)) return result;
    logger.warn("a state from a peer is not taken", { height, peer, why: result.why });
    if (result.fault) options.blame(offered.peer.id, "STATE");
  }
  return undefined;
}
