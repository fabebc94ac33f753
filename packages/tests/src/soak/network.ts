// A network of one's own for a soak run: raised by the command line as a user would, then taken over from its daemon so
// that the run decides what is killed and when. Lives in a temporary folder and on loopback only.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readDaemon } from "@bystack/platform/daemon/daemon-file";
import { layoutOf, loadNetworkState, type NetworkLayout, type NetworkState } from "@bystack/platform/network/layout";
import { clientOf, type SideClient } from "@bystack/platform/network/run";
import type { DeployProvider } from "@bystack/platform/provider";
import { createProcessProvider } from "@bystack/platform/provider/process";
import { layRelays, type Relays } from "./relays.ts";

export const PROGRAM = join(import.meta.dirname, "..", "..", "..", "cli", "bin", "bystack.mjs");

export type SoakNetwork = {
  readonly home: string;
  readonly layout: NetworkLayout;
  readonly state: NetworkState;
  readonly provider: DeployProvider;
  /** Ids of the side chain's nodes, in the order of the first committee; one without a seat comes last. */
  readonly sides: readonly string[];
  readonly main: string;
  /** The wires between the side nodes, where the run asked for them. */
  readonly relays: Relays | undefined;
  /** Runs a command of the command line. @returns the data that it gave @throws when it gave none */
  cli(...args: readonly string[]): Promise<unknown>;
  client(id: string): SideClient;
  pid(id: string): number;
  start(ids: readonly string[]): Promise<void>;
  /** Stops every node; the folder goes too unless it is kept for whoever looks into a finding. */
  end(options: { readonly keepFolder: boolean }): Promise<void>;
};

/** A port on which nothing listens: reserved, and below those that ordinary processes get. */
const NOBODY_PORT = 1;
const START_DEADLINE_MS = 60_000;
/** A command that takes longer is a finding; the longest ones raise a network or prove a round trip. */
const CLI_DEADLINE_MS = 180_000;
/** What shells give for a process that was interrupted. */
const SIGNAL_EXIT_CODE = 130;

/** Runs a command as a user would, in a process of its own: this one goes on observing. @throws when it gives no data */
async function runCli(home: string, args: readonly string[]): Promise<unknown> {
  const child = spawn(process.execPath, [PROGRAM, "--json", ...args], {
    env: { ...process.env, BYSTACK_HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: CLI_DEADLINE_MS,
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    out += chunk;
  });
  await once(child, "close");
  const answer = JSON.parse(out || "{}") as { data?: unknown; error?: { message: string; why: string } };
  if (answer.data === undefined)
    throw new Error(`bystack ${args.join(" ")}: ${answer.error?.message ?? "no answer"} ${answer.error?.why ?? ""}`);
  return answer.data;
}

/** Turns the frame tap of every node on: it writes all consensus messages it sends and receives to a file. */
function switchTapsOn(layout: NetworkLayout, ids: readonly string[]): void {
  for (const id of ids) {
    const path = join(layout.nodes, id, "node.json");
    const options = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...options, tap: true }, null, 2), { mode: 0o600 });
  }
}

/** Adds peers to the options of a node that is stopped; they dial, and nobody listens where it would dial them. */
function letIn(layout: NetworkLayout, id: string, peers: readonly { id: string; key: string }[]): void {
  const path = join(layout.nodes, id, "node.json");
  const options = JSON.parse(readFileSync(path, "utf8"));
  const added = peers.map((peer) => ({ ...peer, host: "127.0.0.1", port: NOBODY_PORT }));
  writeFileSync(path, JSON.stringify({ ...options, peers: [...options.peers, ...added] }, null, 2), { mode: 0o600 });
}

/** The taps of a node, one for each of its starts: a kill may tear the last frame of each. */
export function tapFilesOf(layout: NetworkLayout, id: string): string[] {
  const folder = join(layout.nodes, id, "log");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".tap"))
    .map((name) => join(folder, name));
}

