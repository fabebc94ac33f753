// Secrets of tokens, sessions and links: random, shown once, kept as SHA3-256 alone. A plain hash is enough, as nobody can guess
// 128 random bits. Each text says where its row is, so that an unknown one costs one look-up and no search.

import { timingSafeEqual } from "node:crypto";
import { bytesToHex } from "@bystack/utils/bytes";
import type { Rng } from "@bystack/utils/ports";
import { sha3Hex } from "../store/audit.ts";

const ID_BYTES = 8;
const SECRET_BYTES = 32;
/** 128 bits: what a link in the terminal may ask of the eye. */
const LINK_SECRET_BYTES = 16;

const TENANT = "[a-z][a-z0-9-]{0,30}";
const ID = "[a-z][0-9a-f]{16}";
const TOKEN = new RegExp(`^bys_(${TENANT})\\.(${ID})\\.(${ID})_([0-9a-f]{64})$`);
const COOKIE = new RegExp(`^(${TENANT})\\.(${ID})\\.(${ID})\\.([0-9a-f]{64})$`);
const LINK = new RegExp(`^(${TENANT})\\.(${ID})\\.([0-9a-f]{32})$`);
const HEADER_HALF = /^[0-9a-f]{64}$/;

/** Where the row is, and the hash that it must have. The secret itself goes no further. */
export type Ticket = { readonly tenant: string; readonly userId: string; readonly id: string; readonly hash: string };
export type Minted = { readonly text: string; readonly hash: string };

/** @param letter what it is of: `u` user, `t` token, `s` session, `l` link */
export function newId(rng: Rng, letter: "u" | "t" | "s" | "l"): string {
  return `${letter}${bytesToHex(rng.bytes(ID_BYTES))}`;
}

function mint(rng: Rng, bytes: number, prefix: string): Minted {
  const secret = bytesToHex(rng.bytes(bytes));
  return { text: `${prefix}${secret}`, hash: sha3Hex(secret) };
}

type Place = { readonly tenant: string; readonly userId: string; readonly id: string };

/** `bys_<id>_<secret>`: leaks can be scanned for by the beginning, and be told from others by the length. */
export function mintToken(rng: Rng, { tenant, userId, id }: Place): Minted {
  return mint(rng, SECRET_BYTES, `bys_${tenant}.${userId}.${id}_`);
}

export function mintCookieHalf(rng: Rng, { tenant, userId, id }: Place): Minted {
  return mint(rng, SECRET_BYTES, `${tenant}.${userId}.${id}.`);
}

export function mintHeaderHalf(rng: Rng): Minted {
  return mint(rng, SECRET_BYTES, "");
}

export function mintLink(rng: Rng, { tenant, id }: Omit<Place, "userId">): Minted {
  return mint(rng, LINK_SECRET_BYTES, `${tenant}.${id}.`);
}

function parse(pattern: RegExp, text: string): Ticket | undefined {
  const [, tenant, userId, id, secret] = pattern.exec(text) ?? [];
  if (tenant === undefined || userId === undefined || id === undefined || secret === undefined) return undefined;
  return { tenant, userId, id, hash: sha3Hex(secret) };
}

export function parseToken(text: string): Ticket | undefined {
  return parse(TOKEN, text);
}

export function parseCookieHalf(text: string): Ticket | undefined {
  return parse(COOKIE, text);
}

/** @returns the hash of a header half */
export function parseHeaderHalf(text: string): string | undefined {
  return HEADER_HALF.test(text) ? sha3Hex(text) : undefined;
}

export function parseLink(text: string): Omit<Ticket, "userId"> | undefined {
  const [, tenant, id, secret] = LINK.exec(text) ?? [];
  if (tenant === undefined || id === undefined || secret === undefined) return undefined;
  return { tenant, id, hash: sha3Hex(secret) };
}

/** Compares two hashes in a time that says nothing about them. */
export function isSameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
