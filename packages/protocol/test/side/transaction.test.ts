// Side-chain codec: exactly one encoding per transaction (sidechain.md section 1), hostile bytes, the system input, entries.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { sha3_256 } from "@bystack/crypto/hash";
import { bytesToHex, hexToBytes, u64ToBytesLe } from "@bystack/utils/bytes";
import fc from "fast-check";
import { BTM_ASSET_ID, entryId } from "../../src/entry.ts";
import { mapSideTransaction } from "../../src/side/entries.ts";
import {
  createSideTransaction,
  decodeSideTransaction,
  decodeSideTransactionLenient,
  encodeSideTransaction,
  SIDE_DECODE_LIMITS,
  type SideCrossChainInput,
} from "../../src/side/transaction.ts";
import { anyMutation, anySideTransaction } from "../arbitrary.ts";
import { plain } from "../plain.ts";

/** One coinbase with the arbitrary byte aa and one output of 600 neu to the program 51, in parts to be varied. */
const canonical = {
  head: "0701000101",
  commitment: "030201aa",
  witness: "00",
  middle: "0101",
  output: "270025",
  value: `${"ff".repeat(32)}d804010151`,
  tail: "00",
};
type Parts = typeof canonical;
const bytesOf = (change: Partial<Parts> = {}): Uint8Array =>
  hexToBytes(Object.values({ ...canonical, ...change }).join(""));

function refusal(bytes: Uint8Array): string {
  const decoded = decodeSideTransaction(bytes);
  return decoded.ok ? "accepted" : decoded.error.code;
}

suite("side transaction", () => {
  test("decodes what it encodes", () => {
    fc.assert(
      fc.property(anySideTransaction, (data) => {
        const raw = encodeSideTransaction(data);
        const decoded = decodeSideTransaction(raw);
        assert.ok(decoded.ok);
        assert.deepEqual(plain(decoded.value), plain({ ...data, size: raw.length, raw }));
      }),
    );
  });

  test("whatever decodes strictly encodes to the same bytes; nothing throws", () => {
    fc.assert(
      fc.property(anySideTransaction, anyMutation, (data, mutate) => {
        const bytes = mutate(encodeSideTransaction(data));
        const decoded = decodeSideTransaction(bytes);
        if (decoded.ok) assert.equal(bytesToHex(encodeSideTransaction(decoded.value)), bytesToHex(bytes));
        else assert.ok(decoded.error.at <= bytes.length);
      }),
      { numRuns: 1000 },
    );
  });

  test("refuses every second way to write the same transaction", () => {
    assert.equal(refusal(bytesOf()), "accepted");
    const variants: Record<string, Partial<Parts>> = {
      "a version in two bytes": { head: "078100000101" },
      "a count in two bytes": { head: "070100810001" },
      "an input commitment suffix": { commitment: "040201aaee" },
      "a witness suffix": { witness: "0100" },
      "an output commitment suffix": { output: "280025", value: `${canonical.value}ee` },
      "an inner output suffix": { output: "280026", value: `${canonical.value}ee` },
      "an output witness": { tail: "01ee" },
    };
    for (const [name, change] of Object.entries(variants)) {
      const bytes = bytesOf(change);
      assert.equal(decodeSideTransactionLenient(bytes).ok, true, `${name}: the lenient decoder takes it`);
      assert.equal(refusal(bytes), "NOT_CANONICAL", name);
    }
    assert.equal(refusal(bytesOf({ tail: "0000" })), "TRAILING");
    assert.equal(refusal(bytesOf({ middle: "0102" })), "ASSET_VERSION");
    assert.equal(refusal(bytesOf({ output: "270325" })), "OUTPUT_TYPE");
    assert.equal(refusal(bytesOf({ value: `${"ff".repeat(32)}d804020151` })), "VM_VERSION");
    assert.equal(refusal(bytesOf({ head: "0301000101" })), "FLAGS");
  });

  test("keeps to the limits of the chain", () => {
    const raw = bytesOf();
    const code = (limits: Partial<typeof SIDE_DECODE_LIMITS>): string => {
      const decoded = decodeSideTransaction(raw, { ...SIDE_DECODE_LIMITS, ...limits });
      return decoded.ok ? "accepted" : decoded.error.code;
    };
    assert.equal(code({}), "accepted");
    assert.equal(code({ transactionBytesMax: raw.length }), "accepted");
    assert.equal(code({ transactionBytesMax: raw.length - 1 }), "SIZE_LIMIT");
    assert.equal(code({ inputsMax: 0 }), "SIZE_LIMIT");
    assert.equal(code({ outputsMax: 0 }), "SIZE_LIMIT");
  });

  test("the system input has the bytes and the entry of federation.md section 4", () => {
    const body = hexToBytes("c0ffee");
    const transaction = createSideTransaction({
      version: 1n,
      timeRange: 0n,
      inputs: [{ kind: "system", systemKind: 1n, body, arguments: [hexToBytes("ab")] }],
      outputs: [{ kind: "intra", assetId: BTM_ASSET_ID, amount: 0n, program: hexToBytes("6a") }],
    });
    assert.ok(bytesToHex(transaction.raw).startsWith("070100" + "01" + "01" + "06" + "040103c0ffee" + "03" + "0101ab"));
    const mapped = mapSideTransaction(transaction);
    const expected = entryId("systeminput1", Uint8Array.of(...u64ToBytesLe(1n), ...sha3_256(body)));
    assert.equal(bytesToHex(mapped.inputIds[0] ?? body), bytesToHex(expected));
    assert.deepEqual(mapped.gasInputIds, []);
    assert.equal(mapped.results[0]?.kind, "retirement");
  });

  test("the id that marks a claimed deposit ignores its program; the entry covers what defines the asset", () => {
    const claim = {
      kind: "cross-chain",
      sourceId: new Uint8Array(32).fill(1),
      assetId: BTM_ASSET_ID,
      amount: 5n,
      sourcePosition: 0n,
      program: hexToBytes("51"),
      issuanceVmVersion: 1n,
      definition: hexToBytes("aa"),
      issuanceProgram: hexToBytes("bb"),
      arguments: [],
    } as const;
    const map = (input: SideCrossChainInput) =>
      mapSideTransaction({ version: 1n, timeRange: 0n, inputs: [input], outputs: [] });
    const ids = (input: SideCrossChainInput): unknown[] => {
      const mapped = map(input);
      return [...mapped.mainOutputIds, ...mapped.inputIds].map(bytesToHex);
    };
    assert.deepEqual(ids({ ...claim, program: hexToBytes("52") }), ids(claim));
    const [main, entry] = ids(claim);
    assert.deepEqual(ids({ ...claim, definition: hexToBytes("ab") })[0], main);
    assert.notEqual(ids({ ...claim, definition: hexToBytes("ab") })[1], entry);
    assert.notEqual(ids({ ...claim, amount: 6n })[0], main);
  });

  test("repeated inputs share the ordinal of the last one", () => {
    fc.assert(
      fc.property(anySideTransaction, (data) => {
        const twice = mapSideTransaction({ ...data, inputs: [...data.inputs, ...data.inputs] });
        const count = data.inputs.length;
        for (const source of twice.sources) assert.ok(source.ordinal >= count);
        assert.deepEqual(new Set(twice.spentOutputIds.map(bytesToHex)).size, twice.spentOutputIds.length);
      }),
    );
  });
});
