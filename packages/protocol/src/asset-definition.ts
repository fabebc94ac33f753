// The text of asset definitions as wallets write it (spec/bytom.md section 17): two-space indentation, keys sorted by
// bytes at every level, numbers as the issuer wrote them, and the HTML escapes of the reference's JSON writer. Consensus
// takes any bytes; this form makes the same definition give the same asset id in every wallet.

import { compareBytes, utf8ToBytes } from "@bystack/utils/bytes";

/** Deeper definitions are refused. */
export const DEFINITION_DEPTH_MAX = 64;

/** A number by the digits that stood in the request: 1.50 is not 1.5 here. */
class NumberText {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

type Reviver = (this: unknown, key: string, value: unknown, context?: { readonly source?: string }) => unknown;

const keepNumbers: Reviver = (_key, value, context) =>
  typeof value === "number" ? new NumberText(context?.source ?? String(value)) : value;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** Escaped besides controls, quote and backslash: the HTML characters and the two line separators. */
const ESCAPED = new Set(["<", ">", "&", "\u2028", "\u2029"]);

function formatCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.charCodeAt(0);
  return code < 0x20 || ESCAPED.has(character) ? `\\u${code.toString(16).padStart(4, "0")}` : character;
}

function formatText(text: string): string {
  return `"${Array.from(text.toWellFormed(), formatCharacter).join("")}"`;
}

function formatBlock(items: readonly string[], brackets: readonly [string, string], depth: number): string {
  const [open, close] = brackets;
  if (items.length === 0) return open + close;
  const indent = "  ".repeat(depth + 1);
  return `${open}\n${indent}${items.join(`,\n${indent}`)}\n${"  ".repeat(depth)}${close}`;
}

function formatValue(value: unknown, depth: number): string {
  if (depth > DEFINITION_DEPTH_MAX) throw new RangeError("asset definition: too deep");
  if (value instanceof NumberText) return value.source;
  if (typeof value === "string") return formatText(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) {
    return formatBlock(
      value.map((item: unknown) => formatValue(item, depth + 1)),
      ["[", "]"],
      depth,
    );
  }
  const members = Object.entries(value)
    .map(([key, member]) => ({ key: key.toWellFormed(), member }))
    .sort((a, b) => compareBytes(utf8ToBytes(a.key), utf8ToBytes(b.key)))
    .map(({ key, member }) => `${formatText(key)}: ${formatValue(member, depth + 1)}`);
  return formatBlock(members, ["{", "}"], depth);
}

/** Definition bytes of a JSON object given as text; undefined when it is no JSON object or too deep. */
export function formatAssetDefinition(json: string): Uint8Array | undefined {
  try {
    const value: unknown = JSON.parse(json, keepNumbers);
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof NumberText) {
      return undefined;
    }
    return utf8ToBytes(formatValue(value, 0));
  } catch (error) {
    // Not JSON, or nested beyond what the parser or the limit above takes.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}
