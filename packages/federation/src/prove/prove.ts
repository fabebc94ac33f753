// The whole proof of a network: a fresh round trip, the refusals, the supply before and after.

import { createEd25519Signer } from "@bystack/crypto/ed25519";
import { sha3_256 } from "@bystack/crypto/hash";
import { assembleClaim, collectorMessage } from "@bystack/protocol/peg/claim";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { chainIdOf } from "@bystack/protocol/spec";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";
import type { SideNode } from "./clients.ts";
import {
  checkRefusals,
  falseClaimCases,
  inflatedTransfer,
  type RealClaim,
  type Refusal,
  realClaimOf,
  secondClaimCases,
} from "./refusals.ts";
import { finalOnSide, type ProofContext, type ProofStep, type RoundTrip, runRoundTrip } from "./round-trip.ts";
import { checkSupply, type Supply } from "./supply.ts";

export type { Refusal } from "./refusals.ts";
export type { ProofContext, ProofStep, RoundTrip } from "./round-trip.ts";
export type { Supply } from "./supply.ts";

export type ProveReport = {
  readonly ok: boolean;
  readonly steps: readonly ProofStep[];
  readonly refusals: readonly Refusal[];
  readonly supply: Supply;
  readonly seconds: number;
};

/** A key that is nobody's: the refusals show that a collector's signature gives no authority. */
const STRANGER = createEd25519Signer(sha3_256(utf8ToBytes("somebody else's collector")));

async function realClaim(context: ProofContext, { silentDeposit: deposit }: RoundTrip): Promise<RealClaim> {
  const block = await context.main.call("block", { params: { ref: String(deposit.height) } });
  const asset = context.wallet.issueOf(context.asset, 1n);
  return realClaimOf({
    blockRaw: hexToBytes(block.raw),
    statusFail: block.transactions.map((_, position) => block.statusFail.includes(position)),
    transactionId: deposit.transactionId,
    position: deposit.position,
    recipient: deposit.recipient,
    origin: { issuanceVmVersion: 1n, definition: asset.definition, issuanceProgram: asset.program },
  });
}

/** False claims of a deposit that waits, then its true claim, then every second claim. */
async function proveRefusals(context: ProofContext, trip: RoundTrip, side: SideNode): Promise<Refusal[]> {
  const real = await realClaim(context, trip);
  const before = await checkRefusals(side, [...falseClaimCases(real), inflatedTransfer(trip.payment)]);
  const claim = assembleClaim(real);
  const { id } = await side.call("submit", { body: { raw: bytesToHex(claim.raw) } });
  await finalOnSide(context, id);
  const chainId = chainIdOf(context.sideSpec);
  const after = await checkRefusals(
    side,
    secondClaimCases(real, {
      publicKey: STRANGER.publicKey,
      sign: (transaction) => STRANGER.sign(collectorMessage(chainId, mapSideTransaction(transaction).id)),
    }),
  );
  return [...before, ...after];
}

/** @throws BystackError when a step does not happen; a refusal or the supply that is wrong makes `ok` false. */
export async function proveNetwork(context: ProofContext): Promise<ProveReport> {
  const from = context.waiter.nowMs();
  const [side] = context.sides;
  assertInvariant(side !== undefined, "the proof has a side node");
  const recipients = [context.payer, context.payee].flatMap((name) =>
    context.wallet.programs(name).map((entry) => entry.program),
  );
  const supplyContext = { main: context.main, sides: context.sides, sideSpec: context.sideSpec, recipients };
  const before = await checkSupply(supplyContext);
  const trip = await runRoundTrip(context);
  context.onWait("refusals");
  const refusals = await proveRefusals(context, trip, side);
  context.onWait("supply");
  const supply = await checkSupply(supplyContext, before);
  return {
    ok: supply.ok && before.ok && refusals.every((refusal) => refusal.ok),
    steps: trip.steps,
    refusals,
    supply,
    seconds: Math.round(context.waiter.nowMs() - from) / 1000,
  };
}
