// The chain ports over HTTP: the typed clients of the node's route tables, turned into plain data. What a node says is
// decoded strictly; an answer that does not decode is BAD_ANSWER. Nothing is believed here that signing depends on: the
// signer verifies certificates, paths and bytes itself.

import { type ApiClient, createClient } from "@bystack/api/client";
import { ELECTION_ROUTES } from "@bystack/api/election-routes";
import { apiError } from "@bystack/api/errors";
import { FEDERATION_ROUTES } from "@bystack/api/federation-routes";
import { NODE_ROUTES } from "@bystack/api/node-routes";
import { LIST_ITEMS_MAX } from "@bystack/api/schemas";
import { decodeMainBlock } from "@bystack/protocol/main/block";
import { mainSpentOutputId } from "@bystack/protocol/main/entries";
import { decodeMainTransaction } from "@bystack/protocol/main/transaction";
import type { VaultCoin } from "@bystack/protocol/peg/draft";
import { readCertificate } from "@bystack/protocol/side/certificate";
import { readEpochEnd } from "@bystack/protocol/side/epoch-end";
import { readSideHeader, type SideHeader } from "@bystack/protocol/side/header";
import type { EpochEnd, FinalityProof } from "@bystack/protocol/side/light-client";
import { ByteReader } from "@bystack/protocol/wire";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { UNSPENT_ANSWERS_MAX } from "./limits.ts";
import type { BurnEvidence, MainBlockInfo, MainChainPort, PayoutRecord, PegStatus, SideChainPort } from "./ports.ts";

/** How long a node may take for one answer before the step is given up. */
const CALL_TIMEOUT_MS = 5_000;

/** Every so many steps the vault's coins are read although nothing is paused: about once a minute. */
const RESERVES_EVERY = 120;

const MAIN_ROUTES = {
  info: NODE_ROUTES.info,
  block: NODE_ROUTES.block,
  transaction: NODE_ROUTES.transaction,
  output: NODE_ROUTES.output,
  outputs: NODE_ROUTES.outputs,
  submit: NODE_ROUTES.submit,
} as const;

const SIDE_ROUTES = {
  finality: NODE_ROUTES.finality,
  epochEnds: ELECTION_ROUTES.epochEnds,
  transaction: NODE_ROUTES.transaction,
  proof: NODE_ROUTES.proof,
  submit: NODE_ROUTES.submit,
  federationStatus: FEDERATION_ROUTES.federationStatus,
  payouts: FEDERATION_ROUTES.payouts,
  payout: FEDERATION_ROUTES.payout,
  request: FEDERATION_ROUTES.request,
  claimedOf: FEDERATION_ROUTES.claimedOf,
  reserves: FEDERATION_ROUTES.reserves,
} as const;

type MainClient = ApiClient<typeof MAIN_ROUTES>;
type SideClient = ApiClient<typeof SIDE_ROUTES>;

function badAnswer(what: string): BystackError {
  return apiError("BAD_ANSWER", { why: what });
}

/** The answer, or undefined when the node says that there is no such thing. */
async function maybe<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof BystackError && error.kind === "not-found" && error.code !== "UNKNOWN_ROUTE") return undefined;
    throw error;
  }
}

async function fetchBlock(client: MainClient, height: number): Promise<MainBlockInfo | undefined> {
  const answer = await maybe(client.call("block", { params: { ref: String(height) } }));
  if (answer === undefined) return undefined;
  const decoded = decodeMainBlock(hexToBytes(answer.raw));
  if (!decoded.ok) throw badAnswer(`block ${height}: ${decoded.error.code}`);
  const failed = new Set(answer.statusFail);
  return {
    height: answer.height,
    hash: hexToBytes(answer.hash),
    block: decoded.value,
    statusFail: decoded.value.transactions.map((_, i) => failed.has(i)),
  };
}

