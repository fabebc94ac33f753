// What a wallet gets to see of a node's outputs: coins that can be spent, over all pages; a vote is taken back, never spent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { bytesToHex } from "@bystack/utils/bytes";
import { type AnyNode, httpNodeClient } from "../src/prove/clients.ts";

test("votes are no coins, and every page is read", async () => {
  const output = (n: number, kind: "normal" | "coinbase" | "vote") => ({
    id: n.toString(16).padStart(64, "0"),
    asset: bytesToHex(BTM_ASSET_ID),
    amount: "5",
    program: "51",
    address: null,
    sourceId: "ab".repeat(32),
    sourcePosition: n,
    height: 1,
    kind,
    spendableFrom: 1,
  });
  const cursors: (string | undefined)[] = [];
  const call = async (_: string, input: { body?: { cursor?: string } }) => {
    cursors.push(input.body?.cursor);
    return input.body?.cursor === undefined
      ? { items: [output(1, "normal"), output(2, "vote")], next: "more" }
      : { items: [output(3, "coinbase")], next: null };
  };
  const coins = await httpNodeClient({ call } as unknown as AnyNode).coinsOf([Uint8Array.of(0x51)]);
  assert.deepEqual(
    coins.map(({ sourcePosition }) => sourcePosition),
    [1n, 3n],
  );
  assert.deepEqual(cursors, [undefined, "more"]);
});
