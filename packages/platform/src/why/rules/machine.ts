// What the machine under a node lets it down with: a slow disk, one that is nearly full, too little processor time, memory.

import { type Draft, duration, nodeDraft, size } from "../draft.ts";
import type { Answering } from "../evidence.ts";

/** A vote that waits longer than this for its disk comes late: a leader's first timeout is 300 ms (platform.md section 8). */
export const FSYNC_SLOW_MS = 100;
/** An event loop that is later than this answers nobody in time (platform.md section 8). */
export const LOOP_LATE_MS = 200;
/** Measurements below this number say nothing about 99 of 100. */
export const SAMPLES_LEAST = 20;
/** Less room than this and a node that makes a block each half second stops within a day, or at its next snapshot. */
export const DISK_FREE_LEAST_BYTES = 134_217_728;
/** Heap in use beyond this share of what it may have is about to end the process. */
export const HEAP_SHARE_MOST = 0.95;

export function machineFindings(node: Answering): Draft[] {
  const { vitals } = node;
  if (vitals === undefined) return [];
  const found: Draft[] = [];
  const { eventLoopLag: lag, side, diskFreeBytes, heapUsedBytes, heapLimitBytes } = vitals;
  const isStarved = lag.p99Ms > LOOP_LATE_MS && lag.samples >= SAMPLES_LEAST;
  if (isStarved) {
    const sentence =
      `${node.id} gets too little processor time: its event loop was held up for more than ${duration(lag.p99Ms)} in one of a ` +
      "hundred looks of the last minute. Run fewer nodes on this machine, or give it more cores.";
    found.push(
      nodeDraft("cpu-starved", node, sentence, {
        evidence: [`longest ${duration(lag.longestMs)}, ${lag.samples} looks`],
        commands: ["bystack status"],
      }),
    );
  }
  const sync = side?.voteSync;
  // What the event loop was late by is measured as the disk's time too, and is not the disk's.
  const diskMs = (sync?.p99Ms ?? 0) - lag.p99Ms;
  if (sync !== undefined && !isStarved && diskMs > FSYNC_SLOW_MS && sync.samples >= SAMPLES_LEAST) {
    const sentence =
      `The disk of ${node.id} is slow: one vote of a hundred waited more than ${duration(diskMs)} for it, and a vote leaves only ` +
      "once it is on disk. Move its data folder to a faster disk, or see what else writes to this one.";
    found.push(
      nodeDraft("slow-fsync", node, sentence, {
        evidence: [`longest ${duration(sync.longestMs)}, ${sync.samples} votes of the last minute`],
        commands: [`bystack logs ${node.id}`],
      }),
    );
  }
  if (diskFreeBytes !== null && diskFreeBytes < DISK_FREE_LEAST_BYTES) {
    const sentence =
      `The disk of ${node.id} is nearly full: ${size(diskFreeBytes)} are free, and it stops voting when a write fails. ` +
      `Free at least ${size(DISK_FREE_LEAST_BYTES - diskFreeBytes)} on it.`;
    found.push(nodeDraft("disk-full", node, sentence, { evidence: [`free: ${diskFreeBytes} bytes`] }));
  }
  if (heapUsedBytes > HEAP_SHARE_MOST * heapLimitBytes) {
    const sentence =
      `${node.id} is about to run out of memory: ${size(heapUsedBytes)} of the ${size(heapLimitBytes)} that it may have are in use. ` +
      "Give it more memory: memoryMiB in node.json.";
    found.push(nodeDraft("out-of-memory", node, sentence, { evidence: [`process: ${size(vitals.rssBytes)}`] }));
  }
  return found;
}
