// The platform over HTTP, on real sockets: who may call which route, sessions in two halves, streams that go on where they were
// cut, calls that come again, and what the audit log says afterwards (P36 to P39).

import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { ROLES, type Role } from "@bystack/api/role";
import { hasBody, type Route } from "@bystack/api/route";
import { DEV_DEFINITION } from "@bystack/platform/definition/dev";
import { type AuditRow, verifyAudit } from "@bystack/platform/store/audit";
import { type Answer, LOCAL_TOKEN, rowsOf, Served, type Session, sessionOf } from "./http-kit.ts";

const served = new Served();
let owner: Session;
const tokens = new Map<Role, string>();
let ofOneNetwork: string;

before(async () => {
  await served.start();
  const applied = await served.machine.apply(served.platform, DEV_DEFINITION);
  assert.equal(applied.state, "succeeded");
  await served.platform.watch.look();
  owner = await served.owner();
  for (const role of ROLES) {
    const draft = { name: `for ${role}`, role, network: "*", days: 1 };
    const made = await served.call("POST", "/v1/tokens", { headers: served.as(owner), body: draft });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    tokens.set(role, String(made.body.text));
  }
  // Here, as each request of this file makes the proof of who asks a little older.
  const draft = { name: "one", role: "o", network: "dev", days: 1 };
  const made = await served.call("POST", "/v1/tokens", { headers: served.as(owner), body: draft });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  ofOneNetwork = String(made.body.text);
});
after(() => served.end());

const bearer = (token: string | undefined) => ({ authorization: `Bearer ${token}` });
const codeOf = ({ body }: Answer): unknown => body.code;

/** Parameters of a path that lead nowhere: whoever is let in finds nothing. */
function pathOf({ path }: Route): string {
  const samples: Readonly<Record<string, string>> = {
    network: "nowhere",
    chain: "none",
    node: "none-1",
    operation: "7",
    preset: "dev",
    id: "ab".repeat(32),
    nullifier: "ab".repeat(32),
    passkey: "ab".repeat(32),
    key: "ab".repeat(64),
    ref: "tip",
    number: "1",
    address: "sp1q",
    candidate: "ab".repeat(64),
  };
  return path.replace(/:([a-zA-Z]+)/g, (_, name: string) => samples[name] ?? "none");
}

/** What the door says; a stream that was let in is cut off at its first byte. */
async function knock(route: Route, headers: Record<string, string>): Promise<{ status: number; code: unknown }> {
  const abort = new AbortController();
  const response = await fetch(`${served.server.url}${pathOf(route)}`, {
    method: route.method,
    headers: { ...headers, ...(hasBody(route) && { "content-type": "application/json" }) },
    ...(hasBody(route) && { body: "{}" }),
    signal: abort.signal,
  });
  const isJson =
    /json/.test(response.headers.get("content-type") ?? "") &&
    !/ndjson/.test(String(response.headers.get("content-type")));
  const body = isJson ? ((await response.json()) as { code?: unknown }) : {};
  abort.abort();
  return { status: response.status, code: body.code };
}

