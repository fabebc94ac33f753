// Outbound calls: which addresses are public, the exceptions' file, and that the address which was judged is the one that is
// called. Everything but the pinning runs without a network; that runs on loopback.

import assert from "node:assert/strict";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Duplex } from "node:stream";
import { describe, test } from "node:test";
import {
  createDial,
  createOutbound,
  type DialTarget,
  OUTBOUND_ADDRESSES_MAX,
  OUTBOUND_BYTES_MAX,
  OUTBOUND_CALLS_MAX,
  OUTBOUND_TIMEOUT_MS,
  type OutboundOptions,
} from "@bystack/platform/outbound";
import {
  EXCEPTION_RANGES_MAX,
  EXCEPTIONS_CHARS_MAX,
  EXCEPTIONS_MAX,
  NO_EXCEPTIONS,
  parseExceptions,
} from "@bystack/platform/outbound/exceptions";
import { createFakeClock } from "@bystack/testing/clock";
import type { BystackError } from "@bystack/utils/errors";
import { isPublicAddress, parseAddress, parseRange } from "../src/outbound/addresses.ts";
import { CERTIFICATE, KEY } from "./certificate.ts";

const isPublic = (text: string): boolean | undefined => {
  const address = parseAddress(text);
  return address && isPublicAddress(address);
};

describe("addresses", () => {
  test("public ones, at the edges of what is closed", () => {
    for (const text of [
      "1.0.0.0",
      "9.255.255.255",
      "11.0.0.0",
      "100.63.255.255",
      "100.128.0.0",
      "126.255.255.255",
      "128.0.0.0",
      "169.253.255.255",
      "169.255.0.0",
      "172.15.255.255",
      "172.32.0.0",
      "192.0.1.0",
      "192.0.3.0",
      "192.88.98.255",
      "192.88.100.0",
      "192.167.255.255",
      "192.169.0.0",
      "198.17.255.255",
      "198.20.0.0",
      "198.51.99.255",
      "198.51.101.0",
      "203.0.112.255",
      "203.0.114.0",
      "223.255.255.255",
      "8.8.8.8",
      "2001:200::",
      "2001:db7:ffff::1",
      "2001:db9::",
      "2003::1",
      "2606:4700::1111",
      "3ffe::1",
      "3fff:1000::1",
    ])
      assert.equal(isPublic(text), true, text);
  });

  test("everything else: private, shared, local, documented, translated, multicast, reserved", () => {
    for (const text of [
      "0.0.0.0",
      "0.255.255.255",
      "10.0.0.0",
      "10.255.255.255",
      "100.64.0.0",
      "100.127.255.255",
      "127.0.0.1",
      "127.255.255.255",
      "169.254.0.0",
      "169.254.169.254",
      "172.16.0.0",
      "172.31.255.255",
      "192.0.0.0",
      "192.0.0.255",
      "192.0.2.1",
      "192.88.99.1",
      "192.168.0.0",
      "192.168.255.255",
      "198.18.0.0",
      "198.19.255.255",
      "198.51.100.1",
      "203.0.113.1",
      "224.0.0.0",
      "239.255.255.255",
      "240.0.0.0",
      "255.255.255.255",
      "::",
      "::1",
      "::ffff:127.0.0.1",
      "::ffff:8.8.8.8",
      "::ffff:7f00:1",
      "0:0:0:0:0:ffff:a00:1",
      "::8.8.8.8",
      "64:ff9b::8.8.8.8",
      "64:ff9b::a00:1",
      "64:ff9b:1::1",
      "100::1",
      "1fff:ffff::1",
      "4000::1",
      "2001::1",
      "2001:0:1:2::",
      "2001:2::1",
      "2001:1ff:ffff::",
      "2001:10::1",
      "2001:db8::1",
      "2001:db8:ffff::1",
      "2002:7f00:1::",
      "2002:808:808::",
      "3fff::1",
      "3fff:fff::1",
      "5f00::1",
      "fc00::1",
      "fdff::1",
      "fe80::1",
      "febf::1",
      "fec0::1",
      "ff02::1",
      "ff0e::1",
      "ffff::1",
    ])
      assert.equal(isPublic(text), false, text);
  });

  test("what is no address in its own form is none", () => {
    for (const text of [
      "",
      "localhost",
      "127.1",
      "0x7f.0.0.1",
      "2130706433",
      "010.0.0.1",
      "1.2.3.4.5",
      "fe80::1%lo",
      "[::1]",
      "1.2.3.4 ",
    ])
      assert.equal(parseAddress(text), undefined, text);
    for (const text of ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "::1/129", "fd00::1/8", "/8"])
      assert.equal(parseRange(text), undefined, text);
  });
});

