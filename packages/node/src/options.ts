// The options of one node: node.json. They never affect validity (architecture.md section 5); unknown keys are errors
// that name the nearest valid one.

import { readFileSync } from "node:fs";
import { hexToBytes, tryHexToBytes } from "@bystack/utils/bytes";
import { nearestWord } from "@bystack/utils/suggest";
import { z } from "zod";
import { nodeError } from "./errors.ts";

const hex = (bytes?: number) =>
  z
    .string()
    .refine(
      (text) => tryHexToBytes(text) !== undefined && (bytes === undefined || text.length === 2 * bytes),
      "hexadecimal",
    )
    .transform(hexToBytes);

const listen = z.strictObject({
  host: z.string().default("127.0.0.1"),
  port: z.number().int().min(0).max(65_535).default(0),
});
const LOOPBACK = { host: "127.0.0.1", port: 0 };

/** A peer of a side node: its key is pinned, whatever answers at the address. */
export const SIDE_PEER = z.strictObject({
  id: z.string(),
  key: hex(32),
  /** Of a peer that may be elected; those of the first committee are in the spec. */
  voteKey: hex(32).optional(),
  host: z.string(),
  port: z.number().int().min(1).max(65_535),
});
const memberPeer = z.strictObject({ index: z.number().int().nonnegative(), url: z.url() });

const common = {
  format: z.literal(1),
  id: z.string(),
  network: z.string(),
  chain: z.string(),
  /** Path of the ChainSpec file, from the node's folder. */
  specFile: z.string(),
  http: listen.default(LOOPBACK),
  hostsAllowed: z.array(z.string()).default([]),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
  memoryMiB: z.number().int().min(64).default(512),
  store: z.enum(["lmdb", "memory"]).default("lmdb"),
  /** Keeps an index beside the chain and answers the explorer's routes from it. */
  explorer: z.boolean().default(false),
  /** Tensority and other kernels; `auto` takes the fastest that is there and says which. */
  backend: z.enum(["auto", "ts", "wasm", "native"]).default("auto"),
};

const mainOptions = z.strictObject({
  ...common,
  kind: z.literal("main"),
  mine: z.strictObject({ threads: z.literal(1), everyMs: z.number().int().min(100), program: hex() }).optional(),
});

const sideOptions = z.strictObject({
  ...common,
  kind: z.literal("side"),
  /** Place in the committee; absent for an observer. */
  mesh: listen.default(LOOPBACK),
  peers: z.array(SIDE_PEER).default([]),
  /** The own main-chain node, for headers and for voting on them. */
  mainUrl: z.url().optional(),
  mainSpecFile: z.string().optional(),
  federation: z.strictObject({ members: z.array(memberPeer) }).optional(),
  /** Development: every consensus message sent or received goes to log/frames-<ms>.tap, for the recorder of a soak run. */
  tap: z.boolean().default(false),
  /** Development: the process kills itself when its federation member comes to this named crash point. */
  crashAt: z.enum(["CP16", "CP17", "CP18", "CP19"]).optional(),
  snapshotBlocks: z.number().int().min(10).default(1000),
  /**
   * Which blocks are here. `archive`: every one from the first on, a new node replays them; `kept`: all since this node began,
   * and a new one begins with a state from its peers; `pruned`: likewise, and old ones go once two snapshots cover them.
   */
  history: z.enum(["archive", "kept", "pruned"]).default("kept"),
  /**
   * The last block of an epoch, from somebody whom the operator believes: a new node of a chain whose elections are older than
   * its trusting period takes a state only from this block's committee on.
   */
  trusted: z.strictObject({ height: z.number().int().positive(), hash: hex(32) }).optional(),
});

const NODE_OPTIONS = z.discriminatedUnion("kind", [mainOptions, sideOptions]);

export type NodeOptions = z.output<typeof NODE_OPTIONS>;
export type MainNodeOptions = z.output<typeof mainOptions>;
export type SideNodeOptions = z.output<typeof sideOptions>;
export type SidePeer = z.output<typeof SIDE_PEER>;

function explain(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join(".");
  if (issue.code !== "unrecognized_keys") return `${path || "options"}: ${issue.message}`;
  const valid = [...Object.keys(mainOptions.shape), ...Object.keys(sideOptions.shape)];
  return issue.keys
    .map((key) => {
      const near = nearestWord(key, valid);
      return `unknown key "${path === "" ? key : `${path}.${key}`}"${near === undefined ? "" : `; did you mean "${near}"?`}`;
    })
    .join("; ");
}

export function parseNodeOptions(value: unknown): NodeOptions {
  const result = NODE_OPTIONS.safeParse(value);
  if (!result.success)
    throw nodeError("OPTIONS_INVALID", { why: result.error.issues.slice(0, 3).map(explain).join("; ") });
  return result.data;
}

export function loadNodeOptions(path: string): NodeOptions {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw nodeError("OPTIONS_INVALID", { why: `node.json is missing or not JSON`, cause });
  }
  return parseNodeOptions(value);
}
