// One TLS connection whose peer key is known: HELLO first, then frames both ways. It owns the socket, the send queues, the
// keep-alive and the reason for which it ended; whether a HELLO is acceptable is decided by the mesh. Invariants:
// * at most SOCKET_WINDOW_BYTES are handed to the socket at once, so a bulk message delays a consensus message by no more
//   than that; the rest waits in bounded lanes; * `onClose` is called once, whatever happens.

import type { TLSSocket } from "node:tls";
import type { Clock, Metrics } from "@bystack/utils/ports";
import { isRefusalCode, type NetworkErrorCode, REFUSAL_NUMBERS, refusalOfNumber } from "./errors.ts";
import { FRAME_HEADER_BYTES, type FrameCaps, FrameDecoder, writeFrameHeader } from "./frame.ts";
import type { PeerId } from "./identity.ts";
import { type CompiledProtocol, LaneQueues, type LaneSpec, type OutFrame } from "./lanes.ts";
import { CONTROL, decodeHello, encodeHello, type Hello } from "./messages.ts";
import { NETWORK_METRICS } from "./names.ts";
import type { Timers } from "./timers.ts";

/** Bytes given to the socket before its own acknowledgement: what a bulk lane can put before a consensus message. */
export const SOCKET_WINDOW_BYTES_MAX = 262_144;
/** Answers to keep-alives that may wait; a peer that asks faster than they leave floods. */
export const CONTROL_QUEUE_MESSAGES_MAX = 64;
const WRITE_BATCH_BYTES = 65_536;
const FAREWELL_MS = 1000;
const CONTROL_LANE: LaneSpec = {
  name: "control",
  queueBytesMax: 16_384,
  queueMessagesMax: CONTROL_QUEUE_MESSAGES_MAX,
  whenFull: "disconnect",
};
const CONTROL_LANE_INDEX = 0;

/** Why a connection ended, and which side decided it. */
export type ConnectionEnd = { readonly code: NetworkErrorCode; readonly by: "us" | "them"; readonly why: string };

export type ConnectionSettings = {
  readonly protocol: CompiledProtocol;
  readonly caps: FrameCaps;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly handshakeTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly deadAfterMs: number;
};

export type ConnectionHandlers = {
  /** The peer's HELLO came: answer with `open` or `close`. */
  readonly onHello: (connection: Connection, hello: Hello) => void;
  /** A frame of an open connection that is not the connection's own business. */
  readonly onFrame: (connection: Connection, type: number, body: Uint8Array) => void;
  readonly onClose: (connection: Connection, end: ConnectionEnd) => void;
};

export class Connection {
  readonly id: PeerId;
  readonly direction: "inbound" | "outbound";
  readonly address: string;
  /** The peer's HELLO, once it came. */
  hello: Hello | undefined;
  /** Monotonic time at which it opened. */
  openedAtMs: number | undefined;
  rttMs: number | undefined;
  /** Resolves when the socket is gone. */
  readonly finished: Promise<void>;
  readonly #socket: TLSSocket;
  readonly #settings: ConnectionSettings;
  readonly #handlers: ConnectionHandlers;
  readonly #decoder: FrameDecoder;
  readonly #queues: LaneQueues;
  #state: "hello" | "open" | "closed" = "hello";
  #cancelTimer: () => void;
  #lastReceivedMs: number;
  #lastProgressMs: number;
  #inFlightBytes = 0;
  #pumpScheduled = false;
  #pingNonce = 0;
  #pingSentMs: number | undefined;

