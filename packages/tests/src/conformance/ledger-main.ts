// Conformance of the main chain's ledger: validation and gas of transactions, validation of blocks (the real proof of work
// where a case asks for it), the set of unspent outputs, and the known difference about shared memory in the virtual
// machine (docs/adr/0001-immutable-vm-strings.md).

import { createTensority, type Tensority } from "@bystack/crypto/tensority";
import type { MainBlockErrorCode } from "@bystack/ledger/main/errors";
import { BYTOM_LEDGER_RULES } from "@bystack/ledger/main/rules";
import { type MainUtxo, MainUtxoView } from "@bystack/ledger/main/utxo";
import { validateMainBlock } from "@bystack/ledger/main/validate-block";
import { validateMainTransaction } from "@bystack/ledger/main/validate-transaction";
import { decodeMainBlock, decodeMainHeader, type MainHeader, mainBlockHash } from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { decodeMainTransaction, type MainTransaction } from "@bystack/protocol/main/transaction";
import { INITIAL_SEED, isHashWithinBits, MEDIAN_WINDOW, medianTime, nextBits } from "@bystack/protocol/pow";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { type CheckResult, checkCases, type Differences, type VectorChecks } from "./check.ts";
import { type ProgramCase, runProgramCase, stackText } from "./vm.ts";

const rules = BYTOM_LEDGER_RULES;

/** Later than every recorded block, so that no recorded block is in the future. */
const NOW_SECONDS = 1n << 40n;

type TransactionCase = {
  name: string;
  raw: string;
  size: number;
  position: number;
  block_version: string;
  block_height: string;
  ok: boolean;
  error?: string;
  gas_valid: boolean;
  status_fail?: boolean;
  btm_value?: string;
  gas_left?: string;
  gas_used?: string;
  storage_gas?: string;
};

/** The bare codec: validation has to refuse by itself what the node's decoder refuses earlier. */
function decodeTransaction(hex: string): MainTransaction {
  const decoded = decodeMainTransaction(hexToBytes(hex), { unsupported: "keep" });
  if (!decoded.ok) throw new TypeError(`the transaction does not decode: ${decoded.error.code}`);
  return decoded.value;
}

function checkTransaction(recorded: TransactionCase, { same }: Differences): void {
  const transaction = decodeTransaction(recorded.raw);
  const { gas, error } = validateMainTransaction(transaction, {
    blockVersion: BigInt(recorded.block_version),
    blockHeight: BigInt(recorded.block_height),
    isFirst: recorded.position === 0,
    rules,
  });
  same("size", transaction.size, recorded.size);
  same("gas valid", gas.gasValid, recorded.gas_valid);
  same("ok", error === undefined, recorded.ok);
  // "any": the reference's outcome is unspecified or a crash.
  if (recorded.error !== "any") same("error", error ?? "none", recorded.error ?? "none");
  if (!recorded.gas_valid) return;
  same("status fail", error !== undefined, recorded.status_fail);
  same("btm value", gas.btmValue, recorded.btm_value);
  same("gas left, used, storage", [gas.gasLeft, gas.gasUsed, gas.storageGas].map(String), [
    recorded.gas_left,
    recorded.gas_used,
    recorded.storage_gas,
  ]);
}

type BlockCase = {
  name: string;
  block: string;
  parents: readonly string[];
  pow: "assume-valid" | "real";
  seed?: string;
  ok: boolean;
  error?: MainBlockErrorCode;
  status_fail?: readonly boolean[];
};

function decodeHeader(hex: string): MainHeader {
  const decoded = decodeMainHeader(hexToBytes(hex));
  if (!decoded.ok) throw new TypeError(`the header does not decode: ${decoded.error.code}`);
  return decoded.value;
}

let tensority: Tensority | undefined;

function provesWork(header: MainHeader, seed: Uint8Array): boolean {
  tensority ??= createTensority({ backend: "wasm", maxSeeds: 1 });
  return isHashWithinBits(tensority.hash(mainBlockHash(header), seed), header.bits);
}

function checkBlock(recorded: BlockCase, { same }: Differences): void {
  const decoded = decodeMainBlock(hexToBytes(recorded.block));
  const parents = recorded.parents.map(decodeHeader);
  const parent = parents.at(-1);
  if (!decoded.ok || parent === undefined) {
    same("decoded", decoded.ok ? "ok" : decoded.error.code, "ok, with a parent");
    return;
  }
  const { header } = decoded.value;
  const seed = recorded.seed === undefined ? INITIAL_SEED : hexToBytes(recorded.seed);
  const result = validateMainBlock(decoded.value, {
    parentHash: mainBlockHash(parent),
    parentHeight: parent.height,
    // No case is at a retarget, so the start of the period is not looked at.
    requiredBits: nextBits(parent, 0n),
    medianTime: medianTime(parents.slice(-MEDIAN_WINDOW).map(({ timestamp }) => timestamp)),
    nowSeconds: NOW_SECONDS,
    futureSecondsMax: rules.futureSecondsMax,
    proofOfWork: recorded.pow === "real" ? provesWork(header, seed) : "assume-valid",
    rules,
  });
  same("verdict", result.ok ? "ok" : result.error.code, recorded.ok ? "ok" : recorded.error);
  if (result.ok && recorded.status_fail !== undefined) {
    same("status fail", result.value.statusFail, recorded.status_fail);
  }
}

