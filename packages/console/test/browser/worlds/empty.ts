// A platform on its first day: no network, nothing done.

import { DEV_TEXT } from "./definition.ts";
import { peopleAnswers } from "./people.ts";
import type { World } from "./world.ts";

export const EMPTY: World = {
  name: "empty",
  network: undefined,
  answers: {
    ...peopleAnswers(false),
    networks: () => ({ items: [] }),
    operations: () => ({ items: [], next: null }),
    preset: () => ({ definition: DEV_TEXT }),
  },
};
