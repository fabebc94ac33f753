// People and access: who becomes somebody, what lets them in, what ends it, and what is written down about it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatSessionCookie, SESSION_COOKIE, SESSION_HEADER, sessionCookieOf } from "@bystack/platform/people/access";
import { localActor, PROOF_FRESH_MS } from "@bystack/platform/people/context";
import { deriveByScrypt, PASSWORDS_WAITING_MAX, Passwords, SCRYPT_COST } from "@bystack/platform/people/passwords";
import { verifyAudit } from "@bystack/platform/store/audit";
import { createSeededRng } from "@bystack/testing/rng";
import {
  DENIAL_SOURCES_MAX,
  DENIAL_SUMMARIES_MAX,
  DENIALS_MAX,
  Denials,
  SOURCE_DENIALS_MAX,
} from "../src/people/denials.ts";
import {
  SESSION_HALVES_MS,
  SESSION_IDLE_MS,
  SESSION_LIFE_MS,
  SESSION_ROTATE_MS,
  SESSION_UNDER_WAY_MS,
} from "../src/people/sessions.ts";
import { LINKS_MAX, SESSIONS, USER_SESSIONS_MAX, USER_TOKENS_MAX } from "../src/people/tables.ts";
import { TOKEN_LIFE_MS_MAX } from "../src/people/tokens.ts";
import { INVITE_MS, LINK_MS } from "../src/people/users.ts";
import {
  auditRows,
  callOf,
  type Kit,
  local,
  needs,
  openPeople,
  outcomes,
  PASSWORD,
  requestOf,
  signIn,
  withSession,
  withToken,
} from "./people-kit.ts";

const YEAR_MS = TOKEN_LIFE_MS_MAX;
/** More than each table holds; the tables themselves are filled with 100,000 keys in `people-base.test.ts`. */
const FLOOD = 15_000;
const draft = { name: "ci", role: "d", network: "dev", lifeMs: YEAR_MS } as const;
const nobody = (kit: Kit, source = "198.51.100.1") => ({ ...kit.people.access.publicCall(requestOf()), source });

