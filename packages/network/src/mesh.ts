// The mesh: connections with the configured peers, and what travels over them. Invariants:
// * one open connection with a peer; of two that were dialled at once, the one dialled by the smaller id stays, on both sides;
// * a configured peer always has its place: inbound connections of other keys use their own, limited ones (P27);
// * what a peer can make us keep is bounded: lanes, questions, handlers at work, scores.
// What the messages mean is not known here.

import type { TLSSocket } from "node:tls";
import { equalBytes } from "@bystack/utils/bytes";
import type { ErrorFault } from "@bystack/utils/errors";
import { nullLogger, nullMetrics } from "@bystack/utils/ports";
import { err } from "@bystack/utils/result";
import { BackOff } from "./back-off.ts";
import { Connection, type ConnectionEnd, type ConnectionHandlers, type ConnectionSettings } from "./connection.ts";
import { Dialler } from "./dialler.ts";
import { NETWORK_ERRORS, type NetworkErrorCode, networkError } from "./errors.ts";
import { isPeerId, type PeerId } from "./identity.ts";
import { type CompiledProtocol, compileProtocol } from "./lanes.ts";
import {
  MESH_DEFAULTS,
  type MeshLimits,
  type MeshOptions,
  type PeerConfig,
  type PeerInfo,
  type SendVerdict,
} from "./mesh-options.ts";
import { frameCaps, type Hello } from "./messages.ts";
import { NETWORK_METRICS } from "./names.ts";
import { OpenPeer } from "./open-peer.ts";
import type { RequestResult } from "./requests.ts";
import { type Ban, PeerScores } from "./scores.ts";
import { systemClock, systemTimers } from "./timers.ts";
import { type Listener, listenForPeers } from "./tls.ts";

export type {
  ConnectionEnd,
  MeshHandlers,
  MeshLimits,
  MeshOptions,
  Message,
  PeerConfig,
  PeerInfo,
  SendVerdict,
} from "./mesh-options.ts";
export { MESH_DEFAULTS } from "./mesh-options.ts";
export type { RequestFailure, RequestResult } from "./requests.ts";

/** Most peers in a configuration: the largest committee with observers and archive nodes around it. */
export const CONFIGURED_PEERS_MAX = 1024;

type Ports = Required<Pick<MeshOptions, "clock" | "timers" | "logger" | "metrics">>;

/** Made by {@link createMesh}. */
export class Mesh {
  readonly id: PeerId;
  readonly #options: MeshOptions;
  readonly #ports: Ports;
  readonly #limits: MeshLimits;
  readonly #protocol: CompiledProtocol;
  readonly #scores: PeerScores;
  readonly #settings: ConnectionSettings;
  readonly #handlers: ConnectionHandlers;
  readonly #instance: Uint8Array;
  /** Configured peers; the dialler is absent for one without an address. */
  readonly #configured = new Map<PeerId, Dialler | undefined>();
  readonly #open = new Map<PeerId, OpenPeer>();
  /** Every connection whose socket is not gone yet. */
  readonly #all = new Set<Connection>();
  #listener: Listener | undefined;
  #state: "new" | "running" | "stopped" = "new";
  #saving: Promise<void> = Promise.resolve();

