// The election of a simulated chain: a function of the state alone, that changes at most a third of the seats, and never
// seats more faulty validators than the committee tolerates: that assumption is what every promise rests on.

import { quorumSize } from "@bystack/protocol/side/certificate";
import type { Hash } from "@bystack/utils/bytes";
import { SimRng } from "./rng.ts";
import type { Seats } from "./seats.ts";

export type Elector = {
  /** Places that hold a vote key. */
  readonly pool: readonly number[];
  /** Places that are or will be faulty: hostile, with a lost record, or dead. */
  readonly faulty: ReadonlySet<number>;
  readonly seatsLeast: number;
};

function tolerates(seats: Seats, faulty: ReadonlySet<number>): boolean {
  const seated = seats.filter((place) => faulty.has(place)).length;
  return seated <= seats.length - quorumSize(seats.length);
}

/** One seat given to somebody else, one more seat, or one fewer; a committee is one seat larger than at first, or not. */
function change(seats: Seats, elector: Elector, rng: SimRng): Seats {
  const outside = elector.pool.filter((place) => !seats.includes(place));
  const isLarger = seats.length > elector.seatsLeast;
  const kind = rng.below(4);
  if (kind === 0 && isLarger) return seats.slice(0, -1);
  if (outside.length === 0) return seats;
  if (kind === 1 && !isLarger) return [...seats, rng.pick(outside)];
  return seats.with(rng.below(seats.length), rng.pick(outside));
}

/** The committee after `before`, by the state's root. Equal roots elect equally. */
export function elect(root: Hash, before: Seats, elector: Elector): Seats {
  const rng = new SimRng(new DataView(root.buffer, root.byteOffset).getUint32(0));
  let seats = before;
  for (let left = rng.below(Math.floor(before.length / 3) + 1); left > 0; left -= 1) {
    const changed = change(seats, elector, rng);
    if (tolerates(changed, elector.faulty)) seats = changed;
  }
  // The order is by votes: whoever stays may well stay at another seat.
  return rng.chance(0.5) ? [...seats.slice(1), ...seats.slice(0, 1)] : seats;
}
