// What `bystack why` concludes: one sentence with its place, its evidence, and what to try.

/** One conclusion about one node. */
export type Finding = {
  readonly id: string;
  /** `problem`: something is wrong now. `note`: it was, or it passes by itself. */
  readonly severity: "problem" | "note";
  readonly subject: string;
  readonly sinceMs: number | null;
  readonly sentence: string;
  readonly evidence: readonly string[];
  readonly commands: readonly string[];
  /** Ids of findings above that bring this one about, as `id subject`. */
  readonly causes: readonly string[];
};

type Parts = Partial<Omit<Finding, "id" | "subject" | "sentence">>;

/** A problem unless `parts` says otherwise. */
export function finding(id: string, subject: string, sentence: string, parts: Parts = {}): Finding {
  const nothing = { severity: "problem" as const, sinceMs: null, evidence: [], commands: [], causes: [] };
  return { ...nothing, ...parts, id, subject, sentence };
}

/** Names in a sentence. */
export function listed(names: readonly string[]): string {
  return names.length === 0 ? "nobody" : names.join(", ");
}
