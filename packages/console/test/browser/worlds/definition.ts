// Definitions, plans and refusals as the platform gives them.

import { FixtureProblem } from "../problem.ts";
import { type Answers, hashOf } from "./world.ts";

export const DEV_TEXT = `# A Bystack network: one main chain, one side chain, the federation between them.
format: 1
network: dev
preset: dev
provider: process
main:
  chain: main
  spec: dev
  nodes:
    - { node: main-1, parts: [main], mine: { threads: 1, everyMs: 2000 } }
sides:
  - chain: demo
    engine: { kind: bbft-flat, blockMs: 500, run: 4, epochBlocks: 60 }
    privacy: { mode: transparent }
    store: lmdb
    nodes: { count: 4, parts: [validator, federation] }
    federation: { scheme: checkmultisig, threshold: 3, confirmations: 6, assets: [BTM, GOLD] }
accounts: # amounts are decimal strings, in whole BTM
  - { account: alice, fund: { BTM: "10000" } }
  - { account: bob }
  - { account: issuer, fund: { BTM: "1000" } }
assets:
  - { asset: GOLD, issuer: issuer, decimals: 2 }
prove: [peg-round-trip]
`;

/** Drafts that the browser test writes: what the platform answers depends on a word in them. */
export const CHANGED_TEXT = DEV_TEXT.replace("count: 4, parts", "count: 4, observers: 1, history: pruned, parts");
export const WRONG_TEXT = DEV_TEXT.replace("network: dev", "netwrk: dev\nnetwork: dev").replace("count: 4", "count: 3");
export const REFUSED_TEXT = DEV_TEXT.replace("blockMs: 500", "blockMs: 250");

const MADE = { before: "", after: "", risk: "none", committee: null } as const;

export const definitionAnswers: Answers = {
  definition: () => ({ definition: DEV_TEXT, revision: 3 }),
  preset: () => ({ definition: DEV_TEXT }),
  plan: ({ params, body: { definition } }) => {
    const base = {
      hash: hashOf(definition),
      network: params.network,
      revision: 3,
      definitionHash: hashOf(`d ${definition}`),
    };
    if (definition.includes("netwrk"))
      throw new FixtureProblem(400, "DEFINITION_INVALID", {
        title: "The network definition breaks a rule.",
        detail:
          'the definition, line 3, netwrk: unknown key; did you mean "network"?\n' +
          "       the definition, line 18, sides.0.nodes.count: 4 validators at least, or no one may fail; `developmentMode: true` allows fewer without any fault tolerance",
        next: "Correct the named key.",
      });
    if (definition.includes("blockMs: 250"))
      return {
        ...base,
        actions: [],
        refused: [
          {
            code: "FIXED_FIELD",
            path: "sides.0.engine",
            why: "the engine and its timing are a part of the chain's spec",
            next: "Make a new chain with the value that you want: bystack chain create demo2",
          },
        ],
      };
    if (!definition.includes("observers: 1")) return { ...base, actions: [], refused: [] };
    return {
      ...base,
      actions: [
        {
          ...MADE,
          verb: "node.add",
          target: "demo-5",
          chain: "demo",
          class: "make",
          title: "add demo-5, an observer of demo",
          after: "observer",
          estimateMs: 10_000,
        },
        {
          verb: "node.configure",
          target: "demo-3",
          chain: "demo",
          class: "roll",
          title: "restart demo-3 with history pruned",
          before: "kept",
          after: "pruned",
          risk: "restart",
          committee: { n: 4, q: 3, f: 1 },
          estimateMs: 10_000,
        },
      ],
      refused: [],
    };
  },
};
