// The frames of the connection itself, types 0 to 15, and their bodies:
//   0 HELLO     version varint31 | network hash 32 | instance 8 | listen port varint31 | agent varstr
//   1 REFUSE    reason u8 (errors.ts); the sender closes after it
//   2 PING      nonce u32le          3 PONG    the same nonce
//   4 REQUEST   id u32le | method u8 | payload
//   5 RESPONSE  id u32le | status u8 | payload (status 0), or nothing
// HELLO comes first on a connection: from the side that dialled, then, if that was accepted, from the other.

import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { type Hash, tryBytesToUtf8, utf8ToBytes } from "@bystack/utils/bytes";
import type { FrameCaps } from "./frame.ts";
import { type CompiledProtocol, REQUEST_HEADER_BYTES } from "./lanes.ts";

export const CONTROL = { HELLO: 0, REFUSE: 1, PING: 2, PONG: 3, REQUEST: 4, RESPONSE: 5 } as const;

export const RESPONSE_STATUS = { OK: 0, REFUSED: 1, BUSY: 2, UNKNOWN: 3 } as const;

/** Longest description that a node gives of itself, in bytes of UTF-8. */
export const AGENT_BYTES_MAX = 128;
/** Largest HELLO body: its fixed parts and the longest agent, with room for later fields. */
export const HELLO_BYTES_MAX = 256;

export type Hello = {
  readonly protocolVersion: number;
  /** Hash of the ChainSpec. */
  readonly networkHash: Hash;
  /** Eight random bytes for each start of a process: tells a restarted peer from a second connection of the same one. */
  readonly instance: Uint8Array;
  /** Where the node listens; 0 when it does not. */
  readonly listenPort: number;
  /** Program and version, for people. */
  readonly agent: string;
};

export function encodeHello(hello: Hello): Uint8Array {
  const agent = utf8ToBytes(hello.agent);
  if (agent.length > AGENT_BYTES_MAX) throw new RangeError(`agent of ${agent.length} bytes`);
  return new ByteWriter()
    .varint31(hello.protocolVersion)
    .raw(hello.networkHash)
    .raw(hello.instance)
    .varint31(hello.listenPort)
    .varstr(agent)
    .finish();
}

/** Undefined for anything but exactly one HELLO. */
export function decodeHello(bytes: Uint8Array): Hello | undefined {
  const reader = new ByteReader(bytes);
  const protocolVersion = reader.varint31();
  const networkHash = reader.hash().slice();
  const instance = reader.take(8).slice();
  const listenPort = reader.varint31();
  const agent = reader.varstr();
  reader.finish();
  const text = tryBytesToUtf8(agent);
  if (reader.error !== undefined || agent.length > AGENT_BYTES_MAX || listenPort > 65_535 || text === undefined)
    return undefined;
  // What people will read is printable: no control characters in a log or on a terminal.
  if (!/^[\x20-\x7e]*$/.test(text)) return undefined;
  return { protocolVersion, networkHash, instance, listenPort, agent: text };
}

export type Numbered = { readonly id: number; readonly code: number; readonly payload: Uint8Array };

/** A REQUEST (code = method) or a RESPONSE (code = status). */
export function encodeNumbered({ id, code, payload }: Numbered): Uint8Array {
  const bytes = new Uint8Array(REQUEST_HEADER_BYTES + payload.length);
  new DataView(bytes.buffer).setUint32(0, id, true);
  bytes[4] = code;
  bytes.set(payload, REQUEST_HEADER_BYTES);
  return bytes;
}

export function decodeNumbered(bytes: Uint8Array): Numbered | undefined {
  if (bytes.length < REQUEST_HEADER_BYTES) return undefined;
  const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return { id, code: bytes[4] ?? 0, payload: bytes.subarray(REQUEST_HEADER_BYTES) };
}

/** The cap of every frame type of a protocol. */
export function frameCaps(protocol: CompiledProtocol): FrameCaps {
  const caps = new Map<number, number>([
    [CONTROL.HELLO, HELLO_BYTES_MAX],
    [CONTROL.REFUSE, 1],
    [CONTROL.PING, 4],
    [CONTROL.PONG, 4],
    [CONTROL.REQUEST, protocol.requestBytesMax + REQUEST_HEADER_BYTES],
    [CONTROL.RESPONSE, protocol.responseBytesMax + REQUEST_HEADER_BYTES],
  ]);
  for (const [type, { spec }] of protocol.messages) caps.set(type, spec.bodyBytesMax);
  return (type) => caps.get(type);
}
