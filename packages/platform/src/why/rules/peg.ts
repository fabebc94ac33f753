// Why value does not pass between the chains: too few members sign, the peg is paused, less is locked than owed, the float is
// empty, a transfer counts its confirmations or breaks a rule.

import { btm, count, type Draft, draft, duration, listed } from "../draft.ts";
import { type Answering, type Evidence, isAnswering, nodesOf, type PegEvidence } from "../evidence.ts";

/** Transfers under way that one answer lists; more are counted. */
export const TRANSFERS_LISTED_MAX = 20;

type Told = { readonly node: Answering; readonly peg: PegEvidence };
type Deposit = PegEvidence["deposits"][number];
type Payout = PegEvidence["payouts"][number];

/** What the nodes say of the peg, whoever has got furthest first. */
function toldOf(chain: string, evidence: Evidence): Told[] {
  return nodesOf(evidence, chain)
    .filter(isAnswering)
    .flatMap((node) => (node.peg === undefined ? [] : [{ node, peg: node.peg }]))
    .sort((a, b) => b.peg.status.height - a.peg.status.height);
}

type Member = { readonly id: string; readonly running: boolean; readonly lastSeenAgeMs: number | null };

/** A member runs when itself or any other that runs says so. */
function membersOf(told: readonly Told[]): Member[] {
  const lists = told.flatMap(({ peg }) => (peg.members === undefined ? [] : [peg.members]));
  const ids = lists[0]?.map(({ id }) => id) ?? [];
  return ids.map((id) => {
    const views = lists.flatMap((list) => list.filter((member) => member.id === id));
    const own = views.find(({ self }) => self);
    const ages = views.flatMap(({ lastSeenAgeMs }) => lastSeenAgeMs ?? []);
    return {
      id,
      running: own === undefined ? views.some(({ running }) => running) : own.running,
      lastSeenAgeMs: ages.length === 0 ? null : Math.min(...ages),
    };
  });
}

function signersShort(chain: string, told: readonly Told[]): Draft[] {
  const [best] = told;
  const members = membersOf(told);
  if (best === undefined || members.length === 0) return [];
  const { threshold } = best.peg.status;
  const running = members.filter((member) => member.running);
  if (running.length >= threshold) return [];
  const away = members.filter((member) => !member.running);
  const ids = away.map(({ id }) => id);
  const sentence =
    `Payouts of ${chain} wait: ${running.length} of ${count(members.length, "member")} run and ${threshold} must sign; ` +
    `${listed(ids)} ${ids.length === 1 ? "does" : "do"} not. Start ${ids.length === 1 ? "it" : "them"}: bystack federation start ${ids[0]}`;
  const seen = away.map(({ id, lastSeenAgeMs }) =>
    lastSeenAgeMs === null ? `${id}: never heard` : `${id}: last heard ${duration(lastSeenAgeMs)} ago`,
  );
  return [
    draft("signers-short", { chain, subject: chain }, sentence, {
      evidence: seen,
      commands: ids.map((id) => `bystack federation start ${id}`),
      about: ids,
    }),
  ];
}

function pauses(chain: string, told: readonly Told[]): Draft[] {
  const [best] = told;
  if (best === undefined) return [];
  const place = { chain, subject: chain };
  const found: Draft[] = [];
  const { status } = best.peg;
  const why = best.node.vitals?.side?.peg;
  const parts = { severity: "critical" as const, commands: ["bystack federation status"] };
  if (why?.pausedByReorganisation === true) {
    const sentence =
      `The peg of ${chain} is paused: the main chain was reorganised deeper than its ${status.confirmations} confirmations, so ` +
      `deposits that counted as safe may be gone. Once the main chain is settled, ${status.threshold} members resume it.`;
    found.push(
      draft("deep-reorg", place, sentence, {
        ...parts,
        evidence: [`main chain seen to height ${status.mainTip.height}`],
      }),
    );
  }
  const short = status.assets.filter(({ locked, owed }) => BigInt(locked) < BigInt(owed));
  if (short.length > 0 || why?.pausedByDeficit === true) {
    const lines = short.map(({ asset, locked, owed }) => `asset ${asset}: ${locked} locked, ${owed} owed`);
    const sentence =
      `The vault of ${chain} holds less than is owed${short.length === 0 ? "" : ` in ${count(short.length, "asset")}`}. The peg is ` +
      "paused: do not resume it before you know where the difference went.";
    found.push(draft("reserve-mismatch", place, sentence, { ...parts, evidence: lines }));
  }
  return found;
}

function feesEmpty(chain: string, told: readonly Told[], evidence: Evidence): Draft[] {
  const found: Draft[] = [];
  const [best] = told;
  const place = { chain, subject: chain };
  if (best !== undefined) {
    const { floatNeu, openFeesNeu, pegOutFeeNeu } = best.peg.status;
    const free = BigInt(floatNeu) - BigInt(openFeesNeu);
    const waits = best.node.vitals?.side?.peg?.waitsForFloat === true;
    if (waits) {
      const missing = BigInt(pegOutFeeNeu) > free ? BigInt(pegOutFeeNeu) - free : BigInt(pegOutFeeNeu);
      const sentence =
        `Payouts of ${chain} wait: the float that pays their main-chain fees is too small (${btm(free)} are free). ` +
        `Send at least ${btm(missing)} more to it; 10 BTM last long.`;
      found.push(
        draft("fees-empty", place, sentence, {
          evidence: [`float: ${btm(BigInt(floatNeu))}`, `fees of open payouts: ${btm(BigInt(openFeesNeu))}`],
          commands: ["bystack federation status"],
        }),
      );
    }
  }
  for (const { account, chain: of, btmNeu } of evidence.accounts ?? []) {
    if (of !== chain || btmNeu > 0n) continue;
    const sentence = `The account ${account} has no BTM left on ${chain} and can pay no fee. Send it some: 1 BTM pays for many transactions.`;
    const commands = [`bystack wallet receive ${account}`];
    found.push(
      draft("fees-empty", { chain, subject: account }, sentence, { evidence: [`balance: ${btm(btmNeu)}`], commands }),
    );
  }
  return found;
}

