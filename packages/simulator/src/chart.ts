// The message sequence chart of a schedule as text: one line an event that a reader needs to follow what went wrong.

import type { BbftEffect } from "@bystack/consensus/bbft/events";
import type { BbftMessage } from "@bystack/consensus/bbft/messages";
import { bytesToHex } from "@bystack/utils/bytes";

const KINDS = ["PROPOSE", "NOTARIZE", "NULLIFY", "FINALIZE"] as const;

export function shortHash(hash: Uint8Array): string {
  return bytesToHex(hash.subarray(0, 4));
}

/** One message in a few words. */
export function describeMessage(message: BbftMessage): string {
  switch (message.type) {
    case "PROPOSE": {
      const { block, view } = message.proposal;
      const again = view === block.header.view ? "" : ` again (built in ${block.header.view})`;
      return `PROPOSE ${message.epoch}:${view} h${block.header.height} ${shortHash(block.hash)} on ${shortHash(block.header.parentHash)}${again}`;
    }
    case "NOTES": {
      const votes = message.votes.map(
        (v) =>
          `${KINDS[v.kind]}(seat ${v.signer} ${v.epoch}:${v.view}${v.height > 0 ? ` ${shortHash(v.blockHash)}` : ""})`,
      );
      const certificates = message.certificates.map((c) => `CERT-${KINDS[c.kind]}(${c.epoch}:${c.view})`);
      return [...votes, ...certificates].join(" ") || "NOTES";
    }
    case "SYNC_BLOCKS":
      return `SYNC_BLOCKS ${message.blocks.length} to h${message.certificate.height}`;
    case "BLOCK":
      return `BLOCK h${message.block.header.height} ${shortHash(message.block.hash)}`;
    case "ANSWER":
      return `ANSWER of ${shortHash(message.signer)} with ${message.votes.length} votes`;
    default:
      return message.type;
  }
}

/** An effect in a few words; undefined for those that show in what follows. */
export function describeEffect(effect: BbftEffect): string | undefined {
  switch (effect.type) {
    case "finalised":
      return `FINAL ${effect.blocks.map((block) => `h${block.header.height} ${shortHash(block.hash)}`).join(", ")}`;
    case "viewEntered":
      return `enters ${effect.epoch}:${effect.view}${effect.nullified ? " by NULLIFY" : ""}`;
    case "silence":
      return `silence: ${effect.reason} through ${effect.epoch}:${effect.view}`;
    case "halt":
      return `HALT: ${effect.reason}`;
    default:
      return undefined;
  }
}

/** Collects lines, the newest ones when there are too many. */
export class Chart {
  readonly #lines: string[] = [];
  readonly #linesMax: number;

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  add(timeMs: number, text: string): void {
    if (this.#lines.length >= 2 * this.#linesMax) this.#lines.splice(0, this.#linesMax);
    this.#lines.push(`${timeMs.toFixed(1).padStart(9)}  ${text}`);
  }

  lines(): readonly string[] {
    return this.#lines.slice(-this.#linesMax);
  }
}
