// What the platform knows of a backup that it has sealed: enough to list it, to find it, and to say whether it holds.

import { BACKUP_MANIFEST, backupId, DRILL_RESULT } from "@bystack/api/backup-manifest";
import * as s from "@bystack/api/schemas";
import { z } from "zod";

const atMs = z.number().int().nonnegative();

export const BACKUP_ROW = z.strictObject({
  id: backupId,
  network: z.string().max(31),
  chain: z.string().max(31),
  node: z.string().max(41),
  kind: BACKUP_MANIFEST.shape.kind,
  height: s.height,
  blockHash: s.hash,
  stateRoot: s.hash,
  createdAtMs: atMs,
  release: z.string().max(60),
  /** Of its chunks, as they are on the disk. */
  bytes: z.number().int().nonnegative(),
  chunks: z.number().int().positive(),
  recipient: s.hash,
  manifestHash: s.hash,
  /** The folder of backups that it is in. */
  folder: z.string().max(1_000),
  /** What the drill right after it has shown; null before one. */
  drill: DRILL_RESULT.extend({ atMs }).nullable(),
  /** When its chunks were last compared with their hashes, and what was wrong; null when they never were. */
  verified: z.strictObject({ atMs, ok: z.boolean(), why: z.string().max(1_000) }).nullable(),
});
export type BackupRow = z.infer<typeof BACKUP_ROW>;
