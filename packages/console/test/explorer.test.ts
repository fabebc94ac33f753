// What the explorer says in words: short addresses, names of assets, how far its index is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { explorerAdvice, indexSentence, lineOf, shortenAddresses, standingStatus } from "../src/view/explorer.ts";

const GOLD = { asset: "GOLD", id: "0a".repeat(32), decimals: 2 };
const ADDRESS = "sm1q5p8mxx3vs7e23wsmkzqhwmqlyxxkdm7gh5ps0z";

test("a sentence has names of assets and short addresses", () => {
  const what = {
    class: "payment" as const,
    from: ADDRESS,
    items: [{ asset: GOLD.id, amount: "1050", to: ADDRESS }],
    more: 0,
  };
  assert.equal(lineOf(what, [GOLD]), "sm1q5p…h5ps0z paid 10.5 GOLD to sm1q5p…h5ps0z.");
  assert.match(lineOf(what, []), /1050 of asset 0a0a0a0a…/);
});

test("words that are no addresses stay as they are", () => {
  assert.equal(
    shortenAddresses("Brings the headers of main-chain blocks 1 to 4."),
    "Brings the headers of main-chain blocks 1 to 4.",
  );
});

test("an index that is behind says how far, and one that follows says nothing", () => {
  const follows = { state: "following", why: null, height: 100, chainHeight: 101, lag: 1 } as const;
  assert.equal(indexSentence(follows), null);
  const behind = indexSentence({ ...follows, state: "catching-up", height: 88, chainHeight: 100, lag: 12 });
  assert.equal(behind, "The explorer is 12 blocks behind and catching up: 88 of 100.");
  assert.match(
    indexSentence({ ...follows, state: "failed", why: "the disk is full" }) ?? "",
    /the disk is full.*bystack explorer rebuild/,
  );
});

test("each refusal of an explorer says what to do, others are left alone", () => {
  for (const code of ["EXPLORER_OFF", "EXPLORER_REBUILDING", "EXPLORER_INCOMPLETE"])
    assert.match(explorerAdvice(code, "demo") ?? "", /demo/);
  assert.equal(explorerAdvice("BLOCK_NOT_FOUND", "demo"), null);
});

test("a transaction that failed does not look like one that took effect", () => {
  const standing = { status: "confirmed", confirmations: 3, gasOnly: false } as const;
  assert.equal(standingStatus(standing).tone, "good");
  assert.equal(standingStatus({ ...standing, gasOnly: true }).tone, "bad");
});
