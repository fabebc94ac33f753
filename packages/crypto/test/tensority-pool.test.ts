// The worker pool: real searches and checks with the WebAssembly kernel, everything else with a quick backend.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import {
  createTensorityPool,
  NONCE_LIMIT,
  type TensorityPool,
  type TensorityPoolOptions,
} from "../src/tensority-pool.ts";
import { COUNTING, ENDING, quickHash, THROWING } from "./fixtures/quick-backend.ts";
import { sample, vectorCases } from "./vectors.ts";

const ANY = (1n << 256n) - 1n;
const seed = sample("seed", 0);
const backendModule = new URL("fixtures/quick-backend.ts", import.meta.url).href;
const codeIs = (code: string) => (error: unknown) => error instanceof BystackError && error.code === code;

/** Runs with a pool of the quick backend and closes it whatever happens. */
async function withPool(
  options: Partial<TensorityPoolOptions>,
  run: (pool: TensorityPool) => Promise<void>,
): Promise<void> {
  const pool = createTensorityPool({ backend: "native", backendModule, ...options });
  try {
    await run(pool);
  } finally {
    await pool.close();
  }
}

/** A search that no nonce can end; resolves `running` with the first report of progress. */
function endlessSearch(pool: TensorityPool, signal?: AbortSignal) {
  const running = Promise.withResolvers<number>();
  const job = { body: sample("body", 0), seed, target: -1n, nonceStart: 0n, onProgress: running.resolve };
  return { running: running.promise, outcome: pool.mine(job, signal) };
}

test("wasm: recorded results, and the block hash of recorded headers", async () => {
  type Tensority = { name: string; block_hash: string; seed: string; result: string };
  type Header = { accept: boolean; hash: string; hash_preimage_body: string; nonce: string };
  const c = vectorCases<Tensority>("bytom/tensority.json").find(({ name }) => name === "solonet-block-2");
  const header = vectorCases<Header>("bytom/headers.json").find(({ accept }) => accept);
  assert.ok(c && header);
  await withPool({ backend: "wasm" }, async (pool) => {
    const result = BigInt(`0x${Buffer.from(c.result, "hex").reverse().toString("hex")}`);
    const check = (target: bigint) => pool.verify(hexToBytes(c.block_hash), hexToBytes(c.seed), target);
    const [met, missed] = await Promise.all([check(result), check(result - 1n)]);
    assert.equal(bytesToHex(met.hash), c.result);
    assert.deepEqual([met.ok, missed.ok], [true, false]);
    const body = hexToBytes(header.hash_preimage_body).subarray(0, -8);
    const outcome = await pool.mine({ body, seed, target: ANY, nonceStart: BigInt(header.nonce) });
    assert.ok(outcome.status === "found");
    assert.equal(bytesToHex(outcome.blockHash), header.hash);
    assert.equal(outcome.nonce, BigInt(header.nonce));
  });
});

test("wasm: finds the nonce of a recorded block of the solo network", async () => {
  // Block 1 of blocks-solonet.json: its fields in the order of the header entry, 8 bytes little-endian each or a hash.
  const body = hexToBytes(
    "0100000000000000" + // version
      "0100000000000000" + // height
      "ce4fe9431cd0225b3a811f8f8ec922f2b07a921bb12a8dddae9a85540072c770" +
      "7160006b00000000" + // timestamp
      "9cfbee362232f2352ff41db4e3565d80be946dce732ae4fe6ea34d0495aae6b5" +
      "c9c377e5192668bc0a367e4a4764f11e7c725ecced1d7b6a492974fab1b6d5bc" +
      "cccc0c0000000020", // bits
  );
  const initialSeed = hexToBytes("9e6291970cb44dd94008c79bcaf9d86f18b4b49ba5b2a04781db7199ed3b9e4e");
  await withPool({ backend: "wasm" }, async (pool) => {
    const outcome = await pool.mine({
      body,
      seed: initialSeed,
      target: 0xcccccn << 232n,
      nonceStart: 12n,
      nonceCount: 8,
    });
    assert.ok(outcome.status === "found");
    assert.equal(outcome.nonce, 15n);
    assert.equal(outcome.hashes, 4);
    assert.equal(bytesToHex(outcome.blockHash), "bc661ef0014fe7c8e39545891ec49e99556664dd66d6f8827bbfa06d97f7a068");
  });
});

test("checks are answered while a search goes on, and the search can be aborted", async () => {
  await withPool({}, async (pool) => {
    const stop = new AbortController();
    const search = endlessSearch(pool, stop.signal);
    assert.ok((await search.running) > 0);
    const headers = Array.from({ length: 20 }, (_, i) => sample("header", i));
    const results = await Promise.all(headers.map((header) => pool.verify(header, seed, ANY)));
    for (const [i, { hash }] of results.entries()) assert.deepEqual(hash, quickHash(sample("header", i), seed));
    stop.abort();
    const outcome = await search.outcome;
    assert.ok(outcome.status === "aborted" && outcome.hashes > 0);
    // The same worker searches again at once.
    const next = await pool.mine({ body: seed, seed, target: -1n, nonceStart: 5n, nonceCount: 3 });
    assert.deepEqual(next, { status: "exhausted", hashes: 3 });
  });
});

