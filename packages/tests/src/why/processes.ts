// Situations of a node's process that a real process brings about: the program is started with options, keys, folders and
// ports that are not as they should be, ends as it ends, and is asked about through the provider and the collector.

import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEd25519Signer } from "@bystack/crypto/ed25519";
import { layoutOf, type NetworkState, saveJson } from "@bystack/platform/network/layout";
import { createProcessProvider } from "@bystack/platform/provider/process";
import { collect } from "@bystack/platform/why/collect";
import type { Evidence } from "@bystack/platform/why/evidence";
import { chainIdOf, formatChainSpec } from "@bystack/protocol/spec";
import { createDevSideSpec } from "@bystack/protocol/spec/presets";
import { openDataFolder } from "@bystack/storage/data-folder";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { PROGRAM } from "../soak/network.ts";
import type { Scenario } from "./scenario.ts";

const NODE = "demo-1";
const START_MS = 30_000;

type Site = {
  readonly folder: string;
  /** More of node.json. */
  configure(part: Readonly<Record<string, unknown>>): void;
  start(): Promise<boolean>;
  collect(): Promise<Evidence>;
  end(): Promise<void>;
};

const publicKeyOf = (n: number): Uint8Array => createEd25519Signer(new Uint8Array(32).fill(n)).publicKey;

/** A network of one chain in a folder of its own; only its first validator has keys and is ever started. */
async function createSite(): Promise<Site> {
  const home = mkdtempSync(join(tmpdir(), "bystack-why-"));
  const layout = layoutOf(home, "dev");
  mkdirSync(layout.nodes, { recursive: true });
  const provider = createProcessProvider({ folder: layout.root, program: PROGRAM });
  const identity = await provider.apply({ id: NODE, config: { format: 1, id: NODE }, memoryMiB: 256 });
  const others = [2, 3, 4].map((n) => ({ id: `demo-${n}`, vote: bytesToHex(publicKeyOf(n)) }));
  const committee = [{ id: NODE, vote: identity.vote ?? "" }, ...others].map(({ id, vote }) => ({
    id,
    voteKey: hexToBytes(vote),
    rewardProgram: Uint8Array.of(0x00, 0x14, ...new Uint8Array(20)),
  }));
  const spec = createDevSideSpec({
    name: "demo",
    genesisTimeMs: Date.now(),
    committee,
    federation: null,
    genesisOutputs: [],
    consensus: { blockMs: 500, deltaMs: 150, run: 4, epochBlocks: 60 },
  });
  const folder = join(layout.nodes, NODE);
  writeFileSync(join(folder, "spec.json"), formatChainSpec(spec));
  const config = {
    format: 1,
    id: NODE,
    network: "dev",
    chain: "demo",
    kind: "side",
    specFile: "spec.json",
    memoryMiB: 256,
  };
  const configure = (part: Readonly<Record<string, unknown>>): void =>
    saveJson(join(folder, "node.json"), { ...config, ...part });
  configure({});
  const state: NetworkState = {
    format: 2,
    network: "dev",
    createdAtMs: Date.now(),
    mainChain: "main",
    mainSpecHash: "",
    sides: [
      { chain: "demo", chainId: bytesToHex(chainIdOf(spec)), createdAtMs: Date.now(), roundTrip: null, proven: false },
    ],
    nodes: [NODE, ...others.map(({ id }) => id)].map((id, index) => ({ id, chain: "demo", kind: "side", index })),
    accounts: [],
    assets: [],
  };
  return {
    folder,
    configure,
    start: () =>
      provider.start(NODE, START_MS).then(
        () => true,
        () => false,
      ),
    collect: () => collect({ layout, state, provider, nowMs: () => Date.now() }),
    end: async () => {
      await provider.stop(NODE).catch(() => {});
      rmSync(home, { recursive: true, force: true });
    },
  };
}

type Prepare = (site: Site) => Promise<(() => Promise<void> | void) | undefined>;

function process(
  name: string,
  parts: Pick<Scenario, "about" | "first" | "never"> & { readonly prepare: Prepare },
): Scenario {
  const { prepare, ...rest } = parts;
  return {
    name,
    source: "process",
    ...rest,
    subject: { kind: "node", node: NODE },
    evidence: async () => {
      const site = await createSite();
      let restore: (() => Promise<void> | void) | undefined;
      try {
        restore = await prepare(site);
        await site.start();
        return await site.collect();
      } finally {
        await restore?.();
        await site.end();
      }
    },
  };
}

async function occupyPort(): Promise<{ port: number; free: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { port, free: () => new Promise((resolve) => server.close(() => resolve())) };
}

export const PROCESS_SCENARIOS: readonly Scenario[] = [
  process("the keys of a node are gone", {
    about: "key-locked",
    first: "key-locked",
    prepare: async ({ folder }) => {
      renameSync(join(folder, "keys"), join(folder, "keys-elsewhere"));
      return undefined;
    },
  }),
  process("an option is misspelt: the keys are there", {
    about: "key-locked",
    first: "options-wrong",
    never: ["key-locked"],
    prepare: async ({ configure }) => {
      configure({ storr: "lmdb" });
      return undefined;
    },
  }),
  process("another program has the port", {
    about: "port-stolen",
    first: "port-stolen",
    prepare: async ({ configure }) => {
      const { port, free } = await occupyPort();
      configure({ http: { host: "127.0.0.1", port } });
      return free;
    },
  }),
  process("another process has the folder", {
    about: "folder-in-use",
    first: "folder-in-use",
    never: ["port-stolen", "double-run"],
    prepare: async ({ folder }) => {
      const held = await openDataFolder({ path: join(folder, "data", "side"), kind: "side-node", version: 1 });
      return () => held.release();
    },
  }),
  process("one of four runs, and the others were never started", {
    about: "quorum-lost",
    first: null,
    never: ["quorum-lost", "no-final-block", "key-locked", "port-stolen"],
    prepare: async () => undefined,
  }),
];
