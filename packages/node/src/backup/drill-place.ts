// What the drills of both kinds of chain share.

import type { BackupManifest, DrillResult } from "@bystack/api/backup-manifest";
import type { Logger } from "@bystack/utils/ports";

/** Where a drill works: everything of the backup, laid out as in a node's folder, and nobody else's. */
export type DrillPlace = {
  readonly manifest: BackupManifest;
  /** Specs and options are here. */
  readonly work: string;
  /** The data folder of the node, made from the backup. */
  readonly data: string;
  readonly logger: Logger;
};

/** What was found when nothing is wrong. */
export type DrillFindings = Pick<DrillResult, "height" | "stateRoot" | "blocks" | "transactions">;

/** Something in a backup is not what it says. */
export class DrillFailure extends Error {}

/** @throws DrillFailure */
export function expect(holds: boolean, sentence: string): void {
  if (!holds) throw new DrillFailure(sentence);
}
