// Asking one peer for all that a node needs to begin with a state: the row of epoch ends, the epoch's opening, the blocks
// that confirm the state, and the snapshot's file. What comes is judged by `proof.ts` before anything is kept; the file alone
// is judged by its content, when it has been read.

import { SYNC_BLOCKS_MAX } from "@bystack/consensus/bbft/limits";
import { decodeMessage } from "@bystack/consensus/bbft/messages";
import type { EpochEnd, LightClientContext } from "@bystack/protocol/side/light-client";
import type { SideChainSpec } from "@bystack/protocol/spec";
import type { Disk } from "@bystack/storage/disk";
import { type IncomingSnapshot, receiveSnapshot } from "@bystack/storage/snapshot";
import type { Clock, Logger } from "@bystack/utils/ports";
import { err, ok, type Result } from "@bystack/utils/result";
import {
  decodeEpochEnds,
  EPOCH_ENDS_MAX,
  encodePair,
  METHOD,
  SNAPSHOT_PART_BYTES,
  type StateOffer,
} from "./messages.ts";
import {
  type CertifiedRun,
  type Committees,
  firstCommittees,
  fixedCommittees,
  followEnds,
  runProblem,
  type TrustedEnd,
} from "./proof.ts";

/** The largest snapshot that is fetched: about 60 million outputs, and more than the table of outputs holds. */
export const SNAPSHOT_FETCH_BYTES_MAX = 8_589_934_592;
/** Questions for parts that are open at once: a megabyte on the way hides 30 ms of delay at 32 MiB/s. */
const PARTS_IN_FLIGHT = 4;
/** Parts between two lines of progress: 64 MiB. */
const REPORT_PARTS = 256;

/** One peer, as far as it is asked. */
export type StatePeer = {
  readonly id: string;
  /** Undefined when it cannot, will not, or does not answer in time. */
  ask(method: number, body: Uint8Array): Promise<Uint8Array | undefined>;
};

/** Why it did not come to a state: `fault` when the peer sent what an honest one never sends. */
export type FetchFailure = { readonly why: string; readonly fault: boolean };

export type FetchContext = {
  readonly spec: SideChainSpec;
  readonly snapshots: { readonly disk: Disk; readonly folder: string };
  readonly clock: Clock;
  readonly verify: LightClientContext["verify"];
  readonly logger: Logger;
  /** Undefined: the spec's first committee is trusted, as long as the trusting period lasts. */
  readonly trusted: TrustedEnd | undefined;
};

/** What was fetched and proven, but for the state in the file. */
export type Fetched = {
  readonly height: number;
  /** From the state's own block on; two at least. */
  readonly run: CertifiedRun;
  /** The last block of the epoch before; undefined in epoch 1. */
  readonly opening: CertifiedRun | undefined;
  readonly epochEnds: readonly EpochEnd[];
};

type Attempt<T> = Promise<Result<T, FetchFailure>>;

const silent = (what: string): Result<never, FetchFailure> => err({ why: `it did not send ${what}`, fault: false });
const wrong = (why: string): Result<never, FetchFailure> => err({ why, fault: true });

async function askRun(peer: StatePeer, height: number, count: number): Promise<CertifiedRun | undefined> {
  const bytes = await peer.ask(METHOD.finalBlocks, encodePair([height, count]));
  const message = bytes && decodeMessage(bytes);
  return message?.type === "SYNC_BLOCKS" ? message : undefined;
}

function endsFailure(from: number, problem: string): FetchFailure {
  if (problem !== "EXPIRED") return { why: `the ends of epochs from ${from} on do not hold: ${problem}`, fault: true };
  const why = "this chain is older than its trusting period; name the end of a recent epoch in node.json as trusted";
  return { why, fault: false };
}

