// Accounts, assets, crossings and a federation that has worked for a while: one crossing in every state.

import { type Answers, hashOf, type Status } from "./world.ts";

export const BTM = "ff".repeat(32);
export const GOLD = hashOf("asset GOLD");
const COIN = 100_000_000n;

export const addressOf = (who: string, prefix: string): string =>
  `${prefix}1q${hashOf(`address ${who}`).replace(/[b1]/g, "x").slice(0, 38)}`;
export const programOf = (who: string): string => `0014${hashOf(`program ${who}`).slice(0, 40)}`;

type Transfer = NonNullable<ReturnType<NonNullable<Answers["transfer"]>>>;
type Step = Transfer["steps"][number];

const IN_STEPS = [
  "paid to the deposit address",
  "confirmed by 6 blocks of the main chain",
  "claimed on the side chain",
];
const OUT_STEPS = [
  "burnt on the side chain",
  "put in a payout, every 20 blocks",
  "signed by 3 members of the federation",
  "paid on the main chain",
  "confirmed by 6 blocks and written off",
];

function stepsOf(titles: readonly string[], at: number, failed = false): Step[] {
  return titles.map((title, i) => ({
    name: `step-${i}`,
    title,
    state: at === -1 || i < at ? "done" : i > at ? "waiting" : failed ? "failed" : "running",
    detail: i === at ? "2 of 6 confirmations" : i < at || at === -1 ? `height ${4_700 + i}` : "",
  }));
}

function transfer(words: string, change: Partial<Transfer>): Transfer {
  return {
    id: hashOf(words),
    direction: "in",
    chain: "demo",
    assetId: GOLD,
    amount: "10000",
    recipient: programOf("alice"),
    state: "done",
    sentence: "It was credited at height 18120.",
    steps: stepsOf(IN_STEPS, -1),
    waitsFor: null,
    etaMs: null,
    main: { transaction: hashOf(`${words} main`), height: 4_700 },
    side: { transaction: hashOf(`${words} side`), height: 18_120 },
    payout: null,
    ...change,
  };
}

export const UNDER_WAY = transfer("coming in", {
  state: "under-way",
  sentence: "It has 2 of 6 confirmations on the main chain.",
  steps: stepsOf(IN_STEPS, 1),
  waitsFor: "main-chain confirmations: 2 of 6 confirmations",
  etaMs: 9_200,
  side: { transaction: null, height: null },
});
export const REFUSED = transfer("refused", {
  assetId: BTM,
  amount: "100",
  state: "refused",
  sentence: "It is below the minimum of 0.01 BTM. Its owner can claim it back after 1 000 blocks.",
  steps: stepsOf(IN_STEPS, 2, true),
  side: { transaction: null, height: null },
});
const HELD = transfer("held", {
  direction: "out",
  assetId: BTM,
  amount: (25n * COIN).toString(),
  state: "held",
  sentence: "It waits for the federation to resume: paused (out).",
  steps: stepsOf(OUT_STEPS, 1),
  waitsFor: "the federation to resume: paused (out)",
  main: { transaction: null, height: null },
});
const PAID = transfer("paid", {
  direction: "out",
  recipient: programOf("bob"),
  sentence: "It was paid by payout 17.",
  steps: stepsOf(OUT_STEPS, -1),
  payout: 17,
});
const TRANSFERS = [HELD, UNDER_WAY, REFUSED, PAID, ...Array.from({ length: 8 }, (_, i) => transfer(`old ${i}`, {}))];

function accountsOf(status: Status) {
  return status.accounts.slice(0, 12).map((account, i) => ({
    account,
    chains: [status.main.chain, ...status.sides.slice(0, 2).map(({ chain }) => chain)].map((chain) => ({
      chain,
      address: addressOf(account, chain === "main" ? "bm" : "sm"),
      balances:
        i === 2 && chain !== "main"
          ? null
          : i === 1 && chain === "main"
            ? []
            : [
                {
                  asset: "BTM",
                  assetId: BTM,
                  decimals: 8,
                  amount: (9_876n * COIN + 54_321n).toString(),
                  spendable: (chain === "main" ? 9_000n * COIN : 9_876n * COIN + 54_321n).toString(),
                },
                { asset: "GOLD", assetId: GOLD, decimals: 2, amount: "1234567", spendable: "1234567" },
              ],
    })),
  }));
}

