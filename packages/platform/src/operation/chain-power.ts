// Operations on one side chain: stop, start, archive, delete. Archived is stopped for good, and can be taken back for a week; only
// then may it be deleted, with its keys and whatever its vault still holds for others. What shall be stands in network.json,
// where every part of the platform, and commands without it, find it.

import { existsSync } from "node:fs";
import { z } from "zod";
import { withoutSide } from "../definition/edit.ts";
import { platformError } from "../errors.ts";
import { removeSideChain } from "../network/create.ts";
import {
  type NetworkNode,
  RECYCLE_MS,
  type SideDesired,
  type SideState,
  saveJson,
  specFileOf,
} from "../network/layout.ts";
import type { Place } from "../network/side-nodes.ts";
import { areRunning, readyStep, startStep, stateOf } from "./apply/site.ts";
import type { Step } from "./journal.ts";
import type { Operation } from "./record.ts";

export const STOP_CHAIN = "chain-stop";
export const START_CHAIN = "chain-start";
export const ARCHIVE_CHAIN = "chain-archive";
export const DELETE_CHAIN = "chain-delete";
export type ChainVerb = typeof STOP_CHAIN | typeof START_CHAIN | typeof ARCHIVE_CHAIN | typeof DELETE_CHAIN;

export const CHAIN_INPUT = z.strictObject({ chain: z.string(), atMs: z.number().int().nonnegative() });

export type ChainWorld = Place & {
  /** The definition that is applied. */
  readonly definition: () => Promise<string>;
  /** Writes a definition down as applied, in the folder and in the store. */
  readonly saveDefinition: (text: string) => Promise<void>;
  /** What its vault owes to holders, in words; empty when nobody answers or nothing is owed. */
  readonly owed: (chain: string) => Promise<string>;
};

/** @throws BystackError CHAIN_NOT_FOUND */
export function sideOf(place: Pick<Place, "layout">, chain: string): SideState {
  const side = stateOf(place as Place).sides.find((candidate) => candidate.chain === chain);
  if (side === undefined) throw platformError("CHAIN_NOT_FOUND", { why: chain });
  return side;
}

/** @throws BystackError CHAIN_KEPT unless it has been archived for the whole recycle period */
export function assertDeletable({ chain, desired, desiredSinceMs = 0 }: SideState, nowMs: number): void {
  if (desired !== "archived") throw platformError("CHAIN_KEPT", { why: `${chain} is not archived` });
  const freeMs = desiredSinceMs + RECYCLE_MS;
  if (nowMs < freeMs)
    throw platformError("CHAIN_KEPT", { why: `${chain} may be deleted from ${new Date(freeMs).toISOString()} on` });
}

function nodesOf(world: ChainWorld, chain: string): readonly NetworkNode[] {
  return stateOf(world).nodes.filter((node) => node.chain === chain);
}

function saveSide(world: ChainWorld, chain: string, change: Partial<SideState>): void {
  const state = stateOf(world);
  const sides = state.sides.map((side) => (side.chain === chain ? { ...side, ...change } : side));
  saveJson(world.layout.state, { ...state, sides });
}

function desiredStep(world: ChainWorld, chain: string, desired: SideDesired, atMs: number): Step {
  const before = sideOf(world, chain).desired ?? "running";
  return {
    name: `${chain} ${desired} desired`,
    title: `write down that ${chain} shall be ${desired}`,
    check: async () => (sideOf(world, chain).desired ?? "running") === desired,
    do: async () => {
      const owedWhenArchived = desired === "archived" ? await world.owed(chain) : "";
      saveSide(world, chain, { desired, desiredSinceMs: atMs, owedWhenArchived });
    },
    undo: async () =>
      saveSide(world, chain, { desired: before === desired ? "running" : before, desiredSinceMs: atMs }),
  };
}

function stoppedStep(world: ChainWorld, chain: string): Step {
  const ids = (): string[] => nodesOf(world, chain).map(({ id }) => id);
  return {
    name: `${chain} stopped`,
    title: `stop the nodes of ${chain}`,
    check: async () => (await world.provider.status(ids())).every(({ phase }) => phase !== "running"),
    do: async () => {
      await Promise.all(ids().map((id) => world.provider.stop(id)));
    },
    undo: async () => {},
  };
}

function deleteSteps(world: ChainWorld, chain: string): readonly Step[] {
  return [
    {
      name: `${chain} forgotten`,
      title: `take ${chain} out of the definition`,
      check: async () => (await world.definition()) === withoutSide(await world.definition(), chain),
      do: async () => world.saveDefinition(withoutSide(await world.definition(), chain)),
    },
    {
      name: `${chain} removed`,
      title: `remove keys, data and spec of ${chain}`,
      check: async () =>
        !stateOf(world).sides.some((side) => side.chain === chain) && !existsSync(specFileOf(world.layout, chain)),
      do: async () => {
        const ids = nodesOf(world, chain).map(({ id }) => id);
        if (await areRunning(world, ids)) await Promise.all(ids.map((id) => world.provider.stop(id)));
        await removeSideChain(world, chain);
      },
    },
  ];
}

export function chainSteps(world: ChainWorld, operation: Operation): readonly Step[] {
  const { chain, atMs } = CHAIN_INPUT.parse(operation.input);
  const ids = (): string[] => nodesOf(world, chain).map(({ id }) => id);
  switch (operation.kind as ChainVerb) {
    case STOP_CHAIN:
      return [desiredStep(world, chain, "stopped", atMs), stoppedStep(world, chain)];
    case ARCHIVE_CHAIN:
      return [desiredStep(world, chain, "archived", atMs), stoppedStep(world, chain)];
    case START_CHAIN:
      return [
        desiredStep(world, chain, "running", atMs),
        startStep(world, chain, ids),
        readyStep(world, chain, () => nodesOf(world, chain)),
      ];
    case DELETE_CHAIN:
      return deleteSteps(world, chain);
  }
}
