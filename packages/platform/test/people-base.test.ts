// What the people of a platform are made of: roles, names, secrets, time that does not go back, and limits on calls.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createFakeClock } from "@bystack/testing/clock";
import { createSeededRng } from "@bystack/testing/rng";
import { Buckets } from "../src/people/buckets.ts";
import { CREDENTIAL_STREAMS_MAX, Limits, PLATFORM_STREAMS_MAX, sourceKey } from "../src/people/limits.ts";
import {
  assertPassword,
  LOGIN_CHARS_MAX,
  NAME_CHARS_MAX,
  normalizePassword,
  PASSWORD_CHARS_MAX,
  parseLogin,
  parseName,
  tryParseLogin,
} from "../src/people/names.ts";
import {
  isAllowed,
  isOwner,
  limitRoles,
  lowerRole,
  NEEDED,
  ROLE_NAMES,
  ROLES,
  type Role,
  roleIn,
} from "../src/people/roles.ts";
import {
  isSameHash,
  mintCookieHalf,
  mintHeaderHalf,
  mintLink,
  mintToken,
  newId,
  parseCookieHalf,
  parseHeaderHalf,
  parseLink,
  parseToken,
} from "../src/people/secrets.ts";
import { createSteadyNow, isLive } from "../src/people/time.ts";

describe("roles", () => {
  test("each includes those before it, as the design lists them", () => {
    const allowed = (role: Role) =>
      Object.entries(NEEDED)
        .filter(([, needed]) => isAllowed(role, needed))
        .map(([what]) => what);
    assert.deepEqual(allowed("p"), ["explore"]);
    assert.deepEqual(allowed("a"), ["explore", "read"]);
    assert.deepEqual(allowed("d"), ["explore", "read", "build", "submit", "anchor", "app"]);
    assert.deepEqual(allowed("o"), [...allowed("d"), "network", "node", "backup", "alert"]);
    assert.deepEqual(allowed("w"), Object.keys(NEEDED));
    assert.deepEqual(
      ROLES.map((role) => ROLE_NAMES[role]),
      ["public", "auditor", "developer", "operator", "owner"],
    );
    for (const [i, a] of ROLES.entries())
      for (const [j, b] of ROLES.entries()) {
        assert.equal(isAllowed(a, b), i >= j);
        assert.equal(lowerRole(a, b), ROLES[Math.min(i, j)]);
      }
  });

  test("go by network; everything and nothing are not mixed up with names", () => {
    const roles = { "*": "a", dev: "o", acme: "p" } as const;
    assert.equal(roleIn(roles, "dev"), "o");
    assert.equal(roleIn(roles, "acme"), "a");
    assert.equal(roleIn(roles, "other"), "a");
    assert.equal(roleIn(roles, undefined), "a");
    for (const name of ["constructor", "toString", "__proto__"]) assert.equal(roleIn({}, name), "p", name);
    assert.equal(isOwner({ dev: "w" }), false);
    assert.equal(isOwner({ "*": "w" }), true);
  });

  test("a limit takes away and gives nothing", () => {
    assert.deepEqual(limitRoles({ "*": "a", dev: "w" }, "d", "*"), { "*": "a", dev: "d" });
    assert.deepEqual(limitRoles({ "*": "a", dev: "w" }, "d", "dev"), { dev: "d" });
    assert.deepEqual(limitRoles({ "*": "a" }, "w", "dev"), { dev: "a" });
    assert.deepEqual(limitRoles({ dev: "w" }, "w", "acme"), { acme: "p" });
  });
});

