// What a backup is made of, as its maker wrote it down: by a node for its chain, by the platform for its own store. It is the
// last file that is written, so a folder with a manifest is whole. It comes back from wherever backups are kept, and is then
// hostile input: sizes and paths are bounded here, what they name is compared when it is read.

import { z } from "zod";
import * as s from "./schemas.ts";

/** Version of the manifest and of what it lists. */
export const BACKUP_FORMAT = 1;
/** Name of the manifest in the folder of a backup. */
export const MANIFEST_FILE = "manifest.json";
/** Bytes of a manifest: 20,000 files, of which a chain's log has one for each 64 MiB. */
export const MANIFEST_BYTES_MAX = 4_194_304;
const FILES_MAX = 20_000;

/** A backup's name: that of its chain and the number of the operation that made it. */
export const backupId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,60}$/, "the name of a backup")
  .meta({ title: "backup" });

export const BACKUP_FILE = z.strictObject({
  /** From the backup's folder, with forward slashes. */
  path: z.string().min(1).max(400),
  bytes: z.number().int().nonnegative(),
  sha256: s.hash,
});

export const BACKUP_MANIFEST = z.strictObject({
  format: z.literal(BACKUP_FORMAT),
  id: backupId,
  kind: z.enum(["side", "main", "platform"]),
  network: z.string().max(31),
  chain: z.string().max(31),
  /** Hash of the chain's spec; of the platform's store 64 zeros. */
  chainId: s.hash,
  node: z.string().max(41),
  /** The newest block in it; on a side chain one with a certificate of its own. For the platform's store 0. */
  height: s.height,
  blockHash: s.hash,
  /**
   * Side chain: root of the state that the newest block follows, so its certificate vouches for it. Main chain and platform:
   * SHA-256 over the unspent outputs, or all rows, in the order of their keys.
   */
  stateRoot: s.hash,
  createdAtMs: s.milliseconds,
  release: z.string().max(60),
  /**
   * The vote key of the node and the place up to which it may have signed when the backup was made. It has signed more since:
   * a record of votes that ends before this place is an older one.
   */
  votes: z
    .strictObject({ key: s.hash, epoch: z.number().int().nonnegative(), view: z.number().int().nonnegative() })
    .nullable(),
  files: z.array(BACKUP_FILE).min(1).max(FILES_MAX),
});
export type BackupManifest = z.infer<typeof BACKUP_MANIFEST>;

/** What opening a backup and running it through has shown. */
export const DRILL_RESULT = z.strictObject({
  ok: z.boolean(),
  height: s.height,
  /** The root that came out; null when it did not come so far. */
  stateRoot: s.hash.nullable(),
  /** Blocks whose transactions were executed again. */
  blocks: z.number().int().nonnegative(),
  transactions: z.number().int().nonnegative(),
  seconds: z.number().nonnegative(),
  /** What is wrong; empty when nothing is. */
  why: z.string().max(1_000),
});
export type DrillResult = z.infer<typeof DRILL_RESULT>;
