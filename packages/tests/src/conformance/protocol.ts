// The vector files that the package `protocol` answers for, and the check of each.

import type { VectorChecks } from "./check.ts";
import { checkAccounts, checkAddresses, checkAssets, checkNetworks } from "./protocol/addresses.ts";
import { checkBlocks, checkHeaders, checkMalformedBlocks } from "./protocol/blocks.ts";
import { checkDifficulty } from "./protocol/difficulty.ts";
import { checkMerkle } from "./protocol/merkle.ts";
import { checkMalformedTransactions, checkTransactions } from "./protocol/transactions.ts";
import { checkVaporBlocks, checkVaporTransactions } from "./protocol/vapor.ts";
import { checkVarints } from "./protocol/varint.ts";

/** Files of `vectors/bytom`. */
export const protocolChecks: VectorChecks = {
  varint: checkVarints,
  transactions: checkTransactions,
  "malformed-tx": checkMalformedTransactions,
  blocks: checkBlocks,
  headers: checkHeaders,
  "malformed-block": checkMalformedBlocks,
  merkle: checkMerkle,
  difficulty: checkDifficulty,
  address: checkAddresses,
  asset: checkAssets,
  account: checkAccounts,
  "network-params": checkNetworks,
};

/** Files of `vectors/vapor`. */
export const protocolVaporChecks: VectorChecks = {
  transactions: checkVaporTransactions,
  blocks: checkVaporBlocks,
};
