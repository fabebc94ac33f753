// A platform on its first day: no network, nothing done.

import type { World } from "./world.ts";

export const EMPTY: World = {
  name: "empty",
  network: undefined,
  answers: {
    networks: () => ({ items: [] }),
    operations: () => ({ items: [], next: null }),
  },
};
