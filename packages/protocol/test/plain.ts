// Values in a form that `assert.deepEqual` compares by content: bytes as hexadecimal, big integers as text. Buffers and
// plain byte arrays would differ by prototype otherwise.

import { bytesToHex } from "@bystack/utils/bytes";

export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesToHex(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}
