// The round trip that proves a network (platform.md section 2): an asset is issued on the main chain, carried to the side
// chain, paid there, burned, and paid out on the main chain again. Every step is read back from a node that did not take
// the transaction. Waits end with a reason.

import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { decodeMainTransaction } from "@bystack/protocol/main/transaction";
import { depositHintProgram } from "@bystack/protocol/peg/hint";
import { createVaultKeys, depositProgram, FLOAT_RECIPIENT } from "@bystack/protocol/peg/vault";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";
import { chainIdOf, type SideChainSpec } from "@bystack/protocol/spec";
import { bytesToHex, equalBytes, type Hash, hexToBytes } from "@bystack/utils/bytes";
import { assertInvariant, BystackError } from "@bystack/utils/errors";
import type { Payment } from "@bystack/wallet/build";
import { MAIN_ADAPTER } from "@bystack/wallet/build/main";
import { createSideAdapter } from "@bystack/wallet/build/side";
import type { Wallet } from "@bystack/wallet/wallet";
import { httpNodeClient, type MainNode, type SideNode, unspentOf } from "./clients.ts";
import { proofError } from "./errors.ts";
import { type Waiter, waitFor } from "./wait.ts";

export type ProofStep = {
  readonly step: "issue" | "deposit" | "claim" | "pay" | "burn" | "payout";
  readonly chain: "main" | "side";
  readonly transaction: string;
  readonly height: number;
  readonly seconds: number;
};

export type ProofContext = {
  readonly main: MainNode;
  /** At least two: what one took is read back from another. */
  readonly sides: readonly SideNode[];
  readonly wallet: Wallet;
  readonly sideSpec: SideChainSpec;
  /** Who deposits and pays, and who burns. */
  readonly payer: string;
  readonly payee: string;
  readonly asset: string;
  readonly waiter: Waiter;
  /** Told of each step that was proven, and of what the current one waits for. */
  readonly onStep: (step: ProofStep) => void;
  readonly onWait: (text: string) => void;
};

export type SilentDeposit = {
  readonly transactionId: Hash;
  readonly height: number;
  readonly position: number;
  readonly recipient: Uint8Array;
};

export type RoundTrip = {
  readonly steps: readonly ProofStep[];
  /** The deposit and its main-chain block: what the refusals are made from. */
  /**
   * A deposit of one unit without a hint, for a recipient nobody was told of: no collector claims it, so it can show what
   * is refused before it shows that whoever knows the recipient can claim.
   */
  readonly silentDeposit: SilentDeposit;
  /** The signed payment on the side chain, as bytes. */
  readonly payment: Uint8Array;
};

const SILENT_AMOUNT = 1n;
/** 100.00 units go round; 2 BTM go along for fees; below 1 BTM of float 10 BTM top it up. */
const ROUND_AMOUNT = 10_000n;
const FEE_DEPOSIT_NEU = 200_000_000n;
const PAYEE_FEES_NEU = 100_000_000n;
const FLOAT_LOW_NEU = 100_000_000n;
const FLOAT_TOP_UP_NEU = 1_000_000_000n;
const HINT_NEU = 1n;

const STEP_DEADLINE_MS = 120_000;
/** With the TypeScript Tensority blocks take 15 s, and a deposit waits for six of them. */
const PEG_DEADLINE_MS = 300_000;

function secondSide(context: ProofContext): SideNode {
  const node = context.sides[1] ?? context.sides[0];
  assertInvariant(node !== undefined, "the proof has a side node");
  return node;
}

function firstSide(context: ProofContext): SideNode {
  const [node] = context.sides;
  assertInvariant(node !== undefined, "the proof has a side node");
  return node;
}

type Deposits = {
  readonly recipient: Uint8Array;
  readonly payments: readonly { assetId: Hash; amount: bigint }[];
  readonly silent?: true;
};

/** Outputs at deposit addresses, then the hints: one for each recipient that is not silent. */
function depositPayments(context: ProofContext, deposits: readonly Deposits[]): { payments: Payment[]; count: number } {
  const federation = context.sideSpec.federation;
  assertInvariant(federation !== null, "the chain has a federation");
  const chainId = chainIdOf(context.sideSpec);
  const keys = createVaultKeys(
    federation.members.map((member) => member.vault),
    federation.t,
  );
  const outputs = deposits.flatMap(({ recipient, payments }) => {
    const program = depositProgram({ keys, chainId, recipient });
    return payments.map((payment): Payment => ({ kind: "pay", ...payment, program }));
  });
  const hints = deposits
    .filter((deposit) => deposit.silent !== true)
    .map(
      ({ recipient }): Payment => ({
        kind: "pay",
        assetId: BTM_ASSET_ID,
        amount: HINT_NEU,
        program: depositHintProgram(chainId, recipient),
      }),
    );
  return { payments: [...outputs, ...hints], count: outputs.length };
}

type Timed = { readonly seconds: () => number };

