// What an explorer answers: blocks, transactions of every sort, an address, an asset.

import { addressOf, BTM, GOLD, programOf } from "./money.ts";
import { type Answers, hashOf, type Status } from "./world.ts";

type Listed = NonNullable<ReturnType<NonNullable<Answers["chain.transactions"]>>>["items"][number];
type Details = NonNullable<ReturnType<NonNullable<Answers["chain.transactionDetails"]>>>;

const pay = (to: string, amount: string, asset = GOLD) => ({ asset, amount, to: addressOf(to, "sm") });

const WHATS: readonly Listed["what"][] = [
  { class: "payment", from: addressOf("alice", "sm"), items: [pay("bob", "10000")], more: 0 },
  { class: "claim", ...pay("alice", "250000000", BTM), deposit: hashOf("coming in"), mainHeight: "4705" },
  { class: "burn", from: addressOf("bob", "sm"), items: [{ ...pay("bob", "5000"), request: hashOf("paid") }], more: 0 },
  { class: "headers", from: "4702", to: "4704" },
  { class: "payment", from: null, items: [pay("bob", "1"), pay("issuer", "100000000", BTM)], more: 3 },
  { class: "issuance", items: [{ asset: hashOf("unknown asset"), amount: "1000000" }], more: 0 },
];

function listed(number: number, blockHeight: number | null): Listed {
  return {
    id: hashOf(`transaction ${number}`),
    blockHeight,
    position: blockHeight === null ? null : number % 4,
    timestampMs: blockHeight === null ? null : Date.now() - number * 1_700,
    gasOnly: number === 4,
    fee: number === 3 ? "0" : "4500000",
    bytes: 332 + number,
    what: WHATS[number % WHATS.length] ?? { class: "other" },
  };
}

function details(id: string): Details {
  const number = Number(Array.from({ length: 30 }, (_, i) => i).find((i) => hashOf(`transaction ${i}`) === id) ?? 0);
  const input = (who: string, asset: string, amount: string) => ({
    kind: "spend" as const,
    asset,
    amount,
    program: programOf(who),
    address: addressOf(who, "sm"),
    outputId: hashOf(`${who} ${amount}`),
    transaction: hashOf("transaction 1"),
  });
  const output = (who: string, asset: string, amount: string, spentBy: string | null) => ({
    id: hashOf(`${who} ${amount} out`),
    kind: "normal" as const,
    asset,
    amount,
    program: programOf(who),
    address: addressOf(who, "sm"),
    vote: null,
    spentBy,
  });
  return {
    ...listed(number, 18_300 - number),
    id,
    status: "final",
    blockHash: hashOf(`demo ${18_300 - number}`),
    confirmations: 42,
    timeRange: "0",
    inputCount: 2,
    inputs: [input("alice", GOLD, "25000"), input("alice", BTM, "300000000")],
    outputCount: 3,
    outputs: [
      output("bob", GOLD, "10000", hashOf("transaction 0")),
      output("alice", GOLD, "15000", null),
      output("alice", BTM, "295500000", null),
    ],
  };
}

function assetOf(id: string) {
  return {
    id,
    issued: "1000000",
    retired: "0",
    burned: "50000",
    supply: "950000",
    held: "950000",
    holders: 3,
    transactions: 118,
    firstHeight: 41,
    definition: id === BTM ? null : '{"name":"Gold","symbol":"GOLD","decimals":2}',
  };
}

/** @param lag blocks that the index is behind */
export function explorerAnswers(status: () => Status, lag = 0): Answers {
  const heightOf = (chain: string): number => {
    const { main, sides } = status();
    return (chain === main.chain ? main.height : sides.find((side) => side.chain === chain)?.height) ?? 1;
  };
  const some = Array.from({ length: 25 }, (_, i) => i);
  return {
    "chain.explorer": ({ params: { chain } }) => ({
      state: lag > 0 ? "catching-up" : "following",
      why: null,
      height: heightOf(chain) - lag,
      chainHeight: heightOf(chain),
      lag,
      transactions: 20_417,
      rebuilds: 0,
    }),
    "chain.blocks": ({ params: { chain }, query }) => ({
      items: some.slice(0, query.limit).map((i) => ({
        height: heightOf(chain) - i,
        hash: hashOf(`${chain} ${heightOf(chain) - i}`),
        timestampMs: Date.now() - i * 507,
        transactions: i % 4,
        bytes: 400 + 300 * (i % 4),
      })),
      next: "more",
    }),
    "chain.transactions": () => ({ items: some.map((i) => listed(i, 18_300 - i)), next: "more" }),
    "chain.blockTransactions": ({ params: { ref } }) => ({
      items: Number(ref) % 4 === 0 ? [] : some.slice(0, 6).map((i) => listed(i, Number(ref))),
      next: null,
    }),
    "chain.transactionDetails": ({ params }) => details(params.id),
    "chain.transaction": ({ params }) => ({
      id: params.id,
      raw: "0701".repeat(40),
      status: "final",
      gasOnly: false,
      blockHeight: 18_300,
      blockHash: hashOf("demo 18300"),
      position: 0,
      confirmations: 42,
    }),
    "chain.mempoolTransactions": () => ({ count: 2, items: [listed(0, null), listed(1, null)] }),
    "chain.addressSummary": ({ params }) => ({
      address: params.address,
      program: programOf("alice"),
      transactions: 31,
      firstHeight: 41,
      lastHeight: 18_291,
      balances: {
        items: [
          { asset: BTM, amount: "987654321000" },
          { asset: GOLD, amount: "1234567" },
        ],
        next: null,
      },
    }),
    "chain.addressTransactions": () => ({ items: some.slice(0, 9).map((i) => listed(i, 18_300 - i)), next: null }),
    "chain.address": () => ({
      items: some.slice(0, 4).map((i) => ({
        id: hashOf(`output ${i}`),
        asset: i % 2 === 0 ? BTM : GOLD,
        amount: "125000000",
        program: programOf("alice"),
        address: addressOf("alice", "sm"),
        sourceId: hashOf(`mux ${i}`),
        sourcePosition: i,
        height: 18_000 + i,
        kind: "normal",
        spendableFrom: 18_000 + i,
      })),
      next: null,
    }),
    "chain.assets": () => ({ items: [assetOf(BTM), assetOf(GOLD), assetOf(hashOf("unknown asset"))], next: null }),
    "chain.asset": ({ params }) => assetOf(params.asset),
    "chain.assetHolders": () => ({
      items: ["alice", "bob", "issuer"].map((who, i) => ({
        address: addressOf(who, "sm"),
        program: programOf(who),
        amount: String(500_000 >> i),
      })),
      next: null,
    }),
    "chain.search": ({ query: { text } }) => ({
      items: /^\d+$/.test(text)
        ? [{ type: "block", height: Number(text), hash: hashOf(`demo ${text}`) }]
        : /^[0-9a-f]{6,}$/.test(text)
          ? [{ type: "transaction", id: text.padEnd(64, "0"), blockHeight: 18_290 }]
          : [],
    }),
  };
}
