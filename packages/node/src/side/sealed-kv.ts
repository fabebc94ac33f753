// The LMDB files of a side node: indexes, and what its federation member remembers. Both can be built again, and LMDB has no
// checksums: a flipped bit gives wrong answers or ends the process inside the library. So each file is sealed when it is
// closed in order, and one that no longer matches its seal is kept aside and begun anew. What happens to a file after the
// process was killed, when it has no seal, is not found here.

import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { breakSeal, checkSeal, writeSeal } from "@bystack/storage/file-seal";
import type { KvStore } from "@bystack/storage/kv";
import { openLmdbStore } from "@bystack/storage/lmdb";
import type { IncidentCode, Incidents } from "../process/incidents.ts";

/** A file that is there and smaller than this is no database: LMDB would read beyond its end. */
const FILE_BYTES_MIN = 8192;

export type SealedKvOptions = {
  readonly folder: string;
  readonly file: string;
  readonly code: IncidentCode;
  /** What is done about a damaged file, beside keeping it. */
  readonly remedy: string;
  readonly incidents: Incidents;
};

async function whyDamaged(path: string): Promise<string | undefined> {
  if ((await checkSeal(path)) === "damaged") return "it is not as this node left it when it stopped";
  const isShort = existsSync(path) && statSync(path).size > 0 && statSync(path).size < FILE_BYTES_MIN;
  return isShort ? "it is shorter than any database" : undefined;
}

/** @throws BystackError DISK_IO, DISK_FULL */
export async function openSealedKv(options: SealedKvOptions): Promise<KvStore> {
  const { folder, file, incidents } = options;
  const path = join(folder, file);
  const why = await whyDamaged(path);
  if (why !== undefined) {
    const kept = existsSync(path) ? `kept as ${basename(file)}.damaged; ` : "";
    if (existsSync(path)) renameSync(path, `${path}.damaged`);
    rmSync(`${path}-lock`, { force: true });
    incidents.note({ code: options.code, file: `data/side/${file}`, what: why, done: `${kept}${options.remedy}` });
  }
  await breakSeal(path);
  const kv = await openLmdbStore({ path });
  return {
    ...kv,
    close: async () => {
      await kv.close();
      await writeSeal(path);
    },
  };
}
