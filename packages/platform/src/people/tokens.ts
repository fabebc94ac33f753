// Tokens for programs: a role that is not above their maker's, for one network or all, for a year at most. They are worth what
// their maker is worth at each moment, and go with them. The text is shown once.

import { platformError } from "../errors.ts";
import { put, type TenantView } from "../store/store.ts";
import type { Table } from "../store/table.ts";
import { type Actor, type Call, change, deny, type PeopleContext } from "./context.ts";
import { parseName } from "./names.ts";
import { ALL_NETWORKS, isAllowed, isOwner, limitRoles, ROLES, type Role, type Roles, roleIn } from "./roles.ts";
import { isSameHash, mintToken, newId, parseToken } from "./secrets.ts";
import { removeRow } from "./sessions.ts";
import { TOKENS, type TokenRow, USER_TOKENS_MAX, USERS } from "./tables.ts";
import { isLive } from "./time.ts";

/** The longest life of a token: one that was forgotten ends within the year. */
export const TOKEN_LIFE_MS_MAX = 365 * 24 * 3_600_000;

/** What may be shown of one. */
export type Token = Omit<TokenRow, "hash">;
export type TokenDraft = {
  readonly name: string;
  readonly role: Role;
  /** `*` for all that the maker has. */
  readonly network: string;
  readonly lifeMs: number;
  /** For whom; only the platform's own machine makes tokens for others. */
  readonly userId?: string | undefined;
};

function shown({ hash: _, ...token }: TokenRow): Token {
  return token;
}

export class Tokens {
  readonly #context: PeopleContext;

  constructor(context: PeopleContext) {
    this.#context = context;
  }

  /**
   * A token makes no token: one that leaked could outlive its end.
   * @throws BystackError TOKEN_INVALID, PEOPLE_FULL, USER_NOT_FOUND, STEP_UP_NEEDED
   */
  async create(call: Call, draft: TokenDraft): Promise<{ readonly text: string; readonly token: Token }> {
    const context = this.#context;
    const { via } = call.actor;
    const userId = via === "local" ? (draft.userId ?? "") : call.actor.userId;
    const needs = { route: "tokenCreate", target: "", isStepUp: true } as const;
    return change(context, call, needs, async (view, ownRoles) => {
      if (via !== "session" && via !== "local")
        throw platformError("STEP_UP_NEEDED", { why: "tokens are made by people who are signed in" });
      if (via === "session" && (draft.userId ?? userId) !== userId)
        throw platformError("TOKEN_INVALID", { why: "one makes tokens for oneself alone" });
      const roles = via === "local" ? await this.#rolesOf(view, userId) : ownRoles;
      const { role, network, lifeMs } = draft;
      const name = parseName(draft.name);
      if (!ROLES.includes(role) || !(network === ALL_NETWORKS || /^[a-z][a-z0-9-]{0,30}$/.test(network)))
        throw platformError("TOKEN_INVALID", { why: "there is no such role or network" });
      if (!isAllowed(roleIn(roles, network), role))
        throw platformError("TOKEN_INVALID", { why: "the role is above the user's own" });
      if (!Number.isSafeInteger(lifeMs) || lifeMs <= 0 || lifeMs > TOKEN_LIFE_MS_MAX)
        throw platformError("TOKEN_INVALID", { why: "it lasts up to one year" });
      const nowMs = context.now();
      const own = await view.list(TOKENS, { under: [userId], limit: USER_TOKENS_MAX });
      const over = own.filter(({ value }) => value.expiresAtMs <= nowMs);
      if (own.length - over.length >= USER_TOKENS_MAX)
        throw platformError("PEOPLE_FULL", { why: `${USER_TOKENS_MAX} tokens` });
      const id = newId(context.rng, "t");
      const { text, hash } = mintToken(context.rng, { tenant: view.tenant, userId, id });
      const row: TokenRow = { id, userId, name, role, network, hash, createdAtMs: nowMs, expiresAtMs: nowMs + lifeMs };
      const deletes = over.map(({ key }) => removeRow(TOKENS as Table<never>, key));
      const events = [{ topic: "token", subject: id, data: { what: "made", userId } }];
      return [
        { puts: [put(TOKENS, [userId, id], row)], deletes, events, target: id },
        { text, token: shown(row) },
      ];
    });
  }

  /** Of whoever a token is made for. */
  async #rolesOf(view: TenantView, userId: string): Promise<Roles> {
    const user = /^u[0-9a-f]{16}$/.test(userId) ? await view.get(USERS, [userId]) : undefined;
    if (user === undefined) throw platformError("USER_NOT_FOUND", { why: userId });
    return user.roles;
  }

  async list(tenant: string, userId: string): Promise<Token[]> {
    if (!/^u[0-9a-f]{16}$/.test(userId)) throw platformError("USER_NOT_FOUND");
    const rows = await this.#context.store.tenant(tenant).list(TOKENS, { under: [userId], limit: USER_TOKENS_MAX });
    return rows.map(({ value }) => shown(value));
  }

  /** One's own, or as an owner anybody's; a token may remove itself. @throws BystackError TOKEN_NOT_FOUND */
  async remove(call: Call, userId: string, id: string): Promise<void> {
    await change(this.#context, call, { route: "tokenRemove", target: id }, async (view, roles) => {
      const isKey = /^u[0-9a-f]{16}$/.test(userId) && /^t[0-9a-f]{16}$/.test(id);
      const token = isKey ? await view.get(TOKENS, [userId, id]) : undefined;
      // To anybody else it is not there.
      if (token === undefined || (userId !== call.actor.userId && !isOwner(roles)))
        throw platformError("TOKEN_NOT_FOUND");
      const events = [{ topic: "token", subject: id, data: { what: "removed", userId } }];
      return [{ deletes: [removeRow(TOKENS as Table<never>, [userId, id])], events }, undefined];
    });
  }

  /** Whose token this is; one look-up whatever the text is. @throws BystackError SIGN_IN_NEEDED */
  async authenticate(call: Call, text: string): Promise<Actor> {
    const context = this.#context;
    const ticket = parseToken(text);
    const view =
      ticket !== undefined && context.isTenant(ticket.tenant) ? context.store.tenant(ticket.tenant) : undefined;
    const row = ticket === undefined ? undefined : await view?.get(TOKENS, [ticket.userId, ticket.id]);
    const isRight = ticket !== undefined && row !== undefined && isSameHash(row.hash, ticket.hash);
    const user = isRight ? await view?.get(USERS, [row.userId]) : undefined;
    if (view === undefined || !isRight || user === undefined) return this.#refuse(call, "there is no such token");
    const actor = { tenant: view.tenant, userId: user.id, via: "token", credentialId: row.id } as const;
    const whole = {
      ...actor,
      roles: limitRoles(user.roles, row.role, row.network),
      provenAtMs: undefined,
      isUnfinished: false,
    };
    if (!isLive(row.createdAtMs, row.expiresAtMs - row.createdAtMs, context.now()))
      return this.#refuse({ ...call, actor: whole }, "the token is over");
    return whole;
  }

  #refuse(call: Call, why: string): Promise<never> {
    const error = platformError("SIGN_IN_NEEDED", { why });
    return deny(this.#context, call, { route: "token", target: call.actor.credentialId, error });
  }
}
