// Snapshot files: a large state written in checksummed chunks to a temporary file, synced, renamed, folder synced; so a name
// that exists names a whole snapshot (CP7, CP8 of promises.md section 13). Little-endian:
//
//   header    magic 8 | version u32 | id u64 | crc32c u32                       (24 bytes)
//   chunk     len u32 | crc32c u32 over (index u64, len, body) | body           (len from 1)
//   trailer   0 u32   | crc32c u32 over the rest | chunk count u64 | body bytes in all u64
//
// The id is the caller's: usually the height. Reading verifies each chunk before it is given out and the trailer at the end.

import { utf8ToBytes } from "@bystack/utils/bytes";
import { crc32c } from "./crc32c.ts";
import { type Disk, type DiskFile, joinPath } from "./disk.ts";
import { isStorageError, storageError } from "./errors.ts";

/** Largest chunk: bounds what a damaged length can make a reader allocate. */
export const SNAPSHOT_CHUNK_BYTES_MAX = 16_777_216;
const MAGIC = utf8ToBytes("BYSNAP\r\n");
const VERSION = 1;
const HEADER_BYTES = 24;
const TRAILER_BYTES = 24;
const TEMPORARY = "snapshot.tmp";

type Place = { readonly disk: Disk; readonly folder: string };

function nameOf(id: bigint): string {
  return `${id.toString(16).padStart(16, "0")}.snap`;
}

function encodeHeader(id: bigint): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint32(8, VERSION, true);
  view.setBigUint64(12, id, true);
  view.setUint32(20, crc32c(bytes.subarray(0, 20)), true);
  return bytes;
}

function chunkChecksum(index: number, body: Uint8Array): number {
  const bound = new Uint8Array(12);
  const view = new DataView(bound.buffer);
  view.setBigUint64(0, BigInt(index), true);
  view.setUint32(8, body.length, true);
  return crc32c(body, crc32c(bound));
}

function encodeChunk(index: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length, true);
  view.setUint32(4, chunkChecksum(index, body), true);
  bytes.set(body, 8);
  return bytes;
}

function encodeTrailer(chunks: number, bodyBytes: number): Uint8Array {
  const bytes = new Uint8Array(TRAILER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, BigInt(chunks), true);
  view.setBigUint64(16, BigInt(bodyBytes), true);
  view.setUint32(4, crc32c(bytes.subarray(8)), true);
  return bytes;
}

/** Ids of the snapshots in a folder, newest (highest) first. */
export async function listSnapshots(place: Place): Promise<bigint[]> {
  const names = await place.disk.list(place.folder);
  return names
    .filter((name) => /^[0-9a-f]{16}\.snap$/.test(name))
    .map((name) => BigInt(`0x${name.slice(0, 16)}`))
    .reverse();
}

export async function removeSnapshot({ disk, folder }: Place, id: bigint): Promise<void> {
  await disk.remove(joinPath(folder, nameOf(id)));
}

/**
 * Writes a snapshot and then removes all but the `keep` newest. Earlier snapshots are untouched until the new one is durable;
 * after a failure the temporary file is removed. An existing snapshot of the same id is replaced. Empty chunks are left out.
 * @throws SNAPSHOT_TOO_LARGE, FSYNC_FAILED, DISK_FULL, DISK_IO
 */
export async function writeSnapshot(
  place: Place,
  snapshot: {
    readonly id: bigint;
    readonly chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
    readonly keep: number;
  },
): Promise<{ bytes: number }> {
  const { disk, folder } = place;
  const temporary = joinPath(folder, TEMPORARY);
  await disk.makeFolder(folder);
  await disk.remove(temporary);
  const file = await disk.open(temporary, "create");
  let bytes: number;
  try {
    bytes = await writeChunks(file, snapshot);
    await file.sync();
    await file.close();
  } catch (error) {
    await discard(disk, file);
    throw error;
  }
  await disk.rename(temporary, joinPath(folder, nameOf(snapshot.id)));
  await disk.syncFolder(folder);
  const ids = await listSnapshots(place);
  for (const id of ids.slice(Math.max(1, snapshot.keep))) await disk.remove(joinPath(folder, nameOf(id)));
  return { bytes };
}

async function writeChunks(
  file: DiskFile,
  snapshot: { id: bigint; chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array> },
): Promise<number> {
  let offset = HEADER_BYTES;
  let count = 0;
  let bodyBytes = 0;
  await file.write(0, encodeHeader(snapshot.id));
  for await (const body of snapshot.chunks) {
    if (body.length === 0) continue;
    if (body.length > SNAPSHOT_CHUNK_BYTES_MAX)
      throw storageError("SNAPSHOT_TOO_LARGE", { details: { bytes: body.length } });
    const chunk = encodeChunk(count, body);
    await file.write(offset, chunk);
    offset += chunk.length;
    bodyBytes += body.length;
    count += 1;
  }
  await file.write(offset, encodeTrailer(count, bodyBytes));
  return offset + TRAILER_BYTES;
}