const shortId = (id: string): string => id.slice(0, 16);

function depositDraft(chain: string, deposit: Deposit, intervalMs: number | null): Draft[] {
  const place = { chain, subject: deposit.transaction };
  const { state, confirmations, confirmationsNeeded: needed, reason } = deposit;
  const what = `The deposit ${shortId(deposit.transaction)} of ${deposit.amount}`;
  const evidence = [`asset ${deposit.asset}`, `main-chain height ${deposit.mainHeight}`];
  if (state === "credited") return [];
  if (state === "refused") {
    const sentence = `${what} is not credited: ${reason ?? "it breaks a rule of the peg."}`;
    return [draft("peg-rejected", place, sentence, { severity: "note", evidence })];
  }
  if (reason !== null) return [draft("transfer-waits", place, `${what} waits: ${reason}`, { evidence })];
  const left = Math.max(0, needed - confirmations);
  const eta = intervalMs === null || left === 0 ? "" : `, about ${duration(left * intervalMs)} more`;
  const sentence =
    state === "claiming"
      ? `${what} is being claimed: ${needed} of ${needed} confirmations are there.`
      : `${what} has ${confirmations} of ${needed} confirmations on the main chain${eta}.`;
  return [draft("transfer-waits", place, sentence, { severity: "note", evidence })];
}

function payoutText(payout: Payout): string {
  const waits = payout.waitsFor ?? `its signatures: ${payout.signedBy.length} so far`;
  return `is in payout ${payout.number} (${payout.state}), which waits for ${waits}`;
}

function requestDraft(chain: string, request: PegEvidence["requests"][number], peg: PegEvidence): Draft[] {
  if (request.state === "completed") return [];
  const { status } = peg;
  const place = { chain, subject: request.transaction };
  const what = `The withdrawal ${shortId(request.transaction)} of ${request.amount}`;
  const payout = peg.payouts.find(({ number }) => number === request.payout);
  const delay = status.batchBlocks - (status.height % status.batchBlocks);
  const text =
    payout === undefined ? `waits for the next batch of payouts, in ${count(delay, "block")}` : payoutText(payout);
  const isPaused = status.paused.some(
    (scope) => scope === "automatic" || scope === "out" || scope === `asset:${request.asset}`,
  );
  const sentence = `${what} ${isPaused ? "waits: payouts are paused" : text}.`;
  const evidence = [`asset ${request.asset}`, `burned at height ${request.burnHeight}`];
  const dead = payout !== undefined && ["dead", "failed"].includes(payout.state);
  return [draft("transfer-waits", place, sentence, { severity: isPaused || dead ? "problem" : "note", evidence })];
}

function transfers(chain: string, told: readonly Told[], evidence: Evidence): Draft[] {
  const [best] = told;
  if (best === undefined) return [];
  const main = evidence.nodes.filter(isAnswering).find(({ kind }) => kind === "main");
  const byNullifier = new Map(told.toReversed().flatMap(({ peg }) => peg.deposits.map((one) => [one.nullifier, one])));
  const drafts = [
    ...[...byNullifier.values()].flatMap((one) => depositDraft(chain, one, main?.info.blockIntervalMs ?? null)),
    ...best.peg.requests.flatMap((one) => requestDraft(chain, one, withPayouts(told))),
  ];
  const { transaction } = evidence;
  // Of one transaction everything; of a network the worst first.
  const wanted = transaction === undefined ? drafts : drafts.filter(({ subject }) => subject === transaction.id);
  const rank = ({ severity }: Draft): number => (severity === "note" ? 1 : 0);
  return wanted.toSorted((a, b) => rank(a) - rank(b)).slice(0, TRANSFERS_LISTED_MAX);
}

/** The best ledger view, with what any member knows of each payout. */
function withPayouts(told: readonly Told[]): PegEvidence {
  const [best] = told;
  if (best === undefined) throw new RangeError("nobody told of the peg");
  const knows = told.flatMap(({ peg }) => peg.payouts);
  const payouts = best.peg.payouts.map((payout) => {
    const same = knows.filter(({ number, waitsFor }) => number === payout.number && waitsFor !== null);
    return same.toSorted((a, b) => b.signedBy.length - a.signedBy.length)[0] ?? payout;
  });
  return { ...best.peg, payouts };
}

/** Everything about the peg of one side chain. */
export function pegFindings(chain: string, evidence: Evidence): Draft[] {
  const told = toldOf(chain, evidence);
  return [
    ...pauses(chain, told),
    ...feesEmpty(chain, told, evidence),
    ...signersShort(chain, told),
    ...transfers(chain, told, evidence),
  ];
}
