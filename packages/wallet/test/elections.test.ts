// The requests of elections as the builder makes them: what leads a transaction stays first and is paid for, votes that are
// taken back pay their own fee, and a candidate's key is nobody's address.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { rootXprv, xpubOfXprv } from "@bystack/crypto/chainkd";
import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { parseCandidate } from "@bystack/protocol/side/candidate";
import { decodeSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { parseVoteClaim } from "@bystack/protocol/side/vote-claim";
import { bytesToHex, utf8ToBytes } from "@bystack/utils/bytes";
import { programAt } from "@bystack/wallet/accounts";
import { buildTransaction } from "@bystack/wallet/build";
import {
  CANDIDATE_GAS,
  type ElectionRequest,
  registrationRequest,
  resignationRequest,
  VETO_INPUTS_MAX,
  type VoteCoin,
  vetoRequest,
  voteClaimRequest,
  voteRequest,
} from "@bystack/wallet/build/elections";
import { createSideAdapter } from "@bystack/wallet/build/side";
import type { Coin } from "@bystack/wallet/coins";
import { signInputs } from "@bystack/wallet/sign";
import { Wallet } from "@bystack/wallet/wallet";

const BTM = 100_000_000n;
const PRICE_NEU = 200n;
/** Gas of one P2WPKH program (spec/bytom.md section 8). */
const SPEND_GAS = 1409n;
const root = rootXprv(utf8ToBytes("a seed for tests only"));
const OWN = programAt(xpubOfXprv(root), 1, false, 1);
const CHANGE = programAt(xpubOfXprv(root), 1, true, 1);
const KEY = new Uint8Array(64).fill(7);

let sources = 0;
function coin(amount: bigint): Coin {
  sources += 1;
  const id = new Uint8Array(32).fill(sources);
  return { id, assetId: BTM_ASSET_ID, amount, program: OWN.program, sourceId: id, sourcePosition: 0n };
}
const voteCoin = (amount: bigint): VoteCoin => ({ ...coin(amount), vote: KEY });

function built(request: ElectionRequest, coins: readonly Coin[]): { transaction: SideTransaction; feeNeu: bigint } {
  const { lead, payments, creditNeu } = request;
  const adapter = createSideAdapter(PRICE_NEU, lead);
  const changeProgram = CHANGE.program;
  const { draft, feeNeu } = buildTransaction({ coins, payments, issues: [], creditNeu, changeProgram }, adapter);
  const toSign = adapter.inputsToSign(draft);
  const witnesses = signInputs(toSign, { root, programs: [OWN, CHANGE], assets: [] });
  for (const { index, signatureHash: message } of toSign) {
    const [signature, publicKey] = witnesses.get(index) ?? [];
    assert.ok(signature !== undefined && publicKey !== undefined);
    assert.ok(verifyEd25519({ publicKey, message, signature }, "strict-s"));
  }
  const decoded = decodeSideTransaction(adapter.finish(draft, witnesses).raw);
  assert.ok(decoded.ok);
  return { transaction: decoded.value, feeNeu };
}

const amounts = (items: readonly { readonly amount?: bigint }[]): bigint =>
  items.reduce((sum, { amount }) => sum + (amount ?? 0n), 0n);

/** What went in and did not come out. */
function feeOf({ inputs, outputs }: SideTransaction, creditNeu = 0n): bigint {
  return (
    amounts(inputs.filter((input) => input.kind !== "system") as { amount: bigint }[]) + creditNeu - amounts(outputs)
  );
}

const registration = registrationRequest(
  { key: KEY, voteKey: new Uint8Array(32).fill(3), rewardProgram: OWN.program, voterShare: 20 },
  { amount: 50n * BTM, owner: OWN.program },
);

suite("requests of elections", () => {
  test("a registration and a resignation are led by their system input and pay for two signatures", () => {
    for (const [request, action] of [
      [registration, "register"],
      [resignationRequest(KEY), "resign"],
    ] as const) {
      const { transaction, feeNeu } = built(request, [coin(80n * BTM)]);
      assert.equal(parseCandidate(transaction)?.action, action);
      assert.equal(feeOf(transaction), feeNeu);
      const needed = (BigInt(transaction.size) + CANDIDATE_GAS + SPEND_GAS) * PRICE_NEU;
      assert.ok(feeNeu >= needed && feeNeu < needed + 1000n * PRICE_NEU, `${feeNeu} for ${needed}`);
    }
    const { outputs } = built(registration, [coin(80n * BTM)]).transaction;
    const bond = outputs[1];
    assert.ok(bond?.kind === "vote" && bond.amount === 50n * BTM);
    assert.deepEqual(bond.vote, KEY);
  });

  test("a vote is an output for the candidate that the owner keeps", () => {
    const request = voteRequest({ candidate: KEY, amount: 3n * BTM, owner: OWN.program });
    const [output, change] = built(request, [coin(5n * BTM)]).transaction.outputs;
    assert.ok(output?.kind === "vote");
    assert.deepEqual([output.amount, output.program, output.vote], [3n * BTM, OWN.program, KEY]);
    assert.equal(change?.kind, "intra");
  });

  test("votes that are taken back come home whole, less the fee, without any other coin", () => {
    const votes = [voteCoin(2n * BTM), voteCoin(3n * BTM)];
    const { transaction, feeNeu } = built(vetoRequest(votes), []);
    assert.deepEqual(
      transaction.inputs.map(({ kind }) => kind),
      ["veto", "veto"],
    );
    assert.deepEqual(
      transaction.outputs.map(({ amount, program }) => [amount, bytesToHex(program)]),
      [[5n * BTM - feeNeu, bytesToHex(CHANGE.program)]],
    );
    // A vote too small for its fee is helped by a coin.
    const small = built(vetoRequest([voteCoin(1000n)]), [coin(BTM)]).transaction;
    assert.deepEqual(
      small.inputs.map(({ kind }) => kind),
      ["veto", "spend"],
    );
    const many = Array.from({ length: VETO_INPUTS_MAX + 1 }, () => voteCoin(BTM));
    assert.throws(() => vetoRequest(many), { code: "COINS_FRAGMENTED" });
  });

  test("a claim pays each vote what it is due, in the order of ids, and the gas from a coin", () => {
    const [a, b] = [voteCoin(BTM), voteCoin(BTM)];
    const due = [
      { id: b.id, program: OWN.program, dueNeu: 20n },
      { id: a.id, program: CHANGE.program, dueNeu: 10n },
    ];
    const { transaction, feeNeu } = built(voteClaimRequest(9, due), [coin(BTM)]);
    const claim = parseVoteClaim(transaction);
    assert.deepEqual(
      claim?.payments.map(({ amount, program }) => [amount, bytesToHex(program)]),
      [
        [10n, bytesToHex(CHANGE.program)],
        [20n, bytesToHex(OWN.program)],
      ],
    );
    assert.equal(claim?.epoch, 9);
    assert.equal(feeOf(transaction, 30n), feeNeu);
    const many = Array.from({ length: 201 }, (_, i) => ({
      id: new Uint8Array(32).fill(i),
      program: OWN.program,
      dueNeu: 1n,
    }));
    assert.throws(() => voteClaimRequest(9, many), { code: "COINS_FRAGMENTED" });
  });
});

suite("the candidates of an account", () => {
  const folder = mkdtempSync(join(tmpdir(), "bystack-candidate-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const VOTE_KEY = new Uint8Array(32).fill(3);

  test("have keys of their own, one for each vote key, the same after a restart, and nobody's address", () => {
    const wallet = Wallet.open(folder, Date.now);
    for (const name of ["alice", "bob"]) wallet.ensureAccount(name);
    const key = wallet.candidateKey("alice", VOTE_KEY);
    assert.equal(key.length, 64);
    assert.notDeepEqual(key, wallet.candidateKey("bob", VOTE_KEY));
    assert.notDeepEqual(key, wallet.candidateKey("alice", new Uint8Array(32).fill(4)));
    assert.deepEqual(Wallet.open(folder, Date.now).candidateKey("alice", VOTE_KEY), key);
    const paid = wallet.programs("alice").map(({ publicKey }) => bytesToHex(publicKey));
    assert.equal(paid.includes(bytesToHex(key.subarray(0, 32))), false);
    const message = utf8ToBytes("a message");
    const signature = wallet.signAsCandidate("alice", VOTE_KEY, message);
    assert.ok(verifyEd25519({ publicKey: key.slice(0, 32), message, signature }, "strict-s"));
    assert.throws(() => wallet.candidateKey("carol", VOTE_KEY), { code: "ACCOUNT_NOT_FOUND" });
  });
});
