// What the checks of Vapor's recorded elections, payments and outputs share: rules with its parameters, candidates for its keys.

import { createSideRules, type SideRules } from "@bystack/ledger/side/rules";
import type { CandidateRecord } from "@bystack/ledger/side/votes/records";
import { createDevSideSpec, DEFAULT_VOTES } from "@bystack/protocol/spec/presets";
import type { VotesSpec } from "@bystack/protocol/spec/votes";
import { hexToBytes } from "@bystack/utils/bytes";
import { type CheckResult, checkCases, type Differences } from "../check.ts";

/** Rules of an unpegged chain with Vapor's main network parameters. */
export function vaporRules(change: { votes?: Partial<VotesSpec>; subsidyNeu?: bigint } = {}): SideRules {
  const spec = createDevSideSpec({
    name: "vapor",
    genesisTimeMs: 1_563_344_560_002,
    committee: [1, 2, 3, 4].map((i) => ({
      id: `v${i}`,
      voteKey: new Uint8Array(32).fill(i),
      rewardProgram: Uint8Array.of(0x51),
    })),
    federation: null,
    consensus: { epochBlocks: 1200, run: 12 },
    votes: { ...DEFAULT_VOTES, ...change.votes },
  });
  const gas = { ...spec.gas, priceNeu: 0n };
  return createSideRules({ ...spec, gas, subsidyNeu: change.subsidyNeu ?? 0n });
}

/** A candidate for a recorded key, which needs no registration there. */
export function candidateOf(xpub: string, votes: bigint): CandidateRecord {
  const key = hexToBytes(xpub);
  // The recorded keys have no consensus keys of their own.
  const rest = { voterShare: 0, index: 0n, resignedEpoch: undefined, lastSeatEpoch: 0 };
  const bond = { outputId: new Uint8Array(32), amount: 0n };
  return { key, voteKey: key.subarray(0, 32), rewardProgram: Uint8Array.of(0x51), votes, bond, ...rest };
}

/** A check of a file that is one list of cases. */
export function overCases<T extends { readonly id: string }>(check: (item: T, differences: Differences) => void) {
  return (file: unknown): CheckResult[] =>
    checkCases((file as { cases: readonly T[] }).cases, (item) => item.id, check);
}
