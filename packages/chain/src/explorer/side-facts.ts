// Side-chain block → facts. Which transactions of a body took effect is not in the block: whoever applies the facts finds out,
// by the outputs that are there (sidechain.md section 3), and the header's root says whether it is right.

import { readBatch } from "@bystack/ledger/side/apply";
import type { AssetAmount } from "@bystack/protocol/entry";
import { depositId, type SidePrefixes, whatOfSide } from "@bystack/protocol/explain/side";
import { isBtm } from "@bystack/protocol/peg/claim";
import { isFloatRecipient } from "@bystack/protocol/peg/vault";
import { BOND_POSITION, parseCandidate } from "@bystack/protocol/side/candidate";
import { type MappedSideTransaction, mapSideTransaction } from "@bystack/protocol/side/entries";
import { parseEvidence } from "@bystack/protocol/side/evidence";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { decodeSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { parseVoteClaim } from "@bystack/protocol/side/vote-claim";
import type { SideChainSpec } from "@bystack/protocol/spec";
import type { ExplorerBlock, ExplorerOutput, ExplorerTransaction } from "./facts.ts";

/** BTM in less BTM out, with what a voters' claim brings; none for what moves no coins of anybody. */
export function sideFee(transaction: SideTransaction, mapped: MappedSideTransaction): bigint {
  const spends = mapped.sources.filter(({ kind }) => kind === "spend" || kind === "veto");
  if (spends.length === 0) return 0n;
  let fee = (parseVoteClaim(transaction)?.payments ?? []).reduce((sum, { amount }) => sum + amount, 0n);
  for (const { value } of spends) if (isBtm(value.assetId)) fee += value.amount;
  for (const { value } of mapped.results) if (isBtm(value.assetId)) fee -= value.amount;
  return fee;
}

type Moves = Pick<ExplorerTransaction, "creates" | "issues" | "retires" | "burns" | "definitions">;

function movesOf(mapped: MappedSideTransaction, isGenesis: boolean): Moves {
  const [first] = mapped.sources;
  const isCoinbase = first?.kind === "coinbase";
  const valuesOf = (kind: string): AssetAmount[] =>
    mapped.results.flatMap((result) => (result.kind === kind ? [result.value] : []));
  const creates = mapped.results.flatMap(({ kind, id, value, program }) => {
    if (kind !== "intra" && kind !== "vote") return [];
    return [{ ...value, id, program, kind: kind === "vote" ? kind : isCoinbase ? first.kind : ("normal" as const) }];
  });
  if (first?.kind === "cross-chain") {
    // A deposit for the float mints nothing; one for the pool is minted and is nobody's output.
    const isFloat = isFloatRecipient(mapped.results[0]?.program ?? new Uint8Array(0));
    const { definition } = first.input;
    const definitions = isBtm(first.value.assetId) ? [] : [{ assetId: first.value.assetId, definition }];
    return { creates, issues: isFloat ? [] : [first.value], retires: [], burns: [], definitions };
  }
  const issues = isGenesis ? creates.map(({ assetId, amount }) => ({ assetId, amount })) : [];
  return { creates, issues, retires: valuesOf("retirement"), burns: valuesOf("cross"), definitions: [] };
}

/** One transaction of a side-chain body. */
export function sideTransactionFacts(
  transaction: SideTransaction,
  place: { readonly position: number; readonly isGenesis: boolean },
  prefixes: SidePrefixes,
): ExplorerTransaction {
  const mapped = mapSideTransaction(transaction);
  const [first] = transaction.inputs;
  const isSystem = first?.kind === "system";
  const candidate = isSystem ? parseCandidate(transaction) : undefined;
  const bond = candidate?.action === "register" ? mapped.results[BOND_POSITION] : undefined;
  const evidence = isSystem ? parseEvidence(transaction) : undefined;
  const spends = mapped.sources.flatMap((source): ExplorerOutput[] =>
    source.kind === "spend" || source.kind === "veto"
      ? [{ ...source.value, id: source.spentOutputId, program: source.input.program }]
      : [],
  );
  return {
    id: mapped.id,
    position: place.position,
    sizeBytes: transaction.size,
    feeNeu: sideFee(transaction, mapped),
    gasOnly: false,
    what: whatOfSide(transaction, mapped, prefixes),
    spends,
    ...movesOf(mapped, place.isGenesis),
    ...(first?.kind === "cross-chain" && { claims: depositId(first) }),
    ...(candidate?.action === "register" &&
      bond !== undefined && {
        bonds: { voteKey: candidate.voteKey, output: { ...bond.value, id: bond.id, program: bond.program } },
      }),
    ...(evidence !== undefined && { seizes: evidence.voteKey }),
  };
}

function* transactionsOf(
  batches: readonly Uint8Array[],
  isGenesis: boolean,
  prefixes: SidePrefixes,
): Iterable<ExplorerTransaction> {
  const [batch] = batches;
  const list = batch === undefined ? [] : (readBatch(batch) ?? []);
  for (const [position, raw] of list.entries()) {
    // The block is final: what does not decode here was executed by another version.
    const decoded = decodeSideTransaction(raw);
    if (decoded.ok) yield sideTransactionFacts(decoded.value, { position, isGenesis }, prefixes);
  }
}

/** A final block of a side chain. */
export function sideBlockFacts({ hash, header, batches }: SideBlock, prefixes: SidePrefixes): ExplorerBlock {
  return {
    hash,
    previous: header.parentHash,
    height: header.height,
    timestampMs: header.timestampMs,
    sizeBytes: batches.reduce((sum, batch) => sum + batch.length, 0),
    effective: { count: header.transactionCount, root: header.transactionRoot },
    transactions: transactionsOf(batches, false, prefixes),
  };
}

/** The genesis block of a side chain, which no log holds. */
export function sideGenesisFacts(spec: SideChainSpec, prefixes: SidePrefixes): ExplorerBlock {
  const { hash, header, batch } = sideGenesis(spec);
  return {
    hash,
    previous: header.parentHash,
    height: 0,
    timestampMs: header.timestampMs,
    sizeBytes: batch.length,
    effective: { count: header.transactionCount, root: header.transactionRoot },
    transactions: transactionsOf([batch], true, prefixes),
  };
}
