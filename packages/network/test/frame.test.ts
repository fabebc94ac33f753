// The frame decoder: any cutting of the stream gives the same frames; hostile lengths and types are errors before anything
// is kept; memory follows the bytes that came. HELLO and numbered bodies under random bytes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeFrame, FrameDecoder, type FrameError } from "@bystack/network/frame";
import { decodeHello, decodeNumbered, encodeHello, encodeNumbered } from "@bystack/network/messages";
import { bytesToHex, concatBytes } from "@bystack/utils/bytes";
import fc from "fast-check";

const CAP = 100_000;
const caps = (type: number): number | undefined => (type < 100 ? CAP : undefined);
const frame = fc.record({ type: fc.nat(99), body: fc.uint8Array({ maxLength: 300 }) });

function decodeAll(
  decoder: FrameDecoder,
  chunks: readonly Uint8Array[],
): { frames: string[]; error: FrameError | undefined } {
  const frames: string[] = [];
  let error: FrameError | undefined;
  for (const chunk of chunks) {
    error = decoder.push(chunk, (type, body) => {
      frames.push(`${type}:${bytesToHex(body)}`);
      return true;
    });
  }
  return { frames, error };
}

test("the same frames come out however the stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 60 }),
      (frames, cuts) => {
        const stream = concatBytes(...frames.map(({ type, body }) => encodeFrame(type, body)));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(stream.slice(at, at + cut));
          at += cut;
        }
        chunks.push(stream.slice(at));
        const result = decodeAll(new FrameDecoder(caps), chunks);
        assert.equal(result.error, undefined);
        assert.deepEqual(
          result.frames,
          frames.map(({ type, body }) => `${type}:${bytesToHex(body)}`),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test("a frame of the largest size passes, one byte more is refused by its header alone", () => {
  const largest = encodeFrame(5, new Uint8Array(CAP).fill(1));
  assert.equal(
    decodeAll(new FrameDecoder(caps), [largest.subarray(0, 70_000), largest.subarray(70_000)]).frames.length,
    1,
  );
  const header = encodeFrame(5, new Uint8Array(CAP + 1)).slice(0, 5);
  assert.equal(decodeAll(new FrameDecoder(caps), [header]).error, "FRAME_TOO_LARGE");
  assert.equal(decodeAll(new FrameDecoder(caps), [Uint8Array.of(0xff, 0xff, 0xff, 0xff, 5)]).error, "FRAME_TOO_LARGE");
  assert.equal(decodeAll(new FrameDecoder(caps), [Uint8Array.of(1, 0, 0, 0, 100)]).error, "FRAME_TYPE");
  assert.equal(decodeAll(new FrameDecoder(caps), [Uint8Array.of(0, 0, 0, 0, 1)]).error, "FRAME_EMPTY");
});

test("memory follows the bytes that came, not the length that was declared", () => {
  const decoder = new FrameDecoder(() => 1 << 24);
  const start = encodeFrame(1, new Uint8Array(1 << 24)).slice(0, 5 + 10);
  decodeAll(decoder, [start]);
  assert.ok(decoder.bufferedBytes <= 16_384, `${decoder.bufferedBytes}`);
  for (let i = 0; i < 50_000; i += 1) decoder.push(Uint8Array.of(0), () => true);
  assert.ok(decoder.bufferedBytes <= 131_072, `${decoder.bufferedBytes} after 50,010 bytes in single ones`);
});

test("a small body is a plain copy, also when the stream comes in Buffers", () => {
  const chunk = Buffer.concat([encodeFrame(1, Uint8Array.of(1, 2, 3)), Buffer.alloc(2000)]);
  let body: Uint8Array = chunk;
  new FrameDecoder(caps).push(chunk, (_, found) => {
    body = found;
    return false;
  });
  chunk.fill(9);
  assert.deepEqual(body, Uint8Array.of(1, 2, 3));
  assert.notEqual(body.buffer, chunk.buffer);
});

test("an error ends the stream, and a receiver that has enough gets no more", () => {
  const decoder = new FrameDecoder(caps);
  assert.equal(
    decodeAll(decoder, [Uint8Array.of(0, 0, 0, 0, 0), encodeFrame(1, Uint8Array.of(1))]).error,
    "FRAME_EMPTY",
  );
  const two = concatBytes(encodeFrame(1, Uint8Array.of(1)), encodeFrame(2, Uint8Array.of(2)));
  const seen: number[] = [];
  new FrameDecoder(caps).push(two, (type) => {
    seen.push(type);
    return false;
  });
  assert.deepEqual(seen, [1]);
});

test("random bytes never throw and never keep more than a cap", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
      const decoder = new FrameDecoder(caps);
      decodeAll(decoder, chunks);
      assert.ok(decoder.bufferedBytes <= CAP);
    }),
    { numRuns: 500 },
  );
});

test("HELLO comes back as it was said; everything else is refused without throwing", () => {
  const hello = {
    protocolVersion: 3,
    networkHash: new Uint8Array(32).fill(1),
    instance: new Uint8Array(8).fill(2),
    listenPort: 4000,
    agent: "bystack/0.1.0",
  };
  const bytes = encodeHello(hello);
  assert.deepEqual(decodeHello(bytes), hello);
  for (let length = 0; length < bytes.length; length += 1)
    assert.equal(decodeHello(bytes.subarray(0, length)), undefined);
  assert.equal(decodeHello(concatBytes(bytes, Uint8Array.of(0))), undefined);
  assert.equal(decodeHello(encodeHello({ ...hello, listenPort: 65_536 })), undefined);
  assert.equal(decodeHello(encodeHello({ ...hello, agent: "red\u001b[31m" })), undefined);
  assert.throws(() => encodeHello({ ...hello, agent: "x".repeat(129) }), RangeError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (random) => {
      decodeHello(random);
      const numbered = decodeNumbered(random);
      assert.equal(numbered === undefined, random.length < 5);
      if (numbered !== undefined) assert.deepEqual(encodeNumbered(numbered), random);
    }),
    { numRuns: 1000 },
  );
});
