// A finding while it is being found: with the chain and the nodes that it concerns, from which causes are joined later and
// by which the answer about one node is chosen. Also the words that all findings share.

import { FINDING_LINES_MAX, FINDING_TEXT_MAX, type Finding, type FindingId } from "@bystack/api/why-schema";

export type Draft = Omit<Finding, "causes"> & {
  readonly chain: string;
  /** Ids of the nodes that it concerns; those of the whole chain when it has none. */
  readonly about: readonly string[];
  /** Findings that it is a consequence of although the table of causes does not say so. */
  readonly because: readonly string[];
};

type Parts = Partial<Pick<Draft, "severity" | "sinceMs" | "evidence" | "commands" | "about" | "because">>;

/** A problem unless `parts` says otherwise. */
export function draft(
  id: FindingId,
  place: { readonly chain: string; readonly subject: string },
  sentence: string,
  parts: Parts = {},
): Draft {
  const nothing = { severity: "problem" as const, sinceMs: null, about: [], because: [] };
  return {
    ...nothing,
    ...parts,
    id,
    ...place,
    sentence: sentence.slice(0, FINDING_TEXT_MAX),
    evidence: (parts.evidence ?? []).map((line) => line.slice(0, FINDING_TEXT_MAX)).slice(0, FINDING_LINES_MAX),
    commands: [...new Set(parts.commands ?? [])].slice(0, FINDING_LINES_MAX),
  };
}

/** Of one node. */
export function nodeDraft(
  id: FindingId,
  node: { readonly id: string; readonly chain: string },
  sentence: string,
  parts: Parts = {},
): Draft {
  return draft(id, { chain: node.chain, subject: node.id }, sentence, { about: [node.id], ...parts });
}

export const keyOf = ({ id, subject }: { readonly id: string; readonly subject: string }): string => `${id} ${subject}`;

/** Names in a sentence: `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? "nobody";
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** `is` or `are`. */
export const are = (names: readonly unknown[]): string => (names.length === 1 ? "is" : "are");

export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** A time as a person says it: `800 ms`, `12 s`, `4 min`, `3 h`, `9 days`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

export function size(bytes: number): string {
  const mib = bytes / 1_048_576;
  return mib < 1_024 ? `${Math.round(mib)} MiB` : `${(mib / 1_024).toFixed(1)} GiB`;
}

/** An amount of BTM from neu, without needless zeros. */
export function btm(neu: bigint): string {
  const sign = neu < 0n ? "-" : "";
  const digits = (neu < 0n ? -neu : neu).toString().padStart(9, "0");
  const fraction = digits.slice(-8).replace(/0+$/, "");
  return `${sign}${digits.slice(0, -8)}${fraction === "" ? "" : `.${fraction}`} BTM`;
}
