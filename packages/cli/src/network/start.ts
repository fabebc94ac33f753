// Raising a network from its definition until it is proven: the list of steps of `bystack up`, in the foreground or in a
// daemon of its own. Success is reported only after the round trip.

import type { NetworkDefinition } from "@bystack/platform/definition";
import { parseDefinition } from "@bystack/platform/definition/parse";
import { nodesOf } from "@bystack/platform/network/compose";
import { createNetwork } from "@bystack/platform/network/create";
import {
  loadNetworkState,
  makeFolders,
  type NetworkLayout,
  type NetworkState,
  portsOf,
  type SideState,
  saveJson,
} from "@bystack/platform/network/layout";
import { checkClock, checkDisk, checkMemory, checkPortsFree } from "@bystack/platform/network/preflight";
import { startNodes, waitUntilReady } from "@bystack/platform/network/run";
import type { DeployProvider } from "@bystack/platform/provider";
import { hexToBytes } from "@bystack/utils/bytes";
import type { TaskRunner } from "../tasks.ts";
import { withWallet } from "../wallet-access.ts";
import { type ChainProof, runProof } from "./proof.ts";

const READY_DEADLINE_MS = 60_000;

export type StartOptions = {
  readonly definitionText: string;
  readonly definitionFile: string;
  readonly layout: NetworkLayout;
  readonly provider: DeployProvider;
  readonly tasks: TaskRunner;
  /** Seconds between main-chain blocks: 2, or 15 where only the TypeScript Tensority is there. */
  readonly mainTargetSeconds: number;
};

async function makeNetwork(options: StartOptions, definition: NetworkDefinition): Promise<NetworkState> {
  const { layout, provider } = options;
  makeFolders(layout);
  const { accounts, assets } = await withWallet(layout, async (wallet) => {
    for (const { account } of definition.accounts) wallet.ensureAccount(account);
    return {
      accounts: definition.accounts.map(({ account }) => ({
        name: account,
        program: wallet.receiveProgram(account).program,
      })),
      assets: definition.assets.map(({ asset, issuer, decimals }) => ({
        name: asset,
        id: hexToBytes(wallet.ensureAsset(asset, { issuer, decimals }).id),
      })),
    };
  });
  const { definitionText, mainTargetSeconds } = options;
  return createNetwork(
    { definition, layout, provider, accounts, assets, nowMs: Date.now(), mainTargetSeconds },
    definitionText,
  );
}

/** Ports that stopped nodes of this network will want again. */
async function keptPorts(provider: DeployProvider): Promise<{ node: string; port: number }[]> {
  const stopped = (await provider.status()).filter((status) => status.phase !== "running");
  const kept = stopped.map(async ({ id }) =>
    Object.values(portsOf((await provider.applied(id))?.config)).map((port) => ({ node: id, port })),
  );
  return (await Promise.all(kept)).flat();
}

/** @throws BystackError with what went wrong; what was started goes on and can be looked at or stopped. */
export async function startNetwork(
  options: StartOptions,
): Promise<{ state: NetworkState; proofs: readonly ChainProof[] }> {
  const { layout, provider, tasks } = options;
  const definition = parseDefinition(options.definitionText, options.definitionFile);
  await tasks.run("Checking disk, memory, clock and ports", async () => {
    checkClock(Date.now());
    checkDisk(layout.root, definition.limits.diskFreeMiB);
    checkMemory(nodesOf(definition).length);
    await checkPortsFree(await keptPorts(provider));
  });
  const isNew = loadNetworkState(layout) === undefined;
  const state = await tasks.run(isNew ? "Making keys, accounts and chain specs" : "Reading the network's folder", () =>
    makeNetwork(options, definition),
  );
  await tasks.run(`Starting ${state.nodes.length} nodes`, () => startNodes(state, provider));
  await tasks.run("Waiting for the first blocks", (task) =>
    waitUntilReady({ layout, state, deadlineMs: READY_DEADLINE_MS, onProgress: (text) => task.note(text) }),
  );
  if (!definition.prove.includes("peg-round-trip")) return { state, proofs: [] };
  const proofs: ChainProof[] = [];
  for (const side of state.sides) proofs.push(await proveChain(options, state, side));
  const ok = new Set(proofs.filter((proof) => proof.ok).map(({ chain }) => chain));
  saveJson(layout.state, { ...state, sides: state.sides.map((side) => ({ ...side, proven: ok.has(side.chain) })) });
  return { state, proofs };
}

/** One round trip over a side chain, with what it waits for. */
async function proveChain(options: StartOptions, state: NetworkState, side: SideState): Promise<ChainProof> {
  const { layout, tasks } = options;
  const where = state.sides.length === 1 ? "" : ` on ${side.chain}`;
  const steps = "issue, deposit, claim, pay, burn, payout";
  const report = await tasks.run(`Proving a round trip${where}: ${steps}`, (task) => {
    let done = "";
    return runProof({
      layout,
      state,
      side,
      onStep: (step) => {
        done = `${step.step} proven`;
        task.note(done);
      },
      onWait: (text) => task.note(done === "" ? `waiting for ${text}` : `${done}, waiting for ${text}`),
    });
  });
  return { chain: side.chain, ...report };
}
