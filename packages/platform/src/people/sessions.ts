// Sessions in two halves (platform.md section 5): one in a cookie that no script can read, one in a header that no other site can
// send; both are needed, both are kept as hashes. They end after 30 minutes without use and after 12 hours in any case, and are
// replaced on the way. A half that was replaced is refused; one that comes back later was stolen, and ends the session.

import { platformError } from "../errors.ts";
import { type Change, type Put, put, type TenantView } from "../store/store.ts";
import type { Table } from "../store/table.ts";
import { type Actor, type Call, change, deny, isFinished, type PeopleContext } from "./context.ts";
import { isOwner } from "./roles.ts";
import {
  isSameHash,
  mintCookieHalf,
  mintHeaderHalf,
  newId,
  parseCookieHalf,
  parseHeaderHalf,
  type Ticket,
} from "./secrets.ts";
import { SESSION_OLD_HALVES_MAX, SESSIONS, type SessionRow, USER_SESSIONS_MAX, USERS, type UserRow } from "./tables.ts";
import { isLive } from "./time.ts";

export const SESSION_IDLE_MS = 30 * 60_000;
export const SESSION_LIFE_MS = 12 * 3_600_000;
/** From then on a client shall ask for new halves. */
export const SESSION_ROTATE_MS = 15 * 60_000;
/** From then on old halves are good for nothing but new ones: whoever copied them has as long. */
export const SESSION_HALVES_MS = 60 * 60_000;
/** Requests that were under way during a rotation are refused without ending the session. */
export const SESSION_UNDER_WAY_MS = 10_000;
/** A use is written down when the last one that was lies so far back: not each request writes. */
const TOUCH_MS = 60_000;

/** What the browser gets, once. */
export type Halves = { readonly cookieHalf: string; readonly headerHalf: string };
export type SignedIn = Halves & { readonly userId: string; readonly sessionId: string; readonly isUnfinished: boolean };
export type SessionActor = Actor & { readonly via: "session"; readonly isRotationDue: boolean };
export type PresentedHalves = { readonly cookieHalf: string; readonly headerHalf: string | undefined };

function mintHalves(context: PeopleContext, place: { tenant: string; userId: string; id: string }) {
  const cookie = mintCookieHalf(context.rng, place);
  const header = mintHeaderHalf(context.rng);
  const halves: Halves = { cookieHalf: cookie.text, headerHalf: header.text };
  return { halves, hashes: { cookieHash: cookie.hash, headerHash: header.hash } };
}

export function removeRow(table: Table<never>, key: readonly string[]): Omit<Put, "value"> {
  return { table, key };
}

const SESSION_ROWS = SESSIONS as Table<never>;

/** A new session for somebody who has just proven who they are; in the same change as what proved it. */
export async function beginSession(
  context: PeopleContext,
  view: TenantView,
  user: UserRow,
): Promise<readonly [Change, SignedIn]> {
  const nowMs = context.now();
  const id = newId(context.rng, "s");
  const { halves, hashes } = mintHalves(context, { tenant: view.tenant, userId: user.id, id });
  const times = { createdAtMs: nowMs, seenAtMs: nowMs, rotatedAtMs: nowMs, provenAtMs: nowMs };
  const row: SessionRow = { id, userId: user.id, ...hashes, oldHashes: [], ...times };
  const others = (await view.list(SESSIONS, { under: [user.id] })).map(({ value }) => value);
  const over = others
    .sort((a, b) => a.seenAtMs - b.seenAtMs)
    .filter((other, i) => i <= others.length - USER_SESSIONS_MAX || !isAlive(other, nowMs));
  const deletes = over.map((other) => removeRow(SESSION_ROWS, [user.id, other.id]));
  const signedIn = { ...halves, userId: user.id, sessionId: id, isUnfinished: !isFinished(user) };
  return [{ puts: [put(SESSIONS, [user.id, id], row)], deletes }, signedIn];
}

function isAlive({ createdAtMs, seenAtMs }: SessionRow, nowMs: number): boolean {
  return isLive(createdAtMs, SESSION_LIFE_MS, nowMs) && isLive(seenAtMs, SESSION_IDLE_MS, nowMs);
}

