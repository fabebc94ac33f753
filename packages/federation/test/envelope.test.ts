// Envelopes and messages: one form each, hostile bytes refused without a throw, numbers, rates and keys enforced.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createFakeClock } from "@bystack/testing/clock";
import { createMemoryLogger } from "@bystack/testing/logger";
import { createSeededRng, testSeed } from "@bystack/testing/rng";
import { encodeEnvelope, openEnvelope } from "../src/exchange/envelope.ts";
import { Exchange, type MemberTransport } from "../src/exchange/exchange.ts";
import { decodeMessage, encodeMessage, type Message } from "../src/exchange/messages.ts";
import { ENVELOPE_BYTES_MAX, MEMBER_MESSAGES_PER_SECOND_MAX, OUTBOX_MAX } from "../src/limits.ts";
import { createMemberContext } from "../src/member/context.ts";
import { MEMBERS, seedOf, seedsOf, sideSpec, signerOf } from "./support/keys.ts";

const spec = sideSpec();
const clock = createFakeClock();
const identityKeys = MEMBERS.map((i) => signerOf(`identity ${i}`).publicKey);

function contextOf(index: number, logger = createMemoryLogger()) {
  return createMemberContext({ spec, index, seeds: seedsOf(index), clock, logger });
}

const { chainId } = contextOf(0);

const MESSAGES: readonly Message[] = [
  { type: "status", sideHeight: 9, mainHeight: 2 ** 40, signs: true, openPayouts: [1n, 2n ** 62n] },
  {
    type: "sigs",
    payout: 4n,
    transactionId: seedOf("t"),
    signatures: [new Uint8Array(64).fill(1), new Uint8Array(64)],
  },
  { type: "want", payout: 0n },
  { type: "governance", body: seedOf("body"), signature: new Uint8Array(64).fill(2) },
];

test("messages come back as they were sent; anything cut, longer or unknown is refused", () => {
  for (const message of MESSAGES) {
    const { type, body } = encodeMessage(message);
    assert.deepEqual(decodeMessage(type, body), message);
    for (let length = 0; length < body.length; length += 1)
      assert.equal(decodeMessage(type, body.subarray(0, length)), undefined);
    assert.equal(decodeMessage(type, Uint8Array.from([...body, 0])), undefined);
    assert.equal(decodeMessage(77, body), undefined);
  }
});

test("counts above their limits are refused before anything is allocated", () => {
  const { type, body } = encodeMessage({ type: "sigs", payout: 1n, transactionId: seedOf("t"), signatures: [] });
  const huge = Uint8Array.from([...body.subarray(0, -1), 0xff, 0xff, 0xff, 0xff, 0x07]);
  assert.equal(decodeMessage(type, huge), undefined);
  const many = encodeMessage({
    type: "status",
    sideHeight: 1,
    mainHeight: 1,
    signs: false,
    openPayouts: Array.from({ length: 17 }, () => 1n),
  });
  assert.equal(decodeMessage(many.type, many.body), undefined);
});

function envelope(
  from: number,
  message: Message,
  options: { sequence?: bigint; epoch?: number; chain?: Uint8Array; key?: number } = {},
) {
  return encodeEnvelope(
    {
      chainId: options.chain ?? chainId,
      epoch: options.epoch ?? 1,
      from,
      sequence: options.sequence ?? 1n,
      ...encodeMessage(message),
    },
    signerOf(`identity ${options.key ?? from}`),
  );
}

const WANT: Message = { type: "want", payout: 3n };

test("every flipped bit of an envelope is noticed", () => {
  const good = envelope(1, WANT);
  assert.ok(openEnvelope(good, { chainId, identityKeys }).ok);
  for (let bit = 0; bit < good.length * 8; bit += 1) {
    const bytes = good.slice();
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(openEnvelope(bytes, { chainId, identityKeys }).ok, false, `bit ${bit}`);
  }
});

test("another chain, another member's key, a stranger and size are named", () => {
  const fault = (bytes: Uint8Array): string => {
    const opened = openEnvelope(bytes, { chainId, identityKeys });
    return opened.ok ? "ok" : opened.error;
  };
  assert.equal(fault(envelope(1, WANT, { chain: seedOf("chain") })), "CHAIN");
  assert.equal(fault(envelope(1, WANT, { key: 2 })), "SIGNATURE");
  assert.equal(fault(envelope(9, WANT, { key: 1 })), "MEMBER");
  assert.equal(fault(new Uint8Array(ENVELOPE_BYTES_MAX + 1)), "SIZE");
  assert.equal(fault(new Uint8Array(0)), "FORM");
  const huge = { chainId, epoch: 1, from: 1, sequence: 1n, type: 1, body: new Uint8Array(ENVELOPE_BYTES_MAX) };
  assert.throws(() => encodeEnvelope(huge, signerOf("identity 1")), RangeError);
});

