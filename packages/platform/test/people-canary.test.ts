// No secret is written anywhere (P38): every function is called, rightly and wrongly, and then all rows, events, errors and log
// lines are searched for every secret that was made or typed on the way.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { exportAudit } from "@bystack/platform/store/audit-export";
import { BystackError } from "@bystack/utils/errors";
import { callOf, type Kit, local, needs, openPeople, requestOf, signIn, withSession, withToken } from "./people-kit.ts";

const DRAFT = { name: "ci", role: "d", network: "dev", lifeMs: 1_000_000 } as const;

/** Every text of the last run with its secret part: what is behind the last `.` or `_`. */
class Marked {
  readonly #secrets = new Set<string>();
  readonly errors: unknown[] = [];
  readonly flush: () => Promise<void>;

  constructor(flush: () => Promise<void> = async () => {}) {
    this.flush = flush;
  }

  keep<T extends string>(text: T): T {
    const secret = text.split(/[._]/).at(-1) ?? "";
    assert.ok(secret.length >= 8, "too short to be looked for");
    this.#secrets.add(secret);
    return text;
  }

  async fails(run: Promise<unknown>): Promise<void> {
    await assert.rejects(run, (error) => {
      assert.ok(error instanceof BystackError, inspect(error));
      return this.errors.push(error) > 0;
    });
    // A new minute for refusals: each gets its line.
    await this.flush();
  }

