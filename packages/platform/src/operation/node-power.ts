// Operations on one node: start, stop, restart, rebuild. A node that was stopped by hand stays so until somebody starts it, or its
// network, again. None of them takes a validator from a chain that would stand still without it: asked when the plan is made
// by a person, and again right before it is done.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { platformError } from "../errors.ts";
import type { NetworkNode } from "../network/layout.ts";
import type { Place } from "../network/side-nodes.ts";
import { areRunning, readyStep, startStep, stateOf } from "./apply/site.ts";
import type { Step } from "./journal.ts";
import type { Operation } from "./record.ts";

export const START_NODE = "node-start";
export const STOP_NODE = "node-stop";
export const RESTART_NODE = "node-restart";
export const REBUILD_NODE = "node-rebuild";
export type NodeVerb = typeof START_NODE | typeof STOP_NODE | typeof RESTART_NODE | typeof REBUILD_NODE;

/** `sinceMs`: a process that was started later is the new one. */
export const NODE_INPUT = z.strictObject({ node: z.string(), sinceMs: z.number().int().nonnegative() });

export type NodeWorld = Place & {
  readonly desired: (id: string) => Promise<"running" | "stopped">;
  readonly setDesired: (id: string, desired: "running" | "stopped") => Promise<void>;
  /** Whether the chain of a node goes on without it; the reason when it does not. */
  readonly canSpare: (id: string) => Promise<string | undefined>;
};

function nodeOf(world: NodeWorld, id: string): NetworkNode {
  const node = stateOf(world).nodes.find((candidate) => candidate.id === id);
  if (node === undefined) throw platformError("NODE_NOT_FOUND", { why: id });
  return node;
}

async function assertSpared(world: NodeWorld, id: string): Promise<void> {
  const why = await world.canSpare(id);
  if (why !== undefined) throw platformError("NODE_NEEDED", { why });
}

function desiredStep(world: NodeWorld, id: string, desired: "running" | "stopped"): Step {
  return {
    name: `${id} ${desired} desired`,
    title: `write down that ${id} shall be ${desired}`,
    check: async () => (await world.desired(id)) === desired,
    do: async () => {
      if (desired === "stopped") await assertSpared(world, id);
      await world.setDesired(id, desired);
    },
    undo: () => world.setDesired(id, desired === "running" ? "stopped" : "running"),
  };
}

function stopStep(world: NodeWorld, id: string): Step {
  return {
    name: `${id} stopped`,
    title: `stop ${id}`,
    check: async () => !(await areRunning(world, [id])),
    do: async () => {
      await assertSpared(world, id);
      await world.provider.stop(id);
    },
    undo: async () => {},
  };
}

/** The process that was there before is gone; a new one may run already. */
function endedStep(world: NodeWorld, id: string, sinceMs: number): Step {
  const isOld = async (): Promise<boolean> => {
    const [status] = await world.provider.status([id]);
    return status?.phase === "running" && (status.instance?.startedAtMs ?? 0) <= sinceMs;
  };
  return {
    name: `${id} stopped`,
    title: `stop ${id}`,
    check: async () => !(await isOld()),
    do: async () => {
      await assertSpared(world, id);
      await world.provider.stop(id);
    },
    undo: async () => {},
  };
}

const ready = (world: NodeWorld, id: string): Step => readyStep(world, id, () => [nodeOf(world, id)]);

/**
 * What a rebuilt node keeps beside its keys: which heights and views it has voted in (a validator without that would stay silent
 * for an epoch, or could vote twice), and what says whose folder it is.
 */
const KEPT: ReadonlySet<string> = new Set(["record", "lock", "owner.json", "format.json"]);

function moveAll(from: string, to: string, isMoved: (name: string) => boolean): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of existsSync(from) ? readdirSync(from) : [])
    if (isMoved(name)) renameSync(join(from, name), join(to, name));
}

/** The chain's data of a node are put aside until they are there anew. */
function emptyStep(world: NodeWorld, id: string, mark: string): Step {
  const folder = join(world.layout.nodes, id, "data", "side");
  const aside = join(world.layout.trash, `${id}-${mark}`);
  const done = join(aside, DONE);
  return {
    name: `${id} emptied`,
    title: `put the chain's data of ${id} aside`,
    check: async () => existsSync(done),
    do: async () => {
      // A platform that begins anew starts every node that shall run, this one too.
      if (await areRunning(world, [id])) {
        await assertSpared(world, id);
        await world.provider.stop(id);
      }
      moveAll(folder, aside, (name) => !KEPT.has(name));
      mkdirSync(done, { mode: 0o700 });
    },
    undo: async () => {
      if (!existsSync(aside)) return;
      if (await areRunning(world, [id])) await world.provider.stop(id);
      rmSync(done, { recursive: true, force: true });
      // What the node has made anew meanwhile goes: the old data are whole.
      for (const name of readdirSync(folder)) if (!KEPT.has(name)) rmSync(join(folder, name), { recursive: true });
      moveAll(aside, folder, () => true);
      rmSync(aside, { recursive: true });
    },
  };
}

/** Beside the data that were put aside: all of them are there. */
const DONE = "all-moved";

function asideRemovedStep(world: NodeWorld, id: string, mark: string): Step {
  const aside = join(world.layout.trash, `${id}-${mark}`);
  return {
    name: `${id} cleaned`,
    title: `remove the old data of ${id}`,
    check: async () => !existsSync(aside),
    do: async () => rmSync(aside, { recursive: true, force: true }),
  };
}

export function nodeSteps(world: NodeWorld, operation: Operation): readonly Step[] {
  const { node: id, sinceMs } = NODE_INPUT.parse(operation.input);
  const begin = desiredStep(world, id, "running");
  const start = startStep(world, id, () => [id]);
  switch (operation.kind as NodeVerb) {
    case START_NODE:
      return [begin, start, ready(world, id)];
    case STOP_NODE:
      return [desiredStep(world, id, "stopped"), stopStep(world, id)];
    case RESTART_NODE:
      return [begin, endedStep(world, id, sinceMs), start, ready(world, id)];
    case REBUILD_NODE:
      return [
        begin,
        endedStep(world, id, sinceMs),
        emptyStep(world, id, operation.id),
        start,
        ready(world, id),
        asideRemovedStep(world, id, operation.id),
      ];
  }
}
