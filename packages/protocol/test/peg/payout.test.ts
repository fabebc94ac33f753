// The derivation of payouts over plain data (federation.md section 5, steps 1 to 6), with the measured figures of section 13.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { publicKeyFromSeed, signEd25519, verifyEd25519 } from "@bystack/crypto/ed25519";
import { sha3_256 } from "@bystack/crypto/hash";
import { bytesToHex, concatBytes, type Hash, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { BTM_ASSET_ID } from "../../src/entry.ts";
import { mapMainTransaction } from "../../src/main/entries.ts";
import {
  assemblePayout,
  draftSignatureHashes,
  encodeDraft,
  type PayoutDraft,
  type PayoutRequest,
  type VaultCoin,
} from "../../src/peg/draft.ts";
import { derivePayout, type PastDraft, type PayoutUnit, type PayoutView } from "../../src/peg/payout.ts";
import { createVaultKeys, vaultInputGas } from "../../src/peg/vault.ts";

const BTM = BTM_ASSET_ID;
const COIN = 100_000_000n;
const id = (name: string): Hash => sha3_256(utf8ToBytes(name));
const gold = id("gold");
const payee = concatBytes(hexToBytes("0014"), new Uint8Array(20).fill(7));
const seedOf = (i: number): Uint8Array => new Uint8Array(32).fill(i + 1);

function epochOf(members: number, threshold: number) {
  const publicKeys = Array.from({ length: members }, (_, i) => publicKeyFromSeed(seedOf(i)));
  return { epoch: 1, keys: createVaultKeys(publicKeys, threshold) };
}
const four = epochOf(4, 3);

let serial = 0;
function coin(amount: bigint, assetId: Hash = BTM): VaultCoin {
  serial += 1;
  const name = `coin ${serial}`;
  return {
    id: id(name),
    muxId: id(`${name} mux`),
    position: 0n,
    assetId,
    amount,
    epoch: 1,
    commitment: id(`${name} c`),
  };
}
function request(amount: bigint, assetId: Hash = BTM): PayoutRequest {
  serial += 1;
  return { id: id(`request ${serial}`), assetId, amount, program: payee };
}
function unit(requests: readonly PayoutRequest[], past: readonly PastDraft[] = []): PayoutUnit {
  return { requests, past };
}
function view(parts: Partial<PayoutView>): PayoutView {
  return {
    chainId: id("chain"),
    nextPayout: 17n,
    openPayouts: 0,
    floatNeu: 100n * COIN,
    epochs: [four],
    coins: [],
    units: [],
    keptCoins: [],
    ...parts,
  };
}
function derive(parts: Partial<PayoutView>): readonly PayoutDraft[] {
  return derivePayout(view(parts)).drafts;
}
function only(parts: Partial<PayoutView>): PayoutDraft {
  const drafts = derive(parts);
  const [draft] = drafts;
  assert.ok(draft !== undefined && drafts.length === 1, `${drafts.length} drafts`);
  return draft;
}
function idsOf(draft: PayoutDraft): string[] {
  return draft.inputs.map((input) => bytesToHex(input.id));
}
function sign(draft: PayoutDraft) {
  const order = four.keys.publicKeys.map(
    (key) => [0, 1, 2, 3].find((i) => bytesToHex(publicKeyFromSeed(seedOf(i))) === bytesToHex(key)) ?? 0,
  );
  const signatures = draftSignatureHashes(draft).map((hash) =>
    order.map((member, keyIndex) => ({ keyIndex, signature: signEd25519(seedOf(member), hash) })),
  );
  const transaction = assemblePayout(draft, signatures, () => four.keys);
  assert.ok(transaction !== undefined);
  return transaction;
}
function sum(values: readonly { readonly assetId: Hash; readonly amount: bigint }[], assetId: Hash): bigint {
  return values.reduce(
    (total, value) => (bytesToHex(value.assetId) === bytesToHex(assetId) ? total + value.amount : total),
    0n,
  );
}
function assertBalanced(draft: PayoutDraft): void {
  const { outputs } = draft.transaction;
  const paid = outputs.flatMap((output) => (output.kind === "output" ? [output] : []));
  assert.equal(sum(draft.inputs, BTM) - sum(paid, BTM), draft.feeNeu);
  assert.equal(sum(draft.inputs, gold), sum(paid, gold));
}

describe("figures of section 13", () => {
  test("1 BTM request: 624 bytes, 5,265 gas, 0.0145 BTM", () => {
    const draft = only({ coins: [coin(10n * COIN)], units: [unit([request(COIN)])] });
    const { size } = sign(draft);
    assert.equal(size, 624);
    assert.equal(4641 + size, 5265);
    assert.equal(draft.feeNeu, 200n * 7265n);
  });
  test("1 asset request: 1,172 bytes, 10,454 gas, 0.025 BTM", () => {
    const draft = only({ coins: [coin(10n * COIN), coin(1000n, gold)], units: [unit([request(200n, gold)])] });
    const { size } = sign(draft);
    assert.deepEqual([size, 2 * 4641 + size], [1172, 10_454]);
    assert.equal(draft.feeNeu, 200n * 12_454n);
  });
  test("50 BTM requests, 3 inputs: 4,671 bytes, 18,594 gas, 0.041 BTM", () => {
    const units = Array.from({ length: 50 }, () => unit([request(COIN)]));
    const draft = only({ coins: [coin(20n * COIN), coin(20n * COIN), coin(20n * COIN)], units });
    const { size } = sign(draft);
    assert.deepEqual([draft.inputs.length, size, 3 * 4641 + size], [3, 4671, 18_594]);
    assert.equal(draft.feeNeu, 200n * 20_594n);
  });
});

describe("the draft", () => {
  test("names the payout: change goes to an address that commits to number and requests", () => {
    const draft = only({ coins: [coin(10n * COIN)], units: [unit([request(COIN)])] });
    const mapped = mapMainTransaction(sign(draft));
    assert.equal(bytesToHex(mapped.id), bytesToHex(draft.transactionId), "F7: no id covers a witness");
    for (const change of draft.changes) {
      assert.equal(bytesToHex(mapped.results[Number(change.position)]?.id ?? BTM), bytesToHex(change.id));
    }
    assertBalanced(draft);
  });
  test("any k signers give one txid, with signatures that verify", () => {
    const draft = only({ coins: [coin(10n * COIN)], units: [unit([request(COIN)])] });
    const [hash] = draftSignatureHashes(draft);
    const [input] = sign(draft).inputs;
    assert.ok(hash !== undefined && input?.kind === "spend");
    input.arguments.slice(0, 3).forEach((signature, i) => {
      const publicKey = four.keys.publicKeys[i] ?? BTM;
      assert.ok(verifyEd25519({ publicKey, message: hash, signature }, "strict-s"));
    });
  });
  test("does not depend on the order of the coins", () => {
    const coins = Array.from({ length: 9 }, (_, i) => coin(COIN * BigInt(1 + (i % 4))));
    const units = [unit([request(3n * COIN)]), unit([request(2n * COIN)])];
    const a = only({ coins, units });
    const b = only({ coins: [...coins].reverse(), units });
    assert.deepEqual(encodeDraft(a), encodeDraft(b));
  });
  test("change of more than 40 BTM is split in four while free coins are few, never in a merge", () => {
    const units = [unit([request(COIN)])];
    const big = only({ coins: [coin(100n * COIN)], units });
    assert.equal(big.changes.length, 4);
    assert.ok(big.changes.every((change) => change.amount > 24n * COIN));
    assertBalanced(big);
    assert.equal(only({ coins: [coin(41n * COIN)], units }).changes.length, 1, "40 BTM less the fee");
    const many = [coin(100n * COIN), ...Array.from({ length: 10 }, () => coin(50n * COIN))];
    assert.equal(only({ coins: many, units }).changes.length, 1);
    const merge = only({
      coins: Array.from({ length: 7 }, () => coin(20n * COIN)),
      units: [unit([request(130n * COIN)])],
    });
    assert.deepEqual([merge.requestIds.length, merge.inputs.length, merge.changes.length], [0, 6, 1]);
  });
  test("change of less than 0.01 BTM takes one more input", () => {
    const exact = [coin(2n * COIN), coin(COIN)];
    const draft = only({ coins: exact, units: [unit([request(2n * COIN)])] });
    assert.equal(draft.inputs.length, 2);
    // 0.005 BTM would be left beside the fee of 0.0145 BTM.
    const close = [coin(COIN + 1_950_000n), coin(COIN)];
    const two = only({ coins: close, units: [unit([request(COIN)])] });
    assert.equal(two.inputs.length, 2);
    assert.equal(derive({ coins: close.slice(0, 1), units: [unit([request(COIN)])] }).length, 0, "nor is it ever less");
    const enough = only({ coins: [coin(COIN + 2_500_000n)], units: [unit([request(COIN)])] });
    assert.equal(enough.inputs.length, 1);
    assert.ok((enough.changes[0]?.amount ?? 0n) >= 1_000_000n);
  });
  test("up to two small coins are swept along, within float", () => {
    const coins = [coin(20n * COIN), coin(3n * COIN), coin(2n * COIN), coin(COIN)];
    const units = [unit([request(10n * COIN)])];
    assert.deepEqual(
      only({ coins, units }).inputs.map((input) => input.amount / COIN),
      [20n, 1n, 2n],
    );
    const tight = only({ coins, units, floatNeu: 1_500_000n });
    assert.deepEqual(
      tight.inputs.map((input) => input.amount / COIN),
      [20n],
    );
  });
});

describe("selection", () => {
  test("order, at most 50 requests, at most 16 open payouts, one BTM and one asset draft", () => {
    const btm = Array.from({ length: 6 }, () => coin(200n * COIN));
    const coins = [...btm, coin(10_000n, gold)];
    const units = Array.from({ length: 60 }, () => unit([request(COIN)]));
    const draft = only({ coins, units });
    assert.deepEqual(
      draft.requestIds.map(bytesToHex),
      units.slice(0, 50).map((entry) => bytesToHex(entry.requests[0]?.id ?? BTM)),
    );
    assert.equal(derive({ coins, units, openPayouts: 16 }).length, 0);
    // A group of three behind 49 single requests would make 52.
    const group = unit([request(COIN), request(COIN), request(COIN)]);
    const full = only({ coins, units: [...units.slice(0, 49), group, ...units.slice(49)] });
    assert.equal(full.requestIds.length, 49);
    const both = derive({ coins, units: [unit([request(5n, gold)]), unit([request(COIN)])] });
    assert.deepEqual(
      both.map((entry) => [entry.kind, entry.payout]),
      [
        ["btm", 17n],
        ["asset", 18n],
      ],
    );
    const last = derive({ coins, units: [unit([request(5n, gold)]), unit([request(COIN)])], openPayouts: 15 });
    assert.equal(last.length, 1);
  });
  test("at most four assets a draft", () => {
    const assets = ["a", "b", "c", "d", "e"].map(id);
    const coins = [coin(10n * COIN), ...assets.map((assetId) => coin(100n, assetId))];
    const draft = only({ coins, units: assets.map((assetId) => unit([request(5n, assetId)])) });
    assert.equal(draft.requestIds.length, 4);
  });
  test("a request that cannot be covered is skipped and blocks later ones of its asset only", () => {
    const silver = id("silver");
    const coins = [coin(10n * COIN), coin(100n, gold), coin(100n, silver)];
    const late = unit([request(5n, silver)]);
    const draft = only({ coins, units: [unit([request(500n, gold)]), unit([request(5n, gold)]), late] });
    assert.deepEqual(
      draft.requestIds.map(bytesToHex),
      late.requests.map((entry) => bytesToHex(entry.id)),
    );
  });
  test("no float, no draft, and it says so", () => {
    const parts = { coins: [coin(10n * COIN)], units: [unit([request(COIN)])] };
    assert.deepEqual(derivePayout(view({ ...parts, floatNeu: 1_452_999n })), { drafts: [], waitsForFloat: true });
    assert.equal(derivePayout(view({ ...parts, floatNeu: 1_453_000n })).drafts.length, 1);
  });
  test("two drafts of one boundary share the float", () => {
    const coins = [...Array.from({ length: 5 }, () => coin(10n * COIN)), coin(100n, gold)];
    const units = [unit([request(COIN)]), unit([request(5n, gold)])];
    const { drafts, waitsForFloat } = derivePayout(view({ coins, units, floatNeu: 2_600_000n }));
    assert.deepEqual(
      drafts.map((draft) => draft.kind),
      ["btm"],
    );
    assert.equal(waitsForFloat, true);
  });
});

describe("re-drafts", () => {
  const a = coin(500n, gold);
  const b = coin(400n, gold);
  const c = coin(900n, gold);
  const fee = coin(10n * COIN);
  const failed: PastDraft = { failed: true, conflicts: [a.id, b.id] };

  test("spend a coin of every earlier draft although a larger coin would do", () => {
    const draft = only({ coins: [a, b, c, fee], units: [unit([request(100n, gold)], [failed])] });
    // First, so it was chosen and not swept along.
    assert.equal(idsOf(draft)[0], bytesToHex(a.id), "the largest of the failed draft's coins");
    const two = only({
      coins: [a, b, c, fee],
      units: [
        unit(
          [request(100n, gold)],
          [
            { ...failed, conflicts: [a.id] },
            { ...failed, conflicts: [b.id] },
          ],
        ),
      ],
    });
    assert.deepEqual(idsOf(two).slice(0, 2), [bytesToHex(a.id), bytesToHex(b.id)]);
  });
  test("kept coins are not there for other requests", () => {
    assert.equal(derive({ coins: [a, fee], units: [unit([request(100n, gold)])], keptCoins: [a.id] }).length, 0);
    assert.equal(derive({ coins: [a, fee], units: [unit([request(100n, gold)])] }).length, 1);
  });
  test("are not blocked by a request before them that waits for the kept coins", () => {
    const stuck = unit([request(450n, gold)]);
    const redraft = unit([request(100n, gold)], [failed]);
    const draft = only({ coins: [a, b, fee], units: [stuck, redraft] });
    assert.deepEqual(
      draft.requestIds.map(bytesToHex),
      redraft.requests.map((entry) => bytesToHex(entry.id)),
    );
  });
  test("the margin is 2,000 gas, four times as much per failure, then all the gas there is", () => {
    const fees = [0, 1, 2, 3, 4].map((count) => {
      const past = Array.from({ length: count }, () => ({ failed: true, conflicts: [a.id] }));
      const draft = only({ coins: [a, fee], units: [unit([request(500n, gold)], past)] });
      return Number(draft.feeNeu / 200n) - 2 * vaultInputGas(4) - sign(draft).size;
    });
    assert.deepEqual(fees.slice(0, 3), [2000, 8000, 32_000]);
    const full = only({ coins: [a, fee], units: [unit([request(500n, gold)], [failed, failed, failed])] });
    assert.equal(full.feeNeu, 200n * 200_000n);
  });
  test("a group is paid whole or not at all", () => {
    const group = unit([request(300n, gold), request(300n, gold)], [failed]);
    assert.equal(derive({ coins: [a, fee], units: [group] }).length, 0);
    assert.equal(only({ coins: [a, b, fee], units: [group] }).requestIds.length, 2);
  });
});

describe("merges", () => {
  test("merge-7: seven members merge three coins at a time", () => {
    const seven = epochOf(7, 5);
    const coins = Array.from({ length: 8 }, () => coin(3n * COIN));
    const draft = only({ epochs: [seven], coins, units: [unit([request(20n * COIN)])] });
    assert.deepEqual([draft.requestIds.length, draft.inputs.length, draft.changes.length], [0, 3, 1]);
    assertBalanced(draft);
  });
  test("asset coins beyond twenty are merged with a fee coin", () => {
    const coins = [coin(10n * COIN), ...Array.from({ length: 25 }, () => coin(10n, gold))];
    const draft = only({ coins, units: [unit([request(245n, gold)])] });
    assert.deepEqual([draft.kind, draft.requestIds.length, draft.inputs.length], ["asset", 0, 21]);
    assert.deepEqual(
      draft.changes.map((change) => change.amount > 0n),
      [true, true],
    );
    assertBalanced(draft);
  });
  test("13 members: gas still allows the inputs", () => {
    const thirteen = epochOf(13, 9);
    const coins = [coin(50n * COIN), ...Array.from({ length: 25 }, () => coin(10n, gold))];
    const draft = only({ epochs: [thirteen], coins, units: [unit([request(240n, gold)])] });
    assert.ok(draft.feeNeu <= 200n * 200_000n);
    assert.equal(draft.requestIds.length, 0);
  });
});
