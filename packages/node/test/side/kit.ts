// Side nodes for tests: real nodes in this process, each with a folder of its own, on loopback with ports that the system
// chose. A node is told the ports of those that run already; the later ones dial it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiClient, createClient } from "@bystack/api/client";
import { SIDE_ROUTES } from "@bystack/api/side-routes";
import { publicKeyProgram } from "@bystack/protocol/program";
import { formatChainSpec, type SideChainSpec, type VotesSpec } from "@bystack/protocol/spec";
import { createDevSideSpec } from "@bystack/protocol/spec/presets";
import type { Disk } from "@bystack/storage/disk";
import { hexToBytes } from "@bystack/utils/bytes";
import { type Logger, nullLogger } from "@bystack/utils/ports";
import { parseNodeOptions, type SideNodeOptions } from "../../src/options.ts";
import { initNode, type KeyUse, openNodeKeys } from "../../src/process/keys.ts";
import { type RunningNode, startSideNode } from "../../src/side/side-node.ts";

export type SideClient = ApiClient<typeof SIDE_ROUTES>;

export const COIN_NEU = 100_000_000_000n;
/** Stands for the port of a node that does not run yet: nobody listens there, and that node dials by itself. */
const NO_PORT = 1;

export type Seat = {
  readonly id: string;
  readonly folder: string;
  readonly keys: Readonly<Record<KeyUse, string>>;
  mesh: number;
};

export type Started = RunningNode & { readonly url: string; readonly client: SideClient };

/** Quick blocks and short epochs: a few seconds see several epochs. */
export const CONSENSUS = { blockMs: 100, deltaMs: 50, run: 2, epochBlocks: 8 };

/** Folders and keys of a committee and of one observer beside it; the spec of its chain, with coins for one program. */
export class Committee {
  readonly root = mkdtempSync(join(tmpdir(), "bystack-side-"));
  readonly seats: readonly Seat[];
  /** No place in the committee, but the validators know its key: the mesh takes no other. */
  readonly observer: Seat;
  readonly spec: SideChainSpec;

  /** More of node.json, the same for all. */
  readonly #extra: Readonly<Record<string, unknown>>;

  constructor(options: {
    count: number;
    program: Uint8Array;
    coins: number;
    votes?: VotesSpec;
    /** Blocks for which a vote is locked. */
    voteBlocks?: number;
    extra?: Readonly<Record<string, unknown>>;
    consensus?: typeof CONSENSUS;
  }) {
    this.#extra = options.extra ?? {};
    this.seats = Array.from({ length: options.count }, (_, i) => this.#seat(`v${i + 1}`));
    this.observer = this.#seat("o1");
    const spec = createDevSideSpec({
      name: "demo",
      genesisTimeMs: Date.now(),
      committee: this.seats.map(({ id, keys }) => ({
        id,
        voteKey: hexToBytes(keys.vote),
        rewardProgram: publicKeyProgram(hexToBytes(keys.reward)),
      })),
      federation: null,
      genesisOutputs: Array.from({ length: options.coins }, () => ({ program: options.program, amountNeu: COIN_NEU })),
      consensus: options.consensus ?? CONSENSUS,
      ...(options.votes && { votes: options.votes }),
    });
    this.spec = { ...spec, locks: { ...spec.locks, voteBlocks: options.voteBlocks ?? spec.locks.voteBlocks } };
    for (const seat of this.#all()) this.saveSpec(seat, this.spec);
  }

  #seat(id: string): Seat {
    const folder = join(this.root, id);
    for (const part of ["data", "keys", "log"]) mkdirSync(join(folder, part), { recursive: true });
    return { id, folder, keys: initNode(folder), mesh: NO_PORT };
  }

  #all(): Seat[] {
    return [...this.seats, this.observer];
  }

  saveSpec(seat: Seat, spec: SideChainSpec): void {
    writeFileSync(join(seat.folder, "spec.json"), formatChainSpec(spec));
  }

  /** Removes what the node has on disk beside its keys. */
  wipe(seat: Seat): void {
    rmSync(join(seat.folder, "data"), { recursive: true });
    mkdirSync(join(seat.folder, "data"));
  }

  /** All others as peers of one, or all but one of them. */
  peersOf(seat: Seat, without?: Seat) {
    const others = this.#all().filter((other) => other !== seat && other !== without);
    return others.map(({ id, keys, mesh }) => ({
      id,
      key: keys.peer,
      voteKey: keys.vote,
      host: "127.0.0.1",
      port: mesh,
    }));
  }

  /** The JSON of node.json. */
  json(seat: Seat): Readonly<Record<string, unknown>> {
    return {
      format: 1,
      id: seat.id,
      network: "test",
      chain: "demo",
      kind: "side",
      specFile: "spec.json",
      snapshotBlocks: 10,
      peers: this.peersOf(seat),
      ...this.#extra,
    };
  }

  options(seat: Seat, without?: Seat): SideNodeOptions {
    const fewer = without === undefined ? {} : { peers: this.peersOf(seat, without) };
    const options = parseNodeOptions({ ...this.json(seat), ...fewer });
    if (options.kind !== "side") throw new Error("these are the options of a side node");
    return options;
  }

  async start(
    seat: Seat,
    onStopAsked: () => void = () => {},
    parts: {
      readonly logger?: Logger;
      readonly createDisk?: (root: string) => Disk;
      /** A peer that this node is not told of. */
      readonly without?: Seat;
    } = {},
  ): Promise<Started> {
    const node = await startSideNode({
      folder: seat.folder,
      options: this.options(seat, parts.without),
      keys: openNodeKeys(seat.folder),
      version: "test",
      logger: parts.logger ?? nullLogger,
      onStopAsked,
      createDisk: parts.createDisk,
    });
    seat.mesh = node.instance.ports.mesh ?? NO_PORT;
    return { ...node, ...this.access(node) };
  }

  access(node: RunningNode): { readonly url: string; readonly client: SideClient } {
    const url = `http://127.0.0.1:${node.instance.ports.http}`;
    return { url, client: createClient({ baseUrl: url, routes: SIDE_ROUTES, token: node.instance.adminToken }) };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

const POLL_MS = 25;
export const DEADLINE_MS = 20_000;

/** Asks again until the answer holds. @throws with the last answer when it does not in time */
export async function until<T>(what: string, ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  const endMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > endMs) throw new Error(`${what}: not within ${DEADLINE_MS} ms: ${JSON.stringify(answer)}`);
    await delay(POLL_MS);
  }
}

export function untilHeight(client: SideClient, height: number) {
  return until(
    `height ${height}`,
    () => client.call("info"),
    (info) => info.finalHeight >= height,
  );
}
