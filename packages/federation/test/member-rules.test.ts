// M1 to M6: each condition, violated alone, keeps the signature back (P30). The lies are told by the member's own nodes; the
// other members see the truth, so the payout still happens, without member 0.

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMainTransaction } from "@bystack/protocol/main/transaction";
import { createDraft } from "@bystack/protocol/peg/draft";
import type { FinalityProof } from "@bystack/protocol/side/light-client";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import { verifyFinality } from "../src/member/finality.ts";
import { requestOfBurn } from "../src/member/rederive.ts";
import type { PayoutRecord } from "../src/ports.ts";
import { programOf, seedOf } from "./support/keys.ts";
import { LIES } from "./support/lies.ts";
import { sidePortOf } from "./support/side-port.ts";
import { sayAs, World, type WorldOptions } from "./support/world.ts";

const PAYEE = programOf("payee");
const BTM = 100_000_000n;

async function payoutWorld(options: WorldOptions): Promise<World> {
  const world = new World(options);
  await world.startAll();
  await world.fund();
  const nullifier = world.deposit(programOf("holder"), 50n * BTM);
  await world.until("credited", () => world.side.claims.has(nullifier));
  return world;
}

for (const lie of LIES) {
  test(`${lie.name}: no signature`, async () => {
    let lying = false;
    const { side, main } = lie;
    const world = await payoutWorld({
      withView: lie.withView ?? false,
      ...(side !== undefined && { wrapSide: (port, i) => (i === 0 ? switching(port, side(port), () => lying) : port) }),
      ...(main !== undefined && { wrapMain: (port, i) => (i === 0 ? switching(port, main(port), () => lying) : port) }),
    });
    lying = true;
    world.side.burn({ amount: 7n * BTM, program: PAYEE });
    await world.until("the others pay", () => world.main.balance(PAYEE) > 0n);
    const says = world
      .host(0)
      .logger.find("a payout is not signed")
      .map(({ fields }) => String(fields.why));
    for (const i of [1, 2, 3]) {
      assert.equal(
        world.service(i).payoutInfo(1n).signedBy.includes(0),
        false,
        `member ${i} has no signature of member 0`,
      );
    }
    assert.ok(
      says.some((text) => lie.says.test(text)),
      `said: ${[...new Set(says)].join(" | ")}`,
    );
  });
}

/** A port that tells the truth or the lie. */
function switching<T extends object>(truth: T, lie: T, lies: () => boolean): T {
  return new Proxy(truth, { get: (_, name) => Reflect.get(lies() ? lie : truth, name) });
}

test("M4: the operator's brake keeps the signature back, survives a restart, and is released", async () => {
  const world = await payoutWorld({});
  await world.service(0).setBrake(true);
  world.kill(0);
  await world.start(0);
  world.kill(3);
  assert.equal(world.service(0).status().notSigningBecause, "the brake is on");
  world.side.burn({ amount: 7n * BTM, program: PAYEE });
  await world.round(40);
  assert.equal(world.main.balance(PAYEE), 0n);
  assert.match(world.service(0).payoutInfo(1n).waitsFor ?? "", /brake/);
  await world.service(0).setBrake(false);
  await world.until("paid", () => world.main.balance(PAYEE) > 0n);
});

test("M5: a request that was promised in another payout is not signed again", async () => {
  // Member 0's node shows a second payout for the burn of payout 1: well formed, from other coins, with proofs of everything.
  let second: PayoutRecord | undefined;
  const world = await payoutWorld({
    wrapSide: (port, i) => {
      if (i !== 0) return port;
      const livePayouts = async (): Promise<PayoutRecord[]> => [
        ...(await port.livePayouts()),
        ...(second === undefined ? [] : [second]),
      ];
      return { ...port, livePayouts };
    },
  });
  // A payout takes the largest coin and sweeps two small ones along: of four, one is left.
  for (const amount of [300n, 400n]) {
    const spare = world.deposit(programOf("holder"), amount * BTM);
    await world.until("another coin", () => world.side.claims.has(spare));
  }
  const id = world.side.burn({ amount: 7n * BTM, program: PAYEE });
  await world.until("member 0 has signed payout 1", () => world.service(0).payoutInfo(1n).signedBy.includes(0));
  const first = world.side.record(1n) ?? assert.fail("a payout");
  const used = new Set(first.inputs.map((coin) => bytesToHex(coin.id)));
  const inputs = [...world.side.coins.values()].filter((coin) => !used.has(bytesToHex(coin.id)) && !coin.fromPayout);
  assert.ok(inputs.length > 0, "a coin that payout 1 does not spend");
  const burn = world.side.burns.get(bytesToHex(id)) ?? assert.fail("a burn");
  const draft = createDraft(
    { payout: 2n, kind: "btm", inputs, requests: [burn], failures: 0, freeBtmCoins: 0 },
    { chainId: world.side.chainId, vaultKeys: () => world.keys, newest: { epoch: 1, keys: world.keys } },
  );
  assert.ok(typeof draft !== "string");
  const transaction = encodeMainTransaction(draft.transaction);
  second = { ...first, payout: 2n, transactionId: draft.transactionId, transaction, inputs };
  await world.round(3);
  const says = world
    .host(0)
    .logger.find("a payout is not signed")
    .map(({ fields }) => String(fields.why));
  assert.deepEqual(says, ["the journal holds an earlier promise (request-promised)"]);
  assert.deepEqual(world.service(0).payoutInfo(2n).signedBy, []);
});

