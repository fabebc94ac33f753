// Bodies of the members' messages (federation.md section 8). Decoders give undefined for anything that is not exactly one
// message of the type, and allocate no more than a body of an envelope can fill.

import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import type { Hash } from "@bystack/utils/bytes";
import { GOVERNANCE_BODY_BYTES_MAX, PAYOUT_INPUTS_MAX, STATUS_PAYOUTS_MAX } from "../limits.ts";
import { MESSAGE_TYPE } from "./envelope.ts";

/** What a member says of itself every two seconds. */
export type StatusMessage = {
  readonly type: "status";
  readonly sideHeight: number;
  readonly mainHeight: number;
  /** Whether it would sign if everything else were right. */
  readonly signs: boolean;
  readonly openPayouts: readonly bigint[];
};

/** Signatures of the sender's vault key, one an input. */
export type SigsMessage = {
  readonly type: "sigs";
  readonly payout: bigint;
  readonly transactionId: Hash;
  readonly signatures: readonly Uint8Array[];
};

/** Asks for the receiver's signatures under a payout. */
export type WantMessage = { readonly type: "want"; readonly payout: bigint };

/** A member's signature under a governance action; the envelope says whose. */
export type GovernanceMessage = {
  readonly type: "governance";
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
};

export type Message = StatusMessage | SigsMessage | WantMessage | GovernanceMessage;

export function encodeMessage(message: Message): { readonly type: number; readonly body: Uint8Array } {
  const writer = new ByteWriter(256);
  switch (message.type) {
    case "status":
      writer
        .varint63(BigInt(message.sideHeight))
        .varint63(BigInt(message.mainHeight))
        .byte(message.signs ? 1 : 0);
      writer.varint31(message.openPayouts.length);
      for (const payout of message.openPayouts) writer.varint63(payout);
      break;
    case "sigs":
      writer.varint63(message.payout).raw(message.transactionId).varint31(message.signatures.length);
      for (const signature of message.signatures) writer.raw(signature);
      break;
    case "want":
      writer.varint63(message.payout);
      break;
    case "governance":
      writer.varstr(message.body).raw(message.signature);
      break;
  }
  return { type: MESSAGE_TYPE[message.type], body: writer.finish() };
}

function readCount(reader: ByteReader, max: number): number {
  const count = reader.varint31();
  if (count > max) reader.fail("LENGTH_RANGE");
  return reader.error === undefined ? count : 0;
}

function readStatus(reader: ByteReader): StatusMessage {
  const sideHeight = reader.varint53();
  const mainHeight = reader.varint53();
  const signs = reader.byte();
  if (signs > 1) reader.fail("INVALID");
  const count = readCount(reader, STATUS_PAYOUTS_MAX);
  const openPayouts = Array.from({ length: count }, () => reader.varint63());
  return { type: "status", sideHeight, mainHeight, signs: signs === 1, openPayouts };
}

function readSigs(reader: ByteReader): SigsMessage {
  const payout = reader.varint63();
  const transactionId = reader.hash().slice();
  const count = readCount(reader, PAYOUT_INPUTS_MAX);
  const signatures = Array.from({ length: count }, () => reader.take(64).slice());
  return { type: "sigs", payout, transactionId, signatures };
}

function readMessage(type: number, reader: ByteReader): Message | undefined {
  switch (type) {
    case MESSAGE_TYPE.status:
      return readStatus(reader);
    case MESSAGE_TYPE.sigs:
      return readSigs(reader);
    case MESSAGE_TYPE.want:
      return { type: "want", payout: reader.varint63() };
    case MESSAGE_TYPE.governance: {
      const body = reader.varstr().slice();
      if (body.length > GOVERNANCE_BODY_BYTES_MAX) reader.fail("LENGTH_RANGE");
      return { type: "governance", body, signature: reader.take(64).slice() };
    }
    default:
      return undefined;
  }
}

/** Decodes the body of an envelope; undefined for unknown types and malformed bodies. */
export function decodeMessage(type: number, body: Uint8Array): Message | undefined {
  const reader = new ByteReader(body);
  const message = readMessage(type, reader);
  reader.finish();
  return reader.error === undefined ? message : undefined;
}
