// Random lives of a chain with elections: votes, vetos, candidates that come and go, evidence, absence, blocks that are
// taken back. After every block: votes are the sums of vote outputs, no BTM is lost, committees move by small steps; undo is
// exact and a snapshot gives the same root.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex } from "@bystack/utils/bytes";
import { applySideBlock } from "../../../src/side/apply.ts";
import { exportState, importState } from "../../../src/side/snapshot.ts";
import type { SideState } from "../../../src/side/state.ts";
import { committeeOf } from "../../../src/side/votes/committee.ts";
import { seatChangesMax } from "../../../src/side/votes/election.ts";
import { COIN, createUser, type User } from "../kit.ts";
import { createRandom } from "../random.ts";
import { createCandidate, EPOCH_BLOCKS, type TestCandidate, VotesKit } from "./kit.ts";

const BLOCKS = 700;
const SEEDS = [1, 2, 3, 4];
const USERS = ["u0", "u1", "u2", "u3"];
/** Blocks above the last final one, as a node keeps them as layers. */
const UNFINAL = 3;

class Life {
  readonly kit: VotesKit;
  readonly counts: Record<string, number> = {};
  readonly #random: (max: number) => number;
  readonly #users: readonly User[] = USERS.map(createUser);
  readonly #standing: readonly TestCandidate[];
  readonly #layers: SideState[] = [];
  #subsidies = 0n;
  readonly #start: bigint;

  constructor(seed: number) {
    this.#random = createRandom(BigInt(seed));
    this.kit = new VotesKit({
      members: 4 + (seed % 3),
      users: USERS,
      subsidyNeu: seed % 2 === 0 ? 1_000_003n : 0n,
      run: 1 + (seed % 2),
      votes: { poolReleaseNeu: 77_777n, committeeMax: 7 },
    });
    const named = Array.from({ length: 9 }, (_, i) => createCandidate(`c${i}`));
    this.#standing = [...named, ...this.kit.validators];
    this.#start = this.#everything();
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list.length === 0 ? undefined : list[this.#random(list.length)];
  }

  #everything(): bigint {
    const { current, due, poolNeu } = this.kit.state.fees;
    let sum = current.feesNeu + (due?.feesNeu ?? 0n) + poolNeu + this.kit.votesState.control.votersNeu;
    for (const [, utxo] of this.kit.state.utxos.map.entries()) sum += utxo.amount;
    return sum;
  }

