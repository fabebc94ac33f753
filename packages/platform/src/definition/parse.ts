// Reads a definition from YAML 1.2 or JSON text. Every refusal names line, key, rule and the nearest valid value.

import { FEDERATION_MIN, MULTISIG_MEMBERS_MAX } from "@bystack/protocol/spec/side";
import { nearestWord } from "@bystack/utils/suggest";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from "yaml";
import type { z } from "zod";
import { platformError } from "../errors.ts";
import { sideNodesOf } from "../network/compose.ts";
import type { RoundTripParts } from "../network/layout.ts";
import { electionProblems } from "./elections.ts";
import {
  DEFINITION_BYTES_MAX,
  DEFINITION_NODES_MAX,
  electionsOf,
  NETWORK_DEFINITION,
  type NetworkDefinition,
  type SideDefinition,
} from "./schema.ts";

type Path = readonly PropertyKey[];

/** The line of the deepest node on the path that the document has. */
function lineOf(root: Node | null, path: Path, counter: LineCounter): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined) break;
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0];
      node = pair.value;
    } else if (isSeq(node) && typeof key === "number") {
      node = node.items[key];
      const range = (node as Node | undefined)?.range;
      if (range) offset = range[0];
    } else break;
  }
  return counter.linePos(offset).line;
}

/** The schema's keys at a path, for "did you mean". */
function keysAt(path: Path): string[] {
  let schema: unknown = NETWORK_DEFINITION;
  for (const key of path) {
    schema = unwrap(schema);
    const shape = (schema as { shape?: Record<string, unknown> }).shape;
    const element = (schema as { element?: unknown }).element;
    schema = typeof key === "number" ? element : shape?.[String(key)];
  }
  return Object.keys((unwrap(schema) as { shape?: Record<string, unknown> }).shape ?? {});
}

function unwrap(schema: unknown): unknown {
  let current = schema;
  for (let depth = 0; depth < 5; depth += 1) {
    const inner = (current as { def?: { innerType?: unknown } } | undefined)?.def?.innerType;
    if (inner === undefined) return current;
    current = inner;
  }
  return current;
}

type Problem = { readonly path: Path; readonly rule: string };

function explain(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === "unrecognized_keys") {
    const valid = keysAt(issue.path);
    return issue.keys.map((key) => {
      const near = nearestWord(key, valid);
      const advice = near === undefined ? `valid keys: ${valid.join(", ")}` : `did you mean "${near}"?`;
      return { path: [...issue.path, key], rule: `unknown key; ${advice}` };
    });
  }
  const rule =
    issue.code === "invalid_value" ? `must be one of: ${issue.values.map(String).join(", ")}` : issue.message;
  return [{ path: issue.path, rule }];
}

/** Unknown keys first: a misspelt key is usually also the reason why another one is missing. */
function problemsOf(error: z.ZodError): Problem[] {
  const unknown = error.issues.filter((issue) => issue.code === "unrecognized_keys");
  const others = error.issues.filter((issue) => issue.code !== "unrecognized_keys");
  return [...unknown, ...others].flatMap(explain);
}

/** What a round trip locks and spends at most: a top-up of the float, fees, and a reserve. */
const ROUND_TRIP_BTM_MIN = 20;

/** Whom and what a round trip can use: the first funded account pays, another one is paid, in the first listed asset. */
export function roundTripOf(definition: NetworkDefinition, side: SideDefinition): RoundTripParts | null {
  const payer = definition.accounts.find(({ fund }) => Number(fund.BTM ?? "0") >= ROUND_TRIP_BTM_MIN)?.account;
  const payee = definition.accounts.find(({ account }) => account !== payer)?.account;
  const listed = side.federation?.assets ?? [];
  const asset = definition.assets.find((candidate) => listed.includes(candidate.asset))?.asset;
  return payer === undefined || payee === undefined || asset === undefined ? null : { payer, payee, asset };
}

/** Chains have one file each and nodes one folder each, by their names. */
function sameNames(definition: NetworkDefinition): Problem[] {
  const problems: Problem[] = [];
  const chains = new Set([definition.main.chain]);
  const nodes = new Set(definition.main.nodes.map(({ node }) => node));
  definition.sides.forEach((side, index) => {
    const path = ["sides", index, "chain"];
    if (chains.has(side.chain)) problems.push({ path, rule: `another chain is called ${side.chain} already` });
    chains.add(side.chain);
    const taken = sideNodesOf(side).find(({ id }) => nodes.has(id));
    if (taken !== undefined)
      problems.push({ path, rule: `its node ${taken.id} would have the name of a node of another chain` });
    for (const { id } of sideNodesOf(side)) nodes.add(id);
  });
  return problems;
}

