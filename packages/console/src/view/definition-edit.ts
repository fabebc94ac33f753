// Small changes of a definition's text, as a person would make them: a block more, a number changed. They only propose: the
// platform judges the result, and the editor shows it. A text that is written in another way is left to its author. Pure.

export type NewSide = {
  readonly chain: string;
  readonly validators: number;
  readonly observers: number;
  readonly assets: readonly string[];
};

const NAME = /^[a-z][a-z0-9-]{0,30}$/;

/** What is wrong with the name of a chain; null when nothing is. */
export function chainNameProblem(name: string, taken: readonly string[]): string | null {
  if (!NAME.test(name)) return "A small letter, then up to 30 small letters, digits or hyphens.";
  return taken.includes(name) ? "There is a chain of this name." : null;
}

/** The lines of the list `sides`: from its first item to its end; undefined when it is not one item a line. */
function sidesOf(
  lines: readonly string[],
): { readonly from: number; readonly to: number; readonly indent: string } | undefined {
  const head = lines.findIndex((line) => /^sides:\s*(?:#.*)?$/.test(line));
  if (head < 0) return undefined;
  const from = lines.findIndex((line, i) => i > head && /^\s*- /.test(line));
  if (from < 0) return undefined;
  const indent = /^\s*/.exec(lines[from] ?? "")?.[0] ?? "";
  const isInside = (line: string): boolean => line.startsWith(`${indent}- `) || line.startsWith(`${indent} `);
  let to = from;
  for (let i = from; i < lines.length && (isInside(lines[i] ?? "") || (lines[i] ?? "").trim() === ""); i += 1)
    if ((lines[i] ?? "").trim() !== "") to = i + 1;
  return { from, to, indent };
}

/** More than two thirds of the members. */
function thresholdOf(members: number): number {
  return Math.max(3, Math.floor((2 * members) / 3) + 1);
}

/** A side chain behind the others; undefined when the text is written in another way. */
export function withSide(text: string, { chain, validators, observers, assets }: NewSide): string | undefined {
  const lines = text.split("\n");
  const sides = sidesOf(lines);
  if (sides === undefined) return undefined;
  const parts = assets.length === 0 ? "validator" : "validator, federation";
  const more = observers === 0 ? "" : ` observers: ${observers},`;
  const added = [`- chain: ${chain}`, `  nodes: { count: ${validators},${more} parts: [${parts}] }`];
  if (assets.length > 0)
    added.push(`  federation: { threshold: ${thresholdOf(validators)}, assets: [${assets.join(", ")}] }`);
  return lines.toSpliced(sides.to, 0, ...added.map((line) => sides.indent + line)).join("\n");
}

/** One observer more on a side chain; undefined when the text is written in another way. */
export function withObserver(text: string, chain: string): string | undefined {
  const lines = text.split("\n");
  const sides = sidesOf(lines);
  if (sides === undefined) return undefined;
  const isItem = (line: string): boolean => line.startsWith(`${sides.indent}- `);
  const isNamed = new RegExp(`\\bchain:\\s*["']?${chain}["']?\\s*(?:[,}#]|$)`, "m");
  for (let from = sides.from; from < sides.to; ) {
    let to = from + 1;
    while (to < sides.to && !isItem(lines[to] ?? "")) to += 1;
    const item = lines.slice(from, to).join("\n");
    if (isNamed.test(item)) {
      const changed = /\bobservers:\s*\d+/.test(item)
        ? item.replace(/\bobservers:\s*(\d+)/, (_, count: string) => `observers: ${Number(count) + 1}`)
        : item.replace(/(\{[^{}]*\bcount:\s*\d+)/, "$1, observers: 1");
      return changed === item ? undefined : [...lines.slice(0, from), changed, ...lines.slice(to)].join("\n");
    }
    from = to;
  }
  return undefined;
}
