// The HTTP ports and the mesh against real servers with the real route tables: what a node answers comes out as the same
// plain data that the ports of the other tests give, and an envelope arrives.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { tokenDoor } from "@bystack/api/door";
import { ELECTION_ROUTES } from "@bystack/api/election-routes";
import { FEDERATION_ROUTES } from "@bystack/api/federation-routes";
import { NODE_ROUTES } from "@bystack/api/node-routes";
import { createApiServer } from "@bystack/api/server";
import { encodeMainBlock } from "@bystack/protocol/main/block";
import { encodeMainTransaction } from "@bystack/protocol/main/transaction";
import { vaultScript } from "@bystack/protocol/peg/vault";
import { encodeCertificate } from "@bystack/protocol/side/certificate";
import { writeEpochEnd } from "@bystack/protocol/side/epoch-end";
import { encodeSideHeader } from "@bystack/protocol/side/header";
import { ByteWriter } from "@bystack/protocol/wire";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { BystackError, type ErrorKind } from "@bystack/utils/errors";
import { nullLogger } from "@bystack/utils/ports";
import { createHttpMemberTransport } from "../src/exchange/http-transport.ts";
import { createHttpMainPort, createHttpSidePort } from "../src/http-ports.ts";
import { programOf, seedOf } from "./support/keys.ts";
import { mainPortOf } from "./support/main-chain.ts";
import { sidePortOf } from "./support/side-port.ts";
import { World } from "./support/world.ts";

const world = new World();
await world.startAll();
await world.fund();
const nullifier = world.deposit(programOf("holder"), 5_000_000_000n);
await world.until("credited", () => world.side.claims.has(nullifier));
const requestId = world.side.burn({ amount: 500_000_000n, program: programOf("payee") });
await world.until("drafted", () => world.side.payouts.has(1n));

function problem(code: string, kind: ErrorKind): BystackError {
  return new BystackError(code, { kind, fault: "none", message: code, next: "" });
}

function found<T>(value: T | undefined, code: string): T {
  if (value === undefined) throw problem(code, "not-found");
  return value;
}

const { block, transaction, output, outputs, info, submit, finality, proof } = NODE_ROUTES;
const { federationStatus, payouts, payout, request, claimedOf, reserves, memberMessage } = FEDERATION_ROUTES;
const common = {
  title: "test",
  version: "0",
  host: "127.0.0.1",
  port: 0,
  hostsAllowed: [],
  door: tokenDoor(undefined),
  logger: nullLogger,
};

const infoReply = (height: number, tip: Uint8Array) => ({
  kind: "main" as const,
  chain: "main",
  chainId: "00".repeat(32),
  node: "n",
  version: "0",
  instance: "i",
  startedAtMs: 0,
  height,
  tip: bytesToHex(tip),
  finalHeight: height,
  finalHash: bytesToHex(tip),
  finalAgeMs: 0,
  blockIntervalMs: null,
  ready: true,
  notReadyBecause: null,
  peers: 0,
  mempool: 0,
  rssBytes: 0,
  addressPrefix: "sm",
  backends: {},
});

const mainServer = await createApiServer({
  ...common,
  routes: { block, transaction, output, outputs, info, submit },
  handlers: {
    info: () => infoReply(world.main.tip.height, world.main.tip.hash),
    block: ({ params }) => {
      const info = found(world.main.blockAt(Number(params.ref)), "BLOCK_NOT_FOUND");
      return {
        hash: bytesToHex(info.hash),
        height: info.height,
        previous: bytesToHex(info.block.header.previousHash),
        timestampMs: 0,
        transactions: [],
        final: true,
        statusFail: info.statusFail.flatMap((failed, i) => (failed ? [i] : [])),
        raw: bytesToHex(encodeMainBlock(info.block)),
      };
    },
    transaction: ({ params }) => {
      const { info, index } = found(world.main.find(hexToBytes(params.id)), "TRANSACTION_NOT_FOUND");
      return {
        id: params.id,
        raw: "",
        status: "confirmed" as const,
        gasOnly: info.statusFail[index] === true,
        blockHeight: info.height,
        blockHash: bytesToHex(info.hash),
        position: index,
        confirmations: 1,
      };
    },
    output: ({ params }) => outputReply(params.id),
    outputs: ({ body }) => ({
      items: [...world.main.utxos()]
        .filter(([, coin]) => body.programs.includes(bytesToHex(coin.program)))
        .map(([id]) => outputReply(id)),
      next: null,
    }),
    submit: ({ body }) => {
      world.main.submit(hexToBytes(body.raw));
      return { id: "00".repeat(32), known: false };
    },
  },
});

