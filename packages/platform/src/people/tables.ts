// The rows of people: who they are, what they sign in with, and what they hold. Of secrets there are hashes alone.

import { z } from "zod";
import type { Table } from "../store/table.ts";
import { ROLES } from "./roles.ts";

/** People of one tenant. */
export const USERS_MAX = 1_000;
/** Sessions of one person; a new one ends the one used longest ago. */
export const USER_SESSIONS_MAX = 32;
/** Tokens of one person. */
export const USER_TOKENS_MAX = 50;
/** Passkeys of one person. */
export const USER_PASSKEYS_MAX = 10;
/** Links and invitations of one tenant that are not used yet. */
export const LINKS_MAX = 200;
/** Networks for which one person has a role of their own. */
export const USER_ROLES_MAX = 100;
/** Halves of a session that were replaced and are still known, two a rotation: more than 12 hours have. */
export const SESSION_OLD_HALVES_MAX = 128;

const atMs = z.number().int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const id = z.string().regex(/^[a-z][0-9a-f]{16}$/);
const network = z.string().regex(/^(\*|[a-z][a-z0-9-]{0,30})$/);
const role = z.enum(ROLES);

/** Role by network; `*` for all of them. */
export const ROLES_ROW = z
  .record(network, role)
  .refine((roles) => Object.keys(roles).length <= USER_ROLES_MAX, { message: `more than ${USER_ROLES_MAX} networks` });

/** A password as scrypt left it. */
export const PASSWORD = z.strictObject({
  salt: z.string().regex(/^[0-9a-f]{32}$/),
  key: hash,
  cost: z.number().int().positive(),
});
export type PasswordRow = z.infer<typeof PASSWORD>;

const USER = z.strictObject({
  id,
  login: z.string().max(64),
  name: z.string().max(100),
  roles: ROLES_ROW,
  password: PASSWORD.nullable(),
  /** Keys of their rows in {@link PASSKEYS}. */
  passkeys: z.array(hash).max(USER_PASSKEYS_MAX),
  /** On a dev platform: goes without, and said so. */
  postponed: z.boolean(),
  createdAtMs: atMs,
});
export type UserRow = z.infer<typeof USER>;

const SESSION = z.strictObject({
  id,
  userId: id,
  cookieHash: hash,
  headerHash: hash,
  /** Halves before the last rotation, the newest last. */
  oldHashes: z.array(hash).max(SESSION_OLD_HALVES_MAX),
  createdAtMs: atMs,
  seenAtMs: atMs,
  rotatedAtMs: atMs,
  /** When it was last proven that it is them. */
  provenAtMs: atMs,
});
export type SessionRow = z.infer<typeof SESSION>;

const TOKEN = z.strictObject({
  id,
  userId: id,
  name: z.string().max(100),
  role,
  network,
  hash,
  createdAtMs: atMs,
  expiresAtMs: atMs,
});
export type TokenRow = z.infer<typeof TOKEN>;

const LINK = z.strictObject({
  id,
  /** Whom it signs in; null for an invitation, which makes somebody new. */
  userId: id.nullable(),
  /** Who made it: it goes when they go. */
  madeBy: z.string().max(100),
  name: z.string().max(100),
  roles: ROLES_ROW,
  hash,
  createdAtMs: atMs,
  lastsMs: z.number().int().positive(),
});
export type LinkRow = z.infer<typeof LINK>;

const PASSKEY = z.strictObject({
  userId: id,
  name: z.string().max(100),
  /** As browsers write it (base64url). */
  credentialId: z.string().max(1_400),
  publicKey: z.string().max(2_800),
  counter: z.number().int().nonnegative(),
  createdAtMs: atMs,
});
export type PasskeyRow = z.infer<typeof PASSKEY>;

const LOGIN = z.strictObject({ userId: id });

/** Key: user. */
export const USERS: Table<UserRow> = { name: "users", bucket: 20, row: USER };
/** Key: login. */
export const LOGINS: Table<z.infer<typeof LOGIN>> = { name: "logins", bucket: 21, row: LOGIN };
/** Key: user, session. */
export const SESSIONS: Table<SessionRow> = { name: "sessions", bucket: 22, row: SESSION };
/** Key: user, token. */
export const TOKENS: Table<TokenRow> = { name: "tokens", bucket: 23, row: TOKEN };
/** Key: link. */
export const LINKS: Table<LinkRow> = { name: "links", bucket: 24, row: LINK };
/** Key: SHA3-256 of the credential's id, which may be longer than a key. */
export const PASSKEYS: Table<PasskeyRow> = { name: "passkeys", bucket: 25, row: PASSKEY };