describe("the file of exceptions", () => {
  test("an origin, then addresses; comments and empty lines do not count", () => {
    const text = "# alerts\r\n\r\nhttp://alerts.test:9093\t10.20.0.0/16  fd00::/64\n  https://hook.test 127.0.0.1\n";
    const exceptions = parseExceptions(text);
    assert.deepEqual([...exceptions.keys()], ["http://alerts.test:9093", "https://hook.test"]);
    assert.equal(exceptions.get("http://alerts.test:9093")?.length, 2);
    assert.equal(parseExceptions("").size, 0);
  });

  test("a file that is not understood whole is refused whole, with the line", () => {
    const line = "https://hook.test 127.0.0.1";
    const over = Array.from({ length: EXCEPTIONS_MAX + 1 }, (_, i) => `https://h${i}.test 10.0.0.1`).join("\n");
    for (const [text, at] of [
      [`${line}\nhook.test 10.0.0.1`, 2],
      ["https://hook.test/path 10.0.0.1", 1],
      ["https://hook.test/ 10.0.0.1", 1],
      ["https://hook.test:443 10.0.0.1", 1],
      ["https://Hook.test 10.0.0.1", 1],
      ["https://a@hook.test 10.0.0.1", 1],
      ["ftp://hook.test 10.0.0.1", 1],
      ["https://*.test 10.0.0.1", undefined],
      ["https://hook.test", 1],
      ["https://hook.test 10.0.0.1/8", 1],
      ["https://hook.test 10.0.0.1 # why", 1],
      ["https://hook.test hook.test", 1],
      ["https://hook.test 0.0.0.0/0", 1],
      ["https://hook.test ::/0", 1],
      ["https://hook.test 224.0.0.1", 1],
      ["https://hook.test ff02::1", 1],
      [`${line}\n${line}`, 2],
      [`https://hook.test ${"10.0.0.1 ".repeat(EXCEPTION_RANGES_MAX + 1)}`, 1],
      [over, EXCEPTIONS_MAX + 1],
      [`#${"x".repeat(EXCEPTIONS_CHARS_MAX)}`, 1],
    ] as const) {
      // A star is a letter of a name like another: no name has one, so nothing is allowed by it.
      if (at === undefined) assert.equal(parseExceptions(text).has("https://hook.test"), false);
      else
        assert.throws(
          () => parseExceptions(text),
          (error: BystackError) => error.code === "OUTBOUND_EXCEPTIONS" && error.details.line === at,
          text.slice(0, 60),
        );
    }
    assert.equal(parseExceptions(over.split("\n").slice(1).join("\n")).size, EXCEPTIONS_MAX);
  });
});

/** A connection that has the answer ready, and keeps what it was sent. */
function canned(answer: string | Buffer): { readonly socket: Duplex; sent(): string } {
  const parts: Buffer[] = [];
  const socket = new Duplex({
    read() {},
    write(part: Buffer, _encoding, done) {
      parts.push(part);
      done();
    },
    final(done) {
      done();
    },
  });
  socket.push(answer);
  return { socket, sent: () => Buffer.concat(parts).toString() };
}

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

