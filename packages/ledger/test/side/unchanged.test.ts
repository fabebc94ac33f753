// A chain without elections keeps its bytes: chain id, state roots and snapshot as they were recorded before there were
// elections. A change here is a change of every living chain.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sha3_256Parts } from "@bystack/crypto/hash";
import { bytesToHex } from "@bystack/utils/bytes";
import { exportState } from "../../src/side/snapshot.ts";
import { COIN, createUser, Kit } from "./kit.ts";

/** A pegged chain of 14 blocks with a deposit, a burn and two paid epochs. */
function live(): Kit {
  const alice = createUser("alice");
  const kit = new Kit({ epochBlocks: 4 });
  kit.fundFloat();
  kit.fund(alice.program, 100n * COIN);
  kit.block(kit.burn(alice, 5n * COIN));
  kit.boundary();
  while (kit.state.position.height < 14) kit.block();
  return kit;
}

test("chain id, roots and snapshot of a chain without elections are the recorded ones", () => {
  const kit = live();
  const entries = [...exportState(kit.state)];
  const parts = entries
    .map(({ type, key, value }) => bytesToHex(sha3_256Parts(Uint8Array.of(type), key, value)))
    .sort()
    .map((hex) => new TextEncoder().encode(hex));
  assert.deepEqual(
    {
      chainId: bytesToHex(kit.rules.chainId),
      genesis: bytesToHex(new Kit({ epochBlocks: 4 }).state.root()),
      root: bytesToHex(kit.state.root()),
      snapshot: bytesToHex(sha3_256Parts(...parts)),
    },
    {
      chainId: "2d0c9e42c7405fd328375aa7ac38b25fbd71f83d23fd0b0fd2acc13ea26827d8",
      genesis: "8914fdecf62b0e9c420e4b5910ea2ec6ee3c681c1e29c3baf80f86f2863b5cbc",
      root: "344967e022cb12b3ae0cd2eec80da2c97d0b3b5d47e76d0f8a2b0e19e0700792",
      snapshot: "f7d951754aa91b6f7196c20f46c28406d823360a308498e277a64eb430515c49",
    },
  );
});