export type RaiseOptions = {
  /** Record all consensus frames. */
  readonly tap: boolean;
  /** The dev network with elections, and a fifth node that has no seat at first. */
  readonly elections?: boolean;
  /** Put wires that can be cut between the side nodes. */
  readonly relays?: boolean;
  /** Peers without a vote that the side nodes let in, beside each other. */
  readonly peers?: readonly { readonly id: string; readonly key: string }[];
};

/** Raises the dev network, waits for its proof, ends its daemon (the nodes live on) and hands the nodes over. */
export async function raiseNetwork(options: RaiseOptions): Promise<SoakNetwork> {
  const home = mkdtempSync(join(tmpdir(), "bystack-soak-"));
  const layout = layoutOf(home, "dev");
  const cli = (...args: readonly string[]): Promise<unknown> => runCli(home, args);
  // Until the nodes are this process's own, the platform that raises them takes them down again.
  let end: () => Promise<unknown> = () => cli("clean", "--yes");
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      process.stderr.write(`soak  ended by ${signal}: stopping its nodes\n`);
      void end().finally(() => process.exit(SIGNAL_EXIT_CODE));
    });
  await cli("up", "--detach", ...(options.elections === true ? ["--elections"] : []));
  const state = loadNetworkState(layout);
  if (state === undefined) throw new Error("the network left no state");
  const daemon = readDaemon(home);
  if (daemon === undefined) throw new Error("the platform has ended");
  process.kill(daemon.pid, "SIGKILL");
  const provider = createProcessProvider({ folder: layout.root, program: PROGRAM });
  const sides = state.nodes.filter((node) => node.kind === "side").map((node) => node.id);
  const [main = ""] = state.nodes.filter((node) => node.kind === "main").map((node) => node.id);
  if (options.tap || options.relays === true) for (const id of sides) await provider.stop(id);
  if (options.tap) switchTapsOn(layout, sides);
  const relays = options.relays === true ? await layRelays(layout, sides) : undefined;
  for (const id of sides) letIn(layout, id, options.peers ?? []);
  const network: SoakNetwork = {
    home,
    layout,
    state,
    provider,
    sides,
    main,
    relays,
    cli,
    client: (id) => {
      const node = state.nodes.find((candidate) => candidate.id === id);
      const client = node === undefined ? undefined : clientOf(layout, node);
      if (client === undefined) throw new Error(`${id} is not running`);
      return client;
    },
    pid: (id) => (JSON.parse(readFileSync(join(layout.nodes, id, "instance.json"), "utf8")) as { pid: number }).pid,
    start: async (ids) => {
      await Promise.all(ids.map((id) => provider.start(id, START_DEADLINE_MS)));
    },
    end: async ({ keepFolder }) => {
      const daemon = readDaemon(home);
      if (daemon !== undefined) process.kill(daemon.pid, "SIGKILL");
      const nodes = loadNetworkState(layout)?.nodes ?? state.nodes;
      await Promise.all(nodes.map(({ id }) => provider.stop(id).catch(() => {})));
      relays?.close();
      if (keepFolder) process.stderr.write(`soak  data and logs of all nodes are kept in ${home}\n`);
      else rmSync(home, { recursive: true, force: true });
    },
  };
  end = () => network.end({ keepFolder: false });
  try {
    await network.start([main, ...sides]);
    await waitUntilReady(network, sides);
  } catch (error) {
    await network.end({ keepFolder: true });
    throw error;
  }
  return network;
}

/** Waits until the nodes say that they are ready. @throws after the deadline, with what the last one said */
export async function waitUntilReady(
  network: SoakNetwork,
  ids: readonly string[],
  deadlineMs = START_DEADLINE_MS,
): Promise<void> {
  const until = Date.now() + deadlineMs;
  let last = "";
  while (Date.now() < until) {
    const infos = await Promise.all(
      ids.map(async (id) =>
        network
          .client(id)
          .call("info")
          .catch((error: Error) => ({ ready: false, notReadyBecause: error.message })),
      ),
    );
    const late = infos.findIndex((info) => !info.ready);
    if (late < 0) return;
    last = `${ids[late]}: ${infos[late]?.notReadyBecause}`;
    await delay(100);
  }
  throw new Error(`not ready: ${last}`);
}
