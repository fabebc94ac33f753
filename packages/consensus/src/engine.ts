// The ConsensusEngine port (docs/architecture.md section 4): every engine is a synchronous step machine without clock,
// randomness or I/O. What it wants done comes back as effects, timers included; what happened goes in as events. Both are
// plain data, so every input can be written to a log and replayed to the same state.

import type { Hash } from "@bystack/utils/bytes";

/** Why a header is not to be believed: a constant code of the engine. */
export type HeaderVerdict = "ok" | (string & {});

/** The newest block that can never be undone. */
export type Finality = { readonly height: number; readonly hash: Hash };

export type ConsensusEngine<Config, State, Event, Effect, Header, Proof> = {
  /** Name of the engine in a ChainSpec. */
  readonly name: string;
  /** The state before the first event; that event is the engine's own kind of start. */
  init(config: Config): State;
  /** Advances `state` in place and returns what is to be done, in order. Never throws on hostile input. */
  step(state: State, event: Event): readonly Effect[];
  /** Judges a header by the proof that comes with it, without looking at any state of the chain. */
  verifyHeader(config: Config, header: Header, proof: Proof): HeaderVerdict;
  finality(state: State): Finality;
};
