// Who offers a state: every peer is asked once it is connected. The wait is short, for a new network has nothing to offer and
// must not stand still; and long enough that a node which lost its data finds those who have it.

import { setTimeout as delay } from "node:timers/promises";
import { EMPTY_BYTES } from "@bystack/utils/bytes";
import type { Clock } from "@bystack/utils/ports";
import type { StatePeer } from "./fetch.ts";
import { decodeOffer, METHOD, type StateOffer } from "./messages.ts";

/** How long peers have to connect and to answer. */
export const OFFERS_WAIT_MS = 3000;
/** After the first offer the others have this long: a newer state saves blocks. */
const MORE_OFFERS_MS = 500;
const POLL_MS = 50;

export type OfferedState = { readonly peer: StatePeer; readonly offer: StateOffer };

export type PeersPort = {
  /** Peers that are configured, connected or not. */
  readonly count: number;
  connected(): readonly StatePeer[];
};

/** Offers of peers, the highest state first; empty when nobody has one. */
export async function collectOffers(peers: PeersPort, clock: Clock): Promise<OfferedState[]> {
  const asked = new Set<string>();
  const offers: OfferedState[] = [];
  let answers = 0;
  let endMs = clock.monotonicMs() + OFFERS_WAIT_MS;
  const ask = async (peer: StatePeer): Promise<void> => {
    const bytes = await peer.ask(METHOD.offer, EMPTY_BYTES);
    const offer = bytes && decodeOffer(bytes);
    answers += 1;
    if (offer === undefined) return;
    if (offers.length === 0) endMs = Math.min(endMs, clock.monotonicMs() + MORE_OFFERS_MS);
    offers.push({ peer, offer });
  };
  // More than half without an offer: this is a young chain.
  const isOver = (): boolean =>
    answers >= peers.count || clock.monotonicMs() >= endMs || (offers.length === 0 && 2 * answers > peers.count);
  while (!isOver()) {
    for (const peer of peers.connected()) {
      if (asked.has(peer.id)) continue;
      asked.add(peer.id);
      void ask(peer);
    }
    await delay(POLL_MS);
  }
  return offers.toSorted((a, b) => b.offer.height - a.offer.height);
}
