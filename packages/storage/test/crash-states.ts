// Enumerates what a power cut may leave of a memory disk: every subset of the pending units when there are few, a seeded
// sample with torn sectors when there are many. Used by the crash tests of log and snapshot.

import type { MemoryDisk, UnitFate } from "@bystack/storage/disk-memory";
import type { SeededRng } from "@bystack/testing/rng";

/** Up to this many pending units all subsets are tried. */
const EXHAUSTIVE_UNITS = 6;
const SAMPLES = 40;

export function* crashStates(disk: MemoryDisk, rng: SeededRng): Generator<MemoryDisk, void, undefined> {
  const count = disk.pending.length;
  if (count <= EXHAUSTIVE_UNITS) {
    for (let mask = 0; mask < 1 << count; mask += 1)
      yield disk.crash((_, index) => ((mask >> index) & 1 ? "kept" : "lost"));
  } else {
    yield disk.crash(() => "kept");
    yield disk.crash(() => "lost");
    for (let i = 0; i < SAMPLES; i += 1) {
      const keep = rng.u32() / 2 ** 32;
      yield disk.crash(() => (rng.chance(keep) ? "kept" : "lost"));
    }
  }
  if (count === 0) return;
  for (let i = 0; i < 8; i += 1) yield disk.crash(() => rng.pick<UnitFate>(["kept", "lost", "torn"]));
}
