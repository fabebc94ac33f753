// Elections among real nodes: a node that had no seat is voted in, one that nobody stands for loses its seat, the chain goes
// on with the new committee alone, and a light client follows the change by certificates.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { encodeMessage } from "@bystack/consensus/bbft/messages";
import { publicKeyFromSeed, signEd25519, verifyEd25519 } from "@bystack/crypto/ed25519";
import { createIdentity } from "@bystack/network/identity";
import { createMesh } from "@bystack/network/mesh";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { EMPTY_RETIREMENT, SYSTEM_KIND } from "@bystack/protocol/peg/system";
import { publicKeyProgram } from "@bystack/protocol/program";
import { candidateMessage, encodeCandidateBody } from "@bystack/protocol/side/candidate";
import { readCertificate, signedBytes } from "@bystack/protocol/side/certificate";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { readSideHeader } from "@bystack/protocol/side/header";
import { followEpoch, type LightClientState, verifyFinality } from "@bystack/protocol/side/light-client";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { chainIdOf } from "@bystack/protocol/spec";
import { DEFAULT_VOTES } from "@bystack/protocol/spec/presets";
import { ByteReader } from "@bystack/protocol/wire";
import { bytesToHex, concatBytes, hexToBytes } from "@bystack/utils/bytes";
import { openNodeKeys } from "../../src/process/keys.ts";
import { systemRng } from "../../src/process/timers.ts";
import { MESSAGE, PROTOCOL_VERSION, SIDE_PROTOCOL } from "../../src/side/protocol.ts";
import { untilIndexed } from "../explorer/kit.ts";
import { COIN_NEU, CONSENSUS, Committee, type Seat, type SideClient, type Started, until, untilHeight } from "./kit.ts";

const COIN = 100_000_000n;
/** Anybody's to spend: who pays is not what is tested here. */
const ANYBODY = Uint8Array.of(0x51);
const BOND_NEU = 500n * COIN;
const FEE_NEU = COIN;

const committee = new Committee({
  count: 4,
  program: ANYBODY,
  coins: 5,
  votes: {
    ...DEFAULT_VOTES,
    outputMinNeu: COIN,
    thresholdNeu: 100n * COIN,
    bondMinNeu: BOND_NEU,
    committeeMax: 4,
    unbondingBlocks: 10_000,
    trustingMs: 900_000,
  },
  extra: { explorer: true },
});
const { spec } = committee;
const chainId = chainIdOf(spec);
const nodes: Started[] = [];
/** The three that stand again, and the newcomer. */
const standing: readonly Seat[] = [...committee.seats.slice(0, 3), committee.observer];

function nodeAt(index: number): Started {
  return nodes[index] ?? assert.fail(`there is no node ${index}`);
}

const voteKeyOf = ({ keys }: Seat): string => keys.vote;

const voteKeysNow = async (client: SideClient): Promise<string[]> =>
  (await client.call("consensus")).validators.map(({ voteKey }) => voteKey);

/** Registers a node's vote key with a bond that is its votes, paid from one genesis coin. */
function registration(seat: Seat, coin: { sourceId: string; sourcePosition: number; amount: string }): SideTransaction {
  const { vote, reward } = openNodeKeys(seat.folder);
  const keySeed = reward.seed;
  const key = concatBytes(publicKeyFromSeed(keySeed), new Uint8Array(32));
  const rewardProgram = publicKeyProgram(reward.publicKey);
  const body = encodeCandidateBody({ action: "register", key, voteKey: vote.publicKey, rewardProgram, voterShare: 0 });
  const amount = BigInt(coin.amount);
  const make = (signatures: readonly Uint8Array[]): SideTransaction =>
    createSideTransaction({
      version: 1n,
      timeRange: 0n,
      inputs: [
        { kind: "system", systemKind: SYSTEM_KIND.candidate, body, arguments: signatures },
        {
          kind: "spend",
          sourceId: hexToBytes(coin.sourceId),
          sourcePosition: BigInt(coin.sourcePosition),
          assetId: BTM_ASSET_ID,
          amount,
          program: ANYBODY,
          arguments: [],
        },
      ],
      outputs: [
        EMPTY_RETIREMENT,
        { kind: "vote", assetId: BTM_ASSET_ID, amount: BOND_NEU, program: ANYBODY, vote: key },
        { kind: "intra", assetId: BTM_ASSET_ID, amount: amount - BOND_NEU - FEE_NEU, program: ANYBODY },
      ],
    });
  const message = candidateMessage(chainId, mapSideTransaction(make([])).id);
  return make([signEd25519(keySeed, message), signEd25519(vote.seed, message)]);
}

before(async () => {
  for (const seat of [...committee.seats, committee.observer]) nodes.push(await committee.start(seat));
});

after(async () => {
  await Promise.all(nodes.map((node) => node.stop().catch(() => {})));
  committee.remove();
});

