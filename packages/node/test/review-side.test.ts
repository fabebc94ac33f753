// What peers, clocks, a long standstill or a damaged file may not do to a side node, part by part.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, mock, suite, test } from "node:test";
import { BlockStore } from "@bystack/chain/side/block-store";
import { encodeStateChunks } from "@bystack/chain/side/snapshots";
import type { BbftEffect } from "@bystack/consensus/bbft/events";
import { SYNC_BLOCKS_MAX } from "@bystack/consensus/bbft/limits";
import { decodeMessage } from "@bystack/consensus/bbft/messages";
import { emptyRecord } from "@bystack/consensus/bbft/record";
import type { SideState } from "@bystack/ledger/side/state";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { encodeSideBatch } from "@bystack/protocol/side/header";
import { createSideBlock, type SideBlock } from "@bystack/protocol/side/proposal";
import type { SideChainSpec } from "@bystack/protocol/spec";
import { createDevSideSpec } from "@bystack/protocol/spec/presets";
import { openDataFolder } from "@bystack/storage/data-folder";
import { createMemoryDisk } from "@bystack/storage/disk-memory";
import { openLog } from "@bystack/storage/log";
import { listSnapshots, writeSnapshot } from "@bystack/storage/snapshot";
import { createMemoryLogger } from "@bystack/testing/logger";
import { createSeededRng } from "@bystack/testing/rng";
import type { Hash } from "@bystack/utils/bytes";
import { type Clock, nullLogger, nullMetrics } from "@bystack/utils/ports";
import { openConsensusRecord, RECORD_FOLDER } from "../src/side/consensus-record.ts";
import { createEngineShell, type ShellPorts, TIMER_MS_MAX } from "../src/side/engine-shell.ts";
import { supplyProblem } from "../src/side/recount.ts";
import { encodeFinalAnswer } from "../src/side/serve-final.ts";
import { openSideStore, type SideStore } from "../src/side/side-store.ts";
import { RELAYED_PER_SECOND_MAX, TransactionGate } from "../src/side/transaction-gate.ts";
import { incidentsIn } from "./incidents.ts";
import { blockOf, certificateOf } from "./side/blocks-kit.ts";
import { Committee } from "./side/kit.ts";

const root = mkdtempSync(join(tmpdir(), "bystack-review-"));
after(() => rmSync(root, { recursive: true, force: true }));

const ZERO = new Uint8Array(32);

function manualClock(): Clock & { ms: number } {
  const clock = { ms: 1_000_000, nowMs: () => clock.ms, monotonicMs: () => clock.ms };
  return clock;
}

function unused(): never {
  throw new Error("this port is not used here");
}

function ports(part: Partial<ShellPorts> = {}): ShellPorts {
  return {
    persist: unused,
    send: unused,
    broadcast: unused,
    build: unused,
    validate: unused,
    predicate: unused,
    finalise: unused,
    serveFinal: unused,
    score: unused,
    accuse: unused,
    ownBlockNullified: unused,
    ...part,
  };
}

function shellOf(step: (type: string) => readonly BbftEffect[], part: Partial<ShellPorts> = {}) {
  return createEngineShell({
    step: (event) => step(event.type),
    ports: ports(part),
    clock: manualClock(),
    logger: nullLogger,
    metrics: nullMetrics,
  });
}

test("a timer far away, as a hostile leader's time stamp asks for, does not fire at once", () => {
  const set = mock.method(globalThis, "setTimeout", () => 1);
  try {
    const shell = shellOf(() => [{ type: "setTimer", id: "clock", atMs: 1_000_000 + 40 * 86_400_000 }]);
    shell.post({ type: "timer", id: "leader" });
    shell.stop();
  } finally {
    set.mock.restore();
  }
  assert.deepEqual(
    set.mock.calls.map((call) => (call.arguments as readonly unknown[])[1]),
    [TIMER_MS_MAX],
  );
});

test("a failure before anybody waits for the end is told to who asks later", async () => {
  const unheard: unknown[] = [];
  const note = (error: unknown): void => void unheard.push(error);
  process.on("unhandledRejection", note);
  const shell = shellOf(() => [{ type: "halt", reason: "a test" }]);
  shell.post({ type: "timer", id: "leader" });
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  assert.deepEqual(unheard, []);
  await assert.rejects(shell.ended, { code: "CONSENSUS_HALTED" });
});

test("the place of an own nullified block names the epoch that the engine is in", () => {
  const places: unknown[] = [];
  const shell = shellOf(
    () => [
      { type: "viewEntered", epoch: 3, view: 8, nullified: false },
      { type: "ownBlockNullified", view: 7, hash: ZERO },
    ],
    { ownBlockNullified: (place) => void places.push(place) },
  );
  shell.post({ type: "timer", id: "leader" });
  shell.stop();
  assert.deepEqual(places, [{ epoch: 3, view: 7 }]);
});

