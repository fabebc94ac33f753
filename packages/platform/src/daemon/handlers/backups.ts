// Handlers of backups.

import type { BACKUP_ROUTES } from "@bystack/api/platform/backup-routes";
import type { CallHandlers } from "@bystack/api/route";
import type { BackupRow } from "../../backup/row.ts";
import type { PlatformCaller } from "../door.ts";
import { actorOf, type HandlerParts, lineOf, shown } from "./parts.ts";

type Handlers = CallHandlers<typeof BACKUP_ROUTES, PlatformCaller>;

function view({ network: _, manifestHash: __, ...row }: BackupRow) {
  return row;
}

export function backupHandlers({ platform }: HandlerParts): Handlers {
  const { backups } = platform;
  return {
    backups: async ({ params }) => ({ items: (await backups.list(params.network)).toReversed().map(view) }),
    backup: async ({ params }) => view(await backups.get(params.network, params.backup)),
    createBackup: async ({ params, body }, { caller }) => {
      const { network } = params;
      const line = lineOf(caller, "createBackup", `${network}/${body.chain ?? body.node ?? ""}`);
      return shown(await backups.create(network, body, actorOf(caller), line));
    },
    drillBackup: async ({ params }, { caller }) => {
      const { network, backup } = params;
      const line = lineOf(caller, "drillBackup", `${network}/${backup}`);
      return shown(await backups.drill(network, backup, actorOf(caller), line));
    },
    restoreBackup: async ({ params, body }, { caller }) => {
      const { network, backup } = params;
      const line = lineOf(caller, "restoreBackup", `${network}/${backup} ${body.node}`);
      return shown(await backups.restore(network, { id: backup, node: body.node }, actorOf(caller), line));
    },
  };
}
