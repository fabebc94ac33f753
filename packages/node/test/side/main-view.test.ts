// The main chain as a side node sees it: which headers it follows after a long standstill, and when it offers them.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient } from "@bystack/api/client";
import type { NODE_ROUTES } from "@bystack/api/node-routes";
import type { SideState } from "@bystack/ledger/side/state";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { encodeMainBlock, type MainHeader, mainBlockHash } from "@bystack/protocol/main/block";
import { createMainTransaction } from "@bystack/protocol/main/transaction";
import { bytesToHex } from "@bystack/utils/bytes";
import { nullLogger } from "@bystack/utils/ports";
import { FOLLOWED_HEADERS_MAX, followMainChain, type MainFollower } from "../../src/side/main-follower.ts";
import { MainHeaders } from "../../src/side/main-headers.ts";

const ZERO = new Uint8Array(32);

function unused(): never {
  throw new Error("this port is not used here");
}

function mainChain(length: number): { header: MainHeader; hash: string }[] {
  const chain: { header: MainHeader; hash: string }[] = [];
  for (let height = 0; height < length; height += 1) {
    const header: MainHeader = {
      version: 1n,
      height: BigInt(height),
      previousHash: chain.at(-1) === undefined ? ZERO : mainBlockHash((chain.at(-1) as { header: MainHeader }).header),
      timestamp: BigInt(height),
      bits: 1n,
      transactionsRoot: ZERO,
      statusRoot: ZERO,
      nonce: 0n,
    };
    chain.push({ header, hash: bytesToHex(mainBlockHash(header)) });
  }
  return chain;
}

/** What makes the blocks larger than their headers. */
const FILLING = Array.from({ length: 20 }, () =>
  createMainTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [{ kind: "coinbase", arbitrary: new Uint8Array(100) }],
    outputs: [{ kind: "output", assetId: BTM_ASSET_ID, amount: 0n, program: Uint8Array.of(0x51) }],
  }),
);

/** A client of a main node that has this chain; the event stream finds nobody, the poll does the work. */
function mainClient(chain: readonly { header: MainHeader; hash: string }[]): ApiClient<typeof NODE_ROUTES> {
  const call = async (name: string, input?: { params: { ref: string } }): Promise<unknown> => {
    const tip = chain.at(-1);
    if (name === "info") return { height: chain.length - 1, tip: tip?.hash };
    const entry = chain[Number(input?.params.ref)];
    assert.ok(entry !== undefined);
    return { raw: bytesToHex(encodeMainBlock({ header: entry.header, transactions: FILLING })) };
  };
  return { baseUrl: "http://127.0.0.1:9", call } as unknown as ApiClient<typeof NODE_ROUTES>;
}

/** The part of a side state that headers are chosen by. */
function stateAt(entry: { header: MainHeader; hash: string }): SideState {
  const tip = { height: entry.header.height };
  return { peg: { tip: () => tip, sections: { headers: new Map([[entry.hash, tip]]) } } } as unknown as SideState;
}

test("a side chain that stood still for longer than the followed headers reach goes on from its place", async () => {
  const chain = mainChain(FOLLOWED_HEADERS_MAX + 500);
  const place = chain[100];
  assert.ok(place !== undefined);
  let needed = 100;
  const { promise: caughtUp, resolve, reject } = Promise.withResolvers<void>();
  const follower = followMainChain({
    client: mainClient(chain),
    floorHeight: 0,
    neededHeight: () => needed,
    onChange: () => {
      if (follower?.at(101) !== undefined) resolve();
    },
    logger: { ...nullLogger, warn: (_, fields) => reject(new Error(String(fields?.why))) },
  });
  try {
    await caughtUp;
    const headers = new MainHeaders({ follower, headerLag: 0, pool: unused });
    assert.ok(headers.transactionFor(stateAt(place), { epoch: 1, view: 1 }) !== undefined);
    assert.equal(follower.at(1), undefined, "and no more than that is kept");
    const bytes = follower.at(101)?.header.previousHash.buffer.byteLength ?? 0;
    assert.ok(bytes < 500, `a header keeps ${bytes} bytes in memory`);
    needed = chain.length - 1;
  } finally {
    follower.stop();
  }
});

function followerOf(chain: readonly { header: MainHeader; hash: string }[]): MainFollower {
  const entries = chain.map(({ header, hash }, height) => ({ height, hash, header }));
  return {
    tipHeight: entries.length - 1,
    onBestChain: (hash) => entries.find((entry) => entry.hash === hash),
    at: (height) => entries[height],
    stop: () => {},
  };
}

test("after a nullified block headers are left out for some views of that epoch, and not of the next", () => {
  const chain = mainChain(5);
  const [place] = chain;
  assert.ok(place !== undefined);
  const headers = new MainHeaders({ follower: followerOf(chain), headerLag: 0, pool: unused });
  headers.ownBlockNullified({ epoch: 1, view: 1195 }, true);
  const has = (epoch: number, view: number): boolean =>
    headers.transactionFor(stateAt(place), { epoch, view }) !== undefined;
  assert.deepEqual([has(1, 1196), has(1, 1205), has(2, 1)], [false, true, true]);
});

test("a node without a main node offers no headers and votes for none", () => {
  const headers = new MainHeaders({ follower: undefined, headerLag: 0, pool: unused });
  const [place] = mainChain(1);
  assert.ok(place !== undefined);
  assert.equal(headers.transactionFor(stateAt(place), { epoch: 1, view: 1 }), undefined);
  assert.equal(headers.holds([]), true);
});
