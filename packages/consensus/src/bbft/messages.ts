// The messages between the nodes of one BBFT chain and their bytes. `decodeMessage` is total: hostile input gives
// undefined, never an exception, and nothing is allocated beyond the caps of limits.ts (bbft.md section 3).

import { sha3_256 } from "@bystack/crypto/hash";
import {
  type Certificate,
  COMMITTEE_SIZE_MAX,
  readCertificate,
  SIGNATURE_BYTES,
  type SignedContent,
  type SignedKind,
  signedBytes,
  writeCertificate,
} from "@bystack/protocol/side/certificate";
import { writeVarint53 } from "@bystack/protocol/side/header";
import {
  readSideBlock,
  readSideProposal,
  type SideBlock,
  type SideProposal,
  writeSideBlock,
  writeSideProposal,
} from "@bystack/protocol/side/proposal";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { concatBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import {
  FETCH_HASHES_MAX,
  FETCH_VIEWS_MAX,
  MESSAGE_BYTES_MAX,
  MESSAGE_CERTIFICATES_MAX,
  MESSAGE_VOTES_MAX,
  SYNC_BLOCKS_MAX,
} from "./limits.ts";

/** One signature of one validator over one content; kind PROPOSE is a leader's signature under a proposal. */
export type Vote = SignedContent & { readonly signer: number; readonly signature: Uint8Array };

/** A place in the order of all views of all epochs. */
export type Position = { readonly epoch: number; readonly view: number };

export type AnswerMessage = {
  readonly type: "ANSWER";
  readonly nonce: Uint8Array;
  /** Vote key of the one who answers, whose signature covers the rest. Keys, not places: the two may be an epoch apart. */
  readonly signer: Uint8Array;
  readonly asker: Uint8Array;
  /** The highest certificate that the answerer has. */
  readonly certificate: Certificate | undefined;
  /** Every vote and proposal of the asker that the answerer has and that is not below the asker's record. */
  readonly votes: readonly Vote[];
  readonly signature: Uint8Array;
};

export type BbftMessage =
  | { readonly type: "PROPOSE"; readonly epoch: number; readonly proposal: SideProposal }
  /** Votes, and certificates that go with them: VOTE and CERT of the design in one frame. */
  | {
      readonly type: "NOTES";
      readonly epoch: number;
      readonly view: number;
      readonly votes: readonly Vote[];
      readonly certificates: readonly Certificate[];
    }
  /** Blocks by hash and certificates by view, of the epoch named. */
  | {
      readonly type: "FETCH";
      readonly epoch: number;
      readonly finalHeight: number;
      readonly hashes: readonly Hash[];
      readonly views: readonly number[];
    }
  | { readonly type: "BLOCK"; readonly block: SideBlock }
  /** The certificates of a block's skipped views when they are too many to be carried in it. */
  | {
      readonly type: "SKIPS";
      readonly hash: Hash;
      readonly first: number;
      readonly certificates: readonly Certificate[];
    }
  /** `asker`: vote key. */
  | { readonly type: "ASK"; readonly nonce: Uint8Array; readonly asker: Uint8Array; readonly from: Position }
  | AnswerMessage
  | { readonly type: "SYNC_REQUEST"; readonly fromHeight: number }
  /** Consecutive final blocks of one epoch and the FINALIZE certificate of the last. */
  | { readonly type: "SYNC_BLOCKS"; readonly blocks: readonly SideBlock[]; readonly certificate: Certificate };

export type MessageType = BbftMessage["type"];

/** An Ed25519 public key. */
const VOTE_KEY_BYTES = 32;

const TYPES: readonly MessageType[] = [
  "PROPOSE",
  "NOTES",
  "FETCH",
  "BLOCK",
  "SKIPS",
  "ASK",
  "ANSWER",
  "SYNC_REQUEST",
  "SYNC_BLOCKS",
];

export function writeVote(writer: ByteWriter, vote: Vote): void {
  writer.byte(vote.kind);
  writeVarint53(writer, vote.epoch);
  writeVarint53(writer, vote.view);
  writeVarint53(writer, vote.height);
  writer.raw(vote.blockHash).byte(vote.signer).raw(vote.signature);
}

export function readVote(reader: ByteReader): Vote {
  const kind = reader.byte();
  if (kind > 3) reader.fail("INVALID");
  const vote: Vote = {
    kind: kind as SignedKind,
    epoch: reader.varint53(),
    view: reader.varint53(),
    height: reader.varint53(),
    blockHash: reader.hash(),
    signer: reader.byte(),
    signature: reader.take(SIGNATURE_BYTES),
  };
  if (vote.signer >= COMMITTEE_SIZE_MAX) reader.fail("INVALID");
  return vote;
}

function writeList<T>(writer: ByteWriter, items: readonly T[], write: (writer: ByteWriter, item: T) => void): void {
  writer.varint31(items.length);
  for (const item of items) write(writer, item);
}

function readList<T>(reader: ByteReader, countMax: number, read: (reader: ByteReader) => T): T[] {
  const count = reader.varint31();
  if (count > countMax) reader.fail("LENGTH_RANGE");
  const items: T[] = [];
  for (let i = 0; i < count && reader.error === undefined; i += 1) items.push(read(reader));
  return items;
}

const ANSWER_DOMAIN = utf8ToBytes("BBFT/1/ANSWER");

function answerBody(answer: Omit<AnswerMessage, "type" | "signature">): Uint8Array {
  const writer = new ByteWriter(512);
  writer.raw(answer.nonce).raw(answer.signer).raw(answer.asker);
  writeList(writer, answer.certificate === undefined ? [] : [answer.certificate], writeCertificate);
  writeList(writer, answer.votes, writeVote);
  return writer.finish();
}

/** What the signature of an answer covers: its own domain, the chain and the whole content with the asker's nonce. */
export function answerSignedBytes(chainId: Hash, answer: Omit<AnswerMessage, "type" | "signature">): Uint8Array {
  return concatBytes(ANSWER_DOMAIN, chainId, sha3_256(answerBody(answer)));
}

function readAnswer(reader: ByteReader): AnswerMessage {
  const nonce = reader.hash();
  const signer = reader.take(VOTE_KEY_BYTES);
  const asker = reader.take(VOTE_KEY_BYTES);
  const certificate = readList(reader, 1, readCertificate)[0];
  const votes = readList(reader, MESSAGE_VOTES_MAX, readVote);
  return { type: "ANSWER", nonce, signer, asker, certificate, votes, signature: reader.take(SIGNATURE_BYTES) };
}

function writeContent(writer: ByteWriter, message: BbftMessage): void {
  switch (message.type) {
    case "PROPOSE":
      writeVarint53(writer, message.epoch);
      writeSideProposal(writer, message.proposal);
      return;
    case "NOTES":
      writeVarint53(writer, message.epoch);
      writeVarint53(writer, message.view);
      writeList(writer, message.votes, writeVote);
      writeList(writer, message.certificates, writeCertificate);
      return;
    case "FETCH":
      writeVarint53(writer, message.epoch);
      writeVarint53(writer, message.finalHeight);
      writeList(writer, message.hashes, (to, hash) => to.raw(hash));
      writeList(writer, message.views, writeVarint53);
      return;
    case "BLOCK":
      writeSideBlock(writer, message.block);
      return;
    case "SKIPS":
      writer.raw(message.hash);
      writeVarint53(writer, message.first);
      writeList(writer, message.certificates, writeCertificate);
      return;
    case "ASK":
      writer.raw(message.nonce).raw(message.asker);
      writeVarint53(writer, message.from.epoch);
      writeVarint53(writer, message.from.view);
      return;
    case "ANSWER":
      writer.raw(answerBody(message)).raw(message.signature);
      return;
    case "SYNC_REQUEST":
      writeVarint53(writer, message.fromHeight);
      return;
    case "SYNC_BLOCKS":
      writeList(writer, message.blocks, writeSideBlock);
      writeCertificate(writer, message.certificate);
      return;
  }
}

export function encodeMessage(message: BbftMessage): Uint8Array {
  const writer = new ByteWriter(1024);
  writer.byte(TYPES.indexOf(message.type) + 1);
  writeContent(writer, message);
  return writer.finish();
}

function readContent(reader: ByteReader, type: MessageType): BbftMessage {
  switch (type) {
    case "PROPOSE": {
      const epoch = reader.varint53();
      return { type, epoch, proposal: readSideProposal(reader) };
    }
    case "NOTES": {
      const epoch = reader.varint53();
      const view = reader.varint53();
      const votes = readList(reader, MESSAGE_VOTES_MAX, readVote);
      return { type, epoch, view, votes, certificates: readList(reader, MESSAGE_CERTIFICATES_MAX, readCertificate) };
    }
    case "FETCH": {
      const epoch = reader.varint53();
      const finalHeight = reader.varint53();
      const hashes = readList(reader, FETCH_HASHES_MAX, (from) => from.hash());
      return { type, epoch, finalHeight, hashes, views: readList(reader, FETCH_VIEWS_MAX, (from) => from.varint53()) };
    }
    case "BLOCK":
      return { type, block: readSideBlock(reader) };
    case "SKIPS": {
      const hash = reader.hash();
      const first = reader.varint53();
      return { type, hash, first, certificates: readList(reader, MESSAGE_CERTIFICATES_MAX, readCertificate) };
    }
    case "ASK": {
      const nonce = reader.hash();
      const asker = reader.take(VOTE_KEY_BYTES);
      return { type, nonce, asker, from: { epoch: reader.varint53(), view: reader.varint53() } };
    }
    case "ANSWER":
      return readAnswer(reader);
    case "SYNC_REQUEST":
      return { type, fromHeight: reader.varint53() };
    case "SYNC_BLOCKS": {
      const blocks = readList(reader, SYNC_BLOCKS_MAX, readSideBlock);
      return { type, blocks, certificate: readCertificate(reader) };
    }
  }
}

/** Decodes one message that fills `bytes` exactly; undefined for anything else. The result shares memory with `bytes`. */
export function decodeMessage(bytes: Uint8Array): BbftMessage | undefined {
  if (bytes.length > MESSAGE_BYTES_MAX) return undefined;
  const reader = new ByteReader(bytes);
  const type = TYPES[reader.byte() - 1];
  if (type === undefined) return undefined;
  const message = readContent(reader, type);
  reader.finish();
  return reader.error === undefined ? message : undefined;
}

/** Checks one vote under the key of its signer. */
export function verifyVote(
  vote: Vote,
  context: { readonly chainId: Hash; readonly keys: readonly Uint8Array[] },
  verify: (key: Uint8Array, bytes: Uint8Array, signature: Uint8Array) => boolean,
): boolean {
  const key = context.keys[vote.signer];
  return key !== undefined && verify(key, signedBytes(context.chainId, vote), vote.signature);
}
