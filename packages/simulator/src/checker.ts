// The invariants, checked as things happen (bbft.md sections 3 and 4). What could be certified is judged, not only what
// was: every count below adds the votes that the hostile validators could still sign for anything.
//   I1 agreement · I2 ancestors of final blocks are final · I3 no NULLIFY certificate in a finalised view · I4 one
//   notarized block a view · I5 FINALIZE rests on NOTARIZE · I6 no honest NULLIFY + FINALIZE · I7 certificates verify ·
//   I8 votes on the wire are in the synced record · I9 what each node has executed agrees · I10 its balances add up · I11
//   tables are bounded. Beyond them: S1, S3, S4 and the header rules of each honest vote, the epoch rule, the seats.

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { VoteCrypto } from "@bystack/consensus/bbft/crypto";
import type { BbftEffect } from "@bystack/consensus/bbft/events";
import type { BbftMessage, Vote } from "@bystack/consensus/bbft/messages";
import type { RecordEntry } from "@bystack/consensus/bbft/record";
import {
  type Certificate,
  quorumSize,
  signersOf,
  VOTE_KINDS,
  verifyCertificate,
} from "@bystack/protocol/side/certificate";
import { committeeRoot } from "@bystack/protocol/side/header";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import { isBounded } from "./bounds.ts";
import type { Scheme } from "./fake-crypto.ts";
import { Finality } from "./finality.ts";
import type { SimNode } from "./node.ts";
import type { SeatMap } from "./seats.ts";
import type { ToyLedger } from "./toy-ledger.ts";

export type Violation = { readonly invariant: string; readonly detail: string };

/** Honest votes in one view, by block. */
type ViewTally = {
  readonly notarize: Map<string, Set<number>>;
  readonly finalize: Map<string, Set<number>>;
  readonly nullify: Set<number>;
};

export class Checker {
  readonly violations: Violation[] = [];
  readonly config: BbftConfig;
  readonly ledger: ToyLedger;
  readonly suspects: readonly number[];
  readonly seats: SeatMap;
  readonly blocks = new Map<string, SideBlock>();
  /** Certificates that honest nodes put into their records: `epoch:view:kind`. */
  readonly certified = new Set<string>();
  #views = new Map<string, ViewTally>();
  #synced = new Map<number, Set<string>>();
  #verified = new WeakSet<Certificate>();
  /** What honest leaders have proposed: `epoch:view:hash`. */
  readonly #proposed = new Set<string>();
  #enoughByEpoch = new Map<number, number>();
  readonly #finality: Finality;
  readonly #crypto: VoteCrypto;
  readonly #keysOf: (places: readonly number[]) => Uint8Array[];

  /** When set, the only invariants that count: how far does a broken rule get before its consequences show? */
  readonly only: readonly string[] | undefined;

  constructor(input: {
    config: BbftConfig;
    ledger: ToyLedger;
    /** Places whose votes are taken as given to everything. */
    suspects: readonly number[];
    scheme: Scheme;
    seats: SeatMap;
    keysOf: (places: readonly number[]) => Uint8Array[];
    only?: readonly string[] | undefined;
  }) {
    const { config, ledger, suspects } = input;
    this.suspects = suspects;
    this.#crypto = input.scheme.crypto(0);
    this.only = input.only;
    this.config = config;
    this.ledger = ledger;
    this.seats = input.seats;
    this.#keysOf = input.keysOf;
    const fail = this.fail.bind(this);
    this.#finality = new Finality({ config, ledger, seats: input.seats, blocks: this.blocks, fail });
  }

  fail(invariant: string, detail: string): void {
    if (this.only !== undefined && !this.only.includes(invariant)) return;
    this.violations.push({ invariant, detail });
  }