/** Ends all sessions of somebody but, if one is named, that one. */
export async function endSessions(view: TenantView, userId: string, exceptId?: string): Promise<Omit<Put, "value">[]> {
  const rows = await view.list(SESSIONS, { under: [userId] });
  return rows.filter(({ value }) => value.id !== exceptId).map(({ key }) => removeRow(SESSION_ROWS, key));
}

export class Sessions {
  readonly #context: PeopleContext;

  constructor(context: PeopleContext) {
    this.#context = context;
  }

  /**
   * Whose halves these are; the actor of `call` is nobody yet.
   * @throws BystackError SIGN_IN_NEEDED, SESSION_ENDED
   */
  async authenticate(call: Call, presented: PresentedHalves): Promise<SessionActor> {
    const { row, user, tenant, actor } = await this.#check(call, presented);
    const nowMs = this.#context.now();
    if (!isLive(row.rotatedAtMs, SESSION_HALVES_MS, nowMs))
      return this.#refuse({ ...call, actor }, "its halves were not replaced in time");
    if (nowMs - row.seenAtMs >= TOUCH_MS) await this.#touch(tenant, row, nowMs);
    const isRotationDue = !isLive(row.rotatedAtMs, SESSION_ROTATE_MS, nowMs);
    return { ...actor, roles: user.roles, provenAtMs: row.provenAtMs, isUnfinished: !isFinished(user), isRotationDue };
  }

  /** New halves for old ones. @throws BystackError SESSION_ENDED */
  async rotate(call: Call, presented: PresentedHalves): Promise<Halves> {
    const { actor } = await this.#check(call, presented);
    return this.renew({ ...call, actor }, presented, "sessionRotate");
  }

  /** {@link rotate} of a session that was authenticated; with `isProven`, what they do next counts as proven. */
  async renew(call: Call, presented: PresentedHalves, route: string, isProven = false): Promise<Halves> {
    const context = this.#context;
    const { userId, credentialId: id, tenant } = call.actor;
    return change(context, call, { route, target: id, isForUnfinished: true }, async (view) => {
      const row = await view.get(SESSIONS, [userId, id]);
      const cookieHash = parseCookieHalf(presented.cookieHalf)?.hash ?? "";
      // Two pages that ask at once: the second one's halves are old by now.
      if (row === undefined || !isSameHash(row.cookieHash, cookieHash)) throw platformError("SESSION_ENDED");
      const nowMs = context.now();
      const oldHashes = [...row.oldHashes, row.cookieHash, row.headerHash];
      if (oldHashes.length > SESSION_OLD_HALVES_MAX)
        throw platformError("SESSION_ENDED", { why: "its halves were replaced too often" });
      const { halves, hashes } = mintHalves(context, { tenant, userId, id });
      const renewed = { ...row, ...hashes, oldHashes, rotatedAtMs: nowMs, seenAtMs: nowMs };
      const proven = isProven ? { provenAtMs: nowMs } : {};
      return [{ puts: [put(SESSIONS, [userId, id], { ...renewed, ...proven })] }, halves];
    });
  }

  /** Signs out here. */
  async end(call: Call): Promise<void> {
    const { userId, credentialId } = call.actor;
    await change(
      this.#context,
      call,
      { route: "sessionEnd", target: credentialId, isForUnfinished: true },
      async () => {
        return [{ deletes: [removeRow(SESSION_ROWS, [userId, credentialId])] }, undefined];
      },
    );
  }

  /** Signs somebody out everywhere: oneself, or as an owner anybody. @returns how many sessions ended */
  async endAll(call: Call, userId: string): Promise<number> {
    return change(
      this.#context,
      call,
      { route: "sessionEndAll", target: userId, isForUnfinished: true },
      async (view, roles) => {
        if (userId !== call.actor.userId && !isOwner(roles))
          throw platformError("ROLE_TOO_LOW", { why: "it needs an owner" });
        const deletes = await endSessions(view, userId);
        return [{ deletes }, deletes.length];
      },
    );
  }

