// A platform on its first day: no network, nothing done.

import { DEV_TEXT } from "./definition.ts";
import { peopleAnswers } from "./people.ts";
import { hashOf, type World } from "./world.ts";

export const EMPTY: World = {
  name: "empty",
  network: undefined,
  answers: {
    ...peopleAnswers(false),
    networks: () => ({ items: [] }),
    operations: () => ({ items: [], next: null }),
    preset: () => ({ definition: DEV_TEXT }),
    plan: ({ params, body }) => ({
      hash: hashOf(body.definition),
      network: params.network,
      revision: 0,
      definitionHash: hashOf("definition"),
      actions: [
        {
          verb: "chain.create",
          target: "demo",
          chain: "demo",
          class: "make",
          title: "make side chain demo: keys, spec, 4 validators",
          before: "",
          after: "4 validators",
          risk: "none",
          committee: null,
          estimateMs: 40_000,
        },
      ],
      refused: [],
    }),
  },
};
