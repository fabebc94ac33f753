// The pages that the browser test opens, each in the worlds where it means something. To add a page: a line here.

import type { WorldName } from "./worlds/world.ts";

export type PageCase = {
  /** Of its screenshots. */
  readonly name: string;
  /** The address, by the name of the world's network (`none` in the empty world). */
  readonly path: (network: string) => string;
  /** Left out: all worlds. */
  readonly worlds?: readonly WorldName[];
};

export const PAGE_CASES: readonly PageCase[] = [
  { name: "start", path: () => "/", worlds: ["empty"] },
  { name: "home", path: (network) => `/n/${network}` },
  { name: "not-found", path: () => "/nowhere", worlds: ["dev"] },
];
