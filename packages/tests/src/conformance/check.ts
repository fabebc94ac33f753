// What every vector check has in common: its verdicts, and a collector of differences. A check is a pure function of the
// parsed vector file; reading files and printing is the runner's part.

/**
 * The verdict on one case of a vector file. `detail` says what differed. `deliberate` says why our result is another one
 * than the reference's: the check has asserted ours, and that it does differ.
 */
export type CheckResult = {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
  readonly deliberate?: string;
};

/** Reads another vector file of the same folder by its base name: some files continue others. */
export type Siblings = (name: string) => unknown;

/** Checks by the base name of their vector file. */
export type VectorChecks = Readonly<
  Record<string, (file: unknown, siblings: Siblings) => CheckResult[] | Promise<CheckResult[]>>
>;

/** Collects what differs within one case. Values are compared as text, so format them the way the file does. */
export type Differences = {
  same(label: string, actual: unknown, expected: unknown): void;
  /** Asserts our own result where it is meant to be another one than the reference's, and that it is. */
  deliberate(reason: string, actual: unknown, result: { readonly ours: unknown; readonly reference: unknown }): void;
};

const DETAIL_LENGTH_MAX = 400;

function asText(value: unknown): string {
  return JSON.stringify(value, (_key, item) => (typeof item === "bigint" ? item.toString() : item)) ?? "undefined";
}

/** Runs `check` over the cases; a case fails when anything differs, when nothing was compared, or when it throws. */
export function checkCases<T>(
  cases: readonly T[],
  nameOf: (item: T) => string,
  check: (item: T, differences: Differences) => void,
): CheckResult[] {
  return cases.map((item) => {
    const found: string[] = [];
    const reasons = new Set<string>();
    let compared = 0;
    const same = (label: string, actual: unknown, expected: unknown): void => {
      compared += 1;
      const [got, wanted] = [asText(actual), asText(expected)];
      if (got !== wanted) found.push(`${label}: ${got.slice(0, 160)} instead of ${wanted.slice(0, 160)}`);
    };
    const deliberate: Differences["deliberate"] = (reason, actual, { ours, reference }) => {
      same("ours", actual, ours);
      if (asText(ours) === asText(reference)) found.push(`does not differ: ${reason}`);
      reasons.add(reason);
    };
    try {
      check(item, { same, deliberate });
    } catch (error) {
      found.push(`threw ${String(error)}`);
    }
    if (compared === 0 && found.length === 0) found.push("nothing was compared");
    const name = nameOf(item);
    if (found.length > 0) return { name, ok: false, detail: found.join("; ").slice(0, DETAIL_LENGTH_MAX) };
    return reasons.size === 0 ? { name, ok: true } : { name, ok: true, deliberate: [...reasons].join("; ") };
  });
}
