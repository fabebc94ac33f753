// What the steps of an apply stand on: the network's folder, the provider, the wallet, the proof, and the steps that several
// kinds of change share.

import { z } from "zod";
import type { NetworkDefinition } from "../../definition/schema.ts";
import { platformError } from "../../errors.ts";
import type { ComposedAccount, ComposedAsset } from "../../network/compose.ts";
import { loadNetworkState, type NetworkLayout, type NetworkNode, type NetworkState } from "../../network/layout.ts";
import { nodesNotReady, waitUntilReady } from "../../network/run.ts";
import type { Place } from "../../network/side-nodes.ts";
import type { DeployProvider } from "../../provider/provider.ts";
import type { Step, StepContext } from "../journal.ts";

/** A node that needs longer has a reason to tell. */
export const START_DEADLINE_MS = 60_000;
const READY_DEADLINE_MS = 120_000;

export const APPLY = "apply";

/** What an apply is made from: definitions as text, before and after. */
export const APPLY_INPUT = z.strictObject({
  before: z.string().nullable(),
  after: z.string(),
  /** SHA3-256 of the definition after. */
  definitionHash: z.string(),
});
export type ApplyInput = z.infer<typeof APPLY_INPUT>;

/** What the steps need of the world, for one network. */
export type ApplyWorld = {
  readonly layout: NetworkLayout;
  readonly provider: DeployProvider;
  /** Makes what is missing in the network's wallet; public halves only. */
  readonly wallet: (
    definition: NetworkDefinition,
  ) => Promise<{ readonly accounts: readonly ComposedAccount[]; readonly assets: readonly ComposedAsset[] }>;
  /** Moves assets there and back on a side chain, and compares what is owed. @returns what did not hold; undefined: all did */
  readonly prove: (
    state: NetworkState,
    chain: string,
    onProgress: (text: string) => void,
  ) => Promise<string | undefined>;
  /** Writes down what is applied now, and how many definitions were. */
  readonly saveRevision: (text: string) => Promise<void>;
  readonly revisionText: () => Promise<string | undefined>;
  /** Whether the chain of a node goes on without it; the reason when it does not. */
  readonly canSpare: (id: string) => Promise<string | undefined>;
  /** Whether a node sits in the committee of its chain. */
  readonly hasSeat: (id: string) => Promise<boolean>;
  readonly nowMs: () => number;
  readonly mainTargetSeconds: number;
};

export type Site = ApplyWorld & { readonly after: NetworkDefinition; readonly afterText: string };

export function stateOf({ layout }: Place): NetworkState {
  const state = loadNetworkState(layout);
  if (state === undefined) throw platformError("NETWORK_NOT_FOUND", { why: layout.root });
  return state;
}

export async function createOptions(site: Site) {
  const { after, layout, provider, mainTargetSeconds, nowMs } = site;
  const { accounts, assets } = await site.wallet(after);
  return { definition: after, layout, provider, accounts, assets, nowMs: nowMs(), mainTargetSeconds };
}

export async function areRunning({ provider }: Place, ids: readonly string[]): Promise<boolean> {
  const statuses = await provider.status(ids);
  return ids.length > 0 && statuses.every(({ phase }) => phase === "running");
}

/** Starts nodes, and stops them when it is taken back. */
export function startStep(place: Place, what: string, ids: () => readonly string[]): Step {
  return {
    name: `${what} started`,
    title: `start ${what}`,
    check: () => areRunning(place, ids()),
    do: async () => {
      await Promise.all(ids().map((id) => place.provider.start(id, START_DEADLINE_MS)));
    },
    undo: async () => {
      await Promise.all(ids().map((id) => place.provider.stop(id)));
    },
  };
}

export function notes(context: StepContext): (text: string) => void {
  // A note that cannot be written ends the operation with the next step that cannot.
  return (text) => void context.note(text).catch(() => {});
}

/** Waits until nodes are ready; has no effect that could be taken back. */
export function readyStep(place: Place, what: string, nodes: () => readonly NetworkNode[]): Step {
  return {
    name: `${what} ready`,
    title: `wait until ${what} is ready`,
    check: async () => (await nodesNotReady(place.layout, nodes())).length === 0,
    do: async (context) => {
      await waitUntilReady({
        layout: place.layout,
        nodes: nodes(),
        deadlineMs: READY_DEADLINE_MS,
        onProgress: notes(context),
        signal: context.signal,
      });
    },
    undo: async () => {},
  };
}

/** @throws BystackError NODE_NEEDED when the chain would not go on without it */
export async function assertSpared(site: Site, id: string): Promise<void> {
  const why = await site.canSpare(id);
  if (why !== undefined) throw platformError("NODE_NEEDED", { why });
}

/** @throws BystackError NODE_NEEDED for a node that was elected: its key would be put away while it is answerable */
export async function assertNoSeat(site: Site, id: string): Promise<void> {
  if (await site.hasSeat(id))
    throw platformError("NODE_NEEDED", {
      why: `${id} has a seat in the committee; it resigns first: bystack candidate resign`,
    });
}
