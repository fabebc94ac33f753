// People of a tenant: owners invite, list, remove them and change their roles; somebody who was invited makes their own login.
// There is always an owner, and nobody but an owner with a fresh proof changes who may do what.

import { platformError } from "../errors.ts";
import { type Change, put, type TenantView } from "../store/store.ts";
import type { Table } from "../store/table.ts";
import { type Call, change, deny, type PeopleContext } from "./context.ts";
import { limited, sourceKey } from "./limits.ts";
import { parseLogin, parseName } from "./names.ts";
import { isOwner, type Roles } from "./roles.ts";
import { isSameHash, mintLink, newId, parseLink } from "./secrets.ts";
import { beginSession, endSessions, removeRow, type SignedIn } from "./sessions.ts";
import {
  LINKS,
  LINKS_MAX,
  type LinkRow,
  LOGINS,
  PASSKEYS,
  ROLES_ROW,
  TOKENS,
  USER_TOKENS_MAX,
  USERS,
  USERS_MAX,
  type UserRow,
} from "./tables.ts";
import { isLive } from "./time.ts";

export const LINK_MS = 10 * 60_000;
/** An invitation travels by mail. */
export const INVITE_MS = 7 * 24 * 3_600_000;

/** What may be shown of somebody. */
export type User = Pick<UserRow, "id" | "login" | "name" | "roles" | "createdAtMs"> & {
  readonly hasPassword: boolean;
  readonly passkeys: number;
};
export type Invite = Pick<LinkRow, "id" | "name" | "roles" | "madeBy" | "createdAtMs"> & {
  readonly expiresAtMs: number;
};
/** `link` goes behind `#k=` in the address of the console, where no server and no log sees it. */
export type MadeLink = { readonly link: string; readonly expiresAtMs: number };

const LINK_ROWS = LINKS as Table<never>;

function shown(user: UserRow): User {
  const { id, login, name, roles, createdAtMs, password, passkeys } = user;
  return { id, login, name, roles, createdAtMs, hasPassword: password !== null, passkeys: passkeys.length };
}

function parseRoles(roles: Roles): Roles {
  const parsed = ROLES_ROW.safeParse(roles);
  if (!parsed.success)
    throw platformError("NAME_INVALID", { why: "roles are a network's name, or *, and one of p a d o w" });
  return parsed.data;
}

async function userOf(view: TenantView, id: string): Promise<UserRow> {
  // An id from a request may be no key at all.
  const user = /^u[0-9a-f]{16}$/.test(id) ? await view.get(USERS, [id]) : undefined;
  if (user === undefined) throw platformError("USER_NOT_FOUND");
  return user;
}

async function allUsers(view: TenantView): Promise<UserRow[]> {
  return (await view.list(USERS, { limit: USERS_MAX })).map(({ value }) => value);
}

/** @throws BystackError LAST_OWNER unless somebody else is an owner */
async function assertOtherOwner(view: TenantView, id: string): Promise<void> {
  const isOther = (await allUsers(view)).some((user) => user.id !== id && isOwner(user.roles));
  if (!isOther) throw platformError("LAST_OWNER");
}

export class Users {
  readonly #context: PeopleContext;

  constructor(context: PeopleContext) {
    this.#context = context;
  }

