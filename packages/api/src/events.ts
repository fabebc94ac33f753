// The event stream over WebSocket. Each subscriber has a bounded backlog; one that does not read is cut off rather
// than buffered without end, and finds what it missed through the block routes.

import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";

/** Streams one node serves at once; the next one is refused. */
export const EVENT_STREAMS_MAX = 64;
/** Unsent bytes of one stream before it is cut off: a few thousand events. */
export const EVENT_BACKLOG_BYTES_MAX = 4 << 20;

export type EventHub = {
  publish(event: unknown): void;
  readonly subscribers: number;
  close(): void;
};

export function createEventHub(options: {
  server: Server;
  path: string;
  isAllowed: (request: IncomingMessage) => boolean;
}): EventHub {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 4096 });
  options.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const path = (request.url ?? "").split("?")[0];
    if (path !== options.path || !options.isAllowed(request) || sockets.clients.size >= EVENT_STREAMS_MAX) {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on("error", () => client.terminate());
    });
  });
  return {
    publish: (event) => {
      if (sockets.clients.size === 0) return;
      const text = JSON.stringify(event);
      for (const client of sockets.clients) {
        if (client.readyState !== WebSocket.OPEN) continue;
        if (client.bufferedAmount > EVENT_BACKLOG_BYTES_MAX) client.terminate();
        else client.send(text);
      }
    },
    get subscribers() {
      return sockets.clients.size;
    },
    close: () => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}

/** Follows a node's stream. `onClose` is called once, when the stream ends for whatever reason. */
export function subscribeToEvents(options: {
  baseUrl: string;
  onEvent: (event: unknown) => void;
  onOpen?: () => void;
  onClose: () => void;
}): { close(): void } {
  const client = new WebSocket(`${options.baseUrl.replace(/^http/, "ws")}/v1/events`);
  client.on("open", () => options.onOpen?.());
  client.on("message", (data) => {
    try {
      options.onEvent(JSON.parse(String(data)));
    } catch {
      client.terminate();
    }
  });
  client.on("error", () => client.terminate());
  client.on("close", () => options.onClose());
  return { close: () => client.terminate() };
}
