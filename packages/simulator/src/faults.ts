// Kinds of fault a schedule can have, and the chance of each.

export const CHANCES = {
  loss: 0.5,
  duplication: 0.3,
  jitter: 0.5,
  slow: 0.5,
  partition: 0.45,
  oneWay: 0.2,
  flapping: 0.15,
  bandwidth: 0.15,
  phases: 0.2,
  crash: 0.5,
  torn: 0.5,
  skew: 0.3,
  drift: 0.2,
  clockJump: 0.15,
  clocksApart: 0.02,
  slowDisk: 0.2,
  predicates: 0.15,
  equivocate: 0.6,
  doubleVote: 0.6,
  withhold: 0.3,
  fork: 0.3,
  invalid: 0.25,
  stale: 0.25,
  mutate: 0.25,
  forge: 0.3,
  boundary: 0.3,
  delay: 0.25,
  subset: 0.25,
  header: 0.25,
  twins: 0.2,
  silent: 0.08,
  sleeper: 0.15,
  record: 0.3,
  observer: 0.2,
  dead: 0.25,
  rotation: 0.5,
} as const;

export type Fault = keyof typeof CHANCES;

export const FAULTS = Object.keys(CHANCES) as readonly Fault[];
