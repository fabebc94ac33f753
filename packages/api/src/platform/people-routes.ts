// The routes of people: signing in, who one is, tokens, and for owners everybody else. A session has two halves: one is set as a
// cookie that no script reads, the other one stands in the answer and comes back as the header `x-bystack-session`.

import { z } from "zod";
import { route } from "../route.ts";
import * as s from "../schemas.ts";
import { count, name, role, roles, text } from "./parts.ts";

const SIGN_IN_ERRORS = ["RATE_LIMITED", "SIGN_IN_FAILED"] as const;
const own = { role: "p", isForUnfinished: true } as const;
const people = { role: "w", isStepUp: true } as const;

const secret = z.string().max(1_024);
const loginName = z.string().max(64);
/** What a browser's `navigator.credentials` answered; looked at closely where it is verified. */
const credential = z.record(z.string().max(64), z.json());

/** The header half, and who it is of. */
const signedIn = z.object({
  header: text,
  userId: text,
  /** Neither password nor passkey yet: nothing else is allowed before. */
  unfinished: z.boolean(),
});
const challenge = z.object({ challenge: text, rpId: text, timeout: count, userVerification: z.literal("required") });
const passkey = z.object({ key: text, name: text, createdAtMs: s.milliseconds });
const link = z.object({ link: text, expiresAtMs: s.milliseconds });
const user = z.object({
  id: text,
  login: text,
  name: text,
  roles,
  createdAtMs: s.milliseconds,
  hasPassword: z.boolean(),
  passkeys: count,
});
const token = z.object({
  id: text,
  userId: text,
  name: text,
  role,
  network: z.union([z.literal("*"), name]),
  createdAtMs: s.milliseconds,
  expiresAtMs: s.milliseconds,
});
const done = z.object({ done: z.literal(true) });
const USER = z.strictObject({ user: z.string().max(40) });