test("nothing goes on after a search was aborted", async () => {
  await withPool({}, async (pool) => {
    const stop = new AbortController();
    const search = endlessSearch(pool, stop.signal);
    await search.running;
    stop.abort();
    await search.outcome;
    const counting = new Uint8Array(32).fill(COUNTING);
    const count = async () => new DataView((await pool.verify(seed, counting, ANY)).hash.buffer).getUint32(0);
    const first = await count();
    for (let i = 1; i <= 10; i += 1) assert.equal(await count(), first + i);
  });
});

test("a search stops at the last nonce that can be written", async () => {
  await withPool({}, async (pool) => {
    const job = { body: seed, seed, target: -1n };
    assert.deepEqual(await pool.mine({ ...job, nonceStart: NONCE_LIMIT - 2n }), { status: "exhausted", hashes: 2 });
    const beyond = await pool.mine({ ...job, nonceStart: NONCE_LIMIT - 2n, nonceCount: 10 });
    assert.deepEqual(beyond, { status: "exhausted", hashes: 2 });
    assert.deepEqual(await pool.mine({ ...job, nonceStart: 0n, nonceCount: 0 }), { status: "exhausted", hashes: 0 });
    assert.deepEqual(await pool.mine({ ...job, nonceStart: 0n }, AbortSignal.abort()), {
      status: "aborted",
      hashes: 0,
    });
  });
});

test("limits: a full queue and a second search are refused, what waits is answered", async () => {
  await withPool({ queueMax: 2 }, async (pool) => {
    const checks = [0, 1, 2].map((i) => pool.verify(sample("header", i), seed, ANY)); // one at work, two waiting
    await assert.rejects(pool.verify(seed, seed, ANY), codeIs("TENSORITY_QUEUE_FULL"));
    assert.equal((await Promise.all(checks)).length, 3);
    const stop = new AbortController();
    const search = endlessSearch(pool, stop.signal);
    await assert.rejects(endlessSearch(pool).outcome, codeIs("TENSORITY_MINING_BUSY"));
    stop.abort();
    assert.equal((await search.outcome).status, "aborted");
  });
});

test("two workers: two searches, and checks of two seeds in between", async () => {
  await withPool({ workers: 2 }, async (pool) => {
    const stop = new AbortController();
    const searches = [endlessSearch(pool, stop.signal), endlessSearch(pool, stop.signal)];
    await Promise.all(searches.map(({ running }) => running));
    const seeds = [sample("seed", 1), sample("seed", 2)];
    const checks = Array.from({ length: 10 }, (_, i) => {
      const one = seeds[i % 2] ?? seed;
      return pool
        .verify(sample("header", i), one, ANY)
        .then(({ hash }) => assert.deepEqual(hash, quickHash(sample("header", i), one)));
    });
    await Promise.all(checks);
    stop.abort();
    for (const { outcome } of searches) assert.equal((await outcome).status, "aborted");
  });
});

test("a failure inside the backend rejects that job alone", async () => {
  await withPool({}, async (pool) => {
    const bad = new Uint8Array(32).fill(THROWING);
    await assert.rejects(pool.verify(seed, bad, ANY), codeIs("TENSORITY_WORKER_FAILED"));
    await assert.rejects(
      pool.mine({ body: seed, seed: bad, target: 0n, nonceStart: 0n }),
      codeIs("TENSORITY_WORKER_FAILED"),
    );
    assert.ok((await pool.verify(seed, seed, ANY)).ok);
  });
});

test("a worker that ends rejects what it had, and the next job gets a new one", async () => {
  await withPool({}, async (pool) => {
    const search = endlessSearch(pool);
    await search.running;
    const fatal = pool.verify(seed, new Uint8Array(32).fill(ENDING), ANY);
    const waiting = pool.verify(seed, seed, ANY);
    await assert.rejects(fatal, codeIs("TENSORITY_WORKER_FAILED"));
    await assert.rejects(search.outcome, codeIs("TENSORITY_WORKER_FAILED"));
    assert.ok((await waiting).ok);
  });
});

test("an absent backend and a module that cannot be loaded are typed errors", async () => {
  const pool = createTensorityPool({ backend: "native" });
  await assert.rejects(pool.verify(seed, seed, ANY), codeIs("NATIVE_BACKEND_MISSING"));
  await assert.rejects(pool.mine({ body: seed, seed, target: 0n, nonceStart: 0n }), codeIs("NATIVE_BACKEND_MISSING"));
  await pool.close();
  const broken = createTensorityPool({ backend: "native", backendModule: new URL("absent.ts", import.meta.url).href });
  await assert.rejects(broken.verify(seed, seed, ANY), codeIs("TENSORITY_WORKER_FAILED"));
  await broken.close();
});

test("close rejects what is pending, and everything after", async () => {
  const pool = createTensorityPool({ backend: "native", backendModule });
  const search = endlessSearch(pool);
  await search.running;
  const checks = [0, 1, 2].map((i) => pool.verify(sample("header", i), seed, ANY));
  const expected = [search.outcome, ...checks].map((one) => assert.rejects(one, codeIs("TENSORITY_POOL_CLOSED")));
  await pool.close();
  await Promise.all(expected);
  await assert.rejects(pool.verify(seed, seed, ANY), codeIs("TENSORITY_POOL_CLOSED"));
  await assert.rejects(pool.mine({ body: seed, seed, target: 0n, nonceStart: 0n }), codeIs("TENSORITY_POOL_CLOSED"));
  await pool.close();
});
