// Backups of nodes without chains: what such a node writes when it is asked, and ports that put it into a folder and run it
// through as a test says. Stores are real ones.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DrillResult, MANIFEST_FILE } from "@bystack/api/backup-manifest";
import type { BackupPorts } from "@bystack/platform/daemon/backups";
import { openLmdbStore } from "@bystack/storage/lmdb";

const HASH = "ab".repeat(32);
export const HEIGHT = 5;

/** Writes an opened backup as a node does, the manifest last. @returns what the node answers */
export function writeFakeBackup(nodeFolder: string, backup: { id: string; node: string; chain: string }) {
  const folder = join(nodeFolder, "backup", backup.id);
  if (!existsSync(join(folder, MANIFEST_FILE))) {
    mkdirSync(join(folder, "data"), { recursive: true });
    const text = `blocks of ${backup.chain}`;
    writeFileSync(join(folder, "data", "blocks.log"), text);
    const sha256 = createHash("sha256").update(text).digest("hex");
    const manifest = {
      format: 1,
      kind: "side",
      network: "dev",
      chainId: HASH,
      height: HEIGHT,
      blockHash: HASH,
      stateRoot: HASH,
      createdAtMs: 1_800_000_000_000,
      release: "test",
      votes: null,
      files: [{ path: "data/blocks.log", bytes: text.length, sha256 }],
      ...backup,
    };
    writeFileSync(join(folder, MANIFEST_FILE), JSON.stringify(manifest));
  }
  return { id: backup.id, state: "done", folder: `backup/${backup.id}`, height: HEIGHT, bytes: 1, why: "" };
}

export class FakeBackups {
  /** Folders that were run through. */
  readonly drilled: string[] = [];
  /** What is wrong with every backup; empty while they hold. */
  problem = "";

  readonly ports: BackupPorts = {
    drill: async (opened): Promise<DrillResult> => {
      assertOpened(opened);
      this.drilled.push(opened);
      const ok = this.problem === "";
      const stateRoot = ok ? HASH : null;
      return { ok, height: HEIGHT, stateRoot, blocks: HEIGHT, transactions: 0, seconds: 0.1, why: this.problem };
    },
    isPlaced: (into, { id }) => {
      const path = join(into, "restored.json");
      return existsSync(path) && JSON.parse(readFileSync(path, "utf8")).backup === id;
    },
    place: async (from, into) => {
      const { id, kind } = JSON.parse(readFileSync(join(from, MANIFEST_FILE), "utf8"));
      cpSync(join(from, "data"), join(into, "data", kind), { recursive: true });
      writeFileSync(join(into, "restored.json"), JSON.stringify({ backup: id }));
    },
    openStore: (path) => openLmdbStore({ path }),
    release: "test",
  };
}

function assertOpened(folder: string): void {
  if (!existsSync(join(folder, MANIFEST_FILE))) throw new Error(`${folder} is not there`);
}