describe("names", () => {
  test("a login has one form", () => {
    assert.equal(parseLogin("Ann.B+1@x-y_z"), "ann.b+1@x-y_z");
    assert.equal(parseLogin("a".repeat(LOGIN_CHARS_MAX)).length, LOGIN_CHARS_MAX);
    for (const text of [
      "",
      ".a",
      "a b",
      "a\u0000",
      "ä",
      "аnn",
      "ａnn",
      "\u212Aim",
      "\u017Fam",
      "a\n",
      "a\u200b",
      "a/b",
      "a".repeat(LOGIN_CHARS_MAX + 1),
    ])
      assert.equal(tryParseLogin(text), undefined, JSON.stringify(text));
  });

  test("a name may have any letters, and nothing that hides", () => {
    for (const name of ["Ann", "李小龍", "Zoë O’Neil", "a".repeat(NAME_CHARS_MAX)]) assert.equal(parseName(name), name);
    assert.equal(parseName("Zoe\u0308"), "Zoë");
    for (const name of [
      "",
      " a",
      "a ",
      "a\u202eb",
      "a\u200bb",
      "a\u0000",
      "a\nb",
      "\ud800",
      "a\u2028b",
      "\ue000",
      "a".repeat(NAME_CHARS_MAX + 1),
      "\u0344".repeat(100_000),
    ])
      assert.throws(() => parseName(name), { code: "NAME_INVALID" });
  });

  test("a password is long, not one letter, not the login, and the same from each keyboard", () => {
    assertPassword("correct horse battery", "ann");
    assertPassword(`${"x".repeat(PASSWORD_CHARS_MAX - 5)}abcde`, "ann");
    for (const text of [
      "short pass1",
      "aaaaaaaaaaaaaaa",
      "the ANN password",
      `${"x".repeat(PASSWORD_CHARS_MAX)}abcde`,
      "🔑🔑🔑🔑🔑🔑abcde",
    ])
      assert.throws(
        () => assertPassword(text, "ann"),
        (error: Error & { code: string; why: string }) => {
          assert.equal(error.code, "PASSWORD_WEAK");
          return !error.why.includes(text);
        },
      );
    assert.equal(normalizePassword("ﬁn\u00e9"), normalizePassword("fine\u0301"));
    assert.equal(normalizePassword("x".repeat(1_000_000)).length, PASSWORD_CHARS_MAX);
  });
});

describe("secrets", () => {
  const rng = createSeededRng(1);
  const place = { tenant: "acme-1", userId: newId(rng, "u"), id: newId(rng, "t") };

  test("each text comes back as its place and the hash, and holds its secret in full", () => {
    for (const [minted, parsed] of [
      [mintToken(rng, place), parseToken],
      [mintCookieHalf(rng, place), parseCookieHalf],
    ] as const)
      assert.deepEqual(parsed(minted.text), { ...place, hash: minted.hash });
    const link = mintLink(rng, { tenant: "acme-1", id: place.id });
    assert.deepEqual(parseLink(link.text), { tenant: "acme-1", id: place.id, hash: link.hash });
    assert.equal(link.text.split(".").at(-1)?.length, 32);
    const half = mintHeaderHalf(rng);
    assert.equal(parseHeaderHalf(half.text), half.hash);
    assert.match(mintToken(rng, place).text, /^bys_[a-z0-9.-]+_[0-9a-f]{64}$/);
    assert.notEqual(mintToken(rng, place).hash, mintToken(rng, place).hash);
  });

  test("junk, other forms and other kinds are no tickets", () => {
    const { text } = mintToken(rng, place);
    for (const junk of [
      "",
      "bys_",
      "x".repeat(100_000),
      text.slice(0, -1),
      `${text}0`,
      `${text}\n`,
      ` ${text}`,
      text.toUpperCase(),
      text.replace("acme-1", "acme\u0000"),
      text.replace("acme-1", "-"),
      mintCookieHalf(rng, place).text,
    ])
      assert.equal(parseToken(junk), undefined, junk.slice(0, 80));
    assert.equal(parseCookieHalf(text), undefined);
    assert.equal(parseLink(text), undefined);
    assert.equal(parseHeaderHalf(text), undefined);
  });

  test("hashes are the same or not", () => {
    assert.equal(isSameHash("ab", "ab"), true);
    for (const [a, b] of [
      ["ab", "ac"],
      ["ab", "abc"],
      ["", "a"],
    ] as const)
      assert.equal(isSameHash(a, b), false);
  });
});

describe("time", () => {
  test("goes on when the clock is set back, and follows when it is set forward", () => {
    const clock = createFakeClock();
    const now = createSteadyNow(clock);
    const began = now();
    clock.advance(1_000);
    clock.jump(-86_400_000);
    assert.equal(now(), began + 1_000);
    clock.jump(86_400_000 + 5_000);
    assert.equal(now(), began + 6_000);
  });

  test("a life has a beginning and an end", () => {
    assert.equal(isLive(1_000_000, 100, 1_000_000), true);
    assert.equal(isLive(1_000_000, 100, 1_000_099), true);
    assert.equal(isLive(1_000_000, 100, 1_000_100), false);
    assert.equal(isLive(1_000_000, 100, 1_000_000 - 60_000), true);
    assert.equal(isLive(1_000_000, 100, 1_000_000 - 60_001), false);
  });
});