function outboundOf(
  part: Partial<OutboundOptions> & { names?: Record<string, readonly string[]>; answer?: string | Buffer },
) {
  const clock = createFakeClock();
  const dialed: DialTarget[] = [];
  const resolved: string[] = [];
  const sent: (() => string)[] = [];
  const call = createOutbound({
    resolve: async (name) => {
      resolved.push(name);
      return part.names?.[name] ?? [];
    },
    dial: async (target) => {
      dialed.push(target);
      const made = canned(part.answer ?? OK);
      sent.push(made.sent);
      return made.socket;
    },
    after: clock.after,
    exceptions: NO_EXCEPTIONS,
    ...part,
  });
  return { clock, call, dialed, resolved, sent };
}

const get = (url: string) => ({ url, method: "GET" as const });

describe("a call", () => {
  test("goes to the address that was judged, once resolved, under its own name", async () => {
    const { call, dialed, resolved, sent, clock } = outboundOf({
      names: { "hook.test": ["93.184.216.34", "2606:4700::1"] },
    });
    const body = Buffer.from('{"a":1}');
    const answer = await call({
      url: "https://hook.test/a?b=c",
      method: "POST",
      headers: { "x-event": "e", host: "evil" },
      body,
    });
    assert.deepEqual({ ...answer, body: Buffer.from(answer.body).toString() }, { status: 200, body: "ok" });
    assert.deepEqual(resolved, ["hook.test"]);
    assert.deepEqual(
      dialed.map(({ address, port, tlsName }) => [address, port, tlsName]),
      [["93.184.216.34", 443, "hook.test"]],
    );
    const text = sent[0]?.() ?? "";
    assert.match(text, /^POST \/a\?b=c HTTP\/1\.1\r\n/);
    assert.match(text, /\r\nhost: hook\.test\r\n/i);
    assert.doesNotMatch(text, /evil/);
    assert.equal(clock.waiting, 0);
  });

  test("one address inside among public ones, and nothing is called", async () => {
    for (const inside of [
      "127.0.0.1",
      "10.0.0.1",
      "::ffff:10.0.0.1",
      "64:ff9b::a00:1",
      "fe80::1%eth0",
      "not an address",
    ]) {
      for (const addresses of [[inside], ["93.184.216.34", inside], [inside, "93.184.216.34"]]) {
        const { call, dialed } = outboundOf({ names: { "hook.test": addresses } });
        await assert.rejects(call(get("https://hook.test/")), { code: "OUTBOUND_REFUSED" }, addresses.join());
        assert.equal(dialed.length, 0);
      }
    }
    const many = Array.from({ length: OUTBOUND_ADDRESSES_MAX + 1 }, () => "93.184.216.34");
    await assert.rejects(outboundOf({ names: { a: many } }).call(get("https://a/")), { code: "OUTBOUND_REFUSED" });
    await assert.rejects(outboundOf({}).call(get("https://a/")), { code: "OUTBOUND_FAILED" });
  });

  test("addresses in a URL, in each form that URLs know, are judged like answers", async () => {
    for (const host of [
      "127.0.0.1",
      "127.1",
      "0x7f.1",
      "2130706433",
      "0177.0.0.1",
      "[::1]",
      "[::ffff:7f00:1]",
      "169.254.169.254",
      "0",
    ]) {
      const { call, dialed, resolved } = outboundOf({});
      await assert.rejects(call(get(`https://${host}/`)), { code: "OUTBOUND_REFUSED" }, host);
      assert.equal(dialed.length + resolved.length, 0);
    }
    const { call, dialed } = outboundOf({});
    await call(get("https://93.184.216.34:8443/"));
    assert.deepEqual(
      dialed.map(({ address, port, tlsName }) => [address, port, tlsName]),
      [["93.184.216.34", 8443, "93.184.216.34"]],
    );
  });

  test("other schemes, plain http, users in the URL and oversize ones are refused before anything is resolved", async () => {
    for (const url of [
      "",
      "hook.test",
      "ftp://hook.test/",
      "file:///etc/passwd",
      "http://hook.test/",
      "https://a:b@hook.test/",
      "https://a@hook.test/",
      "https://:b@hook.test/",
      `https://hook.test/${"x".repeat(2_048)}`,
    ]) {
      const { call, resolved } = outboundOf({ names: { "hook.test": ["93.184.216.34"] } });
      await assert.rejects(call(get(url)), { code: "OUTBOUND_REFUSED" }, url);
      assert.equal(resolved.length, 0);
    }
    const { call } = outboundOf({});
    const body = new Uint8Array(OUTBOUND_BYTES_MAX + 1);
    await assert.rejects(call({ url: "https://93.184.216.34/", method: "POST", body }), { code: "OUTBOUND_REFUSED" });
  });

  test("a redirect is an answer like another, and is not followed", async () => {
    const answer = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n";
    const { call, dialed } = outboundOf({ answer });
    assert.equal((await call(get("https://93.184.216.34/"))).status, 302);
    assert.equal(dialed.length, 1);
  });

  test("an answer of 64 KB is taken, and not one byte more, whatever it announces", async () => {
    const body = Buffer.alloc(OUTBOUND_BYTES_MAX + 1, 97);
    const answerOf = (bytes: number) =>
      Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`), body.subarray(0, bytes)]);
    const whole = await outboundOf({ answer: answerOf(OUTBOUND_BYTES_MAX) }).call(get("https://93.184.216.34/"));
    assert.equal(whole.body.length, OUTBOUND_BYTES_MAX);
    const over = outboundOf({ answer: answerOf(OUTBOUND_BYTES_MAX + 1) });
    await assert.rejects(over.call(get("https://93.184.216.34/")), { code: "OUTBOUND_FAILED", why: /64 KB/ });
    const junk = outboundOf({ answer: "no http at all\r\n\r\n" });
    await assert.rejects(junk.call(get("https://93.184.216.34/")), { code: "OUTBOUND_FAILED" });
  });

  test("ends after 5 s wherever it hangs: at the resolver, the connection or the answer", async () => {
    const never = () => new Promise<never>(() => {});
    for (const part of [
      { resolve: never },
      { dial: never, names: { a: ["93.184.216.34"] } },
      { answer: "HTTP/1.1 200 OK\r\n", names: { a: ["93.184.216.34"] } },
    ]) {
      const { call, clock } = outboundOf(part);
      let ended = false;
      const pending = call(get("https://a/")).finally(() => {
        ended = true;
      });
      clock.advance(OUTBOUND_TIMEOUT_MS - 1);
      await Promise.resolve();
      assert.equal(ended, false);
      clock.advance(1);
      await assert.rejects(pending, { code: "OUTBOUND_FAILED", why: /5 s/ });
    }
  });

  test("more than the limit at once are told to come again, and places come free", async () => {
    const gate = Promise.withResolvers<readonly string[]>();
    const { call } = outboundOf({ resolve: () => gate.promise });
    const pending = Array.from({ length: OUTBOUND_CALLS_MAX }, () => call(get("https://a/")));
    await assert.rejects(call(get("https://a/")), { code: "OUTBOUND_BUSY" });
    gate.resolve(["93.184.216.34"]);
    await Promise.all(pending);
    assert.equal((await call(get("https://a/"))).status, 200);
  });

  test("errors do not repeat the path, which is often the secret", async () => {
    for (const { call } of [
      outboundOf({ names: { a: ["10.0.0.1"] } }),
      outboundOf({}),
      outboundOf({ names: { a: ["8.8.8.8"] }, answer: "x\r\n\r\n" }),
    ])
      await assert.rejects(call(get("https://a/CANARY?CANARY")), (error: BystackError) => {
        assert.doesNotMatch(`${error.stack} ${error.why} ${JSON.stringify(error)} ${String(error.cause)}`, /CANARY/);
        return true;
      });
  });

  test("an exception is for one origin and its addresses", async () => {
    const exceptions = parseExceptions("http://in.test:9093 10.0.0.0/8\nhttps://in.test 10.0.0.1");
    const outbound = (addresses: readonly string[]) => outboundOf({ exceptions, names: { "in.test": addresses } });
    assert.equal((await outbound(["10.9.9.9"]).call(get("http://in.test:9093/x"))).status, 200);
    for (const [url, address] of [
      ["http://in.test:9094/", "10.0.0.1"],
      ["http://in.test/", "10.0.0.1"],
      ["http://in.test:9093/", "11.0.0.1"],
      ["http://in.test:9093/", "127.0.0.1"],
      ["http://in.test:9093/", "::ffff:10.0.0.1"],
      ["https://in.test/", "10.0.0.2"],
      ["https://in.test:8443/", "10.0.0.1"],
    ] as const)
      await assert.rejects(outbound([address]).call(get(url)), { code: "OUTBOUND_REFUSED" }, url + address);
  });
});

describe("on real sockets", () => {
  async function serve(tls: boolean, handle: (request: IncomingMessage, response: ServerResponse) => void) {
    const server = tls ? createTlsServer({ key: KEY, cert: CERTIFICATE }, handle) : createHttpServer(handle);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { port: (server.address() as AddressInfo).port, close: () => server.close() };
  }

  test("the connection goes to the pinned address, also when the name means another one a moment later", async () => {
    const hosts: (string | undefined)[] = [];
    const server = await serve(false, (request, response) => {
      hosts.push(request.headers.host);
      response.end("here");
    });
    try {
      const answers = [["127.0.0.1"], ["127.0.0.2"]];
      const origin = `http://hook.test:${server.port}`;
      const { call } = outboundOf({
        resolve: async () => answers.shift() ?? [],
        dial: createDial(),
        exceptions: parseExceptions(`${origin} 127.0.0.1`),
      });
      assert.equal(Buffer.from((await call(get(`${origin}/`))).body).toString(), "here");
      assert.equal(answers.length, 1);
      await assert.rejects(call(get(`${origin}/`)), { code: "OUTBOUND_REFUSED" });
      assert.deepEqual(hosts, [`hook.test:${server.port}`]);
    } finally {
      server.close();
    }
  });

  test("the certificate must be the name's, and of somebody who is trusted", async () => {
    let served = 0;
    const server = await serve(true, (_request, response) => {
      served += 1;
      response.end("ok");
    });
    try {
      const origins = ["hook.test", "other.test", "127.0.0.1"].map((name) => `https://${name}:${server.port}`);
      const exceptions = parseExceptions(origins.map((origin) => `${origin} 127.0.0.1`).join("\n"));
      const call = (dial: ReturnType<typeof createDial>, origin: string) =>
        outboundOf({ resolve: async () => ["127.0.0.1"], dial, exceptions }).call(get(`${origin}/`));
      const [own = "", other = "", literal = ""] = origins;
      assert.equal((await call(createDial([CERTIFICATE]), own)).status, 200);
      for (const [dial, origin, why] of [
        [createDial([CERTIFICATE]), other, /ERR_TLS_CERT_ALTNAME_INVALID/],
        [createDial([CERTIFICATE]), literal, /ERR_TLS_CERT_ALTNAME_INVALID/],
        [createDial(), own, /DEPTH_ZERO_SELF_SIGNED_CERT/],
      ] as const)
        await assert.rejects(call(dial, origin), { code: "OUTBOUND_FAILED", why });
      assert.equal(served, 1);
    } finally {
      server.close();
    }
  });

  test("nobody listening is a failure with its cause", async () => {
    const server = await serve(false, () => {});
    server.close();
    const origin = `http://hook.test:${server.port}`;
    const exceptions = parseExceptions(`${origin} 127.0.0.1`);
    const { call } = outboundOf({ resolve: async () => ["127.0.0.1"], dial: createDial(), exceptions });
    await assert.rejects(call(get(`${origin}/`)), { code: "OUTBOUND_FAILED", why: /ECONNREFUSED/ });
  });
});
