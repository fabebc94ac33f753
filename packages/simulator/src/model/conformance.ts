// Conformance of the real engine to the model: what honest engines do in a simulated schedule is read as steps of the model
// (a view is entered, a vote is signed, a block is reported final) and each step is put to the same rules that the search
// goes through (rules.ts). A step that the model would not have taken is a violation by itself, whatever comes of it.
//
// A vote is asked about when it goes to the record and counts for others once it is durable: it does not leave before. What
// could be certified counts as certified, as in the model. A step of the engine is one moment: whatever view it was in
// during the step, a vote may belong to. After a restart the record is what a validator remembers.

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { BbftEffect } from "@bystack/consensus/bbft/events";
import type { Vote } from "@bystack/consensus/bbft/messages";
import type { RecordEntry } from "@bystack/consensus/bbft/record";
import { type Certificate, quorumSize, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex } from "@bystack/utils/bytes";
import type { SeatMap } from "../seats.ts";
import {
  type Certificates,
  forbidsEntering,
  forbidsFinalize,
  forbidsNotarize,
  forbidsNullify,
  type Own,
  type Proposed,
  RULE_TEXT,
  type RuleName,
} from "./rules.ts";

const ALL_RULES: ReadonlySet<RuleName> = new Set();

/** Durable honest votes of one view, by block. */
type Tally = {
  readonly notarize: Map<string, Set<number>>;
  readonly finalize: Map<string, Set<number>>;
  readonly nullify: Set<number>;
};

type Signed = { notarized: boolean; nullified: boolean; finalized: boolean };

/** One validator as the model sees it. */
type Validator = {
  epoch: number;
  /** Views that it was in during the present step; the last one is where it is. */
  views: number[];
  /** What it has signed since its start, or found in its record, by `epoch:view`. */
  signed: Map<string, Signed>;
  readonly durable: Map<string, Signed>;
};

function signedIn(table: Map<string, Signed>, epoch: number, view: number): Signed {
  const key = `${epoch}:${view}`;
  const known = table.get(key) ?? { notarized: false, nullified: false, finalized: false };
  table.set(key, known);
  return known;
}

function mark(signed: Signed, kind: number): void {
  if (kind === VOTE_KINDS.NOTARIZE) signed.notarized = true;
  if (kind === VOTE_KINDS.NULLIFY) signed.nullified = true;
  if (kind === VOTE_KINDS.FINALIZE) signed.finalized = true;
}

function vote(votes: Map<string, Set<number>>, hash: string, place: number): void {
  const voters = votes.get(hash) ?? new Set();
  votes.set(hash, voters);
  voters.add(place);
}

export class Conformance {
  /** Steps of honest engines that were put to the rules. */
  steps = 0;
  readonly #config: BbftConfig;
  readonly #seats: SeatMap;
  readonly #suspects: readonly number[];
  readonly #blocks: ReadonlyMap<string, SideBlock>;
  readonly #fail: (invariant: string, detail: string) => void;
  readonly #tallies = new Map<string, Tally>();
  readonly #enough = new Map<number, number>();
  readonly #validators = new Map<number, Validator>();
  /** Blocks that may be final, by epoch. */
  readonly #finals = new Map<number, Set<string>>();

  constructor(input: {
    config: BbftConfig;
    seats: SeatMap;
    /** Places whose votes are taken as given to everything, and whose steps are not asked about. */
    suspects: readonly number[];
    blocks: ReadonlyMap<string, SideBlock>;
    fail: (invariant: string, detail: string) => void;
  }) {
    this.#config = input.config;
    this.#seats = input.seats;
    this.#suspects = input.suspects;
    this.#blocks = input.blocks;
    this.#fail = input.fail;
  }