  /** Honest votes that, with those of the suspects in the epoch's committee, make a quorum. */
  #enough(epoch: number): number {
    const known = this.#enoughByEpoch.get(epoch);
    if (known !== undefined) return known;
    const seats = this.seats.of(epoch);
    if (seats === undefined) return Number.POSITIVE_INFINITY;
    const enough = quorumSize(seats.length) - seats.filter((place) => this.suspects.includes(place)).length;
    this.#enoughByEpoch.set(epoch, enough);
    return enough;
  }

  #tally(epoch: number, view: number): ViewTally {
    const key = `${epoch}:${view}`;
    let tally = this.#views.get(key);
    if (tally === undefined) {
      tally = { notarize: new Map(), finalize: new Map(), nullify: new Set() };
      this.#views.set(key, tally);
    }
    return tally;
  }

  /** Every block anybody proposed, for walks to the ancestors. */
  sawBlock(block: SideBlock): void {
    this.blocks.set(bytesToHex(block.hash), block);
  }

  #isNotarizable(epoch: number, view: number, key: string): boolean {
    return (this.#tally(epoch, view).notarize.get(key)?.size ?? 0) >= this.#enough(epoch);
  }

  /** Entries that became durable at an honest node. */
  synced(place: number, entries: readonly RecordEntry[]): void {
    const known = this.#synced.get(place) ?? new Set<string>();
    this.#synced.set(place, known);
    for (const entry of entries) {
      if (entry.type === "own") {
        const { epoch, view, kind, blockHash } = entry.vote;
        known.add(`${epoch}:${view}:${kind}:${bytesToHex(blockHash)}`);
        if (entry.block !== undefined) this.sawBlock(entry.block);
        if (this.seats.placeOf(epoch, entry.vote.signer) !== place)
          this.fail(
            "SEAT",
            `n${place} signed in ${epoch}:${view} from seat ${entry.vote.signer}, which is not its own`,
          );
        if (!this.suspects.includes(place)) this.#signed(place, entry.vote);
      }
      if (entry.type === "certificate") {
        const { epoch, view, kind } = entry.certificate;
        this.certified.add(`${epoch}:${view}:${kind}`);
        this.#verify(entry.certificate);
      }
    }
  }

  #verify(certificate: Certificate): void {
    if (this.#verified.has(certificate)) return;
    this.#verified.add(certificate);
    const { chainId } = this.config;
    const { epoch, view, kind, blockHash } = certificate;
    const seats = this.seats.of(epoch) ?? [];
    const context = { chainId, keys: this.#keysOf(seats), epoch, quorum: quorumSize(seats.length) };
    const verdict = verifyCertificate(certificate, context, (key, bytes, signature) =>
      this.#crypto.verify(key, bytes, signature),
    );
    if (verdict !== "ok") {
      this.fail("I7", `certificate of view ${epoch}:${view}: ${verdict}`);
      return;
    }
    const name = `${epoch}:${view}:${kind}:${bytesToHex(blockHash)}`;
    for (const seat of signersOf(certificate)) {
      const place = seats[seat] ?? -1;
      if (!this.suspects.includes(place) && this.#synced.get(place)?.has(name) !== true)
        this.fail("I8", `a certificate of ${epoch}:${view} holds a vote of n${place} that is not in its synced record`);
    }
  }

  /** A message leaves an honest node. */
  sent(node: SimNode, message: BbftMessage): void {
    if (message.type === "PROPOSE") this.#sentProposal(node, message);
    if (message.type === "NOTES") {
      for (const vote of message.votes)
        if (this.seats.placeOf(vote.epoch, vote.signer) === node.place) this.#sentVote(node, vote);
      for (const certificate of message.certificates) this.#verify(certificate);
    }
  }

  #sentProposal(node: SimNode, message: BbftMessage & { type: "PROPOSE" }): void {
    const { block, view } = message.proposal;
    this.sawBlock(block);
    const hash = bytesToHex(block.hash);
    this.#proposed.add(`${message.epoch}:${view}:${hash}`);
    const key = `${message.epoch}:${view}:${VOTE_KINDS.PROPOSE}:${hash}`;
    if (this.#synced.get(node.place)?.has(key) !== true)
      this.fail("I8", `n${node.place} proposed ${key} before its record`);
  }

  #sentVote(node: SimNode, vote: Vote): void {
    const { epoch, view, kind, blockHash } = vote;
    if (this.#synced.get(node.place)?.has(`${epoch}:${view}:${kind}:${bytesToHex(blockHash)}`) !== true) {
      this.fail(
        "I8",
        `n${node.place} in view ${epoch}:${view} sent a vote of kind ${kind} that is not in its synced record`,
      );
    }
  }

  /** An honest vote is durable: from now on it can reach others, even by way of a certificate after a restart. */
  #signed(place: number, vote: Vote): void {
    const { epoch, view, kind } = vote;
    const what = `n${place} in view ${epoch}:${view}`;
    const tally = this.#tally(epoch, view);
    if (kind === VOTE_KINDS.NULLIFY) this.#addNullify(place, vote, tally, what);
    else if (kind === VOTE_KINDS.NOTARIZE) this.#addNotarize(place, vote, tally, what);
    else if (kind === VOTE_KINDS.FINALIZE) this.#addFinalize(place, vote, tally, what);
    const opening = (epoch - 1) * this.config.epochBlocks;
    if (this.#finality.heightOf(place) < opening) {
      this.fail("EPOCH", `${what} voted before height ${opening} was final`);
    }
  }

  #addNullify(place: number, vote: Vote, tally: ViewTally, what: string): void {
    if (tally.nullify.has(place)) return;
    tally.nullify.add(place);
    for (const voters of tally.finalize.values())
      if (voters.has(place)) this.fail("I6", `${what}: FINALIZE, then NULLIFY`);
    this.#checkView(vote.epoch, tally, what);
  }

  #addNotarize(place: number, vote: Vote, tally: ViewTally, what: string): void {
    const hash = bytesToHex(vote.blockHash);
    for (const [other, voters] of tally.notarize) {
      if (other !== hash && voters.has(place)) this.fail("S1", `${what}: two NOTARIZE`);
    }
    const voters = tally.notarize.get(hash) ?? new Set();
    if (voters.has(place)) return;
    voters.add(place);
    tally.notarize.set(hash, voters);
    const block = this.blocks.get(hash);
    if (block !== undefined) this.#checkJustified(vote, block, what);
    const leader = this.#leaderOf(vote);
    const isProposed = this.#proposed.has(`${vote.epoch}:${vote.view}:${hash}`);
    if (leader !== place && !this.suspects.includes(leader) && !isProposed)
      this.fail("LEADER", `${what}: NOTARIZE for a block that its leader n${leader} did not propose`);
    this.#checkView(vote.epoch, tally, what);
  }

  #leaderOf({ epoch, view }: Vote): number {
    const seats = this.seats.of(epoch) ?? [];
    return seats[Math.floor(view / this.config.run) % seats.length] ?? -1;
  }

  /** S3 and S4 of one honest NOTARIZE. */
  #checkJustified(vote: Vote, block: SideBlock, what: string): void {
    const { epoch, height, view, parentView, parentHash } = block.header;
    if (!this.ledger.judge(block)) this.fail("S4", `${what}: NOTARIZE for an invalid block`);
    if (epoch !== Math.ceil(height / this.config.epochBlocks))
      this.fail("EPOCH", `${what}: height ${height} in epoch ${epoch}`);
    if (vote.view !== view) {
      if (!this.#isJustifiedAgain(vote, view)) this.fail("S3", `${what}: proposed again without what that takes`);
      return;
    }
    this.#checkHeader(block, what);
    if (parentView > 0 && !this.#isNotarizable(epoch, parentView, bytesToHex(parentHash))) {
      this.fail("S3", `${what}: the parent is not notarized in view ${parentView}`);
    }
    for (let w = parentView + 1; w < view; w += 1) {
      if (this.#tally(epoch, w).nullify.size < this.#enough(epoch))
        this.fail("S3", `${what}: view ${w} was skipped without NULLIFY`);
    }
  }

  /** A last block again: notarized in an earlier view, and NULLIFY for every view since. */
  #isJustifiedAgain(vote: Vote, builtIn: number): boolean {
    const { epoch } = vote;
    for (let view = vote.view - 1; view >= builtIn; view -= 1) {
      if (this.#isNotarizable(epoch, view, bytesToHex(vote.blockHash))) return true;
      if (this.#tally(epoch, view).nullify.size < this.#enough(epoch)) return false;
    }
    return false;
  }

  /** What a header says about time and about the next committee. */
  #checkHeader(block: SideBlock, what: string): void {
    const { height, epoch, timestampMs, parentHash, nextCommitteeRoot } = block.header;
    const { genesis, blockMs, epochBlocks } = this.config;
    const parent = this.blocks.get(bytesToHex(parentHash));
    const parentMs = height === 1 ? genesis.timestampMs : parent?.header.timestampMs;
    if (parentMs !== undefined && timestampMs < parentMs + blockMs)
      this.fail("TIME", `${what}: NOTARIZE for a block ${timestampMs - parentMs} ms after its parent`);
    const next = this.seats.of(epoch + 1);
    if (height % epochBlocks !== 0 || next === undefined) return;
    if (!equalBytes(nextCommitteeRoot, committeeRoot(this.#keysOf(next))))
      this.fail("COMMITTEE", `${what}: NOTARIZE for a last block that names another committee`);
  }

  #addFinalize(place: number, vote: Vote, tally: ViewTally, what: string): void {
    const hash = bytesToHex(vote.blockHash);
    const voters = tally.finalize.get(hash) ?? new Set();
    if (voters.has(place)) return;
    voters.add(place);
    tally.finalize.set(hash, voters);
    if (tally.nullify.has(place)) this.fail("I6", `${what}: NULLIFY, then FINALIZE`);
    if (!this.#isNotarizable(vote.epoch, vote.view, hash)) this.fail("I5", `${what}: FINALIZE without NOTARIZE`);
    if (voters.size >= this.#enough(vote.epoch)) this.#finality.possible(hash, what);
    this.#checkView(vote.epoch, tally, what);
  }

  #checkView(epoch: number, tally: ViewTally, what: string): void {
    const enough = this.#enough(epoch);
    let notarized = 0;
    for (const voters of tally.notarize.values()) if (voters.size >= enough) notarized += 1;
    if (notarized > 1) this.fail("I4", `${what}: two blocks can be notarized`);
    if (tally.nullify.size < enough) return;
    for (const voters of tally.finalize.values()) {
      if (voters.size >= enough) this.fail("I3", `${what}: finalised and nullified`);
    }
  }

  /** An honest node reports final blocks. */
  finalised(node: SimNode, effect: BbftEffect & { type: "finalised" }): void {
    this.#verify(effect.certificate);
    for (const block of effect.blocks) {
      this.sawBlock(block);
      if (block.parentCertificate !== undefined) this.#verify(block.parentCertificate);
    }
    this.#finality.reported(node, effect);
  }

  /** An honest node has executed its new final blocks. */
  appended(node: SimNode): void {
    this.#finality.appended(node);
  }

  /** After every step: tables within their limits. */
  stepped(node: SimNode): void {
    if (!isBounded(node.state)) this.fail("I11", `n${node.place}: a table is larger than its limit`);
  }
}
