// LtHash: the hash of a multiset of byte strings, in any order and updated in place (bbft.md section 3). 1,024 lanes of
// 16 bits, little-endian; an element is expanded to 2,048 bytes of SHAKE128 and added or subtracted lane by lane.
//
// Removing what was never added is not noticed here, as in every group: the caller knows its set. Elements carry their
// domain prefix ("bystack/utxo/1" and so on) themselves.

import { equalBytes } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";
import { shake128 } from "./hash.ts";

const LANES = 1_024;

/** Length of the state, and of an expanded element, in bytes. */
export const LTHASH_BYTES = 2_048;

// Typed arrays have the byte order of the machine; everything Node runs on that we know of is little-endian.
assertInvariant(new Uint8Array(Uint16Array.of(1).buffer)[0] === 1, "a little-endian machine");

export type LtHash = {
  /** Adds one element: a prefix of the caller's choice and the content, as one byte string. */
  add(element: Uint8Array): void;
  /** Takes one element away. */
  remove(element: Uint8Array): void;
  /** The state, 2,048 bytes, as a copy. */
  bytes(): Uint8Array;
  /** Whether both stand for the same multiset. */
  equals(other: LtHash): boolean;
  /** An independent copy. */
  clone(): LtHash;
};

function expand(element: Uint8Array): Uint16Array {
  const expanded = shake128(element, LTHASH_BYTES);
  return expanded.byteOffset % 2 === 0
    ? new Uint16Array(expanded.buffer, expanded.byteOffset, LANES)
    : new Uint16Array(Uint8Array.from(expanded).buffer);
}

function ltHashOf(lanes: Uint16Array): LtHash {
  return {
    add(element) {
      const addend = expand(element);
      for (let i = 0; i < LANES; i += 1) lanes[i] = (lanes[i] as number) + (addend[i] as number);
    },
    remove(element) {
      const subtrahend = expand(element);
      for (let i = 0; i < LANES; i += 1) lanes[i] = (lanes[i] as number) - (subtrahend[i] as number);
    },
    bytes: () => new Uint8Array(lanes.slice().buffer),
    equals: (other) => equalBytes(new Uint8Array(lanes.buffer), other.bytes()),
    clone: () => ltHashOf(lanes.slice()),
  };
}

/** The hash of the empty multiset (all zero), or of the one whose `bytes()` are given. */
export function createLtHash(bytes?: Uint8Array): LtHash {
  if (bytes === undefined) return ltHashOf(new Uint16Array(LANES));
  assertInvariant(bytes.length === LTHASH_BYTES, "an LtHash state has 2,048 bytes");
  return ltHashOf(new Uint16Array(Uint8Array.from(bytes).buffer));
}
