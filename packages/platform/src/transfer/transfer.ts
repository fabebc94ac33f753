// What crosses between the main chain and a side chain, told step by step (federation.md section 9): from what a member of the
// federation answers to where each crossing is, whom it waits for, and about how long that takes. Pure.

import type { FEDERATION_ROUTES } from "@bystack/api/federation-routes";
import type { MONEY_ROUTES } from "@bystack/api/platform/money-routes";
import type { RouteReply } from "@bystack/api/route";
import type { z } from "zod";

export type Transfer = RouteReply<(typeof MONEY_ROUTES)["transfer"]>;
type Step = Transfer["steps"][number];
type Reply<K extends keyof typeof FEDERATION_ROUTES> = z.output<(typeof FEDERATION_ROUTES)[K]["reply"]>;
export type Deposit = Reply<"deposit">;
export type Request = Reply<"request">;
export type Payout = Reply<"payout">;

/** What the steps of all crossings of a side chain have in common. */
export type Crossing = {
  readonly chain: string;
  readonly threshold: number;
  readonly confirmations: number;
  readonly batchBlocks: number;
  /** Height of the side chain. */
  readonly height: number;
  readonly paused: readonly string[];
  readonly mainIntervalMs: number | null;
  readonly sideIntervalMs: number | null;
};

type Draft = Pick<Step, "name" | "title" | "detail">;

/** Steps with the one that is at work; -1: all are done. */
function stepsAt(drafts: readonly Draft[], at: number, failed = false): Step[] {
  return drafts.map((draft, i): Step => {
    if (at === -1 || i < at) return { ...draft, state: "done" };
    if (i > at) return { ...draft, state: "waiting" };
    return { ...draft, state: failed ? "failed" : "running" };
  });
}

function product(count: number, intervalMs: number | null): number | null {
  return intervalMs === null ? null : Math.max(0, Math.round(count * intervalMs));
}

function sum(...parts: readonly (number | null)[]): number | null {
  return parts.reduce<number | null>((total, part) => (total === null || part === null ? null : total + part), 0);
}

function pauseOf(crossing: Crossing, scope: "in" | "out", assetId: string): string | null {
  const held = crossing.paused.filter(
    (pause) => pause === "automatic" || pause === scope || pause === `asset:${assetId}`,
  );
  return held.length === 0 ? null : `the federation to resume: paused (${held.join(", ")})`;
}

const IN_AT: Readonly<Record<Deposit["state"], number>> = { seen: 1, claiming: 2, credited: -1, refused: 2 };

/** A deposit: paid on the main chain, credited on the side chain. */
export function incoming(deposit: Deposit, crossing: Crossing): Transfer {
  const { state, confirmations, confirmationsNeeded: needed, reason, claim } = deposit;
  const isDeep = confirmations >= needed;
  const counted = `${Math.min(confirmations, needed)} of ${needed} confirmations`;
  const at = state === "seen" && isDeep ? 2 : IN_AT[state];
  const drafts: Draft[] = [
    { name: "paid", title: "paid to the deposit address", detail: `main chain, height ${deposit.mainHeight}` },
    { name: "confirmed", title: `confirmed by ${needed} blocks of the main chain`, detail: counted },
    { name: "claimed", title: "claimed on the side chain", detail: claim === null ? "" : `height ${claim.height}` },
    { name: "credited", title: "credited to its recipient", detail: "" },
  ];
  const pause = pauseOf(crossing, "in", deposit.asset);
  const isOver = state === "credited" || state === "refused";
  const waits = isDeep ? "a block of the side chain that claims it" : `main-chain confirmations: ${counted}`;
  const waitsFor = isOver ? null : (pause ?? waits);
  const blocksLeft = Math.max(0, needed - confirmations);
  const sentences: Readonly<Record<Deposit["state"], string>> = {
    seen: isDeep ? "It is confirmed and will be claimed at once." : `It has ${counted} on the main chain.`,
    claiming: "It is being claimed on the side chain.",
    credited: `It was credited at height ${claim?.height ?? 0}.`,
    refused: reason ?? "It was refused.",
  };
  return {
    id: deposit.nullifier,
    direction: "in",
    chain: crossing.chain,
    assetId: deposit.asset,
    amount: deposit.amount,
    recipient: deposit.recipient,
    state: isOver ? (state === "credited" ? "done" : "refused") : pause === null ? "under-way" : "held",
    sentence: pause === null || isOver ? sentences[state] : `It is held: ${pause}.`,
    steps: stepsAt(drafts, at, state === "refused"),
    waitsFor,
    // Two blocks from the last confirmation to the credit: one that carries the header, one that claims.
    etaMs:
      isOver || pause !== null
        ? null
        : sum(product(blocksLeft, crossing.mainIntervalMs), product(2, crossing.sideIntervalMs)),
    main: { transaction: deposit.transaction, height: deposit.mainHeight },
    side: { transaction: claim?.transaction ?? null, height: claim?.height ?? null },
    payout: null,
  };
}