suite("an election", () => {
  const first = committee.seats.map(voteKeyOf).sort();
  const elected = standing.map(voteKeyOf).sort();

  test("before it the newcomer only follows", async () => {
    for (const { client } of nodes) await untilHeight(client, 2);
    const { voting, notVotingBecause, validators } = await nodeAt(4).client.call("consensus");
    assert.deepEqual([voting, notVotingBecause], [false, "an observer has no vote"]);
    assert.deepEqual(validators.map(({ voteKey }) => voteKey).sort(), first);
  });

  test("an epoch after the votes the newcomer has a seat and votes, and who does not stand has none", async () => {
    const { client } = nodeAt(0);
    const { items } = await client.call("outputs", { body: { programs: [bytesToHex(ANYBODY)] } });
    for (const [i, seat] of standing.entries()) {
      const coin = items[i] ?? assert.fail("a coin for each");
      await client.call("submit", { body: { raw: bytesToHex(registration(seat, coin).raw) } });
    }
    await until(
      "the newcomer's vote",
      () => nodeAt(4).client.call("consensus"),
      ({ voting }) => voting,
    );
    assert.deepEqual((await voteKeysNow(nodeAt(4).client)).sort(), elected);
    const gone = await until(
      "the seat that is lost",
      () => nodeAt(3).client.call("consensus"),
      ({ voting }) => !voting,
    );
    assert.equal(gone.notVotingBecause, "an observer has no vote");
    assert.equal((await nodeAt(3).client.call("info")).ready, true, "it follows all the same");
  });

  test("a validator that signs twice is accused by whoever sees it, and loses its seat and its bond", async () => {
    const liar = committee.seats[2] ?? assert.fail("a third seat");
    await nodeAt(2).stop();
    // Somebody has to stand for the seat that becomes free: a committee of four gets no smaller.
    const heir = committee.seats[3] ?? assert.fail("a fourth seat");
    const free = await nodeAt(0).client.call("outputs", { body: { programs: [bytesToHex(ANYBODY)] } });
    const coin = free.items.find(({ amount }) => BigInt(amount) === COIN_NEU) ?? assert.fail("a coin for the heir");
    await nodeAt(0).client.call("submit", { body: { raw: bytesToHex(registration(heir, coin).raw) } });
    const { vote, peer } = openNodeKeys(liar.folder);
    const voteKey = bytesToHex(vote.publicKey);
    const mesh = createMesh({
      identity: createIdentity(peer.seed),
      peers: committee.options(liar).peers.map(({ key, host, port }) => ({ id: bytesToHex(key), host, port })),
      handshake: { protocolVersion: PROTOCOL_VERSION, networkHash: chainId, agent: "liar/1" },
      protocol: SIDE_PROTOCOL,
      rng: systemRng,
      handlers: { onMessage: () => {} },
    });
    await mesh.start();
    const lie = async (): Promise<string[]> => {
      const { epoch, view, validators } = await nodeAt(0).client.call("consensus");
      const signer = validators.findIndex((validator) => validator.voteKey === voteKey);
      if (signer < 0) return validators.map((validator) => validator.voteKey);
      const votes = [1, 2].map((fill) => {
        const content = {
          kind: 1,
          epoch,
          view: view + 8,
          height: 99,
          blockHash: new Uint8Array(32).fill(fill),
        } as const;
        return { ...content, signer, signature: signEd25519(vote.seed, signedBytes(chainId, content)) };
      });
      mesh.broadcast(MESSAGE.consensus, encodeMessage({ type: "NOTES", epoch, view, votes, certificates: [] }));
      return validators.map((validator) => validator.voteKey);
    };
    const seated = await until("a committee without the liar", lie, (keys) => !keys.includes(voteKey));
    await mesh.stop();
    assert.deepEqual(seated.sort(), [...committee.seats.toSpliced(2, 1), committee.observer].map(voteKeyOf).sort());
    const { items } = await nodeAt(0).client.call("outputs", { body: { programs: [bytesToHex(ANYBODY)] } });
    const bonds = items.filter(({ kind }) => kind === "vote");
    assert.equal(bonds.length, standing.length + 1 - 1, "the heir's bond came and the liar's was seized");
    const { items: caught } = await nodeAt(0).client.call("evidence");
    assert.deepEqual(
      caught.map((one) => [one.voteKey, one.id]),
      [[voteKey, liar.id]],
    );
    await assert.rejects(nodeAt(0).client.call("candidate", { params: { key: voteKey } }), {
      code: "CANDIDATE_NOT_FOUND",
    });
    const { poolNeu } = await nodeAt(0).client.call("elections");
    assert.ok(BigInt(poolNeu) >= BOND_NEU, "the bond is in the pool");
    const { members } = await nodeAt(0).client.call("committee", { params: { epoch: "now" } });
    assert.deepEqual(
      members.map(({ id }) => id).sort(),
      [...committee.seats.toSpliced(2, 1), committee.observer].map(({ id }) => id).sort(),
    );
  });

  test("the explorer's index saw the bond go, and holds what the state holds", async () => {
    const { client } = nodeAt(0);
    await untilIndexed(client);
    const { items } = await client.call("transactions", { query: { limit: 200 } });
    const accusation = items.find(({ what }) => what.class === "evidence") ?? assert.fail("there is no evidence");
    const registrations = items.filter(({ what }) => what.class === "registration");
    const spenders: (string | null)[] = [];
    for (const { id } of registrations) {
      const { outputs } = await client.call("transactionDetails", { params: { id } });
      spenders.push(...outputs.filter(({ kind }) => kind === "vote").map(({ spentBy }) => spentBy));
    }
    assert.deepEqual(
      spenders.filter((spender) => spender !== null),
      [accusation.id],
      "one bond was taken, by the evidence",
    );
    const program = bytesToHex(ANYBODY);
    const held = async (): Promise<[string, string | undefined]> => {
      const outputs = (await client.call("outputs", { body: { programs: [program] } })).items;
      const { balances } = await client.call("addressSummary", { params: { address: program } });
      return [String(outputs.reduce((sum, { amount }) => sum + BigInt(amount), 0n)), balances.items[0]?.amount];
    };
    // Blocks go on: both are of one state when they agree.
    await until("the same balance", held, ([counted, indexed]) => counted === indexed);
    const { state, rebuilds } = await client.call("explorer");
    assert.deepEqual([state, rebuilds], ["following", 0]);
  });

  test("the chain goes on with the newcomer and two others alone", async () => {
    await nodeAt(3).stop();
    await nodeAt(2).stop();
    const { finalHeight } = await nodeAt(0).client.call("info");
    for (const index of [0, 1, 4]) await untilHeight(nodeAt(index).client, finalHeight + 2 * CONSENSUS.epochBlocks);
  });

  test("the newcomer comes back after a restart and votes", async () => {
    await nodeAt(4).stop();
    nodes[4] = await committee.start(committee.observer);
    await until(
      "voting again",
      () => nodeAt(4).client.call("consensus"),
      ({ voting }) => voting,
    );
    const { finalHeight } = await nodeAt(4).client.call("info");
    await untilHeight(nodeAt(1).client, finalHeight + 2);
  });

  test("a node that lost everything begins with a state, proven from the first committee to the elected one", async () => {
    const seat = committee.seats[3] ?? assert.fail("a fourth seat");
    committee.wipe(seat);
    nodes[3] = await committee.start(seat);
    const { client } = nodeAt(3);
    const codes = (await client.call("incidents")).items.map(({ code }) => code);
    assert.ok(codes.includes("state-fetched"), codes.join(", "));
    await assert.rejects(client.call("block", { params: { ref: "1" } }), /no such block/);
    const { finalHeight } = await nodeAt(1).client.call("info");
    await untilHeight(client, finalHeight + CONSENSUS.epochBlocks);
    assert.deepEqual(await voteKeysNow(client), await voteKeysNow(nodeAt(1).client));
  });

  test("a light client gets from the first committee to the elected one by certificates alone", async () => {
    const { client } = nodeAt(1);
    const verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
      verifyEd25519({ publicKey, message, signature }, "strict-s");
    const context = { nowMs: Date.now(), trustingMs: 3_600_000, verify };
    const { epoch } = await client.call("consensus");
    let state: LightClientState = {
      chainId,
      epoch: 1,
      keys: spec.committee.map(({ voteKey }) => voteKey),
      epochBlocks: CONSENSUS.epochBlocks,
      timeMs: spec.genesis.timeMs,
    };
    // Whoever was ever elected: which four of these five, and in which order, the headers' roots say.
    const everybody = [...committee.seats, committee.observer].map((seat) => hexToBytes(voteKeyOf(seat)));
    const orders = everybody.flatMap((_, i) => permutations(everybody.toSpliced(i, 1)));
    while (state.epoch < epoch) {
      const ref = String(state.epoch * CONSENSUS.epochBlocks);
      const answer = await client.call("finality", { params: { ref } });
      const header = readSideHeader(new ByteReader(hexToBytes(answer.headers[0] ?? "")));
      const certificate = readCertificate(new ByteReader(hexToBytes(answer.certificate)));
      const followed = orders
        .map((nextKeys) => followEpoch(state, { header, certificate, nextKeys }, context))
        .find((result) => result.ok);
      assert.ok(followed?.ok, `epoch ${state.epoch} leads on`);
      state = followed.value;
    }
    assert.deepEqual(state.keys.map(bytesToHex).sort(), (await voteKeysNow(client)).sort());
    const height = (state.epoch - 1) * CONSENSUS.epochBlocks + 1;
    await untilHeight(client, height);
    const { headers, certificate } = await client.call("finality", { params: { ref: String(height) } });
    const proof = {
      headers: headers.map((bytes) => readSideHeader(new ByteReader(hexToBytes(bytes)))),
      certificate: readCertificate(new ByteReader(hexToBytes(certificate))),
    };
    const verdict = verifyFinality(proof, state, verify);
    assert.ok(verdict.ok, verdict.ok ? "" : verdict.error);
    assert.equal(verdict.value.height, height);
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}
