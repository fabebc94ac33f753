// Elections as a wallet and a reader of the API have them, on a real node: stand, vote, earn, claim, take back, resign. What
// the lists say is what the ledger then does.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { publicKeyProgram } from "@bystack/protocol/program";
import { candidateMessage } from "@bystack/protocol/side/candidate";
import { readEpochEnd } from "@bystack/protocol/side/epoch-end";
import { chainIdOf } from "@bystack/protocol/spec";
import { DEFAULT_VOTES } from "@bystack/protocol/spec/presets";
import { ByteReader } from "@bystack/protocol/wire";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import {
  type ElectionRequest,
  registrationRequest,
  resignationRequest,
  vetoRequest,
  voteClaimRequest,
  voteRequest,
} from "@bystack/wallet/build/elections";
import { createSideAdapter } from "@bystack/wallet/build/side";
import { type NodeClient, type Sent, Wallet } from "@bystack/wallet/wallet";
import { openNodeKeys } from "../../src/process/keys.ts";
import { everything, untilIndexed } from "../explorer/kit.ts";
import { CONSENSUS, Committee, type SideClient, type Started, until, untilHeight } from "./kit.ts";

const COIN = 100_000_000n;
const BOND_NEU = 100n * COIN;

const folder = mkdtempSync(join(tmpdir(), "bystack-elections-"));
const wallet = Wallet.open(folder, Date.now);
for (const name of ["alice", "bob"]) wallet.ensureAccount(name);
const own = wallet.receiveProgram("alice").program;

const committee = new Committee({
  count: 1,
  program: own,
  coins: 4,
  votes: {
    ...DEFAULT_VOTES,
    thresholdNeu: 500n * COIN,
    bondMinNeu: BOND_NEU,
    committeeMin: 1,
    unbondingBlocks: 1000,
    trustingMs: 50_000,
  },
  voteBlocks: 2 * CONSENSUS.epochBlocks,
  extra: { explorer: true },
});
const { spec } = committee;
let node: Started;
let client: SideClient;

const chain: NodeClient = {
  tipHeight: async () => (await client.call("info")).height,
  coinsOf: async (programs) => {
    const { items } = await client.call("outputs", { body: { programs: programs.map(bytesToHex) } });
    return items
      .filter(({ kind }) => kind !== "vote")
      .map((output) => ({
        id: hexToBytes(output.id),
        assetId: hexToBytes(output.asset),
        amount: BigInt(output.amount),
        program: hexToBytes(output.program),
        sourceId: hexToBytes(output.sourceId),
        sourcePosition: BigInt(output.sourcePosition),
        spendableFrom: output.spendableFrom,
      }));
  },
  submit: async (raw) => {
    await client.call("submit", { body: { raw: bytesToHex(raw) } });
  },
};

type Authorise = NonNullable<Parameters<Wallet["send"]>[0]["authorise"]>;

function send(request: ElectionRequest, authorise?: Authorise): Promise<Sent> {
  const { lead, payments, creditNeu } = request;
  const adapter = createSideAdapter(spec.gas.priceNeu, lead);
  return wallet.send({
    account: "alice",
    client: chain,
    adapter,
    payments,
    creditNeu,
    ...(authorise && { authorise }),
  });
}

function final(what: string, { id }: Sent) {
  const ask = async () => {
    try {
      return (await client.call("transaction", { params: { id: bytesToHex(id) } })).status;
    } catch (error) {
      return error instanceof BystackError ? error.code : String(error);
    }
  };
  return until(what, ask, (status) => status === "final");
}

/** alice stands with the validator, bob with the node that has no seat. */
const voteKeyOf = (account: string): Uint8Array =>
  hexToBytes((account === "alice" ? committee.seats[0] : committee.observer)?.keys.vote ?? "");
const ownKey = (account: string): Uint8Array => wallet.candidateKey(account, voteKeyOf(account));
const keyOf = (account: string): string => bytesToHex(ownKey(account));
const candidate = (account: string) => client.call("candidate", { params: { key: keyOf(account) } });
const votesOf = async (account: string) =>
  (await client.call("votes", { body: { programs: [bytesToHex(own)] } })).items.filter(
    (vote) => vote.candidate === keyOf(account),
  );

function registration(account: string, voteKey: Uint8Array): ElectionRequest {
  const rewardProgram = publicKeyProgram(hexToBytes(committee.seats[0]?.keys.reward ?? ""));
  const key = ownKey(account);
  return registrationRequest({ key, voteKey, rewardProgram, voterShare: 50 }, { amount: BOND_NEU, owner: own });
}

const code = (expected: string) => (error: unknown) => error instanceof BystackError && error.code === expected;

before(async () => {
  const [seat] = committee.seats;
  node = await committee.start(seat ?? assert.fail("a seat"));
  client = node.client;
  await untilHeight(client, 1);
});

after(async () => {
  await node.stop();
  committee.remove();
  rmSync(folder, { recursive: true, force: true });
});

