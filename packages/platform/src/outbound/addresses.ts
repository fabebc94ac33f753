// Which addresses belong to the public internet (RFC 6890 and the IANA special-purpose registries). IPv6 is judged the other way
// round: only 2000::/3 is given out, so everything else is refused, and with it each form that carries an IPv4 address inside:
// mapped, compatible, translated (NAT64), and in 2000::/3 itself 6to4 and Teredo.

import { isIPv4, isIPv6 } from "node:net";

/** An address as a number, with its family: 4 and 6 never match each other. */
export type Address = { readonly family: 4 | 6; readonly bits: bigint };
/** All addresses that begin like `first`. */
export type AddressRange = { readonly first: Address; readonly prefixBits: number };

function bitsOfV4(text: string): bigint {
  return text.split(".").reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function bitsOfV6(text: string): bigint {
  // The URL parser brings every form into hexadecimal groups with at most one gap.
  const short = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [before = "", after] = short.split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const gap = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return [...head, ...gap, ...tail].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

/** Four decimal numbers, or IPv6 without a zone. @returns undefined for everything else */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, bits: bitsOfV4(text) };
  if (!text.includes("%") && isIPv6(text)) return { family: 6, bits: bitsOfV6(text) };
  return undefined;
}

/** `address` or `address/bits`; no bit may be set behind the prefix: whoever writes one means another range. */
export function parseRange(text: string): AddressRange | undefined {
  const [, written = "", digits] = /^([^/]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text) ?? [];
  const first = parseAddress(written);
  if (first === undefined) return undefined;
  const all = first.family === 4 ? 32 : 128;
  const prefixBits = digits === undefined ? all : Number(digits);
  if (prefixBits > all) return undefined;
  const rest = BigInt(all - prefixBits);
  return (first.bits >> rest) << rest === first.bits ? { first, prefixBits } : undefined;
}

export function isInRange({ family, bits }: Address, { first, prefixBits }: AddressRange): boolean {
  const rest = BigInt((family === 4 ? 32 : 128) - prefixBits);
  return family === first.family && bits >> rest === first.bits >> rest;
}

function rangeOf(text: string): AddressRange {
  const range = parseRange(text);
  if (range === undefined) throw new Error(`invariant broken: ${text} is a range`);
  return range;
}

/** IPv4 that is not public, with what it is for. */
const CLOSED_V4 = [
  "0.0.0.0/8", // this network; Linux takes 0.0.0.0 for loopback
  "10.0.0.0/8", // private
  "100.64.0.0/10", // carrier-grade NAT
  "127.0.0.0/8", // loopback
  "169.254.0.0/16", // link-local, and the metadata services of clouds
  "172.16.0.0/12", // private
  "192.0.0.0/24", // IETF protocols
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // 6to4 relays
  "192.168.0.0/16", // private
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and the broadcast address
].map(rangeOf);

const OPEN_V6 = rangeOf("2000::/3");
/** Inside what is given out. */
const CLOSED_V6 = [
  "2001::/23", // IETF protocols: Teredo, benchmarks, ORCHID
  "2001:db8::/32", // documentation
  "2002::/16", // 6to4: an IPv4 address inside
  "3fff::/20", // documentation
].map(rangeOf);

/** Multicast and the unspecified addresses: no exception may name them. */
const NEVER = ["0.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "::/128", "ff00::/8"].map(rangeOf);

/** This machine. */
export const LOOPBACK: readonly AddressRange[] = ["127.0.0.0/8", "::1/128"].map(rangeOf);

export function isPublicAddress(address: Address): boolean {
  if (address.family === 4) return !CLOSED_V4.some((range) => isInRange(address, range));
  return isInRange(address, OPEN_V6) && !CLOSED_V6.some((range) => isInRange(address, range));
}

/** Does a range hold an address that is no host's? */
export function holdsNoHost(range: AddressRange): boolean {
  return NEVER.some((never) => isInRange(range.first, never) || isInRange(never.first, range));
}
