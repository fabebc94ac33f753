// Server and client over a small route table: types at both ends, refusals as problem documents, Host and Origin lists,
// the event stream. Real sockets on loopback.

import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { type ApiClient, createClient } from "@bystack/api/client";
import { tokenDoor } from "@bystack/api/door";
import { createEventHub, subscribeToEvents } from "@bystack/api/events";
import { route } from "@bystack/api/route";
import { type ApiServer, createApiServer, PATH_PARAMETER_CHARS_MAX } from "@bystack/api/server";
import { BystackError, errorFactory } from "@bystack/utils/errors";
import { nullLogger } from "@bystack/utils/ports";
import { z } from "zod";

const ROUTES = {
  echo: route({
    method: "POST",
    path: "/v1/echo/:name",
    summary: "says it again",
    params: z.strictObject({ name: z.string().max(5) }),
    query: z.strictObject({ times: z.coerce.number().int().max(3).default(1) }),
    body: z.strictObject({ text: z.string() }),
    reply: z.object({ said: z.array(z.string()) }),
    errors: ["TOO_QUIET"],
  }),
  name: route({
    method: "GET",
    path: "/v1/names/:name",
    summary: "gives a name back",
    params: z.strictObject({ name: z.string() }),
    reply: z.object({ name: z.string() }),
  }),
  crash: route({ method: "GET", path: "/v1/crash", summary: "fails", reply: z.object({}) }),
  stop: route({ method: "POST", path: "/admin/stop", summary: "stops", reply: z.object({}), access: "admin" }),
} as const;

const fail = errorFactory({
  TOO_QUIET: { kind: "conflict", fault: "none", message: "Nothing was said.", next: "Say something." },
});

let server: ApiServer;
let client: ApiClient<typeof ROUTES>;

before(async () => {
  server = await createApiServer({
    title: "test",
    version: "0",
    routes: ROUTES,
    handlers: {
      echo: ({ params, query, body }) => {
        if (body.text === "") throw fail("TOO_QUIET", { why: params.name });
        return { said: Array.from({ length: query.times }, () => `${params.name}: ${body.text}`) };
      },
      name: ({ params }) => params,
      crash: () => {
        throw new Error("the secret is 42");
      },
      stop: () => ({}),
    },
    host: "127.0.0.1",
    port: 0,
    hostsAllowed: ["node.example"],
    door: tokenDoor("token"),
    logger: nullLogger,
  });
  client = createClient({ baseUrl: server.url, routes: ROUTES });
});

after(() => server.close());

function raw(headers: Record<string, string>, path = "/openapi.json"): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port: server.port, path, headers }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += String(chunk);
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.on("error", reject);
    call.end();
  });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof BystackError, String(error));
    return error.code;
  }
  return assert.fail("no error");
}

test("a call goes through with its types, defaults filled in", async () => {
  const once = await client.call("echo", { params: { name: "ann" }, body: { text: "hi" } });
  assert.deepEqual(once, { said: ["ann: hi"] });
  const twice = await client.call("echo", { params: { name: "b/c" }, query: { times: 2 }, body: { text: "hi" } });
  assert.deepEqual(twice.said, ["b/c: hi", "b/c: hi"]);
});

test("a wrong parameter, query, body or extra key is BAD_REQUEST", async () => {
  const body = { text: "hi" };
  assert.equal(await codeOf(client.call("echo", { params: { name: "too long" }, body })), "BAD_REQUEST");
  assert.equal(await codeOf(client.call("echo", { params: { name: "a" }, query: { times: 4 }, body })), "BAD_REQUEST");
  const extra = { text: "hi", more: 1 };
  assert.equal(await codeOf(client.call("echo", { params: { name: "a" }, body: extra })), "BAD_REQUEST");
});

