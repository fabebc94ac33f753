// Pruning by option: what goes, what a restart needs and therefore stays, what such a node still serves, and what it does when
// the states that led past the missing blocks are lost.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openDataFolder } from "@bystack/storage/data-folder";
import { createSeededRng } from "@bystack/testing/rng";
import { bytesToHex } from "@bystack/utils/bytes";
import { nullLogger } from "@bystack/utils/ports";
import type { Incidents } from "../../src/process/incidents.ts";
import { storedTip } from "../../src/side/block-ports.ts";
import { encodeFinalAnswer } from "../../src/side/serve-final.ts";
import { openSideStore, type SideStore } from "../../src/side/side-store.ts";
import { incidentsIn } from "../incidents.ts";
import { growPayments, paymentsSpec } from "./payments-kit.ts";

const EPOCH_BLOCKS = 5;
const SNAPSHOT_BLOCKS = 10;
const BLOCKS = 43;
const SEGMENT_BYTES = 2_000;
const spec = paymentsSpec(1, EPOCH_BLOCKS);
const root = mkdtempSync(join(tmpdir(), "bystack-prune-"));
after(() => rmSync(root, { recursive: true, force: true }));

type Look = { readonly store: SideStore; readonly incidents: Incidents };

/** Opens the store of a folder for as long as it is looked at. */
async function look<T>(folder: string, history: "kept" | "pruned", see: (opened: Look) => Promise<T>): Promise<T> {
  const data = await openDataFolder({ path: join(root, folder), kind: "side-node", version: 1 });
  const incidents = incidentsIn(join(root, `${folder}-incidents`));
  const store = await openSideStore({
    data,
    spec,
    mainSpec: undefined,
    driver: "lmdb",
    snapshotBlocks: SNAPSHOT_BLOCKS,
    history,
    segmentBytesMax: SEGMENT_BYTES,
    rng: createSeededRng(1),
    logger: nullLogger,
    incidents,
  });
  try {
    return await see({ store, incidents });
  } finally {
    await store.close();
    data.release();
  }
}

const grow = ({ store }: Look): Promise<void> => growPayments(store, spec, BLOCKS);
const codesOf = ({ incidents }: Look): string[] => incidents.items.map(({ code }) => code);

function snapshotsOf(folder: string): string[] {
  const path = join(root, folder, "snapshots");
  return readdirSync(path)
    .sort()
    .map((name) => join(path, name));
}

test("blocks go that no restart needs; the end of the epoch before the older snapshot stays", async () => {
  await look("pruned", "pruned", grow);
  // Snapshots are of heights 30 and 40; the epoch of block 30 was entered by block 25.
  assert.deepEqual(
    snapshotsOf("pruned").map((path) => Number.parseInt(path.slice(-21, -5), 16)),
    [30, 40],
  );
  await look("pruned", "pruned", async (opened) => {
    const { chain } = opened.store;
    const { firstHeight } = chain.blocks;
    assert.ok(firstHeight > 1 && firstHeight <= 25, `first ${firstHeight}`);
    assert.ok((await chain.blocks.read(25)) !== undefined);
    assert.deepEqual([chain.height, codesOf(opened)], [BLOCKS, []]);
    assert.equal((await storedTip(opened.store)).opening?.block.header.height, 40);
  });
});

test("a node that keeps all keeps all, and has the same state", async () => {
  await look("whole", "kept", grow);
  const rootOf = ({ store }: Look) => Promise.resolve(bytesToHex(store.chain.final.root()));
  assert.equal(await look("whole", "kept", rootOf), await look("pruned", "pruned", rootOf));
  assert.equal(await look("whole", "kept", async ({ store }) => store.chain.blocks.firstHeight), 1);
});

test("what is gone is not served, and asking for it harms nobody", async () => {
  await look("pruned", "pruned", async ({ store }) => {
    const { blocks } = store.chain;
    const answer = (fromHeight: number) => encodeFinalAnswer(blocks, { fromHeight, countMax: 4 }, EPOCH_BLOCKS);
    assert.equal(await answer(1), undefined);
    assert.equal(await answer(blocks.firstHeight - 1), undefined);
    assert.ok((await answer(blocks.firstHeight)) !== undefined);
  });
});

test("one snapshot lost: the older one leads past the gap", async () => {
  truncateSync(snapshotsOf("pruned")[1] ?? "", 100);
  await look("pruned", "pruned", async (opened) => {
    assert.deepEqual([opened.store.chain.height, codesOf(opened)], [BLOCKS, ["snapshot-damaged"]]);
  });
});

test("who does not prune any more is told what is missing, and goes on", async () => {
  await look("pruned", "kept", async (opened) => {
    assert.equal(opened.store.chain.height, BLOCKS);
    assert.ok(codesOf(opened).includes("blocks-missing"));
  });
});

test("no snapshot left: the log is kept aside and everything is fetched again", async () => {
  for (const path of snapshotsOf("pruned")) truncateSync(path, 100);
  await look("pruned", "pruned", async (opened) => {
    assert.equal(opened.store.chain.height, 0);
    const said = opened.incidents.items.map(({ what }) => what);
    assert.ok(said.some((what) => /^blocks 1 to \d+ are gone, and no snapshot or index leads past/.test(what)));
  });
  const aside = readdirSync(join(root, "pruned", "blocks")).filter((name) => name.endsWith(".damaged"));
  assert.ok(aside.length > 1);
});
