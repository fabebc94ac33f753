// Steps that change the nodes of what is there: one more, one less, one with other options.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { bytesToHex } from "@bystack/utils/bytes";
import { platformError } from "../../errors.ts";
import { isChainWanted, type NetworkNode, type NetworkState, saveJson } from "../../network/layout.ts";
import { addSideNode, arePeersKnown, makePeersKnown, putNodeAway } from "../../network/side-nodes.ts";
import type { Action } from "../../plan/plan.ts";
import type { Step } from "../journal.ts";
import {
  areRunning,
  assertNoSeat,
  assertSpared,
  readyStep,
  type Site,
  START_DEADLINE_MS,
  startStep,
  stateOf,
} from "./site.ts";

const nodesOf = (site: Site, id: string): readonly NetworkNode[] =>
  stateOf(site).nodes.filter((node) => node.id === id);

export function nodeSteps(site: Site, { target: id, chain }: Action): Step[] {
  const { layout, provider, after } = site;
  const place = { layout, provider };
  const side = after.sides.find((candidate) => candidate.chain === chain);
  if (side === undefined) throw platformError("CHAIN_NOT_FOUND", { why: `${chain}` });
  const { memoryMiB } = after.limits;
  const forget = async (): Promise<void> => {
    const state = stateOf(site);
    // Also when it is gone from the state already: the rest may have been cut off.
    saveJson(layout.state, { ...state, nodes: state.nodes.filter((node) => node.id !== id) });
    await makePeersKnown(place, { state: stateOf(site), chain: side.chain, memoryMiB });
    await provider.remove(id);
  };
  return [
    {
      name: `${id} made`,
      title: `make keys and options of ${id}`,
      check: async () => stateOf(site).nodes.some((node) => node.id === id),
      do: () => addSideNode(place, { definition: after, side, state: stateOf(site), id }),
      undo: forget,
    },
    {
      name: `${id} known`,
      title: `make ${id} known to the other nodes of ${side.chain}`,
      check: () => arePeersKnown(place, stateOf(site), side.chain),
      do: () => makePeersKnown(place, { state: stateOf(site), chain: side.chain, memoryMiB }),
      // Its keys go with the step before.
      undo: async () => {},
    },
    startStep(site, id, () => [id]),
    readyStep(site, id, () => nodesOf(site, id)),
  ];
}

export function removeSteps(site: Site, { target: id, chain }: Action): Step[] {
  const { layout, provider, after } = site;
  const place = { layout, provider };
  const isThere = () => stateOf(site).nodes.some((node) => node.id === id);
  return [
    {
      name: `${id} stopped`,
      title: `stop ${id}`,
      check: async () => !(await areRunning(site, [id])),
      do: async () => {
        await assertNoSeat(site, id);
        await provider.stop(id);
      },
      undo: async () => {
        if (isThere()) await provider.start(id, START_DEADLINE_MS);
      },
    },
    {
      name: `${id} put away`,
      title: `put the folder of ${id} away, and tell the other nodes`,
      check: async () =>
        !isThere() && !existsSync(join(layout.nodes, id)) && (await arePeersKnown(place, stateOf(site), chain ?? "")),
      do: async () => {
        if (isThere() || existsSync(join(layout.nodes, id))) await putNodeAway(place, stateOf(site), id, site.nowMs());
        await makePeersKnown(place, {
          state: stateOf(site),
          chain: chain ?? "",
          memoryMiB: after.limits.memoryMiB,
        });
      },
    },
  ];
}

/** The options that a definition changes on a node that is there, beside its peers. */
function wantedOptions(site: Site, id: string): Readonly<Record<string, unknown>> {
  const { after } = site;
  const { memoryMiB } = after.limits;
  const main = after.main.nodes.find(({ node }) => node === id);
  const node = stateOf(site).nodes.find((candidate) => candidate.id === id);
  const side = after.sides.find(({ chain }) => chain === node?.chain);
  if (main !== undefined) return { memoryMiB, mine: main.mine };
  return { memoryMiB, history: node?.index === null ? side?.nodes.observersHistory : side?.nodes.history };
}

async function isConfigured(site: Site, id: string): Promise<boolean> {
  const config = (await site.provider.applied(id))?.config ?? {};
  const wanted = wantedOptions(site, id);
  // What a main node mines to is not the definition's to say.
  const { program: _, ...mine } = (config.mine ?? {}) as Record<string, unknown>;
  const now = { ...config, mine };
  return Object.entries(wanted).every(
    ([key, value]) => JSON.stringify(value ?? {}) === JSON.stringify(now[key as keyof typeof now] ?? {}),
  );
}

/** Where the coins of a node go that was made without mining: to the first account, as on a new network. */
async function minerProgram(site: Site): Promise<string> {
  const [first] = (await site.wallet(site.after)).accounts;
  return bytesToHex(first?.program ?? Uint8Array.of(0x51));
}

export function configureSteps(site: Site, { target: id, title }: Action): Step[] {
  const { layout, provider } = site;
  const nodeIn = (state: NetworkState) => state.nodes.find((node) => node.id === id);
  return [
    {
      name: `${id} configured`,
      title,
      check: async () => {
        const [status] = await provider.status([id]);
        const since = nodeIn(stateOf(site))?.configuredAtMs ?? 0;
        const isStarted = status?.phase !== "running" || (status.instance?.startedAtMs ?? 0) > since;
        return isStarted && (await isConfigured(site, id));
      },
      do: async () => {
        const wasRunning = await areRunning(site, [id]);
        if (wasRunning) await assertSpared(site, id);
        if (!(await isConfigured(site, id))) {
          const config = (await provider.applied(id))?.config ?? {};
          const { memoryMiB, mine, ...rest } = wantedOptions(site, id) as { memoryMiB: number; mine?: object };
          const program = (config.mine as { program?: string } | undefined)?.program ?? (await minerProgram(site));
          const { mine: _, ...kept } = config;
          const mining = mine === undefined ? {} : { mine: { ...mine, program } };
          // Written first: a crash in between leaves a node that has still to be restarted.
          const state = stateOf(site);
          const nodes = state.nodes.map((node) => (node.id === id ? { ...node, configuredAtMs: site.nowMs() } : node));
          saveJson(layout.state, { ...state, nodes });
          await provider.apply({ id, config: { ...kept, ...rest, ...mining }, memoryMiB });
        }
        if (!wasRunning) return;
        await provider.stop(id);
        await provider.start(id, START_DEADLINE_MS);
      },
    },
    // Of a chain that shall not run no node gets ready.
    readyStep(site, id, () => nodesOf(site, id).filter(({ chain }) => isChainWanted(stateOf(site), chain))),
  ];
}
