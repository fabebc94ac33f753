// Addresses of both chains: bech32 text over a segwit-style program of version 0 (spec/bytom.md section 16). Which prefix
// a chain has is in its spec; an address of another chain is refused by name.

import { bytesToWords, formatBech32, parseBech32, wordsToBytes } from "@bystack/crypto/bech32";
import { err, ok, type Result } from "@bystack/utils/result";
import { p2wpkhProgram, p2wshProgram, witnessForm } from "./program.ts";

/** Prefixes of the networks that exist. Dev chains take the ones of the solonets. */
export const ADDRESS_PREFIX = {
  mainnet: "bm",
  wisdom: "tm",
  solonet: "sm",
  vaporMainnet: "vp",
  vaporTestnet: "tp",
  vaporSolonet: "sp",
} as const;

export type Address = {
  readonly kind: "p2wpkh" | "p2wsh";
  /** 20 bytes (public key hash) or 32 bytes (script hash). */
  readonly hash: Uint8Array;
  /** The control program that pays to it. */
  readonly program: Uint8Array;
  /** The canonical, lower-case text. */
  readonly text: string;
};

/** Why a text is no address: another chain's prefix, broken bech32, a version other than 0, a hash of wrong length. */
export type AddressError = "prefix" | "encoding" | "version" | "length";

function addressOf(hash: Uint8Array, prefix: string): Address {
  const words = bytesToWords(hash);
  const text = formatBech32({ hrp: prefix, words: Uint8Array.of(0, ...words) });
  return hash.length === 20
    ? { kind: "p2wpkh", hash, program: p2wpkhProgram(hash), text }
    : { kind: "p2wsh", hash, program: p2wshProgram(hash), text };
}

/** Reads an address of the chain with this prefix; either case, not mixed. */
export function parseAddress(text: string, prefix: string): Result<Address, AddressError> {
  const separator = text.lastIndexOf("1");
  if (separator < 1 || text.slice(0, separator).toLowerCase() !== prefix) return err("prefix");
  const decoded = parseBech32(text);
  if (!decoded.ok) return err("encoding");
  const [version, ...words] = decoded.value.words;
  if (version !== 0) return err(version === undefined ? "encoding" : "version");
  const hash = wordsToBytes(Uint8Array.from(words));
  if (hash === undefined) return err("encoding");
  return hash.length === 20 || hash.length === 32 ? ok(addressOf(hash, prefix)) : err("length");
}

/** The address of a control program; undefined when the program has none (only version 0 forms have). */
export function addressOfProgram(program: Uint8Array, prefix: string): Address | undefined {
  const form = witnessForm(program);
  return form === undefined || form.versionOpcode !== 0 ? undefined : addressOf(form.hash, prefix);
}

/** The address of a public key hash (20 bytes) or script hash (32 bytes). @throws RangeError for other lengths. */
export function formatAddress(hash: Uint8Array, prefix: string): string {
  if (hash.length !== 20 && hash.length !== 32) throw new RangeError(`address: a hash of ${hash.length} bytes`);
  return addressOf(hash, prefix).text;
}
