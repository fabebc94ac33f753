// How somebody proves who they are: a password or a passkey, at a sign-in or again for a step-up. Unknown logins get the same
// answer for the same work as wrong passwords, and nothing that was typed is written anywhere: people type passwords into the
// field of the login.

import type { BystackError } from "@bystack/utils/errors";
import { platformError } from "../errors.ts";
import { sha3Hex } from "../store/audit.ts";
import { type Change, put, type TenantView } from "../store/store.ts";
import type { Table } from "../store/table.ts";
import { type Call, change, deny, isFresh, type PeopleContext } from "./context.ts";
import { limited, sourceKey } from "./limits.ts";
import { assertPassword, parseName, tryParseLogin } from "./names.ts";
import {
  ASSERTION,
  type Assertion,
  type Challenges,
  type PasskeyChallenge,
  type PasskeyVerifier,
  REGISTRATION,
} from "./passkeys.ts";
import type { Passwords } from "./passwords.ts";
import {
  beginSession,
  endSessions,
  type Halves,
  type PresentedHalves,
  removeRow,
  type Sessions,
  type SignedIn,
} from "./sessions.ts";
import { LOGINS, PASSKEYS, type PasskeyRow, USER_PASSKEYS_MAX, USERS, type UserRow } from "./tables.ts";

export type PasswordSignIn = { readonly login: string; readonly password: string };
export type Passkey = { readonly key: string; readonly name: string; readonly createdAtMs: number };
/** For `navigator.credentials.create`, with who it will be of. */
export type PasskeyCreation = PasskeyChallenge & {
  readonly user: { readonly id: string; readonly name: string };
  readonly exclude: readonly string[];
};

export type SignInParts = {
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly challenges: Challenges;
  /** Undefined: this platform has no origin for which passkeys could be made. */
  readonly passkeys: PasskeyVerifier | undefined;
};

export class SignIn {
  readonly #context: PeopleContext;
  readonly #parts: SignInParts;