type UtxoFields = { coinbase: boolean; height: string; spent: boolean };

type UtxoCase = {
  name: string;
  op: "apply" | "detach";
  ok: boolean;
  block_height: string;
  transactions: readonly string[];
  status_fail: readonly boolean[];
  before: Readonly<Record<string, UtxoFields>>;
  after?: Readonly<Record<string, UtxoFields>>;
};

function entryText(id: string, entry: UtxoFields | MainUtxo): string {
  return `${id} ${entry.coinbase} ${entry.height} ${entry.spent}`;
}

function checkUtxo(recorded: UtxoCase, { same }: Differences): void {
  const before = new Map<string, MainUtxo>();
  for (const [id, { coinbase, height, spent }] of Object.entries(recorded.before)) {
    before.set(id, { coinbase, height: BigInt(height), spent });
  }
  const transactions = recorded.transactions.map((raw, index) => ({
    mapped: mapMainTransaction(decodeTransaction(raw)),
    statusFail: recorded.status_fail[index] ?? false,
  }));
  const view = new MainUtxoView((id) => before.get(bytesToHex(id)), rules);
  const error =
    recorded.op === "apply"
      ? view.applyBlock(BigInt(recorded.block_height), transactions)
      : view.detachBlock(transactions);
  same("ok", error === undefined, recorded.ok);
  if (recorded.after === undefined) return;
  // The recorded state is what was there before, overlaid with what the view touched.
  const after = new Map([...before, ...view.entries()]);
  same(
    "state",
    Array.from(after, ([id, entry]) => entryText(id, entry)).sort(),
    Object.entries(recorded.after)
      .map(([id, entry]) => entryText(id, entry))
      .sort(),
  );
  for (const [id, change] of view.changes()) {
    const entry = after.get(id);
    same(`kept ${id}`, change !== undefined, entry !== undefined && (entry.coinbase || !entry.spent));
  }
}

type AliasingCase = Partial<ProgramCase> & {
  name: string;
  reference_stack?: readonly string[];
  reference_gas_left?: string;
  transaction?: string;
  immutable_ok?: boolean;
  immutable_error?: string;
  reference_ok: boolean;
};

/** What byte strings that never change give for each recorded program. */
const IMMUTABLE_STACKS: Readonly<Record<string, string>> = {
  "left-then-cat-overwrites-dup": "61626364 616278",
  "substr-then-cat-overwrites": "616263646566 626358595a",
  "left-cat-overflow-reallocates": "61626364 616278797a",
  "int-result-has-spare-capacity": "0541 0542",
  "cat-result-has-spare-capacity": "616263646546 616263646547",
  "literal-no-spare-capacity": "61626346 61626347",
  "right-then-cat": "61626364 636478",
};

/** The cases that are known to differ from the reference. The list may shrink; it must not grow unseen. */
const KNOWN_DIFFERENCES: readonly string[] = [
  "left-then-cat-overwrites-dup",
  "substr-then-cat-overwrites",
  "int-result-has-spare-capacity",
  "cat-result-has-spare-capacity",
  "tx-witness-argument-overwritten",
  "tx-witness-argument-overwritten-2",
];

function checkAliasedTransaction(recorded: AliasingCase, raw: string, { same }: Differences): void {
  const { gas, error } = validateMainTransaction(decodeTransaction(raw), {
    blockVersion: 1n,
    blockHeight: 1000n,
    isFirst: false,
    rules,
  });
  same("gas valid", gas.gasValid, true);
  same("ok", error === undefined, recorded.immutable_ok);
  same("error", error ?? "", recorded.immutable_error);
  same("known difference", recorded.immutable_ok !== recorded.reference_ok, KNOWN_DIFFERENCES.includes(recorded.name));
}

function checkAliasedProgram(recorded: AliasingCase, { same }: Differences): void {
  const { name, program, args, context, gas_limit } = recorded;
  if (program === undefined || args === undefined || context === undefined || gas_limit === undefined) {
    throw new TypeError("neither a program nor a transaction");
  }
  const { outcome, gasLeft } = runProgramCase({ name, program, args, context, gas_limit });
  same("ok", outcome.ok, recorded.reference_ok);
  same("gas left", gasLeft, recorded.reference_gas_left);
  const stack = stackText(outcome.stack);
  same("stack", stack, IMMUTABLE_STACKS[name]);
  const differs = stack !== (recorded.reference_stack ?? []).join(" ");
  same("known difference", differs, KNOWN_DIFFERENCES.includes(name));
}

function checkAliasing(recorded: AliasingCase, differences: Differences): void {
  if (recorded.transaction === undefined) checkAliasedProgram(recorded, differences);
  else checkAliasedTransaction(recorded, recorded.transaction, differences);
}

function overCases<T extends { name: string }>(check: (item: T, differences: Differences) => void) {
  return (file: unknown): CheckResult[] => checkCases((file as { cases: T[] }).cases, (item) => item.name, check);
}

/** Checks by vector file of the main chain: the base name without extension. */
export const ledgerMainChecks: VectorChecks = {
  "tx-validation": overCases(checkTransaction),
  "block-validation": overCases(checkBlock),
  utxo: overCases(checkUtxo),
  "bvm-aliasing-quirk": overCases(checkAliasing),
};
