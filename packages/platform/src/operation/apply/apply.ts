// The operation "apply": the steps that make a network what its definition says, in the order of the plan (platform.md
// section 2). Every step asks the folder, the provider or the nodes themselves whether it holds already, so that it can be made
// again after any crash; none trusts what was done before.
//
// A cancel takes a new chain back as long as nothing was proven on it: from the proof on it holds assets.

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseDefinition } from "../../definition/parse.ts";
import { type NetworkLayout, portsOf } from "../../network/layout.ts";
import { checkClock, checkDisk, checkMemory, checkPortsFree } from "../../network/preflight.ts";
import { planChange } from "../../plan/changes.ts";
import type { Action } from "../../plan/plan.ts";
import type { Step } from "../journal.ts";
import { mainSteps, sideSteps, walletStep } from "./chains.ts";
import { configureSteps, nodeSteps, removeSteps } from "./nodes.ts";
import type { ApplyInput, ApplyWorld, Site } from "./site.ts";

/** Found before anything is touched: what would make a start fail. */
function checkedStep(site: Site, nodes: number): Step {
  const { layout, provider, after } = site;
  let isChecked = false;
  return {
    name: "machine checked",
    title: "check disk, memory, clock and ports",
    check: async () => isChecked,
    do: async () => {
      checkClock(site.nowMs());
      checkDisk(layout.root, after.limits.diskFreeMiB);
      checkMemory(nodes);
      const stopped = (await provider.status()).filter(({ phase }) => phase !== "running");
      for (const { id } of stopped) {
        const ports = Object.values(portsOf((await provider.applied(id))?.config));
        await checkPortsFree(ports.map((port) => ({ node: id, port })));
      }
      isChecked = true;
    },
    undo: async () => {},
  };
}

export function saveDefinitionFile(layout: NetworkLayout, text: string): void {
  writeFileSync(`${layout.definition}.tmp`, text, { mode: 0o600, flush: true });
  renameSync(`${layout.definition}.tmp`, layout.definition);
}

/** The last step: what is applied now is what is written down, in the folder and in the platform's store. */
function definitionStep(site: Site): Step {
  const { layout, afterText } = site;
  const isInFolder = (): boolean =>
    existsSync(layout.definition) && readFileSync(layout.definition, "utf8") === afterText;
  return {
    name: "definition saved",
    title: "save the definition",
    check: async () => isInFolder() && (await site.revisionText()) === afterText,
    do: async () => {
      saveDefinitionFile(layout, afterText);
      if ((await site.revisionText()) !== afterText) await site.saveRevision(afterText);
    },
  };
}

function stepsOf(site: Site, action: Action): readonly Step[] {
  switch (action.verb) {
    case "network.create":
      return mainSteps(site);
    case "chain.create":
      return sideSteps(site, action.target);
    case "account.create":
    case "asset.create":
      return [walletStep(site, action)];
    case "node.add":
      return nodeSteps(site, action);
    case "node.remove":
      return removeSteps(site, action);
    case "node.configure":
      return configureSteps(site, action);
    // What the platform itself does with the definition holds as soon as that is saved.
    case "network.configure":
      return [];
  }
}

/** Nodes that a plan starts, for the check of the memory. */
function newNodes({ after }: Site, actions: readonly Action[]): number {
  const counts = actions.map(({ verb, target }) => {
    const side = after.sides.find(({ chain }) => chain === target);
    if (verb === "chain.create") return (side?.nodes.count ?? 0) + (side?.nodes.observers ?? 0);
    return verb === "network.create" ? after.main.nodes.length : verb === "node.add" ? 1 : 0;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The steps of an apply, made from its definitions alone. */
export function applySteps(world: ApplyWorld, input: ApplyInput): readonly Step[] {
  const after = parseDefinition(input.after, "the definition");
  const before = input.before === null ? undefined : parseDefinition(input.before, "the definition before");
  const site: Site = { ...world, after, afterText: input.after };
  // What is observed decides what is refused, and a plan with refusals was not taken; the actions depend on the texts alone.
  const { actions } = planChange(before, after, {
    revision: 0,
    definitionHash: input.definitionHash,
    appliedHash: undefined,
    voters: new Map(),
  });
  // A node that two changes restart is configured for both at once.
  const named = new Map(actions.flatMap((action) => stepsOf(site, action)).map((step) => [step.name, step]));
  return [checkedStep(site, newNodes(site, actions)), ...named.values(), definitionStep(site)];
}