  constructor(context: PeopleContext, parts: SignInParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** @throws BystackError SIGN_IN_FAILED, RATE_LIMITED, LOGIN_BUSY */
  async byPassword(call: Call, { login, password }: PasswordSignIn): Promise<SignedIn> {
    const { tenant } = call.actor;
    const view = this.#context.store.tenant(tenant);
    const own = tryParseLogin(login);
    await this.#limit(call, "signInPassword", own ?? "-");
    const isKnown = own !== undefined && this.#context.isTenant(tenant);
    const found = isKnown ? await view.get(LOGINS, [own]) : undefined;
    const user = found === undefined ? undefined : await view.get(USERS, [found.userId]);
    const isRight = await this.#parts.passwords.verify(password, user?.password ?? null);
    if (!isRight || user === undefined) return this.#fail(call, "signInPassword", user);
    const checked = user.password;
    return this.#begin(call, "signInPassword", async (view) => {
      const now = await view.get(USERS, [user.id]);
      // Removed, or given another password while this one was checked.
      return now?.password?.key === checked?.key ? now : undefined;
    });
  }

  /** A challenge for a sign-in by whatever passkey somebody has. */
  async beginPasskey(call: Call): Promise<PasskeyChallenge> {
    const waitMs = this.#context.limits.take("public", sourceKey(call.source));
    if (waitMs > 0) return this.#deny(call, "signInPasskey", limited(waitMs));
    return this.#parts.challenges.make("sign-in", this.#verifier().rpId);
  }

  /** @throws BystackError PASSKEY_INVALID, RATE_LIMITED */
  async byPasskey(call: Call, answer: unknown): Promise<SignedIn> {
    await this.#limit(call, "signInPasskey", undefined);
    const proven = await this.#verifyAssertion(call, "signInPasskey", answer, "sign-in");
    return this.#begin(call, "signInPasskey", (view) => view.get(USERS, [proven.userId]));
  }

  /** A fresh proof by password within a session: new halves, and five minutes in which it counts. */
  async stepUpByPassword(call: Call, presented: PresentedHalves, password: string): Promise<Halves> {
    const user = await this.#own(call);
    await this.#limit(call, "stepUp", user.login);
    if (!(await this.#parts.passwords.verify(password, user.password))) return this.#fail(call, "stepUp", user);
    return this.#parts.sessions.renew(call, presented, "stepUp", true);
  }

  beginStepUp(call: Call): PasskeyChallenge {
    return this.#parts.challenges.make(`step-up ${call.actor.credentialId}`, this.#verifier().rpId);
  }

  async stepUpByPasskey(call: Call, presented: PresentedHalves, answer: unknown): Promise<Halves> {
    await this.#limit(call, "stepUp", undefined);
    const purpose = `step-up ${call.actor.credentialId}`;
    const proven = await this.#verifyAssertion(call, "stepUp", answer, purpose);
    if (proven.userId !== call.actor.userId) return this.#deny(call, "stepUp", platformError("PASSKEY_INVALID"));
    return this.#parts.sessions.renew(call, presented, "stepUp", true);
  }

  /** Sets or replaces the password, and ends all other sessions. @throws BystackError PASSWORD_WEAK, STEP_UP_NEEDED */
  async setPassword(call: Call, password: string): Promise<void> {
    const route = "passwordSet";
    const user = await this.#own(call);
    try {
      assertPassword(password, user.login);
      if (!isFresh(call.actor, this.#context.now())) throw platformError("STEP_UP_NEEDED");
    } catch (error) {
      return this.#deny(call, route, error as BystackError);
    }
    const row = await this.#parts.passwords.hash(password);
    await change(this.#context, call, this.#ownNeeds(call, route), async (view) => {
      const now = await this.#own(call, view);
      const deletes = await endSessions(view, now.id, call.actor.credentialId);
      return [{ puts: [put(USERS, [now.id], { ...now, password: row, postponed: false })], deletes }, undefined];
    });
  }

  /** Goes without, on a dev platform. @throws BystackError CREDENTIAL_NEEDED */
  async postpone(call: Call): Promise<void> {
    await change(this.#context, call, this.#ownNeeds(call, "credentialPostpone"), async (view) => {
      if (!this.#context.isDev) throw platformError("CREDENTIAL_NEEDED", { why: "only a dev platform goes without" });
      const user = await this.#own(call, view);
      return [{ puts: [put(USERS, [user.id], { ...user, postponed: true })] }, undefined];
    });
  }

  async beginPasskeyCreation(call: Call): Promise<PasskeyCreation> {
    const user = await this.#own(call);
    const view = this.#context.store.tenant(call.actor.tenant);
    const rows = await Promise.all(user.passkeys.map((key) => view.get(PASSKEYS, [key])));
    const made = this.#parts.challenges.make(`create ${call.actor.credentialId}`, this.#verifier().rpId);
    const exclude = rows.flatMap((row) => (row === undefined ? [] : [row.credentialId]));
    return { ...made, user: { id: Buffer.from(user.id).toString("base64url"), name: user.login }, exclude };
  }

  /** @throws BystackError PASSKEY_INVALID, PEOPLE_FULL, STEP_UP_NEEDED */
  async addPasskey(call: Call, draft: { readonly name: string; readonly answer: unknown }): Promise<Passkey> {
    const route = "passkeyAdd";
    const parsed = REGISTRATION.safeParse(draft.answer);
    const purpose = `create ${call.actor.credentialId}`;
    const isExpected = (challenge: string): boolean => this.#parts.challenges.take(purpose, challenge);
    const stored = parsed.success ? await this.#verifier().verifyRegistration(parsed.data, isExpected) : undefined;
    if (stored === undefined) return this.#deny(call, route, platformError("PASSKEY_INVALID"));
    return change(this.#context, call, this.#ownNeeds(call, route), async (view) => {
      const user = await this.#own(call, view);
      const key = sha3Hex(stored.credentialId);
      if (user.passkeys.length >= USER_PASSKEYS_MAX)
        throw platformError("PEOPLE_FULL", { why: `${USER_PASSKEYS_MAX} passkeys` });
      if ((await view.get(PASSKEYS, [key])) !== undefined)
        throw platformError("PASSKEY_INVALID", { why: "it is in use already" });
      const row: PasskeyRow = {
        ...stored,
        userId: user.id,
        name: parseName(draft.name),
        createdAtMs: this.#context.now(),
      };
      const puts = [put(PASSKEYS, [key], row), put(USERS, [user.id], { ...user, passkeys: [...user.passkeys, key] })];
      return [
        { puts, target: key },
        { key, name: row.name, createdAtMs: row.createdAtMs },
      ];
    });
  }

  async passkeysOf(call: Call): Promise<Passkey[]> {
    const view = this.#context.store.tenant(call.actor.tenant);
    const user = await this.#own(call);
    const rows = await Promise.all(user.passkeys.map(async (key) => ({ key, row: await view.get(PASSKEYS, [key]) })));
    return rows.flatMap(({ key, row }) =>
      row === undefined ? [] : [{ key, name: row.name, createdAtMs: row.createdAtMs }],
    );
  }

  /** The last way to sign in stays. @throws BystackError PASSKEY_NOT_FOUND, CREDENTIAL_NEEDED */
  async removePasskey(call: Call, key: string): Promise<void> {
    const needs = { ...this.#ownNeeds(call, "passkeyRemove"), isForUnfinished: false };
    await change(this.#context, call, needs, async (view) => {
      const user = await this.#own(call, view);
      if (!user.passkeys.includes(key)) throw platformError("PASSKEY_NOT_FOUND");
      const passkeys = user.passkeys.filter((other) => other !== key);
      if (passkeys.length === 0 && user.password === null)
        throw platformError("CREDENTIAL_NEEDED", { why: "it is the only way to sign in" });
      const deletes = [removeRow(PASSKEYS as Table<never>, [key])];
      return [
        { puts: [put(USERS, [user.id], { ...user, passkeys })], deletes, target: `${user.id} ${key.slice(0, 16)}` },
        undefined,
      ];
    });
  }

  #verifier(): PasskeyVerifier {
    const { passkeys } = this.#parts;
    if (passkeys === undefined)
      throw platformError("PASSKEY_INVALID", { why: "this platform has no address for passkeys" });
    return passkeys;
  }

  #ownNeeds(call: Call, route: string) {
    return { route, target: call.actor.userId, isStepUp: true, isForUnfinished: true } as const;
  }

  /** Whoever is signed in: a token has no password. */
  async #own(call: Call, view: TenantView = this.#context.store.tenant(call.actor.tenant)): Promise<UserRow> {
    if (call.actor.via !== "session")
      throw platformError("SIGN_IN_NEEDED", { why: "only somebody signed in by a session can" });
    const user = await view.get(USERS, [call.actor.userId]);
    if (user === undefined) throw platformError("SESSION_ENDED");
    return user;
  }

  /** By address first: who is over it takes nothing from the login. */
  async #limit(call: Call, route: string, login: string | undefined): Promise<void> {
    const { limits } = this.#context;
    const waitMs =
      limits.take("source", sourceKey(call.source)) ||
      (login === undefined ? 0 : limits.take("login", `${call.actor.tenant} ${login}`));
    if (waitMs > 0) await this.#deny(call, route, limited(waitMs));
  }

  async #verifyAssertion(call: Call, route: string, answer: unknown, purpose: string): Promise<PasskeyRow> {
    const parsed = ASSERTION.safeParse(answer);
    if (!parsed.success) return this.#deny(call, route, platformError("PASSKEY_INVALID"));
    const { tenant } = call.actor;
    const key = sha3Hex(parsed.data.id);
    const stored = await this.#context.store.tenant(tenant).get(PASSKEYS, [key]);
    const counter = stored && (await this.#checkAssertion(parsed.data, purpose, stored));
    if (stored === undefined || counter === undefined) return this.#deny(call, route, platformError("PASSKEY_INVALID"));
    const isNewer = await this.#context.store.update(tenant, async (view): Promise<readonly [Change, boolean]> => {
      const row = await view.get(PASSKEYS, [key]);
      // Counted here again: two answers of one counter may have been verified side by side.
      if (row === undefined || (row.counter > 0 && counter <= row.counter)) return [{}, false];
      return [row.counter === counter ? {} : { puts: [put(PASSKEYS, [key], { ...row, counter })] }, true];
    });
    if (!isNewer) return this.#deny(call, route, platformError("PASSKEY_INVALID"));
    return stored;
  }

  #checkAssertion(answer: Assertion, purpose: string, stored: PasskeyRow): Promise<number | undefined> {
    return this.#verifier().verifyAssertion(
      answer,
      (challenge) => this.#parts.challenges.take(purpose, challenge),
      stored,
    );
  }

  #begin(call: Call, route: string, userOf: (view: TenantView) => Promise<UserRow | undefined>): Promise<SignedIn> {
    return change(this.#context, call, { route, target: "", isForUnfinished: true }, async (view) => {
      const user = await userOf(view);
      if (user === undefined) throw platformError("SIGN_IN_FAILED");
      const [begun, signedIn] = await beginSession(this.#context, view, user);
      return [{ ...begun, target: user.id }, signedIn];
    });
  }

  /** The line names somebody who is known by id; the answer is the same for all. */
  async #fail(call: Call, route: string, user: UserRow | undefined): Promise<never> {
    return deny(this.#context, call, {
      route,
      target: user?.id ?? "unknown login",
      error: platformError("SIGN_IN_FAILED"),
    });
  }

  #deny(call: Call, route: string, error: BystackError): Promise<never> {
    return deny(this.#context, call, { route, target: "", error });
  }
}
