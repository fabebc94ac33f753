// transactions.json and malformed-tx.json: codec, ids and entries of main-chain transactions (spec/bytom.md sections 2, 3).

import { BTM_ASSET_ID, entryId } from "@bystack/protocol/entry";
import { mainSignatureHash, mapMainTransaction } from "@bystack/protocol/main/entries";
import {
  decodeMainTransaction,
  encodeMainTransaction,
  type MainInput,
  type MainOutput,
} from "@bystack/protocol/main/transaction";
import { bytesToHex, equalBytes, hexToBytes, tryHexToBytes } from "@bystack/utils/bytes";
import { type CheckResult, checkCases, type Differences } from "../check.ts";

type Fields = Readonly<Record<string, unknown>>;

type TransactionCase = {
  readonly name: string;
  readonly raw: string;
  readonly reserialized?: string;
  readonly id: string;
  readonly mux_id: string;
  readonly version: string;
  readonly time_range: string;
  readonly serialized_size: number;
  readonly inputs: readonly Fields[];
  readonly outputs: readonly Fields[];
  readonly entries?: Readonly<Record<string, { readonly type: string; readonly body: string }>>;
  readonly spent_output_ids_sorted: readonly string[];
  readonly gas_input_ids_sorted: readonly string[];
};

const hexOf = (bytes: Uint8Array | undefined): string | undefined => bytes && bytesToHex(bytes);

/** The fields of an input as the file writes them; ids are added by the caller. */
function inputFields(input: MainInput): Fields {
  const common = {
    asset_version: input.kind === "opaque" ? input.assetVersion : 1n,
    commitment_suffix: hexOf(input.commitmentSuffix),
    witness_suffix: hexOf(input.witnessSuffix),
  };
  if (input.kind === "opaque") return { ...common, type: "unknown" };
  if (input.kind === "coinbase") return { ...common, type: "coinbase", arbitrary: bytesToHex(input.arbitrary) };
  const value = {
    type: input.kind,
    amount: input.amount,
    asset_id: bytesToHex(input.assetId),
    arguments: input.arguments.map(bytesToHex),
  };
  if (input.kind === "issuance") {
    return {
      ...common,
      ...value,
      nonce: bytesToHex(input.nonce),
      asset_definition: bytesToHex(input.definition),
      vm_version: input.vmVersion,
      issuance_program: bytesToHex(input.program),
    };
  }
  return {
    ...common,
    ...value,
    source_id: bytesToHex(input.sourceId),
    source_position: input.sourcePosition,
    vm_version: 1n,
    control_program: bytesToHex(input.program),
    spend_commitment_suffix: hexOf(input.spendSuffix),
  };
}

function outputFields(output: MainOutput): Fields {
  const commitment_suffix = hexOf(output.commitmentSuffix);
  if (output.kind === "opaque") {
    return { asset_version: output.assetVersion, amount: 0n, control_program: "", vm_version: 0n, commitment_suffix };
  }
  return {
    asset_version: 1n,
    amount: output.amount,
    asset_id: bytesToHex(output.assetId),
    control_program: bytesToHex(output.program),
    vm_version: 1n,
    commitment_suffix,
  };
}

/** Same keys and values in any order; absent and undefined are one. */
function sameFields(differences: Differences, label: string, pair: { actual: Fields; expected: Fields }): void {
  for (const key of new Set([...Object.keys(pair.actual), ...Object.keys(pair.expected)])) {
    differences.same(`${label}.${key}`, pair.actual[key], pair.expected[key]);
  }
}

function checkTransaction(item: TransactionCase, differences: Differences): void {
  const { same } = differences;
  const raw = hexToBytes(item.raw);
  const decoded = decodeMainTransaction(raw, { unsupported: "keep" });
  if (!decoded.ok) {
    same("decoded", decoded.error, "a transaction");
    return;
  }
  const transaction = decoded.value;
  const mapped = mapMainTransaction(transaction);
  same("version", transaction.version, item.version);
  same("time_range", transaction.timeRange, item.time_range);
  same("size", transaction.size, item.serialized_size);
  same("raw", bytesToHex(transaction.raw), item.raw);
  same("reserialized", bytesToHex(encodeMainTransaction(transaction)), item.reserialized ?? item.raw);
  same("id", bytesToHex(mapped.id), item.id);
  same("mux_id", bytesToHex(mapped.muxId), item.mux_id);
  same("spent", mapped.spentOutputIds.map(bytesToHex).sort(), item.spent_output_ids_sorted);
  same("gas inputs", mapped.gasInputIds.map(bytesToHex).sort(), item.gas_input_ids_sorted);
  same("counts", [transaction.inputs.length, transaction.outputs.length], [item.inputs.length, item.outputs.length]);
  transaction.inputs.forEach((input, i) => {
    const source = mapped.sources.find((candidate) => candidate.index === i);
    const ids = {
      input_id: bytesToHex(mapped.inputIds[i] ?? BTM_ASSET_ID),
      sighash: bytesToHex(mainSignatureHash(mapped, i)),
      spent_output_id: source?.kind === "spend" ? bytesToHex(source.spentOutputId) : undefined,
    };
    sameFields(differences, `input ${i}`, {
      actual: { ...inputFields(input), ...ids },
      expected: item.inputs[i] ?? {},
    });
  });
  transaction.outputs.forEach((output, i) => {
    const result = mapped.results[i];
    const ids = { id: hexOf(result?.id), type: result?.kind };
    const actual = { ...outputFields(output), ...ids };
    sameFields(differences, `output ${i}`, { actual, expected: item.outputs[i] ?? {} });
  });
  for (const [id, entry] of Object.entries(item.entries ?? {})) {
    same(`entry ${entry.type}`, bytesToHex(entryId(entry.type, hexToBytes(entry.body))), id);
  }
  // The strict decoder refuses exactly the forms without meaning (section 2.3).
  const opaque = [...transaction.inputs, ...transaction.outputs].some((part) => part.kind === "opaque");
  same("strict decoding", decodeMainTransaction(raw).ok, !opaque);
}

export function checkTransactions(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly TransactionCase[] };
  return checkCases(cases, (item) => item.name, checkTransaction);
}

type MalformedCase = { readonly name: string; readonly hex: string; readonly accept: boolean; readonly id?: string };

export function checkMalformedTransactions(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly MalformedCase[] };
  return checkCases(
    cases,
    (item) => item.name,
    (item, { same }) => {
      const bytes = tryHexToBytes(item.hex);
      const decoded = bytes && decodeMainTransaction(bytes);
      same("accepted", decoded?.ok ?? false, item.accept);
      if (decoded?.ok && item.id !== undefined) same("id", bytesToHex(mapMainTransaction(decoded.value).id), item.id);
      if (bytes && decoded?.ok) same("raw", equalBytes(decoded.value.raw, bytes), true);
    },
  );
}
