// Running the proof of a network from the command line: finds the running nodes, opens the wallet, makes one round trip,
// then the refusals, then recounts the supply.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ProofStep, type ProveReport, proveNetwork } from "@bystack/federation/prove";
import { platformError } from "@bystack/platform/errors";
import type { NetworkLayout, NetworkState } from "@bystack/platform/network/layout";
import { clientOf, type SideClient } from "@bystack/platform/network/run";
import { parseSideChainSpec, type SideChainSpec } from "@bystack/protocol/spec";
import { withWallet } from "../wallet-access.ts";

export function loadSideSpec(layout: NetworkLayout): SideChainSpec {
  const parsed = parseSideChainSpec(JSON.parse(readFileSync(join(layout.specs, "side.json"), "utf8")));
  if (!parsed.ok)
    throw platformError("FOLDER_FORMAT", { why: `specs/side.json: ${parsed.error[0]?.path} ${parsed.error[0]?.rule}` });
  return parsed.value;
}

export function runningClients(layout: NetworkLayout, state: NetworkState): { main: SideClient; sides: SideClient[] } {
  const of = (kind: "main" | "side"): SideClient[] =>
    state.nodes.filter((node) => node.kind === kind).flatMap((node) => clientOf(layout, node) ?? []);
  const [main] = of("main");
  const sides = of("side");
  if (main === undefined || sides.length === 0) throw platformError("NETWORK_NOT_RUNNING", { why: state.network });
  return { main, sides };
}

export type ProofOptions = {
  readonly layout: NetworkLayout;
  readonly state: NetworkState;
  readonly onStep: (step: ProofStep) => void;
  readonly onWait: (text: string) => void;
};

export function runProof(options: ProofOptions): Promise<ProveReport> {
  const { layout, state } = options;
  // The proof asks members of the federation; a node without a seat has none.
  const nodes = state.nodes.filter(({ kind, index }) => kind === "main" || index !== null);
  const { main, sides } = runningClients(layout, { ...state, nodes });
  const { roundTrip } = state;
  if (roundTrip === null) throw platformError("PROOF_UNDEFINED", { why: state.network });
  return withWallet(layout, (wallet) =>
    proveNetwork({
      main,
      sides,
      wallet,
      sideSpec: loadSideSpec(layout),
      ...roundTrip,
      waiter: { nowMs: () => performance.now(), sleep: (ms) => delay(ms) },
      onStep: options.onStep,
      onWait: options.onWait,
    }),
  );
}