/** Committees up to an epoch, by the ends of all before it. */
async function fetchCommittees(
  peer: StatePeer,
  epoch: number,
  { spec, clock, verify, trusted }: FetchContext,
): Attempt<{ committees: Committees; ends: readonly EpochEnd[] }> {
  const { votes } = spec;
  if (votes === undefined) return ok({ committees: fixedCommittees(spec, epoch), ends: [] });
  let committees = firstCommittees(spec);
  const ends: EpochEnd[] = [];
  while (committees.client.epoch < epoch) {
    const from = committees.client.epoch;
    const bytes = await peer.ask(METHOD.epochEnds, encodePair([from, Math.min(epoch - from, EPOCH_ENDS_MAX)]));
    const some = bytes && decodeEpochEnds(bytes);
    if (some === undefined || some.length === 0 || some.length > epoch - from) return silent(`how epoch ${from} ended`);
    const { trustingMs } = votes;
    const followed = followEnds(committees, some, { nowMs: clock.nowMs(), trustingMs, verify, trusted });
    if (!followed.ok) return err(endsFailure(from, followed.error));
    committees = followed.value;
    ends.push(...some);
  }
  return ok({ committees, ends });
}

/** Fetches a snapshot's file into its place. */
async function fetchFile(peer: StatePeer, offer: StateOffer, context: FetchContext): Attempt<void> {
  const incoming = await receiveSnapshot(context.snapshots, BigInt(offer.height));
  let failure: FetchFailure | undefined;
  try {
    failure = await fetchParts(peer, offer, { incoming, logger: context.logger });
  } catch (error) {
    await incoming.discard();
    throw error;
  }
  if (failure === undefined) {
    await incoming.commit();
    return ok(undefined);
  }
  await incoming.discard();
  return err(failure);
}

async function fetchParts(
  peer: StatePeer,
  offer: StateOffer,
  { incoming, logger }: { readonly incoming: IncomingSnapshot; readonly logger: Logger },
): Promise<FetchFailure | undefined> {
  const waiting: Promise<Uint8Array | undefined>[] = [];
  let asked = 0;
  let taken = 0;
  while (incoming.bytes < offer.bytes) {
    for (; asked < offer.bytes && waiting.length < PARTS_IN_FLIGHT; asked += SNAPSHOT_PART_BYTES)
      waiting.push(peer.ask(METHOD.snapshotPart, encodePair([offer.height, asked])));
    const part = await waiting.shift();
    const expected = Math.min(SNAPSHOT_PART_BYTES, offer.bytes - incoming.bytes);
    if (part === undefined) return { why: "it did not send the whole snapshot", fault: false };
    if (part.length !== expected) return { why: "the snapshot is not as long as it was offered", fault: true };
    await incoming.add(part);
    taken += 1;
    if (taken % REPORT_PARTS === 0)
      logger.info("fetching the state", { megabytes: incoming.bytes >> 20, of: offer.bytes >> 20 });
  }
  return undefined;
}

/** Fetches and proves all but the content of the snapshot's file, which is in its place afterwards. */
export async function fetchState(peer: StatePeer, offer: StateOffer, context: FetchContext): Attempt<Fetched> {
  const { verify, spec } = context;
  const { height } = offer;
  const { epochBlocks } = spec.consensus;
  if (offer.bytes > SNAPSHOT_FETCH_BYTES_MAX || height % epochBlocks === 0) return wrong("its offer cannot be");
  const epoch = Math.ceil(height / epochBlocks);
  const known = await fetchCommittees(peer, epoch, context);
  if (!known.ok) return known;
  const { committees, ends } = known.value;
  let opening: CertifiedRun | undefined;
  if (epoch > 1) {
    const last = (epoch - 1) * epochBlocks;
    opening = await askRun(peer, last, 1);
    if (opening === undefined) return silent(`block ${last}`);
    const problem = runProblem(opening, { height: last, epoch: epoch - 1 }, { committees, verify });
    if (problem !== undefined) return wrong(`block ${last} is not proven: ${problem}`);
  }
  const run = await askRun(peer, height, SYNC_BLOCKS_MAX);
  if (run === undefined) return silent(`block ${height}`);
  const problem = runProblem(run, { height, epoch }, { committees, verify });
  if (problem !== undefined) return wrong(`block ${height} is not proven: ${problem}`);
  if (run.blocks.length < 2) return silent(`the block after ${height}`);
  const fetched = await fetchFile(peer, offer, context);
  return fetched.ok ? ok({ height, run, opening, epochEnds: ends }) : fetched;
}
