// A node that begins with a state of its peers: what is proven is taken, and nothing else. A real chain with real
// certificates on a disk, asked through the real server; peers that lie change what it answers.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { encodeStateChunks } from "@bystack/chain/side/snapshots";
import { decodeMessage, encodeMessage } from "@bystack/consensus/bbft/messages";
import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { type DataFolder, openDataFolder } from "@bystack/storage/data-folder";
import { readSnapshotPart, snapshotBytes, writeSnapshot } from "@bystack/storage/snapshot";
import { createSeededRng } from "@bystack/testing/rng";
import { bytesToHex } from "@bystack/utils/bytes";
import { nullLogger } from "@bystack/utils/ports";
import { systemClock } from "../../src/process/timers.ts";
import { storedTip } from "../../src/side/block-ports.ts";
import { openFetchedStore, openSideStore, type SideStore, type SideStoreOptions } from "../../src/side/side-store.ts";
import { loadState, type SnapshotPlace, snapshotPlace } from "../../src/side/state-file.ts";
import type { StatePeer } from "../../src/side/state-sync/fetch.ts";
import { encodeOffer, METHOD } from "../../src/side/state-sync/messages.ts";
import { StateServer } from "../../src/side/state-sync/server.ts";
import { type Beginning, syncState } from "../../src/side/state-sync/state-sync.ts";
import { incidentsIn } from "../incidents.ts";
import { growPayments, paymentsSpec } from "./payments-kit.ts";

const EPOCH_BLOCKS = 7;
const BLOCKS = 25;
/** The newest snapshot that is offered: 21 ends an epoch, and a state there is confirmed by another epoch's block. */
const OFFERED = 20;
const COINS = 40;
const spec = paymentsSpec(COINS, EPOCH_BLOCKS);
const root = mkdtempSync(join(tmpdir(), "bystack-state-"));
let served: Opened;

type Opened = { readonly options: SideStoreOptions; readonly data: DataFolder; store: SideStore };

async function optionsOf(name: string): Promise<SideStoreOptions> {
  const data = await openDataFolder({ path: join(root, name), kind: "side-node", version: 1 });
  return {
    data,
    spec,
    mainSpec: undefined,
    driver: "lmdb",
    snapshotBlocks: 10,
    history: "kept",
    rng: createSeededRng(1),
    logger: nullLogger,
    incidents: incidentsIn(join(root, `${name}-incidents`)),
  };
}

async function open(name: string): Promise<Opened> {
  const options = await optionsOf(name);
  return { options, data: options.data, store: await openSideStore(options) };
}

async function close({ store, data }: Opened): Promise<void> {
  await store.close();
  data.release();
}

/** A peer that answers as a node with this store would; `change` is what it does to its answers. */
function peerWith(
  store: SideStore,
  id: string,
  change: (method: number, answer: Uint8Array, asked: number) => Uint8Array | undefined = (_, answer) => answer,
): StatePeer {
  const server = new StateServer(systemClock);
  server.use(store);
  let asked = 0;
  return {
    id,
    ask: async (method, body) => {
      const answer = await server.answer({ from: "newcomer", method, body });
      asked += 1;
      return answer && change(method, Uint8Array.from(answer), asked);
    },
  };
}

async function sync(
  options: SideStoreOptions,
  peers: readonly StatePeer[],
): Promise<{ beginning: Beginning | undefined; blamed: string[] }> {
  const blamed: string[] = [];
  const beginning = await syncState({
    spec,
    snapshots: snapshotPlace(options.data),
    clock: systemClock,
    verify: (publicKey, message, signature) => verifyEd25519({ publicKey, message, signature }, "strict-s"),
    logger: nullLogger,
    trusted: undefined,
    peers: { count: peers.length, connected: () => peers },
    load: (height) => loadState(options, BigInt(height)),
    blame: (peer) => blamed.push(peer),
  });
  return { beginning, blamed };
}

/** A newcomer's whole beginning with these peers. */
async function begin(name: string, peers: readonly StatePeer[]): Promise<Opened & { readonly blamed: string[] }> {
  const opened = await open(name);
  const { beginning, blamed } = await sync(opened.options, peers);
  assert.ok(beginning !== undefined, `nothing to begin with; blamed: ${blamed.join(", ")}`);
  await opened.store.close();
  return { ...opened, store: await openFetchedStore(opened.options, beginning), blamed };
}

