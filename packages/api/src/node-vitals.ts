// What a node tells for `bystack why` beyond what every caller needs: its measurements of itself, and what became of a
// transaction. Apart from the older routes, so that a node of an earlier release, which has none of this, is still read.

import { z } from "zod";
import * as s from "./schemas.ts";

const count = z.number().int().nonnegative();

/** Of the last minute. */
const recent = z.object({ p99Ms: z.number(), longestMs: z.number(), samples: count });

const mainPart = z.object({
  /** Time between blocks that the chain aims at. */
  targetMs: s.milliseconds,
  /** The miner's timetable; null on a node that does not mine. */
  mineEveryMs: s.milliseconds.nullable(),
  /** Hashes that a block takes on average at the difficulty of the next one, as a decimal number. */
  hashesPerBlock: s.total,
  blocksToRetarget: count,
});

const sidePart = z.object({
  /** Writing own votes to the record, synced; a vote waits for this. */
  voteSync: recent,
  epochBlocks: count,
  stateRoot: z.object({ height: s.height, root: s.hash }),
  /** Final blocks that this node took in a second, over the last seconds: catching up, more than the chain makes. */
  blocksPerSecond: z.number(),
  /** Where the last place is at which it signs nothing; null while it votes. */
  silentThrough: z.object({ epoch: count, view: count }).nullable(),
  /** The newest views by who led them, as far as this node saw them. */
  leaders: z.array(
    z.object({
      index: count,
      led: count,
      nullified: count,
      nullifiedInRow: count,
      nullifiedMeanMs: s.milliseconds,
    }),
  ),
  viewsPerTurn: count,
  /** Validators of this epoch of which this node holds two signatures that no honest one makes both. */
  accused: z.array(z.string()),
  peg: z
    .object({
      /** Paused by itself: the main chain was reorganised deeper than is allowed for. */
      pausedByReorganisation: z.boolean(),
      /** Paused by itself: the vault holds less than is owed. */
      pausedByDeficit: z.boolean(),
      waitsForFloat: z.boolean(),
    })
    .nullable(),
});

export const vitals = z.object({
  instance: z.string(),
  /** The node's clock when it answered. */
  nowMs: s.milliseconds,
  eventLoopLag: recent,
  rssBytes: count,
  heapUsedBytes: count,
  heapLimitBytes: count,
  diskFreeBytes: count.nullable(),
  main: mainPart.nullable(),
  side: sidePart.nullable(),
});

/** What a node knows of one transaction, held or not. */
export const transactionWhy = z.object({
  id: s.hash,
  state: z.enum(["pending", "confirmed", "final", "refused", "dropped", "unknown"]),
  /** Of a refused or dropped one: the rule's code, in words, and what to do. */
  code: z.string().nullable(),
  why: z.string().nullable(),
  next: z.string().nullable(),
  atMs: s.milliseconds.nullable(),
  /** Main chain: only the fee is taken, the rest has no effect. */
  gasOnly: z.boolean(),
  blockHeight: s.height.nullable(),
  mempool: z.object({ transactions: count, transactionsMax: count }),
});
