// Claims of the voters' share (sidechain.md section 5), as system transactions of kind 7: the entitlements of some vote outputs,
// paid to the programs of these outputs by whoever pays the gas. Bytes: docs/adr/0008.

import { compareBytes, equalBytes, type Hash } from "@bystack/utils/bytes";
import { BTM_ASSET_ID } from "../entry.ts";
import { isEmptyRetirement, SYSTEM_KIND } from "../peg/system.ts";
import { ByteReader, ByteWriter } from "../wire.ts";
import { writeVarint53 } from "./header.ts";
import type { SideInput, SideTransactionData } from "./transaction.ts";

/** Vote outputs of one claim: each needs an output, and 1,024 outputs are the most of a transaction. */
export const VOTE_CLAIM_OUTPUTS_MAX = 200;

export type VotePayment = { readonly voteId: Hash; readonly program: Uint8Array; readonly amount: bigint };

export type VoteClaim = {
  readonly action: "claim";
  /** The present epoch: a vote output is claimed for once in each. */
  readonly epoch: number;
  /** Ascending by vote id, each once. */
  readonly payments: readonly VotePayment[];
};

/** True when an input makes its transaction one of kind 7. */
export function isVoteClaimInput(input: SideInput | undefined): boolean {
  return input?.kind === "system" && input.systemKind === SYSTEM_KIND.voteClaim;
}

/** `epoch v63 | count v31 | vote output id 32 …`, ids ascending. */
export function encodeVoteClaimBody(epoch: number, voteIds: readonly Hash[]): Uint8Array {
  const writer = new ByteWriter(32 * voteIds.length + 16);
  writeVarint53(writer, epoch);
  writer.varint31(voteIds.length);
  for (const id of voteIds) writer.raw(id);
  return writer.finish();
}

function decodeBody(body: Uint8Array): { epoch: number; voteIds: readonly Hash[] } | undefined {
  const reader = new ByteReader(body);
  const epoch = reader.varint53();
  const count = reader.varint31();
  if (reader.error !== undefined || count < 1 || count > VOTE_CLAIM_OUTPUTS_MAX) return undefined;
  const voteIds = Array.from({ length: count }, () => reader.hash());
  reader.finish();
  if (reader.error !== undefined || !equalBytes(encodeVoteClaimBody(epoch, voteIds), body)) return undefined;
  return { epoch, voteIds };
}

function isAscending(ids: readonly Hash[]): boolean {
  return ids.every((id, i) => {
    const before = ids[i - 1];
    return before === undefined || compareBytes(before, id) < 0;
  });
}

/**
 * Reads kind 7: one system input without arguments, then spend inputs; one empty retirement, one BTM output for each vote
 * output in their order, then what the spender likes. Undefined for any other form.
 */
export function parseVoteClaim(transaction: SideTransactionData): VoteClaim | undefined {
  const [input, ...spends] = transaction.inputs;
  const [retirement, ...outputs] = transaction.outputs;
  if (input?.kind !== "system" || !isVoteClaimInput(input) || input.arguments.length !== 0) return undefined;
  if (spends.length === 0 || spends.some((other) => other.kind !== "spend")) return undefined;
  if (!isEmptyRetirement(retirement) || outputs.some((output) => output.kind !== "intra")) return undefined;
  const decoded = decodeBody(input.body);
  if (decoded === undefined || !isAscending(decoded.voteIds)) return undefined;
  const payments = decoded.voteIds.flatMap((voteId, i) => {
    const output = outputs[i];
    if (output === undefined || !equalBytes(output.assetId, BTM_ASSET_ID)) return [];
    return [{ voteId, program: output.program, amount: output.amount }];
  });
  return payments.length === decoded.voteIds.length ? { action: "claim", epoch: decoded.epoch, payments } : undefined;
}
