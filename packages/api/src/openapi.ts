// The OpenAPI 3.1 document of a route table. Generated at start from the same definitions that check the requests.

import { z } from "zod";
import type { RouteTable } from "./route.ts";

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
  }));
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
      ...(route.method === "POST" && {
        requestBody: { required: true, content: { "application/json": { schema: jsonSchema(route.body, "input") } } },
      }),
      ...(route.access === "admin" && { security: [{ admin: [] }] }),
      responses: {
        200: { description: "done", content: { "application/json": { schema: jsonSchema(route.reply, "output") } } },
        default: {
          description: `problem document; codes: ${["BAD_REQUEST", "FORBIDDEN_HOST", "INTERNAL", ...route.errors].join(", ")}`,
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
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
      securitySchemes: { admin: { type: "http", scheme: "bearer" } },
    },
  };
}