export const PEOPLE_ROUTES = {
  openConsole: route({
    method: "POST",
    path: "/v1/open",
    summary:
      "A link that signs in the platform's owner once, within ten minutes. For the platform's own machine alone.",
    body: z.strictObject({ login: loginName.default("admin") }),
    reply: link,
    errors: ["ROLE_TOO_LOW", "NAME_INVALID"],
    access: "admin",
  }),
  signInByLink: route({
    method: "POST",
    path: "/v1/session/link",
    summary: "Uses a link up: signs in, or makes whoever was invited under the login that they choose.",
    body: z.strictObject({ link: secret, login: loginName.optional() }),
    reply: signedIn,
    errors: [...SIGN_IN_ERRORS, "LINK_INVALID", "LOGIN_TAKEN", "NAME_INVALID"],
    access: "self",
  }),
  signInByPassword: route({
    method: "POST",
    path: "/v1/session/password",
    summary: "Signs in by login and password.",
    body: z.strictObject({ login: loginName, password: secret }),
    reply: signedIn,
    errors: [...SIGN_IN_ERRORS, "LOGIN_BUSY"],
    access: "self",
  }),
  beginPasskey: route({
    method: "POST",
    path: "/v1/session/passkey/begin",
    summary: "A challenge for a sign-in by passkey.",
    reply: challenge,
    errors: ["RATE_LIMITED", "PASSKEY_INVALID"],
    access: "self",
  }),
  signInByPasskey: route({
    method: "POST",
    path: "/v1/session/passkey",
    summary: "Signs in by passkey.",
    body: z.strictObject({ answer: credential }),
    reply: signedIn,
    errors: [...SIGN_IN_ERRORS, "PASSKEY_INVALID"],
    access: "self",
  }),
  rotateSession: route({
    method: "POST",
    path: "/v1/session/rotate",
    summary: "New halves for a session; asked for when `rotationDue` is said, every 15 minutes.",
    reply: z.object({ header: text }),
    errors: ["SESSION_ENDED", "SIGN_IN_NEEDED"],
    access: "self",
  }),
  beginStepUp: route({
    method: "POST",
    path: "/v1/session/step-up/begin",
    summary: "A challenge for a fresh proof by passkey.",
    reply: challenge,
    errors: ["PASSKEY_INVALID"],
    access: own,
  }),
  stepUp: route({
    method: "POST",
    path: "/v1/session/step-up",
    summary: "A fresh proof of who one is: for five minutes people, deletions and what stops a chain are allowed.",
    body: z.union([z.strictObject({ password: secret }), z.strictObject({ answer: credential })]),
    reply: z.object({ header: text }),
    errors: [...SIGN_IN_ERRORS, "PASSKEY_INVALID", "SESSION_ENDED"],
    access: own,
  }),
  signOut: route({
    method: "DELETE",
    path: "/v1/session",
    summary: "Signs out here; with `all=true` everywhere.",
    query: z.strictObject({ all: z.enum(["true", "false"]).default("false") }),
    reply: done,
    access: own,
  }),
  me: route({
    method: "GET",
    path: "/v1/me",
    summary: "Who asks, what they may, and whether new session halves are due.",
    reply: z.object({
      userId: text,
      login: text.nullable(),
      name: text.nullable(),
      via: z.enum(["session", "token", "local", "none"]),
      roles,
      unfinished: z.boolean(),
      /** A step-up was made within the last five minutes. */
      fresh: z.boolean(),
      rotationDue: z.boolean(),
      hasPassword: z.boolean(),
      passkeys: z.array(passkey),
      /** A dev platform: one may go without password and passkey. */
      dev: z.boolean(),
      version: text,
    }),
    access: own,
  }),
  setPassword: route({
    method: "PUT",
    path: "/v1/me/password",
    summary: "Sets or replaces one's password, and ends all one's other sessions.",
    body: z.strictObject({ password: secret }),
    reply: done,
    errors: ["PASSWORD_WEAK", "STEP_UP_NEEDED", "LOGIN_BUSY"],
    access: own,
  }),
  postponeCredential: route({
    method: "POST",
    path: "/v1/me/postpone",
    summary: "On a dev platform: goes without password and passkey for now.",
    reply: done,
    errors: ["CREDENTIAL_NEEDED", "STEP_UP_NEEDED"],
    access: own,
  }),
  beginPasskeyCreation: route({
    method: "POST",
    path: "/v1/me/passkeys/begin",
    summary: "A challenge for a new passkey.",
    reply: challenge.extend({ user: z.object({ id: text, name: text }), exclude: z.array(text).readonly() }),
    errors: ["PASSKEY_INVALID"],
    access: own,
  }),
  addPasskey: route({
    method: "POST",
    path: "/v1/me/passkeys",
    summary: "Adds a passkey.",
    body: z.strictObject({ name: z.string().max(100), answer: credential }),
    reply: passkey,
    errors: ["PASSKEY_INVALID", "PEOPLE_FULL", "STEP_UP_NEEDED", "NAME_INVALID"],
    access: own,
  }),
  removePasskey: route({
    method: "DELETE",
    path: "/v1/me/passkeys/:passkey",
    summary: "Removes a passkey; the last way to sign in stays.",
    params: z.strictObject({ passkey: s.hash }),
    reply: done,
    errors: ["PASSKEY_NOT_FOUND", "CREDENTIAL_NEEDED", "STEP_UP_NEEDED"],
    access: own,
  }),
  tokens: route({
    method: "GET",
    path: "/v1/tokens",
    summary: "One's own tokens for programs, without their texts; from the platform's own machine everybody's.",
    reply: z.object({ items: z.array(token) }),
    access: { role: "p" },
  }),
  createToken: route({
    method: "POST",
    path: "/v1/tokens",
    summary: "Makes a token of at most one's own role, for a year at most. Its text is told this once.",
    body: z.strictObject({
      name: z.string().max(100),
      role,
      network: z.union([z.literal("*"), name]),
      days: z.number().int().min(1).max(365),
      /** For whom: for oneself, and from the platform's own machine for anybody. */
      user: z.string().max(40).optional(),
    }),
    reply: z.object({ text, token }),
    errors: ["TOKEN_INVALID", "PEOPLE_FULL", "STEP_UP_NEEDED", "NAME_INVALID", "USER_NOT_FOUND"],
    access: { role: "p" },
  }),
  removeToken: route({
    method: "DELETE",
    path: "/v1/users/:user/tokens/:token",
    summary: "Ends a token: one's own, or as an owner anybody's.",
    params: USER.extend({ token: z.string().max(40) }),
    reply: done,
    errors: ["TOKEN_NOT_FOUND"],
    access: { role: "p" },
  }),
  users: route({
    method: "GET",
    path: "/v1/users",
    summary: "Everybody who can sign in.",
    reply: z.object({ items: z.array(user) }),
    access: { role: "w" },
  }),
  setRoles: route({
    method: "PUT",
    path: "/v1/users/:user/roles",
    summary: "What somebody may do, by network.",
    params: USER,
    body: z.strictObject({ roles: z.record(z.string().max(31), role) }),
    reply: user,
    errors: ["USER_NOT_FOUND", "LAST_OWNER", "NAME_INVALID"],
    access: people,
  }),
  removeUser: route({
    method: "DELETE",
    path: "/v1/users/:user",
    summary: "Removes somebody with everything that is theirs: sessions, tokens, passkeys, invitations.",
    params: USER,
    reply: done,
    errors: ["USER_NOT_FOUND", "LAST_OWNER"],
    access: people,
  }),
  createLink: route({
    method: "POST",
    path: "/v1/users/:user/link",
    summary: "A link for somebody who has lost what they sign in with; good once and for ten minutes.",
    params: USER,
    reply: link,
    errors: ["USER_NOT_FOUND", "PEOPLE_FULL"],
    access: people,
  }),
  invites: route({
    method: "GET",
    path: "/v1/invites",
    summary: "Invitations that nobody has used yet.",
    reply: z.object({
      items: z.array(
        z.object({
          id: text,
          name: text,
          roles,
          madeBy: text,
          createdAtMs: s.milliseconds,
          expiresAtMs: s.milliseconds,
        }),
      ),
    }),
    access: { role: "w" },
  }),
  invite: route({
    method: "POST",
    path: "/v1/invites",
    summary: "Invites somebody: a link that is good once and for seven days.",
    body: z.strictObject({ name: z.string().max(100), roles: z.record(z.string().max(31), role) }),
    reply: link.extend({ id: text }),
    errors: ["NAME_INVALID", "PEOPLE_FULL"],
    access: people,
  }),
  removeInvite: route({
    method: "DELETE",
    path: "/v1/invites/:invite",
    summary: "Takes an invitation back.",
    params: z.strictObject({ invite: z.string().max(40) }),
    reply: done,
    errors: ["INVITE_NOT_FOUND"],
    access: { role: "w" },
  }),
} as const;
