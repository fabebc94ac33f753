// Disks that fail on demand, for tests with real processes: one of a few megabytes that can be filled (a tmpfs, which only
// root may mount), and one that cannot make anything durable any more (a library loaded into the process; needs a C compiler).

import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type FailingDisk = {
  /** Where the node's folder goes. */
  readonly path: string;
  /** For the node's process. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on writes fail. */
  fail(): void;
  mend(): void;
  remove(): void;
};

function whyNot(result: ReturnType<typeof spawnSync>): string {
  return result.error?.message ?? String(result.stderr).trim();
}

/** Takes all the room that is left, halving the writes down to a page: what is left then is less than any write. */
function fill(path: string): void {
  const file = openSync(path, "w");
  let bytes = 1_048_576;
  while (bytes >= 4_096) {
    try {
      writeSync(file, new Uint8Array(bytes));
    } catch {
      bytes /= 2;
    }
  }
  closeSync(file);
}

/** A disk that can be filled; a text says why this machine cannot have one. */
export function createSmallDisk(mebibytes: number): FailingDisk | string {
  const path = mkdtempSync(join(tmpdir(), "bystack-small-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=0700`, "tmpfs", path]);
  if (mounted.status !== 0) {
    rmSync(path, { recursive: true });
    return `no small disk can be mounted here: ${whyNot(mounted)}`;
  }
  return {
    path,
    env: {},
    fail: () => fill(join(path, "filler")),
    mend: () => rmSync(join(path, "filler")),
    remove: () => {
      // Lazily: a process that was killed a moment ago may still hold it.
      const unmounted = spawnSync("umount", ["--lazy", path]);
      if (unmounted.status === 0) rmSync(path, { recursive: true });
    },
  };
}

/** A disk whose fsync can be made to fail; a text says why this machine cannot have one. */
export function createUnsyncableDisk(): FailingDisk | string {
  if (process.platform !== "linux") return "a library can be loaded into a process like this on Linux only";
  const path = mkdtempSync(join(tmpdir(), "bystack-unsyncable-disk-"));
  const library = join(path, "failing-sync.so");
  const source = join(import.meta.dirname, "fixtures", "failing-sync.c");
  const compiled = spawnSync("cc", ["-shared", "-fPIC", "-o", library, source]);
  const trigger = join(path, "sync-fails");
  const disk: FailingDisk = {
    path,
    env: { LD_PRELOAD: library, SYNC_FAILS_IF: trigger },
    fail: () => writeFileSync(trigger, ""),
    mend: () => rmSync(trigger),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
  if (compiled.status === 0) return disk;
  disk.remove();
  return `there is no C compiler: ${whyNot(compiled)}`;
}
