// `bystack backup`: what there is and whether it holds, one more, and putting one back. Whatever needs the recipient's key is
// done here, by whoever has it; the platform never sees it.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createClient } from "@bystack/api/client";
import type { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import type { RouteReply } from "@bystack/api/route";
import { SIDE_ROUTES } from "@bystack/api/side-routes";
import { placeBackup } from "@bystack/node/backup/restore";
import { openBackup } from "@bystack/platform/backup/open";
import { assertSilent, openedFor } from "@bystack/platform/backup/restore-steps";
import { HEADER_FILE, loadHeader, verifySealed } from "@bystack/platform/backup/sealed";
import { platformError } from "@bystack/platform/errors";
import { loadNetworkState } from "@bystack/platform/network/layout";
import { createBackupKey, loadBackupKey } from "../backup/key-file.ts";
import { type Context, requireState } from "../context.ts";
import { ensurePlatform, requirePlatform } from "../daemon/connect.ts";
import { followOperation } from "../daemon/follow.ts";
import { systemClock } from "../system.ts";
import { drillFolder, formatDrill } from "./node-drill.ts";
import { formatOperation } from "./operation.ts";

type Backup = RouteReply<(typeof PLATFORM_ROUTES)["backup"]>;

/** A passphrase comes from the environment: on a command line others would see it. */
const PASSPHRASE_VARIABLE = "BYSTACK_BACKUP_PASSPHRASE";
const ANSWER_MS = 5_000;
const MIB = 1_048_576;

function passphrase(): string | undefined {
  const text = process.env[PASSPHRASE_VARIABLE];
  return text === undefined || text === "" ? undefined : text;
}

function drillOf({ drill }: Backup): string {
  if (drill === null) return "never drilled";
  return drill.ok ? `holds (${drill.seconds.toFixed(1)} s)` : `DOES NOT HOLD: ${drill.why}`;
}

function lineOf(backup: Backup): string {
  const { id, node, height, createdAtMs, bytes } = backup;
  const at = new Date(createdAtMs).toISOString().slice(0, 19).replace("T", " ");
  const size = `${(bytes / MIB).toFixed(1)} MiB`;
  return `${id.padEnd(16)} ${at}  ${node.padEnd(12)} height ${String(height).padStart(8)} ${size.padStart(12)}  ${drillOf(backup)}`;
}

export async function runBackupList({ home, network, output }: Context): Promise<void> {
  const { items } = await requirePlatform(home).call("backups", { params: { network } });
  const none = "There is no backup yet: bystack backup create.";
  output.result({ items }, items.length === 0 ? none : items.map(lineOf).join("\n"));
}

export async function runBackupShow({ home, network, output }: Context, id: string): Promise<void> {
  const backup = await requirePlatform(home).call("backup", { params: { network, backup: id } });
  const { chain, kind, blockHash, stateRoot, recipient, folder, release, verified } = backup;
  const seen =
    verified === null ? "never" : `${new Date(verified.atMs).toISOString()} ${verified.ok ? "sound" : verified.why}`;
  const lines = [
    lineOf(backup),
    `  of         ${kind} ${chain}, release ${release}`,
    `  block      ${blockHash}`,
    `  state      ${stateRoot}`,
    `  recipient  ${recipient}`,
    `  kept in    ${join(folder, id)}`,
    `  verified   ${seen}`,
  ];
  output.result(backup, lines.join("\n"));
}

export async function runBackupCreate(
  context: Context,
  options: { readonly node?: string; readonly platform?: boolean },
): Promise<void> {
  const { home, network, chain, output } = context;
  requireState(context);
  const client = await ensurePlatform(home);
  const body = {
    ...(chain !== undefined && { chain }),
    ...(options.node !== undefined && { node: options.node }),
    ...(options.platform === true && { platform: true }),
  };
  const begun = await client.call("createBackup", { params: { network }, body });
  const over = await followOperation({ client, output }, begun);
  output.result(over, formatOperation(over));
}

/** The folder of a sealed backup: as it was named, or where the platform keeps it. */
async function sealedFolder({ home, network }: Context, what: string): Promise<string> {
  if (existsSync(join(what, HEADER_FILE))) return resolve(what);
  const { folder, id } = await requirePlatform(home).call("backup", { params: { network, backup: what } });
  return join(folder, id);
}

/** Opens a sealed backup for one piece of work, and removes what was open. */
async function withOpened<T>(folder: string, key: string, work: (opened: string) => Promise<T>): Promise<T> {
  const place = mkdtempSync(join(tmpdir(), "bystack-opened-"));
  try {
    const opened = join(place, "backup");
    await openBackup(folder, loadBackupKey(key, passphrase()), opened);
    return await work(opened);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

export async function runBackupVerify(
  context: Context,
  what: string,
  options: { readonly key?: string },
): Promise<void> {
  const folder = await sealedFolder(context, what);
  const { id, height, chunks } = await verifySealed(folder);
  if (options.key !== undefined) await withOpened(folder, options.key, async () => {});
  const opened = options.key !== undefined;
  const how = opened
    ? "opened, every file is as its manifest says"
    : "every chunk is as it was written; --key opens it too";
  context.output.result({ id, height, chunks: chunks.length, opened }, `✔ ${id}, height ${height}: ${how}`);
}

export async function runBackupDrill(context: Context, what: string, options: { readonly key: string }): Promise<void> {
  const folder = await sealedFolder(context, what);
  const result = await withOpened(folder, options.key, (opened) => drillFolder(opened));
  context.output.result(result, formatDrill(result));
  if (!result.ok) process.exitCode = 10;
}

type RestoreOptions = {
  readonly key: string;
  readonly into: string;
  readonly record?: string;
  readonly peer?: readonly string[];
};

/** Into a node of a network here: the platform asks the others, puts it in and starts it. */
async function restoreHere(context: Context, what: string, options: RestoreOptions): Promise<void> {
  const { home, network, layout, output } = context;
  const client = await ensurePlatform(home);
  const folder = await sealedFolder(context, what);
  const { id } = loadHeader(folder);
  const opened = openedFor(join(layout.nodes, options.into), id);
  rmSync(opened, { recursive: true, force: true });
  await openBackup(folder, loadBackupKey(options.key, passphrase()), opened);
  const params = { network, backup: id };
  const begun = await client.call("restoreBackup", { params, body: { node: options.into } });
  const over = await followOperation({ client, output }, begun);
  output.result(over, formatOperation(over));
}

/** Into a folder on a machine without the platform: whoever runs the command says who can be asked. */
async function restoreThere(context: Context, what: string, options: RestoreOptions): Promise<void> {
  const folder = await sealedFolder(context, what);
  const { node, kind } = loadHeader(folder);
  const into = resolve(options.into);
  const peers = (options.peer ?? []).map((baseUrl) =>
    createClient({ baseUrl, routes: SIDE_ROUTES, timeoutMs: ANSWER_MS }),
  );
  if (kind === "side") await assertSilent(node, peers);
  const { height } = await withOpened(folder, options.key, (from) =>
    placeBackup({ from, into, record: options.record, clock: systemClock }),
  );
  const next =
    options.record === undefined
      ? "a validator observes until an epoch boundary, then votes by itself"
      : "it asks its peers first";
  context.output.result({ node, height, into }, `✔ ${node} restored to height ${height} in ${into}: ${next}`);
}

export async function runBackupRestore(context: Context, what: string, options: RestoreOptions): Promise<void> {
  const state = loadNetworkState(context.layout);
  const isHere = state?.nodes.some(({ id }) => id === options.into) === true;
  if (isHere && options.record !== undefined)
    throw platformError("BACKUP_SEALED", {
      why: "a record of votes goes into a folder only: --into <folder>, with --peer",
    });
  await (isHere ? restoreHere : restoreThere)(context, what, options);
}

export function runBackupKeyCreate({ output }: Context, path: string): void {
  const recipient = createBackupKey(path, passphrase());
  const text = [
    `recipient  ${recipient}`,
    `secret     ${path}: keep it away from the platform; without it no backup can be opened`,
    `Put into the definition:  backup: { every: 24h, keep: 7, recipient: ${recipient} }`,
  ];
  output.result({ recipient, file: path }, text.join("\n"));
}
