// The documentation of a route table as one page without scripts, served at /docs: every route with what it needs, its
// parameters, a call that can be pasted, and the codes that it answers with. Made from the same table as the server.

import { z } from "zod";
import { exampleOfBody, exampleOfParameter } from "./examples.ts";
import { ROLE_NAMES } from "./role.ts";
import { errorsOf, type Route, type RouteTable } from "./route.ts";

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function html(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#16202c;background:#fff}
nav a{display:inline-block;margin:0 .75rem .25rem 0}article{border-top:1px solid #c9d1da;padding:1rem 0}h3{font-size:1rem;margin:0}
code,pre{font:13px/1.5 ui-monospace,monospace}pre{background:#f1f4f7;padding:.75rem;overflow-x:auto;border-radius:6px}
table{border-collapse:collapse;font-size:.9rem}td,th{text-align:left;padding:.15rem 1rem .15rem 0;vertical-align:top}.dim{color:#55606e}a{color:#1d4f91}
@media (prefers-color-scheme:dark){body{color:#e6ebf0;background:#14181d}pre{background:#1e242b}article{border-color:#39424d}.dim{color:#a3adb8}a{color:#8db8ef}}`;

function needs({ access }: Route): string {
  if (access === "open" || access === "self") return "open to everybody who may connect";
  if (access === "admin") return "the token in the platform's folder";
  const fresh = access.isStepUp === true ? ", and a proof of the last five minutes" : "";
  return access.role === "p"
    ? "nothing on a public network, else to be signed in"
    : `role ${ROLE_NAMES[access.role]}${fresh}`;
}

/** A path with the example of each parameter. */
export function examplePath(path: string): string {
  return path.replace(/:([a-zA-Z]+)/g, (_, name: string) => encodeURIComponent(exampleOfParameter(name) ?? name));
}

function curl(id: string, route: Route): string {
  const method = route.method === "GET" ? "" : ` -X ${route.method}`;
  const body = exampleOfBody(id, route);
  const stream = route.kind === "json" ? "" : " -N";
  const isOpen = route.access === "open" || route.access === "self";
  const token = isOpen ? "" : ` -H "authorization: Bearer $TOKEN"`;
  const data = body === undefined ? "" : ` \\\n  -H "content-type: application/json" -d '${JSON.stringify(body)}'`;
  return `curl -s${stream}${method}${token} "$PLATFORM${examplePath(route.path)}"${data}`;
}

function typeOf(schema: z.ZodType): string {
  const {
    type,
    enum: values,
    pattern,
  } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as {
    type?: string;
    enum?: readonly unknown[];
    pattern?: string;
  };
  if (values !== undefined) return values.map(String).join(" | ");
  return pattern === undefined ? (type ?? "any") : `${type ?? "string"} ${pattern}`;
}

function rows(place: string, schema: z.ZodObject): string[] {
  return Object.entries(schema.shape).map(
    ([name, part]) =>
      `<tr><td><code>${html(name)}</code></td><td class="dim">${place}</td><td><code>${html(typeOf(part as z.ZodType))}</code></td></tr>`,
  );
}

function article(id: string, route: Route): string {
  const body = route.body instanceof z.ZodObject ? rows("body", route.body) : [];
  const table = [...rows("path", route.params), ...rows("query", route.query), ...body];
  const kinds = {
    json: "",
    events: "Answers with server-sent events. ",
    lines: "Answers with lines of JSON. ",
  } as const;
  return `<article id="${html(id)}"><h3><code>${route.method} ${html(route.path)}</code></h3>
<p>${html(route.summary)}</p>
<p class="dim">${kinds[route.kind]}${route.status === 202 ? "Answers 202 with an operation that goes on. " : ""}Needs: ${html(needs(route))}.</p>
${table.length === 0 ? "" : `<table><tbody>${table.join("")}</tbody></table>`}
<pre>${html(curl(id, route))}</pre>
<p class="dim">Codes: ${errorsOf(route)
    .map((code) => `<code>${html(code)}</code>`)
    .join(", ")}</p></article>`;
}

/** A whole HTML document. */
export function renderDocs(routes: RouteTable, { title, version }: { title: string; version: string }): string {
  const entries = Object.entries(routes);
  const links = entries.map(([id]) => `<a href="#${html(id)}">${html(id)}</a>`).join("");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${html(title)}: API</title><style>${STYLE}</style></head><body><main><h1>${html(title)} <span class="dim">${html(version)}</span></h1>
<p>Every route below is in <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1) too. Errors are problem documents (RFC 9457) with a
<code>code</code>, what happened, why, and what to do next. Lists go on behind <code>next</code>. A change that is sent again under the same
<code>Idempotency-Key</code> is made once.</p>
<p>Make a token in the console's settings, or with <code>bystack token create</code>, then:</p>
<pre>export PLATFORM=http://localhost:7070 TOKEN=…</pre>
<nav aria-label="Routes">${links}</nav>
${entries.map(([id, route]) => article(id, route)).join("\n")}</main></body></html>`;
}
