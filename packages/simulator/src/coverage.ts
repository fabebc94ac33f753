// What a schedule has brought about, for the report: a run of schedules in which nothing happened proves nothing.

import type { BbftMessage } from "@bystack/consensus/bbft/messages";
import { bytesToHex } from "@bystack/utils/bytes";

export type Coverage = {
  equivocation: boolean;
  nullified: boolean;
  restart: boolean;
  partition: boolean;
  bothCertificates: boolean;
  epochCrossed: boolean;
  reproposed: boolean;
  committeeChanged: boolean;
};

export function createCoverage(): Coverage {
  return {
    equivocation: false,
    nullified: false,
    restart: false,
    partition: false,
    bothCertificates: false,
    epochCrossed: false,
    reproposed: false,
    committeeChanged: false,
  };
}

/** Notices two proposals of one view at different honest nodes, and last blocks that are proposed again. */
export class Shown {
  readonly #coverage: Coverage;
  /** By view and leader: hash to the first place that got it. */
  readonly #byView = new Map<string, Map<string, number>>();

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
  }

  /** A proposal reaches an honest place. */
  proposal(from: number, to: number, message: BbftMessage & { type: "PROPOSE" }, isHostile: boolean): void {
    const { proposal } = message;
    if (proposal.view !== proposal.block.header.view) this.#coverage.reproposed = true;
    if (!isHostile || this.#coverage.equivocation) return;
    const view = `${message.epoch}:${proposal.view}:${from}`;
    const shown = this.#byView.get(view) ?? new Map<string, number>();
    this.#byView.set(view, shown);
    const hash = bytesToHex(proposal.block.hash);
    for (const [other, place] of shown) if (other !== hash && place !== to) this.#coverage.equivocation = true;
    if (!shown.has(hash)) shown.set(hash, to);
  }
}
