// varint.json: the wire primitives of spec/bytom.md section 1, as prefix decoders and as encoders.

import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { type CheckResult, checkCases, type Differences } from "../check.ts";

type VarintCase = {
  readonly name: string;
  readonly op: string;
  readonly hex?: string;
  readonly value?: string | readonly string[];
  readonly consumed?: number;
  readonly error?: boolean;
  readonly varint31?: string;
  readonly varint31_consumed?: number;
  readonly varint31_error?: boolean;
  readonly varint63?: string;
  readonly varint63_consumed?: number;
  readonly varint63_error?: boolean;
};

function prefix(hex: string, read: (reader: ByteReader) => unknown): unknown {
  const reader = new ByteReader(hexToBytes(hex));
  const value = read(reader);
  return reader.error === undefined ? { value, consumed: reader.position } : "error";
}

function encoded(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  try {
    write(writer);
  } catch (error) {
    if (error instanceof RangeError) return "error";
    throw error;
  }
  return bytesToHex(writer.finish());
}

function checkDecode(item: VarintCase, { same }: Differences): void {
  const hex = item.hex ?? "";
  const expected31 = item.varint31_error ? "error" : { value: item.varint31, consumed: item.varint31_consumed };
  const expected63 = item.varint63_error ? "error" : { value: item.varint63, consumed: item.varint63_consumed };
  same(
    "varint31",
    prefix(hex, (reader) => String(reader.varint31())),
    expected31,
  );
  same(
    "varint63",
    prefix(hex, (reader) => String(reader.varint63())),
    expected63,
  );
}

function checkEncode(item: VarintCase, { same }: Differences): void {
  const value = BigInt(String(item.value));
  same(
    "varint31",
    encoded((writer) => writer.varint31(Number(value))),
    item.varint31_error ? "error" : item.varint31,
  );
  same(
    "varint63",
    encoded((writer) => writer.varint63(value)),
    item.varint63_error ? "error" : item.varint63,
  );
}

export function checkVarints(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly VarintCase[] };
  return checkCases(
    cases,
    (item) => item.name,
    (item, differences) => {
      const hex = item.hex ?? "";
      const expected = item.error ? "error" : { value: item.value, consumed: item.consumed };
      if (item.op === "decode") checkDecode(item, differences);
      if (item.op === "encode") checkEncode(item, differences);
      if (item.op === "varstr31-decode") {
        differences.same(
          "varstr",
          prefix(hex, (reader) => bytesToHex(reader.varstr())),
          expected,
        );
      }
      if (item.op === "varstrlist-decode") {
        differences.same(
          "list",
          prefix(hex, (reader) => reader.varstrList().map(bytesToHex)),
          expected,
        );
      }
    },
  );
}
