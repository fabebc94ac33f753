// The order of the claim rules: C1–C8, C10, C9, the first failure is the code (federation.md section 4). A claim in which
// everything from some rule on is wrong must be refused with the code of that rule.

import assert from "node:assert/strict";
import { test } from "node:test";
import { publicKeyFromSeed } from "@bystack/crypto/ed25519";
import { utf8ToBytes } from "@bystack/utils/bytes";
import { assetIdOf } from "../../src/asset.ts";
import { BTM_ASSET_ID, ZERO_HASH } from "../../src/entry.ts";
import { statusRoot, transactionsRoot } from "../../src/main/block.ts";
import { mapMainTransaction } from "../../src/main/entries.ts";
import { createMainTransaction } from "../../src/main/transaction.ts";
import { type Claim, createClaim, parseClaim } from "../../src/peg/claim.ts";
import { type ClaimContext, validateClaim } from "../../src/peg/claim-rules.ts";
import { createVaultKeys, depositProgram } from "../../src/peg/vault.ts";
import { publicKeyProgram } from "../../src/program.ts";
import { mapSideTransaction } from "../../src/side/entries.ts";

const chainId = new Uint8Array(32).fill(1);
const keys = createVaultKeys(
  [1, 2, 3, 4].map((i) => publicKeyFromSeed(new Uint8Array(32).fill(i))),
  3,
);
const recipient = publicKeyProgram(new Uint8Array(32).fill(9));
const origin = { issuanceVmVersion: 1n, definition: utf8ToBytes("gold"), issuanceProgram: Uint8Array.of(0x51) };
const gold = assetIdOf({ vmVersion: 1n, program: origin.issuanceProgram, definition: origin.definition });

function transaction(amount: bigint, program: Uint8Array) {
  const spend = {
    kind: "spend",
    sourceId: ZERO_HASH,
    assetId: gold,
    amount,
    sourcePosition: 0n,
    program: Uint8Array.of(0x51),
    arguments: [],
  } as const;
  return createMainTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [spend],
    outputs: [{ kind: "output", assetId: gold, amount, program }],
  });
}
const transactions = [transaction(1n, recipient), transaction(500n, depositProgram({ keys, chainId, recipient }))];
const statusFail = [false, false];
const ids = transactions.map((entry) => mapMainTransaction(entry).id);
const header = {
  version: 1n,
  height: 7n,
  previousHash: ZERO_HASH,
  timestamp: 1n,
  transactionsRoot: transactionsRoot(ids),
  statusRoot: statusRoot(statusFail),
  nonce: 0n,
  bits: 1n,
};

function claimOf(transactionIndex: number): Claim {
  const built = createClaim({
    block: { header, transactions },
    statusFail,
    transactionIndex,
    position: 0,
    vaultEpoch: 1n,
    recipient,
    origin,
  });
  const parsed = parseClaim(built, mapSideTransaction(built).id);
  assert.ok(parsed.ok);
  return parsed.value;
}

const good: ClaimContext = {
  chainId,
  headerAt: (height) => (height === 7n ? header : undefined),
  tipHeight: 12n,
  confirmations: () => 6n,
  vaultKeys: (epoch) => (epoch === 1n ? keys : undefined),
  asset: () => ({ minimum: 500n, cap: 1000n }),
  locked: () => 500n,
  isClaimed: () => false,
  isPaused: () => false,
  verifySignature: () => true,
};
const collector = { publicKey: new Uint8Array(32), signature: new Uint8Array(64) };

test("a good claim stands, at exactly the depth, the minimum and the cap", () => {
  assert.equal(validateClaim({ ...claimOf(1), collector }, good), undefined);
});

test("from which rule on everything is wrong decides the code", () => {
  // From the last rule to the first: each step breaks one more, and its code must win.
  let claim: Claim = { ...claimOf(1), collector };
  let context = good;
  const codes: (string | undefined)[] = [];
  const break_ = (change: { claim?: Partial<Claim>; context?: Partial<ClaimContext> }): void => {
    claim = { ...claim, ...change.claim };
    context = { ...context, ...change.context };
    codes.push(validateClaim(claim, context));
  };
  break_({ context: { isPaused: () => true } });
  break_({ context: { isClaimed: () => true } });
  break_({ context: { verifySignature: () => false } });
  break_({ context: { locked: () => 501n } });
  break_({ context: { asset: () => ({ minimum: 501n, cap: 1000n }) } });
  break_({ context: { asset: () => undefined } });
  break_({ claim: { definition: utf8ToBytes("lead") } });
  break_({ claim: { recipient: Uint8Array.of(0x6a) } });
  break_({ context: { vaultKeys: () => undefined } });
  break_({ context: { headerAt: () => ({ ...header, statusRoot: ZERO_HASH }) } });
  break_({ context: { headerAt: () => ({ transactionsRoot: ZERO_HASH, statusRoot: ZERO_HASH }) } });
  break_({ claim: { position: 1n } });
  break_({ context: { tipHeight: 11n } });
  break_({ context: { headerAt: () => undefined } });
  assert.deepEqual(codes, [
    "CLAIM_PAUSED",
    "CLAIM_SPENT",
    "CLAIM_COLLECTOR",
    "CLAIM_CAP",
    "CLAIM_MINIMUM",
    "CLAIM_NOT_LISTED",
    "CLAIM_ASSET",
    "CLAIM_PROGRAM",
    "CLAIM_EPOCH",
    "CLAIM_STATUS",
    "CLAIM_PATH",
    "CLAIM_OUTPUT",
    "CLAIM_DEPTH",
    "CLAIM_HEADER",
  ]);
});

test("C5 comes after the path and before the status", () => {
  const first = claimOf(0);
  assert.equal(validateClaim(first, good), "CLAIM_COINBASE");
  const wrongStatus = { ...good, headerAt: () => ({ ...header, statusRoot: ZERO_HASH }) };
  assert.equal(validateClaim(first, wrongStatus), "CLAIM_COINBASE");
});

test("BTM needs no status path and carries neither definition nor issuance program", () => {
  const built = createClaim({
    block: { header, transactions },
    statusFail,
    transactionIndex: 1,
    position: 0,
    vaultEpoch: 1n,
    recipient,
    origin,
  });
  const claim = claimOf(1);
  assert.ok(claim.proof.paths.statusSiblings.length > 0 && built.size > 0);
  const asBtm = { ...claim, assetId: BTM_ASSET_ID };
  assert.equal(validateClaim(asBtm, good), "CLAIM_OUTPUT", "another asset is another output");
});
