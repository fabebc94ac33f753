// The file of the explorer's index: an LMDB environment of its own, beside everything else of the node. Deleting it loses
// nothing, so whatever is wrong with it has one remedy: it is removed, and made anew from the blocks.

import { closeSync, existsSync, mkdirSync, openSync, readSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { breakSeal, checkSeal, writeSeal } from "@bystack/storage/file-seal";
import type { KvStore } from "@bystack/storage/kv";
import { openLmdbStore } from "@bystack/storage/lmdb";
import { createMemoryStore } from "@bystack/storage/memory";
import type { Logger } from "@bystack/utils/ports";

/** A file that is there and smaller than this is no database: LMDB would read beyond its end. */
const FILE_BYTES_MIN = 8192;
/** Larger files are not sealed: hashing them would hold up the node's start and stop, about a second a gigabyte. */
const SEALED_BYTES_MAX = 1 << 30;

/** From the node's folder. */
export const EXPLORER_FOLDER: readonly string[] = ["data", "explorer"];

/** Where a database of LMDB says that it is one: behind the header of its first page, little-endian. */
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;
/** There while a file is opened: LMDB ends the process over some damage, and the next start must not try that again. */
const OPENING = ".opening";

function hasMagic(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const bytes = new Uint8Array(4);
    readSync(file, bytes, 0, 4, MAGIC_AT);
    return new DataView(bytes.buffer).getUint32(0, true) === MAGIC;
  } finally {
    closeSync(file);
  }
}

async function whyDamaged(path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  const { size } = statSync(path);
  if (size > 0 && size < FILE_BYTES_MIN) return "it is shorter than any database";
  if (existsSync(`${path}${OPENING}`)) return "the process ended while it was opened";
  if (size > 0 && !hasMagic(path)) return "it is no database";
  if (size > SEALED_BYTES_MAX) return undefined;
  return (await checkSeal(path)) === "damaged" ? "it is not as this node left it when it stopped" : undefined;
}

async function openFile(path: string): Promise<KvStore> {
  await breakSeal(path);
  writeFileSync(`${path}${OPENING}`, "", { mode: 0o600 });
  const store = await openLmdbStore({ path });
  // The first read walks the tree down once.
  for await (const _ of store.iterate({ limit: 1 })) break;
  rmSync(`${path}${OPENING}`);
  return {
    ...store,
    close: async () => {
      await store.close();
      if (existsSync(path) && statSync(path).size <= SEALED_BYTES_MAX) await writeSeal(path);
    },
  };
}

/** Opens the index's file, or begins it anew. @throws BystackError DISK_IO, DISK_FULL when even that is refused */
export async function openExplorerStore(options: {
  /** The node's folder. */
  readonly folder: string;
  readonly driver: "lmdb" | "memory";
  readonly logger: Logger;
}): Promise<KvStore> {
  const { folder, driver, logger } = options;
  if (driver === "memory") return createMemoryStore();
  const place = join(folder, ...EXPLORER_FOLDER);
  const path = join(place, "index.mdb");
  const beginAnew = (why: string): void => {
    logger.warn("the explorer's index is removed and made anew from the blocks", { why });
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { recursive: true, mode: 0o700 });
  };
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const why = await whyDamaged(path);
  if (why !== undefined) beginAnew(why);
  try {
    return await openFile(path);
  } catch (error) {
    beginAnew(error instanceof Error ? error.message : String(error));
    return openFile(path);
  }
}
