// The state of one BBFT node: plain data and maps, no functions but the injected signature scheme. Every table that a
// peer can fill is bounded by limits.ts; `tableSizes` shows them (invariant I11 of docs: bounded queues).

import type { Certificate } from "@bystack/protocol/side/certificate";
import type { SideBlock, SideProposal } from "@bystack/protocol/side/proposal";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import { type Committee, type CommitteeKeys, type Committees, createCommittee, leaderOf } from "./committee.ts";
import { type BbftConfig, validateConfig } from "./config.ts";
import type { VoteCrypto } from "./crypto.ts";
import type { BbftEffect, Evidence, PeerId } from "./events.ts";
import type { BbftMessage, Position, Vote } from "./messages.ts";
import type { Mutation } from "./mutation.ts";
import type { RecordEntry } from "./record.ts";
import type { OwnView, Replayed, Silence } from "./replay.ts";

/** A block that is final, or the start of an epoch. */
export type Point = {
  readonly hash: Hash;
  readonly key: string;
  readonly height: number;
  readonly epoch: number;
  /** View of its FINALIZE certificate; 0 for genesis. */
  readonly view: number;
  readonly timestampMs: number;
  readonly block: SideBlock | undefined;
  readonly certificate: Certificate | undefined;
  /** At the end of an epoch: whom its state elects for the epoch after the next. */
  readonly elected: readonly Uint8Array[] | undefined;
};

export type BlockStatus = "waiting" | "pending" | "valid" | "invalid";

export type BlockEntry = {
  readonly block: SideBlock;
  readonly key: string;
  /** A certificate names it or a descendant, so a quorum has checked it before. */
  readonly certified: boolean;
  status: BlockStatus;
  /** At the end of an epoch, once it is valid: whom its state elects for the epoch after the next. */
  elected: readonly Uint8Array[] | undefined;
  /** Vote-time predicates: not asked, asked, hold. */
  predicate: "new" | "asked" | "holds";
};

/** By kind, then by place in the committee. */
export type ViewVotes = (Vote | undefined)[][];

export type Wanted = { readonly hash: Hash; readonly askFirst: readonly number[]; attempt: number; dueMs: number };

export type Lead = {
  stage: "idle" | "building" | "checking" | "ready" | "done";
  token: number;
  block: SideBlock | undefined;
};

export type Asking = {
  nonce: Uint8Array;
  round: number;
  /** "first": nothing may be signed yet; "more": q have answered, waiting for n; "fresh": the 10 s rule. */
  stage: "first" | "more" | "fresh";
  /** By the vote key of who answered, in hexadecimal. */
  readonly answers: Map<string, Position>;
};

export type LongSkips = { readonly key: string; certificates: readonly Certificate[] };

export type Stashed = {
  readonly from: PeerId;
  readonly message: BbftMessage & { type: "PROPOSE" };
  /** Epoch in which its certificates were looked at: hostile ones are verified once, not at every event. */
  absorbedEpoch: number;
};

export type Waiting = { readonly votes: Vote[]; readonly messages: BbftMessage[] };

export type BbftState = {
  readonly config: BbftConfig;
  committees: Committees;
  readonly crypto: VoteCrypto;
  readonly mutation: Mutation;
  phase: "new" | "running" | "halted";
  nowMs: number;
  effects: BbftEffect[];

  epoch: number;
  view: number;
  /** The block that counts as view 0 of this epoch. */
  base: Point;
  final: Point;
  storedHeight: number;
  readonly notarized: Map<number, Certificate>;
  readonly nullified: Map<number, Certificate>;
  highestNotarized: number;
  /** Highest view of this epoch with a certificate of any kind. */
  highestCertified: number;
  /** Views whose NOTARIZE certificate has not been answered by a FINALIZE vote yet. */
  freshNotarized: number[];
  /** Best FINALIZE certificate above `final` whose blocks are not all here and valid yet. */
  finalCertificate: Certificate | undefined;
  /** A lower one, from a peer that brings the blocks below the best one part by part. */
  nearCertificate: Certificate | undefined;
  /** Final blocks, ascending, that the store has not reported as durable; validators put them into the record. */
  unstored: SideBlock[];
  readonly blocks: Map<string, BlockEntry>;
  readonly votes: Map<number, ViewVotes>;
  readonly proposals: Map<number, SideProposal>;
  /** One proposal per leader of a view or epoch not entered yet. */
  readonly stash: Map<number, Stashed>;
  readonly wanted: Map<string, Wanted>;
  wantedViews: number[];
  /** Skip certificates of a block that is too long failed to carry them: being collected, and this node's own. */
  longSkips: LongSkips | undefined;
  ownLongSkips: LongSkips | undefined;
  fetchArmed: boolean;

  /** Of the present view. */
  enteredMs: number;
  leaderActive: boolean;
  leaderExpired: boolean;
  advanceExpired: boolean;
  rebroadcastMs: number;
  lead: Lead;
  /** Consecutive nullified views since the last final block. */
  streak: number;
  halvings: number;
  /** When a new valid signature of each validator was last seen, by place in the committee. */
  readonly heardMs: (number | undefined)[];
  /** Leader -> number of the run for the rest of which it is skipped. */
  readonly inactiveRun: Map<number, number>;

  own: Map<string, OwnView>;
  floor: Position;
  replayed: Replayed | undefined;
  replaying: boolean;
  silences: Silence[];
  asking: Asking | undefined;
  nonceSeed: Uint8Array;
  recordMissing: boolean;

  pendingEntries: RecordEntry[];
  pendingVotes: Vote[];
  pendingMessages: BbftMessage[];
  urgent: boolean;
  nextToken: number;
  readonly inFlight: Map<number, Waiting>;
  entriesSinceCompaction: number;

  readonly evidence: Evidence[];
  readonly served: Map<PeerId, number>;
  /** What each peer may still fetch: bytes at a time. */
  readonly fetchBudgets: Map<PeerId, { bytes: number; atMs: number }>;
  syncAskedMs: number;
  /** Who answered the last sync request; asked for more when that has become final. */
  syncPeer: PeerId | undefined;
};

