// `bystack node run <folder>`: one node as a process. Joins the parts that no package below may join by itself: a
// side node and the federation member that runs in it. Used by the platform's process provider.

import { join } from "node:path";
import { createHttpMainPort, createHttpSidePort } from "@bystack/federation/http-ports";
import { createFederationService } from "@bystack/federation/service";
import { exitCodeOf } from "@bystack/node/errors";
import { openNodeKeys } from "@bystack/node/keys";
import { createFileLogger } from "@bystack/node/log";
import { startMainNode } from "@bystack/node/main/main-node";
import { loadNodeOptions, type NodeOptions } from "@bystack/node/options";
import type { MemberPart } from "@bystack/node/peg-handlers";
import { type MemberContext, startSideNode } from "@bystack/node/side";
import { BystackError } from "@bystack/utils/errors";
import type { Logger } from "@bystack/utils/ports";
import { systemClock, systemRng, systemTimers } from "../system.ts";
import { VERSION } from "../version.ts";

const JOURNAL_FOLDER = "journal";

async function createMember(context: MemberContext): Promise<MemberPart> {
  const { keys } = context;
  return createFederationService({
    spec: context.spec,
    index: context.index,
    seeds: { identity: keys.identity.seed, vault: keys.vault.seed, collector: keys.collector.seed },
    main: createHttpMainPort({ baseUrl: context.mainUrl }),
    side: { ...createHttpSidePort({ baseUrl: context.sideUrl }), payoutView: context.payoutView },
    peers: context.peers,
    mainAddressPrefix: context.mainSpec.addressPrefix,
    disk: context.disk,
    folder: JOURNAL_FOLDER,
    store: context.store,
    clock: systemClock,
    timers: systemTimers,
    rng: systemRng,
    logger: context.logger,
    crashPoint: context.crashPoint,
  });
}

type Running = { readonly ended: Promise<void>; stop(): Promise<void> };

async function start(
  folder: string,
  options: NodeOptions,
  parts: { logger: Logger; onStopAsked: () => void },
): Promise<Running> {
  if (options.kind === "main") return startMainNode({ folder, options, logger: parts.logger });
  return startSideNode({
    folder,
    options,
    keys: openNodeKeys(folder),
    version: VERSION,
    logger: parts.logger,
    createMember,
    onStopAsked: parts.onStopAsked,
  });
}

/** An ordered stop that takes longer than this has hung; the process ends anyway and recovers at its next start. */
const STOP_DEADLINE_MS = 15_000;

/** Says why the node ends, in its log and on stderr. A full disk may refuse both, and that must not hide the exit code. */
function reportEnd(error: unknown, logger: Logger | undefined): void {
  const known = error instanceof BystackError;
  let why = String(error);
  if (known) why = `${error.code}: ${error.message} ${error.why}`.trim();
  else if (error instanceof Error) why = error.stack ?? error.message;
  try {
    logger?.error("the node ends", { why, exitCode: exitCodeOf(error) });
    process.stderr.write(`${why}\n${known ? `next: ${error.next}\n` : ""}`);
  } catch {
    // The exit code still tells.
  }
}

/**
 * Ends the process on a failure that nobody awaited: nothing may go on after it, least of all voting. At once, without an
 * ordered stop: every start recovers from what is on the disk.
 */
function endOnUnheardFailure(logger: Logger): void {
  const end = (error: unknown): never => {
    reportEnd(error, logger);
    process.exit(exitCodeOf(error));
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
  // Whoever read our output has gone, or its file is on the full disk.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}

/** Runs a node until SIGTERM, SIGINT, its stop route or a failure; the exit code says which (platform.md section 3). */
export async function runNodeRun(folder: string): Promise<void> {
  let logger: ReturnType<typeof createFileLogger> | undefined;
  try {
    const options = loadNodeOptions(join(folder, "node.json"));
    logger = createFileLogger({
      folder: join(folder, "log"),
      node: options.id,
      level: options.logLevel,
      nowMs: Date.now,
    });
    endOnUnheardFailure(logger);
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    process.once("SIGTERM", () => ask());
    process.once("SIGINT", () => ask());
    const node = await start(folder, options, { logger, onStopAsked: () => ask() });
    await Promise.race([asked, node.ended]);
    logger.info("stopping");
    setTimeout(() => process.exit(0), STOP_DEADLINE_MS).unref();
    await node.stop();
    logger.info("stopped");
    process.exit(0);
  } catch (error) {
    reportEnd(error, logger);
    process.exit(exitCodeOf(error));
  }
}