/** @param paused scopes that the federation has stopped */
export function moneyAnswers(status: () => Status, paused: string[] = []): Answers {
  const boundTo = (chain: string) => status().sides.find((side) => side.chain === chain)?.federation ?? undefined;
  return {
    assets: () => ({
      items: [
        { asset: "BTM", id: BTM, decimals: 8, issuer: null },
        { asset: "GOLD", id: GOLD, decimals: 2, issuer: "issuer" },
      ],
    }),
    accounts: () => ({ items: accountsOf(status()) }),
    transfers: () => ({ items: TRANSFERS }),
    transfer: ({ params }) => TRANSFERS.find(({ id }) => id === params.id),
    pay: ({ params }) => ({ transaction: hashOf("sent"), chain: params.chain, feeNeu: "4500000" }),
    pegIn: () => ({ transaction: hashOf("sent"), chain: "main", feeNeu: "4500000" }),
    pegOut: ({ params }) => ({ transaction: hashOf("sent"), chain: params.chain, feeNeu: "4500000" }),
    "chain.federationStatus": ({ params: { chain } }) => {
      const bound = boundTo(chain);
      if (bound === undefined) return undefined;
      return {
        members: bound.members,
        threshold: bound.threshold,
        vaultEpoch: 0,
        height: 18_342,
        stateRoot: hashOf("state"),
        mainTip: { height: 4_711, hash: hashOf("main 4711") },
        confirmations: 6,
        batchBlocks: 20,
        pegOutFeeNeu: "10000000",
        paused,
        governanceNext: "2",
        floatNeu: (3n * COIN).toString(),
        openFeesNeu: "0",
        openPayouts: 1,
        independence: "shared",
        assets: [BTM, GOLD].map((asset) => ({
          asset,
          listed: true,
          minimum: asset === BTM ? "1000000" : "1",
          cap: asset === BTM ? null : "100000000",
          locked: asset === BTM ? (412n * COIN).toString() : "920000",
          minted: asset === BTM ? (500n * COIN).toString() : "1000000",
          burned: asset === BTM ? (100n * COIN).toString() : "50000",
          circulating: asset === BTM ? (400n * COIN).toString() : "950000",
          owed: asset === BTM ? (410n * COIN).toString() : paused.length > 0 ? "950000" : "920000",
          writtenOff: "0",
        })),
      };
    },
    "chain.members": ({ params: { chain } }) => ({
      items: Array.from({ length: boundTo(chain)?.members ?? 0 }, (_, index) => ({
        index,
        id: `${chain}-${index + 1}`,
        self: index === 0,
        running: index !== 2,
        lastSeenAgeMs: index === 2 ? 240_000 : 1_400 + 300 * index,
      })),
    }),
    "chain.payouts": () => ({
      items: [
        {
          number: 18,
          transaction: hashOf("payout 18"),
          kind: "asset",
          state: "open",
          draft: "",
          recordedHeight: 18_340,
          feeNeu: "4500000",
          inputs: [hashOf("coin 1")],
          inputScripts: ["20"],
          requests: [PAID.id],
          signedBy: [0, 1],
          waitsFor: "a signature of demo-3 or demo-4",
        },
      ],
    }),
    whyTransaction: ({ params }) => ({
      network: params.network,
      subject: params.id,
      atMs: Date.now(),
      collectMs: 84,
      healthy: false,
      halted: [],
      standing: "It waits for main-chain confirmations: 2 of 6.",
      findings: [
        {
          id: "transfer-waits",
          severity: "note",
          subject: params.id,
          sinceMs: Date.now() - 4_000,
          sentence: "The transfer waits for 4 more blocks of the main chain, about 9 s.",
          evidence: ["main chain at height 4711, the deposit at 4709, 6 confirmations are needed"],
          commands: ["bystack peg list --chain demo"],
          causes: [],
        },
      ],
    }),
  };
}