test("a typed error keeps code, reason and next step across the wire; any other one hides its text", async () => {
  await assert.rejects(client.call("echo", { params: { name: "ann" }, body: { text: "" } }), {
    code: "TOO_QUIET",
    kind: "conflict",
    why: "ann",
    next: "Say something.",
  });
  await assert.rejects(client.call("crash"), (error: BystackError) => {
    assert.equal(error.code, "INTERNAL");
    assert.doesNotMatch(JSON.stringify(error) + error.message + error.why, /42/);
    return true;
  });
});

test("a rebound Host and a foreign Origin are refused, listed ones pass", async () => {
  assert.equal((await raw({ host: "evil.example" })).status, 403);
  assert.equal((await raw({ host: `evil.example:${server.port}` })).status, 403);
  assert.equal((await raw({ origin: "http://evil.example" })).status, 403);
  assert.equal((await raw({ origin: "null" })).status, 403);
  assert.equal((await raw({ host: "node.example" })).status, 200);
  assert.equal((await raw({ origin: `http://localhost:${server.port}` })).status, 200);
});

test("admin routes need the token", async () => {
  assert.equal(await codeOf(client.call("stop")), "FORBIDDEN_ADMIN");
  assert.equal(
    await codeOf(createClient({ baseUrl: server.url, routes: ROUTES, token: "tokem" }).call("stop")),
    "FORBIDDEN_ADMIN",
  );
  await createClient({ baseUrl: server.url, routes: ROUTES, token: "token" }).call("stop");
});

test("the OpenAPI document names every route with its parameters", async () => {
  const { body } = await raw({});
  const document = JSON.parse(body);
  assert.equal(document.openapi, "3.1.0");
  const operation = document.paths["/v1/echo/{name}"].post;
  assert.deepEqual(
    operation.parameters.map((parameter: { name: string; required: boolean }) => [parameter.name, parameter.required]),
    [
      ["name", true],
      ["times", false],
    ],
  );
  assert.deepEqual(operation.requestBody.content["application/json"].schema.required, ["text"]);
});

test("a path that the router refuses is told like any other bad request", async () => {
  const cut = await raw({}, `/v1/names/${"a".repeat(PATH_PARAMETER_CHARS_MAX + 1)}`);
  assert.deepEqual(
    [cut.status, JSON.parse(cut.body).code, JSON.parse(cut.body).detail],
    [400, "BAD_REQUEST", "a part of the path is too long"],
  );
  const longest = "a".repeat(PATH_PARAMETER_CHARS_MAX);
  assert.deepEqual(await client.call("name", { params: { name: longest } }), { name: longest });
  const torn = await raw({}, "/v1/names/%zz");
  assert.deepEqual([torn.status, JSON.parse(torn.body).detail], [400, "the path is no URL"]);
});

test("unknown routes and unreachable nodes say so", async () => {
  assert.equal(JSON.parse((await raw({}, "/v1/nothing")).body).code, "UNKNOWN_ROUTE");
  assert.equal(
    await codeOf(createClient({ baseUrl: "http://127.0.0.1:1", routes: ROUTES }).call("crash")),
    "UNREACHABLE",
  );
});

test("events reach a subscriber and end with the server's close of the stream", async () => {
  const hub = createEventHub({ server: server.http, path: "/v1/events", isAllowed: server.isAllowed });
  const events: unknown[] = [];
  const { promise: opened, resolve: onOpen } = Promise.withResolvers<void>();
  const { promise: received, resolve: onReceived } = Promise.withResolvers<void>();
  const { promise: closed, resolve: onClose } = Promise.withResolvers<void>();
  const stream = subscribeToEvents({
    baseUrl: server.url,
    onOpen,
    onEvent: (event) => {
      events.push(event);
      if (events.length === 2) onReceived();
    },
    onClose,
  });
  await opened;
  hub.publish({ n: 1 });
  hub.publish({ n: 2 });
  await received;
  assert.deepEqual(events, [{ n: 1 }, { n: 2 }]);
  stream.close();
  await closed;
});
