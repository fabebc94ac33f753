// `bystack replay`: checks a recorded main chain, proof of work included, and says how fast that went.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createTensorityPool } from "@bystack/crypto/tensority-pool";
import { chooseBackend } from "@bystack/node/main/proof-of-work";
import { parseRecordedChain, parseRecordedReorganisation } from "@bystack/node/main/recording";
import { type ReplayProgress, replayMainChain } from "@bystack/node/main/replay";
import { replayError } from "@bystack/node/main/replay-errors";
import type { Context } from "../context.ts";

export type ReplayCommand = {
  /** A file like vectors/bytom/blocks-solonet.json. */
  readonly chain: string;
  /** A file like vectors/bytom/reorg-solonet.json, replayed after it. */
  readonly reorg?: string | undefined;
  readonly backend?: string | undefined;
  readonly blocks?: string | undefined;
};

/** A worker keeps 32 MiB of seed caches; more of them than this bring little on the machines we know. */
const WORKERS_MAX = 4;
/** A line of progress on stderr at most this often. */
const PROGRESS_MS = 2_000;

const BACKENDS = ["auto", "ts", "wasm", "native"] as const;

function backendOf(text: string | undefined): (typeof BACKENDS)[number] {
  const backend = BACKENDS.find((name) => name === (text ?? "auto"));
  if (backend === undefined) throw replayError("REPLAY_OPTION_INVALID", { why: `--backend ${text}` });
  return backend;
}

function blocksOf(text: string | undefined): { blocksMax?: number } {
  if (text === undefined) return {};
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw replayError("REPLAY_OPTION_INVALID", { why: `--blocks ${text}` });
  return { blocksMax: Number(text) };
}

function load<T>(path: string, parse: (text: string) => T): T {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw replayError("REPLAY_FILE_INVALID", { why: `${path} cannot be read`, cause });
  }
  return parse(text);
}

function progressPrinter(context: Context, fromMs: number): (progress: ReplayProgress) => void {
  let printedMs = fromMs;
  return ({ blocks, height, tip }) => {
    const nowMs = performance.now();
    if (nowMs - printedMs < PROGRESS_MS) return;
    printedMs = nowMs;
    const rate = (blocks / (nowMs - fromMs)) * 1000;
    context.output.progress(`block ${height}  ${tip.slice(0, 16)}…  ${rate.toFixed(1)} blocks/s`);
  };
}

/** @throws BystackError REPLAY_FILE_INVALID, REPLAY_DIFFERS, REPLAY_OPTION_INVALID, or that of a missing backend */
export async function runReplay(context: Context, command: ReplayCommand): Promise<void> {
  const chain = load(command.chain, parseRecordedChain);
  const reorganisation = command.reorg === undefined ? undefined : load(command.reorg, parseRecordedReorganisation);
  const limits = blocksOf(command.blocks);
  const backend = chooseBackend(backendOf(command.backend));
  const workers = Math.min(WORKERS_MAX, availableParallelism());
  const pool = createTensorityPool({ backend, workers });
  const wanted = Math.min(limits.blocksMax ?? Number.POSITIVE_INFINITY, chain.steps.length - 1);
  context.output.progress(`replaying ${wanted} blocks, Tensority: ${backend}, ${workers} workers`);
  const fromMs = performance.now();
  try {
    const result = await replayMainChain({
      chain,
      ...(reorganisation !== undefined && { reorganisation }),
      ...limits,
      pool,
      workers,
      nowMs: () => Date.now(),
      onProgress: progressPrinter(context, fromMs),
    });
    const seconds = Math.round(performance.now() - fromMs) / 1000;
    const blocksPerSecond = Math.round((result.blocks / seconds) * 100) / 100;
    const { height, tip, blocks, transactions, gasOnly, reorganisations } = result;
    context.output.result(
      { ...result, seconds, blocksPerSecond, backend, workers },
      [
        `height ${height}`,
        `tip    ${tip}`,
        `checked ${blocks} blocks with ${transactions} transactions (${gasOnly} gas-only), ${reorganisations} reorganisations`,
        `${seconds.toFixed(1)} s, ${blocksPerSecond.toFixed(1)} blocks/s with proof of work (${backend}, ${workers} workers)`,
      ].join("\n"),
    );
  } finally {
    await pool.close();
  }
}