  constructor(
    socket: TLSSocket,
    peer: { readonly id: PeerId; readonly direction: "inbound" | "outbound"; readonly address: string },
    parts: { readonly settings: ConnectionSettings; readonly handlers: ConnectionHandlers },
  ) {
    this.id = peer.id;
    this.direction = peer.direction;
    this.address = peer.address;
    this.#socket = socket;
    this.#settings = parts.settings;
    this.#handlers = parts.handlers;
    this.#decoder = new FrameDecoder(parts.settings.caps);
    this.#queues = new LaneQueues([CONTROL_LANE, ...parts.settings.protocol.lanes], (lane) => {
      this.#settings.metrics.count(NETWORK_METRICS.dropped, 1, { lane: lane.name });
    });
    this.#lastReceivedMs = this.#settings.clock.monotonicMs();
    this.#lastProgressMs = this.#lastReceivedMs;
    this.#cancelTimer = this.#settings.timers.after(this.#settings.handshakeTimeoutMs, () =>
      this.close("HANDSHAKE_TIMEOUT"),
    );
    socket.setNoDelay(true);
    socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    socket.on("error", (error) => this.#end({ code: "REMOTE_CLOSED", by: "them", why: error.message }));
    this.finished = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("close", () => this.#end({ code: "REMOTE_CLOSED", by: "them", why: "the connection was closed" }));
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Bytes that wait in the lanes. */
  get queuedBytes(): number {
    return this.#queues.bytes;
  }

  sendHello(hello: Hello): void {
    this.#push(CONTROL_LANE_INDEX, { type: CONTROL.HELLO, body: encodeHello(hello) });
  }

  /** The HELLO was accepted: frames flow and the keep-alive begins. */
  open(): void {
    if (this.#state !== "hello") return;
    this.#state = "open";
    this.openedAtMs = this.#settings.clock.monotonicMs();
    this.#cancelTimer();
    this.#keepAlive();
  }

  /** Queues a frame in a lane of the protocol. */
  send(lane: number, frame: OutFrame): "queued" | "dropped" | "not-connected" {
    if (this.#state !== "open") return "not-connected";
    return this.#push(lane + 1, frame);
  }

  /** Ends the connection; the peer is told the reason when it has a number and the socket still takes it. */
  close(code: NetworkErrorCode, why = ""): void {
    if (this.#state === "closed") return;
    const canTell = isRefusalCode(code) && this.#inFlightBytes < WRITE_BATCH_BYTES && !this.#socket.destroyed;
    this.#end({ code, by: "us", why });
    if (!canTell || !isRefusalCode(code)) {
      this.#socket.destroy();
      return;
    }
    // Reading goes on (and is thrown away): closing with unread bytes would reset the connection before the reason is read.
    const farewell = Buffer.alloc(FRAME_HEADER_BYTES + 1);
    writeFrameHeader(farewell, 0, { type: CONTROL.REFUSE, bodyBytes: 1 });
    farewell[FRAME_HEADER_BYTES] = REFUSAL_NUMBERS[code];
    const cancel = this.#settings.timers.after(FAREWELL_MS, () => this.#socket.destroy());
    this.#socket.once("close", cancel);
    this.#socket.end(farewell);
  }

  /** Ends the socket at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #end(end: ConnectionEnd): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#cancelTimer();
    this.#queues.clear();
    this.#handlers.onClose(this, end);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#state === "closed") return;
    this.#lastReceivedMs = this.#settings.clock.monotonicMs();
    this.#settings.metrics.count(NETWORK_METRICS.receivedBytes, chunk.length);
    const error = this.#decoder.push(chunk, (type, body) => {
      this.#frame(type, body);
      return !this.isClosed;
    });
    if (error !== undefined) this.close(error);
  }

  #frame(type: number, body: Uint8Array): void {
    if (type === CONTROL.REFUSE) {
      const code = refusalOfNumber(body[0] ?? 0);
      this.#end({ code: code ?? "REMOTE_CLOSED", by: "them", why: "the peer said so" });
      this.#socket.end();
    } else if (this.#state === "hello") this.#firstFrame(type, body);
    else if (type === CONTROL.PING) this.#answerPing(body);
    else if (type === CONTROL.PONG) this.#takePong(body);
    else if (type === CONTROL.HELLO) this.close("CONTROL_MALFORMED", "a second HELLO");
    else this.#handlers.onFrame(this, type, body);
  }

  #firstFrame(type: number, body: Uint8Array): void {
    if (type !== CONTROL.HELLO || this.hello !== undefined) {
      this.close("HELLO_EXPECTED");
      return;
    }
    this.hello = decodeHello(body);
    if (this.hello === undefined) this.close("HELLO_MALFORMED");
    else this.#handlers.onHello(this, this.hello);
  }

  #answerPing(body: Uint8Array): void {
    if (body.length !== 4) this.close("CONTROL_MALFORMED", "a keep-alive without its number");
    else this.#push(CONTROL_LANE_INDEX, { type: CONTROL.PONG, body: body.slice() });
  }

  #takePong(body: Uint8Array): void {
    if (body.length !== 4) {
      this.close("CONTROL_MALFORMED", "a keep-alive without its number");
      return;
    }
    const nonce = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
    if (nonce !== this.#pingNonce || this.#pingSentMs === undefined) return;
    this.rttMs = this.#settings.clock.monotonicMs() - this.#pingSentMs;
    this.#pingSentMs = undefined;
  }

  /** Each period: is the peer still there, does it still take what we send? Then ask it. */
  #keepAlive(): void {
    const { clock, timers, keepAliveMs, deadAfterMs } = this.#settings;
    const now = clock.monotonicMs();
    if (now - this.#lastReceivedMs >= deadAfterMs) {
      this.close("SILENT");
      return;
    }
    if (this.#inFlightBytes > 0 && now - this.#lastProgressMs >= deadAfterMs) {
      this.close("STALLED");
      return;
    }
    if (this.#pingSentMs === undefined || now - this.#pingSentMs >= deadAfterMs) {
      this.#pingNonce = (this.#pingNonce + 1) >>> 0;
      this.#pingSentMs = now;
      const body = new Uint8Array(4);
      new DataView(body.buffer).setUint32(0, this.#pingNonce, true);
      this.#push(CONTROL_LANE_INDEX, { type: CONTROL.PING, body });
    }
    if (this.#state === "open") this.#cancelTimer = timers.after(keepAliveMs, () => this.#keepAlive());
  }

  #push(lane: number, frame: OutFrame): "queued" | "dropped" | "not-connected" {
    const verdict = this.#queues.push(lane, frame);
    if (verdict === "overflow") {
      this.close(lane === CONTROL_LANE_INDEX ? "CONTROL_FLOOD" : "LANE_OVERFLOW");
      return "not-connected";
    }
    if (verdict === "queued" && !this.#pumpScheduled && this.#inFlightBytes < SOCKET_WINDOW_BYTES_MAX) {
      // In a microtask: what is sent in one turn leaves in one write and so in few TLS records.
      this.#pumpScheduled = true;
      queueMicrotask(() => this.#pump());
    }
    return verdict;
  }

  #pump(): void {
    this.#pumpScheduled = false;
    while (this.#state !== "closed" && this.#inFlightBytes < SOCKET_WINDOW_BYTES_MAX) {
      const batch = this.#nextBatch();
      if (batch === undefined) return;
      // Idle time before this write is no lack of progress.
      if (this.#inFlightBytes === 0) this.#lastProgressMs = this.#settings.clock.monotonicMs();
      this.#inFlightBytes += batch.length;
      this.#settings.metrics.count(NETWORK_METRICS.sentBytes, batch.length);
      this.#socket.write(batch, () => {
        this.#inFlightBytes -= batch.length;
        this.#lastProgressMs = this.#settings.clock.monotonicMs();
        if (!this.#pumpScheduled) this.#pump();
      });
    }
  }

  /** The next frames to leave, as one buffer: many small ones, or one large one. */
  #nextBatch(): Buffer | undefined {
    const frames: OutFrame[] = [];
    let bytes = 0;
    while (bytes < WRITE_BATCH_BYTES) {
      const frame = this.#queues.shift();
      if (frame === undefined) break;
      frames.push(frame);
      bytes += FRAME_HEADER_BYTES + frame.body.length;
    }
    if (frames.length === 0) return undefined;
    const batch = Buffer.allocUnsafe(bytes);
    let offset = 0;
    for (const { type, body } of frames) {
      writeFrameHeader(batch, offset, { type, bodyBytes: body.length });
      batch.set(body, offset + FRAME_HEADER_BYTES);
      offset += FRAME_HEADER_BYTES + body.length;
    }
    return batch;
  }
}
