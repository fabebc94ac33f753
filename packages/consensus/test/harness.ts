// One engine under test in a committee of four whose other members are played by the test: it signs their votes, makes
// their blocks, and answers the engine's effects at once unless told not to.

import { sha3_256Parts } from "@bystack/crypto/hash";
import {
  assembleCertificate,
  type Certificate,
  quorumSize,
  signedBytes,
  skipRoot,
} from "@bystack/protocol/side/certificate";
import { encodeSideBatch, sideBodyRoot } from "@bystack/protocol/side/header";
import { createSideBlock, type SideBlock, type SideProposal } from "@bystack/protocol/side/proposal";
import { bytesToHex, concatBytes, equalBytes } from "@bystack/utils/bytes";
import type { BbftConfig } from "../src/bbft/config.ts";
import type { VoteCrypto } from "../src/bbft/crypto.ts";
import { createBbftEngine } from "../src/bbft/engine.ts";
import type { BbftEffect, BbftEvent, StoredTip } from "../src/bbft/events.ts";
import { answerSignedBytes, type BbftMessage, type Vote } from "../src/bbft/messages.ts";
import { emptyRecord, type RecordEntry } from "../src/bbft/record.ts";

export const START_MS = 1_700_000_000_000;
export const ZERO = new Uint8Array(32);
export const STATE = new Uint8Array(32).fill(0x57);

export function keyOf(place: number): Uint8Array {
  return new Uint8Array(32).fill(0xa0 + place);
}

/** A stand-in for Ed25519, unforgeable as far as these tests go. */
export function cryptoOf(place: number): VoteCrypto {
  const sign = (key: Uint8Array, bytes: Uint8Array): Uint8Array =>
    concatBytes(sha3_256Parts(key, bytes), sha3_256Parts(bytes, key));
  return {
    sign: (bytes) => sign(keyOf(place), bytes),
    verify: (key, bytes, signature) => equalBytes(sign(key, bytes), signature),
  };
}

export const BASE: BbftConfig = {
  chainId: new Uint8Array(32).fill(0xc1),
  committee: [0, 1, 2, 3].map(keyOf),
  ownKey: keyOf(0),
  run: 1,
  epochBlocks: 100,
  blockMs: 500,
  deltaMs: 150,
  genesis: { hash: new Uint8Array(32).fill(0x60), timestampMs: START_MS - 500 },
  predicates: false,
};

const EMPTY_TIP: StoredTip = {
  height: 0,
  block: undefined,
  certificate: undefined,
  opening: undefined,
  committees: undefined,
};

type Omitted = BbftEvent extends infer E ? (E extends BbftEvent ? Omit<E, "nowMs"> : never) : never;

export class Bench {
  readonly config: BbftConfig;
  readonly own: number;
  readonly engine;
  state;
  nowMs = START_MS;
  /** All effects so far, oldest first. */
  effects: BbftEffect[] = [];
  record: RecordEntry[] = [];
  readonly invalid = new Set<string>();
  /** Numbers of the keys that hold the places of an epoch's committee, where it is not the first one's. */
  readonly seats = new Map<number, readonly number[]>();
  /** Whom the last block of an epoch elects, by its height. */
  readonly elects = new Map<number, readonly number[]>();
  autoPersist = true;
  autoValidate = true;
  autoBuild = true;
  #salt = 0;

  /** `own`: the place of the engine under test; -1 for an observer. */
  constructor({ own = 0, ...changed }: Partial<BbftConfig> & { own?: number } = {}) {
    this.own = own;
    this.config = { ...BASE, ownKey: own < 0 ? undefined : keyOf(own), ...changed };
    this.engine = createBbftEngine(cryptoOf(this.own));
    this.state = this.engine.init(this.config);
    this.record = emptyRecord(this.config.chainId, keyOf(this.own));
  }

