// A side chain with elections in a test: no pegs, epochs of a few blocks, users with genesis coins, candidates with all
// their keys. Every block is built by the builder and applied by the ledger, so the two paths check each other.

import assert from "node:assert/strict";
import { publicKeyFromSeed, signEd25519 } from "@bystack/crypto/ed25519";
import { EMPTY_RETIREMENT, SYSTEM_KIND } from "@bystack/protocol/peg/system";
import { candidateMessage, encodeCandidateBody } from "@bystack/protocol/side/candidate";
import { type SignedContent, signedBytes } from "@bystack/protocol/side/certificate";
import { mapSideTransaction, sideSignatureHash } from "@bystack/protocol/side/entries";
import {
  createEvidenceTransaction,
  type Evidence,
  evidenceOf,
  type SignedMessage,
} from "@bystack/protocol/side/evidence";
import { committeeRoot, type SideHeader, sideBodyRoot } from "@bystack/protocol/side/header";
import {
  createSideTransaction,
  type SideInput,
  type SideOutput,
  type SideTransaction,
} from "@bystack/protocol/side/transaction";
import { encodeVoteClaimBody } from "@bystack/protocol/side/vote-claim";
import { chainSpecToJson, parseSideChainSpec, type SideChainSpec, type VotesSpec } from "@bystack/protocol/spec";
import { createDevSideSpec, DEFAULT_VOTES } from "@bystack/protocol/spec/presets";
import { bytesToHex, concatBytes, equalBytes, type Hash, hexToBytes } from "@bystack/utils/bytes";
import { type ApplyResult, applySideBlock, type BlockSummary } from "../../../src/side/apply.ts";
import { createBodyBuilder } from "../../../src/side/builder.ts";
import { createSideRules, epochOfHeight, type SideRules } from "../../../src/side/rules.ts";
import { createGenesisState, type SideState } from "../../../src/side/state.ts";
import { type SideUtxo, spendCommitmentOf, UTXO_KIND } from "../../../src/side/utxo.ts";
import { committeeOf } from "../../../src/side/votes/committee.ts";
import type { CandidateRecord } from "../../../src/side/votes/records.ts";
import type { VotesState } from "../../../src/side/votes/state.ts";
import { entitlement } from "../../../src/side/votes/voters.ts";
import { BTM, COIN, createUser, describe, seed, type User } from "../kit.ts";

const ZERO = new Uint8Array(32);

/** All keys of one candidate. `key` is what votes name. */
export type TestCandidate = {
  readonly name: string;
  readonly key: Uint8Array;
  readonly keySeed: Uint8Array;
  readonly voteKey: Uint8Array;
  readonly voteSeed: Uint8Array;
  readonly rewardProgram: Uint8Array;
};

export function createCandidate(name: string): TestCandidate {
  const keySeed = seed(`candidate ${name}`);
  const voteSeed = seed(`vote ${name}`);
  return {
    name,
    key: concatBytes(publicKeyFromSeed(keySeed), seed(`chain code ${name}`)),
    keySeed,
    voteKey: publicKeyFromSeed(voteSeed),
    voteSeed,
    rewardProgram: createUser(`reward ${name}`).program,
  };
}

/** Small numbers, so that a few blocks show everything. */
export const TEST_VOTES: VotesSpec = {
  ...DEFAULT_VOTES,
  outputMinNeu: COIN,
  thresholdNeu: 100n * COIN,
  bondMinNeu: 50n * COIN,
  committeeMax: 6,
  standbysMax: 3,
  missedMax: 2,
  unbondingBlocks: 16,
  trustingMs: 7999,
};

export const EPOCH_BLOCKS = 4;
export const VOTE_LOCK = 8;
const FEE = 20n * (COIN / 100n);

export type VotesKitOptions = {
  readonly members?: number;
  readonly users?: readonly string[];
  readonly votes?: Partial<VotesSpec>;
  readonly subsidyNeu?: bigint;
  readonly run?: number;
  readonly programs?: "any" | "standard";
};

export type Coin = { readonly id: string; readonly utxo: SideUtxo };

export class VotesKit {
  readonly rules: SideRules;
  readonly votes: VotesSpec;
  /** The spec's validators are m0, m1 … with the vote keys of candidates of the same names. */
  readonly validators: readonly TestCandidate[];
  state: SideState;
  /** View of the last block in its epoch. */
  view = 0;