const rootOf = (store: SideStore): string => bytesToHex(store.chain.final.root());
const programsOf = ({ chain }: SideStore): Uint8Array[] => {
  const programs = new Map<string, Uint8Array>();
  for (const [, { program }] of chain.final.utxos.map.entries()) programs.set(bytesToHex(program), program);
  return [...programs.values()];
};

async function outputsOf(store: SideStore): Promise<string[]> {
  const found: string[] = [];
  for (const program of programsOf(store))
    found.push(...(await store.indexes.outputsOf(program, { after: undefined, limit: 1000 })).map(bytesToHex));
  return found.sort();
}

before(async () => {
  served = await open("served");
  await growPayments(served.store, spec, BLOCKS);
});

after(async () => {
  await close(served);
  rmSync(root, { recursive: true, force: true });
});

suite("with an honest peer", () => {
  test("a newcomer has the state, the blocks from it on, the outputs by program and the epoch's opening", async () => {
    const newcomer = await begin("newcomer", [peerWith(served.store, "a")]);
    const { store } = newcomer;
    // An answer stays inside an epoch: block 21 ends it, the rest comes by the usual sync.
    assert.deepEqual([store.chain.height, store.chain.blocks.firstHeight], [21, OFFERED]);
    const tip = await storedTip(store);
    assert.deepEqual([tip.height, tip.opening?.block.header.height], [21, 14]);
    assert.deepEqual(tip.opening, await served.store.certified(14));
    assert.deepEqual(
      newcomer.options.incidents.items.map(({ code }) => code),
      ["state-fetched"],
    );
    const above: Parameters<typeof store.chain.finalise>[0][number][] = [];
    for await (const { block } of served.store.chain.blocks.iterate(22)) above.push(block);
    const { certificate } = (await served.store.chain.blocks.newestCertified()) ?? assert.fail();
    await store.chain.finalise(above, certificate, (entry) => store.indexes.follow(entry));
    assert.equal(rootOf(store), rootOf(served.store));
    assert.deepEqual(await outputsOf(store), await outputsOf(served.store));
    // Every coin, and what the ends of epochs have paid to the validator.
    assert.ok((await outputsOf(store)).length > COINS);
    await close(newcomer);
  });

  test("it comes back after a stop without a word", async () => {
    const again = await open("newcomer");
    assert.equal(rootOf(again.store), rootOf(served.store));
    assert.deepEqual(await outputsOf(again.store), await outputsOf(served.store));
    assert.equal(again.options.incidents.items.length, 1);
    assert.deepEqual((await again.store.certified(14))?.block.hash, (await served.store.certified(14))?.block.hash);
    await close(again);
  });

  test("with its indexes lost it indexes the outputs again, and says what is not found any more", async () => {
    rmSync(join(root, "newcomer", "index"), { recursive: true });
    const again = await open("newcomer");
    assert.deepEqual(await outputsOf(again.store), await outputsOf(served.store));
    assert.match(again.options.incidents.items.at(-1)?.done ?? "", /transactions up to block 20 are not found/);
    await close(again);
  });

  test("it serves a newcomer in its turn, the opening included", async () => {
    const first = await open("newcomer");
    const second = await begin("second", [peerWith(first.store, "b")]);
    assert.equal((await storedTip(second.store)).opening?.block.header.height, 14);
    await close(second);
    await close(first);
  });

  test("the log lost as well as the state: it begins anew", async () => {
    for (const folder of ["blocks", "snapshots"]) rmSync(join(root, "newcomer", folder), { recursive: true });
    const again = await begin("newcomer", [peerWith(served.store, "a")]);
    assert.deepEqual([again.store.chain.height, again.store.chain.blocks.firstHeight], [21, OFFERED]);
    assert.deepEqual(await again.store.indexes.height(), BLOCKS);
    await close(again);
  });
});