/** The own main node over HTTP. */
export function createHttpMainPort(options: { readonly baseUrl: string }): MainChainPort {
  const client = createClient({ ...options, routes: MAIN_ROUTES, timeoutMs: CALL_TIMEOUT_MS });
  const transaction: MainChainPort["transaction"] = async (id) => {
    const answer = await maybe(client.call("transaction", { params: { id: bytesToHex(id) } }));
    if (answer === undefined) return undefined;
    const { blockHeight: height, blockHash, gasOnly } = answer;
    const block = height === null || blockHash === null ? undefined : { height, hash: hexToBytes(blockHash) };
    return { block, gasOnly };
  };
  return {
    tip: async () => {
      const { height, tip } = await client.call("info");
      return { height, hash: hexToBytes(tip) };
    },
    blockAt: (height) => fetchBlock(client, height),
    submit: async (raw) => {
      await client.call("submit", { body: { raw: bytesToHex(raw) } });
    },
    transaction,
    isUnspent: async (id) => (await maybe(client.call("output", { params: { id: bytesToHex(id) } }))) !== undefined,
    unspentOf: async (programs) => {
      const items: { id: Hash; height: number }[] = [];
      let cursor: string | undefined;
      do {
        const body = { programs: programs.map(bytesToHex), ...(cursor === undefined ? {} : { cursor }) };
        const answer = await client.call("outputs", { body });
        for (const { id, height } of answer.items) items.push({ id: hexToBytes(id), height });
        cursor = answer.next ?? undefined;
      } while (cursor !== undefined && items.length < UNSPENT_ANSWERS_MAX);
      return items;
    },
  };
}

function commitmentOf(scriptHex: string): Hash {
  const script = hexToBytes(scriptHex);
  // script = 20 c 75 …
  if (script.length < 34 || script[0] !== 0x20 || script[33] !== 0x75) throw badAnswer("a vault script without c");
  return script.subarray(1, 33);
}

type PayoutFields = {
  readonly number: number;
  readonly transaction: string;
  readonly state: PayoutRecord["state"];
  readonly draft: string;
  readonly recordedHeight: number;
  readonly inputScripts: readonly string[];
  readonly requests: readonly string[];
};

function payoutRecord(reply: PayoutFields, epoch: number): PayoutRecord {
  const transaction = hexToBytes(reply.draft);
  const decoded = decodeMainTransaction(transaction);
  if (!decoded.ok) throw badAnswer(`draft of payout ${reply.number}: ${decoded.error.code}`);
  const inputs = decoded.value.inputs.map((input, i): VaultCoin => {
    const script = reply.inputScripts[i];
    if (input.kind !== "spend" || script === undefined) throw badAnswer(`inputs of payout ${reply.number}`);
    const { sourceId: muxId, sourcePosition: position, assetId, amount } = input;
    const commitment = commitmentOf(script);
    return { id: mainSpentOutputId(input), muxId, position, assetId, amount, epoch, commitment };
  });
  return {
    payout: BigInt(reply.number),
    transactionId: hexToBytes(reply.transaction),
    state: reply.state,
    recordedHeight: reply.recordedHeight,
    transaction,
    inputs,
    requestIds: reply.requests.map(hexToBytes),
  };
}

function pausesOf(words: readonly string[]): PegStatus["pauses"] {
  return {
    automatic: words.includes("automatic"),
    in: words.includes("in"),
    out: words.includes("out"),
    assets: words.filter((word) => word.startsWith("asset:")).map((word) => hexToBytes(word.slice(6))),
  };
}

async function fetchStatus(client: SideClient): Promise<PegStatus> {
  const answer = await client.call("federationStatus");
  return {
    height: answer.height,
    epoch: answer.vaultEpoch,
    mainTip: { height: answer.mainTip.height, hash: hexToBytes(answer.mainTip.hash) },
    pauses: pausesOf(answer.paused),
    governanceNext: BigInt(answer.governanceNext),
    floatNeu: BigInt(answer.floatNeu),
    assets: answer.assets.map((asset) => ({
      assetId: hexToBytes(asset.asset),
      listed: asset.listed,
      minimum: BigInt(asset.minimum),
      cap: BigInt(asset.cap ?? "0"),
      locked: BigInt(asset.locked),
      owed: BigInt(asset.owed),
      writtenOff: BigInt(asset.writtenOff),
    })),
  };
}

