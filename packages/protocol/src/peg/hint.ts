// The hint that our wallets add to a deposit: a 1-neu retirement that tells collectors the recipient (federation.md
// section 3). No id covers it (F1), so it decides nothing: a changed one gives another address and is ignored.

import { concatBytes, equalBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { parseInstructions, retirementProgram } from "../program.ts";
import { isRecipient } from "./vault.ts";

const MAGIC = utf8ToBytes("BYPI");
const VERSION = 0x01;
const CHAIN_PREFIX_BYTES = 8;
const RECIPIENT_AT = MAGIC.length + 1 + CHAIN_PREFIX_BYTES;

/** Program of the hint: `6a <push> "BYPI" 01 | chainId[0..8] | recipient`. */
export function depositHintProgram(chainId: Hash, recipient: Uint8Array): Uint8Array {
  const chain = chainId.subarray(0, CHAIN_PREFIX_BYTES);
  return retirementProgram(concatBytes(MAGIC, Uint8Array.of(VERSION), chain, recipient));
}

/** A hint for whichever chain: the first 8 bytes of the chain's id, and the recipient there. */
export type DepositHint = { readonly chainPrefix: Uint8Array; readonly recipient: Uint8Array };

/** The hint in a retirement program, whichever chain it is for; undefined when it is anything else. */
export function parseAnyDepositHint(program: Uint8Array): DepositHint | undefined {
  const instructions = parseInstructions(program, 3);
  const [fail, push] = instructions ?? [];
  if (instructions?.length !== 2 || fail?.opcode !== 0x6a || push === undefined) return undefined;
  const { data } = push;
  if (data.length <= RECIPIENT_AT || !equalBytes(data.subarray(0, MAGIC.length), MAGIC)) return undefined;
  if (data[MAGIC.length] !== VERSION) return undefined;
  const recipient = data.subarray(RECIPIENT_AT);
  return isRecipient(recipient) ? { chainPrefix: data.subarray(MAGIC.length + 1, RECIPIENT_AT), recipient } : undefined;
}

/** The recipient that a retirement program hints at for this chain; undefined when it is anything else. */
export function parseDepositHint(chainId: Hash, program: Uint8Array): Uint8Array | undefined {
  const hint = parseAnyDepositHint(program);
  if (hint === undefined || !equalBytes(hint.chainPrefix, chainId.subarray(0, CHAIN_PREFIX_BYTES))) return undefined;
  return hint.recipient;
}
