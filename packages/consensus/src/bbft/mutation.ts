// Deliberate mistakes, one for each rule, for the simulator's own test of itself: a rule whose removal nobody notices is
// not tested. No configuration reaches this: it is an argument of the engine's constructor that only tests pass.

/** Name of each mistake, and what it is. The last group is of the shell: the simulated node reads it, not the engine. */
export const MUTATION_TEXT = {
  S1: "a second NOTARIZE in one view",
  S2: "NULLIFY and FINALIZE in one view",
  S3: "NOTARIZE without the parent's certificate and the skip certificates",
  S4: "NOTARIZE without looking at the block's validity",
  S5: "votes leave before their record is durable",
  "S5-forget": "after a restart the record is not read and nobody is asked",
  S6: "one signature counts for every bit of a certificate",
  quorum: "a quorum of n - f - 1",
  "quorum-2f": "a quorum of 2f + 1 where n is not 3f + 1",
  views: "votes of different views make one certificate",
  "vote-epoch": "a vote of another epoch counts in this one",
  "certificate-epoch": "a certificate of another epoch counts in this one",
  certificate: "the certificates of a message are not verified",
  carried: "the parent's certificate in a block is not verified",
  skips: "the certificates of skipped views in a block are not verified",
  epoch: "an epoch is entered on the NOTARIZE certificate of the last block of the one before",
  extend: "the last block of an epoch is extended inside it",
  repropose: "a last block is never proposed again",
  justify: "a last block is proposed again without NULLIFY certificates of the views since",
  committee: "the last header of an epoch may name any committee",
  "old-keys": "keys of the epoch before have power in this one",
  turn: "the committee is not changed when its epoch begins",
  timestamp: "a block may be closer to its parent than the interval",
  clock: "NOTARIZE for a block of any time",
  predicate: "NOTARIZE before the vote-time predicates hold",
  propose: "a proposal leaves before its record is durable",
  durable: "a rebroadcast says votes whose record is not durable yet",
  "count-early": "an own vote counts towards a certificate before its record is durable",
  "lost-block": "the record of NOTARIZE lacks the block",
  "lost-certificate": "the record lacks certificates, such as the one under a FINALIZE",
  ask: "signs before a quorum has answered after a start",
  bar: "no bar after a start",
  late: "late FINALIZE without asking whether this node may sign",
  silence: "a silence is not written to the record",
  unknown: "an own vote that the record does not know is ignored",
  evidence: "NOTARIZE and NULLIFY in one view are taken for double signing",
  repeat: "votes of the present view are never said again",
  fsync: "the shell says durable without fsync",
} as const;

export type Mutation = "none" | keyof typeof MUTATION_TEXT;

export const MUTATIONS = Object.keys(MUTATION_TEXT) as readonly (keyof typeof MUTATION_TEXT)[];
