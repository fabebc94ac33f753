// The peers of a side node, as its options name them at its start and as the platform replaces them while it runs: who is
// dialled and let in, what validators are called, and which connection belongs to which vote key.
//
// A name is what the chain spec says, else what the list says, else the beginning of the vote key. A registration for an
// election carries no name: nobody can take the name of another.

import type { Target } from "@bystack/consensus/bbft/events";
import type { PeerConfig } from "@bystack/network/mesh";
import type { SideChainSpec } from "@bystack/protocol/spec";
import { bytesToHex } from "@bystack/utils/bytes";
import type { SidePeer } from "../options.ts";

/** Hexadecimal digits that stand for a key without a name. */
export const SHORT_KEY_DIGITS = 8;

/** Names vote keys. */
export type NameOf = (voteKey: Uint8Array) => string;

export class PeerList {
  readonly #spec: SideChainSpec;
  readonly #own: { readonly id: string; readonly voteKey: Uint8Array };
  #peers: readonly SidePeer[] = [];
  /** Ids of the mesh by vote key: the spec names those of the first committee, the list those that may be elected. */
  #meshIds = new Map<string, string>();
  #names = new Map<string, string>();
  #onChange: (peers: readonly PeerConfig[]) => void = () => {};

  constructor(parts: {
    readonly spec: SideChainSpec;
    readonly own: { readonly id: string; readonly voteKey: Uint8Array };
    readonly peers: readonly SidePeer[];
  }) {
    this.#spec = parts.spec;
    this.#own = parts.own;
    this.#take(parts.peers);
  }

  #take(peers: readonly SidePeer[]): void {
    const { committee } = this.#spec;
    const names = new Map([[bytesToHex(this.#own.voteKey), this.#own.id]]);
    const meshIds = new Map<string, string>();
    for (const peer of peers) {
      if (peer.voteKey !== undefined) names.set(bytesToHex(peer.voteKey), peer.id);
      const voteKey = peer.voteKey ?? committee.find(({ id }) => id === peer.id)?.voteKey;
      if (voteKey !== undefined) meshIds.set(bytesToHex(voteKey), bytesToHex(peer.key));
    }
    // What the chain itself says comes last and wins.
    for (const { id, voteKey } of committee) names.set(bytesToHex(voteKey), id);
    this.#peers = peers;
    this.#names = names;
    this.#meshIds = meshIds;
  }

  get all(): readonly SidePeer[] {
    return this.#peers;
  }

  /** The peers as the mesh takes them. */
  get addresses(): readonly PeerConfig[] {
    return this.#peers.map(({ key, host, port }) => ({ id: bytesToHex(key), host, port }));
  }

  /** From now on these are the peers: new ones are dialled, those left out are disconnected. */
  set(peers: readonly SidePeer[]): void {
    this.#take(peers);
    this.#onChange(this.addresses);
  }

  /** Who carries a change out. */
  onChange(listener: (peers: readonly PeerConfig[]) => void): void {
    this.#onChange = listener;
  }

  /** `committee`: vote keys of the present epoch, in whose order places count. */
  meshIdOf(to: Target, committee: readonly Uint8Array[]): string | undefined {
    if ("peer" in to) return to.peer;
    const key = committee[to.validator];
    return key === undefined ? undefined : this.#meshIds.get(bytesToHex(key));
  }

  /** Mesh ids in the places of a committee; undefined where the place is this node's own or its peer is not known. */
  inOrder(committee: readonly Uint8Array[]): (string | undefined)[] {
    return committee.map((key) => this.#meshIds.get(bytesToHex(key)));
  }

  readonly nameOf: NameOf = (voteKey) => {
    const text = bytesToHex(voteKey);
    return this.#names.get(text) ?? text.slice(0, SHORT_KEY_DIGITS);
  };
}
