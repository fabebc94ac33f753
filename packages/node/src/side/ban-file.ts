// Which peers this node refuses, kept over a restart: otherwise a restart would be all that a banned peer has to wait for
// (promises.md P27).

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Ban, type BanStore, SCORED_PEERS_MAX } from "@bystack/network/scores";
import type { Logger } from "@bystack/utils/ports";
import { z } from "zod";

/** Characters of a reason that are kept. */
const REASON_CHARS_MAX = 200;

const bans = z
  .array(
    z.strictObject({
      id: z.string().regex(/^[0-9a-f]{64}$/),
      untilMs: z.number().nonnegative(),
      times: z.number().int().nonnegative(),
      reason: z.string().max(REASON_CHARS_MAX),
    }),
  )
  .max(SCORED_PEERS_MAX);

/** A store in one JSON file. A file that cannot be read is no reason not to start: it is said, and begun anew. */
export function createBanFile(path: string, logger: Logger): BanStore {
  return {
    load: async (): Promise<readonly Ban[]> => {
      try {
        return bans.parse(JSON.parse(readFileSync(path, "utf8")));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT")
          logger.warn("the list of refused peers cannot be read and is begun anew", { file: path });
        return [];
      }
    },
    save: async (list) => {
      const kept = list.map((ban) => ({ ...ban, reason: ban.reason.slice(0, REASON_CHARS_MAX) }));
      writeFileSync(`${path}.tmp`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
    },
  };
}
