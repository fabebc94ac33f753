// A side chain in a test: specs with four members, blocks built by the builder and applied by the ledger, wallets of two
// users, and a collector that knows the main chain of main-sim.ts. Every block is built and applied, so the two paths
// check each other.

import assert from "node:assert/strict";
import { publicKeyFromSeed, signEd25519 } from "@bystack/crypto/ed25519";
import type { MainTransaction } from "@bystack/protocol/main/transaction";
import { createClaim, createClaimProof } from "@bystack/protocol/peg/claim";
import { assemblePayout, draftSignatureHashes, type PayoutDraft } from "@bystack/protocol/peg/draft";
import { createInclusionPaths } from "@bystack/protocol/peg/inclusion";
import {
  createCoinProofTransaction,
  createGovernanceTransaction,
  createHeadersTransaction,
  createPayoutProofTransaction,
  encodeGovernanceBody,
  type GovernanceAction,
  governanceMessage,
  SYSTEM_HEADERS_MAX,
} from "@bystack/protocol/peg/system";
import { depositProgram } from "@bystack/protocol/peg/vault";
import { committeeRoot, type SideHeader, sideBodyRoot } from "@bystack/protocol/side/header";
import type { SideOutput, SideTransaction } from "@bystack/protocol/side/transaction";
import {
  chainSpecHash,
  chainSpecToJson,
  type FederationSpec,
  parseSideChainSpec,
  type SideChainSpec,
  type VotesSpec,
} from "@bystack/protocol/spec";
import { createDevFederation, createDevMainSpec, createDevSideSpec } from "@bystack/protocol/spec/presets";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import { type ApplyResult, applySideBlock, type BlockSummary } from "../../src/side/apply.ts";
import { createBodyBuilder } from "../../src/side/builder.ts";
import type { PegState } from "../../src/side/peg/state.ts";
import { createSideRules, epochOfHeight, type PegRules, type SideRules } from "../../src/side/rules.ts";
import { createGenesisState, type SideState } from "../../src/side/state.ts";
import { recountSupply } from "../../src/side/supply.ts";
import { type SideUtxo, spendCommitmentOf, UTXO_KIND } from "../../src/side/utxo.ts";
import { committeeOf } from "../../src/side/votes/committee.ts";
import { type MainNode, MainSim } from "./main-sim.ts";
import { BTM, COIN, createUser, describe, seed, signSpend, type TestAsset, type User } from "./users.ts";

export { BTM, COIN, createAsset, createUser, describe, seed, signSpend, type TestAsset, type User } from "./users.ts";

const ZERO = new Uint8Array(32);
export type KitOptions = {
  readonly members?: number;
  readonly confirmations?: number;
  readonly assets?: readonly TestAsset[];
  readonly federation?: Partial<FederationSpec>;
  readonly epochBlocks?: number;
  readonly programs?: "any" | "standard";
  readonly coinbaseBlocks?: number;
  readonly maxBlockGas?: number;
  readonly blocksPerRetarget?: number;
  readonly limits?: Partial<SideChainSpec["limits"]>;
  /** Turns elections on. */
  readonly votes?: VotesSpec;
};

export class Kit {
  readonly main: MainSim;
  readonly rules: SideRules;
  readonly peg: PegRules;
  readonly memberSeeds: { readonly vault: Uint8Array; readonly identity: Uint8Array }[];
  readonly assets = new Map<string, TestAsset>();
  state: SideState;
  summary: BlockSummary | undefined;
  /** Every payout that was ever recorded, as members would have kept it. */
  readonly drafts = new Map<bigint, PayoutDraft>();

