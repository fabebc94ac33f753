// What a mesh is made of: its options with their defaults, what it reports, and what it calls.

import type { Hash } from "@bystack/utils/bytes";
import type { Clock, Logger, Metrics, Rng } from "@bystack/utils/ports";
import type { ConnectionEnd } from "./connection.ts";
import type { NetworkErrorCode } from "./errors.ts";
import type { Identity, PeerId } from "./identity.ts";
import type { Protocol } from "./lanes.ts";
import type { BanStore } from "./scores.ts";
import type { Timers } from "./timers.ts";
import { INBOUND_MAX, INBOUND_PER_ADDRESS_MAX } from "./tls.ts";

/** A peer whose key is pinned. Without an address it is only accepted, not dialled. */
export type PeerConfig = { readonly id: PeerId; readonly host?: string; readonly port?: number };

export type PeerInfo = {
  readonly id: PeerId;
  /** `observer`: a key that is not configured, accepted because the mesh is open to some. */
  readonly role: "pinned" | "observer";
  readonly direction: "inbound" | "outbound";
  readonly address: string;
  readonly agent: string;
  readonly protocolVersion: number;
  readonly listenPort: number;
  readonly rttMs: number | undefined;
  readonly queuedBytes: number;
  readonly points: number;
};

export type Message = { readonly from: PeerId; readonly type: number; readonly body: Uint8Array };

/** All are called from the event loop, never from inside `send`. Bodies belong to the receiver. */
export type MeshHandlers = {
  readonly onConnected?: (peer: PeerInfo) => void;
  /** Also before a newer connection with the same peer takes over: whoever keeps state per peer begins anew. */
  readonly onDisconnected?: (id: PeerId, end: ConnectionEnd) => void;
  /**
   * A handler that works on returns a promise. While the bodies of one lane that one peer has in such work exceed the lane's
   * `queueBytesMax`, further ones of that lane and peer are dropped and counted; other lanes go on.
   */
  readonly onMessage?: (message: Message) => Promise<void> | void;
  /** The answer, or undefined for "cannot". */
  readonly onRequest?: (request: {
    readonly from: PeerId;
    readonly method: number;
    readonly body: Uint8Array;
  }) => Promise<Uint8Array | undefined>;
  /** A connection that never opened: refused by us or by them, or a failed dial. */
  readonly onRefused?: (refusal: {
    readonly id: PeerId | undefined;
    readonly address: string;
    readonly end: ConnectionEnd;
  }) => void;
};

export type MeshLimits = {
  /** TCP, TLS and HELLO, each. */
  readonly handshakeTimeoutMs: number;
  readonly keepAliveMs: number;
  /** Nothing received, or nothing taken by the peer, for so long: the connection is dead. */
  readonly deadAfterMs: number;
  readonly requestTimeoutMs: number;
  readonly redialFirstMs: number;
  readonly redialLongestMs: number;
  /** Wait after a reason that only a change of configuration ends. */
  readonly redialRefusedMs: number;
  /** A connection open this long resets the wait. */
  readonly stableMs: number;
  readonly inboundMax: number;
  readonly inboundPerAddressMax: number;
  /** Keys that are not configured and may connect; 0: pinned keys only. */
  readonly observersMax: number;
  readonly banMs: number;
};

export const MESH_DEFAULTS: MeshLimits = {
  handshakeTimeoutMs: 5000,
  keepAliveMs: 2000,
  deadAfterMs: 8000,
  requestTimeoutMs: 10_000,
  redialFirstMs: 250,
  redialLongestMs: 30_000,
  redialRefusedMs: 60_000,
  stableMs: 10_000,
  inboundMax: INBOUND_MAX,
  inboundPerAddressMax: INBOUND_PER_ADDRESS_MAX,
  observersMax: 0,
  banMs: 300_000,
};

export type MeshOptions = {
  readonly identity: Identity;
  /** Absent: the node only dials. The host is 127.0.0.1 unless another is named. */
  readonly listen?: { readonly host?: string; readonly port: number };
  readonly peers: readonly PeerConfig[];
  readonly handshake: {
    readonly protocolVersion: number;
    /** Oldest version of a peer that this node still speaks. Default: its own. */
    readonly oldestProtocolVersion?: number;
    /** Hash of the ChainSpec. */
    readonly networkHash: Hash;
    /** Program and version, printable ASCII, up to AGENT_BYTES_MAX. */
    readonly agent: string;
  };
  readonly protocol: Protocol;
  readonly handlers: MeshHandlers;
  readonly rng: Rng;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
  readonly banStore?: BanStore;
  readonly limits?: Partial<MeshLimits>;
};

/** `dropped`: the lane was full and drops. `not-connected`: there is no connection, or it just ended. */
export type SendVerdict = "queued" | "dropped" | "not-connected";

export type { ConnectionEnd } from "./connection.ts";
export type { NetworkErrorCode };
