// The rules of one honest validator by itself, looked at where its votes are cast (bbft.md S4 and S5): after a start it asks
// and waits, it keeps its silences and writes them down, and it votes only for what its clock and its predicates allow.
// Each rule asks for no more than the design: where the simulator cannot know exactly, it lets the vote pass.

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { VoteCrypto } from "@bystack/consensus/bbft/crypto";
import type { BbftEffect } from "@bystack/consensus/bbft/events";
import { BAR_PATIENCE_MS, CLOCK_TOLERANCE_MS } from "@bystack/consensus/bbft/limits";
import {
  type AnswerMessage,
  answerSignedBytes,
  type BbftMessage,
  type Position,
  type Vote,
} from "@bystack/consensus/bbft/messages";
import type { RecordEntry } from "@bystack/consensus/bbft/record";
import { comparePositions } from "@bystack/consensus/bbft/replay";
import { quorumSize, signedBytes, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import type { SimNode } from "./node.ts";
import type { SeatMap } from "./seats.ts";

/** What a node was told while it had not heard a quorum: the last word of each. */
type Told = { readonly position: Position; readonly epoch: number };

/** One node since its last start. */
type Life = {
  readonly startMs: number;
  readonly startEpoch: number;
  readonly answered: Set<number>;
  readonly told: Map<number, Told>;
  readonly holds: Set<string>;
  /** Signs nothing up to here: it has been shown a vote of its own that its record lacks. */
  observeThrough: Position | undefined;
  /** Silences of the present step that are not in its persist yet. */
  unwritten: number;
};

export class Conduct {
  readonly #config: BbftConfig;
  readonly #seats: SeatMap;
  readonly #crypto: VoteCrypto;
  readonly #isHonest: (place: number) => boolean;
  readonly #placeOfKey: (key: Uint8Array) => number;
  readonly #fail: (invariant: string, detail: string) => void;
  readonly #lives = new Map<number, Life>();

  constructor(input: {
    config: BbftConfig;
    seats: SeatMap;
    crypto: VoteCrypto;
    isHonest: (place: number) => boolean;
    placeOfKey: (key: Uint8Array) => number;
    fail: (invariant: string, detail: string) => void;
  }) {
    this.#config = input.config;
    this.#seats = input.seats;
    this.#crypto = input.crypto;
    this.#isHonest = input.isHonest;
    this.#placeOfKey = input.placeOfKey;
    this.#fail = input.fail;
  }

  started(node: SimNode, nowMs: number): void {
    this.#lives.set(node.place, {
      startMs: nowMs,
      startEpoch: Math.floor(node.store.height / this.#config.epochBlocks) + 1,
      answered: new Set([node.place]),
      told: new Map(),
      holds: new Set(),
      observeThrough: undefined,
      unwritten: 0,
    });
  }

  predicateHolds(place: number, hash: Uint8Array): void {
    this.#lives.get(place)?.holds.add(bytesToHex(hash));
  }

  /** A message is about to reach an honest node. */
  delivered(node: SimNode, message: BbftMessage): void {
    const life = this.#lives.get(node.place);
    const { asking } = node.state;
    if (message.type !== "ANSWER" || life === undefined || asking === undefined || !node.isUp) return;
    if (!equalBytes(message.nonce, asking.nonce)) return;
    const from = this.#placeOfKey(message.signer);
    const bytes = answerSignedBytes(this.#config.chainId, message);
    if (!this.#crypto.verify(message.signer, bytes, message.signature)) return;
    life.answered.add(from);
    if (!this.#isHonest(from)) return;
    const { epoch } = node.state;
    const { certificate } = message;
    const isKnown = certificate !== undefined && Math.abs(certificate.epoch - epoch) <= 1;
    const ends = certificate?.kind === VOTE_KINDS.FINALIZE && certificate.height % this.#config.epochBlocks === 0;
    const position = !isKnown
      ? { epoch: 1, view: 0 }
      : ends
        ? { epoch: certificate.epoch + 1, view: 0 }
        : { epoch: certificate.epoch, view: certificate.view };
    if (asking.stage === "first") life.told.set(from, { position, epoch });
    this.#lookForUnknown(node, life, message);
  }

  /** An answer shows the asker a vote of its own that its record lacks. */
  #lookForUnknown(node: SimNode, life: Life, message: AnswerMessage): void {
    const { state } = node;
    const { ownIndex, keys } = state.committees.present;
    const key = keys[ownIndex];
    if (key === undefined || !keys.some((other) => equalBytes(other, message.signer))) return;
    for (const vote of message.votes) {
      if (vote.epoch !== state.epoch || vote.signer !== ownIndex || comparePositions(vote, state.floor) < 0) continue;
      const known = state.own.get(`${vote.epoch}:${vote.view}`)?.votes[vote.kind];
      if (known !== undefined && equalBytes(known.blockHash, vote.blockHash)) continue;
      if (!this.#crypto.verify(key, signedBytes(this.#config.chainId, vote), vote.signature)) continue;
      life.observeThrough = { epoch: vote.epoch + 1, view: 2 };
    }
  }

  /** An effect of an honest node, before it is carried out. */
  observe(node: SimNode, effect: BbftEffect, now: { readonly ms: number; readonly localMs: number }): void {
    const life = this.#lives.get(node.place);
    if (life === undefined) return;
    if (effect.type === "silence" && (effect.reason === "bar" || effect.reason === "observe")) life.unwritten += 1;
    if (effect.type !== "persist") return;
    const silences = effect.entries.filter((entry) => entry.type === "silence").length;
    if (life.unwritten > silences) this.#fail("RECORD", `n${node.place}: a silence is not in the record`);
    life.unwritten = 0;
    if (effect.replace) return;
    const proposed = effect.entries.some((entry) => entry.type === "own" && entry.vote.kind === VOTE_KINDS.PROPOSE);
    for (const entry of effect.entries) {
      if (entry.type !== "own") continue;
      this.#checkSilence(node, life, entry.vote, now.ms);
      this.#checkSeen(node, effect.entries, entry.vote);
      if (entry.block !== undefined && !proposed)
        this.#checkPredicates(node, life, { ...entry, block: entry.block }, now.localMs);
    }
  }

  /** What others have said in a view is written before an own vote in it is. */
  #checkSeen(node: SimNode, entries: readonly RecordEntry[], own: Vote): void {
    const rows = own.epoch === node.state.epoch ? node.state.votes.get(own.view) : undefined;
    if (rows === undefined) return;
    const written = new Set<string>();
    for (const entry of [...node.disk.written(), ...entries]) {
      if (entry.type !== "seen" || entry.vote.epoch !== own.epoch || entry.vote.view !== own.view) continue;
      written.add(`${entry.vote.kind}:${entry.vote.signer}`);
    }
    for (const [kind, row] of rows.entries()) {
      for (const [signer, vote] of row.entries()) {
        if (vote === undefined || signer === own.signer || written.has(`${kind}:${signer}`)) continue;
        this.#fail(
          "RECORD",
          `n${node.place}: votes in ${own.epoch}:${own.view}, and its record lacks that of seat ${signer}`,
        );
        return;
      }
    }
  }

  #checkSilence(node: SimNode, life: Life, vote: Vote, nowMs: number): void {
    const what = `n${node.place} in view ${vote.epoch}:${vote.view}`;
    if (!this.#hasHeard(life, vote.epoch, quorumSize)) {
      this.#fail("ASK", `${what}: signed before a quorum had answered`);
      return;
    }
    if (life.observeThrough !== undefined && comparePositions(vote, life.observeThrough) <= 0)
      this.#fail("OBSERVE", `${what}: signed after it was shown a vote that its record lacks`);
    const isLifted = nowMs - life.startMs >= BAR_PATIENCE_MS || this.#hasHeard(life, vote.epoch, (n) => n);
    for (const [place, { position, epoch }] of life.told) {
      // Lifted, the silence still covers all below what is certified: there it may have signed what nobody remembers.
      const through = isLifted
        ? { epoch: position.epoch, view: position.view - 1 }
        : { epoch: position.epoch, view: position.view + 2 };
      if (comparePositions(vote, through) > 0 || !this.#isSeatedAll(place, epoch, vote.epoch)) continue;
      this.#fail("BAR", `${what}: signed below the bar of ${through.epoch}:${through.view} that n${place} has told it`);
      return;
    }
  }

  /** Whether enough of the committee of one epoch since the start have answered, oneself included. */
  #hasHeard(life: Life, through: number, needed: (validators: number) => number): boolean {
    for (let epoch = life.startEpoch; epoch <= through; epoch += 1) {
      const seats = this.#seats.of(epoch);
      if (seats !== undefined && seats.filter((place) => life.answered.has(place)).length >= needed(seats.length))
        return true;
    }
    return false;
  }

  #isSeatedAll(place: number, from: number, through: number): boolean {
    for (let epoch = from; epoch <= through; epoch += 1) if (this.#seats.seatOf(epoch, place) < 0) return false;
    return true;
  }

  #checkPredicates(node: SimNode, life: Life, cast: { vote: Vote; block: SideBlock }, localMs: number): void {
    const { vote, block } = cast;
    // A last block that is proposed again was judged when it was new.
    if (vote.kind !== VOTE_KINDS.NOTARIZE || block.header.view !== vote.view) return;
    const what = `n${node.place} in view ${vote.epoch}:${vote.view}`;
    const apartMs = Math.abs(block.header.timestampMs - localMs);
    if (apartMs > CLOCK_TOLERANCE_MS) this.#fail("CLOCK", `${what}: NOTARIZE for a block ${apartMs} ms away`);
    if (this.#config.predicates && !life.holds.has(bytesToHex(block.hash)))
      this.#fail("PREDICATE", `${what}: NOTARIZE before the predicates hold`);
  }

  /** Entries are durable: what a FINALIZE rests on has to be in the record with it. */
  synced(node: SimNode, entries: readonly RecordEntry[]): void {
    for (const entry of entries) {
      if (entry.type !== "own" || entry.vote.kind !== VOTE_KINDS.FINALIZE) continue;
      const { vote } = entry;
      const record = node.disk.entries();
      const isCertified = record.some(
        (one) =>
          one.type === "certificate" &&
          one.certificate.kind === VOTE_KINDS.NOTARIZE &&
          one.certificate.view === vote.view &&
          one.certificate.epoch === vote.epoch,
      );
      if (
        !isCertified &&
        !this.#hasVotes(record, vote) &&
        vote.epoch === node.state.epoch &&
        !this.#isFinal(node, vote)
      )
        this.#fail(
          "RECORD",
          `n${node.place}: FINALIZE of ${vote.epoch}:${vote.view} without its certificate in the record`,
        );
    }
  }

  #isFinal(node: SimNode, vote: Vote): boolean {
    return vote.height <= node.state.final.height;
  }

  #hasVotes(record: readonly RecordEntry[], vote: Vote): boolean {
    const signers = new Set<number>();
    for (const entry of record) {
      if (entry.type !== "own" && entry.type !== "seen") continue;
      const other = entry.vote;
      if (other.kind === VOTE_KINDS.NOTARIZE && other.view === vote.view && other.epoch === vote.epoch)
        signers.add(other.signer);
    }
    return signers.size >= quorumSize(this.#seats.of(vote.epoch)?.length ?? 0);
  }
}
