// Rules of main-chain transactions beyond the recorded cases: what the reference crashes on is refused, what order gives
// which outcome, and the gas account holds for any transaction.

import assert from "node:assert/strict";
import test from "node:test";
import { equalBytes } from "@bystack/utils/bytes";
import fc from "fast-check";
import { BYTOM_LEDGER_RULES } from "../../src/main/rules.ts";
import { isIncludable, isStatusFail, validateMainTransaction } from "../../src/main/validate-transaction.ts";
import { aliceProgram, BTM, CONTEXT, coinbase, issuance, output, signed, spend, TRUE, transaction } from "./build.ts";

const FEE = 10_000_000n;
const GOLD = new Uint8Array(32).fill(7);

test("a payment is good, pays its size and its program, and nobody else may sign it", () => {
  const payment = signed(transaction([spend(100n + FEE)], [output(100n)]));
  const { gas, error } = validateMainTransaction(payment, CONTEXT);
  assert.equal(error, undefined);
  assert.deepEqual(gas, {
    btmValue: FEE,
    gasLeft: Number(FEE / 200n) - payment.size - 1409,
    gasUsed: payment.size + 1409,
    storageGas: payment.size,
    gasValid: true,
  });
  const [input] = payment.inputs;
  assert.ok(input?.kind === "spend");
  const [signature, key] = input.arguments;
  assert.ok(signature !== undefined && key !== undefined);
  const forged = Uint8Array.from(signature, (byte, i) => (i === 0 ? byte ^ 1 : byte));
  const stolen = transaction([{ ...input, arguments: [forged, key] }], payment.outputs);
  const verdict = validateMainTransaction(stolen, CONTEXT);
  assert.deepEqual([verdict.error, isIncludable(verdict)], ["ErrFalseVMResult", false]);
});

test("signatures may be answered by the caller", () => {
  const unsigned = transaction(
    [spend(1n + FEE, { arguments: [new Uint8Array(64), new Uint8Array(32)] })],
    [output(1n)],
  );
  let asked = 0;
  const checkSig = (): boolean => {
    asked += 1;
    return true;
  };
  const vmRules = { mulFraction: false, checkSig };
  validateMainTransaction(unsigned, { ...CONTEXT, vmRules });
  assert.equal(asked, 0, "the key does not belong to the program, so no signature is looked at");
  validateMainTransaction(signed(unsigned), { ...CONTEXT, vmRules });
  assert.equal(asked, 1);
});

test("a failing program of another asset gives a gas-only transaction, once the fee is proven", () => {
  const failing = [spend(FEE), spend(5n, { assetId: GOLD, program: Uint8Array.of(0x6a) })];
  const verdict = validateMainTransaction(signed(transaction(failing, [output(5n, { assetId: GOLD })])), CONTEXT);
  assert.deepEqual([verdict.error, isIncludable(verdict), isStatusFail(verdict)], ["ErrReturn", true, true]);
  const poor = [spend(1n), ...failing.slice(1)];
  const refused = validateMainTransaction(signed(transaction(poor, [output(5n, { assetId: GOLD })])), CONTEXT);
  assert.equal(isIncludable(refused), false);
});

test("a coinbase is valid only as the first input of the first transaction", () => {
  const alone = transaction([coinbase("x")], [output(5n)]);
  assert.equal(validateMainTransaction(alone, { ...CONTEXT, isFirst: true }).error, undefined);
  assert.equal(validateMainTransaction(alone, CONTEXT).error, "ErrWrongCoinbaseTransaction");
  const second = signed(transaction([spend(FEE), coinbase("x")], [output(5n)]));
  const verdict = validateMainTransaction(second, { ...CONTEXT, isFirst: true });
  assert.deepEqual([verdict.error, isIncludable(verdict)], ["ErrMismatchedPosition", false]);
});

test("an ordinary input after a coinbase only adds to the fee, and no storage gas is due", () => {
  const mixed = signed(transaction([coinbase("x"), spend(FEE)], [output(5n)]));
  const { gas, error } = validateMainTransaction(mixed, { ...CONTEXT, isFirst: true });
  assert.equal(error, undefined);
  assert.deepEqual([gas.btmValue, gas.storageGas, gas.gasUsed], [FEE, 0, 1409]);
});

test("what the reference crashes on is refused at every height", () => {
  const cases = [
    ["ErrManyCoinbases", transaction([coinbase("a"), coinbase("b")], [output(1n)])],
    ["ErrEmptyResults", transaction([coinbase("a")], [])],
    ["ErrUnsupportedAssetVersion", transaction([{ kind: "opaque", assetVersion: 2n }], [output(1n)])],
    ["ErrUnsupportedAssetVersion", transaction([spend(FEE)], [{ kind: "opaque", assetVersion: 2n }])],
  ] as const;
  for (const [code, refused] of cases) {
    for (const blockHeight of [1000n, 142_499n, 142_500n]) {
      const verdict = validateMainTransaction(refused, { ...CONTEXT, blockHeight, isFirst: true });
      assert.equal(isIncludable(verdict), false);
      // An input without meaning has no id, and from that height on the missing id is seen first.
      const noId = blockHeight === 142_500n && refused.inputs[0]?.kind === "opaque";
      assert.equal(verdict.error, noId ? "ErrEmptyInputIDs" : code);
    }
  }
});

