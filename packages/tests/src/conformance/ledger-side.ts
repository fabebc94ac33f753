// The vector files of the original side chain that the ledger answers for, and the check of each.

import type { VectorChecks } from "./check.ts";
import { checkPayouts, checkSlots } from "./side/payments.ts";
import { checkUtxos } from "./side/utxo.ts";
import { checkEpochChain, checkRankings, checkVoteResults } from "./side/votes.ts";

/** Files of `vectors/vapor`. */
export const ledgerSideChecks: VectorChecks = {
  "vote-result": checkVoteResults,
  "vote-ranking": checkRankings,
  "epoch-chain": checkEpochChain,
  slots: checkSlots,
  "coinbase-payout": checkPayouts,
  "utxo-view": checkUtxos,
};
