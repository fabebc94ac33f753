// The hostile validators: behind each place one or two engines that follow the rules (two are twins under one key), and
// between all of them and the network somebody who does not. It may sign anything with its own keys, show different things
// to different nodes, hold back, repeat, distort and forge; it cannot sign for others.

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { VoteCrypto } from "@bystack/consensus/bbft/crypto";
import { answerSignedBytes, type BbftMessage, type Vote } from "@bystack/consensus/bbft/messages";
import { type Certificate, type SignedContent, signedBytes, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SideBlock, SideProposal } from "@bystack/protocol/side/proposal";
import { equalBytes } from "@bystack/utils/bytes";
import type { Fault } from "./faults.ts";
import { Forgery } from "./forgery.ts";
import { mangle } from "./mangle.ts";
import type { Plan } from "./plan.ts";
import type { SimRng } from "./rng.ts";
import type { SeatMap } from "./seats.ts";
import type { ToyLedger } from "./toy-ledger.ts";

const NO_HASH = new Uint8Array(32);
const MEMORY_MAX = 40;

export type AdversaryWorld = {
  /** Puts a message on the link from a hostile place to an honest one. */
  transmit(sent: { from: number; to: number; message: BbftMessage; delayMs: number }): void;
  sawBlock(block: SideBlock): void;
};

type ProposeMessage = BbftMessage & { type: "PROPOSE" };
type Named = { readonly hash: Uint8Array; readonly height: number };

export class Adversary {
  readonly #plan: Plan;
  readonly #config: BbftConfig;
  readonly #rng: SimRng;
  readonly #seats: SeatMap;
  readonly #world: AdversaryWorld;
  readonly #crypto: (place: number) => VoteCrypto;
  readonly #keyOf: (place: number) => Uint8Array;
  readonly #honest: readonly number[];
  readonly #forgery: Forgery;
  readonly #memory: BbftMessage[] = [];
  readonly #votedIn = new Set<string>();
  readonly #silentUntil = new Map<number, number>();
  #epoch = 1;

  constructor(input: {
    plan: Plan;
    config: BbftConfig;
    rng: SimRng;
    ledger: ToyLedger;
    seats: SeatMap;
    world: AdversaryWorld;
    honest: readonly number[];
    crypto: (place: number) => VoteCrypto;
    keyOf: (place: number) => Uint8Array;
  }) {
    this.#plan = input.plan;
    this.#config = input.config;
    this.#rng = input.rng;
    this.#seats = input.seats;
    this.#world = input.world;
    this.#crypto = input.crypto;
    this.#keyOf = input.keyOf;
    this.#honest = input.honest;
    this.#forgery = new Forgery(input.ledger, input.rng, input.config);
  }