  constructor(options: VotesKitOptions = {}) {
    this.validators = Array.from({ length: options.members ?? 4 }, (_, i) => createCandidate(`m${i}`));
    this.votes = { ...TEST_VOTES, ...options.votes };
    const preset = createDevSideSpec({
      name: "votes",
      genesisTimeMs: 1_700_000_000_000,
      committee: this.validators.map(({ name, voteKey, rewardProgram }) => ({ id: name, voteKey, rewardProgram })),
      federation: null,
      genesisOutputs: (options.users ?? ["alice", "bob"]).map((name) => ({
        program: createUser(name).program,
        amountNeu: 100_000n * COIN,
      })),
      consensus: { epochBlocks: EPOCH_BLOCKS, run: options.run ?? 1 },
      votes: this.votes,
    });
    const spec: SideChainSpec = {
      ...preset,
      features: { ...preset.features, programs: options.programs ?? "any" },
      locks: { coinbaseBlocks: 2, voteBlocks: VOTE_LOCK },
      subsidyNeu: options.subsidyNeu ?? 0n,
    };
    const parsed = parseSideChainSpec(chainSpecToJson(spec));
    assert.ok(parsed.ok, parsed.ok ? "" : JSON.stringify(parsed.error));
    this.rules = createSideRules(spec);
    this.state = createGenesisState(this.rules);
  }

  get votesState(): VotesState {
    assert.ok(this.state.votes !== undefined);
    return this.state.votes;
  }

  candidate({ key }: TestCandidate): CandidateRecord {
    const record = this.votesState.candidate(key);
    assert.ok(record !== undefined);
    return record;
  }

  /** Names of the members of an epoch, in order; `?` for a key of nobody among `known`. */
  committee(epoch: number, known: readonly TestCandidate[] = this.validators): string[] {
    const members = committeeOf(this.state, epoch);
    assert.ok(members !== undefined, `epoch ${epoch} is known`);
    return members.map(({ voteKey }) => known.find((one) => equalBytes(one.voteKey, voteKey))?.name ?? "?");
  }

  /** Header of the next block. `skip` views before it had no block. */
  header(
    body: { batch: Uint8Array; transactionRoot: Hash; transactionCount: number },
    options: { skip?: number } = {},
  ): SideHeader {
    const { position } = this.state;
    const height = position.height + 1;
    const epoch = epochOfHeight(height, EPOCH_BLOCKS);
    const parentView = epoch === position.epoch ? this.view : 0;
    const next = committeeOf(this.state, epoch + 1);
    const isLast = height % EPOCH_BLOCKS === 0;
    assert.ok(next !== undefined, "the next committee is known all through an epoch");
    return {
      chainId: this.rules.chainId,
      epoch,
      view: parentView + 1 + (options.skip ?? 0),
      height,
      parentHash: ZERO,
      parentView,
      timestampMs: position.timestampMs + this.rules.spec.consensus.blockMs,
      bodyRoot: sideBodyRoot([body.batch]),
      transactionCount: body.transactionCount,
      transactionRoot: body.transactionRoot,
      parentStateRoot: this.state.root(),
      skipRoot: ZERO,
      nextCommitteeRoot: isLast ? committeeRoot(next.map((member) => member.voteKey)) : ZERO,
    };
  }

  build(transactions: readonly SideTransaction[], options: { skip?: number } = {}) {
    const parentView = epochOfHeight(this.state.position.height + 1, EPOCH_BLOCKS) === this.state.position.epoch;
    const view = (parentView ? this.view : 0) + 1 + (options.skip ?? 0);
    const builder = createBodyBuilder({ parent: this.state, view, verdicts: "assumed" });
    const results = transactions.map(({ raw }) => builder.add(raw));
    const body = builder.finish();
    return { results, body, header: this.header(body, options), batches: [body.batch] };
  }

  /** Builds, applies and keeps one block; every transaction must take effect. */
  block(...transactions: SideTransaction[]): BlockSummary {
    const built = this.build(transactions);
    for (const result of built.results) assert.ok(result.ok, `refused: ${describe(result)}`);
    return this.keep(built.header, applySideBlock({ ...built, parent: this.state, verdicts: "assumed" }));
  }

  keep(header: SideHeader, applied: ApplyResult): BlockSummary {
    assert.ok(applied.ok, applied.ok ? "" : `${applied.code} ${JSON.stringify(applied.where)}`);
    this.state = applied.state;
    this.view = header.view;
    return applied.summary;
  }

  /** An empty block after so many skipped views. */
  skip(views: number): void {
    const built = this.build([], { skip: views });
    this.keep(built.header, applySideBlock({ ...built, parent: this.state, verdicts: "assumed" }));
  }

  /** Empty blocks up to and with this height. */
  until(height: number): void {
    while (this.state.position.height < height) this.block();
  }

  /** Empty blocks up to and with the last one of an epoch. */
  endEpoch(epoch: number): void {
    this.until(epoch * EPOCH_BLOCKS);
  }

