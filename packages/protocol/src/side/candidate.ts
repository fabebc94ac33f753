// Registration and resignation of candidates (sidechain.md section 5), as system transactions of kind 6. They pay gas by
// spend inputs beside the system input; a registration's second output is the bond. Bytes: docs/adr/0006.

import { concatBytes, equalBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { isRetirementProgram } from "../entry.ts";
import { isEmptyRetirement, SYSTEM_KIND } from "../peg/system.ts";
import { ByteReader, ByteWriter } from "../wire.ts";
import { SIGNATURE_BYTES } from "./certificate.ts";
import type { SideSystemInput, SideTransactionData } from "./transaction.ts";

/** A candidate's key: public key and chain code, as vote outputs name it. */
export const CANDIDATE_KEY_BYTES = 64;
/** As long as a program in a chain spec. */
export const REWARD_PROGRAM_BYTES_MAX = 256;
/** Position of a registration's bond among the outputs. */
export const BOND_POSITION = 1;

export type Registration = {
  readonly action: "register";
  readonly key: Uint8Array;
  /** Key that signs in the consensus. */
  readonly voteKey: Uint8Array;
  readonly rewardProgram: Uint8Array;
  /** Percent of its rewards that its voters get. */
  readonly voterShare: number;
};

export type Resignation = { readonly action: "resign"; readonly key: Uint8Array };

/** What a transaction of kind 6 asks for; signatures of the key and, for a registration, of the vote key. */
export type CandidateAction = (Registration | Resignation) & { readonly signatures: readonly Uint8Array[] };

const ACTION = { register: 1, resign: 2 } as const;
const MESSAGE_TAG = utf8ToBytes("bystack/candidate/1");

/**
 * What the candidate's keys sign: it names the chain and the transaction, whose id covers body, inputs and outputs, so it
 * is good for one transaction only. Never as long as a vote's signed bytes (95) or a signature hash (32).
 */
export function candidateMessage(chainId: Hash, transactionId: Hash): Uint8Array {
  return concatBytes(MESSAGE_TAG, chainId, transactionId);
}

/** `01 | key 64 | vote key 32 | voter share u8 | varstr reward program`, or `02 | key 64`. */
export function encodeCandidateBody(action: Registration | Resignation): Uint8Array {
  const writer = new ByteWriter(160).byte(ACTION[action.action]).raw(action.key);
  if (action.action === "resign") return writer.finish();
  return writer.raw(action.voteKey).byte(action.voterShare).varstr(action.rewardProgram).finish();
}

function decodeBody(body: Uint8Array): Registration | Resignation | undefined {
  const reader = new ByteReader(body);
  const code = reader.byte();
  const key = reader.take(CANDIDATE_KEY_BYTES);
  let action: Registration | Resignation = { action: "resign", key };
  if (code === ACTION.register) {
    const voteKey = reader.take(32);
    const voterShare = reader.byte();
    action = { action: "register", key, voteKey, voterShare, rewardProgram: reader.varstr() };
    const { rewardProgram } = action;
    const isPayable = rewardProgram.length > 0 && !isRetirementProgram(rewardProgram);
    if (voterShare > 100 || !isPayable || rewardProgram.length > REWARD_PROGRAM_BYTES_MAX) reader.fail("INVALID");
  } else if (code !== ACTION.resign) reader.fail("INVALID");
  reader.finish();
  return reader.error === undefined && equalBytes(encodeCandidateBody(action), body) ? action : undefined;
}

/** True when an input makes its transaction one of kind 6. */
export function isCandidateInput(input: SideTransactionData["inputs"][number] | undefined): input is SideSystemInput {
  return input?.kind === "system" && input.systemKind === SYSTEM_KIND.candidate;
}

/**
 * Reads kind 6: one system input, then spend inputs; one empty retirement, then ordinary and vote outputs. Undefined for
 * any other form. Whether the bond is there and the signatures are good is the ledger's to say.
 */
export function parseCandidate(transaction: SideTransactionData): CandidateAction | undefined {
  const [input, ...spends] = transaction.inputs;
  const [retirement, ...outputs] = transaction.outputs;
  if (!isCandidateInput(input) || spends.length === 0 || spends.some((other) => other.kind !== "spend")) {
    return undefined;
  }
  if (!isEmptyRetirement(retirement) || outputs.some((output) => output.kind === "cross")) return undefined;
  const action = decodeBody(input.body);
  const signatures = input.arguments;
  if (action === undefined || signatures.length !== (action.action === "register" ? 2 : 1)) return undefined;
  return signatures.every((signature) => signature.length === SIGNATURE_BYTES) ? { ...action, signatures } : undefined;
}
