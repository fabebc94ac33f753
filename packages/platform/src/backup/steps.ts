// The operations "backup" and "drill" in steps. The node (or the platform, of its own store) writes an opened backup, it is
// sealed, listed, drilled while it is still open, the open one goes, and the oldest beyond those that are kept. Whatever is cut
// off is found by asking: a sealed backup has its name only when it is whole, and only what is listed counts.

import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type DrillResult, MANIFEST_FILE } from "@bystack/api/backup-manifest";
import { BystackError } from "@bystack/utils/errors";
import { z } from "zod";
import { platformError } from "../errors.ts";
import type { SideClient } from "../network/run.ts";
import { notes } from "../operation/apply/site.ts";
import type { Step, StepContext } from "../operation/journal.ts";
import type { Operation } from "../operation/record.ts";
import type { BackupRow } from "./row.ts";
import { loadHeader, removeSealed, sealBackup, verifySealed } from "./sealed.ts";

export const BACKUP = "backup";
export const DRILL = "drill";

/** How often a node is asked how far it is. */
const POLL_MS = 200;
const WHY_CHARS_MAX = 1_000;

export const BACKUP_INPUT = z.strictObject({
  node: z.string(),
  chain: z.string(),
  kind: z.enum(["node", "platform"]),
  /** Absolute: where it is kept stays known when the definition changes. */
  folder: z.string(),
  recipient: z.string(),
  keep: z.number().int().min(1),
  drill: z.boolean(),
});
export type BackupInput = z.infer<typeof BACKUP_INPUT>;
export const DRILL_INPUT = z.strictObject({ id: z.string() });

/** What the steps need of the world. */
export type BackupWorld = {
  /** Where the opened backup is written, by whoever writes it. */
  readonly opened: (input: BackupInput, id: string) => string;
  readonly client: (node: string) => SideClient | undefined;
  readonly writeStore: (to: string, id: string) => Promise<void>;
  /** Runs an opened backup through. */
  readonly drill: (opened: string, input: BackupInput, signal: AbortSignal) => Promise<DrillResult>;
  readonly row: (id: string) => Promise<BackupRow | undefined>;
  /** Rows of a chain, oldest first. */
  readonly rows: (chain: string) => Promise<readonly BackupRow[]>;
  readonly save: (row: BackupRow) => Promise<void>;
  readonly forget: (id: string) => Promise<void>;
  readonly nowMs: () => number;
};

/** A backup is called by its chain and its operation. */
export function backupIdOf({ id }: Pick<Operation, "id">, chain: string): string {
  return `${chain}-${Number(id)}`;
}

type Parts = { readonly world: BackupWorld; readonly input: BackupInput; readonly id: string };

async function askNode({ world, input, id }: Parts, context: StepContext): Promise<void> {
  for (;;) {
    const client = world.client(input.node);
    if (client === undefined) throw platformError("BACKUP_FAILED", { why: `${input.node} is not running` });
    const { state, bytes, why } = await client.call("backup", { body: { id } });
    if (state === "done") return;
    if (state === "failed") throw platformError("BACKUP_FAILED", { why: `${input.node}: ${why}` });
    notes(context)(`${(bytes / 1e6).toFixed(1)} MB`);
    await delay(POLL_MS, undefined, { signal: context.signal });
  }
}

function writtenStep(parts: Parts): Step {
  const { world, input, id } = parts;
  const opened = world.opened(input, id);
  const { node, folder, kind } = input;
  return {
    name: "written",
    title: kind === "platform" ? "write the platform's rows down" : `let ${node} write down what it has`,
    // Once it is sealed the opened one goes.
    check: async () => existsSync(join(opened, MANIFEST_FILE)) || existsSync(join(folder, id)),
    do: async (context) => {
      if (kind === "platform") await world.writeStore(opened, id);
      else await askNode(parts, context);
    },
    undo: async () => rmSync(opened, { recursive: true, force: true }),
  };
}

function sealedStep({ world, input, id }: Parts): Step {
  const { folder, recipient } = input;
  return {
    name: "sealed",
    title: "seal it to its recipient",
    check: async () => existsSync(join(folder, id)),
    do: async ({ signal, note }) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const onChunk = (done: number, count: number): Promise<void> => note(`${done} of ${count} chunks`);
      await sealBackup({ from: world.opened(input, id), to: folder, recipient, signal, onChunk });
    },
    undo: () => removeSealed(folder, id),
  };
}