/** Gives the space back after a failed write; a disk that refuses even that has already been reported. */
async function discard(disk: Disk, file: DiskFile): Promise<void> {
  try {
    await file.close();
    await disk.remove(file.path);
  } catch (error) {
    if (!isStorageError(error)) throw error;
  }
}

/**
 * A snapshot that comes from elsewhere as the bytes of its file, in order. Under its name stands nothing before all of it is
 * durable; what its chunks are worth is found when it is read.
 */
export type IncomingSnapshot = {
  readonly bytes: number;
  add(part: Uint8Array): Promise<void>;
  /** Gives it its name; an existing snapshot of the same id is replaced. */
  commit(): Promise<void>;
  discard(): Promise<void>;
};

/** Only one at a time in a folder. @throws FSYNC_FAILED, DISK_FULL, DISK_IO, also from its methods */
export async function receiveSnapshot({ disk, folder }: Place, id: bigint): Promise<IncomingSnapshot> {
  const temporary = joinPath(folder, TEMPORARY);
  await disk.makeFolder(folder);
  await disk.remove(temporary);
  const file = await disk.open(temporary, "create");
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    add: async (part) => {
      await file.write(bytes, part);
      bytes += part.length;
    },
    commit: async () => {
      await file.sync();
      await file.close();
      await disk.rename(temporary, joinPath(folder, nameOf(id)));
      await disk.syncFolder(folder);
    },
    discard: () => discard(disk, file),
  };
}

/** Size of a snapshot's file in bytes. @throws FILE_MISSING */
export async function snapshotBytes({ disk, folder }: Place, id: bigint): Promise<number> {
  const file = await disk.open(joinPath(folder, nameOf(id)), "read");
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}

/** Bytes of a snapshot's file as they are, for {@link receiveSnapshot} elsewhere; fewer at its end. @throws FILE_MISSING */
export async function readSnapshotPart(
  { disk, folder }: Place,
  id: bigint,
  part: { readonly offset: number; readonly length: number },
): Promise<Uint8Array> {
  const file = await disk.open(joinPath(folder, nameOf(id)), "read");
  try {
    return await file.read(part.offset, part.length);
  } finally {
    await file.close();
  }
}

/**
 * The chunks of a snapshot in order, each verified. The state is whole only when the iteration ends without an error.
 * @throws SNAPSHOT_DAMAGED naming file and offset; FILE_MISSING
 */
export async function* readSnapshot(place: Place, id: bigint): AsyncGenerator<Uint8Array, void, undefined> {
  const path = joinPath(place.folder, nameOf(id));
  const file = await place.disk.open(path, "read");
  const refuse = (offset: number, why: string) =>
    storageError("SNAPSHOT_DAMAGED", { why: `${path} at byte ${offset}: ${why}`, details: { file: path, offset } });
  try {
    const size = await file.size();
    const header = await file.read(0, HEADER_BYTES);
    const expected = encodeHeader(id);
    if (header.length !== HEADER_BYTES || !header.every((byte, i) => byte === expected[i]))
      throw refuse(0, "the header is not that of this snapshot");
    let offset = HEADER_BYTES;
    let bodyBytes = 0;
    for (let index = 0; ; index += 1) {
      const head = await file.read(offset, 8);
      if (head.length < 8) throw refuse(offset, "the file ends before its trailer");
      const view = new DataView(head.buffer, head.byteOffset, 8);
      const length = view.getUint32(0, true);
      if (length === 0) {
        const trailer = await file.read(offset, TRAILER_BYTES);
        const wanted = encodeTrailer(index, bodyBytes);
        if (size !== offset + TRAILER_BYTES || !wanted.every((byte, i) => byte === trailer[i]))
          throw refuse(offset, "the trailer is wrong");
        return;
      }
      if (length > SNAPSHOT_CHUNK_BYTES_MAX || length > size - offset - 8)
        throw refuse(offset, "a chunk is longer than the file");
      const body = await file.read(offset + 8, length);
      if (body.length !== length || chunkChecksum(index, body) !== view.getUint32(4, true))
        throw refuse(offset, "the checksum of a chunk is wrong");
      offset += 8 + length;
      bodyBytes += length;
      yield body;
    }
  } finally {
    await file.close();
  }
}

/**
 * The newest snapshot that verifies as a whole, and the errors of newer ones that do not: the caller reports them.
 * Undefined id when none is sound.
 */
export async function findSnapshot(
  place: Place,
): Promise<{ readonly id: bigint | undefined; readonly damaged: readonly unknown[] }> {
  const refused: unknown[] = [];
  for (const id of await listSnapshots(place)) {
    try {
      for await (const _ of readSnapshot(place, id));
      return { id, damaged: refused };
    } catch (error) {
      if (!isStorageError(error, "SNAPSHOT_DAMAGED")) throw error;
      refused.push(error);
    }
  }
  return { id: undefined, damaged: refused };
}
