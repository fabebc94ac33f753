// The Byzantine validator: one or two engines that follow the rules (two are twins under one key), and between them and
// the network somebody who does not. It may sign anything with its own key, show different things to different nodes,
// hold back, repeat, distort and forge; it cannot sign for others.

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { VoteCrypto } from "@bystack/consensus/bbft/crypto";
import { type BbftMessage, decodeMessage, encodeMessage, type Vote } from "@bystack/consensus/bbft/messages";
import {
  type Certificate,
  type SignedContent,
  signedBytes,
  skipRoot,
  VOTE_KINDS,
} from "@bystack/protocol/side/certificate";
import { type SideHeader, sideBodyRoot } from "@bystack/protocol/side/header";
import { createSideBlock, type SideBlock, type SideProposal } from "@bystack/protocol/side/proposal";
import { bytesToHex } from "@bystack/utils/bytes";
import type { Fault, Plan } from "./plan.ts";
import type { SimRng } from "./rng.ts";
import type { ToyLedger } from "./toy-ledger.ts";

const NO_HASH = new Uint8Array(32);
const MEMORY_MAX = 40;

export type AdversaryWorld = {
  /** Puts a message on the link from the Byzantine place to an honest one. */
  transmit(to: number, message: BbftMessage, delayMs: number): void;
  sawBlock(block: SideBlock): void;
};

type ProposeMessage = BbftMessage & { type: "PROPOSE" };

export class Adversary {
  readonly #plan: Plan;
  readonly #config: BbftConfig;
  readonly #rng: SimRng;
  readonly #ledger: ToyLedger;
  readonly #world: AdversaryWorld;
  readonly #crypto: VoteCrypto;
  readonly #place: number;
  readonly #honest: readonly number[];
  readonly #memory: BbftMessage[] = [];
  readonly #blocks = new Map<string, SideBlock>();
  readonly #votedIn = new Set<string>();
  #salt = 1;
  #silentUntil = 0;

  constructor(input: {
    plan: Plan;
    config: BbftConfig;
    rng: SimRng;
    ledger: ToyLedger;
    world: AdversaryWorld;
    crypto: VoteCrypto;
  }) {
    this.#plan = input.plan;
    this.#config = input.config;
    this.#rng = input.rng;
    this.#ledger = input.ledger;
    this.#world = input.world;
    this.#place = input.plan.byzantine;
    this.#crypto = input.crypto;
    this.#honest = input.config.committee.map((_, place) => place).filter((place) => place !== this.#place);
  }

