// A platform's people on a store in memory: a clock and randomness under the test's control, passwords by a cheap hash that
// counts its work, and short ways to sign somebody in.

import { createHash } from "node:crypto";
import { createPeople, type PeopleOptions } from "@bystack/platform/people";
import { type AccessNeeds, type AccessRequest, SESSION_COOKIE, SESSION_HEADER } from "@bystack/platform/people/access";
import { type Call, localActor } from "@bystack/platform/people/context";
import type { Roles } from "@bystack/platform/people/roles";
import { PlatformStore } from "@bystack/platform/store";
import type { AuditRow } from "@bystack/platform/store/audit";
import { createMemoryStore } from "@bystack/storage/memory";
import { createFakeClock } from "@bystack/testing/clock";
import { createMemoryLogger } from "@bystack/testing/logger";
import { createSeededRng } from "@bystack/testing/rng";
import type { Halves } from "../src/people/sessions.ts";
import { AUDIT } from "../src/store/tables.ts";

export const HASH = "1".repeat(64);
export const PASSWORD = "correct horse battery";
export const SOURCE = "192.0.2.1";

export type Kit = Awaited<ReturnType<typeof openPeople>>;

export async function openPeople(part: Partial<PeopleOptions> = {}) {
  const kv = createMemoryStore();
  const clock = createFakeClock();
  const logger = createMemoryLogger();
  const store = await PlatformStore.open(kv, clock);
  const derived: { readonly salt: string; readonly cost: number }[] = [];
  const options: PeopleOptions = {
    store,
    clock,
    rng: createSeededRng(1),
    logger,
    isTenant: (tenant) => ["home", "acme"].includes(tenant),
    tenant: "home",
    isDev: false,
    deriveKey: async (password, salt, cost) => {
      derived.push({ salt: Buffer.from(salt).toString("hex"), cost });
      return createHash("sha3-256").update(password).update(salt).digest();
    },
    passkeys: undefined,
    ...part,
  };
  return { kv, clock, logger, store, derived, options, people: createPeople(options) };
}

export function requestOf(part: Partial<AccessRequest> = {}): AccessRequest {
  return { headers: {}, source: SOURCE, requestHash: HASH, ...part };
}

export function withSession({ cookieHalf, headerHalf }: Halves): AccessRequest {
  return requestOf({ headers: { cookie: `a=b; ${SESSION_COOKIE}=${cookieHalf}`, [SESSION_HEADER]: headerHalf } });
}

export function withToken(text: string, source = SOURCE): AccessRequest {
  return requestOf({ headers: { authorization: `Bearer ${text}` }, source });
}

export function needs(part: Partial<AccessNeeds> = {}): AccessNeeds {
  return { route: "nodes", target: "dev", role: "a", network: "dev", kind: "read", ...part };
}

export function local(kit: Kit, tenant = "home"): Call {
  return { actor: localActor(tenant, kit.clock.nowMs()), source: "local", requestHash: HASH };
}

/** Somebody with a password, signed in; each from an address of their own, so that limits on sign-ins do not meet. */
export async function signIn(kit: Kit, login: string, roles: Roles, tenant = "home") {
  const { users, access, signIn: signs } = kit.people;
  const source = `2001:db8:${[...login, ...tenant].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_536, 7).toString(16)}::1`;
  const nobody = { ...access.publicCall(requestOf()), source };
  const { link } = await users.invite(local(kit, tenant), { name: login, roles });
  const halves = await users.redeem(nobody, link, login);
  const call = await access.authorize(withSession(halves), needs({ role: "p", isForUnfinished: true }));
  await signs.setPassword(call, PASSWORD);
  return { halves, userId: halves.userId, call: await callOf(kit, halves) };
}

/** The call that a session's halves make now. */
export function callOf(kit: Kit, halves: Halves): Promise<Call> {
  return kit.people.access.authorize(withSession(halves), needs({ role: "p" }));
}

export async function auditRows(kit: Kit, tenant = "home"): Promise<AuditRow[]> {
  return (await kit.store.tenant(tenant).list(AUDIT, { limit: 100_000 })).map(({ value }) => value);
}

export async function outcomes(kit: Kit, tenant = "home"): Promise<string[]> {
  return (await auditRows(kit, tenant)).map(({ route, outcome }) => `${route} ${outcome}`);
}
