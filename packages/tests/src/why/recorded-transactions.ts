// Situations of transactions as a record: refused, dropped, waiting, done, and on their way between the chains.

import type { Evidence, TransactionEvidence } from "@bystack/platform/why/evidence";
import { deposit, down, each, NOW_MS, network, recorded, standing, TX, without, withPeg } from "./recorded-network.ts";
import type { Scenario } from "./scenario.ts";

type Reply = TransactionEvidence["answers"][number]["reply"];

function transaction(part: Partial<Reply>, base: Evidence = network()): Evidence {
  const nothing = {
    id: TX,
    state: "unknown",
    code: null,
    why: null,
    next: null,
    atMs: null,
    gasOnly: false,
    blockHeight: null,
  } as const;
  const mempool = { transactions: 3, transactionsMax: 2_000 };
  const unknown: Reply = { ...nothing, mempool };
  const answers = base.nodes.map(({ id, chain }) => ({
    node: id,
    chain,
    reply: id === "demo-2" ? { ...unknown, ...part } : unknown,
  }));
  return { ...base, transaction: { id: TX, answers } };
}

const TRANSACTION = { subject: { kind: "transaction" } } as const;
const refusedBy = (name: string, code: string): Scenario =>
  recorded(`a transaction is refused: ${name}`, {
    about: "tx-stuck",
    first: "tx-stuck",
    ...TRANSACTION,
    evidence: () =>
      transaction({ state: "refused", code, why: "words of the table", next: "Do it.", atMs: NOW_MS - 500 }),
  });

export const TRANSACTION_SCENARIOS: readonly Scenario[] = [
  refusedBy("conflict", "TX_INPUT_SPENT"),
  refusedBy("gas", "TX_FEE"),
  refusedBy("expiry", "TX_TIME_RANGE"),
  refusedBy("orphan", "UTXO_MISSING"),
  refusedBy("full", "MEMPOOL_FULL"),
  recorded("a transaction waits in a full mempool", {
    about: "tx-stuck",
    first: "tx-stuck",
    ...TRANSACTION,
    evidence: () => transaction({ state: "pending", mempool: { transactions: 2_000, transactionsMax: 2_000 } }),
  }),
  recorded("a transaction was submitted a moment ago", {
    about: "tx-stuck",
    first: null,
    never: ["tx-stuck", "tx-unknown"],
    ...TRANSACTION,
    evidence: () => transaction({ state: "pending" }),
  }),
  recorded("a transaction is final", {
    about: "tx-stuck",
    first: null,
    never: ["tx-stuck", "tx-unknown"],
    ...TRANSACTION,
    evidence: () => transaction({ state: "final", blockHeight: 7_100 }),
  }),
  recorded("a transaction waits on a chain that has stopped", {
    about: "tx-stuck",
    first: "quorum-lost",
    ...TRANSACTION,
    evidence: () => {
      const gone = ["demo-3", "demo-4"];
      const base = network(gone.map((id) => down(id, { atMs: NOW_MS - 30_000 })));
      return transaction({ state: "pending" }, each(base, without(gone, 30_000), standing(30_000)));
    },
  }),
  recorded("a deposit's own transaction is asked about", {
    about: "transfer-waits",
    first: "transfer-waits",
    never: ["tx-unknown"],
    ...TRANSACTION,
    evidence: () => transaction({ state: "confirmed", blockHeight: 1_198 }, withPeg({ deposits: [deposit()] })),
  }),
];
