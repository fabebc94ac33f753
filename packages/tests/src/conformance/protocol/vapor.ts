// Vapor's transactions.json and blocks.json: wire form, ids, signature hashes and Merkle roots (spec/vapor.md sections 2
// and 3). Validation results in these files belong to the ledger; Vapor's header is read here only to reach the roots.

import { entryId } from "@bystack/protocol/entry";
import { statusRoot, transactionsRoot } from "@bystack/protocol/main/block";
import { type MappedSideTransaction, mapSideTransaction, sideSignatureHash } from "@bystack/protocol/side/entries";
import {
  decodeSideTransaction,
  decodeSideTransactionLenient,
  encodeSideTransaction,
  readSideTransaction,
  type SideTransaction,
} from "@bystack/protocol/side/transaction";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { type CheckResult, checkCases, type Differences } from "../check.ts";

type InputCase = {
  readonly type: string;
  readonly input_id: string;
  readonly sighash: string;
  readonly amount?: number;
  readonly asset_id?: string;
  readonly control_program?: string;
  readonly source_id?: string;
  readonly source_position?: number;
  readonly arguments?: readonly string[];
  readonly spent_output_id?: string;
  readonly mainchain_output_id?: string;
  readonly vote?: string;
  readonly arbitrary?: string;
  readonly asset_definition?: string;
  readonly issuance_program?: string;
  readonly issuance_vm_version?: number;
};

type OutputCase = {
  readonly type: string;
  readonly entry_type: string;
  readonly output_id: string;
  readonly amount: number;
  readonly asset_id: string;
  readonly control_program: string;
  readonly vote?: string;
};

type TransactionCase = {
  readonly id: string;
  readonly raw: string;
  readonly serialized_size: number;
  readonly version: number;
  readonly time_range: number;
  readonly tx_id: string;
  readonly mux_id: string;
  readonly inputs: readonly InputCase[];
  readonly outputs: readonly OutputCase[];
  readonly spent_output_ids: readonly string[];
  readonly mainchain_output_ids: readonly string[];
  readonly gas_input_ids: readonly string[];
};

const INPUT_TYPE: Readonly<Record<string, string>> = { "cross-chain": "cross_chain_in" };
const OUTPUT_TYPE = { intra: "intra_chain", cross: "cross_chain_out", vote: "vote" } as const;
const RESULT_ENTRY = {
  intra: "intrachainoutput1",
  cross: "crosschainoutput1",
  vote: "voteoutput1",
  retirement: "retirement1",
} as const;

function checkInput(source: MappedSideTransaction["sources"][number], item: InputCase, { same }: Differences): void {
  const { input } = source;
  same("type", INPUT_TYPE[input.kind] ?? input.kind, item.type);
  if (input.kind === "coinbase") same("arbitrary", bytesToHex(input.arbitrary), item.arbitrary);
  if (input.kind === "coinbase" || input.kind === "system") return;
  same("arguments", input.arguments.map(bytesToHex), item.arguments);
  same("value", [bytesToHex(input.assetId), input.amount], [item.asset_id, String(item.amount)]);
  same("program", bytesToHex(input.program), item.control_program);
  same("source", [bytesToHex(input.sourceId), input.sourcePosition], [item.source_id, String(item.source_position)]);
  if (source.kind === "spend" || source.kind === "veto") {
    same("spent", bytesToHex(source.spentOutputId), item.spent_output_id);
  }
  if (input.kind === "veto") same("vote", bytesToHex(input.vote), item.vote);
  if (source.kind === "cross-chain") {
    const { definition, issuanceProgram, issuanceVmVersion } = source.input;
    same("main output", bytesToHex(source.mainOutputId), item.mainchain_output_id);
    same("definition", bytesToHex(definition), item.asset_definition);
    same("issuance program", bytesToHex(issuanceProgram), item.issuance_program);
    same("issuance vm", issuanceVmVersion, String(item.issuance_vm_version));
  }
}

function checkOutputs(
  transaction: SideTransaction,
  mapped: MappedSideTransaction,
  expected: { readonly outputs: readonly OutputCase[]; readonly differences: Differences },
): void {
  const { same } = expected.differences;
  same("outputs", transaction.outputs.length, expected.outputs.length);
  transaction.outputs.forEach((output, i) => {
    const item = expected.outputs[i];
    const result = mapped.results[i];
    if (item === undefined || result === undefined) return;
    same("output type", [OUTPUT_TYPE[output.kind], RESULT_ENTRY[result.kind]], [item.type, item.entry_type]);
    same("output id", bytesToHex(result.id), item.output_id);
    same("output value", [bytesToHex(output.assetId), output.amount], [item.asset_id, String(item.amount)]);
    same("output program", bytesToHex(output.program), item.control_program);
    if (output.kind === "vote") same("output vote", bytesToHex(output.vote), item.vote);
  });
}

