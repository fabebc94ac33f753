// What hostile validators make instead of what their engines made: other blocks, blocks beside their rightful parents,
// wrong headers, older last blocks, certificates that nobody signed.

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import { isEpochEnd } from "@bystack/consensus/bbft/config";
import type { BbftMessage } from "@bystack/consensus/bbft/messages";
import {
  type Certificate,
  type CertificateKind,
  type SignedContent,
  skipRoot,
  VOTE_KINDS,
} from "@bystack/protocol/side/certificate";
import { type SideHeader, sideBodyRoot } from "@bystack/protocol/side/header";
import { createSideBlock, type SideBlock, SKIP_CERTIFICATES_INLINE_MAX } from "@bystack/protocol/side/proposal";
import { bytesToHex } from "@bystack/utils/bytes";
import type { SimRng } from "./rng.ts";
import type { ToyLedger } from "./toy-ledger.ts";

const NO_HASH = new Uint8Array(32);
/** Certificates of each kind that are remembered for later misuse. */
const CERTIFICATES_MAX = 60;
/** Blocks that are remembered to build beside; more than a schedule makes within the epochs that still matter. */
export const FORGERY_BLOCKS_MAX = 1024;

type Sign = (content: SignedContent) => Uint8Array;
type ProposeMessage = BbftMessage & { type: "PROPOSE" };

export class Forgery {
  readonly #ledger: ToyLedger;
  readonly #rng: SimRng;
  readonly #config: BbftConfig;
  readonly #blocks = new Map<string, SideBlock>();
  /** NOTARIZE certificates of last blocks, and NULLIFY certificates. */
  readonly #ends: Certificate[] = [];
  readonly #skips: Certificate[] = [];
  #salt = 1;

  constructor(ledger: ToyLedger, rng: SimRng, config: BbftConfig) {
    this.#ledger = ledger;
    this.#rng = rng;
    this.#config = config;
  }

  block(key: string): SideBlock | undefined {
    return this.#blocks.get(key);
  }