  /** @internal use createMesh */
  constructor(options: MeshOptions) {
    this.id = options.identity.id;
    this.#options = options;
    this.#ports = {
      clock: options.clock ?? systemClock,
      timers: options.timers ?? systemTimers,
      logger: options.logger ?? nullLogger,
      metrics: options.metrics ?? nullMetrics,
    };
    this.#limits = { ...MESH_DEFAULTS, ...options.limits };
    this.#protocol = compileProtocol(options.protocol);
    this.#scores = new PeerScores({ clock: this.#ports.clock, banMs: this.#limits.banMs });
    this.#instance = options.rng.bytes(8);
    const { handshakeTimeoutMs, keepAliveMs, deadAfterMs } = this.#limits;
    this.#settings = {
      ...this.#ports,
      protocol: this.#protocol,
      caps: frameCaps(this.#protocol),
      handshakeTimeoutMs,
      keepAliveMs,
      deadAfterMs,
    };
    this.#handlers = {
      onHello: (connection, hello) => this.#onHello(connection, hello),
      onFrame: (connection, type, body) => {
        const peer = this.#open.get(connection.id);
        if (peer?.connection === connection) peer.receive(type, body);
      },
      onClose: (connection, end) => this.#onClose(connection, end),
    };
  }

  /** Loads the bans, listens and dials. Returns where it listens. @throws LISTEN_FAILED, IDENTITY_INVALID */
  async start(): Promise<{ host: string; port: number } | undefined> {
    if (this.#state !== "new") throw new Error("invariant broken: a mesh starts once");
    this.#scores.restore((await this.#options.banStore?.load()) ?? []);
    this.#state = "running";
    const { listen, identity } = this.#options;
    if (listen !== undefined) {
      const { handshakeTimeoutMs, inboundMax, inboundPerAddressMax } = this.#limits;
      this.#listener = await listenForPeers({
        identity,
        host: listen.host ?? "127.0.0.1",
        port: listen.port,
        handshakeTimeoutMs,
        inboundMax,
        inboundPerAddressMax,
        onSecure: (socket, peer) => this.#accept(socket, peer),
        onRefused: (address, why) => this.#refused(undefined, address, { code: "TLS_FAILED", by: "us", why }),
      });
    }
    this.setPeers(this.#options.peers);
    return this.#listener === undefined ? undefined : { host: this.#listener.host, port: this.#listener.port };
  }

  /** Tells every peer, closes everything, and resolves when no socket is left. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    for (const dialler of this.#configured.values()) dialler?.stop();
    const listening = this.#listener?.close();
    for (const connection of [...this.#all]) connection.close("STOPPING");
    await Promise.all([listening, ...[...this.#all].map((connection) => connection.finished)]);
    await this.#saving;
  }

  /** Replaces the configured peers: new ones are dialled, those left out are disconnected. @throws IDENTITY_INVALID */
  setPeers(peers: readonly PeerConfig[]): void {
    if (peers.length > CONFIGURED_PEERS_MAX) throw new RangeError(`${peers.length} peers`);
    for (const { id } of peers)
      if (!isPeerId(id)) throw networkError("IDENTITY_INVALID", { why: `peer id ${id.slice(0, 80)}` });
    const wanted = new Map(peers.filter(({ id }) => id !== this.id).map((peer) => [peer.id, peer]));
    for (const [id, dialler] of this.#configured) {
      const peer = wanted.get(id);
      if (peer !== undefined && peer.host === dialler?.target.host && peer.port === dialler?.target.port) continue;
      dialler?.stop();
      this.#configured.delete(id);
      if (peer === undefined) this.#open.get(id)?.connection.close("REMOVED");
    }
    for (const [id, { host, port }] of wanted) {
      if (this.#configured.has(id)) continue;
      const dialler = host === undefined || port === undefined ? undefined : this.#createDialler({ id, host, port });
      this.#configured.set(id, dialler);
      if (!this.#open.has(id)) dialler?.dial();
    }
  }

  /** Queues a message for one peer. @throws RangeError for an unknown type or a body beyond its cap */
  send(to: PeerId, type: number, body: Uint8Array): SendVerdict {
    const { spec, lane } = this.#messageOf(type, body);
    const verdict = this.#open.get(to)?.connection.send(lane, { type, body }) ?? "not-connected";
    if (verdict === "queued") this.#ports.metrics.count(NETWORK_METRICS.sentMessages, 1, { message: spec.name });
    return verdict;
  }

  /** Queues a message for every open peer but those excepted; returns for how many it was queued. */
  broadcast(type: number, body: Uint8Array, options: { readonly except?: ReadonlySet<PeerId> } = {}): number {
    let queued = 0;
    for (const id of [...this.#open.keys()]) {
      if (options.except?.has(id) !== true && this.send(id, type, body) === "queued") queued += 1;
    }
    return queued;
  }

  /**
   * Asks a peer. Failures are values: NOT_CONNECTED, REQUEST_TIMEOUT, REQUEST_BUSY, REQUEST_REFUSED, RESPONSE_TOO_LARGE.
   * @throws RangeError for an unknown method or a body beyond its cap
   */
  request(
    to: PeerId,
    question: { readonly method: number; readonly body: Uint8Array; readonly timeoutMs?: number },
  ): Promise<RequestResult> {
    const known = this.#protocol.methods.get(question.method);
    if (known === undefined || question.body.length > known.spec.requestBytesMax)
      throw new RangeError(`method ${question.method} of ${question.body.length} bytes`);
    const timeoutMs = question.timeoutMs ?? this.#limits.requestTimeoutMs;
    return this.#open.get(to)?.ask({ ...question, timeoutMs }) ?? Promise.resolve(err("NOT_CONNECTED"));
  }

  /** A fault that only a higher layer could see, by the kind of its error table. Enough of them ban the key for a while. */
  report(id: PeerId, fault: ErrorFault, reason: string): void {
    if (!this.#scores.report(id, fault, reason)) return;
    this.#ports.logger.warn("a peer is refused for a while", { peer: id, reason });
    this.#ports.metrics.count(NETWORK_METRICS.bans);
    this.#saveBans();
    for (const connection of [...this.#all]) if (connection.id === id) connection.close("BANNED");
  }

  /** Ends a ban: an operator's word. */
  pardon(id: PeerId): void {
    this.#scores.pardon(id);
    this.#saveBans();
  }

  bans(): readonly Ban[] {
    return this.#scores.bans();
  }

  isConnected(id: PeerId): boolean {
    return this.#open.has(id);
  }

  peers(): PeerInfo[] {
    return [...this.#open.values()].map(({ connection }) => this.#infoOf(connection));
  }

  #createDialler(target: { id: PeerId; host: string; port: number }): Dialler {
    const { redialFirstMs, redialLongestMs, redialRefusedMs, stableMs, handshakeTimeoutMs } = this.#limits;
    const { identity, rng } = this.#options;
    return new Dialler(target, {
      identity,
      timers: this.#ports.timers,
      timeoutMs: handshakeTimeoutMs,
      backOff: new BackOff({
        rng,
        firstMs: redialFirstMs,
        longestMs: redialLongestMs,
        refusedMs: redialRefusedMs,
        stableMs,
      }),
      obstacle: () => (this.#scores.banOf(target.id) === undefined ? undefined : "BANNED"),
      onSocket: (socket) => this.#dialled(socket, target),
      onFailure: ({ code, why }) => this.#refused(target.id, `${target.host}:${target.port}`, { code, by: "us", why }),
    });
  }

  #dialled(socket: TLSSocket, target: { id: PeerId; host: string; port: number }): void {
    this.#ports.metrics.count(NETWORK_METRICS.dials);
    const peer = { id: target.id, direction: "outbound", address: `${target.host}:${target.port}` } as const;
    const connection = this.#connection(socket, peer);
    connection.sendHello(this.#hello());
  }

  #accept(socket: TLSSocket, peer: { id: PeerId; address: string }): void {
    const connection = this.#connection(socket, { ...peer, direction: "inbound" });
    const refusal = this.#refusalOf(peer.id);
    if (refusal !== undefined) connection.close(refusal);
  }

  #connection(socket: TLSSocket, peer: { id: PeerId; direction: "inbound" | "outbound"; address: string }): Connection {
    const connection = new Connection(socket, peer, { settings: this.#settings, handlers: this.#handlers });
    this.#all.add(connection);
    void connection.finished.then(() => this.#all.delete(connection));
    return connection;
  }

  /** Why a key may not come in. */
  #refusalOf(id: PeerId): NetworkErrorCode | undefined {
    if (this.#state !== "running") return "STOPPING";
    if (id === this.id) return "SELF";
    if (this.#scores.banOf(id) !== undefined) return "BANNED";
    if (this.#configured.has(id)) return undefined;
    if (this.#limits.observersMax === 0) return "UNKNOWN_KEY";
    const observers = new Set(
      [...this.#all]
        .filter((connection) => !connection.isClosed && !this.#configured.has(connection.id))
        .map(({ id: other }) => other),
    );
    observers.add(id);
    return observers.size > this.#limits.observersMax ? "TOO_MANY" : undefined;
  }

  #hello(): Hello {
    const { protocolVersion, networkHash, agent } = this.#options.handshake;
    return { protocolVersion, networkHash, instance: this.#instance, listenPort: this.#listener?.port ?? 0, agent };
  }

  /** Why a HELLO is not accepted. */
  #refusalOfHello(connection: Connection, hello: Hello): NetworkErrorCode | undefined {
    const { protocolVersion, oldestProtocolVersion = protocolVersion, networkHash } = this.#options.handshake;
    if (!equalBytes(hello.networkHash, networkHash)) return "WRONG_NETWORK";
    if (hello.protocolVersion < oldestProtocolVersion) return "WRONG_PROTOCOL";
    const refusal = this.#refusalOf(connection.id);
    if (refusal !== undefined) return refusal;
    const other = this.#open.get(connection.id)?.connection;
    return other !== undefined && this.#staysAgainst(connection, other) ? "DUPLICATE" : undefined;
  }

  #onHello(connection: Connection, hello: Hello): void {
    const refusal = this.#refusalOfHello(connection, hello);
    if (refusal !== undefined) {
      connection.close(refusal);
      return;
    }
    const { id } = connection;
    this.#open.get(id)?.connection.close("REPLACED");
    if (connection.direction === "inbound") connection.sendHello(this.#hello());
    connection.open();
    const report = (fault: ErrorFault, reason: string): void => this.report(id, fault, reason);
    const { timers, logger, metrics } = this.#ports;
    this.#open.set(
      id,
      new OpenPeer(connection, {
        protocol: this.#protocol,
        handlers: this.#options.handlers,
        timers,
        logger,
        metrics,
        report,
      }),
    );
    this.#configured.get(id)?.connected();
    metrics.gauge(NETWORK_METRICS.peers, this.#open.size);
    logger.info("a peer connected", { peer: id, direction: connection.direction, agent: hello.agent });
    this.#options.handlers.onConnected?.(this.#infoOf(connection));
  }

  /** Of an open connection and a new one with the same peer: does the open one stay? Both sides come to the same answer. */
  #staysAgainst(fresh: Connection, open: Connection): boolean {
    const isSameRun =
      open.hello !== undefined && fresh.hello !== undefined && equalBytes(open.hello.instance, fresh.hello.instance);
    // A peer that restarted, or dials again, has given the open connection up.
    if (!isSameRun || open.direction === fresh.direction) return false;
    const diallerOfOpen = open.direction === "outbound" ? this.id : open.id;
    const diallerOfFresh = fresh.direction === "outbound" ? this.id : fresh.id;
    return diallerOfOpen < diallerOfFresh;
  }

  #onClose(connection: Connection, end: ConnectionEnd): void {
    const peer = this.#open.get(connection.id);
    const wasOpen = peer?.connection === connection;
    const openMs = connection.openedAtMs === undefined ? 0 : this.#ports.clock.monotonicMs() - connection.openedAtMs;
    if (wasOpen) {
      this.#open.delete(connection.id);
      peer.ended();
      this.#ports.metrics.gauge(NETWORK_METRICS.peers, this.#open.size);
      this.#ports.metrics.count(NETWORK_METRICS.disconnects, 1, { code: end.code });
      this.#ports.logger.info("a peer disconnected", { peer: connection.id, code: end.code, by: end.by, why: end.why });
    }
    const dialler = this.#configured.get(connection.id);
    const isFree = !this.#open.has(connection.id) && end.code !== "REPLACED";
    if (isFree && (wasOpen || connection.direction === "outbound")) dialler?.lost(end.code, openMs);
    if (wasOpen) this.#options.handlers.onDisconnected?.(connection.id, end);
    else this.#refused(connection.id, connection.address, end);
    if (end.by === "us") this.report(connection.id, NETWORK_ERRORS[end.code].fault, end.code);
  }

  #refused(id: PeerId | undefined, address: string, end: ConnectionEnd): void {
    this.#ports.metrics.count(NETWORK_METRICS.refused, 1, { code: end.code });
    this.#ports.logger.debug("a connection did not open", {
      peer: id,
      address,
      code: end.code,
      by: end.by,
      why: end.why,
    });
    this.#options.handlers.onRefused?.({ id, address, end });
  }

  #messageOf(type: number, body: Uint8Array): { spec: { readonly name: string }; lane: number } {
    const known = this.#protocol.messages.get(type);
    if (known === undefined || body.length > known.spec.bodyBytesMax)
      throw new RangeError(`message type ${type} of ${body.length} bytes`);
    return known;
  }

  #infoOf(connection: Connection): PeerInfo {
    const { id, direction, address, hello, rttMs, queuedBytes } = connection;
    return {
      id,
      role: this.#configured.has(id) ? "pinned" : "observer",
      direction,
      address,
      agent: hello?.agent ?? "",
      protocolVersion: hello?.protocolVersion ?? 0,
      listenPort: hello?.listenPort ?? 0,
      rttMs,
      queuedBytes,
      points: this.#scores.points(id),
    };
  }

  #saveBans(): void {
    const store = this.#options.banStore;
    if (store === undefined) return;
    const bans = this.#scores.bans();
    this.#saving = this.#saving
      .then(() => store.save(bans))
      .catch((error: unknown) => this.#ports.logger.error("the bans could not be saved", { error: String(error) }));
  }
}

/** A mesh that is not started yet. @throws RangeError when the protocol contradicts itself */
export function createMesh(options: MeshOptions): Mesh {
  return new Mesh(options);
}
