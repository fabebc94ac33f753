// From a record's entries to what a validator knows about itself after a restart: pure and exact (bbft.md S5).
// `undefined` means corrupt, which is treated as missing: observe, never guess.

import type { Certificate } from "@bystack/protocol/side/certificate";
import { VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import type { Position, Vote } from "./messages.ts";
import type { RecordEntry } from "./record.ts";

/** This node's own signatures in one view. */
export type OwnView = {
  readonly epoch: number;
  readonly view: number;
  /** By kind: PROPOSE, NOTARIZE, NULLIFY, FINALIZE. */
  readonly votes: [Vote | undefined, Vote | undefined, Vote | undefined, Vote | undefined];
  /** Whether the vote of that kind is on disk, so that it may be sent. */
  readonly durable: [boolean, boolean, boolean, boolean];
  /** The block of the NOTARIZE vote. */
  block: SideBlock | undefined;
};

export type Silence = { readonly reason: "bar" | "observe"; readonly through: Position };

export type Replayed = {
  readonly floor: Position;
  readonly own: Map<string, OwnView>;
  readonly seen: readonly Vote[];
  readonly certificates: readonly Certificate[];
  readonly blocks: readonly SideBlock[];
  readonly silences: readonly Silence[];
};

export function comparePositions(a: Position, b: Position): number {
  return a.epoch === b.epoch ? a.view - b.view : a.epoch - b.epoch;
}

export function ownKey(epoch: number, view: number): string {
  return `${epoch}:${view}`;
}

export function createOwnView(epoch: number, view: number): OwnView {
  return {
    epoch,
    view,
    votes: [undefined, undefined, undefined, undefined],
    durable: [false, false, false, false],
    block: undefined,
  };
}

export type Identity = { readonly chainId: Hash; readonly key: Uint8Array };

function applyOwn(own: Map<string, OwnView>, vote: Vote, block: SideBlock | undefined): boolean {
  const key = ownKey(vote.epoch, vote.view);
  const entry = own.get(key) ?? createOwnView(vote.epoch, vote.view);
  const earlier = entry.votes[vote.kind];
  // Two own votes of one kind cannot come from this engine: somebody else wrote this file.
  if (earlier !== undefined && !equalBytes(earlier.blockHash, vote.blockHash)) return false;
  if (vote.kind === VOTE_KINDS.NOTARIZE && block === undefined) return false;
  entry.votes[vote.kind] = vote;
  entry.durable[vote.kind] = true;
  if (block !== undefined) entry.block = block;
  own.set(key, entry);
  return true;
}

/** Replays a record. @returns undefined when it is not this validator's or contradicts itself. */
export function replayRecord(entries: readonly RecordEntry[], identity: Identity): Replayed | undefined {
  const first = entries[0];
  if (first === undefined || first.type !== "init") return undefined;
  if (!equalBytes(first.chainId, identity.chainId) || !equalBytes(first.key, identity.key)) return undefined;
  const own = new Map<string, OwnView>();
  const seen: Vote[] = [];
  const certificates: Certificate[] = [];
  const blocks: SideBlock[] = [];
  let silences: Silence[] = [];
  for (const entry of entries.slice(1)) {
    switch (entry.type) {
      case "init":
        return undefined;
      case "own":
        if (!applyOwn(own, entry.vote, entry.block)) return undefined;
        if (entry.block !== undefined) blocks.push(entry.block);
        break;
      case "seen":
        seen.push(entry.vote);
        break;
      case "certificate":
        certificates.push(entry.certificate);
        break;
      case "block":
        blocks.push(entry.block);
        break;
      case "silence":
        silences.push({ reason: entry.reason, through: entry.through });
        break;
      case "lifted":
        silences = silences.filter((silence) => silence.reason !== entry.reason);
        break;
    }
  }
  return { floor: first.floor, own, seen, certificates, blocks, silences };
}