  /** One thing that a user may try; whether it is allowed is the ledger's to say. */
  #action(user: User): SideTransaction | undefined {
    const { kit } = this;
    const candidate = this.#pick(this.#standing);
    if (candidate === undefined || kit.coinsOf(user).length === 0) return undefined;
    const amount = COIN * BigInt(1 + this.#random(150));
    const dice = this.#random(22);
    if (dice < 3) return kit.register(user, candidate, { bond: 50n * COIN + amount, share: this.#random(101) });
    if (dice < 9) return kit.vote(user, candidate, amount);
    if (dice < 14) return this.#veto(user, candidate);
    if (dice < 15) return kit.resign(user, candidate);
    if (dice < 16) return this.#evidence(candidate);
    if (dice < 18) return this.#claim(user, candidate);
    return kit.pay(user, amount, this.#pick(this.#users) ?? user);
  }

  #veto(user: User, candidate: TestCandidate): SideTransaction | undefined {
    const outputs = this.kit.votesOf(user, candidate).slice(0, 1 + this.#random(3));
    const other = this.#pick(this.#standing) ?? candidate;
    const again = this.#random(2) === 0 ? [] : [this.kit.voteOutput(user, other, COIN)];
    return outputs.length === 0 ? undefined : this.kit.veto(user, outputs, again);
  }

  #claim(user: User, candidate: TestCandidate): SideTransaction | undefined {
    const owner = this.#pick(this.#users) ?? user;
    const votes = this.kit.votesOf(owner, candidate).filter((coin) => this.kit.due(coin) > 0n);
    return votes.length === 0 ? undefined : this.kit.claim(user, votes);
  }

  #evidence(candidate: TestCandidate): SideTransaction | undefined {
    const epoch = this.kit.state.position.epoch - this.#random(7);
    // Seldom, or nobody would be left.
    return epoch < 0 || this.#random(6) !== 0 ? undefined : this.kit.doubleVote(candidate, epoch, this.#random(9));
  }

  #count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  step(): void {
    const { kit } = this;
    const evidence =
      this.#random(10) === 0 ? this.#evidence(this.#pick(this.#standing) ?? createCandidate("c0")) : undefined;
    const actions = this.#users.map((user) => (this.#random(3) === 0 ? this.#action(user) : undefined));
    const all = [evidence, ...actions].filter((transaction) => transaction !== undefined);
    // System transactions come first in a body.
    const rank = (transaction: SideTransaction): number => (transaction.inputs[0]?.kind === "system" ? 0 : 1);
    all.sort((a, b) => rank(a) - rank(b));
    const skip = this.#random(12) === 0 ? this.#random(20) : 0;
    const before = { state: kit.state, view: kit.view, root: bytesToHex(kit.state.root()) };
    const built = kit.build(all, { skip });
    for (const [i, result] of built.results.entries()) {
      const input = all[i]?.inputs[0];
      const kind = input?.kind === "system" ? `system ${input.systemKind}` : (input?.kind ?? "none");
      this.#count(result.ok ? kind : result.code);
    }
    const applied = applySideBlock({ ...built, parent: kit.state, verdicts: "assumed" });
    const dueBlocks = before.state.fees.due?.blocks ?? 0;
    kit.keep(built.header, applied);
    if (this.#random(6) === 0) this.#takeBack(before);
    else this.#kept(dueBlocks);
  }

  /** A block that did not become final: its parent is as it was, and goes another way. */
  #takeBack(before: { state: SideState; view: number; root: string }): void {
    this.#count("taken back");
    const { kit } = this;
    kit.state = before.state;
    kit.view = before.view;
    // A root from scratch costs 10 ms: one in four shows as much.
    if (this.#random(4) !== 0) return;
    const copy = importState(kit.rules, exportState(before.state));
    assert.ok(copy.ok);
    assert.equal(bytesToHex(copy.state.root()), before.root, "undo is exact");
    this.#count("undo");
  }

  #kept(dueBlocks: number): void {
    const { kit } = this;
    // What was due is earned, subsidy and all, with the second block of the next epoch.
    if (kit.state.fees.current.blocks === 2) this.#subsidies += kit.rules.spec.subsidyNeu * BigInt(dueBlocks);
    assert.equal(this.#everything(), this.#start + this.#subsidies, "no BTM is lost or made");
    kit.assertSums();
    this.#assertCommittees();
    this.#layers.push(kit.state);
    if (this.#layers.length > UNFINAL) this.#layers.shift()?.settle();
    if (kit.state.position.height % 50 === 0) this.#snapshot();
  }

  #assertCommittees(): void {
    const { kit } = this;
    if (kit.state.position.height % EPOCH_BLOCKS !== 0) return;
    const { epoch } = kit.state.position;
    const [old, now] = [epoch + 1, epoch + 2].map((e) =>
      (committeeOf(kit.state, e) ?? []).map((member) => bytesToHex(member.voteKey)),
    );
    assert.ok(old !== undefined && now !== undefined);
    const lost = old.filter((key) => !now.includes(key)).length;
    const won = now.filter((key) => !old.includes(key)).length;
    assert.ok(Math.max(lost, won) <= seatChangesMax(old.length, kit.votes), "seat changes");
    assert.ok(now.length >= 4 && now.length <= 7 && new Set(now).size === now.length, "size");
    if (won > 0) this.#count("seats won");
    const kept = now.filter((key) => old.includes(key));
    assert.ok(kept.length >= old.length - seatChangesMax(old.length, kit.votes));
    for (const key of now.filter((one) => !old.includes(one))) {
      assert.equal(kit.votesState.barred.has(key), false, "nobody barred wins a seat");
    }
  }

  #snapshot(): void {
    const { state, rules } = this.kit;
    const copy = importState(rules, exportState(state));
    assert.ok(copy.ok);
    assert.equal(bytesToHex(copy.state.root()), bytesToHex(state.root()));
    assert.deepEqual(copy.state.votes?.control, state.votes?.control);
    this.#count("snapshot");
  }
}

test(`random lives of ${BLOCKS} blocks, seeds ${SEEDS.join(", ")}`, () => {
  const total: Record<string, number> = {};
  for (const seed of SEEDS) {
    const life = new Life(seed);
    try {
      for (let i = 0; i < BLOCKS; i += 1) life.step();
    } catch (error) {
      throw new Error(`seed ${seed}, height ${life.kit.state.position.height}`, { cause: error });
    }
    for (const [name, count] of Object.entries(life.counts)) total[name] = (total[name] ?? 0) + count;
  }
  // What never happened was not tested.
  const happened = ["spend", "veto", "system 5", "system 6", "system 7", "undo", "snapshot", "seats won", "TX_LOCKED"];
  for (const name of [...happened, "VOTE_CANDIDATE", "CANDIDATE_KNOWN", "EVIDENCE_TIME"]) {
    assert.ok((total[name] ?? 0) > 9, `${name} happened ${total[name] ?? 0} times`);
  }
});
