// Files with recorded main chains: a chain from its genesis, and what a node at its tip was sent afterwards. Everything is
// checked for its form before anything is replayed; a file may come from anywhere.

import { describeDecodeError } from "@bystack/protocol/errors";
import { decodeMainBlock, type MainBlock } from "@bystack/protocol/main/block";
import type { MainChainSpec } from "@bystack/protocol/spec";
import { MAINNET_SPEC, SOLONET_SPEC, TESTNET_SPEC } from "@bystack/protocol/spec/presets";
import { tryHexToBytes } from "@bystack/utils/bytes";
import { replayError } from "./replay-errors.ts";

/** A recorded block and what the recording node said about it. */
export type RecordedStep = {
  readonly block: MainBlock;
  readonly hash: string;
  readonly height: number;
  /** Per transaction; undefined when it was not recorded. */
  readonly statusFail: readonly boolean[] | undefined;
  readonly orphan: boolean;
  /** The tip after this block. */
  readonly bestHash: string;
  readonly bestHeight: number;
};

export type RecordedChain = {
  readonly spec: MainChainSpec;
  readonly tipHash: string;
  readonly tipHeight: number;
  /** From the genesis block on. */
  readonly steps: readonly RecordedStep[];
};

export type RecordedReorganisation = {
  readonly baseHash: string;
  readonly steps: readonly RecordedStep[];
  /** Ids of the transactions that wait at the end; undefined when it was not recorded. */
  readonly mempoolAfter: readonly string[] | undefined;
};

const SPECS: Readonly<Record<string, MainChainSpec>> = {
  mainnet: MAINNET_SPEC,
  testnet: TESTNET_SPEC,
  wisdom: TESTNET_SPEC,
  solonet: SOLONET_SPEC,
};

type Json = Readonly<Record<string, unknown>>;

function invalid(why: string): Error {
  return replayError("REPLAY_FILE_INVALID", { why });
}

function asObject(value: unknown, where: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(`${where} is no object`);
  return value as Json;
}

function asList(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(`${where} is no list`);
  return value;
}

function asHash(value: unknown, where: string): string {
  if (typeof value !== "string" || !/^[0-9a-f]{64}$/.test(value)) throw invalid(`${where} is no hash`);
  return value;
}

function asHeight(value: unknown, where: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw invalid(`${where} is no height`);
  return value;
}

function asBlock(value: unknown, where: string): MainBlock {
  const bytes = typeof value === "string" ? tryHexToBytes(value) : undefined;
  if (bytes === undefined) throw invalid(`${where} is not hexadecimal`);
  const decoded = decodeMainBlock(bytes);
  if (!decoded.ok) throw invalid(`${where}: ${describeDecodeError(decoded.error)}`);
  return decoded.value;
}

function asStatuses(value: unknown, where: string): readonly boolean[] | undefined {
  if (value === undefined) return undefined;
  return asList(value, where).map((item) => {
    if (typeof item !== "boolean") throw invalid(`${where} holds something else than true and false`);
    return item;
  });
}

function parseStep(value: unknown, where: string): RecordedStep {
  const step = asObject(value, where);
  const hash = asHash(step.hash, `${where}.hash`);
  const height = asHeight(step.height, `${where}.height`);
  const orphan = step.orphan === true;
  return {
    block: asBlock(step.raw, `${where}.raw`),
    hash,
    height,
    statusFail: asStatuses(step.status_fail, `${where}.status_fail`),
    orphan,
    bestHash: step.best_hash === undefined ? hash : asHash(step.best_hash, `${where}.best_hash`),
    bestHeight: step.best_height === undefined ? height : asHeight(step.best_height, `${where}.best_height`),
  };
}

function parseJson(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw replayError("REPLAY_FILE_INVALID", { why: cause instanceof Error ? cause.message : "not JSON", cause });
  }
  return asObject(value, "the file");
}

/** Parses the text of a recorded chain. @throws BystackError REPLAY_FILE_INVALID naming the place */
export function parseRecordedChain(text: string): RecordedChain {
  const file = parseJson(text);
  const spec = typeof file.network === "string" ? SPECS[file.network] : undefined;
  if (spec === undefined) throw invalid(`network is none of ${Object.keys(SPECS).join(", ")}`);
  const steps = asList(file.blocks, "blocks").map((item, i) => parseStep(item, `blocks[${i}]`));
  if (steps.length === 0) throw invalid("blocks is empty");
  return {
    spec,
    tipHash: asHash(file.tip_hash, "tip_hash"),
    tipHeight: asHeight(file.tip_height, "tip_height"),
    steps,
  };
}

/** Parses the text of a recorded reorganisation. @throws BystackError REPLAY_FILE_INVALID naming the place */
export function parseRecordedReorganisation(text: string): RecordedReorganisation {
  const file = parseJson(text);
  const steps = asList(file.steps, "steps").map((item, i) => parseStep(item, `steps[${i}]`));
  if (steps.length === 0) throw invalid("steps is empty");
  const mempool = file.mempool_after;
  return {
    baseHash: asHash(file.base_hash, "base_hash"),
    steps,
    mempoolAfter:
      mempool === undefined
        ? undefined
        : asList(mempool, "mempool_after").map((item, i) => asHash(item, `mempool_after[${i}]`)),
  };
}
