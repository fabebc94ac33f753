// M1 to M6: each condition, violated alone, keeps the signature back (P30). The lies are told by the member's own nodes; the
// other members see the truth, so the payout still happens, without member 0.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import {
  decodeMainTransaction,
  encodeMainTransaction,
  type MainTransactionData,
} from "@bystack/protocol/main/transaction";
import { createDraft } from "@bystack/protocol/peg/draft";
import type { Certificate } from "@bystack/protocol/side/certificate";
import type { FinalityProof } from "@bystack/protocol/side/light-client";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import { verifyFinality } from "../src/member/finality.ts";
import { requestOfBurn } from "../src/member/rederive.ts";
import type { MainChainPort, PayoutRecord, PegStatus, SideChainPort } from "../src/ports.ts";
import { programOf, seedOf } from "./support/keys.ts";
import { sidePortOf } from "./support/side-chain.ts";
import { sayAs, World, type WorldOptions } from "./support/world.ts";

const PAYEE = programOf("payee");
const BTM = 100_000_000n;

type Lie = {
  readonly name: string;
  /** Why member 0 says that it does not sign. */
  readonly says: RegExp;
  readonly side?: (port: SideChainPort) => SideChainPort;
  readonly main?: (port: MainChainPort) => MainChainPort;
  readonly withView?: boolean;
};

function changedRecord(port: SideChainPort, change: (record: PayoutRecord) => PayoutRecord): SideChainPort {
  return { ...port, livePayouts: async () => (await port.livePayouts()).map(change) };
}

/** A record whose transaction was changed and whose id fits again. */
function changedTransaction(
  record: PayoutRecord,
  change: (data: MainTransactionData) => MainTransactionData,
): PayoutRecord {
  const decoded = decodeMainTransaction(record.transaction);
  if (!decoded.ok) throw new Error("a draft decodes");
  const data = change(decoded.value);
  return { ...record, transaction: encodeMainTransaction(data), transactionId: mapMainTransaction(data).id };
}

function changedFinality(
  port: SideChainPort,
  change: (proof: FinalityProof) => FinalityProof | undefined,
): SideChainPort {
  return {
    ...port,
    finality: async (height) => {
      const proof = await port.finality(height);
      return proof === undefined ? undefined : change(proof);
    },
  };
}

const withCertificate = (change: (certificate: Certificate) => Certificate) => (port: SideChainPort) =>
  changedFinality(port, (proof) => ({ ...proof, certificate: change(proof.certificate) }));

const withStatus =
  (change: (status: PegStatus) => PegStatus) =>
  (port: SideChainPort): SideChainPort => ({
    ...port,
    status: async () => change(await port.status()),
  });

const outputsOf =
  (change: (outputs: MainTransactionData["outputs"]) => MainTransactionData["outputs"]) => (port: SideChainPort) =>
    changedRecord(port, (record) => changedTransaction(record, (data) => ({ ...data, outputs: change(data.outputs) })));