describe("who may (P36)", () => {
  test("each role passes at the routes that need it or less, and at no other", async () => {
    for (const [id, route] of Object.entries<Route>(PLATFORM_ROUTES)) {
      const needs = route.access;
      if (typeof needs === "string") {
        assert.ok(needs === "self" || needs === "admin", id);
        for (const role of needs === "admin" ? ROLES : []) {
          const { code } = await knock(route, bearer(tokens.get(role)));
          assert.equal(code, "ROLE_TOO_LOW", `${id} as ${role}`);
        }
        continue;
      }
      const isOfNetwork = route.path.includes(":network");
      // Nobody has said that strangers may see the network that is asked for.
      const needed = needs.role === "p" && isOfNetwork ? "a" : needs.role;
      for (const role of ROLES) {
        const { status, code } = await knock(route, bearer(tokens.get(role)));
        const isIn = ROLES.indexOf(role) >= ROLES.indexOf(needed);
        if (!isIn) assert.deepEqual([status, code], [403, "ROLE_TOO_LOW"], `${id} as ${role}`);
        else assert.notEqual(code, "ROLE_TOO_LOW", `${id} as ${role}`);
        if (isIn && needs.isStepUp === true) assert.equal(code, "STEP_UP_NEEDED", `${id} as ${role}`);
        assert.ok(status < 500 || code === "CHAIN_SILENT", `${id} as ${role}: ${status} ${code}`);
      }
      const { status, code } = await knock(route, {});
      // What is for oneself is told by its own handler that there is nobody.
      if (needed === "p") assert.notEqual(code, "ROLE_TOO_LOW", id);
      else assert.deepEqual([status, code], [401, "SIGN_IN_NEEDED"], id);
    }
    assert.equal(served.isStopAsked, false);
  });

  test("a role for one network is none in another, and none for people", async () => {
    const { link } = await served.people.users
      .invite(served.people.access.publicCall({ source: "127.0.0.1", requestHash: "0".repeat(64) }) as never, {
        name: "x",
        roles: {},
      })
      .catch(() => ({ link: "" }));
    assert.equal(link, "", "nobody invites nobody");
    const one = bearer(ofOneNetwork);
    assert.equal((await served.call("GET", "/v1/networks/dev", { headers: one })).status, 200);
    assert.equal(codeOf(await served.call("GET", "/v1/networks/other", { headers: one })), "ROLE_TOO_LOW");
    assert.equal(codeOf(await served.call("GET", "/v1/users", { headers: one })), "ROLE_TOO_LOW");
    const { body } = await served.call("GET", "/v1/networks", { headers: one });
    assert.deepEqual(
      (body.items as { name: string }[]).map(({ name }) => name),
      ["dev"],
    );
    const other = await served.call("POST", "/v1/networks/other/plan", {
      headers: one,
      body: { definition: DEV_DEFINITION },
    });
    assert.equal(codeOf(other), "ROLE_TOO_LOW");
    const named = await served.call("POST", "/v1/networks/dev/plan", {
      headers: one,
      body: { definition: DEV_DEFINITION.replace("network: dev", "network: other") },
    });
    assert.equal(codeOf(named), "NETWORK_NAME_DIFFERS");
  });

  test("strangers see the chains of a network that is public, and nothing of how it is run", async () => {
    assert.equal((await served.call("GET", "/v1/networks/dev/chains/demo/info")).status, 401);
    const shown = DEV_DEFINITION.replace("accounts: #", "explorer: { public: true }\naccounts: #");
    assert.notEqual(shown, DEV_DEFINITION);
    assert.equal((await served.machine.apply(served.platform, shown)).state, "succeeded");
    const info = await served.call("GET", "/v1/networks/dev/chains/demo/info");
    assert.deepEqual([info.status, info.body.chain], [200, "demo"]);
    assert.equal((await served.call("GET", "/v1/networks/dev")).status, 401);
    assert.equal((await served.call("GET", "/v1/networks/dev/chains/demo/consensus")).status, 401);
    assert.equal((await served.call("GET", "/v1/networks/dev/nodes/demo-1/config")).status, 401);
    assert.equal((await served.machine.apply(served.platform, DEV_DEFINITION)).state, "succeeded");
    assert.equal((await served.call("GET", "/v1/networks/dev/chains/demo/info")).status, 401);
  });
});