test("every asset but BTM must balance", () => {
  const gold = (amount: bigint) => output(amount, { assetId: GOLD });
  const codeOf = (out: bigint) => {
    const inputs = [spend(FEE), spend(5n, { assetId: GOLD, program: TRUE })];
    return validateMainTransaction(signed(transaction(inputs, [gold(out)])), CONTEXT).error;
  };
  assert.deepEqual([4n, 5n, 6n].map(codeOf), ["ErrUnbalanced", undefined, "ErrUnbalanced"]);
  assert.equal(validateMainTransaction(transaction([spend(FEE)], [gold(0n)]), CONTEXT).error, "ErrNoSource");
});

test("a repeated issuance runs once, with the arguments of the later input", () => {
  const program = Uint8Array.of(0x01, 0x05, 0x9c); // the argument must be 5
  const first = issuance(1n, { program, arguments: [Uint8Array.of(9)] });
  const second = issuance(1n, { program, arguments: [Uint8Array.of(5)] });
  const outputs = [output(2n, { assetId: first.assetId })];
  const later = validateMainTransaction(signed(transaction([spend(FEE), first, second], outputs)), CONTEXT);
  assert.equal(later.error, "ErrMismatchedPosition", "the program succeeded, the earlier slot failed");
  const swapped = validateMainTransaction(signed(transaction([spend(FEE), second, first], outputs)), CONTEXT);
  assert.equal(swapped.error, "ErrFalseVMResult");
  assert.ok(isIncludable(later) && isIncludable(swapped));
});

test("limits come from the rules", () => {
  const payment = signed(transaction([spend(100n + FEE)], [output(100n)]));
  const rules = { ...BYTOM_LEDGER_RULES, gasCredit: 1408 };
  assert.equal(validateMainTransaction(payment, { ...CONTEXT, rules }).error, "ErrOverGasCredit");
  const cheap = { ...BYTOM_LEDGER_RULES, gasPriceNeu: FEE };
  assert.equal(validateMainTransaction(payment, { ...CONTEXT, rules: cheap }).error, "ErrRunLimitExceeded");
});

const amount = fc.oneof(fc.bigInt({ min: 0n, max: 40n }), fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }));
const asset = fc.constantFrom(BTM, GOLD);
const program = fc.oneof(
  fc.constantFrom(TRUE, aliceProgram, Uint8Array.of(0x6a), new Uint8Array(0)),
  fc.uint8Array({ maxLength: 12 }),
);
const input = fc.oneof(
  fc
    .record({ amount, asset, program, args: fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 2 }) })
    .map((given) => spend(given.amount, { assetId: given.asset, program: given.program, arguments: given.args })),
  fc.record({ amount, program }).map((given) => issuance(given.amount, { program: given.program })),
  fc.constantFrom(coinbase("a"), coinbase("b")),
);
const result = fc
  .record({ amount, asset, program })
  .map((given) => output(given.amount, { assetId: given.asset, program: given.program }));

test("any transaction gets a verdict, and its gas account adds up", () => {
  const lists = [fc.array(input, { maxLength: 4 }), fc.array(result, { maxLength: 4 })] as const;
  fc.assert(
    fc.property(...lists, fc.boolean(), fc.boolean(), (inputs, outputs, repeat, isFirst) => {
      const all = repeat ? [...inputs, ...inputs.slice(0, 1)] : inputs;
      const tx = transaction(all, outputs);
      const { gas, error } = validateMainTransaction(tx, { ...CONTEXT, isFirst });
      assert.ok(gas.gasLeft >= 0 && gas.gasUsed >= 0 && gas.btmValue >= 0n);
      if (!gas.gasValid) return assert.ok(error !== undefined);
      const bought = gas.btmValue / 200n;
      assert.equal(gas.gasLeft + gas.gasUsed, Number(bought < 200_000n ? bought : 200_000n));
      // Money is never made: without a coinbase, BTM out is BTM in minus the fee.
      const sum = (list: readonly { assetId?: Uint8Array; amount?: bigint }[]): bigint =>
        list.reduce(
          (total, { assetId, amount: part }) => total + (assetId && equalBytes(assetId, BTM) ? (part ?? 0n) : 0n),
          0n,
        );
      if (!all.some(({ kind }) => kind === "coinbase")) assert.equal(sum(outputs) + gas.btmValue, sum(all as []));
    }),
    { numRuns: 2000 },
  );
});