const LIES: readonly Lie[] = [
  {
    name: "M1: no proof of finality",
    says: /does not show the recording block as final/,
    side: (port) => changedFinality(port, () => undefined),
  },
  {
    name: "M1: a signature of the certificate is wrong",
    says: /finality-SIGNATURE/,
    side: withCertificate((certificate) => ({
      ...certificate,
      signatures: certificate.signatures.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
    })),
  },
  {
    name: "M1: too few signers",
    says: /finality-QUORUM/,
    side: withCertificate((certificate) => ({
      ...certificate,
      bitmap: Uint8Array.of(0b11),
      signatures: certificate.signatures.subarray(0, 128),
    })),
  },
  {
    name: "M1: NOTARIZE is not FINALIZE",
    says: /finality-CERTIFICATE/,
    side: withCertificate((certificate) => ({ ...certificate, kind: 1 })),
  },
  {
    name: "M1: a certificate of another block",
    says: /finality-CERTIFICATE/,
    side: withCertificate((certificate) => ({ ...certificate, blockHash: seedOf("other block") })),
  },
  {
    name: "M1: the block of a burn is not final",
    says: /finality-SIGNATURE/,
    side: (port) => ({
      ...port,
      // Payouts are recorded at multiples of four; the burn is not in such a block.
      finality: async (height) => {
        const proof = await port.finality(height);
        if (proof === undefined || height % 4 === 0) return proof;
        return {
          ...proof,
          certificate: { ...proof.certificate, signatures: proof.certificate.signatures.map((byte) => byte ^ 1) },
        };
      },
    }),
  },
  {
    name: "M1: a burn of a block that is not the final one of its height",
    says: /finality-BURN/,
    side: (port) => ({
      ...port,
      burn: async (id) => {
        const evidence = await port.burn(id);
        return evidence === undefined ? undefined : { ...evidence, header: { ...evidence.header, timestampMs: 1 } };
      },
    }),
  },
  {
    name: "M2: another payee",
    says: /draft-BYTES/,
    side: outputsOf((outputs) =>
      outputs.map((output, i) =>
        i === 0 && output.kind === "output" ? { ...output, program: programOf("thief") } : output,
      ),
    ),
  },
  {
    name: "M2: a larger amount",
    says: /draft-BYTES/,
    side: outputsOf((outputs) =>
      outputs.map((output, i) =>
        i === 0 && output.kind === "output" ? { ...output, amount: output.amount + 1n } : output,
      ),
    ),
  },
  {
    name: "M2: change to a stranger",
    says: /draft-BYTES/,
    side: outputsOf((outputs) =>
      outputs.map((output, i) =>
        i > 0 && output.kind === "output" ? { ...output, program: programOf("thief") } : output,
      ),
    ),
  },
  {
    name: "M2: a higher fee",
    says: /draft-BYTES/,
    side: outputsOf((outputs) =>
      outputs.map((output, i) =>
        i > 0 && output.kind === "output" ? { ...output, amount: output.amount - 1_000_000n } : output,
      ),
    ),
  },
  {
    name: "M2: a burn that is not in the chain",
    says: /draft-BURN/,
    side: (port) => ({
      ...port,
      burn: async (id) => {
        const evidence = await port.burn(id);
        return evidence === undefined
          ? undefined
          : { ...evidence, path: { siblings: [seedOf("x")], directions: Uint8Array.of(0) } };
      },
    }),
  },
  {
    name: "M2: one burn paid twice",
    says: /draft-BURN_REPEATED/,
    side: (port) =>
      changedRecord(port, (record) => ({ ...record, requestIds: [...record.requestIds, ...record.requestIds] })),
  },
  {
    name: "M2: a coin that is not the vault's",
    says: /draft-COIN/,
    side: (port) =>
      changedRecord(port, (record) => ({
        ...record,
        inputs: record.inputs.map((coin) => ({ ...coin, amount: coin.amount + 1n })),
      })),
  },
  {
    name: "M2: the state of that block gives another draft",
    says: /draft-DERIVATION/,
    withView: true,
    side: (port) => ({
      ...port,
      payoutView: async (height) => {
        const view = await port.payoutView?.(height);
        return view === undefined ? undefined : { ...view, coins: view.coins.slice(0, 1), units: [] };
      },
    }),
  },
  {
    name: "M2: the state of that block gives other bytes under the same number",
    says: /draft-DERIVATION/,
    withView: true,
    side: (port) => ({
      ...port,
      payoutView: async (height) => {
        const view = await port.payoutView?.(height);
        return view === undefined
          ? undefined
          : { ...view, coins: view.coins.filter(({ amount }) => amount > 100n * BTM) };
      },
    }),
  },
  { name: "M3: an input is spent", says: /not unspent/, main: (port) => ({ ...port, isUnspent: async () => false }) },
  {
    name: "M4: payouts are paused",
    says: /paused/,
    side: withStatus((status) => ({ ...status, pauses: { ...status.pauses, out: true } })),
  },
  {
    name: "M4: automatic pause",
    says: /paused/,
    side: withStatus((status) => ({ ...status, pauses: { ...status.pauses, automatic: true } })),
  },
  {
    name: "M4: the asset is paused",
    says: /of an asset are paused/,
    side: withStatus((status) => ({
      ...status,
      pauses: { ...status.pauses, assets: status.assets.map(({ assetId }) => assetId) },
    })),
  },
  {
    name: "M4: the own main node is on another branch",
    says: /does not have the main-chain tip/,
    side: withStatus((status) => ({ ...status, mainTip: { ...status.mainTip, hash: seedOf("branch") } })),
  },
  {
    name: "M4: more owed than locked",
    says: /owes more/,
    side: withStatus((status) => ({
      ...status,
      assets: status.assets.map((asset) => ({ ...asset, owed: asset.locked + 1n })),
    })),
  },
];

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
  const context = { chainId: world.side.chainId, voteKeys };
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
