// What travels between peers and in which order it leaves: lanes, highest priority first, each with its own queue bounded in
// bytes and in messages, and a named policy for when it is full. A full bulk lane never touches the consensus lane.

import { BoundedQueue } from "@bystack/utils/queue";
import { FRAME_BODY_BYTES_MAX } from "./frame.ts";

/** What happens to a message for which its lane has no room. */
export type WhenFull = "drop-newest" | "drop-oldest" | "disconnect";

export type LaneSpec = {
  readonly name: string;
  readonly queueBytesMax: number;
  readonly queueMessagesMax: number;
  readonly whenFull: WhenFull;
};

/** A one-way message. Types 0 to 15 belong to the connection itself. */
export type MessageSpec = {
  readonly type: number;
  readonly name: string;
  readonly lane: string;
  readonly bodyBytesMax: number;
};

/** A question with an answer; `method` is 0 to 255. Questions and answers travel in the same lane. */
export type MethodSpec = {
  readonly method: number;
  readonly name: string;
  readonly lane: string;
  readonly requestBytesMax: number;
  readonly responseBytesMax: number;
};

/** Everything that peers of one network may say to each other; the same on all nodes of a protocol version. */
export type Protocol = {
  /** Highest priority first. */
  readonly lanes: readonly LaneSpec[];
  readonly messages: readonly MessageSpec[];
  readonly methods: readonly MethodSpec[];
};

export const FIRST_MESSAGE_TYPE = 16;
/** Bytes of a REQUEST or RESPONSE before its payload: id u32, method or status u8. */
export const REQUEST_HEADER_BYTES = 5;

/** A protocol whose references have been checked, with its lanes by index. */
export type CompiledProtocol = {
  readonly lanes: readonly LaneSpec[];
  readonly messages: ReadonlyMap<number, { readonly spec: MessageSpec; readonly lane: number }>;
  readonly methods: ReadonlyMap<number, { readonly spec: MethodSpec; readonly lane: number }>;
  readonly requestBytesMax: number;
  readonly responseBytesMax: number;
};

/** @throws RangeError naming the entry that contradicts another or a limit: a programmer's error */
export function compileProtocol(protocol: Protocol): CompiledProtocol {
  const laneOf = (name: string, bytes: number, what: string): number => {
    const index = protocol.lanes.findIndex((lane) => lane.name === name);
    const lane = protocol.lanes[index];
    if (lane === undefined) throw new RangeError(`${what}: no lane ${name}`);
    if (bytes > FRAME_BODY_BYTES_MAX || bytes > lane.queueBytesMax)
      throw new RangeError(`${what}: ${bytes} bytes do not fit lane ${name}`);
    return index;
  };
  const messages = new Map<number, { spec: MessageSpec; lane: number }>();
  for (const spec of protocol.messages) {
    if (spec.type < FIRST_MESSAGE_TYPE || spec.type > 255 || messages.has(spec.type))
      throw new RangeError(`message ${spec.name}: type ${spec.type}`);
    messages.set(spec.type, { spec, lane: laneOf(spec.lane, spec.bodyBytesMax, `message ${spec.name}`) });
  }
  const methods = new Map<number, { spec: MethodSpec; lane: number }>();
  let requestBytesMax = 0;
  let responseBytesMax = 0;
  for (const spec of protocol.methods) {
    if (spec.method < 0 || spec.method > 255 || methods.has(spec.method))
      throw new RangeError(`method ${spec.name}: number ${spec.method}`);
    const largest = Math.max(spec.requestBytesMax, spec.responseBytesMax) + REQUEST_HEADER_BYTES;
    methods.set(spec.method, { spec, lane: laneOf(spec.lane, largest, `method ${spec.name}`) });
    requestBytesMax = Math.max(requestBytesMax, spec.requestBytesMax);
    responseBytesMax = Math.max(responseBytesMax, spec.responseBytesMax);
  }
  return { lanes: protocol.lanes, messages, methods, requestBytesMax, responseBytesMax };
}

/** A frame that waits to leave. */
export type OutFrame = { readonly type: number; readonly body: Uint8Array };

/** What became of a message given to a lane. */
export type LaneVerdict = "queued" | "dropped" | "overflow";

/** The queues of one connection. */
export class LaneQueues {
  readonly #specs: readonly LaneSpec[];
  readonly #queues: readonly BoundedQueue<OutFrame>[];
  readonly #bytes: number[];
  readonly #onDrop: (lane: LaneSpec) => void;

  constructor(specs: readonly LaneSpec[], onDrop: (lane: LaneSpec) => void) {
    this.#specs = specs;
    this.#queues = specs.map(
      (spec) => new BoundedQueue<OutFrame>({ name: spec.name, capacity: spec.queueMessagesMax }),
    );
    this.#bytes = specs.map(() => 0);
    this.#onDrop = onDrop;
  }

  get bytes(): number {
    return this.#bytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** `overflow`: the lane says `disconnect`; nothing was queued. With `drop-oldest` the new frame is queued in any case. */
  push(lane: number, frame: OutFrame): LaneVerdict {
    const spec = this.#specs[lane];
    const queue = this.#queues[lane];
    if (spec === undefined || queue === undefined) throw new RangeError(`lane ${lane}`);
    const isFull = (): boolean =>
      queue.length >= spec.queueMessagesMax || (this.#bytes[lane] ?? 0) + frame.body.length > spec.queueBytesMax;
    if (isFull()) {
      if (spec.whenFull === "disconnect") return "overflow";
      this.#onDrop(spec);
      if (spec.whenFull === "drop-newest") return "dropped";
      while (isFull()) {
        if (this.#take(lane) === undefined) return "dropped";
      }
    }
    queue.push(frame);
    this.#bytes[lane] = (this.#bytes[lane] ?? 0) + frame.body.length;
    return "queued";
  }

  /** The next frame to leave: the oldest of the highest lane that has one. */
  shift(): OutFrame | undefined {
    for (let lane = 0; lane < this.#queues.length; lane += 1) {
      const frame = this.#take(lane);
      if (frame !== undefined) return frame;
    }
    return undefined;
  }

  clear(): void {
    for (const queue of this.#queues) queue.clear();
    this.#bytes.fill(0);
  }

  #take(lane: number): OutFrame | undefined {
    const frame = this.#queues[lane]?.shift();
    if (frame !== undefined) this.#bytes[lane] = (this.#bytes[lane] ?? 0) - frame.body.length;
    return frame;
  }
}