describe("people", () => {
  test("the machine's own link makes the first owner, once, within ten minutes", async () => {
    const kit = await openPeople();
    const { users } = kit.people;
    const { link, expiresAtMs } = await users.openAsOwner(local(kit), "Ann");
    assert.equal(expiresAtMs, kit.clock.nowMs() + LINK_MS);
    const first = await users.redeem(nobody(kit), link);
    assert.equal(first.isUnfinished, true);
    await assert.rejects(users.redeem(nobody(kit), link), { code: "LINK_INVALID" });
    assert.deepEqual(
      (await users.list("home")).map(({ login, roles }) => [login, roles]),
      [["ann", { "*": "w" }]],
    );
    // A second link is for the same person, and replaces one that was not used.
    const old = await users.openAsOwner(local(kit), "ann");
    const late = await users.openAsOwner(local(kit), "ann");
    await assert.rejects(users.redeem(nobody(kit, "198.51.100.2"), old.link), { code: "LINK_INVALID" });
    kit.clock.advance(LINK_MS);
    await assert.rejects(users.redeem(nobody(kit, "198.51.100.2"), late.link), { code: "LINK_INVALID" });
    assert.equal((await users.list("home")).length, 1);
    const { call } = await signIn(kit, "bob", { "*": "w" });
    await assert.rejects(users.openAsOwner(call, "eve"), { code: "ROLE_TOO_LOW" });
  });

  test("a link that is forged, foreign or guessed opens nothing, and guessing is limited", async () => {
    const kit = await openPeople();
    const { users } = kit.people;
    const { link } = await users.openAsOwner(local(kit), "ann");
    const forged = [
      link.slice(0, -1) + (link.endsWith("0") ? "1" : "0"),
      link.replace("home", "acme"),
      link.replace("home", "nope"),
      "",
      "x".repeat(100_000),
    ];
    for (const text of forged)
      await assert.rejects(users.redeem(nobody(kit), text), { code: "LINK_INVALID" }, text.slice(0, 60));
    await assert.rejects(users.redeem(nobody(kit), link), { code: "RATE_LIMITED" });
    await users.redeem(nobody(kit, "198.51.100.9"), link);
    assert.deepEqual(await outcomes(kit, "acme"), ["linkRedeem LINK_INVALID"]);
    assert.equal((await auditRows(kit, "nope")).length, 0);
  });

  test("an invitation makes somebody with its roles, under a login that is free", async () => {
    const kit = await openPeople();
    const { users } = kit.people;
    const owner = await signIn(kit, "ann", { "*": "w" });
    const { link, id } = await users.invite(owner.call, { name: "Bob B", roles: { dev: "o" } });
    assert.deepEqual(
      (await users.invites("home")).map((invite) => [invite.id, invite.madeBy]),
      [[id, owner.userId]],
    );
    await assert.rejects(users.redeem(nobody(kit), link, "Ann"), { code: "LOGIN_TAKEN" });
    await assert.rejects(users.redeem(nobody(kit), link, "b\u0430b"), { code: "NAME_INVALID" });
    const bob = await users.redeem(nobody(kit), link, "Bob");
    assert.deepEqual(await users.get("home", bob.userId), {
      ...(await users.get("home", bob.userId)),
      login: "bob",
      name: "Bob B",
      roles: { dev: "o" },
    });
    assert.deepEqual(await users.invites("home"), []);
    const late = await users.invite(owner.call, { name: "Carl", roles: {} });
    const gone = await users.invite(owner.call, { name: "Dan", roles: {} });
    await users.removeInvite(owner.call, gone.id);
    await assert.rejects(users.removeInvite(owner.call, gone.id), { code: "INVITE_NOT_FOUND" });
    await assert.rejects(users.redeem(nobody(kit), gone.link, "dan"), { code: "LINK_INVALID" });
    kit.clock.advance(INVITE_MS);
    assert.deepEqual(await users.invites("home"), []);
    await assert.rejects(users.redeem(nobody(kit), late.link, "carl"), { code: "LINK_INVALID" });
    for (const roles of [{ dev: "x" }, { "Dev!": "w" }, { "a.b": "p" }] as never[])
      await assert.rejects(users.invite(local(kit), { name: "x", roles }), { code: "NAME_INVALID" });
  });

  test("unused links are bounded, and those that are over make room", async () => {
    const kit = await openPeople();
    for (let i = 0; i < LINKS_MAX; i += 1) await kit.people.users.invite(local(kit), { name: "x", roles: {} });
    await assert.rejects(kit.people.users.invite(local(kit), { name: "x", roles: {} }), { code: "PEOPLE_FULL" });
    kit.clock.advance(INVITE_MS);
    await kit.people.users.invite(local(kit), { name: "x", roles: {} });
    assert.equal((await kit.people.users.invites("home")).length, 1);
  });

  test("only an owner with a fresh proof changes who may do what, and there is always an owner", async () => {
    const kit = await openPeople();
    const { users } = kit.people;
    const ann = await signIn(kit, "ann", { "*": "w" });
    const bob = await signIn(kit, "bob", { "*": "o", dev: "w" });
    for (const run of [
      () => users.invite(bob.call, { name: "x", roles: {} }),
      () => users.setRoles(bob.call, bob.userId, { "*": "w" }),
      () => users.remove(bob.call, ann.userId),
      () => users.createLink(bob.call, ann.userId),
      () => users.removeInvite(bob.call, "l0"),
    ])
      await assert.rejects(run(), { code: "ROLE_TOO_LOW" });
    await assert.rejects(users.setRoles(ann.call, ann.userId, { "*": "o", dev: "w" }), { code: "LAST_OWNER" });
    await assert.rejects(users.remove(ann.call, ann.userId), { code: "LAST_OWNER" });
    await users.setRoles(ann.call, bob.userId, { "*": "w" });
    await users.setRoles(ann.call, ann.userId, { "*": "a" });
    // Let in as an owner, judged again as what she is now.
    await assert.rejects(users.setRoles(ann.call, ann.userId, { "*": "w" }), { code: "ROLE_TOO_LOW" });
    const fresh = await callOf(kit, bob.halves);
    kit.clock.advance(PROOF_FRESH_MS);
    await assert.rejects(users.remove(fresh, ann.userId), { code: "STEP_UP_NEEDED" });
    assert.ok((await outcomes(kit)).includes("userRemove STEP_UP_NEEDED"));
  });

  test("two owners who remove each other at once leave one", async () => {
    const kit = await openPeople();
    const ann = await signIn(kit, "ann", { "*": "w" });
    const bob = await signIn(kit, "bob", { "*": "w" });
    const ends = await Promise.allSettled([
      kit.people.users.remove(ann.call, bob.userId),
      kit.people.users.remove(bob.call, ann.userId),
    ]);
    assert.deepEqual(
      ends.map(({ status }) => status),
      ["fulfilled", "rejected"],
    );
    assert.deepEqual(
      (await kit.people.users.list("home")).map(({ login }) => login),
      ["ann"],
    );
  });

  test("whoever is removed is gone with sessions, tokens and the links they made", async () => {
    const kit = await openPeople();
    const { users, tokens, access } = kit.people;
    const ann = await signIn(kit, "ann", { "*": "w" });
    const bob = await signIn(kit, "bob", { "*": "w" });
    const { text } = await tokens.create(bob.call, draft);
    const { link } = await users.invite(bob.call, { name: "x", roles: { "*": "w" } });
    await users.remove(ann.call, bob.userId);
    await assert.rejects(access.authorize(withSession(bob.halves), needs()), { code: "SESSION_ENDED" });
    await assert.rejects(access.authorize(withToken(text), needs()), { code: "SIGN_IN_NEEDED" });
    await assert.rejects(users.redeem(nobody(kit), link, "eve"), { code: "LINK_INVALID" });
    await assert.rejects(kit.people.signIn.byPassword(nobody(kit), { login: "bob", password: PASSWORD }), {
      code: "SIGN_IN_FAILED",
    });
    for (const id of [bob.userId, "", "u", "x\u0000y", "u".repeat(10_000)])
      await assert.rejects(users.get("home", id), { code: "USER_NOT_FOUND" });
    assert.equal((await kit.store.tenant("home").list(SESSIONS, { under: [bob.userId] })).length, 0);
  });
});

