// A provider without processes: the keys of a node are a function of its id, an exit is what a test says it is, and
// everything the provider was asked is remembered.

import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEV_DEFINITION } from "@bystack/platform/definition/dev";
import { parseDefinition } from "@bystack/platform/definition/parse";
import { type CreateOptions, createMainChain, createSideChain } from "@bystack/platform/network/create";
import { layoutOf, makeFolders, type NetworkState } from "@bystack/platform/network/layout";
import type {
  AppliedNode,
  DeployProvider,
  NodeExit,
  NodeIdentity,
  NodeInstance,
  NodeSpec,
  NodeStatus,
} from "@bystack/platform/provider";
import { bytesToHex } from "@bystack/utils/bytes";

const USES = ["peer", "vote", "reward", "identity", "vault", "collector"] as const;
/** An Ed25519 seed in PKCS #8 is this and the seed (RFC 8410). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

function publicKeyOf(name: string): string {
  const seed = createHash("sha256").update(name).digest();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  return bytesToHex(createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32));
}

export class FakeProvider implements DeployProvider {
  readonly specs: NodeSpec[] = [];
  readonly started: string[] = [];
  readonly stopped: string[] = [];
  /** What `start` answers for a node, when it shall fail. */
  readonly failures = new Map<string, Error>();
  readonly #listeners: ((id: string, exit: NodeExit) => void)[] = [];

  async apply(spec: NodeSpec): Promise<NodeIdentity> {
    this.specs.push(spec);
    return this.#identityOf(spec.id);
  }

  #identityOf(id: string): NodeIdentity {
    return Object.fromEntries(USES.map((use) => [use, publicKeyOf(`${id} ${use}`)]));
  }

  async applied(id: string): Promise<AppliedNode | undefined> {
    const spec = this.specs.findLast((one) => one.id === id);
    return spec && { config: spec.config, identity: this.#identityOf(id) };
  }

  async start(id: string): Promise<NodeInstance> {
    this.started.push(id);
    const failure = this.failures.get(id);
    if (failure !== undefined) throw failure;
    return { pid: 1, instance: id, ports: { http: 1 }, startedAtMs: 1, processStart: "1" };
  }

  async stop(id: string): Promise<void> {
    this.stopped.push(id);
  }

  async remove(_id: string): Promise<void> {}

  async status(_ids?: readonly string[]): Promise<NodeStatus[]> {
    return [];
  }

  async logs(): Promise<string[]> {
    return [];
  }

  async perturb(): Promise<void> {}

  onExit(listener: (id: string, exit: NodeExit) => void): void {
    this.#listeners.push(listener);
  }

  /** A node ends by itself. */
  end(id: string, exit: Partial<NodeExit>): void {
    const whole = { code: null, signal: null, atMs: 0, meaning: "", tail: [], ...exit };
    for (const listener of this.#listeners) listener(id, whole);
  }
}

export const NOW_MS = 1_800_000_000_000;

export function homeFolder(): string {
  return mkdtempSync(join(tmpdir(), "bystack-network-"));
}

export function programOf(name: string): Uint8Array {
  return Uint8Array.of(0x00, 0x14, ...createHash("sha256").update(name).digest().subarray(0, 20));
}

/** What `createNetwork` gets for a network in a home folder. */
function createOptions(home: string, text: string, rest: Partial<CreateOptions>): CreateOptions {
  const definition = parseDefinition(text, "net.yaml");
  return {
    definition,
    layout: layoutOf(home, definition.network),
    provider: new FakeProvider(),
    accounts: definition.accounts.map(({ account }) => ({ name: account, program: programOf(account) })),
    assets: definition.assets.map(({ asset }) => ({
      name: asset,
      id: Uint8Array.from(createHash("sha256").update(asset).digest()),
    })),
    nowMs: NOW_MS,
    mainTargetSeconds: 2,
    ...rest,
  };
}

/** Makes a network, the dev network unless `text` says another. */
export async function makeNetwork(
  home: string,
  part: Partial<CreateOptions> & { readonly text?: string } = {},
): Promise<NetworkState> {
  const { text = DEV_DEFINITION, ...rest } = part;
  const options = createOptions(home, text, rest);
  makeFolders(options.layout);
  let state = await createMainChain(options);
  for (const side of options.definition.sides) state = await createSideChain(options, state, side);
  return state;
}