test("what a peer passes on is rated, refusals count more, and only what is wrong everywhere is a fault", () => {
  const clock = manualClock();
  const gate = new TransactionGate(clock);
  let judged = 0;
  const refuse = (code: string) => () => {
    judged += 1;
    return { ok: false, code } as const;
  };
  assert.equal(gate.take("a", refuse("TX_DECODE")), "TX_DECODE");
  assert.equal(gate.take("a", refuse("TX_SCRIPT")), undefined);
  for (let i = 0; i < RELAYED_PER_SECOND_MAX; i += 1) gate.take("a", refuse("TX_SCRIPT"));
  assert.ok(judged <= 21, `${judged} judged`);
  // 2 and 1000 were given in, of which 21 at most were judged.
  assert.equal(gate.overRate, 2 + RELAYED_PER_SECOND_MAX - judged);
  judged = 0;
  gate.take("b", refuse("TX_SCRIPT"));
  assert.equal(judged, 1, "another peer is not held to it");
  clock.ms += 1000;
  gate.take("a", refuse("TX_SCRIPT"));
  assert.equal(judged, 2);
});

// Blocks.

async function storeOf(counts: readonly number[], bytes: number): Promise<BlockStore> {
  const log = await openLog({ disk: createMemoryDisk(), folder: "blocks", rng: createSeededRng(3) });
  const store = new BlockStore(log);
  let parent: SideBlock | undefined;
  for (const count of counts) {
    const blocks: SideBlock[] = [];
    for (let i = 0; i < count; i += 1) {
      const batches = [encodeSideBatch([new Uint8Array(bytes)])];
      parent = blockOf({ chainId: ZERO, genesisMs: 0 }, parent, {
        batches,
        transactionCount: 1,
        transactionRoot: ZERO,
        parentStateRoot: ZERO,
      });
      blocks.push(parent);
    }
    const last = blocks.at(-1);
    if (last !== undefined) await store.append(blocks, certificateOf(last));
  }
  return store;
}

test("an answer to a node that is behind is one that it takes, or none", async () => {
  const request = { fromHeight: 1, countMax: SYNC_BLOCKS_MAX };
  const whole = await encodeFinalAnswer(await storeOf([3, 2], 10), request, 1200);
  const message = whole === undefined ? undefined : decodeMessage(whole);
  assert.equal(message?.type === "SYNC_BLOCKS" && message.blocks.length, 5);
  const sparse = await storeOf([SYNC_BLOCKS_MAX + 6, 1], 10);
  assert.equal(await encodeFinalAnswer(sparse, request, 1200), undefined);
  const later = await encodeFinalAnswer(sparse, { ...request, fromHeight: 20 }, 1200);
  assert.ok(later !== undefined && decodeMessage(later) !== undefined);
  const heavy = await storeOf([6], 3_900_000);
  assert.equal(await encodeFinalAnswer(heavy, request, 1200), undefined);
});

test("a counter that disagrees with the outputs is named with both numbers", () => {
  const asset = { assetId: BTM_ASSET_ID, minted: 5n, burned: 0n, retired: 0n, locked: 0n, pending: 0n };
  const state = (amount: bigint): SideState =>
    ({
      position: { height: 1000 },
      utxos: { map: new Map([["00", { assetId: BTM_ASSET_ID, amount }]]) },
      fees: { current: { feesNeu: 0n }, due: undefined, poolNeu: 0n },
      peg: {
        sections: { coins: { map: new Map() }, requests: { map: new Map() } },
        assetRecords: () => [asset],
      },
    }) as unknown as SideState;
  assert.equal(supplyProblem(state(5n)), undefined);
  assert.match(supplyProblem(state(4n)) ?? "", /height 1000: asset f+: 4 counted, 5 on record/);
});

test("a record that is damaged twice does not keep the node from starting", async () => {
  const folder = join(root, "twice");
  const data = await openDataFolder({ path: folder, kind: "side-node", version: 1 });
  const incidents = incidentsIn(join(root, "twice-incidents"));
  const open = () =>
    openConsensusRecord({ folder, data, chainId: ZERO, voteKey: ZERO, rng: createSeededRng(5), incidents });
  for (let round = 0; round < 2; round += 1) {
    const record = await open();
    for (let i = 0; i < 3; i += 1) await record.persist(emptyRecord(ZERO, ZERO), true);
    await record.close();
    const [name = ""] = readdirSync(join(folder, RECORD_FOLDER)).sort();
    const path = join(folder, RECORD_FOLDER, name);
    const bytes = readFileSync(path);
    bytes[60] = (bytes[60] ?? 0) ^ 0xff;
    writeFileSync(path, bytes);
  }
  const last = await open();
  assert.equal(last.entries, undefined);
  await last.close();
  data.release();
  assert.equal(readdirSync(folder).filter((name) => name.startsWith(`${RECORD_FOLDER}.damaged`)).length, 2);
});

