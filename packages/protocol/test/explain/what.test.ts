// What transactions of both chains are said to be for, from their bytes alone.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { publicKeyFromSeed } from "@bystack/crypto/ed25519";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { whatOfMain } from "@bystack/protocol/explain/main";
import { whatOfSide } from "@bystack/protocol/explain/side";
import { WHAT_ITEMS_MAX } from "@bystack/protocol/explain/what";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { mainGenesisBlock } from "@bystack/protocol/main/genesis";
import type { MainInput, MainOutput } from "@bystack/protocol/main/transaction";
import { assembleClaim } from "@bystack/protocol/peg/claim";
import { depositHintProgram } from "@bystack/protocol/peg/hint";
import {
  createCoinProofTransaction,
  createGovernanceTransaction,
  createHeadersTransaction,
  createPayoutProofTransaction,
  createSystem,
  EMPTY_RETIREMENT,
  encodeGovernanceBody,
  type GovernanceAction,
  SYSTEM_KIND,
} from "@bystack/protocol/peg/system";
import {
  createVaultKeys,
  FLOAT_RECIPIENT,
  POOL_RECIPIENT,
  vaultProgram,
  vaultScript,
} from "@bystack/protocol/peg/vault";
import { p2wpkhProgram, p2wshProgram } from "@bystack/protocol/program";
import { encodeCandidateBody } from "@bystack/protocol/side/candidate";
import { VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { createEvidenceTransaction, evidenceOf } from "@bystack/protocol/side/evidence";
import {
  createSideTransaction,
  type SideInput,
  type SideOutput,
  type SideTransactionData,
} from "@bystack/protocol/side/transaction";
import { encodeVoteClaimBody } from "@bystack/protocol/side/vote-claim";
import { createDevMainSpec } from "@bystack/protocol/spec/presets";
import { bytesToHex } from "@bystack/utils/bytes";

const fill = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
const GOLD = fill(32, 10);
const ALICE = p2wpkhProgram(fill(20, 1));
const BOB = p2wpkhProgram(fill(20, 2));
const COMMITMENT = fill(32, 5);
const CHAIN = fill(32, 7);
const RETIRED = Uint8Array.of(0x6a);
const vaultKeys = createVaultKeys(
  [1, 2, 3, 4].map((seed) => publicKeyFromSeed(fill(32, seed))),
  3,
);
const BTM_TEXT = bytesToHex(BTM_ASSET_ID);
const spec = createDevMainSpec({ genesisTimeSeconds: 1, outputs: [] });

function mainSpend(program: Uint8Array, args: readonly Uint8Array[] = []): MainInput {
  const value = { assetId: BTM_ASSET_ID, amount: 100n };
  return { kind: "spend", sourceId: fill(32, 3), ...value, sourcePosition: 0n, program, arguments: args };
}
const mainOut = (program: Uint8Array, amount = 5n, assetId = BTM_ASSET_ID): MainOutput => ({
  kind: "output",
  assetId,
  amount,
  program,
});

function main(inputs: readonly MainInput[], outputs: readonly MainOutput[]) {
  return whatOfMain(mapMainTransaction({ version: 1n, timeRange: 0n, inputs, outputs }), "sm");
}

suite("main chain", () => {
  test("a payment tells what does not come back, and no more than a few", () => {
    const what = main([mainSpend(ALICE)], [mainOut(BOB), mainOut(ALICE, 90n), mainOut(BOB, 7n, GOLD)]);
    assert.ok(what.class === "payment" && what.from?.startsWith("sm1"));
    assert.deepEqual(
      what.items.map(({ asset, amount }) => [asset, amount]),
      [
        [BTM_TEXT, "5"],
        [bytesToHex(GOLD), "7"],
      ],
    );
    const many = main(
      [mainSpend(ALICE)],
      Array.from({ length: 9 }, () => mainOut(BOB)),
    );
    assert.ok(many.class === "payment");
    assert.deepEqual([many.items.length, many.more], [WHAT_ITEMS_MAX, 9 - WHAT_ITEMS_MAX]);
    assert.deepEqual(main([mainSpend(ALICE)], [mainOut(ALICE)]), { ...what, items: [], more: 0 });
  });

  test("a coinbase, an issuance, a retirement with its words", () => {
    const genesis = mainGenesisBlock(spec).transactions[0];
    assert.ok(genesis !== undefined);
    assert.equal(whatOfMain(mapMainTransaction(genesis), "sm").class, "coinbase");
    const issue: MainInput = {
      kind: "issuance",
      nonce: fill(8, 1),
      assetId: GOLD,
      amount: 50n,
      definition: fill(0, 0),
      vmVersion: 1n,
      program: RETIRED,
      arguments: [],
    };
    assert.deepEqual(main([issue, mainSpend(ALICE)], [mainOut(BOB, 50n, GOLD)]), {
      class: "issuance",
      items: [{ asset: bytesToHex(GOLD), amount: "50" }],
      more: 0,
    });
    const words = Uint8Array.of(0x6a, 2, 0x68, 0x69);
    assert.deepEqual(main([mainSpend(ALICE)], [mainOut(words), mainOut(ALICE)]), {
      class: "retirement",
      text: "hi",
      items: [{ asset: BTM_TEXT, amount: "5" }],
      more: 0,
    });
    const noise = Uint8Array.of(0x6a, 2, 0xff, 0x07);
    const silent = main([mainSpend(ALICE)], [mainOut(noise)]);
    assert.ok(silent.class === "retirement" && silent.text === null);
  });

  test("a deposit is known by its hint, a payout by the vault's script", () => {
    const hint = depositHintProgram(CHAIN, ALICE);
    const vault = vaultProgram(vaultKeys, COMMITMENT);
    assert.deepEqual(main([mainSpend(BOB)], [mainOut(vault, 40n), mainOut(hint, 1n), mainOut(BOB, 9n)]), {
      class: "deposit",
      chain: bytesToHex(CHAIN.subarray(0, 8)),
      recipient: bytesToHex(ALICE),
      items: [{ asset: BTM_TEXT, amount: "40" }],
      more: 0,
    });
    const input = mainSpend(vault, [fill(64, 1), vaultScript(vaultKeys, COMMITMENT)]);
    const change = vaultProgram(vaultKeys, fill(32, 6));
    const payout = main([input], [mainOut(BOB, 3n), mainOut(change, 9n)]);
    assert.ok(payout.class === "payout");
    assert.deepEqual(
      payout.items.map(({ amount }) => amount),
      ["3"],
    );
    assert.deepEqual(main([input], [mainOut(change)]), { class: "payout", items: [], more: 0 });
    // A script of another form is nobody's vault.
    const other = mainSpend(p2wshProgram(fill(32, 1)), [fill(64, 1), RETIRED]);
    assert.equal(main([other], [mainOut(BOB)]).class, "payment");
    assert.equal(main([], [mainOut(BOB)]).class, "other");
  });
});

const sideOut = (program: Uint8Array, amount = 5n): SideOutput => ({
  kind: "intra",
  assetId: BTM_ASSET_ID,
  amount,
  program,
});
const commitment = {
  sourceId: fill(32, 3),
  assetId: BTM_ASSET_ID,
  amount: 100n,
  sourcePosition: 0n,
  program: ALICE,
  arguments: [],
};
const spend: SideInput = { kind: "spend", ...commitment };

function side(data: Partial<SideTransactionData>) {
  const transaction = createSideTransaction({ version: 1n, timeRange: 0n, inputs: [spend], outputs: [], ...data });
  return whatOfSide(transaction, mapSideTransaction(transaction), { side: "sp", main: "sm" });
}

suite("side chain", () => {
  test("a payment, a burn, a retirement, a coinbase", () => {
    const paid = side({ outputs: [sideOut(BOB)] });
    assert.ok(paid.class === "payment" && paid.items[0]?.to.startsWith("sp1"));
    const burn = side({ outputs: [{ ...sideOut(BOB), kind: "cross" }, sideOut(RETIRED, 1n), sideOut(ALICE)] });
    assert.ok(burn.class === "burn" && burn.items[0]?.to.startsWith("sm1") && burn.items[0].request.length === 64);
    assert.equal(side({ outputs: [sideOut(RETIRED), sideOut(ALICE)] }).class, "retirement");
    const coinbase = side({ inputs: [{ kind: "coinbase", arbitrary: fill(1, 1) }], outputs: [sideOut(BOB)] });
    assert.ok(coinbase.class === "coinbase" && coinbase.items.length === 1);
  });

  test("claims, by where they go", () => {
    const paths = { directions: new Uint8Array(0), transactionSiblings: [], statusSiblings: [] };
    const proof = {
      vaultEpoch: 1n,
      headerHeight: 12n,
      transactionVersion: 1n,
      timeRange: 0n,
      resultIds: [fill(32, 1)],
      paths,
    };
    const output = { muxId: fill(32, 3), assetId: BTM_ASSET_ID, amount: 100n, position: 0n, program: BOB };
    const to = (recipient: Uint8Array) => {
      const claim = assembleClaim({
        output,
        proof,
        recipient,
      });
      return whatOfSide(claim, mapSideTransaction(claim), { side: "sp", main: "sm" });
    };
    assert.deepEqual(
      [FLOAT_RECIPIENT, POOL_RECIPIENT].map((recipient) => {
        const what = to(recipient);
        return what.class === "claim" ? what.to : "";
      }),
      ["float", "pool"],
    );
    const what = to(ALICE);
    assert.ok(what.class === "claim" && what.to.startsWith("sp1") && what.deposit.length === 64);
    assert.equal(what.mainHeight, "12");
  });

  test("what the federation and the validators bring", () => {
    const { header } = mainGenesisBlock(spec);
    const of = (transaction: Parameters<typeof whatOfSide>[0]) =>
      whatOfSide(transaction, mapSideTransaction(transaction), { side: "sp", main: "sm" });
    const headers = createHeadersTransaction([header, { ...header, height: 1n }]);
    assert.deepEqual(of(headers), { class: "headers", from: "0", to: "1" });
    const govern = (act: GovernanceAction) => of(createGovernanceTransaction(encodeGovernanceBody(1n, act), []));
    const governance = { class: "governance", signatures: 0 };
    assert.deepEqual(govern({ action: "pause", scope: { kind: "in" } }), {
      ...governance,
      action: "pause",
      scope: "in",
    });
    assert.deepEqual(govern({ action: "list", assetId: GOLD, minimum: 1n, cap: 0n }), {
      ...governance,
      action: "list",
      scope: bytesToHex(GOLD),
    });
    assert.deepEqual(govern({ action: "resume", scope: { kind: "asset", assetId: GOLD } }), {
      ...governance,
      action: "resume",
      scope: bytesToHex(GOLD),
    });
    const signed = (byte: number) => ({
      content: { kind: VOTE_KINDS.NOTARIZE, epoch: 2, view: 3, height: 4, blockHash: fill(32, byte) },
      signature: fill(64, byte),
    });
    const evidence = evidenceOf(fill(32, 9), signed(1), signed(2));
    assert.ok(evidence !== undefined);
    assert.deepEqual(of(createEvidenceTransaction(evidence)), {
      class: "evidence",
      voteKey: bytesToHex(fill(32, 9)),
      rule: "two-notarize",
      epoch: 2,
      view: 3,
    });
    assert.deepEqual(of(createSystem(99n, fill(1, 1), [])), { class: "other" });
  });

  test("proofs of payouts and of coins", () => {
    const paths = { directions: new Uint8Array(0), transactionSiblings: [], statusSiblings: [] };
    const of = (transaction: Parameters<typeof whatOfSide>[0]) =>
      whatOfSide(transaction, mapSideTransaction(transaction), { side: "sp", main: "sm" });
    const proof = { payout: 3n, headerHeight: 20n, statusFail: false, paths };
    assert.deepEqual(of(createPayoutProofTransaction(proof)), {
      class: "completion",
      payout: "3",
      mainHeight: "20",
      failed: false,
    });
    const coin = { vaultEpoch: 1n, headerHeight: 2n, transactionVersion: 1n, timeRange: 0n, resultIds: [], paths };
    assert.deepEqual(of(createCoinProofTransaction(fill(32, 4), coin)), {
      class: "coin-proof",
      coin: bytesToHex(fill(32, 4)),
    });
  });

  test("elections: registration, resignation, votes and what they earn", () => {
    const key = fill(64, 8);
    const candidate = bytesToHex(key);
    const vote: SideOutput = { ...sideOut(ALICE, 70n), kind: "vote", vote: key };
    const system = (systemKind: bigint, body: Uint8Array, signatures: number): SideInput => ({
      kind: "system",
      systemKind,
      body,
      arguments: Array.from({ length: signatures }, () => fill(64, 1)),
    });
    const register = { action: "register", key, voteKey: fill(32, 2), rewardProgram: BOB, voterShare: 20 } as const;
    const inputs = [system(SYSTEM_KIND.candidate, encodeCandidateBody(register), 2), spend];
    assert.deepEqual(side({ inputs, outputs: [EMPTY_RETIREMENT, vote] }), {
      class: "registration",
      candidate,
      bond: "70",
      voterShare: 20,
    });
    const resign = system(SYSTEM_KIND.candidate, encodeCandidateBody({ action: "resign", key }), 1);
    assert.deepEqual(side({ inputs: [resign, spend], outputs: [EMPTY_RETIREMENT] }), {
      class: "resignation",
      candidate,
    });
    const items = [{ candidate, amount: "70" }];
    assert.deepEqual(side({ outputs: [vote, sideOut(ALICE)] }), { class: "vote", items, more: 0 });
    const veto: SideInput = { kind: "veto", ...commitment, amount: 70n, vote: key };
    assert.deepEqual(side({ inputs: [veto], outputs: [sideOut(ALICE)] }), { class: "veto", items, more: 0 });
    const claim = system(SYSTEM_KIND.voteClaim, encodeVoteClaimBody(4, [fill(32, 1)]), 0);
    assert.deepEqual(side({ inputs: [claim, spend], outputs: [EMPTY_RETIREMENT, sideOut(BOB, 6n)] }), {
      class: "vote-claim",
      epoch: 4,
      outputs: 1,
      amount: "6",
    });
  });
});
