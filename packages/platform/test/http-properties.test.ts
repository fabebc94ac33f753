// Every route of the platform under requests that nobody has thought of: made from the route's own schemas, whole and broken, by
// an owner, by an auditor and by nobody. What comes back is what the table says: its reply, or a problem with a code that the
// route names; never a fault of the server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { errorsOf, hasBody, type Route } from "@bystack/api/route";
import { DEV_DEFINITION } from "@bystack/platform/definition/dev";
import fc from "fast-check";
import { z } from "zod";
import { LOCAL_TOKEN, Served } from "./http-kit.ts";

const served = new Served();
let auditor = "";

before(async () => {
  await served.start();
  await served.machine.apply(served.platform, DEV_DEFINITION);
  await served.platform.watch.look();
  const owner = await served.owner();
  const draft = { name: "auditor", role: "a", network: "*", days: 1 };
  const made = await served.call("POST", "/v1/tokens", { headers: served.as(owner), body: draft });
  auditor = String(made.body.text);
});
after(() => served.end());

type Json = Readonly<Record<string, unknown>>;

/** Values that fit a JSON schema, as far as the route table uses it. */
function fitting(schema: Json): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  const choices = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (choices !== undefined) return fc.oneof(...choices.map(fitting));
  switch (schema.type) {
    case "object":
      return fittingObject(schema);
    case "array":
      return fc.array(fitting((schema.items ?? {}) as Json), { maxLength: 3 });
    case "string":
      return typeof schema.pattern === "string"
        ? fc.stringMatching(new RegExp(schema.pattern))
        : fc.string({
            maxLength: Math.min(Number(schema.maxLength ?? 40), 40),
            minLength: Number(schema.minLength ?? 0),
          });
    case "integer":
    case "number":
      return fc.integer({ min: Number(schema.minimum ?? 0), max: Math.min(Number(schema.maximum ?? 1000), 1_000_000) });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function fittingObject(schema: Json): fc.Arbitrary<unknown> {
  const {
    properties = {},
    required = [],
    additionalProperties,
  } = schema as {
    properties?: Record<string, Json>;
    required?: string[];
    additionalProperties?: Json | boolean;
  };
  const own = fc.record(Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, fitting(part)])), {
    requiredKeys: required,
  });
  if (typeof additionalProperties !== "object") return own;
  return fc.dictionary(fc.string({ maxLength: 12 }), fitting(additionalProperties), { maxKeys: 3 });
}

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    "__proto__",
    "../../etc/passwd",
    "\u0000",
    "𝌆".repeat(50),
    -1,
    Number.MAX_VALUE,
    "9".repeat(400),
    "%2e%2e%2f",
  ),
);

/** The same with something missing, strange or too much. */
function broken(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(value, junk, fc.nat(5), fc.string({ maxLength: 8 })).map(([whole, strange, place, name]) => {
    if (typeof whole !== "object" || whole === null || Array.isArray(whole)) return strange;
    const keys = Object.keys(whole);
    const key = keys[place % Math.max(1, keys.length)] ?? name;
    return place === 5 ? strange : { ...whole, [place % 2 === 0 ? key : `x${name}`]: strange };
  });
}

function valuesOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  const whole = fitting(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Json);
  return fc.oneof({ weight: 3, arbitrary: whole }, { weight: 1, arbitrary: broken(whole) });
}

/** Names of what is there now and then: a request that finds nothing shows little. */
function withReal(name: string, value: unknown): unknown {
  const real: Readonly<Record<string, string>> = {
    network: "dev",
    chain: "demo",
    node: "demo-1",
    operation: "1",
    preset: "dev",
  };
  return real[name] ?? value;
}

function pathOf(route: Route, params: unknown, isReal: boolean): string {
  const given = (typeof params === "object" && params !== null ? params : {}) as Record<string, unknown>;
  return route.path.replace(/:([a-zA-Z]+)/g, (_, name: string) => {
    const value = isReal ? withReal(name, given[name]) : given[name];
    return encodeURIComponent(wordOf(value ?? "none")) || "none";
  });
}

const wordOf = (value: unknown): string =>
  (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toWellFormed();

type Asked = { params: unknown; query: unknown; body: unknown; isReal: boolean; who: "owner" | "auditor" | "nobody" };

function requestsTo(route: Route): fc.Arbitrary<Asked> {
  return fc.record({
    params: valuesOf(route.params),
    query: valuesOf(route.query),
    body: valuesOf(route.body),
    isReal: fc.boolean(),
    who: fc.constantFrom("owner", "auditor", "nobody"),
  });
}

async function ask(route: Route, { params, query, body, isReal, who }: Asked) {
  const authorization = { owner: `Bearer ${LOCAL_TOKEN}`, auditor: `Bearer ${auditor}`, nobody: undefined }[who];
  const pairs = Object.entries(typeof query === "object" && query !== null ? query : {});
  const search = new URLSearchParams();
  for (const [name, value] of pairs) search.append(name.toWellFormed(), wordOf(value));
  const abort = new AbortController();
  const response = await fetch(`${served.server.url}${pathOf(route, params, isReal)}?${search}`, {
    method: route.method,
    headers: { ...(authorization && { authorization }), ...(hasBody(route) && { "content-type": "application/json" }) },
    ...(hasBody(route) && { body: JSON.stringify(body) }),
    signal: abort.signal,
  });
  const isStream = response.ok && route.kind !== "json";
  const answer: unknown = isStream ? undefined : JSON.parse(await response.text());
  abort.abort();
  return { status: response.status, answer, isStream };
}

/** What would end the network that the others ask about, and what only real chain nodes answer. */
const APART = new Set<string>([
  "transfers",
  "transfer",
  "removeNetwork",
  "stopNetwork",
  "stopNode",
  "restartNode",
  "rebuildNode",
  "perturbNode",
]);

const problem = z.strictObject({
  type: z.string().startsWith("urn:bystack:error:"),
  title: z.string().min(1),
  status: z.number(),
  detail: z.string(),
  code: z.string(),
  requestId: z.string().min(1),
  next: z.string().min(1),
});

for (const [id, route] of Object.entries<Route>(PLATFORM_ROUTES)) {
  if (APART.has(id) || (id.startsWith("chain.") && !["chain.info", "chain.consensus"].includes(id))) continue;
  test(`${route.method} ${route.path} answers what it says`, async () => {
    const isKnown = (asked: Asked) =>
      ask(route, asked).then(({ status, answer, isStream }) => {
        if (isStream) return;
        if (status === route.status) {
          const parsed = route.reply.safeParse(answer);
          assert.ok(parsed.success, `${JSON.stringify(answer).slice(0, 300)}: ${parsed.error?.message}`);
          return;
        }
        const { code } = problem.parse(answer);
        // A path that is torn or too long does not reach its route.
        if (code === "UNKNOWN_ROUTE") return;
        assert.ok(errorsOf(route).includes(code), `${status} ${code} is not among ${errorsOf(route).join(", ")}`);
        assert.ok(status < 500 || ["CHAIN_SILENT", "STORE_BUSY", "LOGIN_BUSY"].includes(code), `${status} ${code}`);
      });
    await fc.assert(fc.asyncProperty(requestsTo(route), isKnown), { numRuns: 30, seed: 5 });
  });
}
