// Canonical JSON (RFC 8785): one text per value, so that a hash of it means something. Keys sorted by UTF-16 code units,
// no spaces, numbers and strings as ECMAScript writes them. Amounts are bigint here and decimal strings in the text.

/** What the writer accepts. An undefined member is an error, not an omission. */
export type CanonicalValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue };

/** Deeper values are refused: a hash of a definition is no place for recursion without end. */
export const CANONICAL_DEPTH_MAX = 64;

function write(value: CanonicalValue, depth: number): string {
  if (depth > CANONICAL_DEPTH_MAX) throw new RangeError(`canonical JSON: deeper than ${CANONICAL_DEPTH_MAX}`);
  switch (typeof value) {
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return `"${value}"`;
    case "number":
      if (!Number.isFinite(value)) throw new TypeError("canonical JSON: not a finite number");
      return JSON.stringify(value);
    case "string":
      if (!value.isWellFormed()) throw new TypeError("canonical JSON: a lone surrogate in a string");
      return JSON.stringify(value);
    case "object":
      break;
    default:
      throw new TypeError(`canonical JSON: a value of type ${typeof value}`);
  }
  if (value === null) return "null";
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(",")}]`;
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError("canonical JSON: not a plain object");
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${write(key, depth + 1)}:${write(member, depth + 1)}`);
  return `{${members.join(",")}}`;
}

/** The canonical text. @throws TypeError or RangeError for values that have none. */
export function formatCanonicalJson(value: CanonicalValue): string {
  return write(value, 0);
}
