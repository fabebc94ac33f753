// Facts of a block → rows. The rows of a block and the cursor that says so are one change. A row that should be there and is
// not, or a count that does not fit the header, is EXPLORER_INCONSISTENT: the index is then made anew.

import type { AssetAmount } from "@bystack/protocol/entry";
import { merkleRoot } from "@bystack/protocol/merkle";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import type { Pause } from "../main/pause.ts";
import type { ExplorerChanges } from "./changes.ts";
import { explorerError } from "./errors.ts";
import type { ExplorerBlock, ExplorerOutput, ExplorerTransaction } from "./facts.ts";
import {
  ASSET_ROW,
  type AssetRow,
  BLOCK_ROW,
  balanceBytes,
  CURSOR_ROW,
  type CursorRow,
  EXPLORER_DEFINITION_BYTES_MAX,
  key,
  OUTPUT_ROW,
  type Place,
  PRESENT,
  PROGRAM_ROW,
  placeBytes,
  programId,
  readBalance,
  TRANSACTION_ROW,
} from "./rows.ts";

/** A change of one program's balance of one asset. */
type Move = { readonly program: Uint8Array; readonly assetId: Hash; amount: bigint };
type Part = { readonly program: Uint8Array; readonly id: Uint8Array; readonly moves: Map<string, Move> };
/** What a transaction does to assets and programs, before it is written: each row is touched once. */
class Effects {
  readonly assets = new Map<string, { readonly assetId: Hash; row: Partial<Record<keyof AssetRow, bigint>> }>();
  readonly programs = new Map<string, Part>();

  count(field: "issued" | "retired" | "burned", { assetId, amount }: AssetAmount): void {
    if (amount === 0n) return;
    this.#add(assetId, field, amount);
  }

  /** An output comes (1) or goes (-1). */
  move({ program, assetId, amount }: Omit<ExplorerOutput, "id">, sign: 1n | -1n): void {
    const text = bytesToHex(program);
    let part = this.programs.get(text);
    if (part === undefined) {
      part = { program, id: programId(program), moves: new Map() };
      this.programs.set(text, part);
    }
    const asset = bytesToHex(assetId);
    const before = part.moves.get(asset)?.amount ?? 0n;
    part.moves.set(asset, { program, assetId, amount: before + sign * amount });
    this.#add(assetId, "held", sign * amount);
  }

  #add(assetId: Hash, field: "issued" | "retired" | "burned" | "held" | "holders", amount: bigint): void {
    const text = bytesToHex(assetId);
    const entry = this.assets.get(text) ?? { assetId, row: {} };
    entry.row[field] = (entry.row[field] ?? 0n) + amount;
    this.assets.set(text, entry);
  }

  addHolder(assetId: Hash, by: 1n | -1n): void {
    this.#add(assetId, "holders", by);
  }
}

function inconsistent(why: string): Error {
  return explorerError("EXPLORER_INCONSISTENT", { why });
}

async function writeBalances(changes: ExplorerChanges, effects: Effects): Promise<void> {
  for (const { program, id, moves } of effects.programs.values()) {
    for (const { assetId, amount } of moves.values()) {
      const row = key.balance(id, assetId);
      const bytes = await changes.get(row);
      const before = bytes === undefined ? 0n : readBalance(bytes);
      const after = before + amount;
      if (after < 0n) throw inconsistent(`${bytesToHex(program)} would have less than nothing`);
      if (after === before) continue;
      if (before > 0n) await changes.set(key.holder(assetId, before, id), undefined);
      if (after > 0n) await changes.set(key.holder(assetId, after, id), PRESENT);
      await changes.set(row, after === 0n ? undefined : balanceBytes(after));
      if (before === 0n) effects.addHolder(assetId, 1n);
      if (after === 0n) effects.addHolder(assetId, -1n);
    }
  }
}

async function writeAssets(changes: ExplorerChanges, effects: Effects, height: number): Promise<void> {
  for (const { assetId, row } of effects.assets.values()) {
    const bytes = await changes.get(key.asset(assetId));
    const none = { firstHeight: height, transactions: 0, holders: 0, issued: 0n, retired: 0n, burned: 0n, held: 0n };
    const before = bytes === undefined ? none : ASSET_ROW.decode(bytes);
    const after: AssetRow = {
      firstHeight: before.firstHeight,
      transactions: before.transactions + 1,
      holders: before.holders + Number(row.holders ?? 0n),
      issued: before.issued + (row.issued ?? 0n),
      retired: before.retired + (row.retired ?? 0n),
      burned: before.burned + (row.burned ?? 0n),
      held: before.held + (row.held ?? 0n),
    };
    if (after.held < 0n || after.issued < 0n) throw inconsistent(`less than nothing of asset ${bytesToHex(assetId)}`);
    await changes.set(key.asset(assetId), ASSET_ROW.encode(after));
  }
}

async function writePrograms(changes: ExplorerChanges, effects: Effects, place: Place): Promise<void> {
  for (const { program, id } of effects.programs.values()) {
    const bytes = await changes.get(key.program(id));
    const before = bytes === undefined ? undefined : PROGRAM_ROW.decode(bytes);
    const after = {
      program,
      transactions: (before?.transactions ?? 0) + 1,
      firstHeight: before?.firstHeight ?? place.height,
      lastHeight: place.height,
    };
    await changes.set(key.program(id), PROGRAM_ROW.encode(after));
    await changes.set(key.programTransaction(id, place), PRESENT);
  }
}

