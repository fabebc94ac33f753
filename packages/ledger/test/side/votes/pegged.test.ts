// Elections on a pegged chain: bonds, seized bonds and rewards keep the supply covered, a deposit can feed the reward pool, and
// snapshots carry both parts. A chain without elections knows nothing of it.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { signEd25519 } from "@bystack/crypto/ed25519";
import { EMPTY_RETIREMENT, SYSTEM_KIND } from "@bystack/protocol/peg/system";
import { POOL_RECIPIENT } from "@bystack/protocol/peg/vault";
import { candidateMessage, encodeCandidateBody } from "@bystack/protocol/side/candidate";
import { signedBytes } from "@bystack/protocol/side/certificate";
import { mapSideTransaction, sideSignatureHash } from "@bystack/protocol/side/entries";
import { createEvidenceTransaction, evidenceOf } from "@bystack/protocol/side/evidence";
import { createSideTransaction, type SideInput, type SideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex } from "@bystack/utils/bytes";
import { createSideRules } from "../../../src/side/rules.ts";
import { exportState, importState, type SnapshotEntry } from "../../../src/side/snapshot.ts";
import { spendCommitmentOf } from "../../../src/side/utxo.ts";
import { BTM, COIN, createAsset, createUser, Kit, seed, type User } from "../kit.ts";
import { createCandidate, TEST_VOTES, type TestCandidate } from "./kit.ts";

const alice = createUser("alice");
const c1 = createCandidate("c1");

/** A registration that spends all of a user's BTM. */
function registration(kit: Kit, user: User, candidate: TestCandidate, bond = 50n * COIN): SideTransaction {
  const { key, voteKey, rewardProgram } = candidate;
  const coins = kit.coinsOf(user).map(({ utxo }) => spendCommitmentOf(utxo));
  const change = kit.balance(user) - bond - COIN / 5n;
  const body = encodeCandidateBody({ action: "register", key, voteKey, rewardProgram, voterShare: 0 });
  const outputs = [
    EMPTY_RETIREMENT,
    { kind: "vote", assetId: BTM, amount: bond, program: user.program, vote: key },
    { kind: "intra", assetId: BTM, amount: change, program: user.program },
  ] as const;
  const shape = { version: 1n, timeRange: 0n, outputs };
  const system = (args: readonly Uint8Array[]): SideInput => ({
    kind: "system",
    systemKind: SYSTEM_KIND.candidate,
    body,
    arguments: args,
  });
  const spends = coins.map((coin) => ({ kind: "spend" as const, ...coin, arguments: [] }));
  const mapped = mapSideTransaction({ ...shape, inputs: [system([]), ...spends] });
  const message = candidateMessage(kit.rules.chainId, mapped.id);
  const signed = spends.map((spend, i) => ({
    ...spend,
    arguments: [signEd25519(user.seed, sideSignatureHash(mapped, i + 1)), user.publicKey],
  }));
  const signatures = [candidate.keySeed, candidate.voteSeed].map((secret) => signEd25519(secret, message));
  return createSideTransaction({ ...shape, inputs: [system(signatures), ...signed] });
}

function doubleVote(kit: Kit, by: TestCandidate): SideTransaction {
  const messages = [1, 2].map((n) => {
    const content = { epoch: 1, view: 1, kind: 1, height: 1, blockHash: new Uint8Array(32).fill(n) } as const;
    return { content, signature: signEd25519(by.voteSeed, signedBytes(kit.rules.chainId, content)) };
  });
  const [a, b] = messages;
  assert.ok(a !== undefined && b !== undefined);
  const evidence = evidenceOf(by.voteKey, a, b);
  assert.ok(evidence !== undefined);
  return createEvidenceTransaction(evidence);
}

const options = { epochBlocks: 10, votes: { ...TEST_VOTES, unbondingBlocks: 100, poolReleaseNeu: 12_345_678n } };