describe("a session (P37)", () => {
  test("needs both halves: a cookie alone opens nothing, and neither does the header", async () => {
    const ok = await served.call("GET", "/v1/users", { headers: served.as(owner) });
    assert.equal(ok.status, 200);
    const cookieAlone = await served.call("GET", "/v1/users", { headers: { cookie: owner.cookie } });
    assert.deepEqual([cookieAlone.status, codeOf(cookieAlone)], [401, "SIGN_IN_NEEDED"]);
    const headerAlone = await served.call("GET", "/v1/users", { headers: { "x-bystack-session": owner.header } });
    assert.equal(headerAlone.status, 401);
  });

  test("its cookie is out of reach of scripts and other sites", async () => {
    const { link } = await served.local().call("openConsole", { body: { login: "ann" } });
    const signedIn = await served.call("POST", "/v1/session/link", { body: { link } });
    assert.match(
      signedIn.headers.get("set-cookie") ?? "",
      /^bystack_session=[^;]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    const again = await served.call("POST", "/v1/session/link", { body: { link } });
    assert.deepEqual([again.status, codeOf(again)], [401, "LINK_INVALID"]);
  });

  test("is replaced on the way, and a half that comes back ends it", async () => {
    const session = await served.owner("bea");
    const rotated = sessionOf(
      await served.call("POST", "/v1/session/rotate", { headers: served.as(session), body: {} }),
    );
    assert.equal((await served.call("GET", "/v1/me", { headers: served.as(rotated) })).body.login, "bea");
    // Beyond the moment in which requests may still be under way.
    served.pass(11_000);
    const replayed = await served.call("GET", "/v1/me", { headers: served.as(session) });
    assert.deepEqual([replayed.status, codeOf(replayed)], [401, "SESSION_ENDED"]);
    const ended = await served.call("GET", "/v1/me", { headers: served.as(rotated) });
    assert.deepEqual([ended.status, codeOf(ended)], [401, "SESSION_ENDED"]);
    const rows = await rowsOf(served);
    assert.ok(rows.some(({ outcome }) => outcome === "REPLAYED"));
  });

  test("what is grave needs a fresh proof by password, which gives new halves", async () => {
    const first = await served.owner("cid");
    const set = await served.call("PUT", "/v1/me/password", {
      headers: served.as(first),
      body: { password: "a long enough phrase" },
    });
    assert.equal(set.status, 200, JSON.stringify(set.body));
    served.pass(6 * 60_000);
    const stale = await served.call("POST", "/v1/invites", {
      headers: served.as(first),
      body: { name: "Dee", roles: {} },
    });
    assert.deepEqual([stale.status, codeOf(stale)], [403, "STEP_UP_NEEDED"]);
    const wrong = await served.call("POST", "/v1/session/step-up", {
      headers: served.as(first),
      body: { password: "no" },
    });
    assert.deepEqual([wrong.status, codeOf(wrong)], [401, "SIGN_IN_FAILED"]);
    const proven = await served.call("POST", "/v1/session/step-up", {
      headers: served.as(first),
      body: { password: "a long enough phrase" },
    });
    const second = sessionOf(proven);
    const invited = await served.call("POST", "/v1/invites", {
      headers: served.as(second),
      body: { name: "Dee", roles: { dev: "a" } },
    });
    assert.equal(invited.status, 200, JSON.stringify(invited.body));
    const dee = await served.call("POST", "/v1/session/link", { body: { link: invited.body.link, login: "dee" } });
    assert.equal(dee.body.unfinished, true);
    const early = await served.call("GET", "/v1/networks/dev", { headers: served.as(sessionOf(dee)) });
    assert.equal(codeOf(early), "CREDENTIAL_NEEDED");
    await served.call("POST", "/v1/me/postpone", { headers: served.as(sessionOf(dee)), body: {} });
    assert.equal((await served.call("GET", "/v1/networks/dev", { headers: served.as(sessionOf(dee)) })).status, 200);
    assert.equal(
      codeOf(await served.call("POST", "/v1/networks/dev/start", { headers: served.as(sessionOf(dee)), body: {} })),
      "ROLE_TOO_LOW",
    );
    const out = await served.call("DELETE", "/v1/session", { headers: served.as(second) });
    assert.equal(out.status, 200);
    assert.match(out.headers.get("set-cookie") ?? "", /^bystack_session=;.*1970/);
    assert.equal((await served.call("GET", "/v1/me", { headers: served.as(second) })).status, 401);
  });

  test("a sixth try at a login within a minute waits", async () => {
    const body = { login: "nobody", password: "x" };
    served.secondsPerTick = 0;
    const answers = [];
    for (let i = 0; i < 7; i += 1) answers.push(await served.call("POST", "/v1/session/password", { body }));
    served.secondsPerTick = 0.2;
    const last = answers.at(-1);
    assert.deepEqual([last?.status, last?.body.code], [429, "RATE_LIMITED"]);
    assert.match(last?.headers.get("retry-after") ?? "", /^\d+$/);
    for (const { body } of answers) assert.ok(["SIGN_IN_FAILED", "RATE_LIMITED"].includes(String(body.code)));
  });
});

function rawCall(headers: Record<string, string>, path = "/v1/networks"): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = httpRequest({ host: "127.0.0.1", port: served.server.port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on("error", reject);
    call.end();
  });
}

