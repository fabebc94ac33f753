// A main chain in memory, made of real Bytom transactions and headers. It checks what this package depends on: spent and
// created outputs, vault witnesses (script hash, k signatures in key order), gas-only as a choice of the miner, forks.
// It does not check proof of work, amounts or the signatures of ordinary owners.

import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { sha3_256 } from "@bystack/crypto/hash";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { type MainBlock, mainBlockHash, statusRoot, transactionsRoot } from "@bystack/protocol/main/block";
import {
  type MainSource,
  type MappedMainTransaction,
  mainSignatureHash,
  mapMainTransaction,
} from "@bystack/protocol/main/entries";
import { mainGenesisBlock } from "@bystack/protocol/main/genesis";
import {
  createMainTransaction,
  decodeMainTransaction,
  type MainInput,
  type MainOutput,
  type MainTransaction,
} from "@bystack/protocol/main/transaction";
import { type VaultKeys, verifyVaultWitness } from "@bystack/protocol/peg/vault";
import { bytesToHex, equalBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { MainBlockInfo, MainChainPort } from "../../src/ports.ts";
import { MAIN_SPEC, programOf } from "./keys.ts";

const REJECTED = { kind: "invalid", fault: "peer-minor", message: "rejected", next: "" } as const;

function reject(why: string): BystackError {
  return new BystackError("TRANSACTION_REJECTED", REJECTED, { why });
}

const ENTRIES = new WeakMap<MainTransaction, MappedMainTransaction>();

/** Mapping is most of the work of a fake chain that is asked often. */
function entriesOf(transaction: MainTransaction): MappedMainTransaction {
  const known = ENTRIES.get(transaction) ?? mapMainTransaction(transaction);
  ENTRIES.set(transaction, known);
  return known;
}

type Coin = {
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly program: Uint8Array;
  readonly source: Hash;
  readonly position: bigint;
};

export class MainChainFake {
  readonly #keys: VaultKeys;
  #blocks: MainBlockInfo[];
  #mempool: MainTransaction[] = [];
  #fork = 0;
  #unspent: { readonly tip: MainBlockInfo; readonly set: ReadonlyMap<string, Coin & { height: number }> } | undefined;
  /** Transaction ids that the next blocks record as gas-only. */
  readonly gasOnly = new Set<string>();
  /** Every transaction handed in, in order, as hexadecimal ids: duplicates included. */
  readonly submitted: string[] = [];

  constructor(keys: VaultKeys) {
    this.#keys = keys;
    const block = mainGenesisBlock(MAIN_SPEC);
    this.#blocks = [{ height: 0, hash: mainBlockHash(block.header), block, statusFail: [false] }];
  }

  get tip(): MainBlockInfo {
    const tip = this.#blocks.at(-1);
    if (tip === undefined) throw new Error("a chain has a genesis block");
    return tip;
  }

  blockAt(height: number): MainBlockInfo | undefined {
    return this.#blocks[height];
  }

  get waiting(): number {
    return this.#mempool.length;
  }

  /** Unspent outputs of the best chain by id. */
  utxos(): ReadonlyMap<string, Coin & { height: number }> {
    if (this.#unspent?.tip === this.tip) return this.#unspent.set;
    const set = new Map<string, Coin & { height: number }>();
    for (const { height, block, statusFail } of this.#blocks) {
      block.transactions.forEach((transaction, i) => {
        const mapped = entriesOf(transaction);
        const moves = (assetId: Hash): boolean => statusFail[i] !== true || equalBytes(assetId, BTM_ASSET_ID);
        for (const source of mapped.sources) {
          if (source.kind === "spend" && moves(source.value.assetId)) set.delete(bytesToHex(source.spentOutputId));
        }
        for (const { kind, id, value, program, position } of mapped.results) {
          if (kind !== "output" || !moves(value.assetId)) continue;
          set.set(bytesToHex(id), { ...value, program, source: mapped.muxId, position: BigInt(position), height });
        }
      });
    }
    this.#unspent = { tip: this.tip, set };
    return set;
  }

  /** What all outputs of a program hold. */
  balance(program: Uint8Array, assetId: Hash = BTM_ASSET_ID): bigint {
    let sum = 0n;
    for (const coin of this.utxos().values()) {
      if (equalBytes(coin.program, program) && equalBytes(coin.assetId, assetId)) sum += coin.amount;
    }
    return sum;
  }

  #checkVault(source: MainSource & { kind: "spend" }, mapped: MappedMainTransaction): void {
    const script = source.input.arguments.at(-1);
    const program = source.input.program;
    if (program[1] !== 0x20) return;
    if (script === undefined || !equalBytes(sha3_256(script), program.subarray(2))) throw reject("script hash");
    const good = verifyVaultWitness({
      keys: this.#keys,
      commitment: script.subarray(1, 33),
      witness: source.input.arguments,
      signatureHash: mainSignatureHash(mapped, source.index),
      verifySignature: (publicKey, message, signature) => verifyEd25519({ publicKey, message, signature }, "bytom"),
    });
    if (!good) throw reject("vault witness");
  }

  /** Takes a transaction into the mempool, as a node would. */
  submit(raw: Uint8Array): void {
    const decoded = decodeMainTransaction(raw);
    if (!decoded.ok) throw reject(decoded.error.code);
    const mapped = entriesOf(decoded.value);
    const id = bytesToHex(mapped.id);
    this.submitted.push(id);
    if (this.find(mapped.id) !== undefined) return;
    if (this.#mempool.some((waiting) => equalBytes(entriesOf(waiting).id, mapped.id))) return;
    const set = this.utxos();
    const taken = new Set(this.#mempool.flatMap((waiting) => entriesOf(waiting).spentOutputIds.map(bytesToHex)));
    for (const source of mapped.sources) {
      if (source.kind !== "spend") continue;
      const key = bytesToHex(source.spentOutputId);
      if (!set.has(key) || taken.has(key)) throw reject(`input ${source.index} is spent`);
      this.#checkVault(source, mapped);
    }
    this.#mempool.push(decoded.value);
  }

  find(id: Hash): { info: MainBlockInfo; index: number } | undefined {
    for (const info of this.#blocks) {
      const index = info.block.transactions.findIndex((transaction) => equalBytes(entriesOf(transaction).id, id));
      if (index >= 0) return { info, index };
    }
    return undefined;
  }

  /** Mines `count` blocks; the first takes the whole mempool. */
  mine(count = 1, options: { empty?: boolean } = {}): void {
    for (let i = 0; i < count; i += 1) {
      const { height: parentHeight, hash: previousHash } = this.tip;
      const height = parentHeight + 1;
      const coinbase = createMainTransaction({
        version: 1n,
        timeRange: 0n,
        inputs: [{ kind: "coinbase", arbitrary: utf8ToBytes(`${height}/${this.#fork}`) }],
        outputs: [{ kind: "output", assetId: BTM_ASSET_ID, amount: 1n, program: programOf("miner") }],
      });
      const taken = options.empty === true ? [] : this.#mempool;
      if (options.empty !== true) this.#mempool = [];
      const transactions = [coinbase, ...taken];
      const ids = transactions.map((transaction) => entriesOf(transaction).id);
      const statusFail = ids.map((id) => this.gasOnly.has(bytesToHex(id)));
      const header = {
        version: 1n,
        height: BigInt(height),
        previousHash,
        timestamp: 1_700_000_000n + BigInt(height),
        transactionsRoot: transactionsRoot(ids),
        statusRoot: statusRoot(statusFail),
        nonce: 0n,
        bits: MAIN_SPEC.genesis.bits,
      };
      const block: MainBlock = { header, transactions };
      this.#blocks.push({ height, hash: mainBlockHash(header), block, statusFail });
    }
  }

  /** Drops the last blocks; their transactions wait again, or are gone for good with `forget`. */
  reorganise(depth: number, options: { forget?: boolean } = {}): void {
    const dropped = this.#blocks.splice(-depth);
    this.#fork += 1;
    if (options.forget === true) return;
    this.#mempool = [...dropped.flatMap(({ block }) => block.transactions.slice(1)), ...this.#mempool];
  }

  /** Pays from the owner's largest coin, and puts the transaction into the mempool. */
  pay(
    outputs: readonly MainOutput[],
    issuances: readonly (MainInput & { readonly kind: "issuance" })[] = [],
  ): MappedMainTransaction {
    const owner = programOf("owner");
    const taken = new Set(this.#mempool.flatMap((waiting) => entriesOf(waiting).spentOutputIds.map(bytesToHex)));
    const coins = [...this.utxos()].filter(([id, coin]) => equalBytes(coin.program, owner) && !taken.has(id));
    const [, coin] = coins.sort(([, a], [, b]) => Number(b.amount - a.amount))[0] ?? [];
    if (coin === undefined) throw new Error("the owner has no coin");
    const spent = outputs.reduce(
      (sum, output) =>
        output.kind === "output" && equalBytes(output.assetId, BTM_ASSET_ID) ? sum + output.amount : sum,
      0n,
    );
    const change: MainOutput = {
      kind: "output",
      assetId: BTM_ASSET_ID,
      amount: coin.amount - spent - 1000n,
      program: owner,
    };
    const spend: MainInput = {
      kind: "spend",
      sourceId: coin.source,
      assetId: coin.assetId,
      amount: coin.amount,
      sourcePosition: coin.position,
      program: coin.program,
      arguments: [],
    };
    const transaction = createMainTransaction({
      version: 1n,
      timeRange: 0n,
      inputs: [spend, ...issuances],
      outputs: [...outputs, change],
    });
    this.submit(transaction.raw);
    return entriesOf(transaction);
  }
}

/** A port on the fake; `isDown` makes every question fail. */
export function mainPortOf(chain: MainChainFake, isDown: () => boolean = () => false): MainChainPort {
  const ask = <T>(answer: () => T): Promise<T> =>
    isDown()
      ? Promise.reject(new BystackError("UNREACHABLE", { ...REJECTED, kind: "unavailable" }))
      : new Promise((resolve) => resolve(answer()));
  return {
    tip: () => ask(() => ({ height: chain.tip.height, hash: chain.tip.hash })),
    blockAt: (height) => ask(() => chain.blockAt(height)),
    submit: (raw) => ask(() => chain.submit(raw)),
    transaction: (id) =>
      ask(() => {
        const found = chain.find(id);
        if (found === undefined) return undefined;
        const { height, hash, statusFail } = found.info;
        return { block: { height, hash }, gasOnly: statusFail[found.index] === true };
      }),
    isUnspent: (id) => ask(() => chain.utxos().has(bytesToHex(id))),
    unspentOf: (programs) =>
      ask(() =>
        [...chain.utxos()]
          .filter(([, coin]) => programs.some((program) => equalBytes(program, coin.program)))
          .map(([id, { height }]) => ({ id: Uint8Array.from(Buffer.from(id, "hex")), height })),
      ),
  };
}
