// Rules of main-chain blocks that the recorded cases leave out: the future limit, the proof-of-work argument, the order of
// header checks, and a coinbase that retires.

import assert from "node:assert/strict";
import test from "node:test";
import { type MainBlock, type MainHeader, statusRoot, transactionsRoot } from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import type { MainTransaction } from "@bystack/protocol/main/transaction";
import { blockSubsidy } from "@bystack/protocol/pow";
import { BYTOM_LEDGER_RULES as rules } from "../../src/main/rules.ts";
import { type MainHeaderContext, validateMainBlock, validateMainHeader } from "../../src/main/validate-block.ts";
import { coinbase, output, signed, spend, transaction } from "./build.ts";

const HEIGHT = 15n;
const SUBSIDY = blockSubsidy(HEIGHT);
const FEE = 10_000_000n;

const context: MainHeaderContext = {
  parentHash: new Uint8Array(32).fill(1),
  parentHeight: HEIGHT - 1n,
  requiredBits: 77n,
  medianTime: 1000n,
  nowSeconds: 2000n,
  futureSecondsMax: 3600n,
  proofOfWork: "assume-valid",
};

function block(transactions: readonly MainTransaction[], statuses: readonly boolean[] = []): MainBlock {
  const ids = transactions.map((item) => mapMainTransaction(item).id);
  const header: MainHeader = {
    version: 1n,
    height: HEIGHT,
    previousHash: context.parentHash,
    timestamp: 1500n,
    transactionsRoot: transactionsRoot(ids),
    statusRoot: statusRoot(ids.map((_, index) => statuses[index] ?? false)),
    nonce: 0n,
    bits: 77n,
  };
  return { header, transactions };
}

function codeOf(candidate: MainBlock, options: Partial<MainHeaderContext> = {}): string {
  const result = validateMainBlock(candidate, { ...context, ...options, rules });
  return result.ok ? "ok" : result.error.code;
}

const reward = (amount: bigint) => transaction([coinbase("c")], [output(amount)]);

test("a block pays its subsidy and its fees, exactly", () => {
  const payment = signed(transaction([spend(5n + FEE)], [output(5n)]));
  assert.equal(codeOf(block([reward(SUBSIDY)])), "ok");
  const result = validateMainBlock(block([reward(SUBSIDY + FEE), payment]), { ...context, rules });
  assert.ok(result.ok);
  assert.deepEqual([result.value.feesNeu, result.value.gasUsed], [FEE, payment.size + 1409]);
  assert.equal(codeOf(block([reward(SUBSIDY), payment])), "ErrWrongCoinbaseTransaction");
  assert.equal(codeOf(block([reward(SUBSIDY + FEE), payment], [false, true])), "errMismatchedMerkleRoot");
});

test("a refused transaction is named", () => {
  const unsigned = transaction([spend(5n + FEE)], [output(5n)]);
  const result = validateMainBlock(block([reward(SUBSIDY + FEE), unsigned]), { ...context, rules });
  assert.deepEqual(!result.ok && result.error, { code: "ErrDataStackUnderflow", transaction: 1 });
});

test("a coinbase that retires is refused by its own name", () => {
  const burning = transaction([coinbase("c")], [output(SUBSIDY, { program: Uint8Array.of(0x6a) })]);
  assert.equal(codeOf(block([burning])), "ErrEntryType");
});

test("a block may be an hour ahead of the clock and not a second more", () => {
  const { header } = block([]);
  const at = (timestamp: bigint) => validateMainHeader({ ...header, timestamp }, context);
  assert.equal(at(5600n), undefined);
  assert.equal(at(5601n), "errBadTimestamp");
  assert.equal(at(1000n), "errBadTimestamp");
  assert.equal(at(1001n), undefined);
});

test("the verdict on the proof of work comes in, and is looked at last", () => {
  const { header } = block([]);
  assert.equal(validateMainHeader(header, { ...context, proofOfWork: true }), undefined);
  assert.equal(validateMainHeader(header, { ...context, proofOfWork: false }), "errWorkProof");
  const bad = { ...context, proofOfWork: false };
  const order: [Partial<MainHeader>, string][] = [
    [{ version: 2n, height: 9n }, "errVersionRegression"],
    [{ height: 9n, bits: 1n }, "errMisorderedBlockHeight"],
    [{ bits: 1n, previousHash: new Uint8Array(32) }, "errBadBits"],
    [{ previousHash: new Uint8Array(32), timestamp: 0n }, "errMismatchedBlock"],
    [{ timestamp: 0n }, "errBadTimestamp"],
  ];
  for (const [change, code] of order) assert.equal(validateMainHeader({ ...header, ...change }, bad), code);
});

test("a block above the gas limit is refused", () => {
  const payment = signed(transaction([spend(5n + FEE)], [output(5n)]));
  const tight = { ...rules, blockGasMax: payment.size + 1408 };
  const result = validateMainBlock(block([reward(SUBSIDY + FEE), payment]), { ...context, rules: tight });
  assert.equal(!result.ok && result.error.code, "errOverBlockLimit");
});
