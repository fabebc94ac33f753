// What the parts of this folder share: who acts, how a call is described, and how each decision gets its line in the audit log.

import { BystackError } from "@bystack/utils/errors";
import type { Logger, Rng } from "@bystack/utils/ports";
import { platformError } from "../errors.ts";
import type { AuditEntry } from "../store/audit.ts";
import type { Change, PlatformStore, TenantView } from "../store/store.ts";
import type { Denials } from "./denials.ts";
import type { Limits } from "./limits.ts";
import { sourceKey } from "./limits.ts";
import { isAllowed, limitRoles, ROLE_NAMES, type Role, type Roles, roleIn } from "./roles.ts";
import { TOKENS, USERS, type UserRow } from "./tables.ts";
import { isLive } from "./time.ts";

/** For how long a proof counts as fresh. */
export const PROOF_FRESH_MS = 5 * 60_000;

export type PeopleContext = {
  readonly store: PlatformStore;
  readonly rng: Rng;
  readonly logger: Logger;
  /** Milliseconds since 1970 that never go back (`time.ts`). */
  readonly now: () => number;
  readonly limits: Limits;
  readonly denials: Denials;
  /** Is there such a tenant? Nothing is written for one that is not. */
  readonly isTenant: (tenant: string) => boolean;
  /** Whose audit log takes refusals of callers that belong to no tenant. */
  readonly tenant: string;
  /** Somebody may go without a password or passkey. */
  readonly isDev: boolean;
};

/** Who acts, as it was proven by a session, a token or by being on the same machine. */
export type Actor = {
  readonly tenant: string;
  /** `local` for the command line on the platform's machine, `public` for nobody in particular. */
  readonly userId: string;
  readonly via: "session" | "token" | "local" | "none";
  /** Of the session or token. */
  readonly credentialId: string;
  /** Already limited to what the token may. */
  readonly roles: Roles;
  /** Undefined: never proven in a way that counts for a step-up. */
  readonly provenAtMs: number | undefined;
  /** Signed in by a link, with neither password nor passkey yet. */
  readonly isUnfinished: boolean;
};

/** One request, in what is written down about it: no secret is in here. */
export type Call = {
  readonly actor: Actor;
  readonly source: string;
  /** SHA3-256 of the request's body. */
  readonly requestHash: string;
};

export function localActor(tenant: string, nowMs: number): Actor {
  const actor = { tenant, userId: "local", via: "local", credentialId: "local" } as const;
  return { ...actor, roles: { "*": "w" }, provenAtMs: nowMs, isUnfinished: false };
}

export function isFinished(user: UserRow): boolean {
  return user.password !== null || user.passkeys.length > 0 || user.postponed;
}

export function isFresh(actor: Actor, nowMs: number): boolean {
  return actor.provenAtMs !== undefined && isLive(actor.provenAtMs, PROOF_FRESH_MS, nowMs);
}

/** A token, cookie or link that was typed where a name belongs: its place stays readable, its secret does not. */
function maskSecrets(text: string): string {
  return text.replace(/([._])[0-9a-f]{32,}/gi, "$1…");
}

function clip(text: string, chars: number): string {
  return text.length <= chars ? text : text.slice(0, chars).toWellFormed();
}

export function auditOf(call: Call, line: Pick<AuditEntry, "route" | "target" | "outcome">): Omit<AuditEntry, "atMs"> {
  const { actor, requestHash } = call;
  return {
    actorId: actor.via === "none" ? `address ${sourceKey(call.source)}` : actor.userId,
    via: actor.via,
    route: clip(line.route, 100),
    target: clip(maskSecrets(line.target), 200),
    outcome: clip(line.outcome, 100),
    requestHash,
  };
}

/** A refusal: written or counted, then thrown. */
export async function deny(
  context: PeopleContext,
  call: Call,
  line: { readonly route: string; readonly target: string; readonly error: BystackError },
): Promise<never> {
  const { actor, source } = call;
  const who = actor.via === "none" ? `address ${sourceKey(source)}` : actor.userId;
  const tenant = context.isTenant(actor.tenant) ? actor.tenant : context.tenant;
  await context.denials.note({ ...auditOf(call, { ...line, outcome: line.error.code }), tenant, source: who });
  throw line.error;
}

/** The roles that somebody has now: they may have changed since the request was let in. */
export async function currentRoles(view: TenantView, actor: Actor): Promise<Roles> {
  if (actor.via === "local") return actor.roles;
  const user = await view.get(USERS, [actor.userId]);
  if (user === undefined) return {};
  if (actor.via !== "token") return user.roles;
  const token = await view.get(TOKENS, [actor.userId, actor.credentialId]);
  return token === undefined ? {} : limitRoles(user.roles, token.role, token.network);
}

export type ChangeNeeds = {
  readonly route: string;
  readonly target: string;
  /** On everything; undefined where the work itself judges. */
  readonly role?: Role;
  readonly isStepUp?: boolean;
  /** Also for somebody who has neither password nor passkey yet. */
  readonly isForUnfinished?: boolean;
};

/**
 * A change that somebody makes: judged again by the roles of this moment, then rows, events and the line in one batch. A
 * refusal, also one of the work itself, gets its own line.
 */
export async function change<R>(
  context: PeopleContext,
  call: Call,
  needs: ChangeNeeds,
  work: (view: TenantView, roles: Roles) => Promise<readonly [Omit<Change, "audit"> & { readonly target?: string }, R]>,
): Promise<R> {
  const { route, role, isStepUp = false, isForUnfinished = false } = needs;
  try {
    return await context.store.update(call.actor.tenant, async (view) => {
      const roles = await currentRoles(view, call.actor);
      if (role !== undefined && !isAllowed(roleIn(roles, undefined), role))
        throw platformError("ROLE_TOO_LOW", { why: `it needs the role ${ROLE_NAMES[role]}` });
      if (call.actor.isUnfinished && !isForUnfinished) throw platformError("CREDENTIAL_NEEDED");
      if (isStepUp && !isFresh(call.actor, context.now())) throw platformError("STEP_UP_NEEDED");
      const [{ target = needs.target, ...rest }, result] = await work(view, roles);
      return [{ ...rest, audit: auditOf(call, { route, target, outcome: "ok" }) }, result];
    });
  } catch (error) {
    if (!(error instanceof BystackError) || error.kind === "internal" || error.kind === "unavailable") throw error;
    return deny(context, call, { route, target: needs.target, error });
  }
}
