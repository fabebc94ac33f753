// The documentation of the platform: every route is in it with a call, and what the calls say is what the routes take.

import assert from "node:assert/strict";
import { test } from "node:test";
import { renderDocs } from "@bystack/api/docs-page";
import { exampleOfBody, exampleOfParameter } from "@bystack/api/examples";
import { renderOpenApi } from "@bystack/api/openapi";
import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import type { Route } from "@bystack/api/route";

const ROUTES = Object.entries<Route>(PLATFORM_ROUTES);

test("every parameter of a path and every body has an example that its route takes", () => {
  for (const [id, route] of ROUTES) {
    const names = Object.keys(route.params.shape);
    const params = Object.fromEntries(names.map((name) => [name, exampleOfParameter(name)]));
    const parsed = route.params.safeParse(params);
    assert.ok(parsed.success, `${id}: ${parsed.error?.message}`);
    const body = exampleOfBody(id, route);
    if (body === undefined) continue;
    const taken = route.body.safeParse(body);
    assert.ok(taken.success, `${id}: ${taken.error?.message}`);
  }
});

test("the page has every route once, without a script, and hostile titles stay text", () => {
  const page = renderDocs(PLATFORM_ROUTES, { title: "<script>alert(1)</script>", version: "0" });
  for (const [id, { method, path }] of ROUTES) {
    assert.equal(page.split(`id="${id}"`).length, 2, id);
    assert.ok(page.includes(`${method} ${path}`), id);
  }
  assert.ok(!/<script/i.test(page));
});

test("the OpenAPI document carries the examples", () => {
  const document = renderOpenApi(PLATFORM_ROUTES, { title: "t", version: "0" }) as {
    paths: Record<string, Record<string, { parameters: { name: string; example?: string }[] }>>;
  };
  const one = document.paths["/v1/networks/{network}/nodes/{node}"]?.get?.parameters;
  assert.deepEqual(
    one?.map(({ name, example }) => [name, example]),
    [
      ["network", "dev"],
      ["node", "demo-1"],
    ],
  );
});