function outputReply(id: string) {
  const coin = found(world.main.utxos().get(id), "OUTPUT_NOT_FOUND");
  return {
    id,
    asset: bytesToHex(coin.assetId),
    amount: String(coin.amount),
    program: bytesToHex(coin.program),
    address: null,
    sourceId: bytesToHex(coin.source),
    sourcePosition: Number(coin.position),
    height: coin.height,
    kind: "normal" as const,
    spendableFrom: 0,
  };
}

function payoutReply(number: bigint) {
  const recorded = found(world.side.payouts.get(number), "PAYOUT_NOT_FOUND");
  const { draft, recordedHeight, state } = recorded;
  return {
    number: Number(number),
    transaction: bytesToHex(draft.transactionId),
    kind: draft.kind,
    state,
    draft: bytesToHex(encodeMainTransaction(draft.transaction)),
    recordedHeight,
    feeNeu: String(draft.feeNeu),
    inputs: draft.inputs.map(({ id }) => bytesToHex(id)),
    inputScripts: draft.inputs.map(({ commitment }) => bytesToHex(vaultScript(world.keys, commitment))),
    requests: draft.requestIds.map(bytesToHex),
    signedBy: [],
    waitsFor: null,
  };
}

function requestReply(id: string) {
  const burn = found(world.side.burns.get(id), "REQUEST_NOT_FOUND");
  return {
    id,
    transaction: bytesToHex(burn.transactionId),
    asset: bytesToHex(burn.assetId),
    amount: String(burn.amount),
    program: bytesToHex(burn.program),
    burnHeight: burn.height,
    state: "queued" as const,
    payout: null,
  };
}

async function evidenceOf(transactionId: string) {
  const burn = [...world.side.burns.values()].find((entry) => bytesToHex(entry.transactionId) === transactionId);
  const evidence = await sidePortOf(world.side).burn(found(burn, "TRANSACTION_NOT_FOUND").id);
  return found(evidence, "TRANSACTION_NOT_FOUND");
}

const sideServer = await createApiServer({
  ...common,
  routes: {
    epochEnds: ELECTION_ROUTES.epochEnds,
    info,
    finality,
    transaction,
    proof,
    submit,
    federationStatus,
    payouts,
    payout,
    request,
    claimedOf,
    reserves,
    memberMessage,
  },
  handlers: {
    info: () => infoReply(world.side.height, seedOf("tip")),
    finality: ({ params }) => {
      const { proof: final } = found(world.side.blockAt(Number(params.ref)), "BLOCK_NOT_FOUND");
      const headers = final.headers.map((header) => bytesToHex(encodeSideHeader(header)));
      return { headers, certificate: bytesToHex(encodeCertificate(final.certificate)) };
    },
    transaction: async ({ params }) => {
      const { raw, header } = await evidenceOf(params.id);
      const place = { blockHeight: header.height, blockHash: null, position: 0, confirmations: 1 };
      return { id: params.id, raw: bytesToHex(raw), status: "final" as const, gasOnly: false, ...place };
    },
    proof: async ({ params }) => {
      const { header, path } = await evidenceOf(params.id);
      return {
        header: bytesToHex(encodeSideHeader(header)),
        height: header.height,
        position: 0,
        directions: path.siblings.map((_, i) => (((path.directions[i >> 3] ?? 0) >> (i & 7)) & 1) === 1),
        transactionSiblings: path.siblings.map(bytesToHex),
        statusSiblings: [],
        gasOnly: false,
      };
    },
    epochEnds: ({ query }) => ({
      items: world.side.epochEnds(query.from).map((end) => {
        const writer = new ByteWriter(1024);
        writeEpochEnd(writer, end);
        return bytesToHex(writer.finish());
      }),
    }),
    submit: ({ body }) => {
      world.side.submit(hexToBytes(body.raw));
      return { id: "00".repeat(32), known: false };
    },
    federationStatus: () => {
      const status = world.side.status();
      return {
        members: 4,
        threshold: 3,
        vaultEpoch: status.epoch,
        height: status.height,
        stateRoot: "00".repeat(32),
        mainTip: { height: status.mainTip.height, hash: bytesToHex(status.mainTip.hash) },
        confirmations: 3,
        batchBlocks: 4,
        pegOutFeeNeu: "1",
        paused: ["in", "automatic", `asset:${"ab".repeat(32)}`],
        governanceNext: String(status.governanceNext),
        floatNeu: String(status.floatNeu),
        openFeesNeu: "0",
        openPayouts: 1,
        independence: "shared" as const,
        assets: status.assets.map(({ assetId, listed, minimum, cap, locked, owed }) => ({
          asset: bytesToHex(assetId),
          listed,
          minimum: String(minimum),
          cap: cap === 0n ? null : String(cap),
          locked: String(locked),
          minted: "0",
          burned: "0",
          circulating: "0",
          owed: String(owed),
          writtenOff: "0",
        })),
      };
    },
    payouts: ({ query }) => {
      assert.equal(query.live, "true");
      return { items: [...world.side.payouts.keys()].map(payoutReply) };
    },
    payout: ({ params }) => payoutReply(BigInt(params.number)),
    request: ({ params }) => requestReply(params.id),
    claimedOf: ({ body }) => ({
      claimed: body.nullifiers.flatMap((key) => {
        const claim = world.side.claims.get(key);
        return claim === undefined
          ? []
          : [{ nullifier: key, transaction: bytesToHex(claim.transactionId), height: claim.height }];
      }),
    }),
    reserves: () => ({ height: 1, stateRoot: "00".repeat(32), floatNeu: "0", openFeesNeu: "0", coins: [], assets: [] }),
    memberMessage: ({ body }) => ({ accepted: body.envelope === "0102" }),
  },
});

