// The supply recounted from the outputs themselves (federation.md section 6): every so many blocks and at each start. A
// mismatch means that a counter is wrong, here or everywhere: the node says so and its member signs no payout any more.

import type { FinalBlock } from "@bystack/chain/side/side-chain";
import type { SideState } from "@bystack/ledger/side/state";
import { recountSupply } from "@bystack/ledger/side/supply";
import { bytesToHex } from "@bystack/utils/bytes";

/** Blocks between two recounts; each looks at every output, about a second for a million. */
export const RECOUNT_BLOCKS = 1000;
/** Mismatches named in the alarm. */
const MISMATCHES_NAMED = 3;

export function isRecountDue(final: readonly FinalBlock[]): boolean {
  return final.some(({ block }) => block.header.height % RECOUNT_BLOCKS === 0);
}

/** What is wrong with the supply of a final state, as a sentence; undefined when all counters agree. */
export function supplyProblem(state: SideState): string | undefined {
  const mismatches = recountSupply(state);
  if (mismatches.length === 0) return undefined;
  const named = mismatches.slice(0, MISMATCHES_NAMED).map(({ assetId, counted, circulating }) => {
    return `asset ${bytesToHex(assetId)}: ${counted} counted, ${circulating} on record`;
  });
  return `the supply does not add up at height ${state.position.height}: ${named.join("; ")}`;
}