suite("with peers that lie or fail", () => {
  /** The liar offers the same height and is asked first; an honest peer comes second. */
  async function against(name: string, change: Parameters<typeof peerWith>[2], isBlamed: boolean): Promise<void> {
    const liar = peerWith(served.store, "liar", change);
    const honest = peerWith(served.store, "honest");
    let answered: () => void = () => {};
    const first = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const peers: StatePeer[] = [
      { id: liar.id, ask: (method, body) => liar.ask(method, body).finally(answered) },
      { id: honest.id, ask: (method, body) => first.then(() => honest.ask(method, body)) },
    ];
    const opened = await begin(name, peers);
    assert.equal(rootOf(opened.store), bytesToHex((await stateAt21()).root()));
    assert.deepEqual(opened.blamed, isBlamed ? ["liar"] : []);
    await close(opened);
  }

  async function stateAt21() {
    const opened = await begin(`honest-${readdirSync(root).length}`, [peerWith(served.store, "a")]);
    await close(opened);
    return opened.store.chain.final;
  }

  const flip = (bytes: Uint8Array, at: number): Uint8Array => {
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };

  test("a file that went bad is not held against it", () =>
    against("rotten", (method, bytes) => (method === METHOD.snapshotPart ? flip(bytes, 5000) : bytes), false));

  test("the state of another height under this one's name", async () => {
    const other = await bytesOf(snapshotPlace(served.data), 10);
    await against(
      "other",
      (method, bytes) => {
        if (method === METHOD.offer) return encodeOffer({ height: OFFERED, bytes: other.length });
        return method === METHOD.snapshotPart ? other : bytes;
      },
      false,
    );
  });

  test("a state with one amount changed, its file sound", async () => {
    const forged = await forgedFile();
    await against(
      "forged",
      (method, bytes) => {
        if (method === METHOD.offer) return encodeOffer({ height: OFFERED, bytes: forged.length });
        return method === METHOD.snapshotPart ? forged : bytes;
      },
      true,
    );
  });

  test("blocks whose certificate nobody signed", () =>
    against(
      "unsigned",
      (method, bytes) => (method === METHOD.finalBlocks ? flip(bytes, bytes.length - 1) : bytes),
      true,
    ));

  test("a parent certificate that nobody signed: outside every hash, and stored", () =>
    against(
      "parent",
      (method, bytes, asked) => {
        const message = method === METHOD.finalBlocks ? decodeMessage(bytes) : undefined;
        const [first] = message?.type === "SYNC_BLOCKS" ? message.blocks : [];
        if (message?.type !== "SYNC_BLOCKS" || first?.parentCertificate === undefined || asked < 3) return bytes;
        flip(first.parentCertificate.signatures, 3);
        return encodeMessage(message);
      },
      true,
    ));

  test("one block alone confirms nothing", () =>
    against(
      "alone",
      (method, bytes) => {
        const message = method === METHOD.finalBlocks ? decodeMessage(bytes) : undefined;
        const [first] = message?.type === "SYNC_BLOCKS" ? message.blocks : [];
        return first?.header.height === OFFERED ? undefined : bytes;
      },
      false,
    ));

  test("less than it offered", () =>
    against("short", (method, bytes) => (method === METHOD.snapshotPart ? bytes.subarray(0, 100) : bytes), true));

  test("an offer without end is not begun", () =>
    against(
      "endless",
      (method, bytes) => (method === METHOD.offer ? encodeOffer({ height: OFFERED, bytes: 2 ** 40 }) : bytes),
      true,
    ));

  test("silence in the middle", () =>
    against("silent", (method, bytes) => (method === METHOD.snapshotPart ? undefined : bytes), false));

  test("nobody has anything: no state, and nothing is left behind", async () => {
    const opened = await open("none");
    const empty = await open("empty");
    const { beginning, blamed } = await sync(opened.options, [peerWith(empty.store, "a"), peerWith(empty.store, "b")]);
    assert.deepEqual([beginning, blamed], [undefined, []]);
    await close(empty);
    await close(opened);
  });
});

async function bytesOf(place: SnapshotPlace, height: number): Promise<Uint8Array> {
  const length = await snapshotBytes(place, BigInt(height));
  return readSnapshotPart(place, BigInt(height), { offset: 0, length });
}

/** The served snapshot of the offered height with one unit more in one output, written anew so that its checksums hold. */
async function forgedFile(): Promise<Uint8Array> {
  const { state } = (await loadState(served.options, BigInt(OFFERED))) ?? assert.fail();
  const [entry] = state.utxos.map.entries();
  const [id, utxo] = entry ?? assert.fail();
  state.utxos.set(id, { ...utxo, amount: utxo.amount + 1n });
  const place = { disk: served.data.disk, folder: "forged" };
  await writeSnapshot(place, { id: BigInt(OFFERED), chunks: encodeStateChunks(state), keep: 1 });
  return bytesOf(place, OFFERED);
}