  #does(fault: Fault, scale = 1): boolean {
    return this.#plan.faults.has(fault) && this.#rng.chance(this.#plan.malice * scale);
  }

  #sign(place: number, content: SignedContent): Uint8Array {
    return this.#crypto(place).sign(signedBytes(this.#config.chainId, content));
  }

  /** A vote; of a place without a seat in that epoch as if it still had its last one. */
  #vote(place: number, content: SignedContent): Vote {
    let signer = -1;
    for (let epoch = content.epoch; epoch > 0 && signer < 0; epoch -= 1) signer = this.#seats.seatOf(epoch, place);
    return { ...content, signer: Math.max(0, signer), signature: this.#sign(place, content) };
  }

  /** A sleeper is as good as gold until it is voted out. */
  #isAsleep(place: number): boolean {
    return this.#plan.faults.has("sleeper") && this.#seats.seatOf(this.#epoch, place) >= 0;
  }

  /** A message that one of the engines behind a hostile key wants to send to honest places. */
  outgoing(from: number, recipients: readonly number[], message: BbftMessage): void {
    if ("epoch" in message) this.#epoch = Math.max(this.#epoch, message.epoch);
    this.#forgery.learn(message);
    if (this.#isAsleep(from)) {
      for (const to of recipients) this.#world.transmit({ from, to, message, delayMs: 0 });
      return;
    }
    if (this.#isSilent(from, message) || this.#withholds(message)) return;
    if (message.type === "PROPOSE" && this.#attackProposal(from, recipients, message)) return;
    if (this.#does("forge", 0.1)) this.#sendForged(from, message);
    for (const to of recipients) {
      if (this.#does("subset", 0.5)) continue;
      const delayMs = this.#does("delay", 0.7) ? this.#rng.between(50, 900) : 0;
      const forger = { sign: (content: SignedContent) => this.#sign(from, content) };
      const sent = this.#does("mutate", 0.4) ? mangle(message, this.#rng, forger) : message;
      if (sent !== undefined) this.#world.transmit({ from, to, message: sent, delayMs });
    }
  }

  /** Says nothing for the next messages, so that its turns pass. */
  #isSilent(from: number, message: BbftMessage): boolean {
    let left = this.#silentUntil.get(from) ?? 0;
    if (this.#plan.faults.has("silent") && message.type === "PROPOSE" && this.#rng.chance(0.3)) left = 60;
    if (left === 0) return false;
    this.#silentUntil.set(from, left - 1);
    return true;
  }

  #withholds(message: BbftMessage): boolean {
    if (!this.#plan.faults.has("withhold")) return false;
    if (message.type === "NOTES" && message.certificates.length === 0) return this.#does("withhold", 0.3);
    return message.type !== "PROPOSE" && this.#does("withhold", 0.8);
  }

  /** Replaces an honest proposal by attacks. @returns whether the proposal has been dealt with. */
  #attackProposal(from: number, recipients: readonly number[], message: ProposeMessage): boolean {
    const { proposal } = message;
    const { block } = proposal;
    const sign = (content: SignedContent): Uint8Array => this.#sign(from, content);
    if (proposal.view !== block.header.view) {
      const other = this.#does("fork", 0.9) ? this.#forgery.reproposal(message, sign) : undefined;
      if (other === undefined) return false;
      for (const to of recipients) this.#world.transmit({ from, to, message: other, delayMs: 0 });
      return true;
    }
    const send = (made: (SideBlock | undefined)[]): boolean => this.#sendVariants(from, recipients, message, made);
    if (this.#does("fork", 0.7)) return send([this.#forgery.fork(block, sign)]);
    if (this.#does("invalid", 0.5)) return send([this.#forgery.variant(block, true)]);
    if (this.#does("header", 0.6)) return send([this.#forgery.wrongHeader(block)]);
    if (this.#does("equivocate", 0.9)) return send([block, this.#forgery.variant(block, false)]);
    return false;
  }

  #proposalOf(from: number, block: SideBlock): SideProposal {
    const { epoch, view, height } = block.header;
    const signature = this.#sign(from, { epoch, kind: VOTE_KINDS.PROPOSE, view, height, blockHash: block.hash });
    return { view, block, justifyView: 0, justification: [], signature };
  }

  /** Shows different blocks to different nodes, and votes for each of them with every key there is. */
  #sendVariants(
    from: number,
    recipients: readonly number[],
    message: ProposeMessage,
    made: (SideBlock | undefined)[],
  ): boolean {
    const blocks = made.filter((block) => block !== undefined);
    if (blocks.length === 0) return false;
    const offset = this.#rng.below(2);
    for (const block of blocks) this.#world.sawBlock(block);
    const cut = this.#rng.between(1, Math.max(1, recipients.length - 1));
    recipients.forEach((to, i) => {
      const both = this.#rng.chance(0.25);
      blocks.forEach((block, which) => {
        const chosen = blocks.length === 1 || i < cut === (which === offset);
        if (!chosen && !both) return;
        const { epoch, view, height } = block.header;
        const delayMs = chosen ? 0 : this.#rng.between(5, 200);
        const proposal = this.#proposalOf(from, block);
        this.#world.transmit({ from, to, message: { type: "PROPOSE", epoch, proposal }, delayMs });
        const content = { epoch, kind: VOTE_KINDS.NOTARIZE, view, height, blockHash: block.hash };
        const votes = this.#awake().map((place) => this.#vote(place, content));
        const notes: BbftMessage = { type: "NOTES", epoch, view, votes, certificates: [] };
        this.#world.transmit({ from, to, message: notes, delayMs: delayMs + 1 });
        if (this.#does("doubleVote", 0.5)) this.#promiscuous(message.epoch, view, { hash: block.hash, height });
      });
    });
    return true;
  }

  #awake(): number[] {
    return this.#plan.byzantine.filter((place) => !this.#isAsleep(place));
  }

  /** Anything that reaches a hostile place, before its engines see it. */
  incoming(at: number, message: BbftMessage): void {
    if (this.#memory.length < MEMORY_MAX) this.#memory.push(message);
    else this.#memory[this.#rng.below(MEMORY_MAX)] = message;
    this.#forgery.learn(message);
    if (this.#isAsleep(at)) return;
    if (message.type === "ASK" && this.#does("forge", 0.6)) this.#answerForAll(at, message);
    if (message.type === "PROPOSE") {
      const { block, view } = message.proposal;
      if (this.#does("header", 0.15)) this.#proposeInstead(at, block);
      if (this.#does("doubleVote", 0.6)) {
        this.#promiscuous(message.epoch, view, { hash: block.hash, height: block.header.height });
      }
    }
    if (message.type === "NOTES") {
      for (const vote of message.votes) {
        const key = `${vote.epoch}:${vote.view}`;
        if (this.#votedIn.has(key) || !this.#does("doubleVote", 0.5)) continue;
        this.#votedIn.add(key);
        this.#promiscuous(vote.epoch, vote.view, { hash: vote.blockHash, height: vote.height });
      }
      if (this.#does("boundary", 0.2)) this.#replayAcross(at, message);
    }
    if (this.#does("stale", 0.15)) this.#sendStale(at);
  }

  /** Votes of several kinds for one view, each to some nodes, some of them late. */
  #promiscuous(epoch: number, view: number, block: Named): void {
    const kinds = [VOTE_KINDS.NOTARIZE, VOTE_KINDS.NULLIFY, VOTE_KINDS.FINALIZE] as const;
    for (const kind of kinds) {
      const empty = kind === VOTE_KINDS.NULLIFY;
      if (!empty && block.height === 0) continue;
      const isOdd = empty && this.#does("mutate", 0.2);
      const named =
        empty && !isOdd ? { height: 0, blockHash: NO_HASH } : { height: block.height, blockHash: block.hash };
      const content = { epoch, kind, view, ...named };
      const voters = this.#awake();
      const from = voters[0];
      if (from === undefined) return;
      const votes = voters.map((place) => this.#vote(place, content));
      const message: BbftMessage = { type: "NOTES", epoch, view, votes, certificates: [] };
      for (const to of this.#rng.subset(this.#honest, 0.5)) {
        const delayMs = this.#rng.chance(0.5) ? 0 : this.#rng.between(20, 700);
        this.#world.transmit({ from, to, message, delayMs });
      }
    }
  }

  /** Answers in everybody's name, with signatures that are none. */
  #answerForAll(from: number, ask: BbftMessage & { type: "ASK" }): void {
    const to = this.#honest.find((place) => equalBytes(this.#keyOf(place), ask.asker));
    if (to === undefined) return;
    for (const place of this.#honest) {
      if (place === to) continue;
      const answer = {
        nonce: ask.nonce,
        signer: this.#keyOf(place),
        asker: ask.asker,
        certificate: undefined,
        votes: [],
      };
      const signature = this.#crypto(from).sign(answerSignedBytes(this.#config.chainId, answer));
      this.#world.transmit({ from, to, message: { type: "ANSWER", ...answer, signature }, delayMs: 0 });
    }
  }

  /** Another block in the turn of an honest leader, signed by whoever has no turn. */
  #proposeInstead(from: number, block: SideBlock): void {
    const other = this.#forgery.variant(block, false);
    if (other === undefined) return;
    this.#world.sawBlock(other);
    const message: BbftMessage = {
      type: "PROPOSE",
      epoch: block.header.epoch,
      proposal: this.#proposalOf(from, other),
    };
    for (const to of this.#rng.subset(this.#honest, 0.6)) this.#world.transmit({ from, to, message, delayMs: 0 });
  }

  /** What was said in one epoch, put into an envelope of another. */
  #replayAcross(from: number, message: BbftMessage & { type: "NOTES" }): void {
    const old = this.#memory.find((one) => one.type === "NOTES" && one.epoch !== message.epoch);
    if (old?.type !== "NOTES") return;
    const mixed: BbftMessage = {
      ...message,
      votes: [...old.votes, ...message.votes.slice(0, 1)],
      certificates: old.certificates,
    };
    for (const to of this.#rng.subset(this.#honest, 0.7))
      this.#world.transmit({ from, to, message: mixed, delayMs: 0 });
  }

  #sendStale(from: number): void {
    const message = this.#rng.pick(this.#memory);
    for (const to of this.#rng.subset(this.#honest, 0.5)) {
      this.#world.transmit({ from, to, message, delayMs: this.#rng.below(300) });
    }
    if (message.type === "NOTES" && this.#rng.chance(0.3)) {
      this.#promiscuous(message.epoch, message.view + this.#rng.between(1, 60), { hash: NO_HASH, height: 0 });
    }
  }

  /** Certificates that nobody's signatures stand under but one's own. */
  #sendForged(from: number, message: BbftMessage): void {
    if (message.type !== "PROPOSE" && message.type !== "NOTES") return;
    const { epoch } = message;
    const view = message.type === "NOTES" ? message.view : message.proposal.view;
    const sign = (content: SignedContent): Uint8Array => this.#sign(from, content);
    const seats = this.#seats.of(epoch)?.length ?? this.#plan.nodes;
    const certificates: Certificate[] = this.#forgery.certificates({ epoch, view, seats }, sign);
    const forged: BbftMessage = { type: "NOTES", epoch, view, votes: [], certificates };
    for (const to of this.#rng.subset(this.#honest, 0.6))
      this.#world.transmit({ from, to, message: forged, delayMs: 0 });
  }
}