function listedStep({ world, input, id }: Parts): Step {
  return {
    name: "listed",
    title: "list it",
    check: async () => (await world.row(id)) !== undefined,
    do: async () => {
      const { format: _, ephemeral: __, chunks, ...header } = loadHeader(join(input.folder, id));
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
      const none = { drill: null, verified: null };
      await world.save({ ...header, bytes, chunks: chunks.length, folder: input.folder, ...none });
    },
    undo: () => world.forget(id),
  };
}

async function change(world: BackupWorld, id: string, what: Partial<BackupRow>): Promise<void> {
  const row = await world.row(id);
  if (row === undefined) throw platformError("BACKUP_NOT_FOUND", { why: id });
  await world.save({ ...row, ...what });
}

/** Chunks by their hashes, and what is in them by running it through while it is still open. */
function drilledStep({ world, input, id }: Parts): Step {
  return {
    name: "drilled",
    title: "run it through in a throw-away node",
    check: async () => (await world.row(id))?.drill?.ok === true,
    do: async ({ signal, note }) => {
      await note("comparing the sealed chunks");
      await verifySealed(join(input.folder, id), signal);
      await note("running it through");
      const result = await world.drill(world.opened(input, id), input, signal);
      signal.throwIfAborted();
      const atMs = world.nowMs();
      await change(world, id, { drill: { ...result, atMs }, verified: { atMs, ok: true, why: "" } });
      if (!result.ok) throw platformError("DRILL_FAILED", { why: `${id}: ${result.why}` });
    },
    undo: async () => {},
  };
}

function cleanedStep({ world, input, id }: Parts): Step {
  const opened = world.opened(input, id);
  return {
    name: "cleaned",
    title: "remove what is not sealed",
    check: async () => !existsSync(opened),
    do: async () => rmSync(opened, { recursive: true, force: true }),
    undo: async () => {},
  };
}

function prunedStep({ world, input }: Parts): Step {
  const tooMany = async (): Promise<readonly BackupRow[]> => {
    const rows = await world.rows(input.chain);
    return rows.slice(0, Math.max(0, rows.length - input.keep));
  };
  return {
    name: "pruned",
    title: `keep the newest ${input.keep}`,
    check: async () => (await tooMany()).length === 0,
    do: async () => {
      for (const { id, folder } of await tooMany()) {
        await removeSealed(folder, id);
        await world.forget(id);
      }
    },
  };
}

export function backupSteps(world: BackupWorld, operation: Operation): readonly Step[] {
  const input = BACKUP_INPUT.parse(operation.input);
  const parts: Parts = { world, input, id: backupIdOf(operation, input.chain) };
  const drilled = input.drill ? [drilledStep(parts)] : [];
  return [writtenStep(parts), sealedStep(parts), listedStep(parts), ...drilled, cleanedStep(parts), prunedStep(parts)];
}

/** Compares a sealed backup with its hashes: as far as anybody comes without the recipient's key. */
export function drillSteps(world: BackupWorld, operation: Operation): readonly Step[] {
  const { id } = DRILL_INPUT.parse(operation.input);
  return [
    {
      name: "verified",
      title: `compare the chunks of ${id} with their hashes`,
      check: async () => {
        const verified = (await world.row(id))?.verified;
        return verified?.ok === true && verified.atMs >= operation.createdAtMs;
      },
      do: async ({ signal }) => {
        const row = await world.row(id);
        if (row === undefined) throw platformError("BACKUP_NOT_FOUND", { why: id });
        try {
          await verifySealed(join(row.folder, id), signal);
        } catch (error) {
          if (!(error instanceof BystackError)) throw error;
          const why = `${error.message} ${error.why}`.slice(0, WHY_CHARS_MAX);
          await change(world, id, { verified: { atMs: world.nowMs(), ok: false, why } });
          throw error;
        }
        await change(world, id, { verified: { atMs: world.nowMs(), ok: true, why: "" } });
      },
      undo: async () => {},
    },
  ];
}