test("a bad signature is not stored and names its sender", async () => {
  const world = await payoutWorld({});
  world.kill(3);
  world.kill(2);
  world.side.burn({ amount: 7n * BTM, program: PAYEE });
  await world.until("two have signed", () => world.service(0).payoutInfo(1n).signedBy.length === 2);
  const record = world.side.record(1n);
  assert.ok(record !== undefined);
  const signatures = record.inputs.map(() => new Uint8Array(64).fill(1));
  const forged = { type: "sigs" as const, payout: 1n, transactionId: record.transactionId, signatures };
  assert.equal(await sayAs(world, { from: 2, to: 0 }, forged), false);
  assert.deepEqual(world.service(0).payoutInfo(1n).signedBy, [0, 1]);
  const [line] = world.host(0).logger.find("bad signature");
  assert.equal(line?.fields.member, "member-2");
});

test("finality: headers must link up to the certificate, within one epoch and chain", async () => {
  const world = await payoutWorld({});
  const headers = [3, 4, 5]
    .map((height) => world.side.blockAt(height)?.header)
    .filter((header) => header !== undefined);
  const certificate = world.side.blockAt(5)?.proof.certificate;
  assert.ok(certificate !== undefined && headers.length === 3);
  const voteKeys = world.spec.committee.map(({ voteKey }) => voteKey);
  const context = { chainId: world.side.chainId, epoch: 1, voteKeys };
  const verdict = (proof: FinalityProof, height = 3) => {
    const result = verifyFinality(proof, height, context);
    return result.ok ? "ok" : result.error;
  };
  assert.equal(verdict({ headers, certificate }), "ok");
  assert.equal(verdict({ headers, certificate }, 4), "HEIGHT");
  assert.equal(verdict({ headers: [], certificate }), "HEIGHT");
  assert.equal(verdict({ headers: headers.toSpliced(1, 1), certificate }), "LINK");
  assert.equal(verdict({ headers: headers.slice(0, 2), certificate }), "CERTIFICATE");
  const [first] = headers;
  assert.ok(first !== undefined);
  assert.equal(verdict({ headers: [{ ...first, chainId: seedOf("chain") }], certificate }), "CHAIN");
  assert.equal(verdict({ headers: Array.from({ length: 300 }, () => first), certificate }), "LENGTH");
  const later = verifyFinality({ headers, certificate }, 3, { ...context, epoch: 2 });
  assert.equal(later.ok ? "ok" : later.error, "EPOCH", "a height belongs to one epoch, whatever its header says");
});

test("a burn is evidence only for its own cross-chain outputs", async () => {
  const world = await payoutWorld({});
  const id = world.side.burn({ amount: 7n * BTM, program: PAYEE });
  await world.round(1);
  const evidence = await sidePortOf(world.side).burn(id);
  assert.ok(evidence !== undefined);
  assert.ok(equalBytes(requestOfBurn(id, evidence)?.program ?? id, PAYEE));
  assert.equal(requestOfBurn(seedOf("another output"), evidence), undefined);
  assert.equal(requestOfBurn(id, { ...evidence, raw: evidence.raw.subarray(1) }), undefined);
  assert.equal(
    requestOfBurn(id, { ...evidence, header: { ...evidence.header, transactionRoot: seedOf("root") } }),
    undefined,
  );
});