function decodeHeader(hex: string): SideHeader {
  const reader = new ByteReader(hexToBytes(hex));
  const header = readSideHeader(reader);
  reader.finish();
  if (reader.error !== undefined) throw badAnswer("a side-chain header that does not decode");
  return header;
}

function decodeEpochEnd(hex: string): EpochEnd {
  const reader = new ByteReader(hexToBytes(hex));
  const end = readEpochEnd(reader);
  reader.finish();
  if (reader.error !== undefined) throw badAnswer("an epoch's end that does not decode");
  return end;
}

function directionBits(directions: readonly boolean[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(directions.length / 8));
  directions.forEach((left, i) => {
    if (left) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return bits;
}

async function fetchFinality(client: SideClient, height: number): Promise<FinalityProof | undefined> {
  const answer = await maybe(client.call("finality", { params: { ref: String(height) } }));
  if (answer === undefined) return undefined;
  const reader = new ByteReader(hexToBytes(answer.certificate));
  const certificate = readCertificate(reader);
  reader.finish();
  if (reader.error !== undefined) throw badAnswer("a certificate that does not decode");
  return { headers: answer.headers.map(decodeHeader), certificate };
}

async function fetchBurn(client: SideClient, requestId: Hash): Promise<BurnEvidence | undefined> {
  const request = await maybe(client.call("request", { params: { id: bytesToHex(requestId) } }));
  if (request === undefined) return undefined;
  const params = { id: request.transaction };
  const transaction = await maybe(client.call("transaction", { params }));
  const proof = await maybe(client.call("proof", { params }));
  if (transaction === undefined || proof === undefined) return undefined;
  const siblings = proof.transactionSiblings.map(hexToBytes);
  return {
    raw: hexToBytes(transaction.raw),
    header: decodeHeader(proof.header),
    path: { siblings, directions: directionBits(proof.directions) },
  };
}

/** The own side node over HTTP. */
export function createHttpSidePort(options: { readonly baseUrl: string }): SideChainPort {
  const client: SideClient = createClient({ ...options, routes: SIDE_ROUTES, timeoutMs: CALL_TIMEOUT_MS });
  let epoch = 0;
  // Coins become unproven with an automatic pause; without one the long list is only looked at now and then.
  let isPaused = true;
  let questions = 0;
  return {
    status: async () => {
      const status = await fetchStatus(client);
      epoch = status.epoch;
      isPaused = status.pauses.automatic;
      return status;
    },
    livePayouts: async () => {
      const answer = await client.call("payouts", { query: { limit: LIST_ITEMS_MAX, live: "true" } });
      return answer.items.map((item) => payoutRecord(item, epoch));
    },
    payout: async (number) => {
      const answer = await maybe(client.call("payout", { params: { number: Number(number) } }));
      return answer === undefined ? undefined : payoutRecord(answer, epoch);
    },
    burn: (requestId) => fetchBurn(client, requestId),
    finality: (height) => fetchFinality(client, height),
    epochEnds: async (from) => {
      const { items } = await client.call("epochEnds", { query: { from, limit: LIST_ITEMS_MAX } });
      return items.map(decodeEpochEnd);
    },
    claimed: async (nullifiers) => {
      const answer = await client.call("claimedOf", { body: { nullifiers: nullifiers.map(bytesToHex) } });
      return new Map(
        answer.claimed.map(({ nullifier, transaction, height }) => [
          nullifier,
          { transactionId: hexToBytes(transaction), height },
        ]),
      );
    },
    unprovenCoins: async () => {
      questions += 1;
      if (!isPaused && questions % RESERVES_EVERY !== 1) return [];
      const { coins } = await client.call("reserves");
      return coins
        .filter(({ proven }) => !proven)
        .map(({ id, program }) => ({ id: hexToBytes(id), program: hexToBytes(program) }));
    },
    submit: async (raw) => {
      await client.call("submit", { body: { raw: bytesToHex(raw) } });
    },
  };
}
