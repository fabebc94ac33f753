// Peers of the mesh by their vote key, as far as it is known: the spec names those of the first committee, the options of a
// node those that may be elected.

import type { Target } from "@bystack/consensus/bbft/events";
import type { SideChainSpec } from "@bystack/protocol/spec";
import { bytesToHex } from "@bystack/utils/bytes";
import type { SideNodeOptions } from "../options.ts";

export class PeersByVoteKey {
  readonly #idOf = new Map<string, string>();

  constructor(spec: SideChainSpec, options: SideNodeOptions) {
    for (const peer of options.peers) {
      const named = spec.committee.find((validator) => validator.id === peer.id);
      const voteKey = peer.voteKey ?? named?.voteKey;
      if (voteKey !== undefined) this.#idOf.set(bytesToHex(voteKey), bytesToHex(peer.key));
    }
  }

  /** `committee`: vote keys of the present epoch, in whose order places count. */
  idOf(to: Target, committee: readonly Uint8Array[]): string | undefined {
    if ("peer" in to) return to.peer;
    const key = committee[to.validator];
    return key === undefined ? undefined : this.#idOf.get(bytesToHex(key));
  }

  /** Peers in the places of a committee; undefined where the place is this node's own or its peer is not known. */
  inOrder(committee: readonly Uint8Array[]): (string | undefined)[] {
    return committee.map((key) => this.#idOf.get(bytesToHex(key)));
  }
}
