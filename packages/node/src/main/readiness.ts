// When a main-chain node is ready (platform.md section 9): its tip is younger than six targets, or the chain has just been
// founded and the node has not run long enough for a first block.

const READY_TARGETS = 6;

/** Why the node is not ready; undefined when it is. */
export function readiness(state: {
  readonly height: number;
  readonly tipAgeMs: number;
  readonly runningMs: number;
  readonly targetMs: number;
}): string | undefined {
  const limitMs = READY_TARGETS * state.targetMs;
  if (state.tipAgeMs < limitMs) return undefined;
  if (state.height === 0 && state.runningMs < limitMs) return undefined;
  return `the newest block is ${Math.round(state.tipAgeMs / 1000)} s old, ${limitMs / 1000} s are allowed`;
}