  constructor(options: KitOptions = {}) {
    const count = options.members ?? 4;
    const names = Array.from({ length: count }, (_, i) => `m${i}`);
    this.memberSeeds = names.map((name) => ({ vault: seed(`vault ${name}`), identity: seed(`identity ${name}`) }));
    const mainSpec = createDevMainSpec({
      genesisTimeSeconds: 1_700_000_000,
      outputs: [{ program: createUser("rich").program, amountNeu: COIN }],
      blocksPerRetarget: options.blocksPerRetarget ?? 2016,
    });
    const listed = (options.assets ?? []).map((asset) => {
      this.assets.set(bytesToHex(asset.id), asset);
      return { assetId: asset.id, depositMin: 1n, burnMin: 1n, cap: null, largeAmount: null };
    });
    const btm = { assetId: BTM, depositMin: COIN, burnMin: COIN, cap: null, largeAmount: null };
    const federation = createDevFederation({
      mainSpec,
      members: names.map((id) => ({
        id,
        operator: id,
        identity: publicKeyFromSeed(seed(`identity ${id}`)),
        vault: publicKeyFromSeed(seed(`vault ${id}`)),
        collector: publicKeyFromSeed(seed(`collector ${id}`)),
      })),
      confirmations: options.confirmations ?? 3,
      assets: [btm, ...listed],
    });
    const preset = createDevSideSpec({
      name: "side",
      genesisTimeMs: 1_700_000_000_000,
      committee: names.map((id) => ({
        id,
        voteKey: publicKeyFromSeed(seed(`vote ${id}`)),
        rewardProgram: createUser(`reward ${id}`).program,
      })),
      federation: { ...federation, batchBlocks: 2, pegOutFeeNeu: 20_000_000n, ...options.federation },
      consensus: { epochBlocks: options.epochBlocks ?? 1000, run: 1 },
      ...(options.votes === undefined ? {} : { votes: options.votes }),
    });
    const spec = {
      ...preset,
      gas: { ...preset.gas, maxBlock: options.maxBlockGas ?? preset.gas.maxBlock },
      limits: { ...preset.limits, ...options.limits },
      features: { ...preset.features, programs: options.programs ?? ("any" as const) },
      locks: { ...preset.locks, coinbaseBlocks: options.coinbaseBlocks ?? 3 },
    };
    const parsed = parseSideChainSpec(chainSpecToJson(spec));
    assert.ok(parsed.ok, parsed.ok ? "" : JSON.stringify(parsed.error));
    assert.equal(bytesToHex(federation.mainSpec), bytesToHex(chainSpecHash(mainSpec)));
    this.rules = createSideRules(spec, mainSpec);
    assert.ok(this.rules.peg !== undefined);
    this.peg = this.rules.peg;
    this.main = new MainSim(mainSpec);
    this.state = createGenesisState(this.rules);
  }

  get pegState(): PegState {
    assert.ok(this.state.peg !== undefined);
    return this.state.peg;
  }

  asset(id: Hash): { locked: bigint; pending: bigint; minted: bigint; burned: bigint; retired: bigint } {
    const record = this.pegState.asset(id);
    assert.ok(record !== undefined);
    return record;
  }

  /** Header and body of the next block with these transactions, as a leader makes them. */
  build(transactions: readonly Uint8Array[], view = this.state.position.height + 1) {
    const builder = createBodyBuilder({ parent: this.state, view, verdicts: "assumed" });
    const results = transactions.map((bytes) => builder.add(bytes));
    const body = builder.finish();
    return { results, body, header: this.header({ ...body, view }), batches: [body.batch] };
  }

  header(body: { batch: Uint8Array; transactionRoot: Hash; transactionCount: number; view: number }): SideHeader {
    const { position } = this.state;
    const height = position.height + 1;
    const { epochBlocks, blockMs } = this.rules.spec.consensus;
    return {
      chainId: this.rules.chainId,
      epoch: epochOfHeight(height, epochBlocks),
      view: body.view,
      height,
      parentHash: ZERO,
      parentView: 0,
      timestampMs: position.timestampMs + blockMs,
      bodyRoot: sideBodyRoot([body.batch]),
      transactionCount: body.transactionCount,
      transactionRoot: body.transactionRoot,
      parentStateRoot: this.state.root(),
      skipRoot: ZERO,
      nextCommitteeRoot: height % epochBlocks === 0 ? this.#nextCommitteeRoot(height / epochBlocks + 1) : ZERO,
    };
  }