  async #check(call: Call, presented: PresentedHalves) {
    const context = this.#context;
    const ticket = parseCookieHalf(presented.cookieHalf);
    const headerHash = presented.headerHalf === undefined ? undefined : parseHeaderHalf(presented.headerHalf);
    if (ticket === undefined || !context.isTenant(ticket.tenant)) return this.#refuse(call, "there is no such session");
    const { tenant, userId, id } = ticket;
    const view = context.store.tenant(tenant);
    const row = await view.get(SESSIONS, [userId, id]);
    const user = row === undefined ? undefined : await view.get(USERS, [userId]);
    if (row === undefined || user === undefined) return this.#refuse(call, "there is no such session");
    const actor = { tenant, userId, via: "session", credentialId: id, roles: user.roles } as const;
    const known = { ...actor, provenAtMs: undefined, isUnfinished: !isFinished(user) };
    await this.#refuseReplayed({ ...call, actor: known }, row, ticket, headerHash);
    // Without the right cookie half nobody is told anything of the session, and nothing is written in its name.
    if (!isSameHash(row.cookieHash, ticket.hash)) return this.#refuse(call, "there is no such session");
    if (headerHash === undefined || !isSameHash(row.headerHash, headerHash))
      return deny(
        context,
        { ...call, actor: known },
        {
          route: "session",
          target: id,
          error: platformError("SIGN_IN_NEEDED", { why: "the header half of the session is missing or wrong" }),
        },
      );
    if (!isAlive(row, context.now())) {
      await context.store.write(tenant, { deletes: [removeRow(SESSION_ROWS, [userId, id])] });
      return this.#refuse({ ...call, actor: known }, "it was not used for 30 minutes, or is 12 hours old");
    }
    return { row, user, tenant, actor: known };
  }

  async #refuseReplayed(call: Call, row: SessionRow, ticket: Ticket, headerHash: string | undefined): Promise<void> {
    const isOld = (hash: string | undefined, hashes: readonly string[]): boolean =>
      hash !== undefined && hashes.some((old) => isSameHash(old, hash));
    const replayed = [ticket.hash, headerHash].filter((hash) => isOld(hash, row.oldHashes));
    if (replayed.length === 0) return;
    const underWay = row.oldHashes.slice(-2);
    const isUnderWay =
      isLive(row.rotatedAtMs, SESSION_UNDER_WAY_MS, this.#context.now()) &&
      replayed.every((hash) => isOld(hash, underWay));
    if (isUnderWay) await this.#refuse(call, "its halves were replaced a moment ago");
    const { userId, credentialId: id, tenant } = call.actor;
    // Not through the counted refusals: this line is always written, and there is one for each session at most.
    await this.#context.store.update(tenant, async (view) => {
      if ((await view.get(SESSIONS, [userId, id])) === undefined) return [{}, undefined];
      const audit = { actorId: userId, via: "session", route: "session", target: id, outcome: "REPLAYED" } as const;
      const events = [{ topic: "session", subject: userId, data: { ended: "replayed" } }];
      return [
        {
          deletes: [removeRow(SESSION_ROWS, [userId, id])],
          events,
          audit: { ...audit, requestHash: call.requestHash },
        },
        undefined,
      ];
    });
    throw platformError("SESSION_ENDED", { why: "a half that was replaced came back: somebody else may have a copy" });
  }

  #refuse(call: Call, why: string): Promise<never> {
    const error = platformError("SESSION_ENDED", { why });
    return deny(this.#context, call, { route: "session", target: call.actor.credentialId, error });
  }

  /** The row may have been renewed or ended meanwhile; only its time is set. */
  async #touch(tenant: string, { userId, id }: SessionRow, nowMs: number): Promise<void> {
    await this.#context.store.update(tenant, async (view) => {
      const row = await view.get(SESSIONS, [userId, id]);
      if (row === undefined) return [{}, undefined];
      return [{ puts: [put(SESSIONS, [userId, id], { ...row, seenAtMs: Math.max(row.seenAtMs, nowMs) })] }, undefined];
    });
  }
}