test("random and mangled bytes never throw", (t) => {
  const rng = createSeededRng(testSeed(12));
  t.diagnostic(`seed ${rng.seed}`);
  const samples = MESSAGES.map((message) => envelope(1, message));
  for (let i = 0; i < 20_000; i += 1) {
    const bytes = rng.chance(0.3) ? rng.bytes(rng.below(300)) : rng.pick(samples).slice();
    for (let flips = rng.below(4); flips > 0; flips -= 1) bytes[rng.below(bytes.length)] = rng.below(256);
    const cut = rng.chance(0.5) ? bytes : bytes.subarray(0, rng.below(bytes.length + 1));
    openEnvelope(cut, { chainId, identityKeys });
    decodeMessage(rng.below(7), cut);
  }
});

const deliver: MemberTransport = async () => {};

function exchangeOf(index: number, transport: MemberTransport = deliver, logger = createMemoryLogger()) {
  return new Exchange(contextOf(index, logger), { transport, sequence: 0n });
}

test("a number that was seen is dropped, also out of order; epoch and body are judged", () => {
  const exchange = exchangeOf(0);
  const verdict = (bytes: Uint8Array) => {
    const received = exchange.receive(bytes, 1);
    return received.ok ? (received.value.message === undefined ? "repeated" : "new") : received.error;
  };
  assert.equal(verdict(envelope(1, WANT, { sequence: 5n })), "new");
  assert.equal(verdict(envelope(1, WANT, { sequence: 5n })), "repeated");
  assert.equal(verdict(envelope(1, WANT, { sequence: 4n })), "repeated");
  assert.equal(verdict(envelope(2, WANT, { sequence: 4n })), "new", "numbers are per member");
  assert.equal(verdict(envelope(0, WANT)), "SELF");
  assert.equal(verdict(envelope(1, WANT, { sequence: 6n, epoch: 2 })), "EPOCH");
  const nonsense = { chainId, epoch: 1, from: 1, sequence: 7n, type: 2, body: Uint8Array.of(1) };
  assert.equal(verdict(encodeEnvelope(nonsense, signerOf("identity 1"))), "BODY");
  assert.equal(verdict(envelope(1, WANT, { sequence: 8n })), "new");
});

test("more than fifty messages a second of one member are refused, the others are heard", () => {
  const exchange = exchangeOf(0);
  const faults: (string | undefined)[] = [];
  for (let i = 1; i <= MEMBER_MESSAGES_PER_SECOND_MAX + 3; i += 1) {
    const received = exchange.receive(envelope(1, WANT, { sequence: BigInt(i) }), 1);
    faults.push(received.ok ? undefined : received.error);
  }
  assert.equal(faults.filter((fault) => fault === "RATE").length, 3);
  assert.ok(exchange.receive(envelope(2, WANT), 1).ok);
  clock.advance(1000);
  assert.ok(exchange.receive(envelope(1, WANT, { sequence: 99n }), 1).ok);
});

test("members are running while they are heard", () => {
  const exchange = exchangeOf(0);
  assert.equal(exchange.ageMs(1), null);
  exchange.receive(envelope(1, WANT), 1);
  clock.advance(9_000);
  assert.equal(exchange.ageMs(1), 9_000);
  assert.equal(exchange.isRunning(1), true);
  clock.advance(1_001);
  assert.equal(exchange.isRunning(1), false);
});

test("a peer that is down costs its queue and one line; the queue has a limit", async () => {
  const logger = createMemoryLogger();
  let tries = 0;
  const refuse = (): Promise<void> => {
    tries += 1;
    return Promise.reject(new Error("refused"));
  };
  const down = exchangeOf(0, refuse, logger);
  for (let i = 0; i < 5; i += 1) {
    down.send(1, WANT, 1);
    await down.drained();
  }
  assert.equal(tries, 5);
  assert.equal(logger.find("unreachable").length, 1);
  const sent: number[] = [];
  const release: (() => void)[] = [];
  const slow = exchangeOf(0, (to) => {
    sent.push(to);
    return new Promise((resolve) => release.push(resolve));
  });
  for (let i = 0; i < OUTBOX_MAX + 50; i += 1) slow.send(1, WANT, 1);
  while (release.length > 0) {
    release.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await slow.drained();
  assert.equal(sent.length, OUTBOX_MAX + 1, "the one under way and a full queue");
});
