// Chain specs: what a chain is, as data (architecture.md section 5). A spec is strict canonical JSON; its hash is shown in
// the handshake and, for a side chain, is the chain id. Presets are in `spec/presets`.

import { sha3_256 } from "@bystack/crypto/hash";
import { type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import { type CanonicalValue, formatCanonicalJson } from "./canonical-json.ts";
import { type MainChainSpec, mainChainSpecProblems, mainChainSpecSchema } from "./spec/main.ts";
import type { Schema, SpecProblem } from "./spec/schema.ts";
import { type SideChainSpec, sideChainSpecProblems, sideChainSpecSchema } from "./spec/side.ts";

export type { MainChainSpec } from "./spec/main.ts";
export type { SpecProblem } from "./spec/schema.ts";
export type { FederationSpec, SideChainSpec } from "./spec/side.ts";
export type { VotesSpec } from "./spec/votes.ts";

export type ChainSpec = MainChainSpec | SideChainSpec;

/** A spec with 100 validators, 13 members and 1,000 assets has about 0.4 MB. */
export const SPEC_TEXT_MAX = 1_048_576;

function parseWith<T>(
  value: unknown,
  schema: Schema<T>,
  rulesOf: (spec: T) => SpecProblem[],
): Result<T, readonly SpecProblem[]> {
  const problems: SpecProblem[] = [];
  const spec = schema.parse(value, "", problems);
  if (spec === undefined) return err(problems);
  const broken = rulesOf(spec);
  return broken.length === 0 ? ok(spec) : err(broken);
}

export function parseMainChainSpec(value: unknown): Result<MainChainSpec, readonly SpecProblem[]> {
  return parseWith(value, mainChainSpecSchema, mainChainSpecProblems);
}

export function parseSideChainSpec(value: unknown): Result<SideChainSpec, readonly SpecProblem[]> {
  return parseWith(value, sideChainSpecSchema, sideChainSpecProblems);
}

/** Parses a spec of either kind from a JSON value: every key present, none unknown, every rule kept. */
export function parseChainSpec(value: unknown): Result<ChainSpec, readonly SpecProblem[]> {
  const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
  if (kind === "main") return parseMainChainSpec(value);
  if (kind === "side") return parseSideChainSpec(value);
  return err([{ path: "kind", rule: 'must be "main" or "side"' }]);
}

/** Parses the text of a spec file. */
export function parseChainSpecText(text: string): Result<ChainSpec, readonly SpecProblem[]> {
  if (text.length > SPEC_TEXT_MAX) return err([{ path: "", rule: `is longer than ${SPEC_TEXT_MAX} characters` }]);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err([{ path: "", rule: `is not JSON: ${error instanceof Error ? error.message : String(error)}` }]);
  }
  return parseChainSpec(value);
}

/** The spec as a plain JSON value: amounts and 64-bit numbers as decimal strings, bytes as hexadecimal. */
export function chainSpecToJson(spec: ChainSpec): CanonicalValue {
  return spec.kind === "main" ? mainChainSpecSchema.format(spec) : sideChainSpecSchema.format(spec);
}

/** The canonical text, which is what is hashed. */
export function formatChainSpec(spec: ChainSpec): string {
  return formatCanonicalJson(chainSpecToJson(spec));
}

/** Hash of the canonical text. */
export function chainSpecHash(spec: ChainSpec): Hash {
  return sha3_256(utf8ToBytes(formatChainSpec(spec)));
}

/** Id of a side chain: the hash of its spec (sidechain.md section 2). */
export function chainIdOf(spec: SideChainSpec): Hash {
  return chainSpecHash(spec);
}
