// Elections in a definition: the keys a person may set, each optional, and the election parameters of the chain spec that
// follow from them. The rules themselves are the spec's (protocol/spec/votes): they are asked here, not written again, so a
// definition that weakens safety is refused with its line before anything is made.

import type { SideChainSpec, VotesSpec } from "@bystack/protocol/spec";
import { createDevSideSpec, createDevVotes, devVoteLock } from "@bystack/protocol/spec/presets";
import { checkVotes } from "@bystack/protocol/spec/votes";
import { z } from "zod";
import { btmToNeu } from "./amounts.ts";

const btm = z.string().regex(/^\d{1,10}(?:\.\d{1,8})?$/, "BTM in quotes, with 8 places at most");
const count = z.number().int().min(0).max(1_000_000_000);

/** `elections` of a side chain. What is left out has the value of `createDevVotes`; `elections: {}` takes them all. */
export const ELECTIONS = z.strictObject({
  /** Least BTM in a vote. */
  outputMin: btm.optional(),
  /** Votes, in BTM, from which a candidate may be elected. */
  threshold: btm.optional(),
  /** Least bond of a candidate, in BTM. */
  bondMin: btm.optional(),
  committeeMin: count.optional(),
  committeeMax: count.optional(),
  /** At most ⌊n / this⌋ seats change from one epoch to the next. */
  seatChangeDivisor: count.optional(),
  standbysMax: count.optional(),
  candidatesMax: count.optional(),
  /** More missed views than this in an epoch keep a member out of the next election. */
  missedMax: count.optional(),
  /** Blocks after a seat's last epoch for which its bond stays locked. */
  unbondingBlocks: count.optional(),
  /** How long a light client may trust a committee. */
  trustingMs: z.number().int().min(1).optional(),
  /** Hundredths of a percent of the rewards that producers get; standbys get the rest. */
  producersBps: count.optional(),
  /** BTM that the reward pool adds to the rewards of an epoch, while it lasts. */
  poolRelease: btm.optional(),
  /** Blocks for which a vote is locked. */
  voteLockBlocks: count.optional(),
});

export type ElectionsDefinition = z.output<typeof ELECTIONS>;

/** What elections depend on beside their own keys. */
export type ElectionsChain = {
  readonly elections: ElectionsDefinition;
  readonly validators: number;
  readonly engine: { readonly epochBlocks: number; readonly blockMs: number };
  readonly developmentMode: boolean;
};

/** Keys of the definition and of the spec that hold the same: amounts are BTM here and neu there. */
const SPEC_KEYS = {
  outputMin: "outputMinNeu",
  threshold: "thresholdNeu",
  bondMin: "bondMinNeu",
  poolRelease: "poolReleaseNeu",
} as const;

/** The chain spec's election parameters, and its vote lock. */
export function composeVotes(chain: ElectionsChain): { readonly votes: VotesSpec; readonly voteBlocks: number } {
  const { elections, engine, validators } = chain;
  const { voteLockBlocks, outputMin, threshold, bondMin, poolRelease, ...counts } = elections;
  const amounts = { outputMin, threshold, bondMin, poolRelease };
  const given = [
    ...Object.entries(counts),
    ...Object.entries(SPEC_KEYS).map(([key, specKey]) => {
      const text = amounts[key as keyof typeof SPEC_KEYS];
      return [specKey, text === undefined ? undefined : btmToNeu(text)];
    }),
  ].filter(([, value]) => value !== undefined);
  const votes = { ...createDevVotes({ validators, ...engine }), ...Object.fromEntries(given) };
  return { votes, voteBlocks: voteLockBlocks ?? devVoteLock(engine.epochBlocks) };
}

/** Where in the definition a value of the spec comes from; undefined for what a definition cannot set. */
function keyOf(specPath: string): readonly string[] {
  if (specPath === "locks.voteBlocks") return ["elections", "voteLockBlocks"];
  if (specPath === "consensus.epochBlocks") return ["engine", "epochBlocks"];
  const [, name = ""] = /^votes\.(\w+)$/.exec(specPath) ?? [];
  const amount = Object.entries(SPEC_KEYS).find(([, specKey]) => specKey === name);
  return name === "" ? ["elections"] : ["elections", amount?.[0] ?? name];
}

/** The rules of the chain spec that these elections break, with the keys of the definition. */
export function electionProblems(chain: ElectionsChain): { readonly path: readonly string[]; readonly rule: string }[] {
  const { votes, voteBlocks } = composeVotes(chain);
  // Which validators these are does not matter to the rules of elections, only how many.
  const seat = { id: "v", voteKey: new Uint8Array(32), rewardProgram: Uint8Array.of(0x51) };
  const base = createDevSideSpec({
    name: "checked",
    genesisTimeMs: 0,
    committee: Array.from({ length: chain.validators }, () => seat),
    federation: null,
    votes,
    consensus: chain.engine,
  });
  const spec: SideChainSpec = {
    ...base,
    developmentMode: chain.developmentMode,
    locks: { ...base.locks, voteBlocks },
  };
  const problems: { path: readonly string[]; rule: string }[] = [];
  checkVotes(spec, (path, rule) => problems.push({ path: keyOf(path), rule }));
  return problems;
}