  judge(transaction: SideTransaction): string {
    const [result] = this.build([transaction]).results;
    return result === undefined ? "nothing" : result.ok ? "ok" : result.code;
  }

  coinsOf(user: User): Coin[] {
    return this.#outputs((utxo) => utxo.kind === UTXO_KIND.normal && equalBytes(utxo.program, user.program));
  }

  /** Vote outputs of a user for a candidate, oldest first; a candidate's bond among them. */
  votesOf(user: User, candidate: TestCandidate): Coin[] {
    const found = this.#outputs(
      (utxo) => equalBytes(utxo.vote, candidate.key) && equalBytes(utxo.program, user.program),
    );
    return found.sort((a, b) => a.utxo.createdHeight - b.utxo.createdHeight);
  }

  #outputs(isWanted: (utxo: SideUtxo) => boolean): Coin[] {
    return [...this.state.utxos.map.entries()]
      .filter(([, utxo]) => isWanted(utxo))
      .map(([id, utxo]) => ({ id, utxo }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** All of a user's coins in, these outputs and the change out; what `first` puts before them stays first. */
  #transaction(
    user: User,
    parts: {
      first?: SideInput;
      vetos?: readonly Coin[];
      outputs: readonly SideOutput[];
      feeNeu?: bigint;
      creditNeu?: bigint;
    },
  ): SideTransaction {
    const coins = this.coinsOf(user).map(({ utxo }) => ({ kind: "spend" as const, utxo }));
    const vetos = (parts.vetos ?? []).map(({ utxo }) => ({ kind: "veto" as const, utxo }));
    const spent = [...vetos, ...coins];
    const total = (list: readonly { amount: bigint }[]): bigint => list.reduce((sum, { amount }) => sum + amount, 0n);
    const credit = parts.creditNeu ?? 0n;
    const change = credit + total(spent.map(({ utxo }) => utxo)) - total(parts.outputs) - (parts.feeNeu ?? FEE);
    assert.ok(change >= 0n, "the user has enough");
    const outputs: SideOutput[] = [...parts.outputs];
    if (change > 0n) outputs.push({ kind: "intra", assetId: BTM, amount: change, program: user.program });
    const first = parts.first === undefined ? [] : [parts.first];
    const inputOf = ({ kind, utxo }: (typeof spent)[number], args: readonly Uint8Array[]): SideInput => {
      const commitment = { ...spendCommitmentOf(utxo), arguments: args };
      return kind === "spend" ? { kind, ...commitment } : { kind, vote: utxo.vote, ...commitment };
    };
    const shape = { version: 1n, timeRange: 0n, outputs };
    const mapped = mapSideTransaction({ ...shape, inputs: [...first, ...spent.map((coin) => inputOf(coin, []))] });
    const signed = spent.map((coin, i) => {
      const hash = sideSignatureHash(mapped, i + first.length);
      return inputOf(coin, [signEd25519(user.seed, hash), user.publicKey]);
    });
    return createSideTransaction({ ...shape, inputs: [...first, ...signed] });
  }

  pay(user: User, amount: bigint, to: User, feeNeu = FEE): SideTransaction {
    return this.#transaction(user, { outputs: [{ kind: "intra", assetId: BTM, amount, program: to.program }], feeNeu });
  }

  voteOutput(user: User, candidate: TestCandidate, amount: bigint): SideOutput {
    return { kind: "vote", assetId: BTM, amount, program: user.program, vote: candidate.key };
  }

  vote(user: User, candidate: TestCandidate, amount: bigint): SideTransaction {
    return this.#transaction(user, { outputs: [this.voteOutput(user, candidate, amount)] });
  }

  /** Takes vote outputs back, and votes again when outputs are given. */
  veto(user: User, vetos: readonly Coin[], outputs: readonly SideOutput[] = []): SideTransaction {
    return this.#transaction(user, { vetos, outputs });
  }

  register(
    user: User,
    candidate: TestCandidate,
    options: { bond?: bigint; share?: number; outputs?: readonly SideOutput[]; signers?: readonly Uint8Array[] } = {},
  ): SideTransaction {
    const { key, voteKey, rewardProgram } = candidate;
    const body = encodeCandidateBody({
      action: "register",
      key,
      voteKey,
      rewardProgram,
      voterShare: options.share ?? 0,
    });
    const bond = this.voteOutput(user, candidate, options.bond ?? 50n * COIN);
    const outputs = [EMPTY_RETIREMENT, ...(options.outputs ?? [bond])];
    return this.#asked(user, body, { outputs, signers: options.signers ?? [candidate.keySeed, candidate.voteSeed] });
  }

  resign(user: User, { key, keySeed }: TestCandidate, signers: readonly Uint8Array[] = [keySeed]): SideTransaction {
    const body = encodeCandidateBody({ action: "resign", key });
    return this.#asked(user, body, { outputs: [EMPTY_RETIREMENT], signers });
  }

  #asked(
    user: User,
    body: Uint8Array,
    { outputs, signers }: { outputs: readonly SideOutput[]; signers: readonly Uint8Array[] },
  ): SideTransaction {
    const input = (args: readonly Uint8Array[]): SideInput => ({
      kind: "system",
      systemKind: SYSTEM_KIND.candidate,
      body,
      arguments: args,
    });
    const unsigned = this.#transaction(user, { first: input([]), outputs });
    const message = candidateMessage(this.rules.chainId, mapSideTransaction(unsigned).id);
    return this.#transaction(user, { first: input(signers.map((one) => signEd25519(one, message))), outputs });
  }

  /** Candidates with these votes, the bond of 50 BTM included, registered and voted for by one user. */
  stand(user: User, votes: readonly (readonly [TestCandidate, bigint])[]): void {
    for (const [candidate, amount] of votes) {
      this.block(this.register(user, candidate));
      if (amount > 50n * COIN) this.block(this.vote(user, candidate, amount - 50n * COIN));
    }
  }

  sign(by: TestCandidate, content: SignedContent): SignedMessage {
    return { content, signature: signEd25519(by.voteSeed, signedBytes(this.rules.chainId, content)) };
  }

  evidence(by: TestCandidate, a: SignedContent, b: SignedContent): Evidence {
    const evidence = evidenceOf(by.voteKey, this.sign(by, a), this.sign(by, b));
    assert.ok(evidence !== undefined, "the messages contradict each other");
    return evidence;
  }

  /** Two NOTARIZE of one view. */
  doubleVote(by: TestCandidate, epoch: number, view = 1): SideTransaction {
    const content = { epoch, view, kind: 1, height: 1 } as const;
    const hashes = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)] as const;
    return createEvidenceTransaction(
      this.evidence(by, { ...content, blockHash: hashes[0] }, { ...content, blockHash: hashes[1] }),
    );
  }

  /** A claim of the voters' share for these vote outputs; amounts and programs may be given wrong. */
  claim(
    user: User,
    votes: readonly Coin[],
    options: { epoch?: number; pay?: (payment: SideOutput, i: number) => SideOutput } = {},
  ): SideTransaction {
    const sorted = [...votes].sort((a, b) => (a.id < b.id ? -1 : 1));
    const epoch = options.epoch ?? epochOfHeight(this.state.position.height + 1, EPOCH_BLOCKS);
    const body = encodeVoteClaimBody(
      epoch,
      sorted.map(({ id }) => hexToBytes(id)),
    );
    const payments = sorted.map((coin, i): SideOutput => {
      const payment = { kind: "intra", assetId: BTM, amount: this.due(coin), program: coin.utxo.program } as const;
      return options.pay?.(payment, i) ?? payment;
    });
    const first: SideInput = { kind: "system", systemKind: SYSTEM_KIND.voteClaim, body, arguments: [] };
    const creditNeu = payments.reduce((sum, { amount }) => sum + amount, 0n);
    return this.#transaction(user, { first, outputs: [EMPTY_RETIREMENT, ...payments], creditNeu });
  }

  /** What a vote output may claim. */
  due({ id, utxo }: Coin): bigint {
    return entitlement(this.votesState, { id, key: utxo.vote, amount: utxo.amount });
  }

  /** Votes are the sums of vote outputs; each has a position, and what voters may claim is kept for them. */
  assertSums(): void {
    const sums = new Map<string, bigint>();
    let claimable = 0n;
    let voteOutputs = 0;
    for (const [id, utxo] of this.state.utxos.map.entries()) {
      if (utxo.kind !== UTXO_KIND.vote) continue;
      const key = bytesToHex(utxo.vote);
      sums.set(key, (sums.get(key) ?? 0n) + utxo.amount);
      claimable += this.due({ id, utxo });
      voteOutputs += 1;
    }
    assert.ok(claimable <= this.votesState.control.votersNeu, "what voters may claim is kept for them");
    assert.equal([...this.votesState.positions.map.entries()].length, voteOutputs);
    const counted = new Map<string, bigint>();
    for (const record of this.votesState.candidateRecords()) {
      if (record.votes > 0n) counted.set(bytesToHex(record.key), record.votes);
      if (record.bond !== undefined) {
        const bond = this.state.utxos.get(bytesToHex(record.bond.outputId));
        assert.equal(bond?.amount, record.bond.amount, "a recorded bond is an output");
      }
    }
    assert.deepEqual([...counted].sort(), [...sums].sort());
  }
}
