// The operations "start" and "stop" of a whole network: validators before the main node when it stops, the main node first
// when it starts, because the others follow it. What shall be is written down before anything is done, so that a node that
// ends meanwhile is restarted or left alone as it should be.

import { existsSync, rmSync } from "node:fs";
import { type NetworkNode, saveJson } from "../network/layout.ts";
import type { Place } from "../network/side-nodes.ts";
import { readyStep, startStep, stateOf } from "./apply/site.ts";
import type { Step } from "./journal.ts";

export const START = "start";
export const STOP = "stop";
export const REMOVE = "remove";

export type PowerWorld = Place & {
  readonly desired: () => Promise<"running" | "stopped" | undefined>;
  readonly setDesired: (desired: "running" | "stopped") => Promise<void>;
  /** Whether a node of it was stopped by hand, and shall stay so. */
  readonly isAnyStopped: () => boolean;
  readonly forgetStopped: () => Promise<void>;
};

function chainNodes(place: Place, chain: string): readonly NetworkNode[] {
  return stateOf(place).nodes.filter((node) => node.chain === chain);
}

export function desiredStep(world: Pick<PowerWorld, "desired" | "setDesired">, desired: "running" | "stopped"): Step {
  return {
    name: `${desired} desired`,
    title: `write down that the network shall be ${desired}`,
    check: async () => (await world.desired()) === desired,
    do: () => world.setDesired(desired),
    // It was the other one, or nothing was written down.
    undo: () => world.setDesired(desired === "running" ? "stopped" : "running"),
  };
}

export function startSteps(world: PowerWorld): readonly Step[] {
  const { mainChain, sides } = stateOf(world);
  const chains = [mainChain, ...sides.filter(({ desired }) => desired !== "archived").map(({ chain }) => chain)];
  const ids = (chain: string) => () => chainNodes(world, chain).map(({ id }) => id);
  return [
    desiredStep(world, "running"),
    {
      name: "every node desired",
      title: "write down that every node and chain shall run",
      check: async () => !world.isAnyStopped() && stateOf(world).sides.every(({ desired }) => desired !== "stopped"),
      do: async () => {
        await world.forgetStopped();
        const state = stateOf(world);
        const sides = state.sides.map((side) => (side.desired === "stopped" ? { ...side, desired: "running" } : side));
        saveJson(world.layout.state, { ...state, sides });
      },
      undo: async () => {},
    },
    ...chains.map((chain) => startStep(world, chain, ids(chain))),
    ...chains.map((chain) => readyStep(world, chain, () => chainNodes(world, chain))),
  ];
}

/** Nodes by their folders: a network that was made half has some without a chain yet. */
export function removeSteps(world: PowerWorld & { readonly forget: () => Promise<void> }): readonly Step[] {
  const { layout, provider } = world;
  const running = async (): Promise<string[]> =>
    (await provider.status()).filter(({ phase }) => phase === "running").map(({ id }) => id);
  return [
    desiredStep(world, "stopped"),
    {
      name: "nodes stopped",
      title: "stop every node",
      check: async () => (await running()).length === 0,
      do: async () => {
        await Promise.all((await running()).map((id) => provider.stop(id)));
      },
      undo: async () => {},
    },
    {
      name: "folder removed",
      title: "remove keys, chains and wallet",
      check: async () => !existsSync(layout.root),
      do: async () => rmSync(layout.root, { recursive: true, force: true }),
    },
    {
      name: "network forgotten",
      title: "take it out of the platform's list",
      check: async () => (await world.desired()) === undefined,
      do: () => world.forget(),
    },
  ];
}

export function stopSteps(world: PowerWorld): readonly Step[] {
  const { mainChain, sides } = stateOf(world);
  const stopped = (chain: string): Step => {
    const ids = () => chainNodes(world, chain).map(({ id }) => id);
    return {
      name: `${chain} stopped`,
      title: `stop the nodes of ${chain}`,
      check: async () => (await world.provider.status(ids())).every(({ phase }) => phase !== "running"),
      do: async () => {
        await Promise.all(ids().map((id) => world.provider.stop(id)));
      },
      undo: async () => {},
    };
  };
  return [desiredStep(world, "stopped"), ...sides.map(({ chain }) => stopped(chain)), stopped(mainChain)];
}
