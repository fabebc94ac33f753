// The Disk port over node:fs. Files are created readable by their owner only (0600), folders 0700. `sync` is fdatasync:
// it also flushes the size that is needed to read the data back. A path that leaves the root is refused.

import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { type Disk, type DiskFile, type DiskOperation, diskError, folderOf, type OpenMode } from "./disk.ts";

const FLAGS: Readonly<Record<OpenMode, number>> = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  update: constants.O_RDWR,
  read: constants.O_RDONLY,
};

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "EUNKNOWN";
}

async function run<T>(operation: DiskOperation, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw diskError(operation, path, { code: codeOf(cause), cause });
  }
}

async function readAll(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done === length ? bytes : bytes.slice(0, done);
}

async function writeAll(handle: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}

function createFile(path: string, handle: FileHandle): DiskFile {
  return {
    path,
    size: () => run("size", path, async () => (await handle.stat()).size),
    read: (offset, length) => run("read", path, () => readAll(handle, offset, length)),
    write: (offset, bytes) => run("write", path, () => writeAll(handle, offset, bytes)),
    truncate: (size) => run("truncate", path, () => handle.truncate(size)),
    sync: () => run("sync", path, () => handle.datasync()),
    close: () => run("close", path, () => handle.close()),
  };
}

/** A disk whose root is an existing folder. */
export function createNodeDisk(root: string): Disk {
  const base = resolve(root);
  const full = (path: string): string => {
    const target = resolve(base, path);
    if (target !== base && !target.startsWith(base + sep)) throw diskError("open", path, { code: "EACCES" });
    return target;
  };
  const syncFolder = (folder: string): Promise<void> =>
    run("syncFolder", folder, async () => {
      const handle = await open(full(folder), constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  return {
    open: (path, mode) => run("open", path, async () => createFile(path, await open(full(path), FLAGS[mode], 0o600))),
    list: (folder) =>
      run("list", folder, async () => {
        try {
          const entries = await readdir(full(folder), { withFileTypes: true });
          return entries
            .filter((entry) => entry.isFile())
            .map((entry) => entry.name)
            .sort();
        } catch (cause) {
          if (codeOf(cause) === "ENOENT") return [];
          throw cause;
        }
      }),
    makeFolder: async (folder) => {
      await run("makeFolder", folder, () => mkdir(full(folder), { recursive: true, mode: 0o700 }));
      for (let path = folder; path !== ""; path = folderOf(path)) await syncFolder(folderOf(path));
    },
    rename: (from, to) => run("rename", from, () => rename(full(from), full(to))),
    remove: (path) => run("remove", path, () => rm(full(path), { force: true })),
    syncFolder,
  };
}
