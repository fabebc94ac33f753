// What nodes ask each other about a state to begin with, and the bytes of question and answer. Decoders take what peers send:
// anything but the one encoding is undefined.

import { readEpochEnd, writeEpochEnd } from "@bystack/protocol/side/epoch-end";
import { writeVarint53 } from "@bystack/protocol/side/header";
import type { EpochEnd } from "@bystack/protocol/side/light-client";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { EMPTY_BYTES, equalBytes } from "@bystack/utils/bytes";

/** Numbers of the questions on the wire. */
export const METHOD = { offer: 0, epochEnds: 1, finalBlocks: 2, snapshotPart: 3 } as const;

/** Ends of epochs in one answer. */
export const EPOCH_ENDS_MAX = 256;
/** Bytes at which an answer takes no further epoch end; one of 100 validators has about 10 kB. */
export const EPOCH_ENDS_SOFT_BYTES_MAX = 262_144;
/** The largest answer: what was just below the soft limit, and one more. */
export const EPOCH_ENDS_BYTES_MAX = 2 * EPOCH_ENDS_SOFT_BYTES_MAX;
/** Bytes of a snapshot in one answer. A vote waits behind a frame that is under way: 21 ms at 100 Mbit/s. */
export const SNAPSHOT_PART_BYTES = 262_144;
/** No question is longer: two integers of 9 bytes. */
export const QUESTION_BYTES_MAX = 18;

/** A snapshot that a node could send: the height of its state and the size of its file. */
export type StateOffer = { readonly height: number; readonly bytes: number };

/** Two numbers: what every question is made of, and an offer too. */
export type Pair = readonly [number, number];

export function encodePair([first, second]: Pair): Uint8Array {
  const writer = new ByteWriter(QUESTION_BYTES_MAX);
  writeVarint53(writer, first);
  writeVarint53(writer, second);
  return writer.finish();
}

export function decodePair(bytes: Uint8Array): Pair | undefined {
  const reader = new ByteReader(bytes);
  const pair = [reader.varint53(), reader.varint53()] as const;
  return reader.error === undefined && equalBytes(encodePair(pair), bytes) ? pair : undefined;
}

/** Empty bytes: nothing to offer. */
export function encodeOffer(offer: StateOffer | undefined): Uint8Array {
  return offer === undefined ? EMPTY_BYTES : encodePair([offer.height, offer.bytes]);
}

export function decodeOffer(bytes: Uint8Array): StateOffer | undefined {
  const [height, size] = decodePair(bytes) ?? [0, 0];
  return height > 0 && size > 0 ? { height, bytes: size } : undefined;
}

/** As many of the ends, from the first on, as fit an answer. */
export function encodeEpochEnds(ends: readonly EpochEnd[]): Uint8Array {
  const writer = new ByteWriter(4096);
  for (const end of ends) {
    if (writer.length >= EPOCH_ENDS_SOFT_BYTES_MAX) break;
    writeEpochEnd(writer, end);
  }
  return writer.finish();
}

export function decodeEpochEnds(bytes: Uint8Array): EpochEnd[] | undefined {
  const reader = new ByteReader(bytes);
  const ends: EpochEnd[] = [];
  while (reader.remaining > 0 && reader.error === undefined && ends.length < EPOCH_ENDS_MAX)
    ends.push(readEpochEnd(reader));
  reader.finish();
  return reader.error === undefined ? ends : undefined;
}