describe("passwords", () => {
  test("sign somebody in; wrong ones and unknown names get the same answer for the same work", async () => {
    const kit = await openPeople();
    const { signIn: signs, access } = kit.people;
    const ann = await signIn(kit, "ann", { dev: "d" });
    const begun = await signs.byPassword(nobody(kit), { login: "ANN", password: PASSWORD });
    assert.equal((await access.authorize(withSession(begun), needs({ role: "d" }))).actor.userId, ann.userId);
    const failures: unknown[] = [];
    for (const [i, [login, password]] of [
      ["ann", "wrong"],
      ["eve", PASSWORD],
      ["\u0000", PASSWORD],
      ["x".repeat(10_000), "x".repeat(100_000)],
    ].entries()) {
      kit.derived.length = 0;
      await assert.rejects(
        signs.byPassword(nobody(kit, `198.51.100.${10 + i}`), { login: String(login), password: String(password) }),
        (error: Error) => {
          failures.push(JSON.stringify({ ...error, message: error.message }));
          return true;
        },
      );
      assert.deepEqual(
        kit.derived.map(({ cost }) => cost),
        [SCRYPT_COST],
        String(login).slice(0, 10),
      );
    }
    assert.equal(new Set(failures).size, 1);
    assert.match(String(failures[0]), /SIGN_IN_FAILED/);
  });

  test("five tries a minute for a name, and for an address, known or not", async () => {
    const kit = await openPeople();
    const { signIn: signs } = kit.people;
    await signIn(kit, "ann", { dev: "d" });
    const codes = async (login: string, sources: (i: number) => string) => {
      const seen: string[] = [];
      for (let i = 0; i < 6; i += 1)
        await signs
          .byPassword(nobody(kit, sources(i)), { login, password: "wrong" })
          .catch((error) => seen.push(error.code));
      return seen;
    };
    const five = Array.from({ length: 5 }, () => "SIGN_IN_FAILED");
    assert.deepEqual(await codes("ann", (i) => `198.51.100.${i}`), [...five, "RATE_LIMITED"]);
    assert.deepEqual(await codes("eve", (i) => `198.51.101.${i}`), [...five, "RATE_LIMITED"]);
    // Its own address gives nobody else's name away: over it, the name loses nothing.
    assert.deepEqual(await codes("carl", () => "198.51.102.1"), [...five, "RATE_LIMITED"]);
    await assert.rejects(signs.byPassword(nobody(kit, "198.51.103.1"), { login: "ann", password: PASSWORD }), {
      code: "RATE_LIMITED",
    });
    kit.clock.advance(12_000);
    await signs.byPassword(nobody(kit, "198.51.103.2"), { login: "ann", password: PASSWORD });
  });

  test("a new one needs a fresh proof and ends the other sessions", async () => {
    const kit = await openPeople();
    const { signIn: signs, access } = kit.people;
    const ann = await signIn(kit, "ann", { dev: "d" });
    const other = await signs.byPassword(nobody(kit), { login: "ann", password: PASSWORD });
    await assert.rejects(signs.setPassword(ann.call, "short"), { code: "PASSWORD_WEAK" });
    await signs.setPassword(ann.call, "another good password");
    await assert.rejects(access.authorize(withSession(other), needs()), { code: "SESSION_ENDED" });
    await access.authorize(withSession(ann.halves), needs());
    await assert.rejects(signs.byPassword(nobody(kit), { login: "ann", password: PASSWORD }), {
      code: "SIGN_IN_FAILED",
    });
    kit.clock.advance(PROOF_FRESH_MS);
    await assert.rejects(signs.setPassword(await callOf(kit, ann.halves), "yet another password"), {
      code: "STEP_UP_NEEDED",
    });
  });

  test("are derived one at a time, in a queue with an end", async () => {
    let running = 0;
    const gates: (() => void)[] = [];
    const derive = async () => {
      running += 1;
      assert.equal(running, 1);
      await new Promise<void>((resolve) => gates.push(resolve));
      running -= 1;
      return new Uint8Array(32);
    };
    const passwords = new Passwords({ derive, rng: createSeededRng(1) });
    const pending = Array.from({ length: PASSWORDS_WAITING_MAX + 1 }, () => passwords.verify("x", null));
    await assert.rejects(passwords.verify("x", null), { code: "LOGIN_BUSY" });
    for (const _ of pending) {
      while (gates.length === 0) await Promise.resolve();
      gates.shift()?.();
      await new Promise(setImmediate);
    }
    // The key of nobody is all zeros, and so is what was derived: nobody is signed in all the same.
    assert.deepEqual(new Set(await Promise.all(pending)), new Set([false]));
  });

  test("scrypt itself has the parameters of the design", async () => {
    const passwords = new Passwords({ derive: deriveByScrypt, rng: createSeededRng(1) });
    const row = await passwords.hash(PASSWORD);
    assert.equal(row.cost, 2 ** 17);
    assert.equal(await passwords.verify(PASSWORD, row), true);
    // RFC 7914, section 12, the vector with r = 8 and p = 1; its first 32 bytes.
    const key = await deriveByScrypt("pleaseletmein", Buffer.from("SodiumChloride"), 16_384);
    assert.equal(Buffer.from(key).toString("hex"), "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
  });
});

describe("a first sign-in", () => {
  test("is unfinished until there is a password: it may do nothing else", async () => {
    const kit = await openPeople();
    const { users, access, signIn: signs, tokens } = kit.people;
    const { link } = await users.openAsOwner(local(kit), "ann");
    const halves = await users.redeem(nobody(kit), link);
    await assert.rejects(access.authorize(withSession(halves), needs()), { code: "CREDENTIAL_NEEDED" });
    const call = await access.authorize(withSession(halves), needs({ isForUnfinished: true }));
    await assert.rejects(users.invite(call, { name: "x", roles: {} }), { code: "CREDENTIAL_NEEDED" });
    await assert.rejects(tokens.create(call, draft), { code: "CREDENTIAL_NEEDED" });
    await assert.rejects(signs.postpone(call), { code: "CREDENTIAL_NEEDED" });
    await signs.setPassword(call, PASSWORD);
    await access.authorize(withSession(halves), needs({ role: "w", isStepUp: true }));
  });

  test("may be postponed on a dev platform alone", async () => {
    const kit = await openPeople({ isDev: true });
    const { users, access, signIn: signs } = kit.people;
    const { link } = await users.openAsOwner(local(kit), "ann");
    const halves = await users.redeem(nobody(kit), link);
    await signs.postpone(await access.authorize(withSession(halves), needs({ isForUnfinished: true })));
    await access.authorize(withSession(halves), needs({ role: "w" }));
  });
});

describe("tokens", () => {
  test("carry a role up to their maker's, for one network, until their end", async () => {
    const kit = await openPeople();
    const { tokens, access } = kit.people;
    const ann = await signIn(kit, "ann", { "*": "a", dev: "o" });
    for (const bad of [
      { role: "w" },
      { network: "*" },
      { network: "acme" },
      { lifeMs: YEAR_MS + 1 },
      { lifeMs: 0 },
      { lifeMs: Number.NaN },
      { lifeMs: 1.5 },
      { role: "x" },
      { network: "Dev" },
    ] as never[])
      await assert.rejects(
        tokens.create(ann.call, { ...draft, ...(bad as object) }),
        { code: "TOKEN_INVALID" },
        JSON.stringify(bad),
      );
    await assert.rejects(tokens.create(ann.call, { ...draft, name: "a\u202eb" }), { code: "NAME_INVALID" });
    const { text, token } = await tokens.create(ann.call, draft);
    assert.match(text, /^bys_home\.u[0-9a-f]{16}\.t[0-9a-f]{16}_[0-9a-f]{64}$/);
    assert.deepEqual(await tokens.list("home", ann.userId), [token]);
    // For somebody else: only the platform's own machine, and never above what they may do themselves.
    const bea = await signIn(kit, "bea", { "*": "a" });
    await assert.rejects(tokens.create(ann.call, { ...draft, userId: bea.userId }), { code: "TOKEN_INVALID" });
    const local = { ...ann.call, actor: localActor("home", kit.clock.nowMs()) };
    const forBea = { ...draft, role: "a", network: "*", userId: bea.userId } as const;
    assert.equal((await tokens.create(local, forBea)).token.userId, bea.userId);
    await assert.rejects(tokens.create(local, { ...forBea, role: "o" }), { code: "TOKEN_INVALID" });
    for (const userId of [undefined, "u0000000000000000", "local"])
      await assert.rejects(tokens.create(local, { ...forBea, userId }), { code: "USER_NOT_FOUND" });
    assert.equal(JSON.stringify(await tokens.list("home", ann.userId)).includes("hash"), false);
    const { actor } = await access.authorize(withToken(text), needs({ role: "d" }));
    assert.deepEqual([actor.via, actor.userId, actor.roles], ["token", ann.userId, { dev: "d" }]);
    for (const part of [{ role: "o" }, { network: "acme" }, { network: undefined }] as const)
      await assert.rejects(access.authorize(withToken(text), needs(part)), { code: "ROLE_TOO_LOW" });
    await assert.rejects(access.authorize(withToken(text), needs({ isStepUp: true })), { code: "STEP_UP_NEEDED" });
    kit.clock.advance(YEAR_MS - 1);
    await access.authorize(withToken(text), needs());
    kit.clock.advance(1);
    await assert.rejects(access.authorize(withToken(text), needs()), {
      code: "SIGN_IN_NEEDED",
      why: "the token is over",
    });
  });

  test("weaken with their maker, make no tokens, and are removed by maker, owner or themselves", async () => {
    const kit = await openPeople();
    const { tokens, access, users } = kit.people;
    const ann = await signIn(kit, "ann", { "*": "w" });
    const bob = await signIn(kit, "bob", { dev: "o" });
    const eve = await signIn(kit, "eve", { "*": "o" });
    const { text, token } = await tokens.create(bob.call, draft);
    const call = await access.authorize(withToken(text), needs({ role: "d" }));
    await assert.rejects(tokens.create(call, draft), { code: "STEP_UP_NEEDED" });
    await users.setRoles(ann.call, bob.userId, { dev: "a" });
    await assert.rejects(access.authorize(withToken(text), needs({ role: "d" })), { code: "ROLE_TOO_LOW" });
    await assert.rejects(tokens.remove(eve.call, bob.userId, token.id), { code: "TOKEN_NOT_FOUND" });
    for (const id of ["", "t0", "\u0000", "x".repeat(1_000)])
      await assert.rejects(tokens.remove(ann.call, bob.userId, id), { code: "TOKEN_NOT_FOUND" });
    await tokens.remove(call, bob.userId, token.id);
    await assert.rejects(access.authorize(withToken(text), needs()), { code: "SIGN_IN_NEEDED" });
    const second = await tokens.create(await callOf(kit, bob.halves), { ...draft, role: "a" });
    await tokens.remove(ann.call, bob.userId, second.token.id);
    assert.deepEqual(await tokens.list("home", bob.userId), []);
  });

  test("are bounded for each person; those that are over make room", async () => {
    const kit = await openPeople();
    const ann = await signIn(kit, "ann", { dev: "d" });
    for (let i = 0; i < USER_TOKENS_MAX; i += 1) await kit.people.tokens.create(ann.call, { ...draft, lifeMs: 60_000 });
    await assert.rejects(kit.people.tokens.create(ann.call, draft), { code: "PEOPLE_FULL" });
    kit.clock.advance(60_000);
    await kit.people.tokens.create(ann.call, draft);
    assert.equal((await kit.people.tokens.list("home", ann.userId)).length, 1);
  });

  test("of another tenant, forged or junk are one answer; a flood of them costs one look-up each and no memory", async () => {
    const kit = await openPeople();
    const { tokens, access, denials } = kit.people;
    const ann = await signIn(kit, "ann", { "*": "w" });
    const { text } = await tokens.create(ann.call, draft);
    for (const junk of [
      text.replace("home", "acme"),
      text.replace("home", "nope"),
      `${text.slice(0, -1)}${text.endsWith("0") ? "1" : "0"}`,
      "bys_",
      "x y",
      "",
      "\u00e9",
      "x".repeat(1_000),
    ])
      await assert.rejects(
        access.authorize(withToken(junk, "198.51.100.77"), needs()),
        { code: "SIGN_IN_NEEDED" },
        junk,
      );
    let gets = 0;
    const view = kit.store.tenant.bind(kit.store);
    kit.store.tenant = (tenant) => {
      gets += 1;
      return view(tenant);
    };
    const before = (await auditRows(kit)).length;
    gets = 0;
    const rng = createSeededRng(3);
    const hex = (bytes: number) => Buffer.from(rng.bytes(bytes)).toString("hex");
    const codes = new Set<string>();
    for (let i = 0; i < FLOOD; i += 1)
      await access
        .authorize(
          withToken(`bys_home.u${hex(8)}.t${hex(8)}_${text.slice(-64)}`, `198.51.${i & 15}.${(i >> 4) & 63}`),
          needs(),
        )
        .catch(({ code }) => codes.add(code));
    assert.equal(gets - DENIALS_MAX <= FLOOD, true, `${gets} views`);
    assert.deepEqual(codes, new Set(["SIGN_IN_NEEDED", "RATE_LIMITED"]));
    assert.equal(denials.size, DENIAL_SOURCES_MAX);
    assert.ok((await auditRows(kit)).length - before <= DENIALS_MAX);
    await access.authorize(withToken(text), needs());
  });
});

describe("sessions", () => {
  test("need both halves; a cookie alone, as another site could send it, opens nothing", async () => {
    const kit = await openPeople();
    const { access } = kit.people;
    const { halves } = await signIn(kit, "ann", { dev: "d" });
    const bob = await signIn(kit, "bob", { dev: "d" });
    const cookie = `${SESSION_COOKIE}=${halves.cookieHalf}`;
    const ends = async (headers: object) =>
      (await access.authorize(requestOf({ headers }), needs()).catch((error) => error)).code;
    assert.equal(await ends({ cookie }), "SIGN_IN_NEEDED");
    assert.equal(await ends({ cookie, [SESSION_HEADER]: bob.halves.headerHalf }), "SIGN_IN_NEEDED");
    assert.equal(await ends({ cookie, [SESSION_HEADER]: "" }), "SIGN_IN_NEEDED");
    assert.equal(await ends({ [SESSION_HEADER]: halves.headerHalf }), "SIGN_IN_NEEDED");
    assert.equal(
      await ends({ cookie: cookie.replace("home", "acme"), [SESSION_HEADER]: halves.headerHalf }),
      "SESSION_ENDED",
    );
    assert.equal(
      await ends({ cookie: cookie.replace("home", "nope"), [SESSION_HEADER]: halves.headerHalf }),
      "SESSION_ENDED",
    );
    assert.equal(await ends({ cookie: `${cookie}; ${cookie}`, [SESSION_HEADER]: halves.headerHalf }), "SIGN_IN_NEEDED");
    // A token that is wrong is not made good by a session beside it.
    assert.equal(await ends({ ...withSession(halves).headers, authorization: "Basic x" }), "SIGN_IN_NEEDED");
    assert.equal((await callOf(kit, halves)).actor.via, "session");
  });

  test("the cookie is strict, unreadable for scripts, and read back alone", () => {
    assert.equal(
      formatSessionCookie("x", true),
      `${SESSION_COOKIE}=x; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure`,
    );
    assert.doesNotMatch(formatSessionCookie("x", false), /Secure/);
    assert.equal(sessionCookieOf(`a=b;${SESSION_COOKIE}=x; c=d`), "x");
    for (const header of [
      undefined,
      "",
      `x${SESSION_COOKIE}=x`,
      `${SESSION_COOKIE}=x; ${SESSION_COOKIE}=y`,
      `${SESSION_COOKIE}=x; ${"a".repeat(10_000)}`,
    ])
      assert.equal(sessionCookieOf(header), undefined);
  });

  test("end 30 minutes after their last use and after 12 hours in any case", async () => {
    const kit = await openPeople();
    const { access, sessions } = kit.people;
    let { halves } = await signIn(kit, "ann", { dev: "d" });
    const idle = await signIn(kit, "bob", { dev: "d" });
    const step = SESSION_IDLE_MS - 60_000;
    for (let ms = step; ms < SESSION_LIFE_MS; ms += step) {
      kit.clock.advance(step);
      await access.authorize(withSession(halves), needs());
      const cookieHalf = halves.cookieHalf;
      halves = { ...halves, ...(await sessions.rotate(nobody(kit), { cookieHalf, headerHalf: halves.headerHalf })) };
      if (ms === step) await access.authorize(withSession(idle.halves), needs());
    }
    kit.clock.advance(step);
    await assert.rejects(access.authorize(withSession(halves), needs()), { code: "SESSION_ENDED" });
    await assert.rejects(access.authorize(withSession(idle.halves), needs()), { code: "SESSION_ENDED" });
    assert.equal((await kit.store.tenant("home").list(SESSIONS)).length, 0);
  });

  test("a clock that is set back prolongs nothing, now or after a start", async () => {
    const kit = await openPeople();
    const { halves } = await signIn(kit, "ann", { dev: "d" });
    kit.clock.jump(-24 * 3_600_000);
    kit.clock.advance(SESSION_IDLE_MS - 1);
    await kit.people.access.authorize(withSession(halves), needs());
    kit.clock.advance(SESSION_IDLE_MS);
    await assert.rejects(kit.people.access.authorize(withSession(halves), needs()), { code: "SESSION_ENDED" });
    const { createPeople } = await import("@bystack/platform/people");
    const again = await openPeople();
    const session = await signIn(again, "ann", { dev: "d" });
    const { text } = await again.people.tokens.create(session.call, draft);
    again.clock.jump(-24 * 3_600_000);
    const { access } = createPeople(again.options);
    await assert.rejects(access.authorize(withSession(session.halves), needs()), { code: "SESSION_ENDED" });
    await assert.rejects(access.authorize(withToken(text), needs()), { code: "SIGN_IN_NEEDED" });
  });

  test("are renewed: due after 15 minutes, past an hour old halves are good for new ones alone", async () => {
    const kit = await openPeople();
    const { access, sessions } = kit.people;
    const { halves, userId } = await signIn(kit, "ann", { dev: "d" });
    const isDue = async () => ((await callOf(kit, halves)).actor as { isRotationDue?: boolean }).isRotationDue;
    assert.equal(await isDue(), false);
    for (let ms = 0; ms < SESSION_HALVES_MS - SESSION_ROTATE_MS; ms += SESSION_ROTATE_MS) {
      kit.clock.advance(SESSION_ROTATE_MS);
      assert.equal(await isDue(), true);
    }
    kit.clock.advance(SESSION_ROTATE_MS);
    await assert.rejects(access.authorize(withSession(halves), needs()), { code: "SESSION_ENDED" });
    const renewed = await sessions.rotate(nobody(kit), halves);
    assert.notEqual(renewed.cookieHalf, halves.cookieHalf);
    assert.notEqual(renewed.headerHalf, halves.headerHalf);
    assert.equal((await callOf(kit, renewed)).actor.userId, userId);
  });

  test("an old half is refused, and ends the session when it comes back later", async () => {
    for (const which of ["both", "cookie", "header"] as const) {
      const kit = await openPeople();
      const { access, sessions } = kit.people;
      const { halves: first, userId } = await signIn(kit, "ann", { dev: "d" });
      const second = await sessions.rotate(nobody(kit), first);
      const third = await sessions.rotate(nobody(kit), second);
      // Under way while it was renewed: refused, and the session stays.
      await assert.rejects(access.authorize(withSession(second), needs()), { code: "SESSION_ENDED" });
      await callOf(kit, third);
      kit.clock.advance(SESSION_UNDER_WAY_MS);
      const old =
        which === "both"
          ? second
          : which === "cookie"
            ? { ...third, cookieHalf: first.cookieHalf }
            : { ...third, headerHalf: first.headerHalf };
      await assert.rejects(
        access.authorize(withSession(old), needs()),
        { code: "SESSION_ENDED", why: /came back/ },
        which,
      );
      await assert.rejects(access.authorize(withSession(third), needs()), { code: "SESSION_ENDED" });
      const line = (await auditRows(kit)).find(({ outcome }) => outcome === "REPLAYED");
      assert.equal(line?.actorId, userId);
    }
    // An older half is a replay at once.
    const kit = await openPeople();
    const { halves: first } = await signIn(kit, "ann", { dev: "d" });
    const third = await kit.people.sessions.rotate(nobody(kit), await kit.people.sessions.rotate(nobody(kit), first));
    await assert.rejects(kit.people.access.authorize(withSession(first), needs()), { why: /came back/ });
    await assert.rejects(callOf(kit, third), { code: "SESSION_ENDED" });
  });

  test("two pages that renew at once get one pair; junk under a known id ends nothing", async () => {
    const kit = await openPeople();
    const { halves } = await signIn(kit, "ann", { dev: "d" });
    const [a, b] = await Promise.allSettled([
      kit.people.sessions.rotate(nobody(kit), halves),
      kit.people.sessions.rotate(nobody(kit), halves),
    ]);
    assert.deepEqual([a.status, b.status], ["fulfilled", "rejected"]);
    assert.ok(a.status === "fulfilled");
    const junk = {
      cookieHalf: a.value.cookieHalf.replace(/[0-9a-f]{64}$/, "0".repeat(64)),
      headerHalf: "0".repeat(64),
    };
    await assert.rejects(kit.people.access.authorize(withSession(junk), needs()), { code: "SESSION_ENDED" });
    await callOf(kit, a.value);
  });

  test("a step-up is a fresh proof for five minutes, and renews the halves", async () => {
    const kit = await openPeople();
    const { access, signIn: signs } = kit.people;
    const { halves } = await signIn(kit, "ann", { "*": "w" });
    const risky = needs({ role: "w", kind: "write", isStepUp: true });
    await access.authorize(withSession(halves), risky);
    kit.clock.advance(PROOF_FRESH_MS);
    await assert.rejects(access.authorize(withSession(halves), risky), { code: "STEP_UP_NEEDED" });
    await assert.rejects(signs.stepUpByPassword(await callOf(kit, halves), halves, "wrong"), {
      code: "SIGN_IN_FAILED",
    });
    const proven = await signs.stepUpByPassword(await callOf(kit, halves), halves, PASSWORD);
    await access.authorize(withSession(proven), risky);
    await assert.rejects(callOf(kit, halves), { code: "SESSION_ENDED" });
    kit.clock.advance(PROOF_FRESH_MS);
    await assert.rejects(access.authorize(withSession(proven), risky), { code: "STEP_UP_NEEDED" });
  });

  test("end here, everywhere, or by an owner; a person has so many, and the one used longest ago goes", async () => {
    const kit = await openPeople();
    const { sessions, signIn: signs } = kit.people;
    const ann = await signIn(kit, "ann", { "*": "w" });
    const bob = await signIn(kit, "bob", { dev: "d" });
    const more = [];
    for (let i = 0; i < USER_SESSIONS_MAX; i += 1) {
      kit.clock.advance(12_000);
      more.push(
        await signs.byPassword(nobody(kit, `2001:db8:${i.toString(16)}::1`), { login: "bob", password: PASSWORD }),
      );
    }
    await assert.rejects(callOf(kit, bob.halves), { code: "SESSION_ENDED" });
    const [first, second] = more;
    assert.ok(first && second);
    await sessions.end(await callOf(kit, first));
    await assert.rejects(callOf(kit, first), { code: "SESSION_ENDED" });
    await assert.rejects(sessions.endAll(await callOf(kit, second), ann.userId), { code: "ROLE_TOO_LOW" });
    assert.equal(await sessions.endAll(ann.call, bob.userId), USER_SESSIONS_MAX - 1);
    await assert.rejects(callOf(kit, second), { code: "SESSION_ENDED" });
    assert.equal(await sessions.endAll(ann.call, ann.userId), 1);
    await assert.rejects(callOf(kit, ann.halves), { code: "SESSION_ENDED" });
  });
});

describe("the door", () => {
  test("each role opens what it includes and nothing more, on its network alone", async () => {
    const kit = await openPeople();
    const order = ["p", "a", "d", "o", "w"] as const;
    for (const [i, role] of order.entries()) {
      const { halves } = await signIn(kit, `user${i}`, { dev: role });
      for (const [j, needed] of order.entries()) {
        kit.clock.advance(1_000);
        const run = (network: string) =>
          kit.people.access.authorize(withSession(halves), needs({ role: needed, network }));
        if (j <= i) await run("dev");
        else await assert.rejects(run("dev"), { code: "ROLE_TOO_LOW" });
        if (needed !== "p") await assert.rejects(run("acme"), { code: "ROLE_TOO_LOW" });
      }
    }
  });

  test("the public has its ten a second by address, and is asked to sign in for the rest", async () => {
    const kit = await openPeople();
    const { access } = kit.people;
    await assert.rejects(access.authorize(requestOf(), needs()), { code: "SIGN_IN_NEEDED" });
    for (let i = 0; i < 9; i += 1) await access.authorize(requestOf(), needs({ role: "p" }));
    await assert.rejects(access.authorize(requestOf(), needs({ role: "p" })), { code: "RATE_LIMITED" });
    await access.authorize(requestOf({ source: "192.0.2.2" }), needs({ role: "p" }));
    kit.clock.advance(100);
    await access.authorize(requestOf(), needs({ role: "p" }));
  });

  test("a token reads 50 and writes 5 times a second, whoever else calls", async () => {
    const kit = await openPeople();
    const { access, tokens } = kit.people;
    const { call, halves } = await signIn(kit, "ann", { dev: "d" });
    const { text } = await tokens.create(call, draft);
    for (const [kind, most] of [
      ["read", 50],
      ["write", 5],
    ] as const) {
      for (let i = 0; i < most; i += 1) await access.authorize(withToken(text), needs({ kind }));
      await assert.rejects(access.authorize(withToken(text), needs({ kind })), {
        code: "RATE_LIMITED",
        details: { retryAfterMs: 1_000 / most },
      });
      await access.authorize(withSession(halves), needs({ kind }));
    }
  });
});

describe("refusals in the audit log", () => {
  const denial = (source: string) =>
    ({
      tenant: "home",
      source,
      actorId: source,
      via: "none",
      route: "r",
      target: "t",
      outcome: "X",
      requestHash: "1".repeat(64),
    }) as const;

  test("a flood from one source is a few lines and a number", async () => {
    const kit = await openPeople();
    const denials = new Denials({ store: kit.store, clock: kit.clock, logger: kit.logger, tenant: "home" });
    for (let i = 0; i < 1_000; i += 1) await denials.note(denial("a"));
    assert.equal((await auditRows(kit)).length, SOURCE_DENIALS_MAX);
    kit.clock.advance(60_000);
    await denials.note(denial("b"));
    const rows = await auditRows(kit);
    assert.deepEqual(
      rows.slice(-2).map(({ actorId, target, outcome }) => [actorId, target, outcome]),
      [
        ["a", `${1_000 - SOURCE_DENIALS_MAX} more`, "COUNTED"],
        ["b", "t", "X"],
      ],
    );
    assert.equal(verifyAudit(rows).ok, true);
  });

  test("a flood from everywhere too: no refusal is lost from the count", async () => {
    const kit = await openPeople();
    const denials = new Denials({ store: kit.store, clock: kit.clock, logger: kit.logger, tenant: "home" });
    for (let i = 0; i < 10_000; i += 1) await denials.note(denial(`s${i % 2_000}`));
    assert.equal(denials.size, DENIAL_SOURCES_MAX);
    assert.equal((await auditRows(kit)).length, DENIALS_MAX);
    await denials.flush();
    const rows = await auditRows(kit);
    const counted = rows.filter(({ outcome }) => outcome === "COUNTED");
    assert.equal(counted.length, DENIAL_SUMMARIES_MAX + 1);
    assert.equal(
      counted.reduce((sum, { target }) => sum + Number.parseInt(target, 10), 0),
      10_000 - DENIALS_MAX,
    );
    assert.equal(denials.size, 0);
  });

  test("of a token and of a session name who it was, and every change has its line", async () => {
    const kit = await openPeople();
    const { access, tokens } = kit.people;
    const ann = await signIn(kit, "ann", { dev: "d" });
    const { text } = await tokens.create(ann.call, draft);
    await assert.rejects(access.authorize(withToken(text), needs({ role: "w", target: "x".repeat(1_000) })));
    const rows = await auditRows(kit);
    assert.deepEqual(
      rows.map(({ via, route, outcome }) => `${via} ${route} ${outcome}`),
      [
        "local inviteCreate ok",
        "none linkRedeem ok",
        "session passwordSet ok",
        "session tokenCreate ok",
        "token nodes ROLE_TOO_LOW",
      ],
    );
    assert.equal(rows.at(-1)?.actorId, ann.userId);
    assert.equal(verifyAudit(rows).ok, true);
  });
});
