// A sentence for every class of transaction, word for word: command line and browser say the same.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assetNameOf, formatUnits, formatValue, sentenceOf } from "@bystack/protocol/explain/sentence";
import { WHAT_CLASSES, type What } from "@bystack/protocol/explain/what";

const BTM = "ff".repeat(32);
const GOLD = "0a".repeat(32);
const KEY = "ab".repeat(64);
const names = { asset: (id: string) => (id === GOLD ? { name: "GOLD", decimals: 2 } : undefined) };
const btm = (amount: string) => ({ asset: BTM, amount });
const gold = (amount: string) => ({ asset: GOLD, amount });

const CASES: readonly [What, string][] = [
  [
    { class: "payment", from: "sm1qa", items: [{ ...btm("150000000"), to: "sm1qb" }], more: 0 },
    "sm1qa paid 1.5 BTM to sm1qb.",
  ],
  [
    {
      class: "payment",
      from: "sm1qa",
      items: [
        { ...btm("1"), to: "sm1qb" },
        { ...gold("1050"), to: "sm1qc" },
      ],
      more: 3,
    },
    "sm1qa paid 0.00000001 BTM to sm1qb, 10.5 GOLD to sm1qc and 3 more.",
  ],
  [{ class: "payment", from: "sm1qa", items: [], more: 0 }, "sm1qa moved coins of its own."],
  [{ class: "payment", from: null, items: [], more: 0 }, "Somebody moved coins of its own."],
  [
    { class: "coinbase", items: [{ ...btm("4125000000"), to: "sm1qm" }], more: 0 },
    "The reward for blocks: 41.25 BTM to sm1qm.",
  ],
  [{ class: "coinbase", items: [], more: 0 }, "The block has no reward to pay."],
  [{ class: "issuance", items: [gold("10000")], more: 0 }, "100 GOLD issued."],
  [{ class: "retirement", text: null, items: [btm("100000000")], more: 0 }, "1 BTM retired for ever."],
  [
    { class: "retirement", text: "hi", items: [gold("1")], more: 0 },
    "0.01 GOLD retired for ever, with the words “hi”.",
  ],
  [
    {
      class: "deposit",
      chain: "0123456789abcdef",
      recipient: "0014",
      items: [gold("10000"), btm("200000000")],
      more: 0,
    },
    "A deposit of 100 GOLD and 2 BTM to the side chain 01234567….",
  ],
  [
    { class: "payout", items: [{ ...btm("1"), to: "sm1qb" }], more: 0 },
    "The vault of a side chain paid 0.00000001 BTM to sm1qb.",
  ],
  [{ class: "payout", items: [], more: 0 }, "The vault of a side chain joined coins of its own."],
  [
    { class: "claim", ...gold("10000"), to: "sp1qa", deposit: "11".repeat(32), mainHeight: "12" },
    "A deposit in main-chain block 12 was claimed: 100 GOLD for sp1qa.",
  ],
  [
    { class: "claim", ...btm("100000000"), to: "float", deposit: "11".repeat(32), mainHeight: "12" },
    "A deposit in main-chain block 12 of 1 BTM tops up what the federation pays fees from.",
  ],
  [
    { class: "claim", ...btm("100000000"), to: "pool", deposit: "11".repeat(32), mainHeight: null },
    "A deposit of 1 BTM goes to the reward pool.",
  ],
  [
    { class: "burn", from: "sp1qa", items: [{ ...gold("5"), to: "sm1qb", request: "22".repeat(32) }], more: 0 },
    "sp1qa burned 0.05 GOLD to sm1qb on the main chain.",
  ],
  [{ class: "headers", from: "7", to: "9" }, "Brings the headers of main-chain blocks 7 to 9."],
  [{ class: "headers", from: "7", to: "7" }, "Brings the header of main-chain block 7."],
  [
    { class: "completion", payout: "3", mainHeight: "20", failed: false },
    "Proves that payout 3 was made in main-chain block 20.",
  ],
  [
    { class: "completion", payout: "3", mainHeight: "20", failed: true },
    "Proves that payout 3 failed in main-chain block 20.",
  ],
  [{ class: "coin-proof", coin: "33".repeat(32) }, "Proves the vault's coin 33333333… on the main chain again."],
  [
    { class: "governance", action: "pause", scope: "in", signatures: 3 },
    "The federation paused deposits, with 3 signatures.",
  ],
  [
    { class: "governance", action: "resume", scope: "automatic", signatures: 3 },
    "The federation resumed everything, after an automatic pause, with 3 signatures.",
  ],
  [
    { class: "governance", action: "list", scope: GOLD, signatures: 4 },
    "The federation listed GOLD, with 4 signatures.",
  ],
  [
    { class: "registration", candidate: KEY, bond: "100000000000", voterShare: 20 },
    "abababab… stands for election with a bond of 1000 BTM and gives voters 20 % of its rewards.",
  ],
  [{ class: "resignation", candidate: KEY }, "abababab… stands for election no more."],
  [{ class: "vote", items: [{ candidate: KEY, amount: "25000000000" }], more: 0 }, "Votes with 250 BTM for abababab…."],
  [
    { class: "veto", items: [{ candidate: KEY, amount: "25000000000" }], more: 0 },
    "Takes back votes: 250 BTM for abababab….",
  ],
  [
    { class: "vote-claim", epoch: 4, outputs: 2, amount: "50000000" },
    "Voters got 0.5 BTM of the rewards, for 2 votes in epoch 4.",
  ],
  [
    { class: "evidence", voteKey: "cd".repeat(32), rule: "two-notarize", epoch: 3, view: 9 },
    "Evidence against the validator cdcdcdcd…: two votes for different blocks in epoch 3, view 9.",
  ],
  [{ class: "other" }, "A transaction of a form that this version has no word for."],
];

test("every class has a sentence", () => {
  for (const [what, expected] of CASES) assert.equal(sentenceOf(what, names), expected);
  assert.deepEqual([...new Set(CASES.map(([what]) => what.class))].sort(), [...WHAT_CLASSES].sort());
});

test("names of candidates and assets are used where they are known", () => {
  assert.equal(
    sentenceOf({ class: "resignation", candidate: KEY }, { candidate: () => "demo-5" }),
    "demo-5 stands for election no more.",
  );
  assert.equal(formatValue(gold("7")), "7 of asset 0a0a0a0a…");
});

test("units are told without digits that say nothing", () => {
  const cases = [
    ["0", 8, "0"],
    ["1", 8, "0.00000001"],
    ["100000000", 8, "1"],
    ["123000000", 8, "1.23"],
    ["5", 0, "5"],
    ["-150", 2, "-1.5"],
  ] as const;
  for (const [amount, decimals, text] of cases) assert.equal(formatUnits(amount, decimals), text);
});

test("an asset is called what its definition says, with its id: anybody may take any name", () => {
  const named = (definition: string | null) => assetNameOf(GOLD, definition);
  assert.deepEqual(named('{"name":"Gold","symbol":"GLD","decimals":2}'), { name: "GLD (0a0a0a0a…)", decimals: 2 });
  assert.deepEqual(named('{"name":"Gold"}'), { name: "Gold (0a0a0a0a…)", decimals: 0 });
  assert.deepEqual(named('{"name":"Gold","decimals":99}'), { name: "Gold (0a0a0a0a…)", decimals: 0 });
  for (const strange of [
    null,
    "",
    "[]",
    "7",
    "{",
    '{"name":7}',
    `{"name":"${"x".repeat(33)}"}`,
    '{"name":"a\\u0007b"}',
  ])
    assert.equal(named(strange), undefined, String(strange));
});