describe("limits", () => {
  test("a bucket gives its burst, then as it fills; the wall clock is nothing to it", () => {
    const clock = createFakeClock();
    const buckets = new Buckets({ clock, burst: 5, refillMs: 60_000, keysMax: 10 });
    const takes = (count: number) => Array.from({ length: count }, () => buckets.take("a"));
    assert.deepEqual(takes(6), [0, 0, 0, 0, 0, 12_000]);
    clock.jump(1_000_000);
    assert.deepEqual(takes(1), [12_000]);
    clock.jump(-5_000_000);
    clock.advance(11_999);
    assert.deepEqual(takes(1), [1]);
    clock.advance(1);
    assert.deepEqual(takes(2), [0, 12_000]);
    assert.equal(buckets.take("b"), 0);
    clock.advance(1_000_000);
    assert.deepEqual(takes(6).slice(-2), [0, 12_000]);
  });

  test("the table is bounded, a flood of keys gives no fresh bucket and takes nobody's own", () => {
    const clock = createFakeClock();
    const buckets = new Buckets({ clock, burst: 2, refillMs: 1_000, keysMax: 3 });
    for (const key of ["a", "b", "c", "a", "b", "c"]) assert.equal(buckets.take(key), 0);
    // Full of keys in use: all others share two.
    assert.deepEqual(
      ["d", "e", "f", "a"].map((key) => buckets.take(key) === 0),
      [true, true, false, false],
    );
    for (let i = 0; i < 100_000; i += 1) buckets.take(`junk${i}`);
    assert.equal(buckets.size, 3);
    assert.notEqual(buckets.take("a"), 0);
    clock.advance(1_000);
    assert.equal(buckets.take("a"), 0);
    // Full again is forgotten, in the order of their last use.
    for (let i = 0; i < 100_000; i += 1) buckets.take(`more${i}`);
    assert.equal(buckets.size, 3);
    assert.equal(buckets.take("a"), 0);
    assert.notEqual(buckets.take("a"), 0);
  });

  test("reads, writes, the public and sign-ins have the numbers of the design", () => {
    const clock = createFakeClock();
    const limits = new Limits(clock);
    const passes = (kind: Parameters<Limits["take"]>[0], key: string) => {
      let count = 0;
      while (limits.take(kind, key) === 0) count += 1;
      return count;
    };
    const numbers = {
      read: [50, 1_000],
      write: [5, 1_000],
      public: [10, 1_000],
      login: [5, 60_000],
      source: [5, 60_000],
    } as const;
    for (const [kind, [burst, refillMs]] of Object.entries(numbers)) {
      assert.equal(passes(kind as keyof typeof numbers, "a"), burst, kind);
      clock.advance(refillMs);
      assert.equal(passes(kind as keyof typeof numbers, "a"), burst, kind);
    }
  });

  test("addresses count in one form, IPv6 by household", () => {
    assert.equal(sourceKey("::ffff:1.2.3.4"), sourceKey("1.2.3.4"));
    assert.equal(sourceKey("2001:db8::1"), sourceKey("2001:DB8:0:0:ffff::2"));
    assert.notEqual(sourceKey("2001:db8::1"), sourceKey("2001:db8:0:1::1"));
    assert.equal(sourceKey("fe80::1%eth0"), sourceKey("fe80::2"));
    assert.equal(sourceKey("x".repeat(100_000)), sourceKey(""));
    assert.notEqual(sourceKey("0.0.0.1"), sourceKey("::1"));
    assert.deepEqual([sourceKey("1.2.3.4"), sourceKey("2001:db8::1")], ["1.2.3.4", "2001:db8:0:0::/64"]);
  });

  test("streams have places by credential and in all, given back once", () => {
    const limits = new Limits(createFakeClock());
    const closers = Array.from({ length: CREDENTIAL_STREAMS_MAX }, () => limits.openStream("a"));
    assert.throws(() => limits.openStream("a"), { code: "STREAMS_FULL" });
    closers[0]?.();
    closers[0]?.();
    limits.openStream("a");
    assert.throws(() => limits.openStream("a"), { code: "STREAMS_FULL" });
    for (let i = CREDENTIAL_STREAMS_MAX; i < PLATFORM_STREAMS_MAX; i += 1) limits.openStream(`k${i}`);
    assert.throws(() => limits.openStream("b"), { code: "STREAMS_FULL" });
    closers[1]?.();
    limits.openStream("b");
  });
});
