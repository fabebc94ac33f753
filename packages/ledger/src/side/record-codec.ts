// The bytes of records that the state root commits to and snapshots carry: one encoding for each, and decoders that take
// nothing else.

import { ByteReader, ByteWriter } from "@bystack/protocol/wire";

const FLAG_ABSENT = 0;
const FLAG_PRESENT = 1;

export function writeOptional<T>(writer: ByteWriter, value: T | undefined, write: (value: T) => void): void {
  writer.byte(value === undefined ? FLAG_ABSENT : FLAG_PRESENT);
  if (value !== undefined) write(value);
}

export function readOptional<T>(reader: ByteReader, read: () => T): T | undefined {
  const flag = reader.byte();
  if (flag > FLAG_PRESENT) reader.fail("INVALID");
  return flag === FLAG_PRESENT && reader.error === undefined ? read() : undefined;
}

export function writeList<T>(writer: ByteWriter, items: readonly T[], write: (item: T) => void): void {
  writer.varint31(items.length);
  for (const item of items) write(item);
}

export function readList<T>(reader: ByteReader, read: () => T): T[] {
  const count = reader.varint31();
  // Each item takes at least one byte.
  if (count > reader.remaining) reader.fail("LENGTH_RANGE");
  const items: T[] = [];
  for (let i = 0; i < count && reader.error === undefined; i += 1) items.push(read());
  return items;
}

/** One record in its bytes: `undefined` from the decoder means that the bytes are not what the encoder writes. */
export type RecordCodec<T> = {
  readonly encode: (record: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => T | undefined;
};

export function codec<T>(
  write: (writer: ByteWriter, record: T) => void,
  read: (reader: ByteReader) => T | undefined,
): RecordCodec<T> {
  return {
    encode: (record) => {
      const writer = new ByteWriter(256);
      write(writer, record);
      return writer.finish();
    },
    decode: (bytes) => {
      const reader = new ByteReader(bytes);
      const record = read(reader);
      reader.finish();
      return reader.error === undefined ? record : undefined;
    },
  };
}
