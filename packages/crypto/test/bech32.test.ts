// Bech32 against the recorded strings and addresses of the main chain, and each way in which a text can be wrong.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { bytesToWords, formatBech32, parseBech32, wordsToBytes } from "../src/bech32.ts";
import { sample, vectorCases } from "./vectors.ts";

type Case = {
  op: string;
  name: string;
  valid?: boolean;
  string_hex?: string;
  hrp?: string;
  data?: string;
  address: string;
  hash: string;
  control_program: string;
};
const cases = vectorCases<Case>("bytom/address.json");

for (const c of cases.filter(({ op }) => op === "bech32-decode")) {
  test(c.name, () => {
    // The strings are bytes in the reference; latin1 keeps each one as one character.
    const text = Buffer.from(c.string_hex ?? "", "hex").toString("latin1");
    const parsed = parseBech32(text);
    assert.equal(parsed.ok, c.valid);
    if (!parsed.ok) return;
    assert.equal(parsed.value.hrp, c.hrp);
    assert.equal(bytesToHex(parsed.value.words), c.data);
    assert.equal(formatBech32(parsed.value), text.toLowerCase());
  });
}

test("the addresses of address.json are version 0 and the hash in words", () => {
  const encoded = cases.filter(({ op }) => op === "encode");
  assert.equal(encoded.length, 45);
  for (const c of encoded) {
    const parsed = parseBech32(c.address);
    assert.ok(parsed.ok);
    assert.equal(parsed.value.words[0], 0);
    assert.equal(bytesToHex(wordsToBytes(parsed.value.words.subarray(1)) ?? new Uint8Array(0)), c.hash);
    const words = Uint8Array.of(0, ...bytesToWords(hexToBytes(c.hash)));
    assert.equal(formatBech32({ hrp: parsed.value.hrp, words }), c.address);
    assert.deepEqual(parseBech32(c.address.toUpperCase()), parsed);
  }
});

test("each kind of damage has its name", () => {
  const good = cases.find(({ op }) => op === "encode")?.address ?? "";
  const errorOf = (text: string) => {
    const parsed = parseBech32(text);
    return parsed.ok ? "none" : parsed.error;
  };
  assert.equal(errorOf(good), "none");
  assert.equal(errorOf(good.replace(/.$/, (last) => (last === "q" ? "p" : "q"))), "checksum");
  assert.equal(errorOf(good.toUpperCase().replace("BM", "bm")), "mixed-case");
  assert.equal(errorOf(`${good} `), "character");
  assert.equal(errorOf(`${good.slice(0, -1)}b`), "character");
  assert.equal(errorOf("1qqqqqqqq"), "separator");
  assert.equal(errorOf("bm1qqqqq"), "separator");
  assert.equal(errorOf("bm1qqqq"), "length");
  assert.equal(errorOf(`a1${"q".repeat(89)}`), "length");
});

test("words and bytes: round trip, and padding that says something is refused", () => {
  for (let length = 0; length <= 32; length += 1) {
    const bytes = sample("words", length).subarray(0, length);
    assert.deepEqual(wordsToBytes(bytesToWords(bytes)), Uint8Array.from(bytes));
  }
  assert.deepEqual(wordsToBytes(Uint8Array.of(31, 28)), Uint8Array.of(255));
  assert.equal(wordsToBytes(Uint8Array.of(31, 29)), undefined); // non-zero padding
  assert.equal(wordsToBytes(Uint8Array.of(0)), undefined); // five bits left over
  assert.equal(wordsToBytes(Uint8Array.of(32, 0)), undefined);
});

test("formatting what is no bech32 is the caller's mistake", () => {
  assert.throws(() => formatBech32({ hrp: "", words: new Uint8Array(1) }), RangeError);
  assert.throws(() => formatBech32({ hrp: "BM", words: new Uint8Array(1) }), RangeError);
  assert.throws(() => formatBech32({ hrp: "bm", words: Uint8Array.of(32) }), RangeError);
  assert.throws(() => formatBech32({ hrp: "bm", words: new Uint8Array(82) }), RangeError);
});
