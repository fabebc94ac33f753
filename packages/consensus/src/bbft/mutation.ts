// Deliberate mistakes, one for each rule, for the simulator's own test of itself: a rule whose removal nobody notices is
// not tested. No configuration reaches this: it is an argument of the engine's constructor that only tests pass.

export type Mutation =
  | "none"
  /** A second NOTARIZE in one view. */
  | "S1"
  /** NULLIFY and FINALIZE in one view. */
  | "S2"
  /** NOTARIZE without the parent's certificate and the skip certificates. */
  | "S3"
  /** NOTARIZE without looking at the block's validity. */
  | "S4"
  /** Votes leave before their record is durable. */
  | "S5"
  /** After a restart the record is not read and nobody is asked. */
  | "S5-forget"
  /** An epoch is entered on the NOTARIZE certificate of the last block of the one before. */
  | "epoch"
  /** The last block of an epoch is extended inside it. */
  | "extend"
  /** A last block is never proposed again. */
  | "repropose"
  /** A quorum of n - f - 1. */
  | "quorum";

export const MUTATIONS: readonly Mutation[] = [
  "S1",
  "S2",
  "S3",
  "S4",
  "S5",
  "S5-forget",
  "epoch",
  "extend",
  "repropose",
  "quorum",
];