export function checkVaporTransactions(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly TransactionCase[] };
  return checkCases(
    cases,
    (item) => item.id,
    (item, differences) => {
      const { same } = differences;
      const raw = hexToBytes(item.raw);
      const decoded = decodeSideTransactionLenient(raw);
      if (!decoded.ok) return same("decoded", decoded.error, "a transaction");
      const transaction = decoded.value;
      const mapped = mapSideTransaction(transaction);
      same("encoded", bytesToHex(encodeSideTransaction(transaction)), item.raw);
      same("strict", decodeSideTransaction(raw).ok, true);
      same("size", transaction.size, item.serialized_size);
      same("header", [transaction.version, transaction.timeRange], [String(item.version), String(item.time_range)]);
      same("id", bytesToHex(mapped.id), item.tx_id);
      same("mux", bytesToHex(mapped.muxId), item.mux_id);
      same("spent", mapped.spentOutputIds.map(bytesToHex).sort(), item.spent_output_ids);
      same("main outputs", mapped.mainOutputIds.map(bytesToHex).sort(), item.mainchain_output_ids);
      same("gas inputs", mapped.gasInputIds.map(bytesToHex).sort(), item.gas_input_ids);
      same("inputs", mapped.sources.length, item.inputs.length);
      same(
        "input ids",
        mapped.inputIds.map(bytesToHex),
        item.inputs.map((input) => input.input_id),
      );
      const hashes = item.inputs.map((_, i) => bytesToHex(sideSignatureHash(mapped, i)));
      same(
        "sighashes",
        hashes,
        item.inputs.map((input) => input.sighash),
      );
      mapped.sources.forEach((source, i) => {
        const input = item.inputs[i];
        if (input !== undefined) checkInput(source, input, differences);
      });
      checkOutputs(transaction, mapped, { outputs: item.outputs, differences });
    },
  );
}

type VaporBlock = {
  readonly raw: string;
  readonly hash: string;
  readonly transactions_root: string;
  readonly status_root: string;
  readonly tx_ids: readonly string[];
};

type BlockCase = {
  readonly id: string;
  readonly block: VaporBlock;
  readonly result?: { readonly error: string | null };
};

/** A block of Vapor. Its own header has no other use here than to reach the body. */
export function readVaporBlock(raw: string) {
  const reader = new ByteReader(hexToBytes(raw));
  const flags = reader.byte();
  const [version, height] = [reader.varint63(), reader.varint63()];
  const previous = reader.hash();
  const timestamp = reader.varint63();
  const roots = reader.extensible((content) => ({ transactions: content.hash(), status: content.hash() })).value;
  reader.extensible((content) => content.varstrList());
  const count = reader.varint31();
  const transactions: SideTransaction[] = [];
  for (let i = 0; i < count && reader.error === undefined; i += 1) transactions.push(readSideTransaction(reader));
  reader.finish();
  const { error } = reader;
  return { flags, version, height, previous, timestamp, roots, transactions, error };
}

function checkVaporBlock({ block, result }: BlockCase, { same }: Differences): void {
  const { flags, version, height, previous, timestamp, roots, transactions, error } = readVaporBlock(block.raw);
  const ids = transactions.map((transaction) => mapSideTransaction(transaction).id);
  same("decoded", [flags, error ?? "all of it"], [3, "all of it"]);
  const body = new ByteWriter().u64le(version).u64le(height).raw(previous).u64le(timestamp);
  body.raw(roots.transactions).raw(roots.status);
  same("hash", bytesToHex(entryId("blockheader", body.finish())), block.hash);
  same("ids", ids.map(bytesToHex), block.tx_ids);
  same(
    "roots",
    [bytesToHex(roots.transactions), bytesToHex(roots.status)],
    [block.transactions_root, block.status_root],
  );
  // A refused block may carry a wrong root on purpose, and which transactions fail in an accepted one is the ledger's
  // business: the roots are computed where the block was accepted, the status root as far as one status explains it.
  if (result !== undefined && result.error !== null) return;
  same("transactions root", bytesToHex(transactionsRoot(ids)), block.transactions_root);
  const some = ids.map((_, failed) => bytesToHex(statusRoot(ids.map((_, i) => i === failed))));
  same("status root", [bytesToHex(statusRoot(ids.map(() => false))), ...some].includes(block.status_root), true);
}

export function checkVaporBlocks(file: unknown): CheckResult[] {
  const { groups } = file as {
    groups: readonly { readonly genesis: VaporBlock; readonly cases: readonly BlockCase[] }[];
  };
  const cases = groups.flatMap((group, i) => [{ id: `genesis-${i}`, block: group.genesis }, ...group.cases]);
  return checkCases(cases, (item) => item.id, checkVaporBlock);
}
