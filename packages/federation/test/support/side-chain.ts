// A side chain in memory for this package's tests: the pure peg rules of the protocol package (claims, drafts, proofs,
// governance messages) over a small state, final blocks with real certificates. The ledger's own rules are tested there; this
// one is simpler (one asset list, no fees, no windows) but refuses what the federation must survive being refused.

import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { sha3_256 } from "@bystack/crypto/hash";
import { BTM_ASSET_ID, ZERO_HASH } from "@bystack/protocol/entry";
import { encodeMainTransaction } from "@bystack/protocol/main/transaction";
import { type Claim, isBtm, parseClaim } from "@bystack/protocol/peg/claim";
import { type ClaimContext, validateClaim, validateDepositProof } from "@bystack/protocol/peg/claim-rules";
import { verifyStatusPath, verifyTransactionPath } from "@bystack/protocol/peg/inclusion";
import { derivePayout, type PayoutView } from "@bystack/protocol/peg/payout";
import {
  decodeCoinProof,
  type Governance,
  governanceMessage,
  isSystemTransaction,
  parseSystem,
} from "@bystack/protocol/peg/system";
import { isFloatRecipient, pegInCommitment, type VaultKeys, vaultProgram } from "@bystack/protocol/peg/vault";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import type { EpochEnd } from "@bystack/protocol/side/light-client";
import { createSideTransaction, decodeSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import type { SideChainSpec } from "@bystack/protocol/spec";
import { chainIdOf } from "@bystack/protocol/spec";
import { bytesToHex, EMPTY_BYTES, equalBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { CreditedClaim, PayoutRecord, PegStatus } from "../../src/ports.ts";
import { MEMBERS, programOf } from "./keys.ts";
import type { MainChainFake } from "./main-chain.ts";
import { type Burn, type CoinState, isFree, type Payout, unitsOf } from "./payout-units.ts";
import { type Block, blockAfter, type Seat, voteKeysOf } from "./side-blocks.ts";

export const EPOCH = 1;

/** As a node refuses a transaction. */
export function refuse(why: string): BystackError {
  const entry = { kind: "invalid", fault: "peer-minor", message: "rejected", next: "" } as const;
  return new BystackError("TRANSACTION_REJECTED", entry, { why });
}

type Asset = { minimum: bigint; cap: bigint; minted: bigint; burned: bigint; completed: bigint };

export class SideChainFake {
  readonly spec: SideChainSpec;
  readonly chainId: Hash;
  readonly #main: MainChainFake;
  readonly #keys: VaultKeys;
  readonly #blocks: Block[] = [];
  #waiting: SideTransaction[] = [];
  /** Hashes of the main headers that the state knows, by height. */
  readonly #headers: Hash[] = [];
  readonly claims = new Map<string, CreditedClaim & { readonly recipient: Uint8Array; readonly amount: bigint }>();
  readonly coins = new Map<string, CoinState>();
  readonly burns = new Map<string, Burn>();
  readonly payouts = new Map<bigint, Payout>();
  readonly assets = new Map<string, Asset>();
  readonly paused = { automatic: false, in: false, out: false };
  governanceSeq = 0n;
  /** Names of the vote keys that sit in an epoch; undefined: those of the spec. */
  elected: (epoch: number) => readonly Seat[] | undefined = () => undefined;
  /** Main headers are taken in only while this is true. */
  followsMain = true;
  /** How often a claim, proof or governance action took effect, and how often one was refused. */
  readonly counts = { claims: 0, proofs: 0, governance: 0, refused: 0 };

  constructor(spec: SideChainSpec, options: { main: MainChainFake; keys: VaultKeys }) {
    this.spec = spec;
    this.chainId = chainIdOf(spec);
    this.#main = options.main;
    this.#keys = options.keys;
    for (const { assetId, depositMin, cap } of spec.federation?.assets ?? []) this.list(assetId, depositMin, cap ?? 0n);
    this.#followMain();
  }

  list(assetId: Hash, minimum: bigint, cap = 0n): void {
    const known = this.assets.get(bytesToHex(assetId));
    const counters = known ?? { minted: 0n, burned: 0n, completed: 0n };
    this.assets.set(bytesToHex(assetId), { ...counters, minimum, cap });
  }

  get keys(): VaultKeys {
    return this.#keys;
  }

  get height(): number {
    return this.#blocks.length;
  }

  get mainHeight(): number {
    return this.#headers.length - 1;
  }

  locked(assetId: Hash): bigint {
    let sum = 0n;
    for (const coin of this.coins.values()) {
      if (!coin.spent && coin.provenHeight !== undefined && equalBytes(coin.assetId, assetId)) sum += coin.amount;
    }
    return sum;
  }

  owed(assetId: Hash): bigint {
    const asset = this.assets.get(bytesToHex(assetId));
    return asset === undefined ? 0n : asset.minted - asset.completed;
  }

  floatNeu(): bigint {
    const open = [...this.payouts.values()].filter(({ state }) => state === "open");
    return (
      this.locked(BTM_ASSET_ID) - this.owed(BTM_ASSET_ID) - open.reduce((sum, { draft }) => sum + draft.feeNeu, 0n)
    );
  }

  /** Burns towards a main-chain program; takes effect in the next block. */
  burn(options: { assetId?: Hash; amount: bigint; program: Uint8Array; note?: string }): Hash {
    const assetId = options.assetId ?? BTM_ASSET_ID;
    const transaction = createSideTransaction({
      version: 1n,
      timeRange: 0n,
      inputs: [
        {
          kind: "spend",
          sourceId: sha3_256(utf8ToBytes(`burn ${this.burns.size} ${this.#waiting.length} ${options.note ?? ""}`)),
          assetId,
          amount: options.amount,
          sourcePosition: 0n,
          program: programOf("holder"),
          arguments: [],
        },
      ],
      outputs: [{ kind: "cross", assetId, amount: options.amount, program: options.program }],
    });
    this.#waiting.push(transaction);
    const [result] = mapSideTransaction(transaction).results;
    if (result === undefined) throw new Error("a burn has an output");
    return result.id;
  }

  submit(raw: Uint8Array): void {
    const decoded = decodeSideTransaction(raw);
    if (!decoded.ok) throw refuse(decoded.error.code);
    const transaction = decoded.value;
    const { id } = mapSideTransaction(transaction);
    if (this.#waiting.some((waiting) => equalBytes(mapSideTransaction(waiting).id, id))) return;
    const code = this.#judge(transaction, id, "check");
    if (code !== undefined) {
      this.counts.refused += 1;
      throw refuse(code);
    }
    this.#waiting.push(transaction);
  }

  /** Makes a block of what waits, final at once, and the drafts of its boundary. */
  produce(): void {
    if (this.followsMain) this.#followMain();
    const height = this.#blocks.length + 1;
    const taken = this.#waiting.filter((transaction) => {
      return this.#judge(transaction, mapSideTransaction(transaction).id, "apply") === undefined;
    });
    this.#waiting = [];
    const ids = taken.map((transaction) => mapSideTransaction(transaction).id);
    const { chainId } = this;
    const { epochBlocks } = this.spec.consensus;
    const seatsOf = (epoch: number): readonly Seat[] => this.#seatsOf(epoch);
    this.#blocks.push(blockAfter(this.#blocks.at(-1), { chainId, ids, epochBlocks, seatsOf }));
    if (height % (this.spec.federation?.batchBlocks ?? 4) === 0) this.#recordDrafts(height);
  }

  #seatsOf(epoch: number): readonly Seat[] {
    return this.elected(epoch) ?? MEMBERS;
  }

  /** How epochs ended, from one on. */
  epochEnds(from: number): EpochEnd[] {
    const { epochBlocks } = this.spec.consensus;
    const ends: EpochEnd[] = [];
    for (let epoch = from; epoch * epochBlocks <= this.height && ends.length < 200; epoch += 1) {
      const block = this.blockAt(epoch * epochBlocks);
      if (block === undefined) break;
      const { header, proof } = block;
      ends.push({ header, certificate: proof.certificate, nextKeys: this.committeeOf(epoch + 1) });
    }
    return ends;
  }

  /** Vote keys of an epoch's committee. */
  committeeOf(epoch: number): Uint8Array[] {
    return voteKeysOf(this.#seatsOf(epoch));
  }

  #followMain(): void {
    const D = this.spec.federation?.confirmations.base ?? 1;
    let left = 0;
    while (this.#headers.length > 0) {
      const height = this.#headers.length - 1;
      const info = this.#main.blockAt(height);
      if (info !== undefined && equalBytes(info.hash, this.#headers[height] ?? ZERO_HASH)) break;
      this.#headers.pop();
      left += 1;
    }
    for (let height = this.#headers.length; ; height += 1) {
      const info = this.#main.blockAt(height);
      if (info === undefined) break;
      this.#headers.push(info.hash);
    }
    if (left < D) return;
    this.paused.automatic = true;
    for (const coin of this.coins.values()) {
      const at = coin.provenHeight;
      if (at !== undefined && !equalBytes(this.#headers[at] ?? ZERO_HASH, coin.provenHash))
        coin.provenHeight = undefined;
    }
  }

  #claimContext(): ClaimContext {
    const D = BigInt(this.spec.federation?.confirmations.base ?? 1);
    return {
      chainId: this.chainId,
      headerAt: (height) => this.#rootsAt(height),
      tipHeight: BigInt(this.mainHeight),
      confirmations: () => D,
      vaultKeys: (epoch) => (epoch === BigInt(EPOCH) ? this.#keys : undefined),
      asset: (assetId) => this.assets.get(bytesToHex(assetId)),
      locked: (assetId) => this.locked(assetId),
      isClaimed: (nullifier) => this.claims.has(bytesToHex(nullifier)),
      isPaused: () => this.paused.automatic || this.paused.in,
      verifySignature: (publicKey, message, signature) => verifyEd25519({ publicKey, message, signature }, "strict-s"),
    };
  }

  #rootsAt(height: bigint) {
    if (height > BigInt(this.mainHeight)) return undefined;
    const info = this.#main.blockAt(Number(height));
    return info !== undefined && equalBytes(info.hash, this.#headers[Number(height)] ?? ZERO_HASH)
      ? info.block.header
      : undefined;
  }

  /** The code of the first broken rule; with `apply` also the effect. */
  #judge(transaction: SideTransaction, id: Hash, mode: "check" | "apply"): string | undefined {
    if (isSystemTransaction(transaction)) return this.#judgeSystem(transaction, mode);
    if (transaction.inputs[0]?.kind !== "cross-chain") return this.#judgeBurn(transaction, mode);
    const claim = parseClaim(transaction, id);
    if (!claim.ok) return claim.error;
    const code = validateClaim(claim.value, this.#claimContext());
    if (code === undefined && mode === "apply") this.#mint(claim.value);
    return code;
  }

  #mint(claim: Claim): void {
    this.counts.claims += 1;
    const { transactionId, recipient, amount, assetId, muxId, position, nullifier } = claim;
    const provenHeight = Number(claim.proof.headerHeight);
    this.claims.set(bytesToHex(nullifier), { transactionId, height: this.height + 1, recipient, amount });
    const commitment = pegInCommitment(this.chainId, recipient);
    const provenHash = this.#headers[provenHeight] ?? ZERO_HASH;
    const coin = { id: nullifier, muxId, position, assetId, amount, epoch: EPOCH, commitment };
    this.coins.set(bytesToHex(nullifier), { ...coin, provenHeight, provenHash, spent: false, fromPayout: false });
    const asset = this.assets.get(bytesToHex(assetId));
    if (asset !== undefined && !isFloatRecipient(recipient)) asset.minted += amount;
  }

  #judgeBurn(transaction: SideTransaction, mode: "check" | "apply"): string | undefined {
    const mapped = mapSideTransaction(transaction);
    for (const result of mapped.results) {
      if (result.kind !== "cross" || mode === "check") continue;
      const asset = this.assets.get(bytesToHex(result.value.assetId));
      if (asset !== undefined) asset.burned += result.value.amount;
      this.burns.set(bytesToHex(result.id), {
        id: result.id,
        ...result.value,
        program: result.program,
        raw: transaction.raw,
        transactionId: mapped.id,
        height: this.height + 1,
        completed: false,
        failed: [],
      });
    }
    return undefined;
  }

  #judgeSystem(transaction: SideTransaction, mode: "check" | "apply"): string | undefined {
    const parsed = parseSystem(transaction);
    if (!parsed.ok) return parsed.error;
    const content = parsed.value;
    if (content.kind === "governance") return this.#judgeGovernance(content, mode);
    if (content.kind === "headers") return "HEADERS";
    if (content.proof.form === "coin") {
      const coin = this.coins.get(bytesToHex(content.proof.nullifier));
      if (coin === undefined || coin.fromPayout) return "PROOF_PAYOUT";
      if (coin.provenHeight !== undefined) return "PROOF_KNOWN";
      const proof = decodeCoinProof(content.proof, { isBtm: isBtm(coin.assetId) });
      if (proof === undefined) return "SYSTEM_FORM";
      const output = { ...coin, program: vaultProgram(this.#keys, coin.commitment) };
      const code = validateDepositProof(output, proof, this.#claimContext());
      if (code !== undefined || mode === "check") return code;
      coin.provenHeight = Number(proof.headerHeight);
      coin.provenHash = this.#headers[coin.provenHeight] ?? ZERO_HASH;
      this.counts.proofs += 1;
      return undefined;
    }
    const { payout: number, headerHeight, statusFail, paths } = content.proof;
    const payout = this.payouts.get(number);
    const roots = this.#rootsAt(headerHeight);
    if (payout === undefined || (payout.state !== "open" && payout.state !== "dead")) return "PROOF_KNOWN";
    if (roots === undefined) return "PROOF_HEADER";
    const context = this.#claimContext();
    if (context.tipHeight - headerHeight + 1n < context.confirmations(BTM_ASSET_ID, 0n)) return "PROOF_DEPTH";
    if (!verifyTransactionPath(payout.draft.transactionId, paths, roots)) return "PROOF_PATH";
    if (!verifyStatusPath(statusFail, paths, roots)) return "PROOF_PATH";
    if (mode === "apply") this.#settle(payout, statusFail, Number(headerHeight));
    return undefined;
  }

  #settle(payout: Payout, statusFail: boolean, height: number): void {
    this.counts.proofs += 1;
    const { draft } = payout;
    payout.state = statusFail ? "failed" : "done";
    const moves = (assetId: Hash): boolean => !statusFail || isBtm(assetId);
    for (const input of draft.inputs) {
      const coin = this.coins.get(bytesToHex(input.id));
      if (coin !== undefined && moves(input.assetId)) coin.spent = true;
    }
    const proven = { provenHeight: height, provenHash: this.#headers[height] ?? ZERO_HASH };
    for (const change of draft.changes) {
      if (moves(change.assetId))
        this.coins.set(bytesToHex(change.id), { ...change, ...proven, spent: false, fromPayout: true });
    }
    for (const id of draft.requestIds) {
      const burn = this.burns.get(bytesToHex(id));
      const asset = burn === undefined ? undefined : this.assets.get(bytesToHex(burn.assetId));
      if (burn === undefined || asset === undefined) continue;
      if (statusFail) burn.failed.push(draft.payout);
      else {
        burn.completed = true;
        asset.completed += burn.amount;
      }
    }
  }

  #judgeGovernance(content: Governance, mode: "check" | "apply"): string | undefined {
    if (content.seq !== this.governanceSeq + 1n) return "GOVERNANCE_SEQ";
    const message = governanceMessage(this.chainId, EPOCH, content.body);
    for (const { member, signature } of content.signatures) {
      const publicKey = this.spec.federation?.members[member]?.identity ?? EMPTY_BYTES;
      if (!verifyEd25519({ publicKey, message, signature }, "strict-s")) return "GOVERNANCE_SIGNATURES";
    }
    const { act } = content;
    const needed = act.action === "pause" ? 2 : 3;
    if (content.signatures.length < needed) return "GOVERNANCE_SIGNATURES";
    if (mode === "check") return undefined;
    this.governanceSeq = content.seq;
    this.counts.governance += 1;
    if (act.action === "list") this.list(act.assetId, act.minimum, act.cap);
    else if (act.scope.kind !== "asset") this.paused[act.scope.kind] = act.action === "pause";
    return undefined;
  }

  #recordDrafts(height: number): void {
    if (this.paused.automatic || this.paused.out) return;
    const view: PayoutView = {
      chainId: this.chainId,
      nextPayout: BigInt(this.payouts.size + 1),
      openPayouts: [...this.payouts.values()].filter(({ state }) => state === "open").length,
      floatNeu: this.floatNeu(),
      epochs: [{ epoch: EPOCH, keys: this.#keys }],
      coins: [...this.coins.values()].filter((coin) => isFree(coin, this.payouts)),
      units: unitsOf(this.payouts, this.burns),
      keptCoins: [],
    };
    for (const draft of derivePayout(view).drafts) {
      this.payouts.set(draft.payout, { draft, recordedHeight: height, state: "open", view });
    }
  }

  record(number: bigint): PayoutRecord | undefined {
    const payout = this.payouts.get(number);
    if (payout === undefined) return undefined;
    const { draft, recordedHeight, state } = payout;
    return {
      payout: number,
      transactionId: draft.transactionId,
      state,
      recordedHeight,
      transaction: encodeMainTransaction(draft.transaction),
      inputs: draft.inputs,
      requestIds: draft.requestIds,
    };
  }

  status(): PegStatus {
    const tip = this.mainHeight;
    return {
      height: this.height,
      epoch: EPOCH,
      mainTip: { height: tip, hash: this.#headers[tip] ?? ZERO_HASH },
      pauses: { ...this.paused, assets: [] },
      governanceNext: this.governanceSeq + 1n,
      floatNeu: this.floatNeu(),
      assets: [...this.assets].map(([key, asset]) => {
        const assetId = Uint8Array.from(Buffer.from(key, "hex"));
        const counters = { locked: this.locked(assetId), owed: this.owed(assetId), writtenOff: 0n };
        return { assetId, listed: true, minimum: asset.minimum, cap: asset.cap, ...counters };
      }),
    };
  }

  blockAt(height: number): Block | undefined {
    return this.#blocks[height - 1];
  }
}