  feed(event: Omitted): BbftEffect[] {
    const made = [...this.engine.step(this.state, { ...event, nowMs: this.nowMs } as BbftEvent)];
    this.effects.push(...made);
    for (const effect of made) made.push(...this.#answer(effect));
    return made;
  }

  #answer(effect: BbftEffect): BbftEffect[] {
    if (effect.type === "persist" && this.autoPersist) {
      this.record = effect.replace ? [...effect.entries] : [...this.record, ...effect.entries];
      return this.feed({ type: "persisted", token: effect.token });
    }
    if (effect.type === "validateBlock" && this.autoValidate) {
      const { hash, header } = effect.block;
      const elected = this.elects.get(header.height)?.map(keyOf);
      return this.feed({ type: "blockValidated", hash, valid: !this.invalid.has(bytesToHex(hash)), elected });
    }
    if (effect.type === "buildBlock" && this.autoBuild) {
      const content = { batches: [this.batch()], transactionCount: 1, transactionRoot: ZERO, parentStateRoot: STATE };
      return this.feed({ type: "blockBuilt", token: effect.token, content });
    }
    return [];
  }

  batch(): Uint8Array {
    this.#salt += 1;
    return encodeSideBatch([Uint8Array.of(this.#salt, this.own)]);
  }

  start(options: { record?: RecordEntry[] | undefined; tip?: StoredTip; missing?: boolean } = {}): BbftEffect[] {
    const record = options.missing === true ? undefined : (options.record ?? this.record);
    return this.feed({ type: "start", record, tip: options.tip ?? EMPTY_TIP, nonce: new Uint8Array(32).fill(5) });
  }

  /** Starts, and has everybody answer with nothing: the silence is lifted at once. */
  wake(): this {
    this.start();
    this.answerAll([1, 2, 3]);
    return this;
  }

  /** A new process with the same record (or another one) and an empty memory. */
  restart(options: { record?: RecordEntry[]; tip?: StoredTip; missing?: boolean } = {}): BbftEffect[] {
    this.state = this.engine.init(this.config);
    this.effects = [];
    return this.start(options);
  }

  message(from: number, message: BbftMessage): BbftEffect[] {
    return this.feed({ type: "message", from: `n${from}`, message });
  }

  timer(id: Extract<BbftEvent, { type: "timer" }>["id"], atMs?: number): BbftEffect[] {
    if (atMs !== undefined) this.nowMs = atMs;
    return this.feed({ type: "timer", id });
  }

  /** The last time a timer was set to. */
  timerMs(id: string): number | undefined {
    const set = this.effects.filter((effect) => effect.type === "setTimer" && effect.id === id);
    const last = set[set.length - 1];
    return last?.type === "setTimer" ? last.atMs : undefined;
  }

  answerAll(signers: readonly number[], extra: { certificate?: Certificate; votes?: Vote[] } = {}): BbftEffect[] {
    const ask = [...this.messages()].reverse().find((message) => message.type === "ASK");
    if (ask?.type !== "ASK") throw new Error("nobody asked");
    const made: BbftEffect[] = [];
    for (const signer of signers) {
      const content = {
        nonce: ask.nonce,
        signer: keyOf(signer),
        asker: keyOf(this.own),
        certificate: extra.certificate,
        votes: extra.votes ?? [],
      };
      const signature = cryptoOf(signer).sign(answerSignedBytes(this.config.chainId, content));
      made.push(...this.message(signer, { type: "ANSWER", ...content, signature }));
    }
    return made;
  }

  /** Everything sent or broadcast so far. */
  messages(effects: readonly BbftEffect[] = this.effects): BbftMessage[] {
    return effects.flatMap((effect) => (effect.type === "send" || effect.type === "broadcast" ? [effect.message] : []));
  }

  /** Own votes that have left, each once, as "KIND epoch:view". */
  ownVotes(effects: readonly BbftEffect[] = this.effects): string[] {
    const names = ["PROPOSE", "NOTARIZE", "NULLIFY", "FINALIZE"];
    const found = new Set<string>();
    for (const message of this.messages(effects)) {
      if (message.type !== "NOTES") continue;
      for (const vote of message.votes) {
        if (vote.signer === this.#ownPlace(vote.epoch)) found.add(`${names[vote.kind]} ${vote.epoch}:${vote.view}`);
      }
    }
    return [...found];
  }

  vote(signer: number, kind: 0 | 1 | 2 | 3, view: number, block?: SideBlock, epoch = 1): Vote {
    const height = kind === 2 ? 0 : (block?.header.height ?? 0);
    const blockHash = kind === 2 || block === undefined ? ZERO : block.hash;
    const content = { epoch, kind, view, height, blockHash };
    const key = this.seats.get(epoch)?.[signer] ?? signer;
    return { ...content, signer, signature: cryptoOf(key).sign(signedBytes(this.config.chainId, content)) };
  }

  certificate(
    kind: 1 | 2 | 3,
    view: number,
    options: { block?: SideBlock; signers?: number[]; epoch?: number } = {},
  ): Certificate {
    const votes = (options.signers ?? this.#others(options.epoch ?? 1)).map((signer) =>
      this.vote(signer, kind, view, options.block, options.epoch),
    );
    const first = votes[0];
    if (first === undefined) throw new Error("no signers");
    const seats = this.seats.get(first.epoch)?.length ?? this.config.committee.length;
    return assembleCertificate({ ...first, kind }, votes, seats);
  }

  #ownPlace(epoch: number): number {
    return this.seats.get(epoch)?.indexOf(this.own) ?? this.own;
  }

  /** A quorum without the engine under test: a signature of its own that it does not know would silence it. */
  #others(epoch: number): number[] {
    const seats = this.seats.get(epoch) ?? this.config.committee.map((_, place) => place);
    const places = seats.flatMap((key, place) => (key === this.own ? [] : [place]));
    return places.slice(0, quorumSize(seats.length));
  }

  notes(
    from: number,
    parts: { votes?: Vote[]; certificates?: Certificate[]; epoch?: number; view?: number },
  ): BbftEffect[] {
    const { votes = [], certificates = [], epoch = 1, view = 1 } = parts;
    return this.message(from, { type: "NOTES", epoch, view, votes, certificates });
  }

  /** A block by somebody else. */
  block(input: {
    view: number;
    parent?: SideBlock;
    parentView?: number;
    parentCertificate?: Certificate;
    skips?: Certificate[];
    timestampMs?: number;
    epoch?: number;
    nextCommitteeRoot?: Uint8Array;
  }): SideBlock {
    const { view, parent, skips = [] } = input;
    const batches = [this.batch()];
    const parentMs = parent?.header.timestampMs ?? this.config.genesis.timestampMs;
    const parentView = input.parentView ?? parent?.header.view ?? 0;
    const made = createSideBlock({
      header: {
        chainId: this.config.chainId,
        epoch: input.epoch ?? 1,
        view,
        height: (parent?.header.height ?? 0) + 1,
        parentHash: parent?.hash ?? this.config.genesis.hash,
        parentView,
        timestampMs: input.timestampMs ?? parentMs + 500,
        bodyRoot: sideBodyRoot(batches),
        transactionCount: 1,
        transactionRoot: ZERO,
        parentStateRoot: STATE,
        skipRoot: skipRoot(skips),
        nextCommitteeRoot: input.nextCommitteeRoot ?? ZERO,
      },
      batches,
      parentCertificate:
        parent === undefined
          ? undefined
          : (input.parentCertificate ?? this.certificate(1, parentView, { block: parent })),
      skipCertificates: skips,
    });
    if (made === undefined) throw new Error("the parts do not match");
    return made;
  }

  /** Sends a proposal as its leader would. */
  propose(
    leader: number,
    block: SideBlock,
    again?: { view: number; justifyView: number; justification: Certificate[] },
  ): BbftEffect[] {
    const { epoch } = block.header;
    const view = again?.view ?? block.header.view;
    const { signature } = this.vote(leader, 0, view, block, epoch);
    const proposal: SideProposal = {
      view,
      block,
      justifyView: again?.justifyView ?? 0,
      justification: again?.justification ?? [],
      signature,
    };
    return this.message(leader, { type: "PROPOSE", epoch, proposal });
  }
}
