// Changes of a definition as a person would make them in its text: a line more or a number changed, and not a character else.

import { isMap, isScalar, isSeq, parseDocument, type YAMLMap } from "yaml";
import { platformError } from "../errors.ts";
import { parseDefinition } from "./parse.ts";

export type NewSide = {
  readonly chain: string;
  readonly validators: number;
  readonly observers: number;
  /** Names of assets beside BTM that its federation carries; undefined for a chain without one. */
  readonly assets: readonly string[] | undefined;
};

const THRESHOLD_OF_FOUR = 3;

/** More than two thirds of the members, as in the dev network. */
function thresholdOf(members: number): number {
  return Math.max(THRESHOLD_OF_FOUR, Math.floor((2 * members) / 3) + 1);
}

/** The side chains of a definition as nodes of its text. */
function sidesOf(text: string): YAMLMap[] {
  // Whether it is a definition at all is asked first: what is looked for here is there then.
  parseDefinition(text, "the definition");
  const sides = parseDocument(text, { version: "1.2", schema: "core" }).get("sides");
  return isSeq(sides) ? sides.items.filter((item) => isMap(item)) : [];
}

function checked(text: string): string {
  parseDefinition(text, "the changed definition");
  return text;
}

/** The text is written in a way that only its author can change: lists in one line, or JSON. */
function notEditable(what: string): never {
  throw platformError("DEFINITION_NOT_EDITABLE", { why: what });
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** Where the last line ends that something reaches into, its newline included. */
function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", Math.max(0, offset - 1));
  return end < 0 ? text.length : end + 1;
}

const ITEM = /^(\s*)- /;

/**
 * Adds a side chain behind the others.
 * @throws BystackError DEFINITION_INVALID for a name that is taken or a chain that cannot be, DEFINITION_NOT_EDITABLE
 */
export function withSide(text: string, side: NewSide): string {
  const sides = sidesOf(text);
  const [begin, last] = [sides[0]?.range?.[0], sides.at(-1)?.range?.[1]];
  if (begin === undefined || last === undefined) return notEditable("there is no list of side chains");
  const indent = ITEM.exec(text.slice(lineStart(text, begin)))?.[1];
  if (indent === undefined) return notEditable("`sides` is no list with one item a line");
  const { chain, validators, observers, assets } = side;
  const parts = assets === undefined ? "validator" : "validator, federation";
  const more = observers === 0 ? "" : ` observers: ${observers},`;
  const lines = [`- chain: ${chain}`, `  nodes: { count: ${validators},${more} parts: [${parts}] }`];
  if (assets !== undefined) {
    const names = ["BTM", ...assets].join(", ");
    lines.push(`  federation: { threshold: ${thresholdOf(validators)}, assets: [${names}] }`);
  }
  const at = lineEnd(text, last);
  const before = text.slice(0, at);
  const added = lines.map((line) => `${indent}${line}\n`).join("");
  return checked(`${before}${before.endsWith("\n") ? "" : "\n"}${added}${text.slice(at)}`);
}

/**
 * Sets how many observers a side chain has.
 * @throws BystackError CHAIN_NOT_FOUND, DEFINITION_INVALID, DEFINITION_NOT_EDITABLE
 */
export function withObservers(text: string, chain: string, observers: number): string {
  const side = sidesOf(text).find((item) => item.get("chain") === chain);
  if (side === undefined) throw platformError("CHAIN_NOT_FOUND", { why: chain });
  const nodes = side.get("nodes");
  if (!isMap(nodes)) return notEditable(`${chain} has no \`nodes\``);
  const rangeOf = (name: string): readonly [number, number] | undefined => {
    const value = nodes.items.find(({ key }) => isScalar(key) && key.value === name)?.value;
    return isScalar(value) && value.range ? [value.range[0], value.range[1]] : undefined;
  };
  const known = rangeOf("observers");
  if (known !== undefined) return checked(`${text.slice(0, known[0])}${observers}${text.slice(known[1])}`);
  const count = rangeOf("count");
  if (count === undefined) return notEditable(`${chain} has no \`nodes.count\``);
  const [, end] = count;
  const indent = /^\s*/.exec(text.slice(lineStart(text, count[0])))?.[0] ?? "";
  if (nodes.flow === true) return checked(`${text.slice(0, end)}, observers: ${observers}${text.slice(end)}`);
  const at = lineEnd(text, end);
  const before = text.slice(0, at);
  return checked(`${before}${before.endsWith("\n") ? "" : "\n"}${indent}observers: ${observers}\n${text.slice(at)}`);
}

/**
 * Takes a side chain out; a text without it stays as it is.
 * @throws BystackError DEFINITION_INVALID for the last one, DEFINITION_NOT_EDITABLE
 */
export function withoutSide(text: string, chain: string): string {
  const sides = sidesOf(text);
  const place = sides.findIndex((item) => item.get("chain") === chain);
  const [begin, end] = [sides[place]?.range?.[0], sides[place]?.range?.[1]];
  if (begin === undefined || end === undefined) return text;
  const from = lineStart(text, begin);
  if (!ITEM.test(text.slice(from))) return notEditable("`sides` is no list with one item a line");
  const next = sides[place + 1]?.range?.[0];
  const to = next === undefined ? lineEnd(text, end) : lineStart(text, next);
  return checked(`${text.slice(0, from)}${text.slice(to)}`);
}
