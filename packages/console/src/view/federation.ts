// Members, pauses and reserves of a federation in words. Pure.

import { formatDuration } from "./formats.ts";
import type { Status } from "./status.ts";

/** A member that was not heard for so long is not counted on for the next payout. */
export const MEMBER_LATE_MS = 60_000;

type Member = { readonly self: boolean; readonly running: boolean; readonly lastSeenAgeMs: number | null };

export function memberStatus({ self, running, lastSeenAgeMs }: Member): Status {
  if (!running) return { tone: "bad", word: "stopped" };
  if (self) return { tone: "good", word: "runs" };
  if (lastSeenAgeMs === null) return { tone: "warn", word: "not heard yet" };
  return lastSeenAgeMs > MEMBER_LATE_MS ? { tone: "warn", word: "silent" } : { tone: "good", word: "runs" };
}

export function heartbeatText({ self, lastSeenAgeMs }: Member): string {
  if (self) return "it answers here";
  return lastSeenAgeMs === null ? "never" : `${formatDuration(lastSeenAgeMs)} ago`;
}

/** Members that can sign now. */
export function signersOf(members: readonly Member[]): number {
  return members.filter((member) => memberStatus(member).tone === "good").length;
}

/** @param nameOf of an asset by its id */
export function pauseText(scope: string, nameOf: (id: string) => string): string {
  if (scope === "automatic")
    return "Everything, by itself: the main chain was reorganised deeper than deposits wait, or the vault was spent from in a way that the ledger does not know. Members look at it before they resume.";
  if (scope === "in") return "Deposits, by decision of the members. What was paid in meanwhile is credited afterwards.";
  if (scope === "out") return "Payouts, by decision of the members. What was burnt meanwhile is paid afterwards.";
  return `Everything in ${nameOf(scope.slice("asset:".length))}, by decision of the members.`;
}

type Counters = { readonly locked: string; readonly owed: string };

/** Whether the vault holds what the chain owes. */
export function reserveStatus({ locked, owed }: Counters): Status {
  return BigInt(locked) >= BigInt(owed) ? { tone: "good", word: "covered" } : { tone: "bad", word: "short" };
}
