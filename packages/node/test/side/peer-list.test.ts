// The peers of a side node: names and connections by vote key, and a list that is replaced while the node runs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bytesToHex } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { SidePeer } from "../../src/options.ts";
import { PeerList, SHORT_KEY_DIGITS } from "../../src/side/peer-list.ts";
import { Committee, until, untilHeight } from "./kit.ts";

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const peer = (id: string, byte: number, voteKey?: Uint8Array): SidePeer => ({
  id,
  key: key(byte),
  host: "127.0.0.1",
  port: 1000 + byte,
  ...(voteKey && { voteKey }),
});

describe("names and connections", () => {
  const committee = new Committee({ count: 4, program: Uint8Array.of(0x51), coins: 1 });
  const { spec } = committee;
  committee.remove();
  const votes = spec.committee.map(({ voteKey }) => voteKey);
  const own = { id: "v1", voteKey: votes[0] ?? key(0) };
  const list = new PeerList({ spec, own, peers: [peer("v2", 2), peer("v3", 3), peer("late", 9, key(99))] });

  test("the spec names the first committee, the list the others, and nobody takes a name of the spec", () => {
    assert.deepEqual(votes.map(list.nameOf), ["v1", "v2", "v3", "v4"]);
    assert.equal(list.nameOf(key(99)), "late");
    assert.equal(list.nameOf(key(7)), "07".repeat(32).slice(0, SHORT_KEY_DIGITS));
    const thief = new PeerList({ spec, own, peers: [peer("v1", 8, votes[1])] });
    assert.equal(thief.nameOf(votes[1] ?? key(0)), "v2");
  });

  test("a place in the committee leads to its connection, where that is known", () => {
    const ids = [undefined, key(2), key(3), undefined].map((one) => one && bytesToHex(one));
    assert.deepEqual(list.inOrder(votes), ids);
    assert.equal(list.meshIdOf({ validator: 2 }, votes), bytesToHex(key(3)));
    assert.equal(list.meshIdOf({ validator: 3 }, votes), undefined);
    assert.equal(list.meshIdOf({ validator: 7 }, votes), undefined);
    assert.equal(list.meshIdOf({ peer: "ab" }, votes), "ab");
    assert.deepEqual(list.inOrder([key(99)]), [bytesToHex(key(9))]);
  });

  test("a new list replaces all of the old one, and whoever carries it out is told", () => {
    const told: unknown[] = [];
    list.onChange((addresses) => told.push(addresses));
    list.set([peer("v4", 4), peer("later", 10, key(100))]);
    assert.deepEqual(told, [
      [
        { id: bytesToHex(key(4)), host: "127.0.0.1", port: 1004 },
        { id: bytesToHex(key(10)), host: "127.0.0.1", port: 1010 },
      ],
    ]);
    assert.deepEqual(list.inOrder(votes), [undefined, undefined, undefined, bytesToHex(key(4))]);
    assert.equal(list.nameOf(key(99)), "63".repeat(SHORT_KEY_DIGITS / 2));
    assert.equal(list.nameOf(key(100)), "later");
  });
});

test("a node lets a peer in that it was told of while it runs, and lets it go again", async () => {
  const committee = new Committee({ count: 4, program: Uint8Array.of(0x51), coins: 1 });
  const { observer, seats } = committee;
  const nodes = [];
  try {
    for (const seat of seats) nodes.push(await committee.start(seat, undefined, { without: observer }));
    const late = await committee.start(observer);
    nodes.push(late);
    const [first] = nodes;
    assert.ok(first !== undefined);
    await untilHeight(first.client, 2);
    // Its key is not known anywhere: nobody talks to it.
    assert.equal((await late.client.call("info")).peers, 0);
    const connected = async () =>
      (await first.client.call("peers")).items.find(({ id }) => id === observer.id)?.connected;
    assert.equal(await connected(), undefined);
    for (const [i, seat] of seats.entries())
      await nodes[i]?.client.call("setPeers", { body: { peers: committee.peersOf(seat) } });
    await until("the observer is connected", connected, (answer) => answer === true);
    await untilHeight(late.client, 3);
    assert.equal((await late.client.call("consensus")).validators.length, 4);
    await first.client.call("setPeers", { body: { peers: committee.peersOf(seats[0] ?? observer, observer) } });
    assert.equal(await connected(), undefined);
    await until(
      "the first has let it go",
      async () => (await late.client.call("peers")).items.find(({ id }) => id === seats[0]?.id)?.connected,
      (answer) => answer === false,
    );
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    committee.remove();
  }
});

test("peers are replaced by the platform alone, and by nothing malformed", async () => {
  const committee = new Committee({ count: 4, program: Uint8Array.of(0x51), coins: 1 });
  const [seat] = committee.seats;
  assert.ok(seat !== undefined);
  const node = await committee.start(seat);
  try {
    const url = `${node.url}/admin/peers`;
    const headers = { "content-type": "application/json" };
    const stranger = await fetch(url, { method: "POST", headers, body: JSON.stringify({ peers: [] }) });
    assert.equal(stranger.status, 403);
    const bad = { id: "x", key: "ab", host: "h", port: 1 };
    const isBadRequest = (error: unknown): boolean => error instanceof BystackError && error.code === "BAD_REQUEST";
    await assert.rejects(node.client.call("setPeers", { body: { peers: [bad] } }), isBadRequest);
    const many = Array.from({ length: 1025 }, () => ({ ...bad, key: "ab".repeat(32) }));
    await assert.rejects(node.client.call("setPeers", { body: { peers: many } }), isBadRequest);
    assert.equal((await node.client.call("peers")).items.length, 4);
  } finally {
    await node.stop();
    committee.remove();
  }
});
