// Everything that goes into the BBFT engine and comes out of it, as plain data. The shell around the engine (a node, or
// the simulator) turns effects into I/O and I/O into events; the engine itself does nothing else.
// Promise that the shell keeps: effects that wait for a `persist` are only handed out after `persisted` with its token,
// and `persisted` is only reported after the entries are on disk in order (bbft.md S5).

import type { Certificate } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import type { Hash } from "@bystack/utils/bytes";
import type { CommitteeKeys } from "./committee.ts";
import type { BbftMessage, Vote } from "./messages.ts";
import type { RecordEntry } from "./record.ts";
import type { ScoredRefusal, UnscoredRefusal } from "./refusals.ts";

/** Name of a connected peer, given by the network. */
export type PeerId = string;

/** Whom a message goes to: a connection, or a validator by its place in the committee. */
export type Target = { readonly peer: PeerId } | { readonly validator: number };

/** The newest block in the chain's own durable store; at height 0 genesis. */
export type StoredTip = {
  readonly height: number;
  /** Undefined only at genesis. */
  readonly block: SideBlock | undefined;
  /** FINALIZE certificate of that block: blocks are stored up to a certified one, in one batch. */
  readonly certificate: Certificate | undefined;
  /** Last block of the epoch before the tip's, with its FINALIZE certificate; undefined in epoch 1. */
  readonly opening: { readonly block: SideBlock; readonly certificate: Certificate } | undefined;
  /**
   * The committees around the epoch that the next block belongs to: the tip's, or the one after it when the tip is the last
   * of its epoch. Undefined on a chain whose committee never changes.
   */
  readonly committees: CommitteeKeys | undefined;
};

export type TimerId = "leader" | "advance" | "rebroadcast" | "release" | "clock" | "fetch" | "ask" | "bar";

/** What a builder put into a block; the engine makes the header around it. */
export type BlockContent = {
  readonly batches: readonly Uint8Array[];
  readonly transactionCount: number;
  readonly transactionRoot: Hash;
  readonly parentStateRoot: Hash;
};

export type BbftEvent = { readonly nowMs: number } & (
  | {
      readonly type: "start";
      /** Entries of the record in order; undefined when it is missing or corrupt. An observer passes []. */
      readonly record: readonly RecordEntry[] | undefined;
      readonly tip: StoredTip;
      /** 32 random bytes, fresh at every start. */
      readonly nonce: Uint8Array;
    }
  | { readonly type: "message"; readonly from: PeerId; readonly message: BbftMessage }
  | { readonly type: "timer"; readonly id: TimerId }
  /** Answer to `buildBlock`; content undefined when the build failed. */
  | { readonly type: "blockBuilt"; readonly token: number; readonly content: BlockContent | undefined }
  /**
   * Answer to `validateBlock`. `elected`, with the last block of an epoch: the vote keys that the state behind it chooses for
   * the epoch after the next, in committee order; left out on a chain whose committee never changes.
   */
  | {
      readonly type: "blockValidated";
      readonly hash: Hash;
      readonly valid: boolean;
      readonly elected?: readonly Uint8Array[] | undefined;
    }
  /** The vote-time predicates of a block hold now (or not yet: the shell reports again when they do). */
  | { readonly type: "predicate"; readonly hash: Hash; readonly holds: boolean }
  | { readonly type: "persisted"; readonly token: number }
  /** The chain's store holds all final blocks up to this height durably. */
  | { readonly type: "stored"; readonly height: number }
  /** An operator's mark: this node never signed above it. Ends an observe state; nothing is signed up to the mark. */
  | { readonly type: "mark"; readonly epoch: number; readonly view: number }
);

export type Evidence = { readonly first: Vote; readonly second: Vote };

export type BbftEffect =
  /** Append the entries to the record (or replace the whole record by them, atomically), fsync, report `persisted`. */
  | {
      readonly type: "persist";
      readonly token: number;
      readonly entries: readonly RecordEntry[];
      readonly replace: boolean;
    }
  | { readonly type: "send"; readonly to: Target; readonly message: BbftMessage }
  | { readonly type: "broadcast"; readonly message: BbftMessage }
  /** One timer per id; setting it again replaces it. */
  | { readonly type: "setTimer"; readonly id: TimerId; readonly atMs: number }
  | { readonly type: "cancelTimer"; readonly id: TimerId }
  /** Fill a block on top of the parent; `halvings` = how often to halve the fill after own nullified blocks. */
  | {
      readonly type: "buildBlock";
      readonly token: number;
      readonly parentHash: Hash;
      readonly epoch: number;
      readonly view: number;
      readonly height: number;
      readonly halvings: number;
    }
  /**
   * Execute the block against its parent's state; the parent was valid or final. `certified`: a quorum has checked it, so
   * costly checks that do not depend on this node's state (proof of work) may be taken for done.
   */
  | { readonly type: "validateBlock"; readonly block: SideBlock; readonly certified: boolean }
  | { readonly type: "evaluatePredicate"; readonly block: SideBlock }
  /** Blocks that are final from now on, ascending; the certificate is the last one's. */
  | { readonly type: "finalised"; readonly blocks: readonly SideBlock[]; readonly certificate: Certificate }
  /** Read final blocks from the store and send SYNC_BLOCKS (see `sync.ts` for the rule of where to cut). */
  | { readonly type: "serveFinal"; readonly to: Target; readonly fromHeight: number; readonly countMax: number }
  /** A block of this node's own failed to get a certificate in its view (federation.md section 4 uses it). */
  | { readonly type: "ownBlockNullified"; readonly view: number; readonly hash: Hash }
  | { readonly type: "viewEntered"; readonly epoch: number; readonly view: number; readonly nullified: boolean }
  | { readonly type: "evidence"; readonly evidence: Evidence }
  /** A peer sent something that no honest node sends. */
  | { readonly type: "score"; readonly peer: PeerId; readonly reason: ScoredRefusal }
  /** A peer sent something that is of no use any more and that an honest node may send: to be counted, not scored. */
  | { readonly type: "refused"; readonly peer: PeerId; readonly reason: UnscoredRefusal }
  | { readonly type: "silence"; readonly reason: SilenceReason; readonly epoch: number; readonly view: number }
  /** Stop this node and tell a person. */
  | { readonly type: "halt"; readonly reason: string };

/** Why this node does not sign: shown by `bystack why`. */
export type SilenceReason = "asking" | "bar" | "observe" | "lifted";