after(async () => {
  await mainServer.close();
  await sideServer.close();
});

test("the main port says over HTTP what it says in memory", async () => {
  const http = createHttpMainPort({ baseUrl: mainServer.url });
  const memory = mainPortOf(world.main);
  assert.deepEqual(await http.tip(), await memory.tip());
  const { height } = await memory.tip();
  assert.deepEqual(await http.blockAt(height), await memory.blockAt(height));
  assert.equal(await http.blockAt(height + 1), undefined);
  const program = programOf("owner");
  assert.deepEqual(await http.unspentOf([program]), await memory.unspentOf([program]));
  const [id] = [...world.main.utxos().keys()];
  assert.equal(await http.isUnspent(hexToBytes(id ?? "")), true);
  assert.equal(await http.isUnspent(seedOf("nothing")), false);
  assert.equal(await http.transaction(seedOf("nothing")), undefined);
  await assert.rejects(http.submit(Uint8Array.of(1)), { code: "TRANSACTION_REJECTED" });
});

test("the side port says over HTTP what it says in memory", async () => {
  const http = createHttpSidePort({ baseUrl: sideServer.url });
  const memory = sidePortOf(world.side);
  const status = await http.status();
  assert.deepEqual(status.pauses, { automatic: true, in: true, out: false, assets: [hexToBytes("ab".repeat(32))] });
  assert.deepEqual({ ...status, pauses: undefined }, { ...(await memory.status()), pauses: undefined });
  const bare = (records: readonly object[]) =>
    JSON.stringify(records, (_, value) => (typeof value === "bigint" ? String(value) : value));
  assert.equal(bare(await http.livePayouts()).length > 100, true);
  const [viaHttp] = await http.livePayouts();
  const [direct] = await memory.livePayouts();
  assert.deepEqual(
    viaHttp?.inputs.map(({ id }) => id),
    direct?.inputs.map(({ id }) => id),
  );
  assert.deepEqual(
    viaHttp?.inputs.map(({ commitment }) => commitment),
    direct?.inputs.map(({ commitment }) => commitment),
  );
  assert.deepEqual({ ...viaHttp, inputs: [] }, { ...direct, inputs: [] });
  assert.equal(await http.payout(99n), undefined);
  assert.deepEqual(await http.burn(requestId), await memory.burn(requestId));
  assert.deepEqual(await http.finality(3), await memory.finality(3));
  assert.equal(await http.finality(9999), undefined);
  while (world.side.epochEnds(1).length < 2) world.side.produce();
  assert.deepEqual(await http.epochEnds(1), await memory.epochEnds(1));
  assert.deepEqual(await http.epochEnds(99), []);
  const claimed = await http.claimed([hexToBytes(nullifier), seedOf("nothing")]);
  assert.deepEqual([...claimed.keys()], [nullifier]);
  assert.deepEqual(await http.unprovenCoins(), []);
  await assert.rejects(http.submit(Uint8Array.of(1)), { code: "TRANSACTION_REJECTED" });
});

test("a node that is gone is UNREACHABLE, not absent", async () => {
  const gone = createHttpMainPort({ baseUrl: "http://127.0.0.1:1" });
  await assert.rejects(gone.blockAt(1), { code: "UNREACHABLE" });
});

test("the mesh delivers to the member's address and says when there is none", async () => {
  const transport = createHttpMemberTransport([{ index: 2, url: sideServer.url }]);
  await transport(2, Uint8Array.of(1, 2));
  await assert.rejects(transport(1, Uint8Array.of(1, 2)), { code: "UNREACHABLE" });
});
