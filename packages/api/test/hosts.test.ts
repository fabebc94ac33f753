// The list of hosts and origins: which forms of a name are the same, and that nothing else comes through.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  HOST_CHARS_MAX,
  isCallAllowed,
  isHostAllowed,
  isOriginAllowed,
  LOOPBACK_HOSTS,
  parseHost,
} from "@bystack/api/hosts";

const NAMES = [...LOOPBACK_HOSTS, "node.example", "[2001:db8::1]"];

describe("hosts", () => {
  test("a listed name is the same with any port, in any case, with a trailing dot, and in each form of IPv6", () => {
    for (const header of [
      "localhost",
      "localhost:7070",
      "LocalHost:7070",
      "localhost.",
      "localhost.:7070",
      "127.0.0.1:1",
      "[::1]",
      "[::1]:65535",
      "[0:0:0:0:0:0:0:1]:7070",
      "NODE.example.:443",
      "[2001:DB8:0::1]:80",
    ])
      assert.equal(isHostAllowed(header, NAMES), true, header);
  });

  test("rebound and look-alike names, other addresses of the machine and broken headers are refused", () => {
    for (const header of [
      undefined,
      "",
      ".",
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.nip.io",
      "localhost..",
      "localhost:",
      "localhost:0",
      "localhost:65536",
      "localhost:070700",
      "localhost:70:70",
      "localhost:7a",
      "localhost@evil.example",
      "evil.example/localhost",
      "localhost\\@evil",
      "localhost localhost",
      "localhost,evil.example",
      " localhost",
      "127.1",
      "0x7f000001",
      "2130706433",
      "0.0.0.0:7070",
      "::1",
      "[::1",
      "[::1]x",
      "[::]",
      "[::ffff:127.0.0.1]",
      "[::1%25eth0]",
      "lоcalhost",
      "ｌocalhost",
      "node.example%00.evil",
      `${"a".repeat(HOST_CHARS_MAX)}.localhost`,
    ])
      assert.equal(isHostAllowed(header, NAMES), false, String(header));
  });

  test("an entry with a port is that port alone, and the scheme's port when the request has none", () => {
    assert.equal(isHostAllowed("localhost:7070", ["localhost:7070"]), true);
    assert.equal(isHostAllowed("localhost:7071", ["localhost:7070"]), false);
    assert.equal(isHostAllowed("localhost", ["localhost:7070"]), false);
    assert.equal(isHostAllowed("node.example", ["node.example:443"]), true);
    assert.equal(isHostAllowed("localhost", ["not a host", ""]), false);
  });

  test("the longest name and its port fit", () => {
    const name = `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(61)}`;
    assert.deepEqual(parseHost(`${name}:65535`), { name, port: 65_535 });
  });
});

describe("origins", () => {
  test("none is a program; a listed one is a page of ours", () => {
    for (const origin of [undefined, "http://localhost:7070", "https://node.example", "http://[::1]:7070"])
      assert.equal(isOriginAllowed(origin, NAMES), true, String(origin));
  });

  test("null, other schemes, paths and users are refused", () => {
    for (const origin of [
      "null",
      "",
      "localhost",
      "file://localhost",
      "file://",
      "ws://localhost",
      "chrome-extension://localhost",
      "http://evil.example",
      "http://localhost/",
      "http://localhost?x",
      "http://a@localhost",
      "http://localhost:7070 http://evil.example",
      "http://localhost.evil.example",
      "javascript://localhost",
    ])
      assert.equal(isOriginAllowed(origin, NAMES), false, origin);
  });

  test("with a port listed, a page on another port of the same machine is another site", () => {
    assert.equal(isOriginAllowed("http://localhost:7070", ["localhost:7070"]), true);
    assert.equal(isOriginAllowed("http://localhost:3000", ["localhost:7070"]), false);
    assert.equal(isOriginAllowed("http://localhost", ["localhost:7070"]), false);
    assert.equal(isOriginAllowed("https://node.example", ["node.example:443"]), true);
    assert.equal(isOriginAllowed("http://node.example", ["node.example:443"]), false);
  });

  test("a call needs both", () => {
    assert.equal(isCallAllowed({ host: "localhost:1", origin: "http://localhost:1" }, NAMES), true);
    assert.equal(isCallAllowed({ host: "localhost:1" }, NAMES), true);
    assert.equal(isCallAllowed({ host: "localhost:1", origin: "http://evil.example" }, NAMES), false);
    assert.equal(isCallAllowed({ host: "evil.example", origin: "http://localhost:1" }, NAMES), false);
    assert.equal(isCallAllowed({}, NAMES), false);
  });
});
