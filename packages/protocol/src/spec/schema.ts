// A small schema language for chain specs: one description gives the type, the strict parser and the canonical form.
// Unknown keys are refused with the nearest valid one; a bad value is named by its path and the rule it breaks. All
// problems of a document are collected, since a person fixes them together.

import { bytesToHex, tryHexToBytes } from "@bystack/utils/bytes";
import { nearestWord } from "@bystack/utils/suggest";
import type { CanonicalValue } from "../canonical-json.ts";

/** One thing wrong with a document: where, and which rule it breaks. */
export type SpecProblem = { readonly path: string; readonly rule: string };

/** Describes values of type T. `parse` gives undefined after reporting at least one problem. */
export type Schema<T> = {
  parse(value: unknown, path: string, problems: SpecProblem[]): T | undefined;
  format(value: T): CanonicalValue;
};

/** The type that a schema describes. */
export type Described<S> = S extends Schema<infer T> ? T : never;

/** More than this many problems are not listed: the document is something else altogether. */
const PROBLEMS_MAX = 50;

function report(problems: SpecProblem[], path: string, rule: string): undefined {
  if (problems.length < PROBLEMS_MAX) problems.push({ path, rule });
  return undefined;
}

const joinPath = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Fields = Readonly<Record<string, Schema<unknown>>>;

/** A mapping with exactly these keys; those of `optional` may be missing, which is not the same as being null. */
export function object<F extends Fields, O extends Fields = Record<never, never>>(
  fields: F,
  optional?: O,
): Schema<{ readonly [K in keyof F]: Described<F[K]> } & { readonly [K in keyof O]?: Described<O[K]> }> {
  type T = { readonly [K in keyof F]: Described<F[K]> } & { readonly [K in keyof O]?: Described<O[K]> };
  const all: Fields = { ...fields, ...optional };
  const names = Object.keys(all);
  return {
    parse(value, path, problems) {
      if (!isRecord(value)) return report(problems, path, "must be a mapping of keys to values");
      const before = problems.length;
      for (const key of Object.keys(value)) {
        if (names.includes(key)) continue;
        const nearest = nearestWord(key, names);
        const hint = nearest === undefined ? `valid keys: ${names.join(", ")}` : `did you mean "${nearest}"?`;
        report(problems, joinPath(path, key), `is no key here; ${hint}`);
      }
      const parsed: Record<string, unknown> = {};
      for (const [name, schema] of Object.entries(all)) {
        if (Object.hasOwn(value, name)) parsed[name] = schema.parse(value[name], joinPath(path, name), problems);
        else if (Object.hasOwn(fields, name)) report(problems, joinPath(path, name), "is missing");
      }
      return problems.length === before ? (parsed as T) : undefined;
    },
    format(value) {
      const values: Readonly<Record<string, unknown>> = value;
      const present = names.filter((name) => Object.hasOwn(fields, name) || values[name] !== undefined);
      return Object.fromEntries(present.map((name) => [name, all[name]?.format(values[name]) ?? null]));
    },
  };
}

/** A list of `min` to `max` items. */
export function list<T>(item: Schema<T>, { min = 0, max }: { min?: number; max: number }): Schema<readonly T[]> {
  return {
    parse(value, path, problems) {
      if (!Array.isArray(value)) return report(problems, path, "must be a list");
      if (value.length < min || value.length > max) {
        return report(problems, path, `must have ${min} to ${max} items, not ${value.length}`);
      }
      const before = problems.length;
      const items = value.map((entry: unknown, i) => item.parse(entry, `${path}[${i}]`, problems));
      return problems.length === before ? (items as T[]) : undefined;
    },
    format: (value) => value.map((entry) => item.format(entry)),
  };
}

/** The value, or null where there is none. The key itself must be there. */
export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return {
    parse: (value, path, problems) => (value === null ? null : schema.parse(value, path, problems)),
    format: (value) => (value === null ? null : schema.format(value)),
  };
}

/** A JSON integer within bounds. */
export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number }): Schema<number> {
  return {
    parse: (value, path, problems) =>
      typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
        ? value
        : report(problems, path, `must be an integer from ${min} to ${max}`),
    format: (value) => value,
  };
}

/** An integer as a decimal string, for what may pass 2^53. `max` defaults to 2^63 - 1, the most that the wire carries. */
export function decimal({ min = 0n, max = (1n << 63n) - 1n }: { min?: bigint; max?: bigint }): Schema<bigint> {
  return {
    parse(value, path, problems) {
      // A canonical decimal only: one value, one text.
      if (typeof value === "string" && value.length <= 80 && /^(0|[1-9][0-9]*)$/.test(value)) {
        const parsed = BigInt(value);
        if (parsed >= min && parsed <= max) return parsed;
      }
      return report(problems, path, `must be a decimal string from "${min}" to "${max}"`);
    },
    format: (value) => value.toString(),
  };
}

/** Bytes as lower-case hexadecimal, `min` to `max` of them. */
export function hex({ min, max }: { min: number; max: number }): Schema<Uint8Array> {
  const size = min === max ? `${min}` : `${min} to ${max}`;
  return {
    parse(value, path, problems) {
      const bytes = typeof value === "string" && value === value.toLowerCase() ? tryHexToBytes(value) : undefined;
      if (bytes !== undefined && bytes.length >= min && bytes.length <= max) return bytes;
      return report(problems, path, `must be ${size} bytes in lower-case hexadecimal`);
    },
    format: (value) => bytesToHex(value),
  };
}

/** Text that matches a pattern; `rule` says in words what the pattern wants. */
export function text(pattern: RegExp, rule: string): Schema<string> {
  return {
    parse: (value, path, problems) =>
      typeof value === "string" && value.isWellFormed() && pattern.test(value) ? value : report(problems, path, rule),
    format: (value) => value,
  };
}

export const boolean: Schema<boolean> = {
  parse: (value, path, problems) =>
    typeof value === "boolean" ? value : report(problems, path, "must be true or false"),
  format: (value) => value,
};

/** One of a few words. */
export function oneOf<const W extends string>(...words: readonly W[]): Schema<W> {
  return {
    parse(value, path, problems) {
      const found = words.find((word) => word === value);
      if (found !== undefined) return found;
      const nearest = typeof value === "string" ? nearestWord(value, words) : undefined;
      const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
      return report(problems, path, `must be one of ${words.map((word) => `"${word}"`).join(", ")}${hint}`);
    },
    format: (value) => value,
  };
}
