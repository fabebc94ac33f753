// The chain inside the node: one event for each block that joins, reorganisations marked, and a store that fails ends the
// node with the store's own error.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeEvent } from "@bystack/api/node-routes";
import { createMainBlockNode, headerNeeds, type MainBlockNode } from "@bystack/chain/main/block-index";
import { MainChainService } from "@bystack/chain/main/chain-service";
import { KvMainChainStore } from "@bystack/chain/main/kv-store";
import { buildMainTemplate } from "@bystack/chain/main/template";
import { mainLedgerRulesOf } from "@bystack/ledger/main/rules";
import type { MainBlock } from "@bystack/protocol/main/block";
import { mainGenesisBlock } from "@bystack/protocol/main/genesis";
import { retargetRulesOf } from "@bystack/protocol/spec/main";
import { createDevMainSpec } from "@bystack/protocol/spec/presets";
import { isStorageError, storageError } from "@bystack/storage/errors";
import type { KvStore } from "@bystack/storage/kv";
import { createMemoryStore } from "@bystack/storage/memory";
import { createMemoryLogger } from "@bystack/testing/logger";
import { utf8ToBytes } from "@bystack/utils/bytes";
import { ChainHost } from "../../src/main/chain-host.ts";

const TRUE = Uint8Array.of(0x51);
const SPEC = createDevMainSpec({ genesisTimeSeconds: 1_700_000_000, outputs: [{ program: TRUE, amountNeu: 1_000n }] });
const NOW_MS = 1_700_001_000_000;

function mineOn(parent: MainBlockNode, mark: string): { block: MainBlock; node: MainBlockNode } {
  const { block } = buildMainTemplate({
    parent,
    needs: headerNeeds(parent, retargetRulesOf(SPEC)),
    rules: mainLedgerRulesOf(SPEC),
    nowSeconds: parent.header.timestamp + 2n,
    program: TRUE,
    extra: utf8ToBytes(mark),
    entries: [],
    lookup: () => undefined,
  });
  return { block, node: createMainBlockNode(block.header, parent) };
}

async function openHost(kv: KvStore): Promise<{
  host: ChainHost;
  events: NodeEvent[];
  failures: unknown[];
  tips: () => number;
}> {
  const store = await KvMainChainStore.open(kv);
  const service = await MainChainService.open({ spec: SPEC, store, checkWork: async () => true });
  const events: NodeEvent[] = [];
  const failures: unknown[] = [];
  let tips = 0;
  const host = new ChainHost({
    service,
    store,
    nowMs: () => NOW_MS,
    logger: createMemoryLogger(),
    publish: (event) => void events.push(event),
    onTip: () => {
      tips += 1;
    },
    onFailure: (error) => void failures.push(error),
  });
  return { host, events, failures, tips: () => tips };
}

const genesis = createMainBlockNode(mainGenesisBlock(SPEC).header, undefined);

test("events tell of each block that joins the main chain; a side branch is silent until it wins", async () => {
  const { host, events, tips } = await openHost(createMemoryStore());
  const a1 = mineOn(genesis, "a1");
  const b1 = mineOn(genesis, "b1");
  const b2 = mineOn(b1.node, "b2");
  for (const { block } of [a1, b1, b2]) assert.equal(await host.accept(block), undefined);
  const short = events.map((event) => [event.height, event.hash, event.type === "block" && event.reorganised]);
  assert.deepEqual(short, [
    [1, a1.node.key, false],
    [1, b1.node.key, true],
    [2, b2.node.key, true],
  ]);
  assert.equal(tips(), 2);
  assert.equal(host.reorganisations, 1);
});

test("a refused block is a value and no event", async () => {
  const { host, events, failures } = await openHost(createMemoryStore());
  const { block } = mineOn(genesis, "x");
  const bad = { ...block, header: { ...block.header, bits: 1n } };
  assert.equal((await host.accept(bad))?.code, "errBadBits");
  assert.deepEqual([events, failures], [[], []]);
});

test("a full disk ends the node with that reason, also when somebody asks later", async () => {
  const kv = createMemoryStore();
  let full = false;
  const { host, failures, events } = await openHost({
    ...kv,
    batch: async (batch) => {
      if (full) throw storageError("DISK_FULL");
      await kv.batch(batch);
    },
  });
  full = true;
  const { block } = mineOn(genesis, "a");
  await assert.rejects(host.accept(block), (error) => isStorageError(error, "DISK_FULL"));
  await assert.rejects(host.buildTemplate({ nowMs: NOW_MS, program: TRUE }), /stopped/);
  assert.equal(failures.length, 2);
  assert.ok(failures.every((error) => isStorageError(error, "DISK_FULL")));
  assert.deepEqual(events, []);
});
