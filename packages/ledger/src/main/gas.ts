// The gas account of one transaction (spec/bytom.md section 8.2, setGas, setGasValid and updateUsage). The fee in BTM buys
// the gas; until the inputs that bring BTM have been proven, only a credit may be used.

import type { MainTransactionErrorCode } from "./errors.ts";
import type { MainLedgerRules } from "./rules.ts";

/** What a transaction costs. Gas counts are exact integers far below 2^53. */
export type GasState = {
  /** BTM in minus BTM out: the fee. */
  readonly btmValue: bigint;
  readonly gasLeft: number;
  readonly gasUsed: number;
  /** Gas for the transaction's bytes; 0 for a coinbase and for a transaction without BTM. */
  readonly storageGas: number;
  /** True once the fee is proven: from here an error makes the transaction gas-only, not invalid. */
  readonly gasValid: boolean;
};

type Outcome = MainTransactionErrorCode | undefined;

export class GasAccount {
  readonly #rules: MainLedgerRules;
  btmValue = 0n;
  gasLeft = 0;
  gasUsed = 0;
  storageGas = 0;
  gasValid = false;

  constructor(rules: MainLedgerRules) {
    this.#rules = rules;
  }

  /** Turns the fee into gas. */
  setFee(btmValue: bigint, sizeBytes: number): Outcome {
    if (btmValue < 0n) return "ErrGasCalculate";
    this.btmValue = btmValue;
    const bought = btmValue / this.#rules.gasPriceNeu;
    const max = this.#rules.transactionGasMax;
    this.gasLeft = bought < max ? Number(bought) : max;
    this.storageGas = sizeBytes * this.#rules.storageGasPerByte;
    return undefined;
  }

  /** Pays for the bytes; the transaction may be in a block from here on. */
  proveFee(): Outcome {
    if (this.storageGas > this.gasLeft) return "ErrGasCalculate";
    this.gasLeft -= this.storageGas;
    this.gasUsed += this.storageGas;
    this.gasValid = true;
    return undefined;
  }

  /** Books a program that ended well with `gasLeft`. */
  setGasLeft(gasLeft: number): Outcome {
    this.gasUsed += this.gasLeft - gasLeft;
    this.gasLeft = gasLeft;
    if (this.gasValid) return undefined;
    return this.gasUsed > this.#rules.gasCredit || this.storageGas > gasLeft ? "ErrOverGasCredit" : undefined;
  }

  state(): GasState {
    const { btmValue, gasLeft, gasUsed, storageGas, gasValid } = this;
    return { btmValue, gasLeft, gasUsed, storageGas, gasValid };
  }
}