function devSpec(): SideChainSpec {
  return createDevSideSpec({
    name: "review",
    genesisTimeMs: 1_700_000_000_000,
    committee: [{ id: "v1", voteKey: new Uint8Array(32).fill(1), rewardProgram: Uint8Array.of(0x51) }],
    federation: null,
    genesisOutputs: [{ program: Uint8Array.of(0x51), amountNeu: 1_000_000_000n }],
    consensus: { epochBlocks: 1200, run: 1 },
  });
}

suite("snapshots", () => {
  const spec = devSpec();

  /** A store in a folder of its own, with blocks made on top of what it holds. */
  async function snapshotStore(folder: string) {
    const data = await openDataFolder({ path: join(root, folder), kind: "side-node", version: 1 });
    const place = { disk: data.disk, folder: "snapshots" };
    const logger = createMemoryLogger();
    const open = () =>
      openSideStore({
        data,
        spec,
        mainSpec: undefined,
        driver: "lmdb",
        snapshotBlocks: 10,
        rng: createSeededRng(9),
        logger,
        incidents: incidentsIn(join(root, `${folder}-incidents`)),
        history: "kept",
      });
    return { data, place, logger, open };
  }

  async function grow(store: SideStore, toHeight: number): Promise<void> {
    const { chain } = store;
    while (chain.height < toHeight) {
      const parent = chain.tip?.block;
      const parentHash: Hash = parent?.hash ?? chain.genesisHash;
      const view = chain.height + 1;
      const content = chain.build({
        parentHash,
        view,
        gasMax: undefined,
        halvings: 0,
        headers: undefined,
        verdicts: new Map(),
      });
      assert.ok(content !== undefined);
      const made = blockOf({ chainId: chain.rules.chainId, genesisMs: spec.genesis.timeMs }, parent, content);
      const block = createSideBlock({ ...made, header: { ...made.header, parentHash } });
      assert.ok(block !== undefined);
      const final = await chain.finalise([block], certificateOf(block), (entry) => store.indexes.follow(entry));
      await store.follow(final);
    }
  }

  test("one with good checksums that the block log does not confirm is passed over", async () => {
    const { data, place, logger, open } = await snapshotStore("snapshots");
    const store = await open();
    await grow(store, 11);
    const wrong = encodeStateChunks(store.chain.final);
    await grow(store, 12);
    await store.close();
    // Another amount than the chain has, in a file that is whole.
    const chunk = wrong[0] ?? assert.fail("no chunk");
    const at = findAmount(chunk);
    chunk[at] = (chunk[at] ?? 0) ^ 1;
    await writeSnapshot(place, { id: 11n, chunks: wrong, keep: 3 });
    assert.deepEqual(await listSnapshots(place), [11n, 10n]);
    const again = await open();
    assert.equal(again.chain.height, 12);
    assert.ok(logger.lines.some(({ message }) => message.includes("not the state that the log confirms")));
    await again.close();
    data.release();
  });

  test("a node that restarts often takes one all the same", async () => {
    const { data, place, open } = await snapshotStore("restarts");
    for (const height of [6, 12, 18]) {
      const store = await open();
      await grow(store, height);
      await store.close();
    }
    assert.deepEqual(await listSnapshots(place), [10n]);
    data.release();
  });
});

/** The low byte of the one genesis coin's amount in a snapshot: 1,000,000,000 as a varint is 80 94 eb dc 03. */
function findAmount(chunk: Uint8Array): number {
  const at = Buffer.from(chunk).indexOf(Buffer.from("8094ebdc03", "hex"));
  assert.ok(at >= 0, "the coin is in the snapshot");
  return at;
}

test("a spec whose blocks fit no message is refused at the start", async () => {
  const committee = new Committee({ count: 4, program: Uint8Array.of(0x51), coins: 1 });
  after(() => committee.remove());
  const seat = committee.seats[0] ?? assert.fail("no seat");
  const { limits } = committee.spec;
  committee.saveSpec(seat, { ...committee.spec, limits: { ...limits, blockBytesMax: 20_000_000 } });
  await assert.rejects(committee.start(seat), { code: "OPTIONS_INVALID" });
});
