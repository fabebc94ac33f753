// The two ends of a TLS connection between peers: TLS 1.3 alone, both sides with a certificate, no authority asked. TLS
// proves that the other side holds the key of its certificate; `peerIdOf` names that key and the caller compares it with the
// configured peers. A resumed session would skip the certificates, so tickets are off and a socket without one is refused.

import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { connect as connectTls, createServer, type Server, type TLSSocket } from "node:tls";
import { networkError } from "./errors.ts";
import { type Identity, type PeerId, peerIdOf } from "./identity.ts";
import { ALPN_PROTOCOL } from "./names.ts";
import type { Timers } from "./timers.ts";

/** Connections accepted from one address: a whole development network may share one. */
export const INBOUND_PER_ADDRESS_MAX = 64;
/** Connections accepted in all, those in the TLS handshake included. */
export const INBOUND_MAX = 256;

const SHARED = {
  minVersion: "TLSv1.3",
  maxVersion: "TLSv1.3",
  rejectUnauthorized: false,
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

/** Who is at the other end, or undefined when that is not proven as our protocol asks. */
function peerOf(socket: TLSSocket): PeerId | undefined {
  if (socket.alpnProtocol !== ALPN_PROTOCOL || socket.isSessionReused()) return undefined;
  return peerIdOf(socket.getPeerX509Certificate());
}

export type Listener = {
  readonly host: string;
  readonly port: number;
  /** Stops accepting and resolves when every accepted socket has closed. */
  close(): Promise<void>;
};

export type ListenerOptions = {
  readonly identity: Identity;
  readonly host: string;
  readonly port: number;
  readonly handshakeTimeoutMs: number;
  readonly inboundMax: number;
  readonly inboundPerAddressMax: number;
  readonly onSecure: (socket: TLSSocket, peer: { readonly id: PeerId; readonly address: string }) => void;
  readonly onRefused: (address: string, why: string) => void;
};

/** Listens for peers. @throws LISTEN_FAILED */
export function listenForPeers(options: ListenerOptions): Promise<Listener> {
  const { identity, host, port } = options;
  const server = createServer({
    ...SHARED,
    key: identity.privateKeyPem,
    cert: identity.certificatePem,
    requestCert: true,
    handshakeTimeout: options.handshakeTimeoutMs,
    ALPNProtocols: [ALPN_PROTOCOL],
  });
  const inbound = limitInbound(server, options);
  server.on("tlsClientError", (error, socket) => {
    options.onRefused(socket.remoteAddress ?? "", error.message);
    socket.destroy();
  });
  server.on("secureConnection", (socket) => {
    // A listener from the start: a reset before the connection takes over must not become an uncaught error.
    socket.on("error", () => socket.destroy());
    const address = socket.remoteAddress ?? "";
    inbound.delete(endOf(socket));
    const id = peerOf(socket);
    if (id === undefined) {
      options.onRefused(address, "no Ed25519 certificate, or another protocol");
      socket.destroy();
    } else options.onSecure(socket, { id, address });
  });
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(networkError("LISTEN_FAILED", { why: `${host}:${port}: ${cause.message}`, cause }));
    server.once("error", fail);
    server.listen({ host, port, exclusive: true }, () => {
      server.off("error", fail);
      // Accepting can fail later (no file descriptors left); the listener goes on.
      server.on("error", (error) => options.onRefused("", error.message));
      const bound = server.address();
      const actual = typeof bound === "object" && bound !== null ? bound : { address: host, port };
      const close = (): Promise<void> => {
        const closed = new Promise<void>((done) => server.close(() => done()));
        for (const socket of inbound.values()) socket.destroy();
        return closed;
      };
      resolve({ host: actual.address, port: actual.port, close });
    });
  });
}

const endOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;

/** Counts sockets before any TLS work is spent on them. Returns those whose TLS handshake is not done. */
function limitInbound(server: Server, options: ListenerOptions): Map<string, Socket> {
  const shaking = new Map<string, Socket>();
  const byAddress = new Map<string, number>();
  let total = 0;
  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    const here = byAddress.get(address) ?? 0;
    if (total >= options.inboundMax || here >= options.inboundPerAddressMax) {
      options.onRefused(address, "too many connections");
      socket.destroy();
      return;
    }
    const end = endOf(socket);
    shaking.set(end, socket);
    total += 1;
    byAddress.set(address, here + 1);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      if (shaking.get(end) === socket) shaking.delete(end);
      total -= 1;
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left === 0) byAddress.delete(address);
      else byAddress.set(address, left);
    });
  });
  return shaking;
}

export type DialOutcome =
  | { readonly ok: true; readonly socket: TLSSocket }
  | { readonly ok: false; readonly code: "CONNECT_FAILED" | "TLS_FAILED" | "WRONG_KEY"; readonly why: string };

/** Dials a peer and compares its key. `done` is called once; the result abandons the attempt. */
export function dialPeer(
  target: { readonly id: PeerId; readonly host: string; readonly port: number },
  options: { readonly identity: Identity; readonly timers: Timers; readonly timeoutMs: number },
  done: (outcome: DialOutcome) => void,
): () => void {
  const { certificatePem: cert, privateKeyPem: key } = options.identity;
  // Names in certificates mean nothing here: the key is compared below.
  const socket = connectTls({
    ...SHARED,
    host: target.host,
    port: target.port,
    cert,
    key,
    ALPNProtocols: [ALPN_PROTOCOL],
    checkServerIdentity: () => undefined,
  });
  let isReached = false;
  let finished = false;
  const finish = (outcome: DialOutcome): void => {
    if (finished) return;
    finished = true;
    cancel();
    if (!outcome.ok) socket.destroy();
    done(outcome);
  };
  const fail = (why: string): void => finish({ ok: false, code: isReached ? "TLS_FAILED" : "CONNECT_FAILED", why });
  const cancel = options.timers.after(options.timeoutMs, () => fail("no answer in time"));
  socket.on("error", (error) => fail(error.message));
  socket.once("close", () => fail("closed before it was secure"));
  socket.once("connect", () => {
    isReached = true;
  });
  socket.once("secureConnect", () => {
    const id = peerOf(socket);
    if (id === target.id) finish({ ok: true, socket });
    else finish({ ok: false, code: "WRONG_KEY", why: `expected ${target.id}, found ${id ?? "no usable key"}` });
  });
  return () => fail("abandoned");
}