suite("elections through wallet and API", () => {
  test("before anybody stands the lists are empty, and what is not there is told by name", async () => {
    const { items, next } = await client.call("candidates");
    assert.deepEqual([items, next], [[], null]);
    assert.deepEqual(await votesOf("alice"), []);
    assert.deepEqual((await client.call("evidence")).items, []);
    const { candidates, poolDeposit, parameters } = await client.call("elections");
    assert.deepEqual([candidates, poolDeposit, parameters.bondMinNeu], [0, null, BOND_NEU.toString()]);
    const { members, when, quorum } = await client.call("committee", { params: { epoch: "now" } });
    assert.deepEqual([members.length, members[0]?.id, members[0]?.candidate, when, quorum], [1, "v1", null, "now", 1]);
    await assert.rejects(candidate("alice"), code("CANDIDATE_NOT_FOUND"));
    await assert.rejects(client.call("candidates", { query: { cursor: "ff" } }), code("CURSOR_INVALID"));
    await assert.rejects(client.call("committee", { params: { epoch: "99999" } }), code("COMMITTEE_UNKNOWN"));
    await assert.rejects(client.call("committee", { params: { epoch: "0" } }), code("BAD_REQUEST"));
  });

  test("a node's vote key signs the registration that names it, and nothing else", async () => {
    const { voteKey, id } = await client.call("voteKey");
    assert.deepEqual([voteKey, id], [committee.seats[0]?.keys.vote, "v1"]);
    const refused = registration("alice", hexToBytes(committee.observer.keys.vote));
    const ask: Authorise = async ({ raw }) => {
      const { signature } = await client.call("candidateProof", { body: { raw: bytesToHex(raw) } });
      return [hexToBytes(signature)];
    };
    await assert.rejects(send(refused, ask), code("REGISTRATION_INVALID"));
    await assert.rejects(send(resignationRequest(ownKey("alice")), ask), code("REGISTRATION_INVALID"));
    assert.deepEqual(wallet.data.reservations, {}, "nothing left, so no coin is promised");
  });

  test("who registers stands with the bond as votes, and votes count", async () => {
    const sent = await send(
      registration("alice", hexToBytes(committee.seats[0]?.keys.vote ?? "")),
      async ({ raw, id }) => {
        const { signature } = await client.call("candidateProof", { body: { raw: bytesToHex(raw) } });
        return [
          wallet.signAsCandidate("alice", voteKeyOf("alice"), candidateMessage(chainIdOf(spec), id)),
          hexToBytes(signature),
        ];
      },
    );
    await final("the registration", sent);
    const registered = await candidate("alice");
    assert.deepEqual(
      [
        registered.status,
        registered.rank,
        registered.votesNeu,
        registered.bondNeu,
        registered.id,
        registered.voterShare,
      ],
      ["below-threshold", null, BOND_NEU.toString(), BOND_NEU.toString(), "v1", 50],
    );
    await final("the vote", await send(voteRequest({ candidate: ownKey("alice"), amount: 400n * COIN, owner: own })));
    const { status, rank, votesNeu } = await candidate("alice");
    assert.deepEqual([status, rank, votesNeu], ["standing", 1, (500n * COIN).toString()]);
    const votes = await votesOf("alice");
    assert.deepEqual(votes.map(({ amountNeu, bond, freeFrom }) => [amountNeu, bond, freeFrom === null]).sort(), [
      [BOND_NEU.toString(), true, true],
      [(400n * COIN).toString(), false, false],
    ]);
  });

  test("candidates come in pages, each once, in the order of the ranking", async () => {
    const keys = openNodeKeys(committee.observer.folder);
    const sent = await send(registration("bob", keys.vote.publicKey), async ({ id }) => {
      const message = candidateMessage(chainIdOf(spec), id);
      return [wallet.signAsCandidate("bob", voteKeyOf("bob"), message), keys.vote.sign(message)];
    });
    await final("bob's registration", sent);
    const first = await client.call("candidates", { query: { limit: 1 } });
    const second = await client.call("candidates", { query: { limit: 1, cursor: first.next ?? "" } });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ key, id }) => [key, id]),
      [
        [keyOf("alice"), "v1"],
        [keyOf("bob"), "o1"],
      ],
    );
    assert.deepEqual([first.next, second.next], [keyOf("alice"), null]);
    const { key } = await client.call("candidate", { params: { key: keyOf("bob").slice(0, 12) } });
    assert.equal(key, keyOf("bob"));
  });

  test("who is elected has the seat as a candidate, and the voters' share can be claimed", async () => {
    const now = () => client.call("committee", { params: { epoch: "now" } });
    const seated = await until(
      "the seat of the candidate",
      now,
      ({ members }) => members[0]?.candidate === keyOf("alice"),
    );
    assert.deepEqual([seated.members[0]?.voterShare, seated.standbys?.length], [50, 0]);
    assert.equal((await candidate("alice")).seatNow, 0);
    // Fees of an epoch led by a candidate: somebody has to pay them.
    const owed = await until(
      "a voters' share",
      async () => {
        const pay = { kind: "pay", assetId: BTM_ASSET_ID, amount: COIN, program: own } as const;
        await send({ lead: undefined, payments: [pay], creditNeu: 0n }).catch(() => {});
        const [votes, { epoch }] = [await votesOf("alice"), await client.call("elections")];
        return { votes, epoch };
      },
      ({ votes, epoch }) => votes.every(({ dueNeu, claimFromEpoch }) => BigInt(dueNeu) > 0n && claimFromEpoch <= epoch),
    );
    const claimed = await claim();
    assert.ok(claimed.reduce((sum, { dueNeu }) => sum + BigInt(dueNeu), 0n) > 0n);
    assert.equal(claimed.length, owed.votes.length);
    const { votersNeu, epoch } = await client.call("elections");
    assert.ok(BigInt(votersNeu) >= 0n);
    for (const { claimFromEpoch } of await votesOf("alice")) assert.ok(claimFromEpoch > epoch - 1);
  });

  /** Claims what is due; at the turn of an epoch the claim is of the wrong one, and the next one counts. */
  async function claim() {
    for (let tries = 0; ; tries += 1) {
      const votes = await votesOf("alice");
      const { epoch } = await client.call("elections");
      const due = votes.map(({ id, program, dueNeu }) => ({
        id: hexToBytes(id),
        program: hexToBytes(program),
        dueNeu: BigInt(dueNeu),
      }));
      try {
        await final("the claim", await send(voteClaimRequest(epoch, due)));
        return votes;
      } catch (error) {
        if (tries === 3 || !(error instanceof BystackError) || !error.code.startsWith("VOTE_CLAIM")) throw error;
      }
    }
  }

  test("a vote comes back when it is free, and pays its own way", async () => {
    const vote = (await votesOf("alice")).find(({ bond }) => !bond) ?? assert.fail("the vote");
    await untilHeight(client, vote.freeFrom ?? 0);
    const coin = {
      id: hexToBytes(vote.id),
      assetId: BTM_ASSET_ID,
      amount: BigInt(vote.amountNeu),
      program: hexToBytes(vote.program),
      sourceId: hexToBytes(vote.sourceId),
      sourcePosition: BigInt(vote.sourcePosition),
      vote: hexToBytes(vote.candidate),
    };
    await final("the veto", await send(vetoRequest([coin])));
    assert.deepEqual(
      (await votesOf("alice")).map(({ bond }) => bond),
      [true],
    );
    assert.equal((await candidate("alice")).votesNeu, BOND_NEU.toString());
  });

  test("who resigns is out of the ranking, and the bond says when it is free", async () => {
    const sign: Authorise = async ({ id }) => [
      wallet.signAsCandidate("alice", voteKeyOf("alice"), candidateMessage(chainIdOf(spec), id)),
    ];
    await final("the resignation", await send(resignationRequest(ownKey("alice")), sign));
    const { status, bondFreeFrom, resignedEpoch } = await candidate("alice");
    assert.equal(status, "resigned");
    assert.ok(resignedEpoch !== null && bondFreeFrom !== null);
    const [bond] = await votesOf("alice");
    assert.equal(bond?.freeFrom, bondFreeFrom);
  });

  test("the explorer tells all of it in words, and its index agrees with every block", async () => {
    const { state, rebuilds } = await untilIndexed(client);
    assert.deepEqual([state, rebuilds], ["following", 0]);
    const items = await everything((cursor) => client.call("transactions", { query: { limit: 200, cursor } }));
    const told = new Set(items.map(({ what }) => what.class));
    for (const expected of ["registration", "resignation", "vote", "veto", "vote-claim", "coinbase"] as const)
      assert.ok(told.has(expected), `no ${expected} among ${[...told].join(", ")}`);
  });

  test("a committee that the state has forgotten is still told by its vote keys", async () => {
    const { epoch } = await client.call("elections");
    assert.ok(epoch > 4);
    const old = await client.call("committee", { params: { epoch: "1" } });
    assert.deepEqual([old.when, old.standbys, old.members[0]?.candidate, old.firstHeight], ["past", [], null, 1]);
    const kept = await client.call("committee", { params: { epoch: String(epoch - 2) } });
    // The same from how its epochs ended, which is all that a light client is told.
    const { items } = await client.call("epochEnds", { query: { from: 1, limit: 200 } });
    const reader = new ByteReader(hexToBytes(items[epoch - 4] ?? ""));
    const end = readEpochEnd(reader);
    reader.finish();
    assert.equal(reader.error, undefined);
    assert.deepEqual([end.header.epoch, end.nextKeys.map(bytesToHex)], [epoch - 3, [kept.members[0]?.voteKey]]);
    assert.deepEqual(
      [kept.members[0]?.voteKey, kept.members[0]?.voterShare, kept.standbys],
      [committee.seats[0]?.keys.vote, null, null],
    );
  });
});
