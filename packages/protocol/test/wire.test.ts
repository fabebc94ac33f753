// The reader against hostile bytes, and the writer's ranges. The recorded primitives are in vectors/bytom/varint.json.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import fc from "fast-check";
import { ByteReader, ByteWriter } from "../src/wire.ts";

suite("wire", () => {
  test("writes and reads back every primitive", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }),
        fc.integer({ min: 0, max: 0x7fffffff }),
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }),
        (wide, narrow, items) => {
          const bytes = new ByteWriter(1).varint63(wide).varint31(narrow).varstrList(items).finish();
          const reader = new ByteReader(bytes);
          assert.equal(reader.varint63(), wide);
          assert.equal(reader.varint31(), narrow);
          assert.deepEqual(reader.varstrList().map(bytesToHex), items.map(bytesToHex));
          reader.finish();
          assert.equal(reader.error, undefined);
        },
      ),
    );
  });

  test("never throws and never leaves its bounds on random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.array(fc.nat({ max: 6 }), { maxLength: 12 }), (bytes, steps) => {
        const reader = new ByteReader(bytes);
        for (const step of steps) {
          if (step === 0) reader.byte();
          if (step === 1) reader.hash();
          if (step === 2) reader.varint31();
          if (step === 3) reader.varint53();
          if (step === 4) reader.varstr();
          if (step === 5) reader.varstrList();
          if (step === 6) reader.extensible((content) => content.varstr());
          assert.ok(reader.position <= reader.end);
        }
      }),
    );
  });

  test("keeps the first failure and where it happened", () => {
    const reader = new ByteReader(hexToBytes("05aabb"));
    reader.varstr();
    reader.byte();
    reader.finish();
    assert.deepEqual(reader.result("value"), { ok: false, error: { code: "SHORT", at: 1 } });
  });

  test("names the offset of a failure inside an extensible string", () => {
    const reader = new ByteReader(hexToBytes("0003020aff00"), 1);
    reader.extensible((content) => {
      content.byte();
      content.varstr();
    });
    assert.equal(reader.error, "SHORT");
    assert.equal(reader.errorAt, 4);
  });

  test("an extensible string gives its suffix and goes on behind it", () => {
    const reader = new ByteReader(hexToBytes("03070809ff"));
    const { value, suffix } = reader.extensible((content) => content.byte());
    assert.equal(value, 7);
    assert.equal(bytesToHex(suffix), "0809");
    assert.equal(reader.byte(), 0xff);
  });

  test("a list that claims more items than there are bytes is refused before anything is allocated", () => {
    const reader = new ByteReader(hexToBytes("0300"));
    assert.deepEqual(reader.varstrList(), []);
    assert.equal(reader.error, "LENGTH_RANGE");
  });

  test("tells an integer beyond 64 bits from one beyond its range", () => {
    const codeOf = (hex: string): string | undefined => {
      const reader = new ByteReader(hexToBytes(hex));
      reader.varint63();
      return reader.error;
    };
    assert.equal(codeOf(`${"ff".repeat(9)}01`), "VARINT63_RANGE");
    assert.equal(codeOf(`${"ff".repeat(9)}02`), "VARINT_OVERFLOW");
    assert.equal(codeOf(`${"80".repeat(10)}00`), "VARINT_OVERFLOW");
    assert.equal(codeOf(`${"80".repeat(9)}00`), undefined);
  });

  test("writing outside a range is a programmer's error", () => {
    assert.throws(() => new ByteWriter().varint31(2 ** 31), RangeError);
    assert.throws(() => new ByteWriter().varint31(0.5), RangeError);
    assert.throws(() => new ByteWriter().varint63(1n << 63n), RangeError);
    assert.throws(() => new ByteWriter().varint63(-1n), RangeError);
  });
});
