// Running the proof of a side chain from the command line: finds the running nodes, opens the wallet, makes one round trip,
// then the refusals, then recounts the supply.

import { setTimeout as delay } from "node:timers/promises";
import { type ProofStep, type ProveReport, proveNetwork } from "@bystack/federation/prove";
import { platformError } from "@bystack/platform/errors";
import type { NetworkLayout, NetworkState, SideState } from "@bystack/platform/network/layout";
import { withWallet } from "../wallet/access.ts";
import { loadSideSpec, runningNodes } from "./chains.ts";

/** What came of the proof of one side chain. */
export type ChainProof = ProveReport & { readonly chain: string };

export type ProofOptions = {
  readonly layout: NetworkLayout;
  readonly state: NetworkState;
  readonly side: SideState;
  readonly onStep: (step: ProofStep) => void;
  readonly onWait: (text: string) => void;
};

/** @throws BystackError PROOF_UNDEFINED, NETWORK_NOT_RUNNING */
export function runProof(options: ProofOptions): Promise<ProveReport> {
  const { layout, state, side } = options;
  // The proof asks members of the federation; a node without a seat has none.
  const nodes = state.nodes.filter(({ kind, index }) => kind === "main" || index !== null);
  const [main] = runningNodes(layout, state, state.mainChain);
  const sides = runningNodes(layout, { ...state, nodes }, side.chain);
  if (main === undefined || sides.length === 0) throw platformError("NETWORK_NOT_RUNNING", { why: side.chain });
  const { roundTrip } = side;
  if (roundTrip === null) throw platformError("PROOF_UNDEFINED", { why: side.chain });
  return withWallet(layout, (wallet) =>
    proveNetwork({
      main,
      sides,
      wallet,
      sideSpec: loadSideSpec(layout, side.chain),
      ...roundTrip,
      waiter: { nowMs: () => performance.now(), sleep: (ms) => delay(ms) },
      onStep: options.onStep,
      onWait: options.onWait,
    }),
  );
}
