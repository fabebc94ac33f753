// The parameters of the main chain's ledger (spec/bytom.md section 6.5), as one record that comes from the chain spec. The
// reference's values are here because recorded chains replay with them.

import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { BYTOM_SUBSIDY, FUTURE_SECONDS_MAX, type SubsidyRules } from "@bystack/protocol/pow";
import { type MainChainSpec, subsidyRulesOf } from "@bystack/protocol/spec/main";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import type { VmRules } from "@bystack/vm/context";

export type MainLedgerRules = {
  readonly blockGasMax: number;
  readonly transactionGasMax: number;
  /** Gas that a transaction may use before its fee has been proven. */
  readonly gasCredit: number;
  /** Price of one gas, in neu. */
  readonly gasPriceNeu: bigint;
  readonly storageGasPerByte: number;
  /** Blocks until a coinbase output may be spent. */
  readonly coinbaseMaturity: bigint;
  /** The same for the genesis block's outputs; 0 on a dev chain, whose first payment then needs no waiting. */
  readonly genesisMaturity: bigint;
  readonly coinbaseArbitraryBytesMax: number;
  /** From this height on, a transaction with a repeated input is invalid (rule AA of section 7.3). */
  readonly repeatedInputHeight: bigint;
  readonly futureSecondsMax: bigint;
  readonly subsidy: SubsidyRules;
};

export const BYTOM_LEDGER_RULES: MainLedgerRules = {
  blockGasMax: 10_000_000,
  transactionGasMax: 200_000,
  gasCredit: 30_000,
  gasPriceNeu: 200n,
  storageGasPerByte: 1,
  coinbaseMaturity: 100n,
  genesisMaturity: 100n,
  coinbaseArbitraryBytesMax: 128,
  repeatedInputHeight: 142_500n,
  futureSecondsMax: FUTURE_SECONDS_MAX,
  subsidy: BYTOM_SUBSIDY,
};

/** The ledger's part of a chain spec. */
export function mainLedgerRulesOf(spec: MainChainSpec): MainLedgerRules {
  const { gas, rules, genesis, pow } = spec;
  return {
    blockGasMax: gas.maxBlock,
    transactionGasMax: gas.maxTransaction,
    gasCredit: gas.credit,
    gasPriceNeu: gas.priceNeu,
    storageGasPerByte: gas.storagePerByte,
    coinbaseMaturity: BigInt(rules.coinbaseMaturityBlocks),
    genesisMaturity: BigInt(genesis.maturityBlocks),
    coinbaseArbitraryBytesMax: rules.coinbaseArbitraryBytesMax,
    repeatedInputHeight: BigInt(rules.emptyInputIdHeight),
    futureSecondsMax: BigInt(pow.futureSecondsMax),
    subsidy: subsidyRulesOf(spec),
  };
}

/** How the main chain runs programs: no MULFRACTION, and signatures by the reference's rule (section 15.1). */
export const MAIN_VM_RULES: VmRules = {
  mulFraction: false,
  checkSig: (publicKey, message, signature) => verifyEd25519({ publicKey, message, signature }, "bytom"),
};

export function isBtm(assetId: Hash): boolean {
  return equalBytes(assetId, BTM_ASSET_ID);
}
