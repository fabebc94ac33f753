// Why a transaction is in no block: another one took what it spends, it pays too little, it came too late or too early, there
// is no room, or nobody has it.

import { type Draft, draft, listed } from "../draft.ts";
import type { Evidence, TransactionEvidence } from "../evidence.ts";

/** The verdicts of platform.md section 8, by the codes of both ledgers and mempools. */
const REASONS: readonly {
  readonly reason: string;
  readonly codes: readonly string[];
  readonly words: string;
  readonly next: string;
}[] = [
  {
    reason: "conflict",
    codes: ["TX_INPUT_SPENT", "POOL_CONFLICT", "UTXO_SPENT", "TX_DUPLICATE_INPUT"],
    words: "another transaction has taken an output that it spends",
    next: "If the other one is not yours, ask who holds the key; otherwise build it again with other coins.",
  },
  {
    reason: "gas",
    codes: ["TX_FEE", "ErrGasCalculate", "ErrOverGasCredit", "ErrDustTx"],
    words: "it pays too little for what it does",
    next: "Build it again with a higher fee.",
  },
  {
    reason: "expiry",
    codes: ["TX_TIME_RANGE", "ErrBadTimeRange"],
    words: "it was valid only up to a height that has passed",
    next: "Build it again with a later limit.",
  },
  {
    reason: "orphan",
    codes: ["UTXO_MISSING", "UTXO_IMMATURE", "POOL_IMMATURE"],
    words: "what it spends is not there yet",
    next: "Wait for the transaction or the coinbase that it spends, then submit it again.",
  },
  {
    reason: "full",
    codes: ["MEMPOOL_FULL", "ErrPoolIsFull"],
    words: "the mempool is full",
    next: "Submit it again in a moment.",
  },
];

type Answer = TransactionEvidence["answers"][number];

function stuckBy(id: string, { chain, reply, node }: Answer): Draft {
  const known = REASONS.find(({ codes }) => codes.includes(reply.code ?? ""));
  const how = reply.state === "dropped" ? "was dropped while it waited" : "was refused";
  const words = known?.words ?? reply.why ?? "it breaks a rule of the chain";
  const next = known?.next ?? reply.next ?? "Build it again and sign it.";
  const sentence = `The transaction ${id.slice(0, 16)} ${how}: ${words.replace(/\.$/, "")}. ${next}`;
  const why = `${node}: ${reply.code ?? ""} ${reply.why ?? ""}`.trim();
  const reason = `reason: ${known?.reason ?? "rule"}`;
  return draft("tx-stuck", { chain, subject: id }, sentence, { sinceMs: reply.atMs, evidence: [reason, why] });
}

function pendingDraft(id: string, answers: readonly Answer[]): Draft[] {
  const [first] = answers;
  if (first === undefined) return [];
  const place = { chain: first.chain, subject: id };
  if (answers.some(({ reply }) => reply.gasOnly)) {
    const sentence =
      `The transaction ${id.slice(0, 16)} will only pay its fee: it needs more gas than it pays for, so the rest has no effect. ` +
      "Build it again with a higher fee before it is in a block.";
    return [draft("tx-stuck", place, sentence, { evidence: ["reason: gas"] })];
  }
  const full = answers.filter(({ reply: { mempool } }) => mempool.transactions >= mempool.transactionsMax);
  if (full.length === answers.length) {
    const sentence =
      `The transaction ${id.slice(0, 16)} waits in a full mempool (${first.reply.mempool.transactions} transactions), behind those ` +
      "that came before it. It is taken in its turn.";
    return [
      draft("tx-stuck", place, sentence, {
        evidence: ["reason: full", `held by ${listed(full.map(({ node }) => node))}`],
      }),
    ];
  }
  return [];
}

/** Whether a chain on which the transaction waits makes no blocks: then that is why it waits. */
function waitsForChain(id: string, chain: string): Draft {
  const sentence = `The transaction ${id.slice(0, 16)} waits for a block of ${chain}, and ${chain} makes none.`;
  return draft("tx-stuck", { chain, subject: id }, sentence, { evidence: ["reason: no blocks"] });
}

export type TransactionVerdict = { readonly standing: string; readonly drafts: readonly Draft[] };

/** @param halted chains that make no blocks */
export function transactionVerdict(evidence: Evidence, halted: readonly string[]): TransactionVerdict | undefined {
  const { transaction } = evidence;
  if (transaction === undefined) return undefined;
  const { id, answers } = transaction;
  const short = id.slice(0, 16);
  const of = (...states: readonly string[]) => answers.filter(({ reply }) => states.includes(reply.state));
  const [taken] = of("final", "confirmed");
  if (taken !== undefined) {
    const { reply, chain } = taken;
    const standing = `The transaction ${short} is in block ${reply.blockHeight ?? "?"} of ${chain}${reply.state === "final" ? ", which is final" : ""}.`;
    if (!reply.gasOnly) return { standing, drafts: [] };
    const sentence = `The transaction ${short} paid only its fee in block ${reply.blockHeight ?? "?"}: its gas ran out, so the rest had no effect. Build it again with a higher fee.`;
    return { standing, drafts: [draft("tx-stuck", { chain, subject: id }, sentence, { evidence: ["reason: gas"] })] };
  }
  const pending = of("pending");
  const [first] = pending;
  if (first !== undefined) {
    const { chain } = first;
    const drafts = pendingDraft(id, pending);
    const standing = `The transaction ${short} waits for a block of ${chain}; ${listed(pending.map(({ node }) => node))} hold it.`;
    return { standing, drafts: drafts.length === 0 && halted.includes(chain) ? [waitsForChain(id, chain)] : drafts };
  }
  const [refused] = of("dropped", "refused").toSorted((a, b) => (b.reply.atMs ?? 0) - (a.reply.atMs ?? 0));
  if (refused !== undefined)
    return { standing: `The transaction ${short} is in no block and waits nowhere.`, drafts: [stuckBy(id, refused)] };
  const standing = `No node knows the transaction ${short}.`;
  const asked = answers.map(({ node }) => node);
  const sentence =
    `No node of the network knows the transaction ${short}: it was never submitted here, or was refused or dropped longer ago than ` +
    "they remember. Submit it again: the same bytes twice do no harm.";
  return {
    standing,
    drafts: [
      draft("tx-unknown", { chain: answers[0]?.chain ?? "", subject: id }, sentence, {
        evidence: [`asked: ${listed(asked)}`],
      }),
    ],
  };
}
