// Chain specs of main chains: every number on which the validity of a main-chain block depends, as data. The three Bytom
// networks and dev chains differ in nothing else (spec/bytom.md sections 6 and 24; federation.md section 13 for dev).

import { type RetargetRules, type SubsidyRules, targetOfBits } from "../pow.ts";
import {
  type Described,
  decimal,
  hex,
  integer,
  list,
  nullable,
  object,
  oneOf,
  type SpecProblem,
  text,
} from "./schema.ts";

export const networkName = text(/^[a-z][a-z0-9-]{0,30}$/, "must be a name: a letter, then up to 30 of a-z, 0-9 and -");

/** Bech32 human-readable part; short enough for the longest address. */
export const addressPrefix = text(/^[a-z]{1,8}$/, "must be an address prefix: 1 to 8 letters a-z");

/** Programs in a spec pay somebody: not empty, not a retirement, and short. */
export const payableProgram = hex({ min: 1, max: 256 });

const gasRules = object({
  /** Price of one gas in neu. */
  priceNeu: decimal({ min: 1n, max: 1_000_000_000n }),
  /** Gas per byte of a transaction. */
  storagePerByte: integer({ min: 0, max: 1000 }),
  maxBlock: integer({ min: 1 }),
  maxTransaction: integer({ min: 1 }),
  /** Gas that programs may use before the fee is known to be good. */
  credit: integer({ min: 0 }),
});

export const mainChainSpecSchema = object({
  kind: oneOf("main"),
  name: networkName,
  /** The chain id text that peers compare. */
  networkId: networkName,
  addressPrefix,
  genesis: object({
    timeSeconds: integer({ min: 0, max: 2 ** 40 }),
    bits: decimal({}),
    nonce: decimal({}),
    /** UTF-8 text of the genesis coinbase. */
    arbitrary: text(/^.{0,128}$/su, "must be text of at most 128 characters"),
    outputs: list(object({ program: payableProgram, amountNeu: decimal({ min: 1n }) }), { min: 1, max: 1000 }),
    /** Blocks before a genesis output may be spent; 100 on the Bytom networks, 0 on a dev chain. */
    maturityBlocks: integer({ min: 0, max: 1_000_000 }),
  }),
  pow: object({
    blocksPerRetarget: integer({ min: 2, max: 1_000_000 }),
    targetSeconds: integer({ min: 1, max: 86_400 }),
    /** Easiest bits that a retarget may give; null as on Bytom: no limit. */
    targetMaxBits: nullable(decimal({})),
    futureSecondsMax: integer({ min: 1, max: 86_400 }),
  }),
  subsidy: object({
    initialNeu: decimal({}),
    halvingBlocks: integer({ min: 1 }),
  }),
  gas: gasRules,
  rules: object({
    coinbaseMaturityBlocks: integer({ min: 0, max: 1_000_000 }),
    coinbaseArbitraryBytesMax: integer({ min: 0, max: 10_000 }),
    /** From this height a transaction with an empty input id is refused (spec/bytom.md section 7.3, rule AA). */
    emptyInputIdHeight: integer({ min: 0 }),
  }),
});

/** A main chain as data. Blocks, amounts and times in the units that the names say. */
export type MainChainSpec = Described<typeof mainChainSpecSchema>;

/** The rules of a main spec that a schema of single values cannot say. */
export function mainChainSpecProblems(spec: MainChainSpec): SpecProblem[] {
  const problems: SpecProblem[] = [];
  const total = spec.genesis.outputs.reduce((sum, output) => sum + output.amountNeu, 0n);
  if (total >= 1n << 63n) {
    problems.push({ path: "genesis.outputs", rule: "add up to 2^63 neu or more, which no amount can hold" });
  }
  spec.genesis.outputs.forEach((output, i) => {
    if (output.program[0] !== 0x6a) return;
    problems.push({
      path: `genesis.outputs[${i}].program`,
      rule: "is a retirement; genesis coins must belong to somebody",
    });
  });
  const target = targetOfBits(spec.genesis.bits);
  if (target <= 0n) problems.push({ path: "genesis.bits", rule: "stand for a target that no hash can meet" });
  const { targetMaxBits } = spec.pow;
  if (targetMaxBits !== null && targetOfBits(targetMaxBits) < target) {
    problems.push({
      path: "pow.targetMaxBits",
      rule: "are harder than the genesis bits, so the first retarget would jump",
    });
  }
  if (spec.gas.maxTransaction > spec.gas.maxBlock) {
    problems.push({
      path: "gas.maxTransaction",
      rule: "is above gas.maxBlock, so no block could hold such a transaction",
    });
  }
  return problems;
}

/** The retarget parameters as `pow` takes them. */
export function retargetRulesOf(spec: MainChainSpec): RetargetRules {
  const { blocksPerRetarget, targetSeconds, targetMaxBits } = spec.pow;
  const rules = { blocksPerRetarget: BigInt(blocksPerRetarget), targetSeconds: BigInt(targetSeconds) };
  return targetMaxBits === null ? rules : { ...rules, targetMax: targetOfBits(targetMaxBits) };
}

/** The subsidy parameters as `pow` takes them; height 0 creates what the genesis outputs hold. */
export function subsidyRulesOf(spec: MainChainSpec): SubsidyRules {
  const genesisNeu = spec.genesis.outputs.reduce((sum, output) => sum + output.amountNeu, 0n);
  const { initialNeu, halvingBlocks } = spec.subsidy;
  return { genesisNeu, initialNeu, halvingBlocks: BigInt(halvingBlocks) };
}