describe("other sites (P38)", () => {
  test("a rebound name, another origin and a form are refused", async () => {
    assert.equal(await rawCall({ host: "evil.example", ...bearer(LOCAL_TOKEN) }), 403);
    assert.equal(await rawCall({ host: `localhost:${served.server.port}`, origin: "https://evil.example" }), 403);
    assert.equal(await rawCall({ host: `localhost:${served.server.port}` }), 200);
    const form = await fetch(`${served.server.url}/v1/networks/dev/stop`, {
      method: "POST",
      headers: { ...bearer(LOCAL_TOKEN), "content-type": "application/x-www-form-urlencoded" },
      body: "a=b",
    });
    assert.equal(form.status, 400);
    const text = await fetch(`${served.server.url}/v1/networks/dev/stop`, {
      method: "POST",
      headers: { ...bearer(LOCAL_TOKEN), "content-type": "text/plain" },
      body: "{}",
    });
    assert.equal(text.status, 400);
  });

  test("pages come with a policy that lets no foreign script in, and answers are kept by nobody", async () => {
    const page = await served.call("GET", "/networks/dev/nodes", { headers: { accept: "text/html" } });
    assert.equal(page.status, 200);
    assert.match(String(page.body.text), /<title>console/);
    assert.match(page.headers.get("content-security-policy") ?? "", /script-src 'self';.*frame-ancestors 'none'/);
    const script = await served.call("GET", "/assets/app-AbCd1234.js");
    assert.match(script.headers.get("cache-control") ?? "", /immutable/);
    assert.equal(script.headers.get("content-encoding"), "gzip");
    const api = await served.call("GET", "/v1/networks");
    assert.equal(api.headers.get("cache-control"), "no-store");
    assert.equal(api.headers.get("x-content-type-options"), "nosniff");
    for (const path of ["/../package.json", "/assets/..%2f..%2fetc/passwd", "/assets/none.js", "/v1/none"])
      assert.equal((await served.call("GET", path)).status, 404, path);
  });
});

describe("a stream of events", () => {
  test("begins now, tells what changes, and goes on behind the last number that was seen", async () => {
    const client = served.local();
    const stream = await client.stream("events", { query: { network: "dev" } });
    const { id } = await client.call("stopNode", { params: { network: "dev", node: "demo-4" } });
    const seen: { seq: number | null; topic: string }[] = [];
    for await (const event of stream) {
      seen.push(event);
      if (event.topic === "operation" && event.subject === id && event.data.state === "succeeded") break;
    }
    const numbers = seen.flatMap(({ seq }) => (seq === null ? [] : [seq]));
    assert.ok(numbers.length > 3);
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    const [first = 0] = numbers;
    const again = await client.stream("events", { query: { network: "dev" } }, { lastEventId: first });
    const next = await again.next();
    assert.equal(next.value?.seq, numbers[1]);
    await again.return();
  });

  test("has a network's picture when that changes", async () => {
    const client = served.local();
    const stream = await client.stream("events", { query: { network: "dev" } });
    const done = (async () => {
      for await (const event of stream)
        if (event.topic === "status") {
          const nodes = event.data.nodes as { id: string; phase: string }[];
          if (nodes.find(({ id }) => id === "demo-4")?.phase === "running") return true;
        }
      return false;
    })();
    const { id } = await client.call("startNode", { params: { network: "dev", node: "demo-4" } });
    assert.equal((await served.platform.journal.settled(id)).state, "succeeded");
    await served.platform.watch.look();
    assert.equal(await done, true);
  });

  test("twenty at once are enough for anybody", async () => {
    const headers = bearer(tokens.get("a"));
    const open = await Promise.all(
      Array.from({ length: 20 }, () => fetch(`${served.server.url}/v1/events`, { headers })),
    );
    assert.ok(open.every(({ status }) => status === 200));
    const more = await served.call("GET", "/v1/events", { headers });
    assert.deepEqual([more.status, codeOf(more)], [429, "STREAMS_FULL"]);
    await Promise.all(open.map(({ body }) => body?.cancel()));
  });
});

