// Test nodes: meshes on loopback with port 0 and an event list to wait on, and a bare TLS client that can misbehave.

import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { encodeFrame, FrameDecoder } from "@bystack/network/frame";
import { createIdentity, type Identity } from "@bystack/network/identity";
import type { Protocol } from "@bystack/network/lanes";
import { createMesh, type Mesh, type MeshOptions } from "@bystack/network/mesh";
import { encodeHello, type Hello } from "@bystack/network/messages";
import type { FakeClock } from "@bystack/testing/clock";
import { createMemoryMetrics, type MemoryMetrics } from "@bystack/testing/logger";
import { createSeededRng } from "@bystack/testing/rng";

export const NETWORK_HASH = new Uint8Array(32).fill(7);
export const VOTE = 16;
export const BULK = 17;
export const ECHO = 1;

export const PROTOCOL: Protocol = {
  lanes: [
    { name: "consensus", queueBytesMax: 1 << 20, queueMessagesMax: 1000, whenFull: "disconnect" },
    { name: "bulk", queueBytesMax: 4 << 20, queueMessagesMax: 200, whenFull: "drop-newest" },
  ],
  messages: [
    { type: VOTE, name: "vote", lane: "consensus", bodyBytesMax: 4096 },
    { type: BULK, name: "bulk", lane: "bulk", bodyBytesMax: 1 << 20 },
  ],
  methods: [{ method: ECHO, name: "echo", lane: "bulk", requestBytesMax: 1000, responseBytesMax: 2000 }],
};

export type TestEvent = {
  readonly kind: "connected" | "disconnected" | "refused" | "message";
  readonly id: string | undefined;
  readonly code: string;
  readonly by: string;
  readonly type: number;
  readonly body: Uint8Array;
};

/** Events in order, each waited for once. */
export class EventList {
  readonly all: TestEvent[] = [];
  #taken = new Set<TestEvent>();
  #wake: (() => void)[] = [];

  add(event: Partial<TestEvent> & { kind: TestEvent["kind"] }): void {
    this.all.push({ id: undefined, code: "", by: "", type: 0, body: new Uint8Array(0), ...event });
    for (const wake of this.#wake.splice(0)) wake();
  }

  async next(kind: TestEvent["kind"], matches: (event: TestEvent) => boolean = () => true): Promise<TestEvent> {
    for (;;) {
      const event = this.all.find(
        (candidate) => candidate.kind === kind && !this.#taken.has(candidate) && matches(candidate),
      );
      if (event !== undefined) {
        this.#taken.add(event);
        return event;
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

export type TestNode = {
  readonly mesh: Mesh;
  readonly id: string;
  readonly events: EventList;
  readonly metrics: MemoryMetrics;
  readonly port: number;
};

export const identityOf = (number: number): Identity => createIdentity(createSeededRng(number).bytes(32));

/** Identities in the order of their ids, so that tests can choose who wins a tie. */
export function orderedIdentities(count: number): Identity[] {
  return Array.from({ length: count }, (_, i) => identityOf(i + 1)).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Collects what has to be stopped at the end of a test. */
export class Scene {
  readonly #meshes: Mesh[] = [];
  readonly #sockets: Socket[] = [];
  #runs = 0;

  async node(identity: Identity, options: Partial<MeshOptions> & { fake?: FakeClock } = {}): Promise<TestNode> {
    const events = new EventList();
    const metrics = createMemoryMetrics();
    const { fake, handlers, ...rest } = options;
    this.#runs += 1;
    const mesh = createMesh({
      identity,
      listen: { port: 0 },
      peers: [],
      handshake: { protocolVersion: 1, networkHash: NETWORK_HASH, agent: "test/1" },
      protocol: PROTOCOL,
      rng: createSeededRng(this.#runs * 7919),
      metrics,
      ...(fake === undefined ? {} : { clock: fake, timers: fake }),
      ...rest,
      handlers: {
        onConnected: ({ id }) => events.add({ kind: "connected", id }),
        onDisconnected: (id, { code, by }) => events.add({ kind: "disconnected", id, code, by }),
        onRefused: ({ id, end }) => events.add({ kind: "refused", id, code: end.code, by: end.by }),
        onMessage: ({ from, type, body }) => events.add({ kind: "message", id: from, type, body }),
        onRequest: async ({ body }) => body,
        ...handlers,
      },
    });
    this.#meshes.push(mesh);
    const address = await mesh.start();
    return { mesh, id: mesh.id, events, metrics, port: address?.port ?? 0 };
  }

  /** A bare TLS connection to a node, after the TLS handshake. */
  async client(port: number, identity: Identity | undefined, options: object = {}): Promise<RawClient> {
    const socket = connectTls({
      host: "127.0.0.1",
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ["bystack/1"],
      ...(identity === undefined ? {} : { key: identity.privateKeyPem, cert: identity.certificatePem }),
      ...options,
    });
    this.#sockets.push(socket);
    socket.on("error", () => socket.destroy());
    const client = new RawClient(socket);
    await Promise.race([new Promise((resolve) => socket.once("secureConnect", resolve)), client.closed]);
    return client;
  }

  async rawTcp(port: number): Promise<Socket> {
    const socket = connectTcp({ host: "127.0.0.1", port });
    this.#sockets.push(socket);
    socket.on("error", () => socket.destroy());
    await once(socket, "connect");
    return socket;
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#meshes.map((mesh) => mesh.stop()));
  }
}

export class RawClient {
  readonly socket: TLSSocket;
  readonly frames = new EventList();
  readonly closed: Promise<void>;

  constructor(socket: TLSSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    const decoder = new FrameDecoder(() => 1 << 24);
    socket.on("data", (chunk: Uint8Array) => {
      decoder.push(chunk, (type, body) => {
        this.frames.add({ kind: "message", type, body });
        return true;
      });
    });
  }

  hello(changes: Partial<Hello> = {}): void {
    const hello = {
      protocolVersion: 1,
      networkHash: NETWORK_HASH,
      instance: new Uint8Array(8),
      listenPort: 0,
      agent: "raw/1",
      ...changes,
    };
    this.send(0, encodeHello(hello));
  }

  send(type: number, body: Uint8Array): void {
    this.socket.write(encodeFrame(type, body));
  }

  frame(type: number): Promise<TestEvent> {
    return this.frames.next("message", (event) => event.type === type);
  }
}
