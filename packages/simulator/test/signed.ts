// Collects what keys have signed in a schedule, as somebody who hears every link would: proposals, votes, and each signature
// of each certificate wherever one is carried. A signature belongs to whichever key verifies it, whatever its place says.

import type { BbftMessage } from "@bystack/consensus/bbft/messages";
import { type Certificate, type SignedContent, signedBytes, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SignedMessage } from "@bystack/protocol/side/evidence";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { fakeCrypto, fakeKey } from "../src/fake-crypto.ts";

const SIGNATURE_BYTES = 64;

export class SignedMessages {
  readonly #chainId: Hash;
  readonly #places: number;
  readonly #seen = new Set<string>();
  /** Messages and certificates that have been looked at: most travel many times. */
  readonly #taken = new WeakSet<object>();
  readonly #byPlace = new Map<number, SignedMessage[]>();

  /** `places`: all that may sign. */
  constructor(chainId: Hash, places: number) {
    this.#chainId = chainId;
    this.#places = places;
  }

  of(place: number): readonly SignedMessage[] {
    return this.#byPlace.get(place) ?? [];
  }

  take(message: BbftMessage): void {
    if (this.#taken.has(message)) return;
    this.#taken.add(message);
    switch (message.type) {
      case "PROPOSE": {
        const { block, view, signature, justification } = message.proposal;
        const { epoch, height } = block.header;
        this.#add({ kind: VOTE_KINDS.PROPOSE, epoch, view, height, blockHash: block.hash }, signature);
        this.#takeBlock(block);
        for (const certificate of justification) this.#takeCertificate(certificate);
        return;
      }
      case "NOTES":
        for (const vote of message.votes) this.#add(vote, vote.signature);
        for (const certificate of message.certificates) this.#takeCertificate(certificate);
        return;
      case "ANSWER":
        for (const vote of message.votes) this.#add(vote, vote.signature);
        this.#takeCertificate(message.certificate);
        return;
      case "BLOCK":
        this.#takeBlock(message.block);
        return;
      case "SKIPS":
        for (const certificate of message.certificates) this.#takeCertificate(certificate);
        return;
      case "SYNC_BLOCKS":
        for (const block of message.blocks) this.#takeBlock(block);
        this.#takeCertificate(message.certificate);
        return;
      default:
        return;
    }
  }

  #takeBlock(block: SideBlock): void {
    this.#takeCertificate(block.parentCertificate);
    for (const certificate of block.skipCertificates) this.#takeCertificate(certificate);
  }

  #takeCertificate(certificate: Certificate | undefined): void {
    if (certificate === undefined || this.#taken.has(certificate)) return;
    this.#taken.add(certificate);
    const { signatures } = certificate;
    for (let at = 0; at + SIGNATURE_BYTES <= signatures.length; at += SIGNATURE_BYTES)
      this.#add(certificate, signatures.subarray(at, at + SIGNATURE_BYTES));
  }

  #add({ kind, epoch, view, height, blockHash }: SignedContent, signature: Uint8Array): void {
    const content = { kind, epoch, view, height, blockHash };
    const bytes = signedBytes(this.#chainId, content);
    const key = `${bytesToHex(bytes.subarray(38))}:${bytesToHex(signature)}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    for (let place = 0; place < this.#places; place += 1) {
      if (!fakeCrypto(place).verify(fakeKey(place), bytes, signature)) continue;
      const messages = this.#byPlace.get(place) ?? [];
      this.#byPlace.set(place, messages);
      messages.push({ content, signature });
    }
  }
}
