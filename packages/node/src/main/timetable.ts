// The miner's timetable (federation.md section 13): slot k of a run is due at its start + k * interval, so that the pace does
// not drift with the time that hashing takes. Pure: time comes in, in milliseconds of a monotonic clock. A slot is taken
// once; slots that were missed for long (a stopped process, a starved machine) are skipped and not made up for.

/** Slots that are made up for one after the other; what lies further back is skipped. */
export const CATCH_UP_SLOTS_MAX = 3;

export type Timetable = { readonly startMs: number; readonly everyMs: number };

/** The slot to take and how long to wait for it. */
export type NextSlot = { readonly slot: number; readonly waitMs: number; readonly skipped: number };

export function dueMs(timetable: Timetable, slot: number): number {
  return timetable.startMs + slot * timetable.everyMs;
}

/** What to do after slot `last` (-1 for none yet). */
export function nextSlot(timetable: Timetable, last: number, nowMs: number): NextSlot {
  const current = Math.floor((nowMs - timetable.startMs) / timetable.everyMs);
  const following = last + 1;
  if (current < following) return { slot: following, waitMs: dueMs(timetable, following) - nowMs, skipped: 0 };
  const missed = current - following;
  if (missed <= CATCH_UP_SLOTS_MAX) return { slot: following, waitMs: 0, skipped: 0 };
  return { slot: current, waitMs: 0, skipped: missed };
}
