// How long work leaves the event loop to others (architecture.md section 8, rule 7): a port, because packages of this layer
// have no timers. Long loops of the chain await it after each step; whoever composes a process decides when it really waits.

/** Called between two steps of long work. A promise: wait for it before the next step. Undefined: go on. */
export type Pause = () => Promise<void> | undefined;

/** For replays, simulations and tests, where nobody else waits for the loop. */
export const NEVER_PAUSE: Pause = () => undefined;
