// difficulty.json: compact bits, work, retarget, subsidy, median time and the seed rule (spec/bytom.md sections 5.1, 6).

import {
  bitsOfTarget,
  blockSubsidy,
  medianTime,
  nextBits,
  nextSeed,
  targetOfBits,
  workOfBits,
} from "@bystack/protocol/pow";
import { bytesToBigintLe, bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { type CheckResult, checkCases, type Differences } from "../check.ts";

type DifficultyCase = Readonly<Record<string, string>> & {
  readonly name: string;
  readonly op: string;
};

/** A field that the case must have. */
function field(item: DifficultyCase, key: string): string {
  const value = item[key];
  if (value === undefined) throw new Error(`the case lacks ${key}`);
  return value;
}

const number = (item: DifficultyCase, key: string): bigint => BigInt(field(item, key));

const CHECKS: Readonly<Record<string, (item: DifficultyCase, differences: Differences) => void>> = {
  "compact-to-big": (item, { same }) => {
    const target = targetOfBits(number(item, "bits"));
    same("target", target, item.target);
    same("back", bitsOfTarget(target), item.back_to_compact);
    same("work", workOfBits(number(item, "bits")), item.work);
  },
  "hash-to-big": (item, { same }) => {
    same("value", bytesToBigintLe(hexToBytes(field(item, "hash"))), item.value);
  },
  retarget: (item, { same }) => {
    const parent = {
      height: number(item, "parent_height"),
      timestamp: number(item, "parent_timestamp"),
      bits: number(item, "parent_bits"),
    };
    same("bits", nextBits(parent, number(item, "compare_timestamp")), item.next_bits);
  },
  subsidy: (item, { same }) => same("subsidy", blockSubsidy(number(item, "height")), item.subsidy),
  "median-time": (item, { same }) => {
    // The file lists the chain's timestamps; the rule looks at the last eleven.
    const timestamps = [...(item.timestamps as unknown as readonly string[])].map(BigInt);
    same("median", medianTime(timestamps.slice(-11)), item.median);
  },
  seed: (item, { same }) => {
    const parent = { height: number(item, "parent_height"), hash: hexToBytes(field(item, "parent_hash")) };
    same("seed", bytesToHex(nextSeed(parent, hexToBytes(field(item, "own_seed")))), item.next_seed);
  },
};

export function checkDifficulty(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly DifficultyCase[] };
  return checkCases(
    cases,
    (item) => item.name,
    (item, differences) => CHECKS[item.op]?.(item, differences),
  );
}
