// Finds deposits in one main-chain block. Pure. A deposit is an output at the deposit address of a known recipient; hints
// beside it make recipients known. An output that was meant for this chain but whose recipient cannot be read (a hint of
// this chain that names nobody, or whose address got nothing; money sent to an address that the vault used for change) is
// reported too, so that its owner learns what can be done.

import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { type MainResult, type MappedMainTransaction, mapMainTransaction } from "@bystack/protocol/main/entries";
import { decodeMainTransaction } from "@bystack/protocol/main/transaction";
import { parseDepositHint } from "@bystack/protocol/peg/hint";
import { parseInstructions, witnessForm } from "@bystack/protocol/program";
import { bytesToHex, equalBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { ASSET_ORIGIN_BYTES_MAX, UNREADABLE_PER_TRANSACTION_MAX } from "../limits.ts";
import type { MainBlockInfo } from "../ports.ts";
import type { Deposit, DepositFlaw } from "./deposits.ts";

export type ScanContext = {
  readonly chainId: Hash;
  /** Recipient of the deposit address with this program. */
  readonly find: (programHex: string) => Uint8Array | undefined;
  /** Programs that the vault used for change, and the payout (transaction id, hexadecimal) that did. */
  readonly changePrograms: ReadonlyMap<string, string>;
};

const HINT_MAGIC = utf8ToBytes("BYPI");

/** True for a hint that names this chain, whether or not its recipient can be read. */
export function isHintOfChain(chainId: Hash, program: Uint8Array): boolean {
  const [fail, push] = parseInstructions(program, 3) ?? [];
  if (fail?.opcode !== 0x6a || push === undefined) return false;
  const { data } = push;
  return equalBytes(data.subarray(0, 4), HINT_MAGIC) && equalBytes(data.subarray(5, 13), chainId.subarray(0, 8));
}

/** Recipients that the hints of a block name. */
export function hintedRecipients(block: MainBlockInfo["block"], chainId: Hash): Uint8Array[] {
  const recipients = new Map<string, Uint8Array>();
  for (const transaction of block.transactions) {
    for (const output of transaction.outputs) {
      if (output.kind !== "output") continue;
      const recipient = parseDepositHint(chainId, output.program);
      if (recipient !== undefined) recipients.set(bytesToHex(recipient), recipient);
    }
  }
  return [...recipients.values()];
}

/** Programs, in hexadecimal, of the outputs behind the requests of a payout: its change. */
export function changeProgramsOf(transaction: Uint8Array, requests: number): string[] {
  const decoded = decodeMainTransaction(transaction);
  if (!decoded.ok) return [];
  const programs = decoded.value.outputs
    .slice(requests)
    .flatMap((output) => (output.kind === "output" ? [output.program] : []));
  return [...new Set(programs.map(bytesToHex))];
}

/** How an asset proves its id; seen where it was issued. */
export type SeenOrigin = {
  readonly assetId: Hash;
  readonly issuanceVmVersion: bigint;
  readonly definition: Uint8Array;
  readonly issuanceProgram: Uint8Array;
};

/** The assets issued in a block, as far as a claim could carry them. */
export function issuedAssets(block: MainBlockInfo["block"]): SeenOrigin[] {
  return block.transactions.flatMap(({ inputs }) =>
    inputs.flatMap((input): SeenOrigin[] => {
      if (input.kind !== "issuance") return [];
      const { assetId, vmVersion: issuanceVmVersion, definition, program: issuanceProgram } = input;
      const fits = definition.length <= ASSET_ORIGIN_BYTES_MAX && issuanceProgram.length <= ASSET_ORIGIN_BYTES_MAX;
      return fits ? [{ assetId, issuanceVmVersion, definition, issuanceProgram }] : [];
    }),
  );
}

type Place = { readonly index: number; readonly mapped: MappedMainTransaction; readonly info: MainBlockInfo };

function depositOf(place: Place, result: MainResult, recipient: Uint8Array | undefined): Deposit {
  const { index, mapped, info } = place;
  const gasOnly = info.statusFail[index] === true && !equalBytes(result.value.assetId, BTM_ASSET_ID);
  let flaw: DepositFlaw | undefined;
  if (recipient === undefined) flaw = "unreadable";
  else if (index === 0) flaw = "first-transaction";
  else if (gasOnly) flaw = "gas-only";
  return {
    nullifier: result.id,
    transactionId: mapped.id,
    transactionIndex: index,
    position: result.position,
    mainHeight: info.height,
    assetId: result.value.assetId,
    amount: result.value.amount,
    program: result.program,
    recipient,
    flaw,
    credited: false,
    claim: undefined,
  };
}

function scanTransaction(place: Place, context: ScanContext): Deposit[] {
  const { mapped } = place;
  const found: Deposit[] = [];
  const others: MainResult[] = [];
  for (const result of mapped.results) {
    if (result.kind !== "output") continue;
    const key = bytesToHex(result.program);
    const recipient = context.find(key);
    if (recipient !== undefined) {
      found.push(depositOf(place, result, recipient));
      continue;
    }
    const payout = context.changePrograms.get(key);
    const isStrayAtChange = payout !== undefined && payout !== bytesToHex(mapped.id);
    if (isStrayAtChange) found.push(depositOf(place, result, undefined));
    else if (payout === undefined && witnessForm(result.program)?.kind === "p2wsh") others.push(result);
  }
  const hinted = mapped.results.some((result) => isHintOfChain(context.chainId, result.program));
  if (found.length === 0 && hinted) {
    for (const result of others.slice(0, UNREADABLE_PER_TRANSACTION_MAX))
      found.push(depositOf(place, result, undefined));
  }
  return found;
}

/** The deposits of a block. The recipients that its hints name must be known to `context.find` already. */
export function scanBlock(info: MainBlockInfo, context: ScanContext): Deposit[] {
  return info.block.transactions.flatMap((transaction, index) =>
    scanTransaction({ index, mapped: mapMainTransaction(transaction), info }, context),
  );
}
