// Replay of recorded chains: the beginning of the solonet recording with real proof of work, and what a damaged or foreign
// file is answered with. The whole recording runs as `bystack replay`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { createTensorityPool } from "@bystack/crypto/tensority-pool";
import { decodeMainBlock, encodeMainBlock, mainBlockHash } from "@bystack/protocol/main/block";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { chooseBackend } from "../../src/main/proof-of-work.ts";
import { parseRecordedChain, parseRecordedReorganisation } from "../../src/main/recording.ts";
import { type ReplayResult, replayMainChain } from "../../src/main/replay.ts";

const vectors = join(import.meta.dirname, "..", "..", "..", "..", "vectors", "bytom");
const CHAIN = readFileSync(join(vectors, "blocks-solonet.json"), "utf8");
const REORGANISATION = readFileSync(join(vectors, "reorg-solonet.json"), "utf8");
const BLOCKS = 6;

const pool = createTensorityPool({ backend: chooseBackend("auto"), workers: 1 });
after(() => pool.close());

type RecordedFile = { tip_hash: string; tip_height: number; blocks: { hash: string; raw: string; height: number }[] };

function replay(text: string, blocksMax = BLOCKS): Promise<ReplayResult> {
  return replayMainChain({ chain: parseRecordedChain(text), blocksMax, pool, workers: 1, nowMs: () => Date.now() });
}

function refusedWith(code: string, why: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof BystackError);
    assert.equal(error.code, code);
    assert.match(error.why, why);
    return true;
  };
}

/** The recording with one block changed. */
function changed(height: number, change: (block: { hash: string; raw: string }) => void): string {
  const file: RecordedFile = JSON.parse(CHAIN);
  const block = file.blocks[height];
  assert.ok(block !== undefined);
  change(block);
  return JSON.stringify(file);
}

test("the first blocks give the recorded tip", async () => {
  const file: RecordedFile = JSON.parse(CHAIN);
  const result = await replay(CHAIN);
  assert.equal(result.height, BLOCKS);
  assert.equal(result.blocks, BLOCKS);
  assert.equal(result.tip, file.blocks[BLOCKS]?.hash);
});

test("a block without its proof of work is refused, and the report names it", async () => {
  const text = changed(2, (recorded) => {
    const block = decodeMainBlock(hexToBytes(recorded.raw));
    assert.ok(block.ok);
    const { header, transactions } = block.value;
    const forged = { header: { ...header, nonce: header.nonce + 1n }, transactions };
    recorded.raw = bytesToHex(encodeMainBlock(forged));
    recorded.hash = bytesToHex(mainBlockHash(forged.header));
  });
  await assert.rejects(replay(text), refusedWith("REPLAY_DIFFERS", /^block 2 .*errWorkProof/));
});

test("bytes that are not those of the recorded hash are refused", async () => {
  const text = changed(1, (recorded) => {
    recorded.hash = "0".repeat(64);
  });
  await assert.rejects(replay(text), refusedWith("REPLAY_DIFFERS", /^block 1 .*have the hash/));
});

test("files that are no recordings are refused by name of the place", () => {
  const cases: [string, RegExp][] = [
    ["{", /JSON/],
    ["[]", /no object/],
    ["{}", /network is none of/],
    ['{"network":"solonet"}', /blocks is no list/],
    ['{"network":"solonet","blocks":[]}', /blocks is empty/],
    ['{"network":"solonet","blocks":[{"hash":"00"}]}', /blocks\[0\]\.hash is no hash/],
    [
      changed(3, (block) => {
        block.raw = block.raw.slice(0, -2);
      }),
      /blocks\[3\]\.raw: .*at byte/,
    ],
  ];
  for (const [text, why] of cases)
    assert.throws(() => parseRecordedChain(text), refusedWith("REPLAY_FILE_INVALID", why));
  assert.throws(() => parseRecordedReorganisation(CHAIN), refusedWith("REPLAY_FILE_INVALID", /steps is no list/));
});

test("a reorganisation is not replayed on part of a chain", async () => {
  const reorganisation = parseRecordedReorganisation(REORGANISATION);
  const chain = parseRecordedChain(CHAIN);
  await assert.rejects(
    replayMainChain({ chain, reorganisation, blocksMax: 1, pool, workers: 1, nowMs: () => Date.now() }),
    refusedWith("REPLAY_OPTION_INVALID", /whole chain/),
  );
});
