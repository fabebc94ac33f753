// The operation "restore": what the owner of the key has opened beside a node goes into its folder, which has keys and nothing
// else. Before, everybody who could know is asked whether the old instance of that node still runs: two with one key would
// sign twice. The platform opens nothing; it compares what it is given with the backup that it has listed.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MANIFEST_FILE } from "@bystack/api/backup-manifest";
import { z } from "zod";
import { platformError } from "../errors.ts";
import type { NetworkNode } from "../network/layout.ts";
import type { SideClient } from "../network/run.ts";
import type { Place } from "../network/side-nodes.ts";
import { areRunning } from "../operation/apply/site.ts";
import type { Step } from "../operation/journal.ts";
import type { Operation } from "../operation/record.ts";
import type { BackupRow } from "./row.ts";
import { sha256Hex } from "./sealed.ts";

export const RESTORE = "restore";
export const RESTORE_INPUT = z.strictObject({ id: z.string(), node: z.string() });

/** Replaying a long chain takes its time. */
const START_DEADLINE_MS = 300_000;

export type RestoreWorld = Place & {
  readonly node: (id: string) => NetworkNode;
  /** The other nodes of its chain. */
  readonly others: (node: NetworkNode) => readonly NetworkNode[];
  readonly client: (node: string) => SideClient | undefined;
  readonly row: (id: string) => Promise<BackupRow | undefined>;
  /** Whether an opened backup has been put into a node's folder, and putting it there. */
  readonly isPlaced: (into: string, row: Pick<BackupRow, "id" | "kind">) => boolean;
  readonly place: (from: string, into: string) => Promise<void>;
  readonly setDesired: (node: string, desired: "running" | "stopped") => Promise<void>;
};

/** Where whoever has the key opens a backup for a node. */
export function openedFor(nodeFolder: string, id: string): string {
  return join(nodeFolder, "restore", id);
}

/**
 * Asks the others of a chain whether a node is connected to them.
 * @throws BystackError RESTORE_INSTANCE_ALIVE; RESTORE_UNASKED when nobody answers
 */
export async function assertSilent(node: string, others: readonly (SideClient | undefined)[]): Promise<void> {
  const answers = await Promise.all(others.map(async (client) => client?.call("peers").catch(() => undefined)));
  const known = answers.filter((answer) => answer !== undefined);
  if (known.length === 0) throw platformError("RESTORE_UNASKED", { why: `none of ${others.length} nodes answers` });
  if (known.some(({ items }) => items.some(({ id, connected }) => id === node && connected)))
    throw platformError("RESTORE_INSTANCE_ALIVE", { why: `a peer is connected to ${node}` });
}

export function restoreSteps(world: RestoreWorld, operation: Operation): readonly Step[] {
  const { id, node: name } = RESTORE_INPUT.parse(operation.input);
  const into = join(world.layout.nodes, name);
  const opened = openedFor(into, id);
  const rowOf = async (): Promise<BackupRow> => {
    const row = await world.row(id);
    if (row === undefined) throw platformError("BACKUP_NOT_FOUND", { why: id });
    return row;
  };
  const isPlaced = async (): Promise<boolean> => world.isPlaced(into, await rowOf());
  const assertGone = async (): Promise<void> => {
    if (await areRunning(world, [name])) throw platformError("RESTORE_INSTANCE_ALIVE", { why: `${name} runs here` });
    const node = world.node(name);
    if (node.kind === "side")
      await assertSilent(
        name,
        world.others(node).map((other) => world.client(other.id)),
      );
  };
  return [
    {
      name: "opened",
      title: `find what was opened of ${id}`,
      check: async () => {
        const manifest = join(opened, MANIFEST_FILE);
        if (await isPlaced()) return true;
        return existsSync(manifest) && sha256Hex(readFileSync(manifest)) === (await rowOf()).manifestHash;
      },
      do: async () => {
        throw platformError("BACKUP_SEALED", { why: `nothing of ${id} is opened for ${name}` });
      },
      undo: async () => {},
    },
    {
      name: "placed",
      title: `put it into the empty folder of ${name}, if the old node is gone`,
      check: isPlaced,
      do: async () => {
        await assertGone();
        await world.setDesired(name, "stopped");
        await world.place(opened, into);
      },
      undo: async () => {
        const { kind } = await rowOf();
        if (!(await isPlaced())) return;
        rmSync(join(into, "restored.json"), { force: true });
        rmSync(join(into, "data", kind), { recursive: true, force: true });
      },
    },
    {
      name: "cleaned",
      title: "remove what is not sealed",
      check: async () => !existsSync(opened),
      do: async () => rmSync(opened, { recursive: true, force: true }),
      undo: async () => {},
    },
    {
      name: "started",
      title: `start ${name}; a validator observes first`,
      check: () => areRunning(world, [name]),
      do: async () => {
        await world.setDesired(name, "running");
        await world.provider.start(name, START_DEADLINE_MS);
      },
      undo: async () => {
        await world.setDesired(name, "stopped");
        await world.provider.stop(name);
      },
    },
  ];
}
