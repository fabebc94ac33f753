// Difficulty beyond the recorded cases: the dev cap, seeds by height, limits of the compact form.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import fc from "fast-check";
import {
  BLOCKS_PER_SEED,
  bitsOfTarget,
  INITIAL_SEED,
  isHashWithinBits,
  isRetargetParent,
  medianTime,
  nextBits,
  nextSeed,
  seedHeight,
  targetOfBits,
  workOfBits,
} from "../src/pow.ts";
import { retargetRulesOf } from "../src/spec/main.ts";
import { createDevMainSpec, DEV_GENESIS_BITS } from "../src/spec/presets.ts";

suite("pow", () => {
  test("a target written as bits keeps its top three bytes", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 1n << 300n }), (target) => {
        const back = targetOfBits(bitsOfTarget(target));
        assert.ok(back <= target);
        assert.ok((target - back) << 16n <= target);
        assert.equal(bitsOfTarget(back), bitsOfTarget(target));
      }),
    );
  });

  test("the seed of a height is the one that following the chain gives", () => {
    const hashAt = (height: bigint): Hash => new Uint8Array(32).fill(Number(height % 251n) + 1);
    let seed: Hash = INITIAL_SEED;
    for (let height = 1n; height <= 3n * BLOCKS_PER_SEED; height += 1n) {
      seed = nextSeed({ height: height - 1n, hash: hashAt(height - 1n) }, seed);
      const source = seedHeight(height);
      const expected = source === 0n ? INITIAL_SEED : hashAt(source);
      assert.equal(bytesToHex(seed), bytesToHex(expected), `height ${height}`);
    }
  });

  test("a pause overnight cannot make a dev chain easier than its genesis", () => {
    const spec = createDevMainSpec({
      genesisTimeSeconds: 1_700_000_000,
      outputs: [{ program: Uint8Array.of(0x51), amountNeu: 1n }],
      blocksPerRetarget: 10,
    });
    const rules = retargetRulesOf(spec);
    assert.equal(rules.targetSeconds, 2n);
    const parent = { height: 10n, timestamp: 1_700_090_000n, bits: DEV_GENESIS_BITS };
    assert.equal(nextBits(parent, 1_700_000_000n, rules), DEV_GENESIS_BITS);
    const { targetMax: _, ...uncapped } = rules;
    assert.ok(targetOfBits(nextBits(parent, 1_700_000_000n, uncapped)) > 1n << 256n, "which it would without the cap");
    const fast = nextBits({ ...parent, timestamp: 1_700_000_010n }, 1_700_000_000n, rules);
    assert.equal(workOfBits(DEV_GENESIS_BITS), 2n);
    assert.ok(workOfBits(fast) >= 4n, "ten blocks in half their time are twice as hard");
  });

  test("time that ran backwards gives a negative target, rounded away from zero", () => {
    const parent = { height: 2016n, timestamp: 99n, bits: bitsOfTarget(0x10n) };
    assert.equal(targetOfBits(nextBits(parent, 100n)), -1n);
    assert.equal(nextBits(parent, 99n), 0n);
    assert.equal(workOfBits(nextBits(parent, 100n)), 0n);
  });

  test("bits change only below a multiple of the period, and never after genesis", () => {
    const heights = [0n, 1n, 2015n, 2016n, 2017n, 4032n];
    assert.deepEqual(
      heights.filter((height) => isRetargetParent(height)),
      [2016n, 4032n],
    );
  });

  test("the median of an even number is the upper middle, and order does not matter", () => {
    assert.equal(medianTime([4n, 1n, 3n, 2n]), 3n);
    assert.equal(medianTime([30n, 10n, 200n]), 30n);
    assert.equal(medianTime([]), 0n);
  });

  test("a hash is compared as a little-endian number", () => {
    const hash = new Uint8Array(32);
    hash[0] = 0x10;
    const bits = bitsOfTarget(0x10n);
    assert.equal(isHashWithinBits(hash, bits), true);
    hash[31] = 0x01;
    assert.equal(isHashWithinBits(hash, bits), false);
  });
});