suite("elections on a pegged chain", () => {
  test("a seized bond leaves the outputs, stays owed, and is paid out by the pool; supply holds in every block", () => {
    const kit = new Kit(options);
    kit.fund(alice.program, 200n * COIN);
    kit.block(registration(kit, alice, c1));
    kit.assertSupply();
    const { poolNeu } = kit.state.fees;
    kit.block(doubleVote(kit, c1));
    assert.equal(kit.state.fees.poolNeu - poolNeu, 50n * COIN);
    kit.assertSupply();
    const paid: bigint[] = [];
    for (let i = 0; i < 25; i += 1) {
      const { poolNeu: before } = kit.state.fees;
      kit.block();
      kit.assertSupply();
      if (kit.state.fees.poolNeu < before) paid.push(before - kit.state.fees.poolNeu);
    }
    assert.ok(paid.length >= 2, `${paid.length} payments out of the pool`);
  });

  test("a deposit for the pool mints no output; it is BTM only, and only where there are elections", () => {
    const gold = createAsset("gold");
    const kit = new Kit({ ...options, assets: [gold] });
    kit.fund(alice.program, 5n * COIN);
    const outputs = kit.state.utxos.map.entries();
    const before = { count: [...outputs].length, pool: kit.state.fees.poolNeu, minted: kit.asset(BTM).minted };
    kit.fund(POOL_RECIPIENT, 7n * COIN);
    const coinbases = [...kit.state.utxos.map.entries()].filter(([, utxo]) => utxo.kind === 1).length;
    assert.equal([...kit.state.utxos.map.entries()].length - coinbases, before.count);
    assert.equal(kit.state.fees.poolNeu - before.pool, 7n * COIN);
    assert.equal(kit.asset(BTM).minted - before.minted, 7n * COIN);
    kit.assertSupply();
    const judgeDeposit = (on: Kit, assetId: Uint8Array): string => {
      const node = on.main.mine([{ transaction: on.depositTransaction(POOL_RECIPIENT, 7n * COIN, assetId) }]);
      on.main.mineEmpty(on.peg.federation.confirmations.base - 1);
      on.sync();
      return on.judge(on.claim({ node, index: 1 }, POOL_RECIPIENT));
    };
    assert.equal(judgeDeposit(kit, BTM), "ok");
    assert.equal(judgeDeposit(kit, gold.id), "CLAIM_PROGRAM");
    assert.equal(judgeDeposit(new Kit(), BTM), "CLAIM_PROGRAM");
  });

  test("a snapshot carries candidates, barred keys and committees; damaged ones are refused or give another root", () => {
    const kit = new Kit(options);
    kit.fund(alice.program, 500n * COIN);
    kit.block(registration(kit, alice, c1));
    kit.block(registration(kit, alice, createCandidate("c2")));
    kit.block(doubleVote(kit, c1));
    const root = bytesToHex(kit.state.root());
    const entries = [...exportState(kit.state)];
    const rebuilt = (list: readonly SnapshotEntry[]): string => {
      const result = importState(kit.rules, list);
      return result.ok ? bytesToHex(result.state.root()) : result.code;
    };
    assert.equal(rebuilt(entries), root);
    const votesTypes = new Set([10, 11, 12, 13, 14, 15]);
    assert.deepEqual(new Set(entries.map(({ type }) => type).filter((type) => votesTypes.has(type))), votesTypes);
    for (const entry of entries.filter(({ type }) => votesTypes.has(type))) {
      assert.notEqual(
        rebuilt(entries.filter((other) => other !== entry)),
        root,
        `without an entry of type ${entry.type}`,
      );
      for (let at = 0; at < entry.value.length; at += entry.value.length > 40 ? 7 : 1) {
        const value = Uint8Array.from(entry.value);
        value[at] = (value[at] ?? 0) ^ 1;
        assert.notEqual(rebuilt(entries.map((other) => (other === entry ? { ...other, value } : other))), root);
      }
    }
    const twice = entries.flatMap((entry) => (entry.type === 10 ? [entry, entry] : [entry]));
    assert.equal(rebuilt(twice), "SNAPSHOT_ENTRY");
  });

  test("a federation's keys are no candidate's, and the rules need parameters and feature together", () => {
    const kit = new Kit(options);
    kit.fund(alice.program, 200n * COIN);
    const [member] = kit.peg.federation.members;
    assert.ok(member !== undefined);
    const stolen = { ...c1, voteKey: member.identity, voteSeed: seed(`identity ${member.id}`) };
    assert.equal(kit.judge(registration(kit, alice, stolen)), "CANDIDATE_KEY");
    const { spec } = kit.rules;
    const off = { ...spec, federation: null, features: { ...spec.features, votes: false } };
    assert.throws(() => createSideRules(off), { code: "FEATURE_OFF" });
    const { votes: _, ...without } = spec;
    assert.throws(() => createSideRules({ ...without, federation: null }), { code: "FEATURE_OFF" });
  });
});
