// How integers and booleans look as stack items, and how items look as push instructions (spec/bytom.md sections 14.1
// and 14.10). Integers: little-endian two's complement of 64 bits without trailing zero bytes, so 0 is empty and
// negative numbers always take 8 bytes. Reading extends with zeros: the item ff is 255.

import { concatBytes, EMPTY_BYTES } from "@bystack/utils/bytes";

/** The largest integer of the machine; beyond it arithmetic is ErrRange (spec/bytom.md section 14.1). */
export const INT64_MAX: bigint = (1n << 63n) - 1n;
export const INT64_MIN: bigint = -(1n << 63n);

/** Longest item that can be read as an integer, in bytes. */
export const INT_BYTES_MAX = 8;

export const TRUE_ITEM: Uint8Array = Uint8Array.of(1);
export const FALSE_ITEM: Uint8Array = EMPTY_BYTES;

/** The item of an integer. The caller vouches for INT64_MIN <= value <= INT64_MAX. */
export function encodeInt(value: bigint): Uint8Array {
  if (value === 0n) return EMPTY_BYTES;
  if (value > 0n && value < 256n) return Uint8Array.of(Number(value));
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value, true);
  let length = 8;
  while (length > 0 && bytes[length - 1] === 0) length -= 1;
  return length === 8 ? bytes : bytes.subarray(0, length);
}

/** The integer of an item; undefined when it is longer than 8 bytes. Non-minimal items are fine. */
export function decodeInt(item: Uint8Array): bigint | undefined {
  const length = item.length;
  if (length > INT_BYTES_MAX) return undefined;
  let low = 0;
  for (let i = Math.min(length, 6) - 1; i >= 0; i -= 1) low = low * 256 + (item[i] ?? 0);
  if (length <= 6) return BigInt(low);
  const high = (item[6] ?? 0) + (item[7] ?? 0) * 256;
  return BigInt.asIntN(64, (BigInt(high) << 48n) | BigInt(low));
}

/** From this length on, an item is tested four bytes at a time: a program may test a long one as often as it likes. */
const WORDWISE_BYTES_MIN = 64;

function isAnyByteSet(item: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (item[i] !== 0) return true;
  return false;
}

/** The truth of an item: any byte other than zero makes it true. It may be longer than a number. */
export function decodeBool(item: Uint8Array): boolean {
  const { length } = item;
  if (length < WORDWISE_BYTES_MIN) return isAnyByteSet(item, 0, length);
  const head = (4 - (item.byteOffset & 3)) & 3;
  const words = new Uint32Array(item.buffer, item.byteOffset + head, (length - head) >>> 2);
  if (isAnyByteSet(item, 0, head)) return true;
  for (let i = 0; i < words.length; i += 1) if (words[i] !== 0) return true;
  return isAnyByteSet(item, head + 4 * words.length, length);
}

export function encodeBool(value: boolean): Uint8Array {
  return value ? TRUE_ITEM : FALSE_ITEM;
}

/** The header of the canonical push of `length` bytes; the bytes themselves follow. */
function pushHeader(length: number): Uint8Array {
  if (length <= 75) return Uint8Array.of(length);
  if (length <= 0xff) return Uint8Array.of(0x4c, length);
  if (length <= 0xffff) return Uint8Array.of(0x4d, length & 0xff, length >>> 8);
  return Uint8Array.of(0x4e, length & 0xff, (length >>> 8) & 0xff, (length >>> 16) & 0xff, length >>> 24);
}

/** The canonical instruction that pushes these bytes: empty gives 00, then the shortest header that fits. */
export function pushData(bytes: Uint8Array): Uint8Array {
  return concatBytes(pushHeader(bytes.length), bytes);
}

/** The canonical instruction that pushes this integer: 00, 51 to 60, or a push of its item. */
export function pushInt(value: bigint): Uint8Array {
  if (value === 0n) return Uint8Array.of(0x00);
  if (value >= 1n && value <= 16n) return Uint8Array.of(0x50 + Number(value));
  return pushData(encodeInt(value));
}
