// The routes of what happened: the stream of events, the audit log and its export.

import { z } from "zod";
import { route } from "../route.ts";
import * as s from "../schemas.ts";
import { count, name, numberCursor, text } from "./parts.ts";

const audit = z.object({
  seq: count,
  atMs: s.milliseconds,
  actorId: text,
  via: text,
  route: text,
  target: text,
  outcome: text,
  requestHash: s.hash,
  prev: s.hash,
  hash: s.hash,
});

export const RECORD_ROUTES = {
  events: route({
    method: "GET",
    path: "/v1/events",
    summary:
      "What happens, as server-sent events; goes on behind `Last-Event-ID`, or from now on. Events without number are of the " +
      "moment alone: `status` has a network's status as GET /v1/networks/:network answers it. After `gap` read everything anew.",
    query: z.strictObject({ network: name.optional() }),
    kind: "events",
    reply: z.object({
      seq: count.nullable(),
      atMs: s.milliseconds,
      topic: text,
      subject: text,
      data: z.record(z.string(), z.json()),
    }),
    errors: ["STREAMS_FULL"],
    access: { role: "a" },
  }),
  audit: route({
    method: "GET",
    path: "/v1/audit",
    summary: "The audit log, newest first: who did what, and who was refused.",
    query: z.strictObject({ limit: s.limitQuery, cursor: numberCursor }),
    reply: s.listOf(audit),
    access: { role: "a" },
  }),
  exportAudit: route({
    method: "GET",
    path: "/v1/audit/export",
    summary: "The audit log as lines, oldest first, for a check without this platform (`bystack audit verify`).",
    query: z.strictObject({ after: z.coerce.number().int().nonnegative().default(0) }),
    kind: "lines",
    reply: audit,
    access: { role: "a" },
  }),
  auditHead: route({
    method: "GET",
    path: "/v1/audit/head",
    summary: "Number and hash of the newest line: whoever keeps them sees later whether the log was cut.",
    reply: z.object({ seq: count, hash: s.hash }),
    access: { role: "a" },
  }),
  stopPlatform: route({
    method: "POST",
    path: "/admin/stop",
    summary: "Ends the platform's process in order. Nodes go on.",
    reply: z.object({ stopping: z.literal(true) }),
    access: { role: "w", isStepUp: true },
  }),
} as const;