  foundIn(text: string): string[] {
    return [...this.#secrets].filter((secret) => text.toLowerCase().includes(secret.toLowerCase()));
  }

  get size(): number {
    return this.#secrets.size;
  }
}

async function everything(kit: Kit, marked: Marked): Promise<void> {
  const { users, access, tokens, sessions, signIn: signs, denials } = kit.people;
  let hosts = 0;
  const nobody = () => {
    hosts += 1;
    return { ...access.publicCall(requestOf()), source: `198.51.100.${hosts}` };
  };
  const made = await users.openAsOwner(local(kit), "owner");
  let halves = await users.redeem(nobody(), marked.keep(made.link));
  const keepHalves = <T extends { cookieHalf: string; headerHalf: string }>(some: T): T => {
    marked.keep(some.cookieHalf);
    marked.keep(some.headerHalf);
    return some;
  };
  keepHalves(halves);
  await marked.fails(users.redeem(nobody(), made.link));
  const first = await access.authorize(withSession(halves), needs({ isForUnfinished: true }));
  await marked.fails(signs.postpone(first));
  await marked.fails(signs.setPassword(first, marked.keep("CANARYshort")));
  await marked.fails(signs.setPassword(first, marked.keep("CANARYowner owner owner")));
  const password = marked.keep("CANARYpassword one");
  await signs.setPassword(first, password);
  const owner = await callOf(kit, halves);

  // A password in the field of the login, a secret in each field that takes a name or an id.
  await marked.fails(signs.byPassword(nobody(), { login: marked.keep("CANARYtypedInLogin"), password }));
  await marked.fails(signs.byPassword(nobody(), { login: marked.keep("CANARY typed \u0000"), password }));
  await marked.fails(signs.byPassword(nobody(), { login: "owner", password: marked.keep("CANARYwrong password") }));
  await marked.fails(users.invite(owner, { name: marked.keep("CANARYname\u202e"), roles: {} }));
  await marked.fails(users.invite(owner, { name: "x", roles: { [marked.keep("CANARYnetwork")]: "a" } }));
  await marked.fails(tokens.create(owner, { ...DRAFT, network: marked.keep("CANARYtokenNetwork") }));
  await marked.fails(users.get("home", marked.keep("CANARYuserIdRead")));
  await marked.fails(tokens.list("home", marked.keep("CANARYuserIdTokens")));

  const invite = await users.invite(owner, { name: "Bob", roles: { dev: "o" } });
  await marked.fails(users.redeem(nobody(), marked.keep(invite.link), marked.keep("CANARYlogin with space")));
  await users.removeInvite(owner, invite.id);
  const again = await users.invite(owner, { name: "Bob", roles: { dev: "o" } });
  const bob = keepHalves(await users.redeem(nobody(), marked.keep(again.link), "bob"));
  marked.keep((await users.createLink(owner, bob.userId)).link);

  const { text, token } = await tokens.create(owner, DRAFT);
  marked.keep(text);
  await access.authorize(withToken(text), needs());
  await marked.fails(access.authorize(withToken(text), needs({ role: "w" })));
  // Pasted where an id belongs.
  await marked.fails(tokens.remove(owner, owner.actor.userId, text));
  await marked.fails(users.remove(owner, halves.cookieHalf));
  await marked.fails(users.removeInvite(owner, again.link));
  await marked.fails(access.authorize(withToken(text), needs({ role: "w", target: `x/${text}` })));
  await marked.fails(access.authorize(withToken(text.replace("home", "acme")), needs()));
  await marked.fails(access.authorize(withToken(`${text}0`), needs()));
  await marked.fails(
    access.authorize(requestOf({ headers: { authorization: `Basic ${marked.keep("CANARYbasic")}` } }), needs()),
  );
  await marked.fails(
    access.authorize(requestOf({ headers: { authorization: `Bearer ${marked.keep("CANARYbearer")}` } }), needs()),
  );
  await marked.fails(
    access.authorize(requestOf({ headers: { cookie: `bystack_session=${marked.keep("CANARYcookie")}` } }), needs()),
  );
  await marked.fails(access.authorize(withSession({ ...halves, headerHalf: marked.keep("CANARYheader") }), needs()));

  halves = { ...halves, ...keepHalves(await signs.stepUpByPassword(owner, halves, password)) };
  await marked.fails(signs.stepUpByPassword(await callOf(kit, halves), halves, marked.keep("CANARYstep up")));
  const old = halves;
  halves = { ...halves, ...keepHalves(await sessions.rotate(nobody(), halves)) };
  kit.clock.advance(60_000);
  await marked.fails(access.authorize(withSession(old), needs()));
  await marked.fails(access.authorize(withSession(halves), needs()));
  halves = keepHalves(await signs.byPassword(nobody(), { login: "owner", password }));
  await signs.setPassword(await callOf(kit, halves), marked.keep("CANARYpassword two"));
  const last = await callOf(kit, halves);
  await users.setRoles(last, bob.userId, { dev: "a" });
  await marked.fails(users.setRoles(last, last.actor.userId, {}));
  await tokens.remove(last, last.actor.userId, token.id);
  await users.remove(last, bob.userId);
  await marked.fails(signs.beginPasskey(nobody()));
  const ann = await signIn(kit, "ann", { dev: "d" });
  keepHalves(ann.halves);
  marked.keep((await tokens.create(ann.call, DRAFT)).text);
  await sessions.endAll(last, ann.userId);
  await denials.flush();
}

test("no secret is in a row, an event, an error, a log line or an export", async () => {
  const kit = await openPeople();
  const marked = new Marked(() => kit.people.denials.flush());
  await everything(kit, marked);
  assert.ok(marked.size >= 30, `${marked.size} secrets`);

  const rows: string[] = [];
  for await (const { key, value } of kit.kv.iterate()) rows.push(Buffer.concat([key, value]).toString("latin1"));
  assert.ok(rows.length > 40, `${rows.length} rows`);
  for (const row of rows) assert.deepEqual(marked.foundIn(row), [], row);
  const { events } = await kit.store.eventsAfter("home", 0);
  assert.ok(events.length > 5);
  assert.deepEqual(marked.foundIn(JSON.stringify(events)), []);
  assert.ok(marked.errors.length >= 20);
  for (const error of marked.errors)
    assert.deepEqual(marked.foundIn(inspect(error, { depth: 10, showHidden: true })), [], inspect(error));
  assert.deepEqual(marked.foundIn(JSON.stringify(kit.logger.lines)), []);
  let lines = 0;
  for await (const line of exportAudit(kit.store.tenant("home"))) {
    lines += 1;
    assert.deepEqual(marked.foundIn(line), [], line);
  }
  assert.ok(lines > 20);
});

test("the search finds a secret that is there", () => {
  const marked = new Marked();
  marked.keep("bys_home.u0.t0_0123456789abcdef");
  assert.deepEqual(marked.foundIn("x 0123456789ABCDEF y"), ["0123456789abcdef"]);
});
