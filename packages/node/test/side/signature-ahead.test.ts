// Signatures verified ahead of a replay: each is verified exactly once, one that does not hold is never passed, and a thread
// that knows nothing leaves the work where it was.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BlockStore } from "@bystack/chain/side/block-store";
import { bodyTransactions } from "@bystack/chain/side/indexes";
import { SideChain } from "@bystack/chain/side/side-chain";
import { type SignatureCheck, verifyStrictS } from "@bystack/ledger/side/rules";
import { mapSideTransaction, sideSignatureHash } from "@bystack/protocol/side/entries";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";
import { type DataFolder, openDataFolder } from "@bystack/storage/data-folder";
import { createMemoryDisk } from "@bystack/storage/disk-memory";
import { openLog } from "@bystack/storage/log";
import { createSeededRng } from "@bystack/testing/rng";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { nullLogger } from "@bystack/utils/ports";
import { openSideStore, type SideStore } from "../../src/side/side-store.ts";
import { AHEAD_BLOCKS_MAX, SignatureAhead } from "../../src/side/signature-ahead.ts";
import { incidentsIn } from "../incidents.ts";
import { blockOf, certificateOf } from "./blocks-kit.ts";
import { growPayments, paymentsSpec } from "./payments-kit.ts";

const COINS = 4;
const BLOCKS = AHEAD_BLOCKS_MAX + 20;
const spec = paymentsSpec(COINS);
const root = mkdtempSync(join(tmpdir(), "bystack-ahead-"));
let data: DataFolder;
let store: SideStore;

before(async () => {
  data = await openDataFolder({ path: join(root, "data"), kind: "side-node", version: 1 });
  store = await openSideStore({
    data,
    spec,
    mainSpec: undefined,
    driver: "memory",
    snapshotBlocks: 1_000_000,
    history: "kept",
    rng: createSeededRng(1),
    logger: nullLogger,
    incidents: incidentsIn(root),
  });
  await growPayments(store, spec, BLOCKS);
});

after(async () => {
  await store.close();
  data.release();
  rmSync(root, { recursive: true, force: true });
});

/** Replays everything, and counts what was asked for and what was not known ahead. */
async function replay(spoil: (ahead: SignatureAhead) => Promise<void> = async () => {}) {
  let missed = 0;
  let asked = 0;
  const check: SignatureCheck = (...triple) => {
    missed += 1;
    return verifyStrictS(...triple);
  };
  const { blocks } = store.chain;
  const ahead = new SignatureAhead({ blocks, from: 1, logger: nullLogger, check });
  const verify: SignatureCheck = (...triple) => {
    asked += 1;
    return ahead.verify(...triple);
  };
  try {
    await ahead.ready(1);
    await spoil(ahead);
    const chain = await SideChain.open({ spec, mainSpec: undefined, blocks, verify }, ({ block }) =>
      ahead.ready(block.header.height + 1),
    );
    return { missed, asked, root: bytesToHex(chain.final.root()), height: chain.height };
  } finally {
    await ahead.close();
  }
}

test("a whole replay finds every signature verified, beyond what may wait at a time", async () => {
  const { missed, asked, root: found, height } = await replay();
  assert.deepEqual([height, found], [BLOCKS, bytesToHex(store.chain.final.root())]);
  assert.deepEqual([missed, asked], [0, BLOCKS * COINS]);
});

test("without its thread the replay gives the same, and verifies each signature itself", async () => {
  const result = await replay((ahead) => ahead.close());
  assert.equal(result.root, bytesToHex(store.chain.final.root()));
  assert.deepEqual([result.missed, result.asked], [BLOCKS * COINS, BLOCKS * COINS]);
});

test("known is the very triple and nothing near it", async () => {
  const triples: Parameters<SignatureCheck>[] = [];
  await SideChain.open({
    spec,
    mainSpec: undefined,
    blocks: store.chain.blocks,
    verify: (...triple) => {
      triples.push(triple);
      return verifyStrictS(...triple);
    },
  });
  const [publicKey, message, signature] = triples[0] ?? assert.fail("nothing is signed");
  let missed = 0;
  const check: SignatureCheck = (...triple) => {
    missed += 1;
    return verifyStrictS(...triple);
  };
  const ahead = new SignatureAhead({ blocks: store.chain.blocks, from: 1, logger: nullLogger, check });
  try {
    await ahead.ready(1);
    for (const [place, bytes] of [publicKey, message, signature].entries()) {
      const changed = bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte));
      const triple = [publicKey, message, signature].map((part, i) => (i === place ? changed : part));
      const [key, text, sealed] = triple;
      assert.ok(key !== undefined && text !== undefined && sealed !== undefined);
      assert.equal(ahead.verify(key, text, sealed), false);
    }
    assert.equal(missed, 3);
    assert.equal(ahead.verify(publicKey, message, signature), true);
    assert.equal(missed, 3);
  } finally {
    await ahead.close();
  }
});

test("a signature in a block that does not hold is not known ahead", async () => {
  const stored = (await store.chain.blocks.read(1)) ?? assert.fail();
  const [first] = bodyTransactions(stored.block.batches);
  const decoded = decodeSideTransaction(first?.raw ?? new Uint8Array(0));
  assert.ok(decoded.ok);
  const [input] = decoded.value.inputs;
  const [signature, publicKey] = input !== undefined && "arguments" in input ? input.arguments : [];
  assert.ok(signature !== undefined && publicKey !== undefined);
  const forged = signature.map((byte, i) => (i === 40 ? byte ^ 1 : byte));
  const [batch] = stored.block.batches.map((bytes) =>
    bytesToHex(bytes).replace(bytesToHex(signature), bytesToHex(forged)),
  );
  assert.ok(batch !== undefined && batch !== bytesToHex(stored.block.batches[0] ?? forged));
  const log = await openLog({ disk: createMemoryDisk(), folder: "blocks", rng: createSeededRng(2) });
  const blocks = new BlockStore(log);
  const place = { chainId: store.chain.rules.chainId, genesisMs: 0 };
  const block = blockOf(place, undefined, { ...stored.block.header, batches: [hexToBytes(batch)] });
  await blocks.append([block], certificateOf(block));

  let asked = 0;
  const check: SignatureCheck = (...triple) => {
    asked += 1;
    return verifyStrictS(...triple);
  };
  const ahead = new SignatureAhead({ blocks, from: 1, logger: nullLogger, check });
  try {
    await ahead.ready(1);
    const message = sideSignatureHash(mapSideTransaction(decoded.value), 0);
    assert.equal(ahead.verify(publicKey, message, forged), false);
    assert.equal(asked, 1);
  } finally {
    await ahead.close();
  }
});
