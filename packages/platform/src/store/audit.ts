// The audit log's chain: every row carries the hash of the row before it, so that a row that was changed, left out or put in
// shows for everybody who has a later hash. Verified offline from an export, by the same functions (platform.md section 5).

import { createHash } from "node:crypto";
import { z } from "zod";

const HASH = z.string().regex(/^[0-9a-f]{64}$/);

/** The `prev` of the first row. */
export const AUDIT_BEGINNING = "0".repeat(64);

export const AUDIT_ROW = z.strictObject({
  seq: z.number().int().min(1),
  atMs: z.number().int().nonnegative(),
  /** Who: a user, a token, or `platform` for what it does by itself. */
  actorId: z.string().max(100),
  /** How they came: a session, a token, the command line of the same machine, the platform itself. */
  via: z.enum(["session", "token", "local", "platform", "none"]),
  route: z.string().max(100),
  target: z.string().max(200),
  outcome: z.string().max(100),
  /** SHA3-256 of the request's body: what was asked can be shown later, and no secret is kept here. */
  requestHash: HASH,
  prev: HASH,
  hash: HASH,
});

export type AuditRow = z.infer<typeof AUDIT_ROW>;
export type AuditEntry = Omit<AuditRow, "seq" | "prev" | "hash">;

export function sha3Hex(text: string): string {
  return createHash("sha3-256").update(text).digest("hex");
}

/** The fields in a fixed order; JSON strings cannot run into each other. */
function hashOf({
  seq,
  atMs,
  actorId,
  via,
  route,
  target,
  outcome,
  requestHash,
  prev,
}: Omit<AuditRow, "hash">): string {
  return sha3Hex(JSON.stringify([seq, atMs, actorId, via, route, target, outcome, requestHash, prev]));
}

/** The row that follows another one, or the first. */
export function nextAuditRow(entry: AuditEntry, last: Pick<AuditRow, "seq" | "hash"> | undefined): AuditRow {
  const row = { ...entry, seq: (last?.seq ?? 0) + 1, prev: last?.hash ?? AUDIT_BEGINNING };
  return { ...row, hash: hashOf(row) };
}

export type AuditVerdict =
  | { readonly ok: true; readonly rows: number; readonly head: string }
  | { readonly ok: false; readonly seq: number; readonly why: string };

/** Checks rows in order, from the first one or from behind a row that is known. */
export function verifyAudit(
  rows: Iterable<AuditRow>,
  from: Pick<AuditRow, "seq" | "hash"> = { seq: 0, hash: AUDIT_BEGINNING },
): AuditVerdict {
  let last = from;
  for (const row of rows) {
    const seq = last.seq + 1;
    if (row.seq !== seq) return { ok: false, seq, why: `row ${seq} is missing: row ${row.seq} comes next` };
    if (row.prev !== last.hash) return { ok: false, seq, why: "it does not follow from the row before it" };
    if (row.hash !== hashOf(row)) return { ok: false, seq, why: "it was changed: its hash is another one" };
    last = row;
  }
  return { ok: true, rows: last.seq - from.seq, head: last.hash };
}
