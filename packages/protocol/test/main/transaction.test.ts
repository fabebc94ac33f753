// Main-chain codec and entries beyond the recorded vectors: properties, hostile bytes, refused forms, repeated inputs.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bytesToHex, concatBytes, hexToBytes } from "@bystack/utils/bytes";
import fc from "fast-check";
import { BTM_ASSET_ID, ZERO_HASH } from "../../src/entry.ts";
import { decodeMainBlock, decodeMainHeader, encodeMainBlock } from "../../src/main/block.ts";
import { mainSignatureHash, mapMainTransaction } from "../../src/main/entries.ts";
import { mainGenesisBlock } from "../../src/main/genesis.ts";
import {
  createMainTransaction,
  decodeMainTransaction,
  encodeMainTransaction,
  type MainInput,
  type MainOutput,
  type MainSpendInput,
} from "../../src/main/transaction.ts";
import { SOLONET_SPEC } from "../../src/spec/presets.ts";
import { anyMainTransaction, anyMutation } from "../arbitrary.ts";
import { plain } from "../plain.ts";

const spend: MainSpendInput = {
  kind: "spend",
  sourceId: new Uint8Array(32).fill(0x21),
  assetId: BTM_ASSET_ID,
  amount: 700n,
  sourcePosition: 2n,
  program: hexToBytes("51"),
  arguments: [],
};
const output: MainOutput = { kind: "output", assetId: BTM_ASSET_ID, amount: 600n, program: hexToBytes("51") };
const coinbase: MainInput = { kind: "coinbase", arbitrary: hexToBytes("00") };

const transactionOf = (inputs: readonly MainInput[], outputs: readonly MainOutput[]) =>
  createMainTransaction({ version: 1n, timeRange: 0n, inputs, outputs });

suite("main transaction", () => {
  test("decodes what it encodes, and keeps size and raw bytes", () => {
    fc.assert(
      fc.property(anyMainTransaction, (data) => {
        const raw = encodeMainTransaction(data);
        const decoded = decodeMainTransaction(raw);
        assert.ok(decoded.ok);
        assert.deepEqual(plain(decoded.value), plain({ ...data, size: raw.length, raw }));
      }),
    );
  });

  test("changed bytes are decoded or refused, and never throw", () => {
    fc.assert(
      fc.property(anyMainTransaction, anyMutation, (data, mutate) => {
        const bytes = mutate(encodeMainTransaction(data));
        const decoded = decodeMainTransaction(bytes, { unsupported: "keep" });
        if (decoded.ok) {
          assert.equal(decoded.value.size, bytes.length);
          assert.equal(mapMainTransaction(decoded.value).id.length, 32);
        } else {
          assert.ok(decoded.error.at <= bytes.length);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("neither arguments nor suffixes nor the data of a retirement are in an id", () => {
    const retirement = { ...output, program: hexToBytes("6a0101") };
    const plain = mapMainTransaction(transactionOf([spend], [retirement]));
    const changed = mapMainTransaction(
      transactionOf(
        [{ ...spend, arguments: [hexToBytes("aa")], spendSuffix: hexToBytes("dead"), witnessSuffix: hexToBytes("01") }],
        [{ ...retirement, program: hexToBytes("6a0102"), commitmentSuffix: hexToBytes("beef") }],
      ),
    );
    assert.equal(bytesToHex(plain.id), bytesToHex(changed.id));
    assert.equal(plain.results[0]?.kind, "retirement");
  });

  test("refuses what the reference crashes on", () => {
    const refused = (inputs: readonly MainInput[], outputs: readonly MainOutput[]): string => {
      const decoded = decodeMainTransaction(transactionOf(inputs, outputs).raw);
      return decoded.ok ? "accepted" : decoded.error.code;
    };
    assert.equal(refused([coinbase], [output]), "accepted");
    assert.equal(refused([coinbase], []), "COINBASE_FORM");
    assert.equal(refused([coinbase, coinbase], [output]), "COINBASE_FORM");
    assert.equal(refused([spend, { kind: "opaque", assetVersion: 2n }], [output]), "ASSET_VERSION");
    assert.equal(refused([spend], [output, { kind: "opaque", assetVersion: 0n }]), "ASSET_VERSION");
  });

  test("is refused unread above the limit that the caller names", () => {
    const { raw } = transactionOf([spend], [output]);
    assert.equal(decodeMainTransaction(raw, { bytesMax: raw.length }).ok, true);
    const refused = decodeMainTransaction(raw, { bytesMax: raw.length - 1 });
    assert.deepEqual(refused, { ok: false, error: { code: "SIZE_LIMIT", at: 0 } });
  });

  test("of two equal inputs the earlier slot is empty and both point at the later one", () => {
    const mapped = mapMainTransaction(transactionOf([spend, { ...spend, amount: 1n }, spend], [output]));
    assert.deepEqual(
      mapped.inputIds.map((id) => bytesToHex(id) === bytesToHex(ZERO_HASH)),
      [true, false, false],
    );
    assert.deepEqual(
      mapped.sources.map((source) => source.ordinal),
      [2, 1, 2],
    );
    assert.equal(mapped.spentOutputIds.length, 2);
    assert.equal(mapped.gasInputIds.length, 2);
    assert.notEqual(bytesToHex(mainSignatureHash(mapped, 0)), bytesToHex(mainSignatureHash(mapped, 2)));
  });

  test("a block decodes as its own header, and goes out with the bytes it came in", () => {
    const genesis = mainGenesisBlock(SOLONET_SPEC);
    const suffixed = transactionOf([spend], [{ ...output, commitmentSuffix: hexToBytes("dead") }]);
    const bytes = encodeMainBlock({ header: genesis.header, transactions: [...genesis.transactions, suffixed] });
    const block = decodeMainBlock(bytes);
    assert.ok(block.ok);
    assert.equal(bytesToHex(encodeMainBlock(block.value)), bytesToHex(bytes));
    const header = decodeMainHeader(bytes);
    assert.ok(header.ok);
    assert.deepEqual(plain(header.value), plain(genesis.header));
    assert.equal(decodeMainBlock(concatBytes(bytes, hexToBytes("00"))).ok, false);
  });
});
