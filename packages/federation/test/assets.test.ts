// Assets other than BTM over the bridge: the claim proves the asset's origin, a payout that the miner made gas-only is
// proven failed and drafted again, and the second draft conflicts with the first.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assetIdOf } from "@bystack/protocol/asset";
import { bytesToHex, utf8ToBytes } from "@bystack/utils/bytes";
import { programOf, seedOf } from "./support/keys.ts";
import { World } from "./support/world.ts";

const PAYEE = programOf("payee");

async function goldWorld() {
  const world = new World({ withView: true });
  await world.startAll();
  await world.fund();
  const definition = utf8ToBytes('{"name":"gold"}');
  const program = Uint8Array.of(0x51);
  const assetId = assetIdOf({ vmVersion: 1n, program, definition });
  world.side.list(assetId, 1n);
  const issuance = {
    kind: "issuance" as const,
    nonce: utf8ToBytes("n"),
    assetId,
    amount: 1000n,
    definition,
    vmVersion: 1n,
    program,
    arguments: [],
  };
  const mapped = world.main.pay(world.depositOutputs(programOf("holder"), 1000n, { assetId }), [issuance]);
  const nullifier = bytesToHex(mapped.results[0]?.id ?? seedOf("none"));
  await world.until("credited", () => world.side.claims.has(nullifier));
  return { world, assetId };
}

test("an asset goes over and comes back", async () => {
  const { world, assetId } = await goldWorld();
  const request = world.side.burn({ assetId, amount: 300n, program: PAYEE });
  await world.until("paid", () => world.side.burns.get(bytesToHex(request))?.completed === true);
  assert.equal(world.main.balance(PAYEE, assetId), 300n);
  assert.equal(world.side.locked(assetId), 700n);
  assert.equal(world.side.owed(assetId), 700n);
});

test("a gas-only payout is proven failed and paid by a second draft that spends the same asset coin", async () => {
  const { world, assetId } = await goldWorld();
  const request = world.side.burn({ assetId, amount: 300n, program: PAYEE });
  await world.until("drafted", () => world.side.payouts.has(1n));
  const first = world.side.payouts.get(1n)?.draft ?? assert.fail("a draft");
  world.main.gasOnly.add(bytesToHex(first.transactionId));
  await world.until("failed", () => world.side.payouts.get(1n)?.state === "failed");
  assert.equal(world.main.balance(PAYEE, assetId), 0n);
  await world.until("paid", () => world.side.burns.get(bytesToHex(request))?.completed === true);
  const second = world.side.payouts.get(2n)?.draft ?? assert.fail("a second draft");
  const shared = second.inputs.filter(({ id }) => first.inputs.some((coin) => bytesToHex(coin.id) === bytesToHex(id)));
  assert.equal(shared.length, 1);
  assert.ok(second.feeNeu > first.feeNeu, "the margin is raised");
  assert.equal(world.main.balance(PAYEE, assetId), 300n);
});
