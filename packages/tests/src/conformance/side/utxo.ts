// Vapor's utxo-view: which outputs a transaction may spend and creates, through the ledger's own block in the making
// (spec/vapor.md section 7.4).

import { BlockProgress } from "@bystack/ledger/side/progress";
import { epochOfHeight, verifyStrictS } from "@bystack/ledger/side/rules";
import { createGenesisState } from "@bystack/ledger/side/state";
import { UTXO_KIND } from "@bystack/ledger/side/utxo";
import { voteMoves } from "@bystack/ledger/side/votes/state";
import { EMPTY_RETIREMENT } from "@bystack/protocol/peg/system";
import { type MappedSideTransaction, mapSideTransaction } from "@bystack/protocol/side/entries";
import {
  createSideTransaction,
  decodeSideTransactionLenient,
  type SideTransactionData,
} from "@bystack/protocol/side/transaction";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import type { Differences } from "../check.ts";
import { candidateOf, overCases, vaporRules } from "./kit.ts";

const BY_PROOF = "sidechain.md section 1: a claim is judged by proof, a script in it authorises nothing";
const WHOLE = "sidechain.md section 1: a transaction is valid whole or not at all (weakness 15)";
const ZERO_OUTPUTS = "sidechain.md section 1: an output of amount 0 is refused";
const BURNS = "sidechain.md section 3: a burn needs a federation and a form of its own";

type UtxoFields = { readonly height: number; readonly spent: boolean; readonly type: number };
type UtxoView = Readonly<Record<string, UtxoFields>>;
type UtxoCase = {
  readonly id: string;
  readonly block_height: number;
  readonly error: string | null;
  readonly status_fail: boolean;
  readonly tx_raw: string;
  readonly view_before: UtxoView;
  readonly view_after?: UtxoView;
};

/** Vapor's error texts and the codes that stand for them here. */
const UTXO_VERDICTS: Readonly<Record<string, string>> = {
  "utxo has been spent": "TX_INPUT_SPENT",
  "fail to find utxo entry": "TX_INPUT_SPENT",
  "coinbase utxo is not ready for use": "TX_LOCKED",
  "Coin is  within the voting lock time": "TX_LOCKED",
};

/** A block in the making, above a state that has the recorded outputs. */
function progressOf(item: UtxoCase, mapped: MappedSideTransaction): BlockProgress {
  const rules = vaporRules({ votes: { outputMinNeu: 1n } });
  const parent = createGenesisState(rules);
  for (const source of mapped.sources) {
    if (source.kind !== "spend" && source.kind !== "veto") continue;
    const id = bytesToHex(source.spentOutputId);
    const before = item.view_before[id];
    if (before === undefined || before.spent) continue;
    const { sourceId, program } = source.input;
    const kind = Object.values(UTXO_KIND).find((known) => known === before.type) ?? UTXO_KIND.normal;
    const vote = source.kind === "veto" ? source.input.vote : new Uint8Array(0);
    const place = { createdHeight: before.height, sourceId, sourcePosition: Number(source.input.sourcePosition) };
    parent.utxos.set(id, { ...source.value, program, kind, vote, ...place });
  }
  for (const { key, kind, amount } of voteMoves(mapped)) {
    parent.votes?.setCandidate(candidateOf(bytesToHex(key), kind === "veto" ? amount : 0n));
  }
  const block = { height: item.block_height, epoch: epochOfHeight(item.block_height, 1200) };
  const options = { rules, parent, block, verdicts: new Map<string, boolean>(), verifySignature: verifyStrictS };
  return new BlockProgress({ ...options, gasMax: Number.POSITIVE_INFINITY });
}

function verdictOn(progress: BlockProgress, transaction: SideTransactionData): string {
  const verdict = progress.add(createSideTransaction(transaction));
  return verdict.status === "effective" ? "ok" : verdict.code;
}

/** The transaction without what creates no output in either system and is not allowed here: ids of the others stay. */
function allowedForm(transaction: SideTransactionData): SideTransactionData {
  const outputs = transaction.outputs
    .filter((output) => output.amount > 0n)
    .map((output) => (output.kind === "cross" ? { ...EMPTY_RETIREMENT, amount: output.amount } : output));
  return { ...transaction, outputs };
}

/** The reason for which the transaction as recorded is refused here, whatever it spends; and the code. */
function formDifference({ outputs }: SideTransactionData): { reason: string; code: string } | undefined {
  if (outputs.some((output) => output.kind === "cross")) return { reason: BURNS, code: "FEATURE_OFF" };
  if (outputs.some((output) => output.amount === 0n)) return { reason: ZERO_OUTPUTS, code: "TX_ZERO_AMOUNT" };
  return undefined;
}

function unspentOf(view: UtxoView): string[] {
  // A spent output is absent here, where Vapor keeps some with a flag.
  const unspent = Object.entries(view).filter(([, utxo]) => !utxo.spent);
  return unspent.map(([id, utxo]) => `${id} ${utxo.height} ${utxo.type}`).sort();
}

function outputsOf(utxos: BlockProgress["utxos"]): string[] {
  return [...utxos.map.entries()].map(([id, utxo]) => `${id} ${utxo.createdHeight} ${utxo.kind}`).sort();
}

function checkUtxo(item: UtxoCase, { same, deliberate }: Differences): void {
  const decoded = decodeSideTransactionLenient(hexToBytes(item.tx_raw));
  if (!decoded.ok) {
    same("decoded", decoded.error, "a transaction");
    return;
  }
  const mapped = mapSideTransaction(decoded.value);
  const reference = item.error === null ? "ok" : (UTXO_VERDICTS[item.error] ?? item.error);
  if (mapped.mainOutputIds.length > 0) {
    const first = decoded.value.inputs[0]?.kind;
    const ours = first === "cross-chain" ? "FEATURE_OFF" : "TX_FORM";
    const reason = item.status_fail ? WHOLE : BY_PROOF;
    deliberate(reason, verdictOn(progressOf(item, mapped), decoded.value), { ours, reference });
    return;
  }
  const different = formDifference(decoded.value);
  if (different !== undefined) {
    const actual = verdictOn(progressOf(item, mapped), decoded.value);
    deliberate(different.reason, actual, { ours: different.code, reference });
  }
  const progress = progressOf(item, mapped);
  same("verdict", verdictOn(progress, allowedForm(decoded.value)), reference);
  if (reference !== "ok") return;
  same("after undo", outputsOf(progress.options.parent.utxos), unspentOf(item.view_before));
  const recorded = unspentOf(item.view_after ?? {});
  const after = outputsOf(progress.utxos);
  if (!item.status_fail) {
    same("outputs", after, recorded);
    return;
  }
  const whole = mapped.results.map((result) => `${bytesToHex(result.id)} ${item.block_height} ${UTXO_KIND.normal}`);
  deliberate(WHOLE, after, { ours: whole.sort(), reference: recorded });
}

export const checkUtxos = overCases(checkUtxo);