const SENT = /^a main-chain block|^main-chain confirmations/;

function outAt(request: Request, payout: Payout | undefined, crossing: Crossing): number {
  if (request.state === "completed") return -1;
  if (payout === undefined || request.state === "queued") return 1;
  if (payout.signedBy.length < crossing.threshold && !SENT.test(payout.waitsFor ?? "")) return 2;
  return /^main-chain confirmations/.test(payout.waitsFor ?? "") ? 4 : 3;
}

/** First height from now on at which the next batch is drafted. */
function nextBatch({ height, batchBlocks }: Crossing): number {
  return (Math.floor(height / batchBlocks) + 1) * batchBlocks;
}

/** Blocks that a payout is deep by now, as its member counts them. */
function depthIn(payout: Payout | undefined): number {
  return Number(/^main-chain confirmations: (\d+)/.exec(payout?.waitsFor ?? "")?.[1] ?? 0);
}

/** A burn: burnt on the side chain, paid on the main chain. */
export function outgoing(request: Request, payout: Payout | undefined, crossing: Crossing): Transfer {
  const { threshold, confirmations, batchBlocks } = crossing;
  const at = outAt(request, payout, crossing);
  const isDone = request.state === "completed";
  const signed = payout === undefined ? "" : `${payout.signedBy.length} signatures, ${threshold} are needed`;
  const batch = nextBatch(crossing);
  const drafts: Draft[] = [
    { name: "burned", title: "burnt on the side chain", detail: `height ${request.burnHeight}` },
    {
      name: "drafted",
      title: `put in a payout, every ${batchBlocks} blocks`,
      detail: request.payout === null ? `the next batch is at height ${batch}` : `payout ${request.payout}`,
    },
    { name: "signed", title: `signed by ${threshold} members of the federation`, detail: signed },
    { name: "paid", title: "paid on the main chain", detail: payout?.transaction ?? "" },
    { name: "completed", title: `confirmed by ${confirmations} blocks and written off`, detail: "" },
  ];
  const pause = pauseOf(crossing, "out", request.asset);
  const late = at === 1 && batch - crossing.height > 0 ? `the next batch, at height ${batch}` : "the next batch";
  const waitsFor = isDone ? null : at === 1 ? (pause ?? late) : (payout?.waitsFor ?? "the members of the federation");
  const perStep: Readonly<Record<number, number | null>> = {
    1: sum(product(batch - crossing.height, crossing.sideIntervalMs), product(2, crossing.mainIntervalMs)),
    2: product(2, crossing.mainIntervalMs),
    3: product(1, crossing.mainIntervalMs),
    4: product(confirmations - depthIn(payout), crossing.mainIntervalMs),
  };
  const isHeld = !isDone && at === 1 && pause !== null;
  return {
    id: request.id,
    direction: "out",
    chain: crossing.chain,
    assetId: request.asset,
    amount: request.amount,
    recipient: request.program,
    state: isDone ? "done" : isHeld ? "held" : "under-way",
    sentence: isDone
      ? `It was paid${request.payout === null ? "" : ` by payout ${request.payout}`}.`
      : at >= 4
        ? "It is paid, and being confirmed."
        : `It waits for ${waitsFor}.`,
    steps: stepsAt(drafts, at),
    waitsFor,
    etaMs: isDone || isHeld ? null : (perStep[at] ?? null),
    main: { transaction: isDone || at >= 3 ? (payout?.transaction ?? null) : null, height: null },
    side: { transaction: request.transaction, height: request.burnHeight },
    payout: request.payout,
  };
}

const ORDER: Readonly<Record<Transfer["state"], number>> = { held: 0, "under-way": 1, refused: 2, done: 3 };

/** All of them: those under way first, and of those that are over the newest first, as the member lists them. */
export function inOrder(transfers: readonly Transfer[]): Transfer[] {
  return transfers
    .map((transfer, place) => ({ transfer, place }))
    .sort((a, b) => ORDER[a.transfer.state] - ORDER[b.transfer.state] || a.place - b.place)
    .map(({ transfer }) => transfer);
}