  /** The platform's first person, and a link for them; when there is an owner already, a link for that login. */
  async openAsOwner(call: Call, login: string): Promise<MadeLink> {
    const own = parseLogin(login);
    if (call.actor.via !== "local")
      throw platformError("ROLE_TOO_LOW", { why: "only the platform's own machine opens it" });
    const needs = { route: "open", target: own, role: "w" } as const;
    return change(this.#context, call, needs, async (view) => {
      const found = await view.get(LOGINS, [own]);
      if (found !== undefined)
        return this.#newLink(view, call, { userId: found.userId, name: own, roles: {}, lastsMs: LINK_MS });
      const user = this.#newUser({ login: own, name: own, roles: { "*": "w" } });
      const [{ puts = [], deletes = [] }, made] = await this.#newLink(view, call, {
        userId: user.id,
        name: own,
        roles: {},
        lastsMs: LINK_MS,
      });
      const users = [put(USERS, [user.id], user), put(LOGINS, [own], { userId: user.id })];
      return [{ puts: [...users, ...puts], deletes, events: [eventOf(user.id, "made")] }, made];
    });
  }

  /** A link for somebody who has lost what they sign in with. */
  async createLink(call: Call, userId: string): Promise<MadeLink> {
    const needs = { route: "linkCreate", target: userId, role: "w", isStepUp: true } as const;
    return change(this.#context, call, needs, async (view) => {
      const user = await userOf(view, userId);
      return this.#newLink(view, call, { userId: user.id, name: user.name, roles: {}, lastsMs: LINK_MS });
    });
  }

  async invite(
    call: Call,
    draft: { readonly name: string; readonly roles: Roles },
  ): Promise<MadeLink & { readonly id: string }> {
    const needs = { route: "inviteCreate", target: "", role: "w", isStepUp: true } as const;
    return change(this.#context, call, needs, async (view) => {
      const [name, roles] = [parseName(draft.name), parseRoles(draft.roles)];
      return this.#newLink(view, call, { userId: null, name, roles, lastsMs: INVITE_MS });
    });
  }

  async invites(tenant: string): Promise<Invite[]> {
    const rows = await this.#context.store.tenant(tenant).list(LINKS, { limit: LINKS_MAX });
    const nowMs = this.#context.now();
    return rows
      .map(({ value }) => value)
      .filter(({ userId, createdAtMs, lastsMs }) => userId === null && isLive(createdAtMs, lastsMs, nowMs))
      .map(({ id, name, roles, madeBy, createdAtMs, lastsMs }) => ({
        id,
        name,
        roles,
        madeBy,
        createdAtMs,
        expiresAtMs: createdAtMs + lastsMs,
      }));
  }

  async removeInvite(call: Call, id: string): Promise<void> {
    await change(this.#context, call, { route: "inviteRemove", target: id, role: "w" }, async (view) => {
      const link = /^l[0-9a-f]{16}$/.test(id) ? await view.get(LINKS, [id]) : undefined;
      if (link === undefined || link.userId !== null) throw platformError("INVITE_NOT_FOUND");
      return [{ deletes: [removeRow(LINK_ROWS, [id])] }, undefined];
    });
  }

  /**
   * Uses a link up: signs in whom it is for, or makes whoever was invited, under the login that they choose.
   * @throws BystackError LINK_INVALID, LOGIN_TAKEN and NAME_INVALID (the invitation is kept)
   */
  async redeem(call: Call, text: string, login?: string): Promise<SignedIn> {
    const context = this.#context;
    const ticket = parseLink(text);
    const isKnown = ticket !== undefined && context.isTenant(ticket.tenant);
    const actor = { ...call.actor, tenant: isKnown ? ticket.tenant : context.tenant };
    const needs = { route: "linkRedeem", target: isKnown ? ticket.id : "" };
    const waitMs = context.limits.take("source", sourceKey(call.source));
    if (waitMs > 0) return deny(context, { ...call, actor }, { ...needs, error: limited(waitMs) });
    return change(context, { ...call, actor }, needs, async (view) => {
      const link = isKnown ? await view.get(LINKS, [ticket.id]) : undefined;
      const isRight = link !== undefined && isKnown && isSameHash(link.hash, ticket.hash);
      if (!isRight || !isLive(link.createdAtMs, link.lastsMs, context.now())) throw platformError("LINK_INVALID");
      const user = link.userId === null ? await this.#invited(view, link, login) : await view.get(USERS, [link.userId]);
      if (user === undefined) throw platformError("LINK_INVALID");
      const [begun, signedIn] = await beginSession(context, view, user);
      const made: Change =
        link.userId === null
          ? {
              puts: [put(USERS, [user.id], user), put(LOGINS, [user.login], { userId: user.id })],
              events: [eventOf(user.id, "made")],
            }
          : {};
      const puts = [...(made.puts ?? []), ...(begun.puts ?? [])];
      const deletes = [removeRow(LINK_ROWS, [link.id]), ...(begun.deletes ?? [])];
      return [{ puts, deletes, events: made.events ?? [], target: `${link.id} ${user.id}` }, signedIn];
    });
  }

  async list(tenant: string): Promise<User[]> {
    return (await allUsers(this.#context.store.tenant(tenant))).map(shown);
  }

  async get(tenant: string, id: string): Promise<User> {
    return shown(await userOf(this.#context.store.tenant(tenant), id));
  }

  async setRoles(call: Call, id: string, roles: Roles): Promise<User> {
    const needs = { route: "userRoles", target: id, role: "w", isStepUp: true } as const;
    return change(this.#context, call, needs, async (view) => {
      const user = await userOf(view, id);
      const changed = { ...user, roles: parseRoles(roles) };
      if (isOwner(user.roles) && !isOwner(changed.roles)) await assertOtherOwner(view, id);
      return [{ puts: [put(USERS, [id], changed)], events: [eventOf(id, "roles")] }, shown(changed)];
    });
  }

  /** With everything that is theirs: sessions, tokens, passkeys, and the links that they made or were made for. */
  async remove(call: Call, id: string): Promise<void> {
    const needs = { route: "userRemove", target: id, role: "w", isStepUp: true } as const;
    await change(this.#context, call, needs, async (view) => {
      const user = await userOf(view, id);
      if (isOwner(user.roles)) await assertOtherOwner(view, id);
      const tokens = await view.list(TOKENS, { under: [id], limit: USER_TOKENS_MAX });
      const links = await view.list(LINKS, { limit: LINKS_MAX });
      const deletes = [
        removeRow(USERS as Table<never>, [id]),
        removeRow(LOGINS as Table<never>, [user.login]),
        ...(await endSessions(view, id)),
        ...tokens.map(({ key }) => removeRow(TOKENS as Table<never>, key)),
        ...user.passkeys.map((key) => removeRow(PASSKEYS as Table<never>, [key])),
        ...links
          .filter(({ value }) => value.userId === id || value.madeBy === id)
          .map(({ key }) => removeRow(LINK_ROWS, key)),
      ];
      return [{ deletes, events: [eventOf(id, "removed")] }, undefined];
    });
  }

  #newUser(part: Pick<UserRow, "login" | "name" | "roles">): UserRow {
    const { rng, now } = this.#context;
    return { ...part, id: newId(rng, "u"), password: null, passkeys: [], postponed: false, createdAtMs: now() };
  }

  async #invited(view: TenantView, link: LinkRow, login: string | undefined): Promise<UserRow> {
    const own = parseLogin(login ?? "");
    if ((await view.get(LOGINS, [own])) !== undefined) throw platformError("LOGIN_TAKEN");
    if ((await allUsers(view)).length >= USERS_MAX) throw platformError("PEOPLE_FULL", { why: `${USERS_MAX} people` });
    return this.#newUser({ login: own, name: link.name, roles: link.roles });
  }

  async #newLink(
    view: TenantView,
    call: Call,
    part: Pick<LinkRow, "userId" | "name" | "roles" | "lastsMs">,
  ): Promise<readonly [Change & { readonly target: string }, MadeLink & { readonly id: string }]> {
    const { rng, now } = this.#context;
    const nowMs = now();
    const links = await view.list(LINKS, { limit: LINKS_MAX });
    // Over, or replaced: of two links for one person only the newer is good.
    const over = links.filter(
      ({ value: { userId, createdAtMs, lastsMs } }) =>
        !isLive(createdAtMs, lastsMs, nowMs) || (userId !== null && userId === part.userId),
    );
    if (links.length - over.length >= LINKS_MAX)
      throw platformError("PEOPLE_FULL", { why: `${LINKS_MAX} links are unused` });
    const id = newId(rng, "l");
    const { text, hash } = mintLink(rng, { tenant: view.tenant, id });
    const row: LinkRow = { ...part, id, madeBy: call.actor.userId, hash, createdAtMs: nowMs };
    const deletes = over.map(({ key }) => removeRow(LINK_ROWS, key));
    const target = `${id} ${part.userId ?? ""}`.trim();
    return [
      { puts: [put(LINKS, [id], row)], deletes, target },
      { id, link: text, expiresAtMs: nowMs + part.lastsMs },
    ];
  }
}

function eventOf(subject: string, what: "made" | "roles" | "removed") {
  return { topic: "user", subject, data: { what } };
}