async function spend(changes: ExplorerChanges, id: Hash, by: Hash): Promise<void> {
  const bytes = await changes.get(key.output(id));
  if (bytes === undefined) throw inconsistent(`output ${bytesToHex(id)} is spent and was never made`);
  await changes.set(key.output(id), OUTPUT_ROW.encode({ ...OUTPUT_ROW.decode(bytes), spentBy: by }));
}

/** Evidence takes the newest bond of its key, where that is not spent. */
async function seizedBond(changes: ExplorerChanges, voteKey: Uint8Array): Promise<ExplorerOutput | undefined> {
  const id = await changes.get(key.bond(voteKey));
  const bytes = id === undefined ? undefined : await changes.get(key.output(id));
  const row = bytes === undefined ? undefined : OUTPUT_ROW.decode(bytes);
  if (id === undefined || row === undefined || row.spentBy !== undefined) return undefined;
  return { id, assetId: row.assetId, amount: row.amount, program: row.program };
}

async function isSpendable(changes: ExplorerChanges, id: Hash): Promise<boolean> {
  const bytes = await changes.get(key.output(id));
  return bytes !== undefined && OUTPUT_ROW.decode(bytes).spentBy === undefined;
}

/** Whether a transaction of a side-chain body has an effect: its inputs are there, its deposit was not claimed before. */
async function isEffective(changes: ExplorerChanges, transaction: ExplorerTransaction): Promise<boolean> {
  const { claims, spends } = transaction;
  if (claims !== undefined && (await changes.get(key.claimed(claims))) !== undefined) return false;
  for (const { id } of spends) if (!(await isSpendable(changes, id))) return false;
  return true;
}

async function applyTransaction(
  changes: ExplorerChanges,
  transaction: ExplorerTransaction,
  height: number,
): Promise<void> {
  const { id, position, creates, gasOnly, sizeBytes, feeNeu, what } = transaction;
  const effects = new Effects();
  const seized = transaction.seizes === undefined ? undefined : await seizedBond(changes, transaction.seizes);
  for (const output of seized === undefined ? transaction.spends : [...transaction.spends, seized]) {
    await spend(changes, output.id, id);
    effects.move(output, -1n);
  }
  for (const output of creates) {
    const { assetId, amount, program, kind } = output;
    const row = { assetId, amount, program, kind, transactionId: id, height, spentBy: undefined };
    await changes.set(key.output(output.id), OUTPUT_ROW.encode(row));
    effects.move(output, 1n);
  }
  for (const field of ["issued", "retired", "burned"] as const) {
    const values = { issued: transaction.issues, retired: transaction.retires, burned: transaction.burns }[field];
    for (const value of values) effects.count(field, value);
  }
  const place = { height, position };
  await writeBalances(changes, effects);
  await writeAssets(changes, effects, height);
  await writePrograms(changes, effects, place);
  const row = { height, position, gasOnly, sizeBytes, feeNeu: feeNeu < 0n ? 0n : feeNeu, what };
  await changes.set(key.transaction(id), TRANSACTION_ROW.encode(row));
  await changes.set(key.place(place), id);
  for (const { assetId, definition } of transaction.definitions) {
    if (definition.length === 0 || definition.length > EXPLORER_DEFINITION_BYTES_MAX) continue;
    await changes.set(key.definition(assetId), definition.slice());
  }
  if (transaction.claims !== undefined) await changes.set(key.claimed(transaction.claims), id);
  if (transaction.bonds !== undefined)
    await changes.set(key.bond(transaction.bonds.voteKey), transaction.bonds.output.id);
}

/** Whether what was found to have an effect is what the header says. */
function assertEffective(block: ExplorerBlock, ids: readonly Hash[]): void {
  const { effective, height } = block;
  if (effective === undefined) return;
  if (effective.count !== ids.length || !equalBytes(merkleRoot(ids), effective.root))
    throw inconsistent(`block ${height} has ${effective.count} transactions, the index finds ${ids.length}`);
}

/**
 * Applies a block that follows the cursor. `undoable`: how to take it back is kept too.
 * @returns the cursor behind it. @throws BystackError EXPLORER_INCONSISTENT
 */
export async function applyBlock(
  changes: ExplorerChanges,
  block: ExplorerBlock,
  options: { readonly cursor: CursorRow | undefined; readonly undoable: boolean; readonly pause: Pause },
): Promise<CursorRow> {
  const { height, hash, timestampMs, sizeBytes } = block;
  if (options.undoable) changes.beginBlock();
  const ids: Hash[] = [];
  for (const transaction of block.transactions) {
    await options.pause();
    if (block.effective !== undefined && !(await isEffective(changes, transaction))) continue;
    await applyTransaction(changes, transaction, height);
    ids.push(transaction.id);
  }
  assertEffective(block, ids);
  const transactions = ids.length;
  await changes.set(key.block(height), BLOCK_ROW.encode({ hash, timestampMs, sizeBytes, transactions }));
  const blockHash = key.blockHash(hash);
  await changes.set(blockHash, placeBytes({ height, position: 0 }));
  const cursor = { height, hash, timestampMs, transactions: (options.cursor?.transactions ?? 0) + transactions };
  await changes.set(key.cursor, CURSOR_ROW.encode(cursor));
  if (options.undoable) await changes.endBlock(height);
  return cursor;
}