  #nextCommitteeRoot(epoch: number): Hash {
    const members = committeeOf(this.state, epoch) ?? [];
    return committeeRoot(members.map((member) => member.voteKey));
  }

  /** Builds, applies and keeps one block; every transaction must take effect. */
  block(...transactions: (SideTransaction | undefined)[]): BlockSummary {
    const bytes = transactions.filter((transaction) => transaction !== undefined).map(({ raw }) => raw);
    const built = this.build(bytes);
    for (const result of built.results) assert.ok(result.ok, `refused: ${describe(result)}`);
    const applied = applySideBlock({ ...built, parent: this.state, verdicts: "assumed" });
    return this.keep(applied);
  }

  keep(applied: ApplyResult): BlockSummary {
    assert.ok(applied.ok, applied.ok ? "" : `${applied.code} ${JSON.stringify(applied.where)}`);
    this.state = applied.state;
    this.summary = applied.summary;
    for (const draft of applied.summary.drafts) this.drafts.set(draft.payout, draft);
    return applied.summary;
  }

  /** What the ledger says about one transaction in the next block; nothing is kept. */
  judge(transaction: SideTransaction): string {
    const [result] = this.build([transaction.raw]).results;
    return result === undefined ? "nothing" : result.ok ? "ok" : result.code;
  }

  /** Main-chain headers that the state does not know, as system transactions. */
  headers(): SideTransaction[] {
    const headers = this.main.headersAfter((hash) => this.pegState.sections.headers.has(bytesToHex(hash)));
    const transactions: SideTransaction[] = [];
    for (let i = 0; i < headers.length; i += SYSTEM_HEADERS_MAX) {
      transactions.push(createHeadersTransaction(headers.slice(i, i + SYSTEM_HEADERS_MAX)));
    }
    return transactions;
  }

  /** Blocks until the state knows the main chain's tip. */
  sync(): void {
    for (const transaction of this.headers()) this.block(transaction);
  }

  depositProgram(recipient: Uint8Array): Uint8Array {
    return depositProgram({ keys: this.peg.vault.keys, chainId: this.rules.chainId, recipient });
  }

  depositTransaction(recipient: Uint8Array, amount: bigint, assetId: Hash = BTM): MainTransaction {
    return this.main.deposit([{ kind: "output", assetId, amount, program: this.depositProgram(recipient) }]);
  }

  claim(place: { node: MainNode; index: number }, recipient: Uint8Array, position = 0): SideTransaction {
    const { node, index } = place;
    const assetId = node.mapped[index]?.results[position]?.value.assetId ?? BTM;
    const origin = this.assets.get(bytesToHex(assetId))?.origin;
    return createClaim({
      block: node.block,
      statusFail: node.statusFail,
      transactionIndex: index,
      position,
      vaultEpoch: BigInt(this.peg.vault.epoch),
      recipient,
      ...(origin === undefined ? {} : { origin }),
    });
  }

  /** Deposits, confirms, claims: afterwards the recipient has the coins. */
  fund(recipient: Uint8Array, amount: bigint, assetId: Hash = BTM): SideTransaction {
    const node = this.main.mine([{ transaction: this.depositTransaction(recipient, amount, assetId) }]);
    this.main.mineEmpty(this.peg.federation.confirmations.base - 1);
    this.sync();
    const claim = this.claim({ node, index: 1 }, recipient);
    this.block(claim);
    return claim;
  }

  /** A float big enough for some payouts. */
  fundFloat(amount = 10n * COIN): void {
    this.fund(Uint8Array.of(0x6a), amount);
  }

  coinsOf(user: User, assetId: Hash = BTM): { id: string; utxo: SideUtxo }[] {
    return [...this.state.utxos.map.entries()]
      .filter(([, utxo]) => equalBytes(utxo.program, user.program) && equalBytes(utxo.assetId, assetId))
      .filter(([, utxo]) => utxo.kind === UTXO_KIND.normal)
      .map(([id, utxo]) => ({ id, utxo }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  balance(user: User, assetId: Hash = BTM): bigint {
    return this.coinsOf(user, assetId).reduce((sum, coin) => sum + coin.utxo.amount, 0n);
  }

  /** Spends all of a user's coins of the assets involved; what the outputs and the fee leave comes back as change. */
  spend(user: User, outputs: readonly SideOutput[], options: { feeNeu?: bigint } = {}): SideTransaction {
    const assets = new Map<string, Hash>([[bytesToHex(BTM), BTM]]);
    for (const output of outputs) assets.set(bytesToHex(output.assetId), output.assetId);
    const coins = [...assets.values()].flatMap((assetId) => this.coinsOf(user, assetId));
    // About 1,800 gas an input at 200 neu.
    const feeNeu = options.feeNeu ?? 400_000n * BigInt(coins.length) + 400_000n;
    const changes: SideOutput[] = [];
    for (const [key, assetId] of assets) {
      const sum = (list: readonly { assetId: Hash; amount: bigint }[]): bigint =>
        list.reduce((total, entry) => (bytesToHex(entry.assetId) === key ? total + entry.amount : total), 0n);
      const change = sum(coins.map((coin) => coin.utxo)) - sum(outputs) - (key === bytesToHex(BTM) ? feeNeu : 0n);
      assert.ok(change >= 0n, "the user has enough");
      if (change > 0n) changes.push({ kind: "intra", assetId, amount: change, program: user.program });
    }
    const commitments = coins.map((coin) => spendCommitmentOf(coin.utxo));
    return signSpend(user, commitments, [...outputs, ...changes]);
  }

  /** A burn of one amount to a payee on the main chain, with the peg-out fee. */
  burn(user: User, amount: bigint, options: { assetId?: Hash; payee?: Uint8Array } = {}): SideTransaction {
    const { assetId = BTM, payee = createUser("payee").program } = options;
    return this.spend(user, [
      { kind: "cross", assetId, amount, program: payee },
      { kind: "intra", assetId: BTM, amount: this.peg.federation.pegOutFeeNeu, program: Uint8Array.of(0x6a) },
    ]);
  }

  readonly #signed = new Map<bigint, MainTransaction>();

  /** The payout signed by the first k members: made once, everybody keeps it for ever. */
  signed(draft: PayoutDraft): MainTransaction {
    const known = this.#signed.get(draft.payout) ?? this.sign(draft, [0, 1, 2]);
    this.#signed.set(draft.payout, known);
    return known;
  }

  sign(draft: PayoutDraft, members: readonly number[]): MainTransaction {
    const { publicKeys } = this.peg.vault.keys;
    const hashes = draftSignatureHashes(draft);
    const signatures = hashes.map((hash) =>
      members.map((member) => {
        const secret = this.memberSeeds[member]?.vault ?? ZERO;
        const publicKey = publicKeyFromSeed(secret);
        const keyIndex = publicKeys.findIndex((key) => equalBytes(key, publicKey));
        return { keyIndex, signature: signEd25519(secret, hash) };
      }),
    );
    const transaction = assemblePayout(draft, signatures, () => this.peg.vault.keys);
    assert.ok(transaction !== undefined);
    return transaction;
  }

  /** The completion proof of a payout that is on the main chain's best branch. */
  payoutProof(number: bigint): SideTransaction | undefined {
    const draft = this.drafts.get(number);
    const place = draft === undefined ? undefined : this.main.find(draft.transactionId);
    if (place === undefined) return undefined;
    const { node, index } = place;
    const transactionIds = node.mapped.map((entry) => entry.id);
    return createPayoutProofTransaction({
      payout: number,
      headerHeight: BigInt(node.height),
      statusFail: node.statusFail[index] === true,
      paths: createInclusionPaths({ transactionIds, statusFail: node.statusFail, index, withStatus: true }),
    });
  }

  /** The proof of a deposit coin that is on the best branch again. */
  coinProof(nullifier: Hash): SideTransaction | undefined {
    for (let node: MainNode | undefined = this.main.tip; node !== undefined; node = node.parent) {
      for (const [transactionIndex, mapped] of node.mapped.entries()) {
        const position = mapped.results.findIndex((result) => equalBytes(result.id, nullifier));
        if (position < 0) continue;
        const { block, statusFail } = node;
        const vaultEpoch = BigInt(this.peg.vault.epoch);
        return createCoinProofTransaction(
          nullifier,
          createClaimProof({ block, statusFail, transactionIndex, position, vaultEpoch }).proof,
        );
      }
    }
    return undefined;
  }

  govern(act: GovernanceAction, members: readonly number[], seq = this.pegState.control.governanceSeq + 1n) {
    const body = encodeGovernanceBody(seq, act);
    const message = governanceMessage(this.rules.chainId, this.peg.vault.epoch, body);
    const signatures = members.map((member) => ({
      member,
      signature: signEd25519(this.memberSeeds[member]?.identity ?? ZERO, message),
    }));
    return createGovernanceTransaction(body, signatures);
  }

  /** Mines the signed payout and enough blocks over it, and tells the side chain. */
  completePayout(number: bigint, options: { fail?: boolean } = {}): void {
    const draft = this.drafts.get(number);
    assert.ok(draft !== undefined, `payout ${number} exists`);
    this.main.mine([{ transaction: this.signed(draft), fail: options.fail === true }]);
    this.main.mineEmpty(this.peg.federation.confirmations.base - 1);
    this.sync();
    this.block(this.payoutProof(number));
  }

  /** Blocks until a boundary has passed; gives the drafts of that boundary. */
  boundary(): readonly PayoutDraft[] {
    for (;;) {
      const summary = this.block();
      if (this.state.position.height % this.peg.federation.batchBlocks === 0) return summary.drafts;
    }
  }

  assertSupply(): void {
    assert.deepEqual(recountSupply(this.state), []);
    for (const asset of this.pegState.assetRecords()) {
      const owedNow = asset.minted - asset.burned - asset.retired + asset.pending;
      const { paused } = this.pegState.control;
      if (!paused.reorg && !paused.deficit) assert.ok(asset.locked >= owedNow, "locked covers what is owed");
    }
  }
}