  #does(fault: Fault, scale = 1): boolean {
    return this.#plan.faults.has(fault) && this.#rng.chance(this.#plan.malice * scale);
  }

  #sign(content: SignedContent): Uint8Array {
    return this.#crypto.sign(signedBytes(this.#config.chainId, content));
  }

  #vote(content: SignedContent): Vote {
    return { ...content, signer: this.#place, signature: this.#sign(content) };
  }

  /** A message that one of the engines behind this key wants to send to honest places. */
  outgoing(recipients: readonly number[], message: BbftMessage): void {
    if (this.#plan.faults.has("silent") && message.type === "PROPOSE" && this.#rng.chance(0.3)) this.#silentUntil = 60;
    if (this.#silentUntil > 0) {
      this.#silentUntil -= 1;
      return;
    }
    if (this.#withholds(message)) return;
    if (message.type === "PROPOSE" && this.#attackProposal(recipients, message)) return;
    for (const to of recipients) {
      if (this.#does("subset", 0.5)) continue;
      const delayMs = this.#does("delay", 0.7) ? this.#rng.between(50, 900) : 0;
      const sent = this.#does("mutate", 0.4) ? this.#mutate(message) : message;
      if (sent !== undefined) this.#world.transmit(to, sent, delayMs);
    }
  }

  #withholds(message: BbftMessage): boolean {
    if (!this.#plan.faults.has("withhold")) return false;
    if (message.type === "NOTES" && message.certificates.length === 0) return this.#does("withhold", 0.3);
    return message.type !== "PROPOSE" && this.#does("withhold", 0.8);
  }

  /** Replaces an honest proposal by attacks. @returns whether the proposal has been dealt with. */
  #attackProposal(recipients: readonly number[], message: ProposeMessage): boolean {
    const { proposal } = message;
    if (proposal.view !== proposal.block.header.view) return false;
    if (this.#does("fork", 0.7)) return this.#sendVariants(recipients, message, [this.#fork(proposal.block)]);
    if (this.#does("invalid", 0.5))
      return this.#sendVariants(recipients, message, [this.#variant(proposal.block, true)]);
    if (this.#does("equivocate", 0.9)) {
      return this.#sendVariants(recipients, message, [proposal.block, this.#variant(proposal.block, false)]);
    }
    return false;
  }

  #proposalOf(block: SideBlock): SideProposal {
    const { epoch, view, height } = block.header;
    const signature = this.#sign({ epoch, kind: VOTE_KINDS.PROPOSE, view, height, blockHash: block.hash });
    return { view, block, justifyView: 0, justification: [], signature };
  }

  /** Shows different blocks to different nodes, and votes for each of them. */
  #sendVariants(recipients: readonly number[], message: ProposeMessage, made: (SideBlock | undefined)[]): boolean {
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
        this.#world.transmit(to, { type: "PROPOSE", epoch, proposal: this.#proposalOf(block) }, delayMs);
        const vote = this.#vote({ epoch, kind: VOTE_KINDS.NOTARIZE, view, height, blockHash: block.hash });
        this.#world.transmit(to, { type: "NOTES", epoch, view, votes: [vote], certificates: [] }, delayMs + 1);
        if (this.#does("doubleVote", 0.5)) this.#promiscuous(message.epoch, view, { hash: block.hash, height });
      });
    });
    return true;
  }

  #rebuild(
    block: SideBlock,
    header: Partial<SideHeader>,
    parts: Partial<SideBlock>,
    invalid: boolean,
  ): SideBlock | undefined {
    this.#salt += 1;
    const parentHash = header.parentHash ?? block.header.parentHash;
    const content = this.#ledger.build(parentHash, this.#salt * 64 + 63, invalid);
    if (content === undefined) return undefined;
    const { batches, transactionCount, transactionRoot, parentStateRoot } = content;
    const bodyRoot = sideBodyRoot(batches);
    const merged = { ...block.header, transactionCount, transactionRoot, parentStateRoot, bodyRoot, ...header };
    return createSideBlock({ ...block, batches, ...parts, header: merged });
  }

  #variant(block: SideBlock, invalid: boolean): SideBlock | undefined {
    const timestampMs = block.header.timestampMs + this.#rng.below(20);
    return this.#rebuild(block, { timestampMs }, {}, invalid);
  }

  /** A block beside its rightful parent, with whatever certificates there are. */
  #fork(block: SideBlock): SideBlock | undefined {
    const parent = this.#blocks.get(bytesToHex(block.header.parentHash));
    if (parent === undefined || parent.header.epoch !== block.header.epoch) return undefined;
    const { parentHash, parentView, height, nextCommitteeRoot } = parent.header;
    const skips: Certificate[] = [];
    for (let view = parentView + 1; view < block.header.view; view += 1) {
      const real = [...parent.skipCertificates, ...block.skipCertificates].find((c) => c.view === view);
      skips.push(real ?? this.#forgedNullify(block.header.epoch, view));
    }
    if (skips.length > 64) return undefined;
    const header = { parentHash, parentView, height, nextCommitteeRoot, skipRoot: skipRoot(skips) };
    return this.#rebuild(
      block,
      header,
      { parentCertificate: parent.parentCertificate, skipCertificates: skips },
      false,
    );
  }

  #forgedNullify(epoch: number, view: number): Certificate {
    const content = { epoch, kind: VOTE_KINDS.NULLIFY, view, height: 0, blockHash: NO_HASH };
    const own = this.#sign(content);
    const n = this.#config.committee.length;
    const bitmap = new Uint8Array(Math.ceil(n / 8));
    const signatures = new Uint8Array(n * 64);
    for (let i = 0; i < n; i += 1) {
      bitmap[i >> 3] = (bitmap[i >> 3] ?? 0) | (1 << (i & 7));
      signatures.set(own, i * 64);
    }
    return { ...content, scheme: 1, bitmap, signatures };
  }

  /** Anything that reaches the Byzantine place, before its engines see it. */
  incoming(message: BbftMessage): void {
    if (this.#memory.length < MEMORY_MAX) this.#memory.push(message);
    else this.#memory[this.#rng.below(MEMORY_MAX)] = message;
    if (message.type === "PROPOSE") {
      const { block, view } = message.proposal;
      this.#blocks.set(bytesToHex(block.hash), block);
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
    }
    if (this.#does("stale", 0.15)) this.#sendStale();
  }

  /** Votes of several kinds for one view, each to some nodes, some of them late. */
  #promiscuous(epoch: number, view: number, block: { hash: Uint8Array; height: number }): void {
    const kinds = [VOTE_KINDS.NOTARIZE, VOTE_KINDS.NULLIFY, VOTE_KINDS.FINALIZE] as const;
    for (const kind of kinds) {
      const empty = kind === VOTE_KINDS.NULLIFY;
      if (!empty && block.height === 0) continue;
      const content = { epoch, kind, view, height: empty ? 0 : block.height, blockHash: empty ? NO_HASH : block.hash };
      const message: BbftMessage = { type: "NOTES", epoch, view, votes: [this.#vote(content)], certificates: [] };
      for (const to of this.#rng.subset(this.#honest, 0.5)) {
        this.#world.transmit(to, message, this.#rng.chance(0.5) ? 0 : this.#rng.between(20, 700));
      }
    }
  }

  #sendStale(): void {
    const old = this.#rng.pick(this.#memory);
    for (const to of this.#rng.subset(this.#honest, 0.5)) this.#world.transmit(to, old, this.#rng.below(300));
    if (old.type === "NOTES" && this.#rng.chance(0.3)) {
      this.#promiscuous(old.epoch, old.view + this.#rng.between(1, 60), { hash: NO_HASH, height: 0 });
    }
  }

  /** One to three changed bytes; most results no longer decode, as on a real wire. */
  #mutate(message: BbftMessage): BbftMessage | undefined {
    const bytes = encodeMessage(message);
    for (let i = this.#rng.between(1, 3); i > 0; i -= 1) {
      bytes[this.#rng.below(bytes.length)] = this.#rng.below(256);
    }
    return decodeMessage(bytes);
  }
}