/** Rules that join several keys. Each answer is a path and the rule it breaks. */
function crossChecks(definition: NetworkDefinition): Problem[] {
  const problems: Problem[] = [];
  definition.sides.forEach((side, index) => {
    const at = ["sides", index];
    if (side.nodes.count < 4 && !side.developmentMode)
      problems.push({
        path: [...at, "nodes", "count"],
        rule: "4 validators at least, or no one may fail; `developmentMode: true` allows fewer without any fault tolerance",
      });
    const elections = electionsOf(side);
    if (elections !== undefined)
      problems.push(...electionProblems(elections).map(({ path, rule }) => ({ path: [...at, ...path], rule })));
    if (side.nodes.count + side.nodes.observers > DEFINITION_NODES_MAX)
      problems.push({
        path: [...at, "nodes", "observers"],
        rule: `validators and observers together are at most ${DEFINITION_NODES_MAX}`,
      });
    const threshold = side.federation?.threshold;
    if (threshold === undefined) return;
    const members = side.nodes.count;
    const where = [...at, "federation", "threshold"];
    if (threshold > members) problems.push({ path: where, rule: `at most the number of members, ${members}` });
    else if (threshold * 2 <= members) problems.push({ path: where, rule: `more than half of the ${members} members` });
    if (members < FEDERATION_MIN)
      problems.push({
        path: [...at, "federation"],
        rule: `needs ${FEDERATION_MIN} validators, here are ${members}: fewer members survive neither a thief nor an absence; leave it out, with \`prove: []\``,
      });
    if (members > MULTISIG_MEMBERS_MAX)
      problems.push({
        path: [...at, "nodes", "count"],
        rule: `a multisig vault has at most ${MULTISIG_MEMBERS_MAX} members (federation.md F4)`,
      });
    const known = new Set(["BTM", ...definition.assets.map((asset) => asset.asset)]);
    side.federation?.assets.forEach((asset, i) => {
      if (!known.has(asset))
        problems.push({
          path: [...at, "federation", "assets", i],
          rule: `an asset of this file (${[...known].join(", ")})`,
        });
    });
  });
  problems.push(...sameNames(definition));
  const accounts = new Set(definition.accounts.map((entry) => entry.account));
  const unproven = definition.sides.find((side) => roundTripOf(definition, side) === null);
  if (definition.prove.length > 0 && unproven !== undefined) {
    const rule = `side chain ${unproven.chain} needs a federation, an asset of this file that it lists, and two accounts, one of them funded with ${ROUND_TRIP_BTM_MIN} BTM; \`prove: []\` starts without a proof`;
    problems.push({ path: ["prove"], rule });
  }
  if (accounts.size !== definition.accounts.length)
    problems.push({ path: ["accounts"], rule: "each account name once" });
  definition.assets.forEach((asset, index) => {
    if (!accounts.has(asset.issuer))
      problems.push({
        path: ["assets", index, "issuer"],
        rule: `an account of this file (${[...accounts].join(", ")})`,
      });
  });
  return problems;
}

function assertPlainYaml(document: ReturnType<typeof parseDocument>, counter: LineCounter): void {
  visit(document, {
    Alias: (_, node) => {
      throw platformError("DEFINITION_UNREADABLE", {
        why: `line ${counter.linePos(node.range?.[0] ?? 0).line}: anchors and aliases are not used here`,
      });
    },
    Node: (_, node) => {
      if (node.tag !== undefined && !node.tag.startsWith("tag:yaml.org,2002:"))
        throw platformError("DEFINITION_UNREADABLE", {
          why: `line ${counter.linePos(node.range?.[0] ?? 0).line}: tags are not used here`,
        });
    },
  });
}

/**
 * @param file name for messages only
 * @throws BystackError DEFINITION_UNREADABLE, DEFINITION_INVALID
 */
export function parseDefinition(text: string, file: string): NetworkDefinition {
  if (text.length > DEFINITION_BYTES_MAX)
    throw platformError("DEFINITION_UNREADABLE", { why: `${file} is larger than ${DEFINITION_BYTES_MAX} bytes` });
  const counter = new LineCounter();
  const document = parseDocument(text, { version: "1.2", schema: "core", uniqueKeys: true, lineCounter: counter });
  const broken = document.errors[0];
  if (broken !== undefined)
    throw platformError("DEFINITION_UNREADABLE", {
      why: `${file}, line ${counter.linePos(broken.pos[0]).line}: ${broken.message.split("\n")[0]}`,
    });
  assertPlainYaml(document, counter);
  const result = NETWORK_DEFINITION.safeParse(document.toJS());
  const problems = result.success ? crossChecks(result.data) : problemsOf(result.error);
  if (problems.length > 0 || !result.success) {
    const lines = problems
      .slice(0, 5)
      .map(
        ({ path, rule }) =>
          `${file}, line ${lineOf(document.contents, path, counter)}, ${path.map(String).join(".") || "file"}: ${rule}`,
      );
    throw platformError("DEFINITION_INVALID", { why: lines.join("\n       ") });
  }
  return result.data;
}