function timer(waiter: Waiter): Timed {
  const from = waiter.nowMs();
  return { seconds: () => Math.round(waiter.nowMs() - from) / 1000 };
}

/** Waits until the main chain has the transaction in a block. */
async function confirmedOnMain(context: ProofContext, id: string): Promise<{ height: number; gasOnly: boolean }> {
  context.onWait("a main-chain block");
  return waitFor(context.waiter, { what: `main-chain transaction ${id}`, deadlineMs: STEP_DEADLINE_MS }, async () => {
    const found = await context.main.call("transaction", { params: { id } });
    return found.blockHeight === null ? undefined : { height: found.blockHeight, gasOnly: found.gasOnly };
  });
}

/** Waits until a side-chain transaction is final on a node that did not take it and on the one that did. */
export async function finalOnSide(context: ProofContext, id: string): Promise<number> {
  context.onWait("finality on the side chain");
  return waitFor(context.waiter, { what: `side-chain transaction ${id}`, deadlineMs: STEP_DEADLINE_MS }, async () => {
    // The node that took it may be a block behind: asked at once for the same again, it would answer "known".
    const nodes = [firstSide(context), secondSide(context)];
    const found = await Promise.all(nodes.map((node) => node.call("transaction", { params: { id } })));
    return found.every(({ status }) => status === "final") ? (found[0]?.blockHeight ?? undefined) : undefined;
  });
}

type Deposited = { readonly nullifiers: readonly Hash[]; readonly silent: SilentDeposit };

async function issueAndDeposit(context: ProofContext, steps: ProofStep[]): Promise<Deposited> {
  const clock = timer(context.waiter);
  const { wallet } = context;
  const { program: recipient } = wallet.receiveProgram(context.payer);
  const { program: silentRecipient } = wallet.nextReceiveProgram(context.payer);
  const issue = wallet.issueOf(context.asset, ROUND_AMOUNT + SILENT_AMOUNT);
  const { assetId } = issue;
  const status = await firstSide(context).call("federationStatus");
  const isFloatLow = BigInt(status.floatNeu) < FLOAT_LOW_NEU;
  const topUp: Deposits = {
    recipient: FLOAT_RECIPIENT,
    payments: [{ assetId: BTM_ASSET_ID, amount: FLOAT_TOP_UP_NEU }],
  };
  const { payments, count } = depositPayments(context, [
    {
      recipient,
      payments: [
        { assetId, amount: ROUND_AMOUNT },
        { assetId: BTM_ASSET_ID, amount: FEE_DEPOSIT_NEU },
      ],
    },
    ...(isFloatLow ? [topUp] : []),
    { recipient: silentRecipient, payments: [{ assetId, amount: SILENT_AMOUNT }], silent: true },
  ]);
  const sent = await wallet.send({
    account: context.payer,
    client: httpNodeClient(context.main),
    adapter: MAIN_ADAPTER,
    payments,
    issues: [issue],
  });
  const id = bytesToHex(sent.id);
  const { height, gasOnly } = await confirmedOnMain(context, id);
  if (gasOnly) throw proofError("PROOF_FAILED", { why: `${id}: the asset did not move (gas-only)` });
  const decoded = decodeMainTransaction(sent.raw);
  assertInvariant(decoded.ok, "our own transaction decodes");
  const position = count - 1;
  const nullifiers = mapMainTransaction(decoded.value)
    .results.slice(0, position)
    .map((result) => result.id);
  for (const step of ["issue", "deposit"] as const)
    report(context, steps, { step, chain: "main", transaction: id, height, seconds: clock.seconds() });
  return { nullifiers, silent: { transactionId: sent.id, height, position, recipient: silentRecipient } };
}

function report(context: ProofContext, steps: ProofStep[], step: ProofStep): void {
  steps.push(step);
  context.onStep(step);
}

/** What the first collector that knows the deposit says of it; a node whose member is stopped knows none. */
async function depositAsSeen(context: ProofContext, nullifier: string) {
  for (const side of context.sides) {
    try {
      return await side.call("deposit", { params: { nullifier } });
    } catch (error) {
      if (!(error instanceof BystackError) || error.kind === "internal") throw error;
    }
  }
  return undefined;
}

/** The claims are the collectors' work; here we only watch until the ledger has credited every deposit. */
export async function awaitClaims(
  context: ProofContext,
  steps: ProofStep[],
  nullifiers: readonly Hash[],
): Promise<void> {
  const clock = timer(context.waiter);
  let last = { transaction: "", height: 0 };
  for (const hash of nullifiers) {
    const nullifier = bytesToHex(hash);
    last = await waitFor(context.waiter, { what: `deposit ${nullifier}`, deadlineMs: PEG_DEADLINE_MS }, async () => {
      // On both: the next step spends at the one what the other may know a block earlier.
      const nodes = [firstSide(context), secondSide(context)];
      const answers = await Promise.all(
        nodes.map((node) => node.call("claimedOf", { body: { nullifiers: [nullifier] } })),
      );
      const claim = answers[0]?.claimed[0];
      if (claim !== undefined && answers.every(({ claimed }) => claimed.length > 0))
        return { transaction: claim.transaction, height: claim.height };
      const deposit = await depositAsSeen(context, nullifier);
      if (deposit?.state === "refused")
        throw proofError("PROOF_FAILED", { why: `deposit refused: ${deposit.reason ?? ""}` });
      context.onWait(
        deposit === undefined
          ? "a collector"
          : `${deposit.confirmations} of ${deposit.confirmationsNeeded} confirmations`,
      );
      return undefined;
    });
  }
  report(context, steps, { step: "claim", chain: "side", ...last, seconds: clock.seconds() });
}

