// The tables of the platform's store (platform.md section 2). A bucket is never given a second meaning; a row that changes
// its form gets a migration. Buckets 20 to 25 are those of people (`people/tables.ts`).

import { z } from "zod";
import { BACKUP_ROW, type BackupRow } from "../backup/row.ts";
import { OPERATION } from "../operation/record.ts";
import { AUDIT_ROW } from "./audit.ts";
import type { Table } from "./table.ts";

export const EVENT = z.strictObject({
  seq: z.number().int().min(1),
  atMs: z.number().int().nonnegative(),
  /** What sort of thing changed: `operation`, `node`, `chain`, `alert` … */
  topic: z.string().max(40),
  /** Which one. */
  subject: z.string().max(200),
  data: z.record(z.string(), z.json()),
});
export type PlatformEvent = z.infer<typeof EVENT>;

const NETWORK = z.strictObject({
  name: z.string().max(31),
  /** The definition that is applied, as its author wrote it; empty until the first one is. */
  definition: z.string(),
  /** Counts the definitions that were applied. */
  revision: z.number().int().nonnegative(),
  /** Whether its nodes shall run. */
  desired: z.enum(["running", "stopped"]),
  changedAtMs: z.number().int().nonnegative(),
});
export type NetworkRow = z.infer<typeof NETWORK>;

const NODE = z.strictObject({
  /** One that was stopped by hand is not started again by the platform. */
  desired: z.enum(["running", "stopped"]),
});
export type NodeRow = z.infer<typeof NODE>;

const REPLY = z.strictObject({
  /** SHA3-256 of the body that was answered. */
  requestHash: z.string().regex(/^[0-9a-f]{64}$/),
  reply: z.json(),
  atMs: z.number().int().nonnegative(),
});

const META = z.strictObject({ number: z.number().int().nonnegative(), text: z.string().max(1000) });

/** Key: what it is. Format, newest numbers of the tables below. */
export const META_TABLE: Table<z.infer<typeof META>> = { name: "meta", bucket: 1, row: META };
/** Key: seq. Kept for {@link EVENTS_KEPT_MS}. */
export const EVENTS: Table<PlatformEvent> = { name: "events", bucket: 2, row: EVENT };
/** Key: seq. Kept for good. */
export const AUDIT: Table<z.infer<typeof AUDIT_ROW>> = { name: "audit", bucket: 3, row: AUDIT_ROW };
/** Key: id, which sorts by time. */
export const OPERATIONS: Table<z.infer<typeof OPERATION>> = { name: "operations", bucket: 4, row: OPERATION };
/** Key: name. */
export const NETWORKS: Table<NetworkRow> = { name: "networks", bucket: 5, row: NETWORK };

/** Key: network, node. A node without a row shall run as its network shall. */
export const NODES: Table<NodeRow> = { name: "nodes", bucket: 6, row: NODE };
/** Key: SHA3-256 of who asked, for what, and their key. Kept for {@link REPLIES_KEPT_MS}. */
export const REPLIES: Table<z.infer<typeof REPLY>> = { name: "idempotency", bucket: 7, row: REPLY };

/** Key: network, id. Sealed backups that are listed. */
export const BACKUPS: Table<BackupRow> = { name: "backups", bucket: 10, row: BACKUP_ROW };

/** For so long the same call under the same key gets the same answer. */
export const REPLIES_KEPT_MS = 24 * 3_600_000;
/** Long enough for a console that was closed over a weekend to go on where it was. */
export const EVENTS_KEPT_MS = 7 * 24 * 3_600_000;
