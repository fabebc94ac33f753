// What the explorer asks the node's own chain, and how it shows a decoded transaction: the same words for both chains.

import { addressOfProgram } from "@bystack/protocol/address";
import type { AssetAmount } from "@bystack/protocol/entry";
import type { What } from "@bystack/protocol/explain/what";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";

export type DecodedInput = {
  readonly kind: "spend" | "issuance" | "coinbase" | "claim" | "veto" | "system" | "unknown";
  readonly value: AssetAmount | undefined;
  readonly program: Uint8Array | undefined;
  readonly outputId: Hash | undefined;
};

export type DecodedOutput = {
  readonly id: Hash;
  readonly kind: "normal" | "retirement" | "vote" | "burn" | "unknown";
  readonly value: AssetAmount;
  readonly program: Uint8Array;
  readonly vote: Uint8Array | undefined;
};

/** A transaction in a few words. */
export type Summary = {
  readonly id: Hash;
  readonly gasOnly: boolean;
  readonly sizeBytes: number;
  readonly feeNeu: bigint;
  readonly what: What;
};

export type Decoded = Summary & {
  readonly timeRange: bigint;
  readonly inputs: readonly DecodedInput[];
  readonly outputs: readonly DecodedOutput[];
  /** Undefined while it waits. */
  readonly block:
    | { readonly height: number; readonly position: number; readonly hash: Hash; readonly timestampMs: number }
    | undefined;
};

/** The node's chain, as far as the explorer's answers need it beside the index. */
export type ExplorerChain = {
  readonly addressPrefix: string;
  /** Where burns are paid; empty where there are none. */
  readonly mainAddressPrefix: string;
  /** What a transaction in a block is. */
  readonly status: "confirmed" | "final";
  height(): number;
  /** In a block, or waiting. */
  transaction(id: Hash): Promise<Decoded | undefined>;
  isWaiting(id: Hash): boolean;
  /** Oldest first; fewer than asked for when they are large. */
  waiting(limit: number): { readonly count: number; readonly items: readonly Summary[] };
};

export function viewAddress(program: Uint8Array, prefix: string): string | null {
  return addressOfProgram(program, prefix)?.text ?? null;
}

export function viewSummary(
  summary: Summary,
  place: { readonly height: number; readonly position: number; readonly timestampMs: number | undefined } | undefined,
) {
  return {
    id: bytesToHex(summary.id),
    blockHeight: place?.height ?? null,
    position: place?.position ?? null,
    timestampMs: place?.timestampMs ?? null,
    gasOnly: summary.gasOnly,
    fee: (summary.feeNeu < 0n ? 0n : summary.feeNeu).toString(),
    bytes: summary.sizeBytes,
    what: summary.what,
  };
}

export function viewInput({ kind, value, program, outputId }: DecodedInput, prefix: string, madeBy: Hash | undefined) {
  return {
    kind,
    asset: value === undefined ? null : bytesToHex(value.assetId),
    amount: value?.amount.toString() ?? null,
    program: program === undefined ? null : bytesToHex(program),
    address: program === undefined ? null : viewAddress(program, prefix),
    outputId: outputId === undefined ? null : bytesToHex(outputId),
    transaction: madeBy === undefined ? null : bytesToHex(madeBy),
  };
}

export function viewDecodedOutput(
  { id, kind, value, program, vote }: DecodedOutput,
  prefix: string,
  spentBy: Hash | undefined,
) {
  return {
    id: bytesToHex(id),
    kind,
    asset: bytesToHex(value.assetId),
    amount: value.amount.toString(),
    program: bytesToHex(program),
    address: viewAddress(program, prefix),
    vote: vote === undefined ? null : bytesToHex(vote),
    spentBy: spentBy === undefined ? null : bytesToHex(spentBy),
  };
}