export function createState(input: {
  readonly config: BbftConfig;
  readonly crypto: VoteCrypto;
  readonly mutation: Mutation;
}): BbftState {
  const { config, crypto, mutation } = input;
  const wrong = validateConfig(config);
  if (wrong !== undefined) throw new RangeError(`BBFT parameters: ${wrong}`);
  const genesis: Point = {
    hash: config.genesis.hash,
    key: bytesToHex(config.genesis.hash),
    height: 0,
    epoch: 0,
    view: 0,
    timestampMs: config.genesis.timestampMs,
    block: undefined,
    certificate: undefined,
    elected: undefined,
  };
  const first = committeeFor({ config, mutation }, config.committee);
  return {
    config,
    committees: { previous: undefined, present: first, next: first },
    crypto,
    mutation,
    phase: "new",
    nowMs: 0,
    effects: [],
    epoch: 1,
    view: 0,
    base: genesis,
    final: genesis,
    storedHeight: 0,
    notarized: new Map(),
    nullified: new Map(),
    highestNotarized: 0,
    highestCertified: 0,
    freshNotarized: [],
    finalCertificate: undefined,
    nearCertificate: undefined,
    unstored: [],
    blocks: new Map(),
    votes: new Map(),
    proposals: new Map(),
    stash: new Map(),
    wanted: new Map(),
    wantedViews: [],
    longSkips: undefined,
    ownLongSkips: undefined,
    fetchArmed: false,
    enteredMs: 0,
    leaderActive: false,
    leaderExpired: false,
    advanceExpired: false,
    rebroadcastMs: 0,
    lead: { stage: "idle", token: 0, block: undefined },
    streak: 0,
    halvings: 0,
    heardMs: [],
    inactiveRun: new Map(),
    own: new Map(),
    floor: { epoch: 1, view: 0 },
    replayed: undefined,
    replaying: false,
    silences: [],
    asking: undefined,
    nonceSeed: new Uint8Array(32),
    recordMissing: false,
    pendingEntries: [],
    pendingVotes: [],
    pendingMessages: [],
    urgent: false,
    nextToken: 1,
    inFlight: new Map(),
    entriesSinceCompaction: 0,
    evidence: [],
    served: new Map(),
    fetchBudgets: new Map(),
    syncAskedMs: Number.NEGATIVE_INFINITY,
    syncPeer: undefined,
  };
}

/** Sizes of the tables that others can fill, by name. */
export function tableSizes(state: BbftState): Readonly<Record<string, number>> {
  return {
    blocks: state.blocks.size,
    votes: state.votes.size,
    stash: state.stash.size,
    wanted: state.wanted.size,
    wantedViews: state.wantedViews.length,
    evidence: state.evidence.length,
    served: state.served.size,
    fetchBudgets: state.fetchBudgets.size,
    pendingEntries: state.pendingEntries.length,
  };
}

/** View of the newest final block in this epoch; 0 when it is the epoch's start. */
export function finalView(state: BbftState): number {
  return state.final.height === state.base.height ? 0 : state.final.view;
}

/** Whether this node has a vote key: it keeps a record, asks and answers in every epoch, elected or not. */
export function holdsKey(state: BbftState): boolean {
  return state.config.ownKey !== undefined;
}

/** Whether this node is in the present epoch's committee. */
export function isMember(state: BbftState): boolean {
  return ownIndex(state) >= 0;
}

/** This node's place in the present epoch's committee; -1 when it is not in it. */
export function ownIndex(state: BbftState): number {
  return state.committees.present.ownIndex;
}

function committeeFor(
  { config, mutation }: Pick<BbftState, "config" | "mutation">,
  keys: readonly Uint8Array[],
): Committee {
  const committee = createCommittee(keys, config.ownKey);
  if (mutation === "quorum-2f") return { ...committee, q: 2 * committee.f + 1 };
  return mutation === "quorum" ? { ...committee, q: committee.q - 1 } : committee;
}

/** Takes over the committees around the present epoch from the store. */
export function placeCommittees(state: BbftState, keys: CommitteeKeys): void {
  const { previous, present, next } = keys;
  state.committees = {
    previous: previous && committeeFor(state, previous),
    present: committeeFor(state, present),
    next: committeeFor(state, next),
  };
}

/** Moves on by one epoch; `elected` is whom the state at the end of the last one chose for the one after this. */
export function turnCommittees(state: BbftState, elected: readonly Uint8Array[] | undefined): void {
  const { present, next } = state.committees;
  if (!equalBytes(present.root, next.root)) state.heardMs.length = 0;
  state.committees = {
    previous: present,
    present: next,
    next: elected === undefined ? next : committeeFor(state, elected),
  };
}

/** The committee of an epoch: known for the present one and its neighbours. */
export function committeeOf(state: BbftState, epoch: number): Committee | undefined {
  const { previous, present, next } = state.committees;
  if (epoch === state.epoch) return present;
  if (epoch === state.epoch + 1) return next;
  return epoch === state.epoch - 1 ? previous : undefined;
}

/** Place of the leader of a view of the present epoch. */
export function leaderAt(state: BbftState, view: number): number {
  return leaderOf(state.committees.present, state.config.run, view);
}
