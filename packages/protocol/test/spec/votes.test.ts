// Election parameters: a spec that weakens safety is refused with the rule that it breaks, and no other chain's id depends
// on them.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { publicKeyFromSeed } from "@bystack/crypto/ed25519";
import { createDevSideSpec, createDevVotes, DEFAULT_VOTES, devVoteLock } from "../../src/spec/presets.ts";
import { formatChainSpec, parseSideChainSpec, type SideChainSpec, type VotesSpec } from "../../src/spec.ts";

const key = (n: number): Uint8Array => publicKeyFromSeed(new Uint8Array(32).fill(n));

function specOf(votes: VotesSpec | undefined, members = 4): SideChainSpec {
  return createDevSideSpec({
    name: "demo",
    genesisTimeMs: 1_700_000_000_000,
    committee: Array.from({ length: members }, (_, i) => ({
      id: `demo-${i}`,
      voteKey: key(i),
      rewardProgram: Uint8Array.of(0x51),
    })),
    federation: null,
    ...(votes === undefined ? {} : { votes }),
  });
}

const good = specOf(DEFAULT_VOTES);

/** What a person is told about a spec, as "path rule". */
function problemsOf(spec: SideChainSpec): string[] {
  const parsed = parseSideChainSpec(JSON.parse(formatChainSpec(spec)));
  return parsed.ok ? [] : parsed.error.map(({ path, rule }) => `${path} ${rule}`);
}

const withVotes = (change: Partial<VotesSpec>): SideChainSpec => ({ ...good, votes: { ...DEFAULT_VOTES, ...change } });

suite("election parameters", () => {
  test("the defaults are good, round-trip, and are not in the text of a chain without elections", () => {
    assert.deepEqual(problemsOf(good), []);
    const parsed = parseSideChainSpec(JSON.parse(formatChainSpec(good)));
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.value, good);
    const plain = specOf(undefined);
    assert.deepEqual(problemsOf(plain), []);
    assert.doesNotMatch(formatChainSpec(plain), /"votes":\{|"votes":null/);
  });

  test("the mapping and the feature stand together or not at all", () => {
    const { votes: _, ...without } = good;
    assert.match(problemsOf(without).join(), /^features\.votes is not available without/);
    const off: SideChainSpec = { ...good, features: { ...good.features, votes: false } };
    assert.match(problemsOf(off).join(), /^votes stands beside features\.votes: false/);
    const json = JSON.parse(formatChainSpec(good));
    delete json.votes.bondMinNeu;
    const parsed = parseSideChainSpec(json);
    assert.deepEqual(parsed.ok ? [] : parsed.error, [{ path: "votes.bondMinNeu", rule: "is missing" }]);
  });

  test("what weakens safety is refused with its rule", () => {
    const production: SideChainSpec = { ...good, developmentMode: false };
    const cases: readonly (readonly [SideChainSpec, RegExp])[] = [
      [
        { ...production, votes: { ...DEFAULT_VOTES, committeeMin: 3 } },
        /^votes\.committeeMin must be at least 4: fewer tolerate no fault/,
      ],
      [withVotes({ committeeMin: 8, committeeMax: 7 }), /votes\.committeeMax is below votes\.committeeMin/],
      [withVotes({ committeeMin: 5 }), /^votes\.committeeMin is above the 4 validators/],
      [
        { ...specOf(DEFAULT_VOTES, 5), votes: { ...DEFAULT_VOTES, committeeMax: 4 } },
        /^votes\.committeeMax is below the 5 validators/,
      ],
      [withVotes({ candidatesMax: 9 }), /^votes\.candidatesMax is below votes\.committeeMax: early candidates/],
      [withVotes({ seatChangeDivisor: 2 }), /^votes\.seatChangeDivisor must be at least 3: at most a third/],
      [withVotes({ thresholdNeu: 99_999_999n }), /^votes\.thresholdNeu is below votes\.outputMinNeu/],
      [withVotes({ bondMinNeu: 99_999_999n }), /^votes\.bondMinNeu is below votes\.outputMinNeu/],
      // 3,456,000 blocks of at least 500 ms are 1,728,000,000 ms.
      [withVotes({ trustingMs: 1_728_000_000 }), /^votes\.trustingMs must be shorter than votes\.unbondingBlocks/],
      [withVotes({ unbondingBlocks: 119, trustingMs: 1 }), /^votes\.unbondingBlocks must be at least two epochs/],
      [{ ...good, locks: { ...good.locks, voteBlocks: 119 } }, /^locks\.voteBlocks must be at least two epochs/],
      [
        { ...good, consensus: { ...good.consensus, epochBlocks: 1 } },
        /^consensus\.epochBlocks must be at least 2: rewards are paid/,
      ],
      [
        { ...good, consensus: { ...good.consensus, epochBlocks: 0 } },
        /^consensus\.epochBlocks must be an integer from 1/,
      ],
      [{ ...good, subsidyNeu: 166_666_666_667n }, /^subsidyNeu times consensus\.epochBlocks must be at most/],
      [withVotes({ producersBps: 10_001 }), /^votes\.producersBps must be an integer from 0 to 10000/],
      [withVotes({ outputMinNeu: 0n }), /^votes\.outputMinNeu must be a decimal string from "1"/],
    ];
    for (const [spec, expected] of cases) assert.match(problemsOf(spec).join("\n"), expected);
  });

  test("at their edges the rules hold", () => {
    assert.deepEqual(problemsOf(withVotes({ trustingMs: 1_727_999_999 })), []);
    assert.deepEqual(problemsOf(withVotes({ unbondingBlocks: 120, trustingMs: 59_999 })), []);
    assert.deepEqual(problemsOf({ ...good, locks: { ...good.locks, voteBlocks: 120 } }), []);
    assert.deepEqual(problemsOf({ ...good, subsidyNeu: 166_666_666_666n }), []);
    assert.deepEqual(problemsOf(withVotes({ seatChangeDivisor: 3, committeeMax: 4 })), []);
    const three: SideChainSpec = { ...specOf(DEFAULT_VOTES, 3), votes: { ...DEFAULT_VOTES, committeeMin: 3 } };
    assert.deepEqual(problemsOf(three), []);
  });

  test("the parameters of a dev chain keep the rules at every size and pace", () => {
    for (const [members, epochBlocks, blockMs] of [
      [4, 60, 500],
      [4, 2, 60_000],
      [13, 1200, 500],
      [100, 100_000, 100],
    ] as const) {
      const chain = { validators: members, epochBlocks, blockMs };
      const base = specOf(createDevVotes(chain), members);
      const spec = {
        ...base,
        consensus: { ...base.consensus, epochBlocks, blockMs },
        locks: { ...base.locks, voteBlocks: devVoteLock(epochBlocks) },
      };
      assert.deepEqual(problemsOf(spec), [], `${members} validators, ${epochBlocks} blocks of ${blockMs} ms`);
    }
    const few = { ...specOf(createDevVotes({ validators: 1, epochBlocks: 60, blockMs: 500 }), 1) };
    assert.deepEqual(problemsOf(few), []);
  });
});
