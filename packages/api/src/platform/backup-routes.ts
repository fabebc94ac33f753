// The routes of backups: what there is and whether it holds, one more, and putting one back. None of them carries a key.

import { z } from "zod";
import { BACKUP_MANIFEST, backupId, DRILL_RESULT } from "../backup-manifest.ts";
import { route } from "../route.ts";
import * as s from "../schemas.ts";
import { operation } from "./operation-routes.ts";
import { count, NETWORK, name, nodeName, readonlyArray, text } from "./parts.ts";

const backup = z.object({
  id: backupId,
  chain: text,
  node: text,
  kind: BACKUP_MANIFEST.shape.kind,
  height: s.height,
  blockHash: s.hash,
  stateRoot: s.hash,
  createdAtMs: s.milliseconds,
  release: text,
  bytes: count,
  chunks: count,
  /** Public half of the key that opens it. */
  recipient: s.hash,
  /** Where it is kept, on the platform's machine. */
  folder: text,
  /** What running it through right after it was made has shown; null where no drill was. */
  drill: DRILL_RESULT.extend({ atMs: s.milliseconds }).nullable(),
  /** When its chunks were last compared with their hashes. */
  verified: z.object({ atMs: s.milliseconds, ok: z.boolean(), why: text }).nullable(),
});

const BACKUP = NETWORK.extend({ backup: backupId });
const begun = { status: 202, reply: operation } as const;

export const BACKUP_ROUTES = {
  backups: route({
    method: "GET",
    path: "/v1/networks/:network/backups",
    summary: "Backups of a network, newest first.",
    params: NETWORK,
    reply: z.object({ items: readonlyArray(backup) }),
    errors: ["NETWORK_NOT_FOUND"],
    access: { role: "o" },
  }),
  backup: route({
    method: "GET",
    path: "/v1/networks/:network/backups/:backup",
    summary: "One backup.",
    params: BACKUP,
    reply: backup,
    errors: ["BACKUP_NOT_FOUND"],
    access: { role: "o" },
  }),
  createBackup: route({
    ...begun,
    method: "POST",
    path: "/v1/networks/:network/backups",
    summary: "Begins a backup of a chain, by one of its nodes, or of the platform's own store.",
    params: NETWORK,
    body: z.strictObject({ chain: name.optional(), node: nodeName.optional(), platform: z.boolean().optional() }),
    errors: ["NETWORK_NOT_FOUND", "BACKUP_NO_RECIPIENT", "CHAIN_NOT_FOUND", "NODE_NOT_FOUND", "OPERATIONS_BUSY"],
    access: { role: "o" },
  }),
  drillBackup: route({
    ...begun,
    method: "POST",
    path: "/v1/networks/:network/backups/:backup/drill",
    summary:
      "Begins to compare a sealed backup with its hashes; what is in it only whoever has the key can run through.",
    params: BACKUP,
    errors: ["BACKUP_NOT_FOUND", "OPERATIONS_BUSY"],
    access: { role: "o" },
  }),
  restoreBackup: route({
    ...begun,
    method: "POST",
    path: "/v1/networks/:network/backups/:backup/restore",
    summary: "Begins to put a backup, opened beside the node by whoever has the key, into the node's empty folder.",
    params: BACKUP,
    body: z.strictObject({ node: nodeName }),
    errors: ["BACKUP_NOT_FOUND", "NETWORK_NOT_FOUND", "NODE_NOT_FOUND", "OPERATIONS_BUSY"],
    access: { role: "w", isStepUp: true },
  }),
} as const;
