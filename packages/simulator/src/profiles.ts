// Which committees a run of schedules is made of: a profile names the sizes and how often each, and each seed draws from
// them by itself, so that a finding is replayed by its seed, nodes and byzantine alone.

import { quorumSize } from "@bystack/protocol/side/certificate";
import { SimRng } from "./rng.ts";

export type Sizes = { readonly nodes: number; readonly byzantine: number };

export type Profile = {
  readonly schedules: number;
  /** Committee sizes; one that stands twice is drawn twice as often. Large ones cost more: about n squared. */
  readonly nodes: readonly number[];
};

export const PROFILES = {
  /** Inside `npm test`. */
  gate: { schedules: 120, nodes: [4, 4, 5, 5, 5, 7, 7, 10, 13] },
  /** The acceptance: 100,000 schedules, about an hour on one core. */
  nightly: {
    schedules: 100_000,
    nodes: [4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 7, 7, 7, 7, 10, 10, 13],
  },
  /** For as long as `--minutes` says, any size. */
  swarm: { schedules: Number.MAX_SAFE_INTEGER, nodes: [4, 5, 6, 7, 8, 9, 10, 11, 12, 13] },
} as const satisfies Readonly<Record<string, Profile>>;

export type ProfileName = keyof typeof PROFILES;

export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[];

/** Size and hostile members of the committee of one seed: most have as many as are tolerated, some fewer or none. */
export function drawSizes(profile: Profile, seed: number): Sizes {
  const rng = new SimRng(seed * 31 + 5);
  const nodes = rng.pick(profile.nodes);
  const most = nodes - quorumSize(nodes);
  return { nodes, byzantine: rng.chance(0.6) ? most : rng.below(most + 1) };
}
