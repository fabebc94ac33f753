// The network definition (platform.md section 2): what a network shall be, in one file. Strict: unknown keys are
// errors. Ports, hosts and endpoints never stand in it; amounts are decimal strings.

import { z } from "zod";
import { ELECTIONS, type ElectionsChain } from "./elections.ts";

/** Bytes of a definition file; the largest sensible one is a few kilobytes. */
export const DEFINITION_BYTES_MAX = 1 << 20;
/** Nodes of one chain in a definition: bbft.md section 3 bounds a committee by 100. */
export const DEFINITION_NODES_MAX = 100;
/** Side chains of a network on one machine: each is at least four processes. */
export const DEFINITION_SIDES_MAX = 50;

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "a name: a small letter, then up to 30 small letters, digits or hyphens");
const decimal = z.string().regex(/^\d+(?:\.\d+)?$/, "a decimal number in quotes");
const assetName = z.string().regex(/^[A-Z][A-Z0-9]{0,11}$/, "an asset name: up to 12 capital letters or digits");

const part = z.enum(["main", "validator", "observer", "federation"]);

const mainNode = z.strictObject({
  node: name,
  parts: z.array(part).default(["main"]),
  mine: z
    .strictObject({ threads: z.literal(1).default(1), everyMs: z.number().int().min(500).max(600_000).default(2000) })
    .optional(),
});

const main = z.strictObject({
  chain: name.default("main"),
  spec: z.enum(["dev", "solonet", "testnet", "mainnet"]).default("dev"),
  nodes: z.array(mainNode).min(1).max(1, "one main node for now: the main chain's own peer network comes later"),
});

const engine = z.strictObject({
  kind: z.literal("bbft-flat").default("bbft-flat"),
  blockMs: z.number().int().min(100).max(60_000).default(500),
  run: z.number().int().min(1).max(12).default(4),
  epochBlocks: z.number().int().min(2).max(100_000).default(60),
});

const federation = z.strictObject({
  scheme: z.literal("checkmultisig").default("checkmultisig"),
  threshold: z.number().int().min(1),
  confirmations: z.number().int().min(1).max(1000).default(6),
  assets: z.array(z.union([z.literal("BTM"), assetName])).default(["BTM"]),
});

/** Every block from the first on, all since the node began, or those behind its last two snapshots. */
const history = z.enum(["archive", "kept", "pruned"]);

const side = z.strictObject({
  chain: name,
  engine: engine.default({ kind: "bbft-flat", blockMs: 500, run: 4, epochBlocks: 60 }),
  privacy: z.strictObject({ mode: z.literal("transparent").default("transparent") }).default({ mode: "transparent" }),
  store: z.enum(["lmdb", "memory"]).default("lmdb"),
  nodes: z.strictObject({
    /** Validators of the first committee. */
    count: z.number().int().min(1).max(DEFINITION_NODES_MAX),
    /** Nodes beside them without a seat: they follow the chain, and with elections they may be elected. */
    observers: z.number().int().min(0).max(DEFINITION_NODES_MAX).default(0),
    /** Which blocks they keep (`history` of node.json). */
    history: history.default("kept"),
    /** Observers serve whoever needs old blocks, and explorers. */
    observersHistory: history.default("archive"),
    parts: z.array(part).default(["validator", "federation"]),
  }),
  developmentMode: z.boolean().default(false),
  federation: federation.optional(),
  /** Left out, the first committee stays for ever; `{}` holds elections by the default parameters. */
  elections: ELECTIONS.optional(),
});

const account = z.strictObject({ account: name, fund: z.record(z.string(), decimal).default({}) });
const asset = z.strictObject({ asset: assetName, issuer: name, decimals: z.number().int().min(0).max(18).default(0) });

const backup = z.strictObject({
  /** From one backup of a chain to the next. */
  every: z
    .string()
    .regex(/^[1-9]\d{0,3}[mhd]$/, "a period: a number and m, h or d, for example 24h")
    .default("24h"),
  /** Backups of each chain that stay; the oldest beyond them go. */
  keep: z.number().int().min(1).max(1000).default(7),
  /** A folder; one without a slash in front is beside the platform's own store. */
  target: z
    .string()
    .max(300)
    .regex(
      /^file:(?:\/[^\0]+|(?!data$)[a-z0-9][a-z0-9-]*)$/,
      "file: and an absolute path, or file: and a name other than data",
    )
    .default("file:backups"),
  /** Whether each is run through in a throw-away node. */
  drill: z.boolean().default(true),
  /** The public half of a key that the platform does not have. */
  recipient: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "the public half of a key, 64 hexadecimal digits: bystack backup key create <file>"),
});
export type BackupDefinition = z.output<typeof backup>;

export const NETWORK_DEFINITION = z.strictObject({
  $schema: z.string().optional(),
  format: z.literal(1),
  release: z.string().optional(),
  network: name,
  preset: z.enum(["dev"]).default("dev"),
  provider: z.enum(["process"]).default("process"),
  main,
  sides: z.array(side).min(1).max(DEFINITION_SIDES_MAX),
  accounts: z.array(account).max(100).default([]),
  assets: z.array(asset).max(100).default([]),
  /** Whether anybody may see the chains, without signing in; how they are run stays with those who are. */
  explorer: z.strictObject({ public: z.boolean().default(false) }).default({ public: false }),
  /** Left out, backups are made when somebody asks for one. */
  backup: backup.optional(),
  prove: z.array(z.enum(["peg-round-trip"])).default(["peg-round-trip"]),
  limits: z
    .strictObject({
      memoryMiB: z.number().int().min(128).default(512),
      diskFreeMiB: z.number().int().min(64).default(1024),
      logMiB: z.number().int().min(1).default(50),
    })
    .default({ memoryMiB: 512, diskFreeMiB: 1024, logMiB: 50 }),
});

export type NetworkDefinition = z.output<typeof NETWORK_DEFINITION>;
export type SideDefinition = NetworkDefinition["sides"][number];

/** The elections of a side chain with what they depend on; undefined where it has none. */
export function electionsOf(side: SideDefinition): ElectionsChain | undefined {
  const { elections, nodes, engine, developmentMode } = side;
  return elections === undefined ? undefined : { elections, validators: nodes.count, engine, developmentMode };
}
