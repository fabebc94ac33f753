// Wires between the nodes of a soak run that can be cut: every node reaches every other through a relay of its own in this
// process. A cut wire swallows what is sent and answers nothing, as a real network does, until it is mended.

import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { NetworkLayout } from "@bystack/platform/network/layout";

const LOOPBACK = "127.0.0.1";
/** Connections at once over one wire: one is in use, a few are being replaced. */
const CONNECTIONS_MAX = 32;

/** Time for both handshakes before a connection goes deaf. */
const DEAF_AFTER_MS = 500;

type Pair = { readonly near: Socket; readonly far: Socket };

export class Wire {
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #isCut = false;
  #isDeaf = false;
  readonly #targetPort: () => number;

  constructor(targetPort: () => number) {
    this.#targetPort = targetPort;
  }

  async listen(): Promise<number> {
    const server = createServer({ pauseOnConnect: true }, (near) => this.#join(near));
    this.#server = server;
    server.maxConnections = CONNECTIONS_MAX;
    await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
    return (server.address() as AddressInfo).port;
  }

  #join(near: Socket): void {
    const far = connect(this.#targetPort(), LOOPBACK);
    const pair = { near, far };
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on("error", end);
      socket.on("close", end);
    }
    near.on("data", (chunk) => far.write(chunk));
    far.on("data", (chunk) => near.write(chunk));
    if (this.#isCut) hold(pair);
    else near.resume();
    if (this.#isDeaf) far.once("data", () => setTimeout(() => far.pause(), DEAF_AFTER_MS));
  }

  cut(): void {
    this.#isCut = true;
    for (const pair of this.#pairs) hold(pair);
  }

  /** New connections read nothing any more once they are open, while what they send still goes out. */
  deafen(): void {
    this.#isDeaf = true;
  }

  /** What was under way when the wire was cut is lost: its connections end, and the nodes dial again. */
  mend(): void {
    this.#isCut = false;
    this.reset();
  }

  /** Ends every connection at once, with a reset. */
  reset(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  close(): void {
    this.#server?.close();
    this.reset();
  }
}

function hold({ near, far }: Pair): void {
  near.pause();
  far.pause();
}

export type Relays = {
  /** Cuts every wire between nodes of different groups; nodes in no group keep all theirs. */
  cut(groups: readonly (readonly string[])[]): void;
  mend(): void;
  /** Resets every connection of every wire. */
  reset(): void;
  close(): void;
};

type NodeFile = { mesh: { port: number }; peers: { id: string; host: string; port: number }[] };

function nodeFile(layout: NetworkLayout, id: string): string {
  return join(layout.nodes, id, "node.json");
}

/** Puts a relay into every wire between these nodes, which must be stopped: their options name the relays from now on. */
export async function layRelays(layout: NetworkLayout, ids: readonly string[]): Promise<Relays> {
  const read = (id: string): NodeFile => JSON.parse(readFileSync(nodeFile(layout, id), "utf8"));
  const wires: { from: string; to: string; wire: Wire }[] = [];
  for (const from of ids) {
    const options = read(from);
    for (const peer of options.peers) {
      const { port } = read(peer.id).mesh;
      const wire = new Wire(() => port);
      wires.push({ from, to: peer.id, wire });
      peer.port = await wire.listen();
    }
    writeFileSync(nodeFile(layout, from), JSON.stringify(options, null, 2), { mode: 0o600 });
  }
  return {
    cut: (groups) => {
      const groupOf = (id: string): number => groups.findIndex((group) => group.includes(id));
      for (const { from, to, wire } of wires) {
        const [a, b] = [groupOf(from), groupOf(to)];
        if (a >= 0 && b >= 0 && a !== b) wire.cut();
      }
    },
    mend: () => {
      for (const { wire } of wires) wire.mend();
    },
    reset: () => {
      for (const { wire } of wires) wire.reset();
    },
    close: () => {
      for (const { wire } of wires) wire.close();
    },
  };
}