  /** Keeps what a message brings for later. */
  learn(message: BbftMessage): void {
    if (message.type === "BLOCK") this.#rememberBlock(message.block);
    if (message.type === "PROPOSE") this.#rememberBlock(message.proposal.block);
    if (message.type !== "NOTES") return;
    for (const certificate of message.certificates) {
      if (certificate.kind === VOTE_KINDS.NULLIFY) remember(this.#skips, certificate);
      else if (certificate.kind === VOTE_KINDS.NOTARIZE && isEpochEnd(this.#config, certificate.height))
        remember(this.#ends, certificate);
    }
  }

  /** The oldest goes first. */
  #rememberBlock(block: SideBlock): void {
    this.#blocks.set(bytesToHex(block.hash), block);
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > FORGERY_BLOCKS_MAX && oldest !== undefined) this.#blocks.delete(oldest);
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

  /** The same place in the chain, another content. */
  variant(block: SideBlock, invalid: boolean): SideBlock | undefined {
    const timestampMs = block.header.timestampMs + this.#rng.below(20);
    return this.#rebuild(block, { timestampMs }, {}, invalid);
  }

  /** Right in all but its time or the committee that it names. */
  wrongHeader(block: SideBlock): SideBlock | undefined {
    const { timestampMs, nextCommitteeRoot } = block.header;
    const { blockMs } = this.#config;
    const wrong = [
      { timestampMs: timestampMs - this.#rng.between(1, blockMs) },
      { timestampMs: timestampMs - this.#rng.between(1, 4 * blockMs) },
      { timestampMs: timestampMs + this.#rng.between(550, 4000) },
    ];
    if (isEpochEnd(this.#config, block.header.height)) {
      const root = nextCommitteeRoot.slice();
      root[0] = (root[0] ?? 0) ^ 1;
      return this.#rebuild(block, { nextCommitteeRoot: root }, {}, false);
    }
    return this.#rebuild(block, this.#rng.pick(wrong), {}, false);
  }

  /** A block beside its rightful parent, with whatever certificates there are. */
  fork(block: SideBlock, sign: Sign): SideBlock | undefined {
    const parent = this.#blocks.get(bytesToHex(block.header.parentHash));
    if (parent === undefined || parent.header.epoch !== block.header.epoch) return undefined;
    const kind = this.#rng.unit();
    if (kind < 0.25) return this.#unproven(block, sign);
    if (kind < 0.5) return this.#misnamed(block, parent);
    const { parentHash, parentView, height, nextCommitteeRoot } = parent.header;
    const skips: Certificate[] = [];
    const { epoch } = block.header;
    const bits = (block.parentCertificate?.bitmap.length ?? 1) * 8;
    for (let view = parentView + 1; view < block.header.view; view += 1) {
      const real = [...parent.skipCertificates, ...block.skipCertificates].find((c) => c.view === view);
      const content = { epoch, kind: VOTE_KINDS.NULLIFY, view, height: 0, blockHash: NO_HASH };
      skips.push(real ?? this.#forge(content, Math.min(bits, this.#config.committee.length), sign));
    }
    if (skips.length > SKIP_CERTIFICATES_INLINE_MAX) return undefined;
    const header = { parentHash, parentView, height, nextCommitteeRoot, skipRoot: skipRoot(skips) };
    const parts = { parentCertificate: parent.parentCertificate, skipCertificates: skips };
    return this.#rebuild(block, header, parts, false);
  }

  /** A block on an older one with its real certificate, as if that were of the view just before. */
  #misnamed(block: SideBlock, parent: SideBlock): SideBlock | undefined {
    const { parentHash, height, nextCommitteeRoot } = parent.header;
    const header = { parentHash, height, nextCommitteeRoot, parentView: block.header.view - 1, skipRoot: skipRoot([]) };
    return this.#rebuild(block, header, { parentCertificate: parent.parentCertificate, skipCertificates: [] }, false);
  }

  /** A block on one that nobody has notarized, with a certificate for it that only the forger signed. */
  #unproven(block: SideBlock, sign: Sign): SideBlock | undefined {
    const { epoch, height, parentView } = block.header;
    if (parentView === 0) return undefined;
    const rival = [...this.#blocks.values()].find(
      ({ header, hash }) =>
        header.epoch === epoch &&
        header.view === parentView &&
        header.height === height - 1 &&
        bytesToHex(hash) !== bytesToHex(block.header.parentHash),
    );
    if (rival === undefined) return undefined;
    this.#ledger.judge(rival);
    const content = { epoch, kind: VOTE_KINDS.NOTARIZE, view: parentView, height: height - 1, blockHash: rival.hash };
    const parentCertificate = this.#forge(content, this.#config.committee.length, sign);
    return this.#rebuild(block, { parentHash: rival.hash }, { parentCertificate }, false);
  }

  /** Instead of the right last block one that was notarized before it, or the right one without all that it needs. */
  reproposal(message: ProposeMessage, sign: Sign): BbftMessage | undefined {
    const { epoch } = message;
    const { view } = message.proposal;
    const known = this.#ends.filter((one) => one.epoch === epoch && one.view < view);
    if (known.length === 0) return undefined;
    const justify = this.#rng.pick(known);
    const block = this.#blocks.get(bytesToHex(justify.blockHash));
    if (block === undefined || block.header.view > justify.view) return undefined;
    const skips = this.#skips.filter((one) => one.epoch === epoch && one.view > justify.view && one.view < view);
    const signature = sign({ epoch, kind: VOTE_KINDS.PROPOSE, view, height: justify.height, blockHash: block.hash });
    const justification = [justify, ...skips];
    return { type: "PROPOSE", epoch, proposal: { view, block, justifyView: justify.view, justification, signature } };
  }

  /** All bits set, and the forger's own signature under each of them. */
  #forge(content: SignedContent & { kind: CertificateKind }, seats: number, sign: Sign): Certificate {
    const own = sign(content);
    const bitmap = new Uint8Array(Math.ceil(seats / 8));
    const signatures = new Uint8Array(seats * 64);
    for (let i = 0; i < seats; i += 1) {
      bitmap[i >> 3] = (bitmap[i >> 3] ?? 0) | (1 << (i & 7));
      signatures.set(own, i * 64);
    }
    return { ...content, scheme: 1, bitmap, signatures };
  }

  /** Certificates for a view that never was certified so. */
  certificates(where: { epoch: number; view: number; seats: number }, sign: Sign): Certificate[] {
    const { epoch, view, seats } = where;
    const blocks = [...this.#blocks.values()].filter(({ header }) => header.epoch === epoch);
    const block = blocks.length === 0 ? undefined : this.#rng.pick(blocks);
    const nullify = { epoch, kind: VOTE_KINDS.NULLIFY, view, height: 0, blockHash: NO_HASH };
    const made = [this.#forge(nullify, seats, sign)];
    if (block === undefined) return made;
    const named = { epoch, view: block.header.view, height: block.header.height, blockHash: block.hash };
    const kind = this.#rng.pick([VOTE_KINDS.NOTARIZE, VOTE_KINDS.FINALIZE] as const);
    return [...made, this.#forge({ ...named, kind }, seats, sign)];
  }
}

function remember(list: Certificate[], certificate: Certificate): void {
  if (list.length >= CERTIFICATES_MAX) list.shift();
  list.push(certificate);
}