async function payOnSide(context: ProofContext, steps: ProofStep[], assetId: Hash): Promise<Uint8Array> {
  const clock = timer(context.waiter);
  const { program } = context.wallet.receiveProgram(context.payee);
  const sent = await context.wallet.send({
    account: context.payer,
    client: httpNodeClient(firstSide(context)),
    adapter: createSideAdapter(context.sideSpec.gas.priceNeu),
    payments: [
      { kind: "pay", assetId, amount: ROUND_AMOUNT, program },
      { kind: "pay", assetId: BTM_ASSET_ID, amount: PAYEE_FEES_NEU, program },
    ],
  });
  const id = bytesToHex(sent.id);
  const height = await finalOnSide(context, id);
  report(context, steps, { step: "pay", chain: "side", transaction: id, height, seconds: clock.seconds() });
  return sent.raw;
}

async function burn(context: ProofContext, steps: ProofStep[], assetId: Hash): Promise<Hash> {
  const clock = timer(context.waiter);
  const { program } = context.wallet.receiveProgram(context.payee);
  const status = await firstSide(context).call("federationStatus");
  const sent = await context.wallet.send({
    account: context.payee,
    client: httpNodeClient(firstSide(context)),
    adapter: createSideAdapter(context.sideSpec.gas.priceNeu),
    payments: [
      { kind: "burn", assetId, amount: ROUND_AMOUNT, program },
      { kind: "pay", assetId: BTM_ASSET_ID, amount: BigInt(status.pegOutFeeNeu), program: FLOAT_RECIPIENT },
    ],
  });
  const id = bytesToHex(sent.id);
  const height = await finalOnSide(context, id);
  report(context, steps, { step: "burn", chain: "side", transaction: id, height, seconds: clock.seconds() });
  const decoded = decodeSideTransaction(sent.raw);
  assertInvariant(decoded.ok, "our own transaction decodes");
  const request = mapSideTransaction(decoded.value).results.find((result) => result.kind === "cross");
  assertInvariant(request !== undefined, "a burn has a cross-chain output");
  return request.id;
}

async function awaitPayout(
  context: ProofContext,
  steps: ProofStep[],
  options: { request: Hash; assetId: Hash },
): Promise<void> {
  const clock = timer(context.waiter);
  const { program } = context.wallet.receiveProgram(context.payee);
  const transaction = await waitFor(
    context.waiter,
    { what: `payout of request ${bytesToHex(options.request)}`, deadlineMs: PEG_DEADLINE_MS },
    async () => {
      const request = await secondSide(context).call("request", { params: { id: bytesToHex(options.request) } });
      if (request.payout === null) return undefined;
      const payout = await secondSide(context).call("payout", { params: { number: request.payout } });
      context.onWait(payout.waitsFor ?? `payout ${payout.number} signed by ${payout.signedBy.length}`);
      const found = await context.main.call("transaction", { params: { id: payout.transaction } });
      return found.blockHeight === null || found.gasOnly
        ? undefined
        : { transaction: payout.transaction, height: found.blockHeight };
    },
  );
  const paid = (await unspentOf(context.main, [program])).some(
    (coin) => equalBytes(coin.assetId, options.assetId) && coin.amount === ROUND_AMOUNT,
  );
  if (!paid)
    throw proofError("PROOF_FAILED", {
      why: `payout ${transaction.transaction} is mined, but ${context.payee} does not hold what was burned`,
    });
  report(context, steps, { step: "payout", chain: "main", ...transaction, seconds: clock.seconds() });
}

/** @throws BystackError PROOF_TIMEOUT, PROOF_FAILED, or what a node refused */
export async function runRoundTrip(context: ProofContext): Promise<RoundTrip> {
  const steps: ProofStep[] = [];
  const asset = context.wallet.data.assets.find((candidate) => candidate.name === context.asset);
  assertInvariant(asset !== undefined, "the asset's keys exist before the proof");
  const assetId = hexToBytes(asset.id);
  const deposit = await issueAndDeposit(context, steps);
  await awaitClaims(context, steps, deposit.nullifiers);
  const payment = await payOnSide(context, steps, assetId);
  const request = await burn(context, steps, assetId);
  await awaitPayout(context, steps, { request, assetId });
  return { steps, silentDeposit: deposit.silent, payment };
}
