// A drill: an opened backup is put into a throw-away folder and run through as a node that starts over it would, without
// peers, votes or ports. What comes out is compared with what the chain itself vouches for: on a side chain the certificate of
// the newest block, on the main chain the rules, every block applied again. A backup that fails is an answer, not an error.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { DrillResult } from "@bystack/api/backup-manifest";
import { assertListed, copyListed } from "@bystack/storage/file-list";
import { BystackError } from "@bystack/utils/errors";
import type { Logger } from "@bystack/utils/ports";
import { drillMain } from "./drill-main.ts";
import { DrillFailure, type DrillFindings, type DrillPlace } from "./drill-place.ts";
import { drillSide } from "./drill-side.ts";
import { readManifest } from "./jobs.ts";

const WHY_CHARS_MAX = 1_000;
const DATA = "data/";

export type DrillOptions = {
  /** The opened backup. It is read and left as it is. */
  readonly folder: string;
  /** An empty folder that the caller removes. */
  readonly work: string;
  readonly logger: Logger;
};

async function prepare({ folder, work, logger }: DrillOptions): Promise<DrillPlace> {
  const manifest = readManifest(folder);
  const { files, kind } = manifest;
  assertListed(files);
  const inData = files.filter(({ path }) => path.startsWith(DATA));
  const others = files.filter(({ path }) => !path.startsWith(DATA));
  const data = join(work, "data", kind);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  await copyListed(inData, folder, (path) => join(data, path.slice(DATA.length)));
  await copyListed(others, folder, (path) => join(work, path));
  return { manifest, data, work, logger };
}

function findingsOf(place: DrillPlace): Promise<DrillFindings> {
  switch (place.manifest.kind) {
    case "side":
      return drillSide(place);
    case "main":
      return drillMain(place);
    case "platform":
      throw new DrillFailure("the platform's own store is drilled by the platform, not by a node");
  }
}

function whyOf(error: unknown): string {
  if (error instanceof BystackError) return `${error.code}: ${error.message} ${error.why}`.trim();
  return error instanceof Error ? error.message : String(error);
}

/** @throws BystackError BACKUP_UNREADABLE for a folder that is no backup */
export async function drillBackup(options: DrillOptions): Promise<DrillResult> {
  const from = performance.now();
  const seconds = (): number => Math.round(performance.now() - from) / 1000;
  const { height } = readManifest(options.folder);
  try {
    const found = await findingsOf(await prepare(options));
    return { ok: true, ...found, seconds: seconds(), why: "" };
  } catch (error) {
    const why = whyOf(error).slice(0, WHY_CHARS_MAX);
    return { ok: false, height, stateRoot: null, blocks: 0, transactions: 0, seconds: seconds(), why };
  }
}