  #tally(epoch: number, view: number): Tally {
    const key = `${epoch}:${view}`;
    const tally = this.#tallies.get(key) ?? { notarize: new Map(), finalize: new Map(), nullify: new Set<number>() };
    this.#tallies.set(key, tally);
    return tally;
  }

  #enoughIn(epoch: number): number {
    const known = this.#enough.get(epoch);
    if (known !== undefined) return known;
    const seats = this.#seats.of(epoch);
    if (seats === undefined) return Number.POSITIVE_INFINITY;
    const suspects = seats.filter((place) => this.#suspects.includes(place)).length;
    const enough = quorumSize(seats.length) - suspects;
    this.#enough.set(epoch, enough);
    return enough;
  }

  #certificatesOf(epoch: number): Certificates<string> {
    const enough = this.#enoughIn(epoch);
    const isEnough = (voters: ReadonlySet<number> | undefined): boolean => (voters?.size ?? 0) >= enough;
    const at = (view: number): Tally | undefined => this.#tallies.get(`${epoch}:${view}`);
    return {
      notarized: (view, block) => isEnough(at(view)?.notarize.get(block)),
      nullified: (view) => isEnough(at(view)?.nullify),
      certified: (view) => isEnough(at(view)?.nullify) || [...(at(view)?.notarize.values() ?? [])].some(isEnough),
    };
  }

  #validator(place: number): Validator {
    const known = this.#validators.get(place);
    if (known !== undefined) return known;
    const created = { epoch: 0, views: [], signed: new Map(), durable: new Map() };
    this.#validators.set(place, created);
    return created;
  }

  #refuse(what: string, rule: RuleName | undefined): void {
    this.steps += 1;
    if (rule !== undefined) this.#fail("MODEL", `${what}: not a step of the model, ${rule}: ${RULE_TEXT[rule]}`);
  }

  /** An honest node starts, or starts again: it remembers its record. */
  started(place: number): void {
    const validator = this.#validator(place);
    validator.views = [];
    validator.signed = new Map([...validator.durable].map(([key, signed]) => [key, { ...signed }]));
  }

  /** An honest node has taken a step; its effects come next. */
  stepped(place: number): void {
    const validator = this.#validator(place);
    if (validator.views.length > 1) validator.views = validator.views.slice(-1);
  }

  /** An effect of an honest node, before it is carried out. */
  observe(place: number, effect: BbftEffect): void {
    if (this.#suspects.includes(place)) return;
    if (effect.type === "viewEntered") this.#entered(place, effect.epoch, effect.view);
    else if (effect.type === "finalised") this.#reported(place, effect.certificate);
    else if (effect.type === "persist" && !effect.replace) {
      for (const entry of effect.entries) if (entry.type === "own") this.#signs(place, entry.vote, entry.block);
    }
  }

  #entered(place: number, epoch: number, view: number): void {
    const validator = this.#validator(place);
    if (validator.epoch !== epoch) validator.views = [];
    validator.epoch = epoch;
    validator.views.push(view);
    const what = `n${place} enters view ${epoch}:${view}`;
    if (epoch > 1 && !this.#hasBase(epoch)) this.#fail("MODEL", `${what}: no last block of the epoch before is final`);
    this.#refuse(what, forbidsEntering(ALL_RULES, this.#certificatesOf(epoch), view));
  }

  /** Whether a last block of the epoch before may be final; it counts as view 0. */
  #hasBase(epoch: number): boolean {
    const height = (epoch - 1) * this.#config.epochBlocks;
    return [...(this.#finals.get(epoch - 1) ?? [])].some((hash) => this.#blocks.get(hash)?.header.height === height);
  }

  #reported(place: number, certificate: Certificate): void {
    this.steps += 1;
    const { epoch, view, blockHash } = certificate;
    if (this.#finals.get(epoch)?.has(bytesToHex(blockHash)) === true) return;
    this.#fail("MODEL", `n${place} reports a block final that cannot be, in view ${epoch}:${view}`);
  }

  #ownOf(validator: Validator, epoch: number, view: number): Own {
    const signed = signedIn(validator.signed, epoch, view);
    return { ...signed, isPresent: validator.epoch === epoch && validator.views.includes(view) && !signed.finalized };
  }

  #signs(place: number, cast: Vote, carried: SideBlock | undefined): void {
    const validator = this.#validator(place);
    const { epoch, view, kind } = cast;
    const certificates = this.#certificatesOf(epoch);
    const own = this.#ownOf(validator, epoch, view);
    const block = bytesToHex(cast.blockHash);
    const what = `n${place} in view ${epoch}:${view}`;
    if (kind === VOTE_KINDS.NULLIFY) this.#refuse(`${what} signs NULLIFY`, forbidsNullify(ALL_RULES, own));
    if (kind === VOTE_KINDS.FINALIZE)
      this.#refuse(`${what} signs FINALIZE`, forbidsFinalize(ALL_RULES, certificates, own, { view, block }));
    if (kind === VOTE_KINDS.NOTARIZE) {
      const body = carried ?? this.#blocks.get(block);
      if (body === undefined) this.#fail("MODEL", `${what} signs NOTARIZE for a block that nobody has shown`);
      else {
        const proposed = this.#proposedOf(body, block, cast);
        this.#refuse(`${what} signs NOTARIZE`, forbidsNotarize(ALL_RULES, certificates, own, proposed));
      }
    }
    mark(signedIn(validator.signed, epoch, view), kind);
  }

  #proposedOf({ header }: SideBlock, block: string, { epoch, view }: Vote): Proposed<string> {
    const { epochBlocks, genesis } = this.#config;
    const parent = bytesToHex(header.parentHash);
    const isBase =
      epoch === 1 ? parent === bytesToHex(genesis.hash) : this.#finals.get(epoch - 1)?.has(parent) === true;
    return {
      view,
      block,
      made: header.view,
      parent,
      parentView: header.parentView,
      opens: isBase && header.height === (epoch - 1) * epochBlocks + 1,
      parentEnds: header.height > epoch * epochBlocks,
      ends: header.height % epochBlocks === 0,
    };
  }

  /** Entries that became durable at an honest node: from now on its votes count for others. */
  synced(place: number, entries: readonly RecordEntry[]): void {
    if (this.#suspects.includes(place)) return;
    const validator = this.#validator(place);
    for (const entry of entries) {
      if (entry.type !== "own") continue;
      const { epoch, view, kind, blockHash } = entry.vote;
      const hash = bytesToHex(blockHash);
      mark(signedIn(validator.durable, epoch, view), kind);
      const tally = this.#tally(epoch, view);
      if (kind === VOTE_KINDS.NULLIFY) tally.nullify.add(place);
      if (kind === VOTE_KINDS.NOTARIZE) vote(tally.notarize, hash, place);
      if (kind === VOTE_KINDS.FINALIZE) {
        vote(tally.finalize, hash, place);
        this.#mayBeFinal(epoch, tally, hash);
      }
    }
  }

  #mayBeFinal(epoch: number, tally: Tally, hash: string): void {
    if ((tally.finalize.get(hash)?.size ?? 0) < this.#enoughIn(epoch)) return;
    const finals = this.#finals.get(epoch) ?? new Set();
    this.#finals.set(epoch, finals);
    finals.add(hash);
  }
}
