// The members' mesh (federation.md section 8): signs and sends envelopes to every other member, opens and judges what comes
// in. Nothing here is trusted to arrive: a lost message is asked for again (WANT), a repeated one is dropped by its number.
// One queue a peer, bounded, sent one at a time in order; a peer that is down loses its queue and costs one log line.

import { BystackError } from "@bystack/utils/errors";
import { BoundedQueue } from "@bystack/utils/queue";
import { err, ok, type Result } from "@bystack/utils/result";
import { MEMBER_MESSAGES_PER_SECOND_MAX, MEMBER_SILENT_MS, OUTBOX_MAX } from "../limits.ts";
import type { MemberContext } from "../member/context.ts";
import { type EnvelopeFault, encodeEnvelope, openEnvelope } from "./envelope.ts";
import { decodeMessage, encodeMessage, type Message } from "./messages.ts";

/** Delivers an envelope to a member; rejects when it could not. `exchange/http-transport.ts` is the driver. */
export type MemberTransport = (member: number, envelope: Uint8Array) => Promise<void>;

export type ReceiveFault = EnvelopeFault | "RATE" | "EPOCH" | "BODY" | "SELF";

/** What came in: from whom, and whether it is new. A repeated message is no fault. */
export type Received = { readonly from: number; readonly message: Message | undefined };

type Peer = {
  readonly index: number;
  readonly outbox: BoundedQueue<Uint8Array>;
  sending: Promise<void> | undefined;
  reachable: boolean;
  lastSequence: bigint;
  lastSeenMs: number | undefined;
  windowStartMs: number;
  windowCount: number;
};

export class Exchange {
  readonly #context: MemberContext;
  readonly #transport: MemberTransport;
  readonly #identityKeys: readonly Uint8Array[];
  readonly #peers: readonly Peer[];
  #sequence: bigint;

  /** @param options.sequence numbers from here on are unused, also across restarts */
  constructor(context: MemberContext, options: { readonly transport: MemberTransport; readonly sequence: bigint }) {
    this.#context = context;
    this.#transport = options.transport;
    this.#sequence = options.sequence;
    this.#identityKeys = context.federation.members.map(({ identity }) => identity);
    this.#peers = context.federation.members.map((_, index) => ({
      index,
      outbox: new BoundedQueue<Uint8Array>({ name: `outbox of member ${index}`, capacity: OUTBOX_MAX }),
      sending: undefined,
      reachable: true,
      lastSequence: 0n,
      lastSeenMs: undefined,
      windowStartMs: 0,
      windowCount: 0,
    }));
  }

  /** Milliseconds since a member was last heard; null when it never was. */
  ageMs(member: number): number | null {
    const seen = this.#peers[member]?.lastSeenMs;
    return seen === undefined ? null : this.#context.clock.monotonicMs() - seen;
  }

  isRunning(member: number): boolean {
    const age = this.ageMs(member);
    return age !== null && age < MEMBER_SILENT_MS;
  }

  broadcast(message: Message, epoch: number): void {
    const envelope = this.#sign(message, epoch);
    for (const peer of this.#peers) if (peer.index !== this.#context.index) this.#queue(peer, envelope);
  }

  send(member: number, message: Message, epoch: number): void {
    const peer = this.#peers[member];
    if (peer !== undefined && member !== this.#context.index) this.#queue(peer, this.#sign(message, epoch));
  }

  /** Resolves when every queue is empty or given up; used before stopping and by tests in virtual time. */
  async drained(): Promise<void> {
    for (const peer of this.#peers) await peer.sending;
  }

  /** Gives up what waits, and resolves when nothing is under way. */
  async close(): Promise<void> {
    for (const peer of this.#peers) peer.outbox.clear();
    await this.drained();
  }

  /** Judges an envelope. The value's `message` is undefined for a number that was seen before. */
  receive(bytes: Uint8Array, epoch: number): Result<Received, ReceiveFault> {
    const opened = openEnvelope(bytes, { chainId: this.#context.chainId, identityKeys: this.#identityKeys });
    if (!opened.ok) return opened;
    const { from, sequence, type, body } = opened.value;
    const peer = this.#peers[from];
    if (peer === undefined) return err("MEMBER");
    if (from === this.#context.index) return err("SELF");
    if (!this.#isWithinRate(peer)) return err("RATE");
    this.#heard(peer);
    if (sequence <= peer.lastSequence) return ok({ from, message: undefined });
    if (opened.value.epoch !== epoch) return err("EPOCH");
    const message = decodeMessage(type, body);
    if (message === undefined) return err("BODY");
    peer.lastSequence = sequence;
    return ok({ from, message });
  }

  #sign(message: Message, epoch: number): Uint8Array {
    this.#sequence += 1n;
    const { chainId, index, identity } = this.#context;
    return encodeEnvelope(
      { chainId, epoch, from: index, sequence: this.#sequence, ...encodeMessage(message) },
      identity,
    );
  }

  #isWithinRate(peer: Peer): boolean {
    const now = this.#context.clock.monotonicMs();
    if (now - peer.windowStartMs >= 1000) {
      peer.windowStartMs = now;
      peer.windowCount = 0;
    }
    peer.windowCount += 1;
    return peer.windowCount <= MEMBER_MESSAGES_PER_SECOND_MAX;
  }

  #heard(peer: Peer): void {
    const wasRunning = this.isRunning(peer.index);
    peer.lastSeenMs = this.#context.clock.monotonicMs();
    if (!wasRunning) this.#context.logger.info("federation member heard", { member: this.#nameOf(peer.index) });
  }

  #nameOf(member: number): string {
    return this.#context.federation.members[member]?.id ?? String(member);
  }

  #queue(peer: Peer, envelope: Uint8Array): void {
    // A full queue loses the newest: what is in it is older and will be followed by what repairs it.
    if (!peer.outbox.push(envelope)) return;
    peer.sending ??= this.#pump(peer).finally(() => {
      peer.sending = undefined;
    });
  }

  async #pump(peer: Peer): Promise<void> {
    for (let envelope = peer.outbox.shift(); envelope !== undefined; envelope = peer.outbox.shift()) {
      try {
        await this.#transport(peer.index, envelope);
        if (!peer.reachable)
          this.#context.logger.info("federation member reachable again", { member: this.#nameOf(peer.index) });
        peer.reachable = true;
      } catch (cause) {
        peer.outbox.clear();
        const code = cause instanceof BystackError ? cause.code : "UNREACHABLE";
        if (peer.reachable)
          this.#context.logger.warn("federation member unreachable", { member: this.#nameOf(peer.index), code });
        peer.reachable = false;
        return;
      }
    }
  }
}