describe("one node", () => {
  const params = { network: "dev", node: "demo-2" };

  test("is stopped by hand and stays so; its network's start starts it again", async () => {
    const client = served.local();
    const run = async (id: Promise<{ id: string }>) => served.platform.journal.settled((await id).id);
    assert.equal((await run(client.call("stopNode", { params }))).state, "succeeded");
    assert.deepEqual(served.machine.running().includes("demo-2"), false);
    assert.equal((await client.call("node", { params })).desired, "stopped");
    const needed = await client
      .call("stopNode", { params: { network: "dev", node: "demo-3" } })
      .catch((error) => error.code);
    assert.equal(needed, "NODE_NEEDED");
    assert.equal((await run(client.call("startNetwork", { params: { network: "dev" } }))).state, "succeeded");
    assert.equal((await client.call("node", { params })).desired, "running");
    assert.equal(served.machine.running().includes("demo-2"), true);
  });

  test("is restarted: another process than before", async () => {
    const client = served.local();
    const before = (await client.call("node", { params })).process?.startedAtMs ?? 0;
    const { id } = await client.call("restartNode", { params });
    assert.equal((await served.platform.journal.settled(id)).state, "succeeded");
    assert.ok(((await client.call("node", { params })).process?.startedAtMs ?? 0) > before);
  });

  test("a main node has nobody to fetch its chain from", async () => {
    const code = await served
      .local()
      .call("rebuildNode", { params: { network: "dev", node: "main-1" } })
      .catch((error) => error.code);
    assert.equal(code, "NODE_ALONE");
  });
});

describe("a call that comes again", () => {
  const stop = (key: string, definition = DEV_DEFINITION) =>
    served.call("POST", "/v1/networks/dev/plan", {
      headers: { ...bearer(LOCAL_TOKEN), "idempotency-key": key },
      body: { definition },
    });

  test("under the same key gets the same answer; another one under that key is refused", async () => {
    const [first, beside] = await Promise.all([stop("k-1"), stop("k-1")]);
    const again = await stop("k-1");
    assert.deepEqual(first.body, beside.body);
    assert.deepEqual(first.body, again.body);
    const other = await stop("k-1", `${DEV_DEFINITION}\n`);
    assert.deepEqual([other.status, codeOf(other)], [409, "CALL_REPEATED"]);
    assert.equal(codeOf(await stop("x".repeat(101))), "BAD_REQUEST");
  });

  test("an operation is begun once", async () => {
    const call = () =>
      served.call("POST", "/v1/networks/dev/start", {
        headers: { ...bearer(LOCAL_TOKEN), "idempotency-key": "start-1" },
        body: {},
      });
    const [first, second] = [await call(), await call()];
    assert.deepEqual([first.status, second.status], [202, 202]);
    assert.equal(first.body.id, second.body.id);
    await served.platform.journal.settled(String(first.body.id));
  });
});

describe("the audit log (P39)", () => {
  test("names who did and who was refused, is whole, and is exported line by line", async () => {
    const client = served.local();
    const lines: AuditRow[] = [];
    for await (const line of await client.stream("exportAudit", {})) lines.push(line as AuditRow);
    assert.deepEqual(verifyAudit(lines), { ok: true, rows: lines.length, head: lines.at(-1)?.hash });
    const head = await client.call("auditHead");
    assert.equal(head.seq, lines.length);
    const of = (route: string) =>
      lines.filter((line) => line.route === route).map(({ actorId, via, outcome }) => [actorId, via, outcome]);
    assert.deepEqual(of("stopNode")[0], ["local", "local", "ok"]);
    assert.ok(of("inviteCreate").some(([, , outcome]) => outcome === "ok"));
    assert.ok(lines.some(({ outcome }) => outcome === "ROLE_TOO_LOW"));
    const page = await client.call("audit", { query: { limit: 2 } });
    assert.deepEqual(
      page.items.map(({ seq }) => seq),
      [lines.length, lines.length - 1],
    );
    const next = await client.call("audit", { query: { limit: 2, cursor: page.next ?? "" } });
    assert.equal(next.items[0]?.seq, lines.length - 2);
  });

  test("no secret is in it, in an answer, in an event or in the log of the process", async () => {
    const secrets = [
      ...tokens.values(),
      owner.cookie.split("=")[1] ?? "",
      owner.header,
      "a long enough phrase",
      LOCAL_TOKEN,
    ];
    const places = [JSON.stringify(await rowsOf(served)), JSON.stringify(served.logger)];
    const client = served.local();
    for (const id of ["users", "invites", "networks", "auditHead", "me"] as const)
      places.push(JSON.stringify(await client.call(id)));
    const events = await served.machine.store?.eventsAfter("default", 0);
    places.push(JSON.stringify(events));
    for await (const { key, value } of served.machine.kv.iterate({}))
      places.push(Buffer.from(key).toString("latin1"), Buffer.from(value).toString("latin1"));
    for (const secret of secrets) {
      assert.ok(secret.length >= 16);
      for (const place of places) assert.ok(!place.includes(secret), "a secret is kept or shown");
    }
  });
});
