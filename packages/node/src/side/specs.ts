// The chain specs that a side node starts from, and the engine's parameters that follow from them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type BbftConfig, validateConfig } from "@bystack/consensus/bbft/config";
import { chainIdOf, type MainChainSpec, parseChainSpecText, type SideChainSpec } from "@bystack/protocol/spec";
import { nodeError } from "../errors.ts";
import type { SideNodeOptions } from "../options.ts";
import { BLOCK_BYTES_MAX } from "./protocol.ts";

/** Broken rules of a spec that one refusal names. */
const PROBLEMS_TOLD = 5;

function readSpec(path: string, file: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw nodeError("OPTIONS_INVALID", { why: `the spec ${file} is missing or cannot be read`, cause });
  }
}

/** The specs named by a node's options. @throws BystackError OPTIONS_INVALID */
export function loadSpecs(
  folder: string,
  options: Pick<SideNodeOptions, "specFile" | "mainSpecFile">,
): { spec: SideChainSpec; mainSpec: MainChainSpec | undefined } {
  const load = (file: string) => {
    const parsed = parseChainSpecText(readSpec(join(folder, file), file));
    if (!parsed.ok) {
      const rules = parsed.error.slice(0, PROBLEMS_TOLD).map(({ path, rule }) => `${path} ${rule}`);
      throw nodeError("OPTIONS_INVALID", { why: `${file}: ${rules.join("; ")}` });
    }
    return parsed.value;
  };
  const spec = load(options.specFile);
  if (spec.kind !== "side")
    throw nodeError("OPTIONS_INVALID", { why: `${options.specFile} is not a side chain's spec` });
  // Otherwise each leader in turn would stop on the first full block that it cannot send.
  if (spec.limits.blockBytesMax > BLOCK_BYTES_MAX)
    throw nodeError("OPTIONS_INVALID", {
      why: `limits.blockBytesMax is ${spec.limits.blockBytesMax}; blocks above ${BLOCK_BYTES_MAX} bytes fit no message`,
    });
  const mainSpec = options.mainSpecFile === undefined ? undefined : load(options.mainSpecFile);
  if (mainSpec !== undefined && mainSpec.kind !== "main")
    throw nodeError("OPTIONS_INVALID", { why: `${options.mainSpecFile} is not a main chain's spec` });
  return { spec, mainSpec };
}

/** @throws BystackError OPTIONS_INVALID */
export function engineConfig(parts: {
  spec: SideChainSpec;
  genesisHash: Uint8Array;
  /** Undefined for a node that never votes. */
  voteKey: Uint8Array | undefined;
}): BbftConfig {
  const { spec } = parts;
  const config: BbftConfig = {
    chainId: chainIdOf(spec),
    committee: spec.committee.map((validator) => validator.voteKey),
    ownKey: parts.voteKey,
    run: spec.consensus.run,
    epochBlocks: spec.consensus.epochBlocks,
    blockMs: spec.consensus.blockMs,
    deltaMs: spec.consensus.deltaMs,
    genesis: { hash: parts.genesisHash, timestampMs: spec.genesis.timeMs },
    predicates: spec.federation !== null,
    allowNoFaultTolerance: spec.developmentMode,
  };
  const problem = validateConfig(config);
  if (problem !== undefined) throw nodeError("OPTIONS_INVALID", { why: problem });
  return config;
}
