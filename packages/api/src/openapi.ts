// The OpenAPI 3.1 document of a route table. Generated at start from the same definitions that check the requests.

import { z } from "zod";
import { exampleOfBody, exampleOfParameter } from "./examples.ts";
import { ROLE_NAMES } from "./role.ts";
import { errorsOf, hasBody, type Route, type RouteAccess, type RouteTable } from "./route.ts";

function jsonSchema(schema: z.ZodType, io: "input" | "output"): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

function parameters(place: "path" | "query", schema: z.ZodObject): unknown[] {
  return Object.entries(schema.shape).map(([name, part]) => ({
    name,
    in: place,
    required: place === "path" || !z.safeParse(part as z.ZodType, undefined).success,
    schema: jsonSchema(part as z.ZodType, "input"),
    ...(place === "path" && exampleOfParameter(name) !== undefined && { example: exampleOfParameter(name) }),
  }));
}

const MEDIA_TYPES = { json: "application/json", events: "text/event-stream", lines: "application/x-ndjson" } as const;

function security(access: RouteAccess): Record<string, unknown> {
  if (access === "open" || access === "self") return {};
  if (access === "admin") return { security: [{ admin: [] }] };
  const needs = `least role: ${ROLE_NAMES[access.role]}${access.isStepUp === true ? "; a proof of the last five minutes" : ""}`;
  return { description: needs, security: access.role === "p" ? [{}, { token: [] }] : [{ token: [] }, { session: [] }] };
}

function answers(route: Route): Record<string, unknown> {
  const { kind, status, reply } = route;
  const schema = jsonSchema(reply, "output");
  const codes = errorsOf(route).join(", ");
  return {
    [status]: {
      description: status === 202 ? "begun: an operation that goes on" : "done",
      content: { [MEDIA_TYPES[kind]]: { schema } },
    },
    default: {
      description: `problem document; codes: ${codes}`,
      content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
    },
  };
}

export function renderOpenApi(routes: RouteTable, info: { title: string; version: string }): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [id, route] of Object.entries(routes)) {
    const path = route.path.replace(/:([a-zA-Z]+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = {
      operationId: id,
      summary: route.summary,
      parameters: [...parameters("path", route.params), ...parameters("query", route.query)],
      ...(hasBody(route) && {
        requestBody: {
          required: true,
          content: {
            "application/json": { schema: jsonSchema(route.body, "input"), example: exampleOfBody(id, route) },
          },
        },
      }),
      ...security(route.access),
      responses: answers(route),
    };
  }
  const text = { type: "string" };
  return {
    openapi: "3.1.0",
    info,
    paths,
    components: {
      schemas: {
        Problem: {
          type: "object",
          required: ["type", "title", "status", "detail", "code", "requestId", "next"],
          properties: {
            type: text,
            title: text,
            status: { type: "integer" },
            detail: text,
            code: text,
            requestId: text,
            next: text,
          },
        },
      },
      securitySchemes: {
        admin: { type: "http", scheme: "bearer", description: "the token in the node's folder" },
        token: { type: "http", scheme: "bearer", description: "a token that somebody made in the settings" },
        session: {
          type: "apiKey",
          in: "header",
          name: "x-bystack-session",
          description: "with the cookie of a sign-in",
        },
      },
    },
  };
}
