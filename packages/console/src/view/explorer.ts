// What the explorer's pages say in words: transactions, where they stand, how far the index is. Pure.

import { type SentenceNames, sentenceOf } from "@bystack/protocol/explain/sentence";
import type { What } from "@bystack/protocol/explain/what";
import { type AssetName, assetNameIn, type NamedAsset } from "./assets.ts";
import { counted, formatCount, shortHash } from "./formats.ts";
import type { Status } from "./status.ts";

/** Bech32: a human part, 1, and at least 20 signs without b, i, o and 1. */
const ADDRESS = /\b[a-z]{2,10}1[02-9ac-hj-np-z]{20,}\b/g;

/** Addresses in a sentence shortened for the eye; the whole ones stand beside it. */
export function shortenAddresses(text: string): string {
  return text.replace(ADDRESS, (address) => shortHash(address));
}

export function sentenceNames(assets: readonly NamedAsset[]): SentenceNames {
  const nameOf = (id: string): AssetName | undefined => {
    const found = assetNameIn(assets, id);
    return found.isNamed ? found : undefined;
  };
  return { asset: nameOf };
}

/** What a transaction is for, in a line. */
export function lineOf(what: What, assets: readonly NamedAsset[]): string {
  return shortenAddresses(sentenceOf(what, sentenceNames(assets)));
}

type Standing = {
  readonly status: "pending" | "confirmed" | "final";
  readonly confirmations: number;
  readonly gasOnly: boolean;
};

export function standingStatus({ status, gasOnly }: Standing): Status {
  if (gasOnly) return { tone: "bad", word: "failed" };
  if (status === "pending") return { tone: "busy", word: "waits" };
  return status === "final" ? { tone: "good", word: "final" } : { tone: "good", word: "confirmed" };
}

export function standingText({ status, confirmations }: Standing): string {
  if (status === "pending") return "It waits for a block.";
  if (status === "final") return "Final: no other block can take its place.";
  return `${counted(confirmations, "block")} deep. On the main chain a block can still be replaced; ever less likely the deeper it is.`;
}

export type IndexState = {
  readonly state: "following" | "catching-up" | "clearing" | "incomplete" | "failed";
  readonly why: string | null;
  readonly height: number | null;
  readonly chainHeight: number;
  readonly lag: number;
};

/** Blocks that the index is behind without anybody noticing: it follows within a second. */
const LAG_UNSEEN = 3;

/** A sentence when what the pages show is not the chain as it stands now; null when it is. */
export function indexSentence({ state, why, height, chainHeight, lag }: IndexState): string | null {
  const reason = why === null ? "" : ` ${why}`;
  switch (state) {
    case "clearing":
      return "The explorer is being made anew: its old index is being cleared. Blocks come back one by one.";
    case "incomplete":
      return `The explorer misses blocks that its node does not have.${reason} Ask an observer that keeps every block.`;
    case "failed":
      return `The explorer's index has stopped.${reason} Make it anew: bystack explorer rebuild <node>.`;
    default:
      return lag <= LAG_UNSEEN
        ? null
        : `The explorer is ${counted(lag, "block")} behind and catching up: ${formatCount(height ?? 0)} of ${formatCount(chainHeight)}.`;
  }
}

/** What to do about an explorer that does not answer; null for errors that are about something else. */
export function explorerAdvice(code: string, chain: string): string | null {
  switch (code) {
    case "EXPLORER_OFF":
      return `No node of ${chain} keeps an explorer's index. One that does has “explorer: true” in its node.json; set it, and start that node again.`;
    case "EXPLORER_REBUILDING":
      return `The explorer of ${chain} is being made anew from the blocks. This page fills as it comes back.`;
    case "EXPLORER_INCOMPLETE":
      return `The node that keeps the explorer of ${chain} does not have every block: it was started from a snapshot. An observer with the whole history can keep it.`;
    default:
      return null;
  }
}

/** Kinds of inputs and outputs as people call them. */
export const KIND_WORDS: Readonly<Record<string, string>> = {
  normal: "coin",
  spend: "coin",
  issuance: "issued here",
  coinbase: "reward",
  claim: "from the main chain",
  veto: "vote taken back",
  system: "by the chain itself",
  retirement: "retired for ever",
  vote: "vote",
  burn: "burnt, paid on the main chain",
  unknown: "of a form without a word",
};
