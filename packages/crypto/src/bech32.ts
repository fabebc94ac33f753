// Bech32 text (BIP-173, checksum constant 1, not bech32m) and the regrouping of bytes into its 5-bit words. What the words
// of an address mean belongs to the protocol package (spec/bytom.md section 16).

import { err, ok, type Result } from "@bystack/utils/result";

/** The longest text BIP-173 allows, checksum included. */
export const BECH32_LENGTH_MAX = 90;

export type Bech32Error = "length" | "character" | "mixed-case" | "separator" | "checksum";

export type Bech32 = {
  /** The part before the last "1", in lower case. */
  readonly hrp: string;
  /** 5-bit values, one a byte, without the checksum. */
  readonly words: Uint8Array;
};

const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM_WORDS = 6;
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

function polymod(values: Iterable<number>): number {
  let checksum = 1;
  for (const value of values) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ value;
    for (let bit = 0; bit < 5; bit += 1) if (((top >> bit) & 1) === 1) checksum ^= GENERATOR[bit] ?? 0;
  }
  return checksum;
}

function* checksummed(hrp: string, words: Iterable<number>): Generator<number> {
  for (let i = 0; i < hrp.length; i += 1) yield hrp.charCodeAt(i) >> 5;
  yield 0;
  for (let i = 0; i < hrp.length; i += 1) yield hrp.charCodeAt(i) & 31;
  yield* words;
}

/**
 * The text of a human-readable part and 5-bit words.
 * @throws RangeError when the part is empty, not lower-case printable ASCII, a word is not below 32, or the text too long.
 */
export function formatBech32({ hrp, words }: Bech32): string {
  if (!/^[!-@[-~]+$/.test(hrp)) throw new RangeError("bech32: the part before the separator");
  if (hrp.length + 1 + words.length + CHECKSUM_WORDS > BECH32_LENGTH_MAX) throw new RangeError("bech32: too long");
  const checksum = polymod(checksummed(hrp, [...words, 0, 0, 0, 0, 0, 0])) ^ 1;
  const tail = Array.from({ length: CHECKSUM_WORDS }, (_, i) => (checksum >>> (5 * (5 - i))) & 31);
  let text = `${hrp}1`;
  for (const word of [...words, ...tail]) {
    const character = ALPHABET[word];
    if (character === undefined) throw new RangeError("bech32: a word has five bits");
    text += character;
  }
  return text;
}

/** Reads bech32 text of either case (not mixed) and checks its checksum. */
export function parseBech32(text: string): Result<Bech32, Bech32Error> {
  if (text.length < 8 || text.length > BECH32_LENGTH_MAX) return err("length");
  if (!/^[!-~]+$/.test(text)) return err("character");
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return err("mixed-case");
  const separator = lower.lastIndexOf("1");
  if (separator < 1 || separator + 1 + CHECKSUM_WORDS > lower.length) return err("separator");
  const hrp = lower.slice(0, separator);
  const words = Uint8Array.from(lower.slice(separator + 1), (character) => ALPHABET.indexOf(character) & 0xff);
  if (words.includes(0xff)) return err("character");
  if (polymod(checksummed(hrp, words)) !== 1) return err("checksum");
  return ok({ hrp, words: words.subarray(0, words.length - CHECKSUM_WORDS) });
}

/** Regroups bytes into 5-bit words, the last one padded with zero bits. */
export function bytesToWords(bytes: Uint8Array): Uint8Array {
  const words = new Uint8Array(Math.ceil((bytes.length * 8) / 5));
  let pending = 0;
  let bits = 0;
  let count = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; count += 1) {
      bits -= 5;
      words[count] = (pending >> bits) & 31;
    }
  }
  if (bits > 0) words[count] = (pending << (5 - bits)) & 31;
  return words;
}

/** Regroups 5-bit words into bytes; undefined when more than four bits are left over or any of them is not zero. */
export function wordsToBytes(words: Uint8Array): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((words.length * 5) / 8));
  let pending = 0;
  let bits = 0;
  let count = 0;
  for (const word of words) {
    if (word > 31) return undefined;
    pending = ((pending << 5) | word) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[count] = pending >> bits;
      count += 1;
    }
  }
  return bits > 4 || (pending & ((1 << bits) - 1)) !== 0 ? undefined : bytes;
}
