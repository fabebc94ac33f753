// Steps that make chains: the main chain with the network's folder, side chains beside it, and their proof.

import { rmSync } from "node:fs";
import { platformError } from "../../errors.ts";
import { createMainChain, createSideChain, namedAssets, removeSideChain } from "../../network/create.ts";
import { loadNetworkState, makeFolders, type NetworkNode, saveJson } from "../../network/layout.ts";
import type { Action } from "../../plan/plan.ts";
import type { Step } from "../journal.ts";
import { createOptions, notes, readyStep, type Site, startStep, stateOf } from "./site.ts";

const nodesOf = (site: Site, chain: string): readonly NetworkNode[] =>
  stateOf(site).nodes.filter((node) => node.chain === chain);

export function mainSteps(site: Site): Step[] {
  const { layout, after } = site;
  const { chain } = after.main;
  const ids = () => nodesOf(site, chain).map(({ id }) => id);
  return [
    {
      name: `${chain} made`,
      title: `make accounts, and keys and spec of main chain ${chain}`,
      check: async () => loadNetworkState(layout) !== undefined,
      do: async () => {
        makeFolders(layout);
        await createMainChain(await createOptions(site));
      },
      undo: async () => {
        rmSync(layout.root, { recursive: true, force: true });
      },
    },
    startStep(site, chain, ids),
    readyStep(site, chain, () => nodesOf(site, chain)),
  ];
}

function provenStep(site: Site, chain: string): Step {
  const sideOf = () => stateOf(site).sides.find((side) => side.chain === chain);
  return {
    name: `${chain} proven`,
    title: `carry assets to ${chain} and back`,
    check: async () => sideOf()?.proven === true,
    do: async (context) => {
      const wrong = await site.prove(stateOf(site), chain, notes(context));
      if (wrong !== undefined) throw platformError("CHAIN_UNPROVEN", { why: wrong });
      const state = stateOf(site);
      const sides = state.sides.map((side) => (side.chain === chain ? { ...side, proven: true } : side));
      saveJson(site.layout.state, { ...state, sides });
    },
  };
}

export function sideSteps(site: Site, chain: string): Step[] {
  const { layout, provider, after } = site;
  const ids = () => nodesOf(site, chain).map(({ id }) => id);
  const steps: Step[] = [
    {
      name: `${chain} made`,
      title: `make keys and spec of side chain ${chain}`,
      check: async () => stateOf(site).sides.some((side) => side.chain === chain),
      do: async () => {
        const side = after.sides.find((candidate) => candidate.chain === chain);
        if (side === undefined) throw platformError("CHAIN_NOT_FOUND", { why: chain });
        await createSideChain(await createOptions(site), stateOf(site), side);
      },
      undo: () => removeSideChain({ layout, provider }, chain),
    },
    startStep(site, chain, ids),
    readyStep(site, chain, () => nodesOf(site, chain)),
  ];
  return after.prove.length === 0 ? steps : [...steps, provenStep(site, chain)];
}

export function walletStep(site: Site, { target, verb }: Action): Step {
  const { layout } = site;
  const isAccount = verb === "account.create";
  return {
    name: `${target} made`,
    title: isAccount ? `make account ${target}` : `name asset ${target}`,
    check: async () => {
      const { accounts, assets } = stateOf(site);
      return isAccount ? accounts.includes(target) : assets.some(({ asset }) => asset === target);
    },
    do: async () => {
      const made = await site.wallet(site.after);
      const accounts = site.after.accounts.map(({ account }) => account);
      saveJson(layout.state, { ...stateOf(site), accounts, assets: namedAssets(site.after, made.assets) });
    },
    // A key without a use does no harm, and taking one away might.
    undo: async () => {},
  };
}
