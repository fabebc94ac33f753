// From the definition as it is and the definition as it shall be to a plan: what is new, what changes and in which way, what
// cannot change (platform.md section 2, change classes). Pure.

import type { NetworkDefinition, SideDefinition } from "../definition/schema.ts";
import { mainNodesOf, sideNodesOf } from "../network/compose.ts";
import type { NetworkNode } from "../network/layout.ts";
import { riskWithout, type Voters } from "./guard.ts";
import { type Action, createPlan, type Plan, type Refusal } from "./plan.ts";

/** What a plan needs to know of the world. */
export type Observed = {
  /** Revision of the definition that is applied; 0 when there is none. */
  readonly revision: number;
  /** SHA3-256 of the text of the definition that is planned for. */
  readonly definitionHash: string;
  /** Of the text that is applied; undefined when there is none. */
  readonly appliedHash: string | undefined;
  /** By chain; a chain that nobody could ask is missing. */
  readonly voters: ReadonlyMap<string, Voters>;
};

/** Measured on two cores: a chain is proven some 30 s after its nodes have started. */
const CHAIN_ESTIMATE_MS = 40_000;
const NODE_ESTIMATE_MS = 10_000;
const MOMENT_ESTIMATE_MS = 500;

type Parts = Pick<Action, "verb" | "target" | "chain" | "class" | "title"> & Partial<Action>;

function action(parts: Parts): Action {
  const nothing = { before: "", after: "", risk: "none" as const, committee: null, estimateMs: MOMENT_ESTIMATE_MS };
  return { ...nothing, ...parts };
}

/** Compared as the text that it would be written as; both sides come from the same schema, so keys have one order. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

class Changes {
  readonly actions: Action[] = [];
  readonly refused: Refusal[] = [];
  readonly #observed: Observed;

  constructor(observed: Observed) {
    this.#observed = observed;
  }

  add(parts: Parts): void {
    this.actions.push(action(parts));
  }

  fixed(path: string, why: string): void {
    this.refused.push({ code: "FIXED_FIELD", path, why, next: "Make a new chain with the value that you want." });
  }

  cannot(path: string, why: string, next: string): void {
    this.refused.push({ code: "NOT_CHANGEABLE", path, why, next });
  }

  /** Something that needs a node to be away for a moment; refused when its chain would stand still. */
  away(parts: Parts, path: string): void {
    const voters = this.#observed.voters.get(parts.chain ?? "");
    if (voters === undefined) {
      this.add(parts);
      return;
    }
    const risk = riskWithout(voters, parts.target);
    const { committee, live } = voters;
    if (risk !== undefined) {
      this.add({ ...parts, risk, committee });
      return;
    }
    const why = `${live.length} of ${committee.n} validators vote and ${committee.q} are needed: without ${parts.target} the chain would stand still`;
    this.refused.push({ code: "QUORUM_GUARD", path, why, next: "Start the missing validators first: bystack why." });
  }
}

function newChain(changes: Changes, side: SideDefinition): void {
  const { count, observers } = side.nodes;
  const nodes = `${count} validators${observers === 0 ? "" : `, ${observers} observers`}`;
  changes.add({
    verb: "chain.create",
    target: side.chain,
    chain: side.chain,
    class: "make",
    title: `make side chain ${side.chain}: keys, spec, ${nodes}`,
    after: nodes,
    estimateMs: CHAIN_ESTIMATE_MS,
  });
}

function accountChanges(changes: Changes, before: NetworkDefinition, after: NetworkDefinition): void {
  const known = new Map(before.accounts.map((entry) => [entry.account, entry]));
  after.accounts.forEach((entry, i) => {
    const old = known.get(entry.account);
    known.delete(entry.account);
    if (old === undefined)
      changes.add({
        verb: "account.create",
        target: entry.account,
        chain: null,
        class: "live",
        title: `make account ${entry.account}`,
      });
    const fund = old?.fund ?? {};
    if (!isSame(fund, entry.fund))
      changes.cannot(
        `accounts.${i}.fund`,
        "coins of an account were made in the first block of the main chain, which is there already",
        `Leave it as it was and pay the account: bystack wallet send --chain ${after.main.chain}.`,
      );
  });
  for (const name of known.keys())
    changes.cannot("accounts", `account ${name} has keys, and may own something`, "Keep it in the definition.");
}

function assetChanges(changes: Changes, before: NetworkDefinition, after: NetworkDefinition): void {
  const known = new Map(before.assets.map((entry) => [entry.asset, entry]));
  after.assets.forEach((entry, i) => {
    const old = known.get(entry.asset);
    known.delete(entry.asset);
    if (old === undefined)
      changes.add({
        verb: "asset.create",
        target: entry.asset,
        chain: null,
        class: "live",
        title: `name asset ${entry.asset}, issued by ${entry.issuer}`,
      });
    else if (!isSame(old, entry)) changes.fixed(`assets.${i}`, `issuer and decimals of ${entry.asset} make its id`);
  });
  for (const name of known.keys())
    changes.cannot("assets", `asset ${name} may have been issued`, "Keep it in the definition.");
}

function configure(node: NetworkNode, what: string, values: { before: string; after: string }): Parts {
  return {
    verb: "node.configure",
    target: node.id,
    chain: node.chain,
    class: "roll",
    title: `restart ${node.id} with ${what} ${values.after}`,
    ...values,
    estimateMs: NODE_ESTIMATE_MS,
  };
}

function mainChanges(changes: Changes, before: NetworkDefinition, after: NetworkDefinition): void {
  if (before.main.chain !== after.main.chain) changes.fixed("main.chain", "the name of a chain is a part of its spec");
  if (before.main.spec !== after.main.spec) changes.fixed("main.spec", "it decides the first block of the main chain");
  if (
    !isSame(
      before.main.nodes.map(({ node }) => node),
      after.main.nodes.map(({ node }) => node),
    )
  ) {
    changes.cannot(
      "main.nodes",
      "a network has one main node for now, and the others follow it by its name",
      "Keep it.",
    );
    return;
  }
  const nodes = mainNodesOf(after);
  after.main.nodes.forEach((entry, i) => {
    const old = before.main.nodes[i];
    const node = nodes[i];
    if (old === undefined || node === undefined) return;
    if (!isSame(old.parts, entry.parts))
      changes.cannot(`main.nodes.${i}.parts`, "parts of a node are chosen when it is made", "Keep them.");
    if (isSame(old.mine, entry.mine)) return;
    const text = (mine: typeof old.mine): string =>
      mine === undefined ? "no mining" : `a block every ${mine.everyMs} ms`;
    changes.away(
      configure(node, "mining:", { before: text(old.mine), after: text(entry.mine) }),
      `main.nodes.${i}.mine`,
    );
  });
}

const SIDE_FIXED = {
  engine: "the engine and its timing are a part of the chain's spec",
  privacy: "the privacy mode is a part of the chain's spec",
  developmentMode: "it decides whether a committee below four was allowed when the chain was made",
  elections: "their parameters are a part of the chain's spec",
} as const satisfies Partial<Record<keyof SideDefinition, string>>;

function historyChanges(
  changes: Changes,
  parts: { before: SideDefinition; after: SideDefinition; path: string },
): void {
  const { before, after, path } = parts;
  const old = new Map(sideNodesOf(before).map((node) => [node.id, node]));
  const historyOf = (side: SideDefinition, node: NetworkNode): string =>
    node.index === null ? side.nodes.observersHistory : side.nodes.history;
  for (const node of sideNodesOf(after)) {
    const known = old.get(node.id);
    if (known === undefined) continue;
    const values = { before: historyOf(before, known), after: historyOf(after, node) };
    if (values.before === values.after) continue;
    const key = node.index === null ? "observersHistory" : "history";
    if (values.after === "archive")
      changes.cannot(
        `${path}.nodes.${key}`,
        `${node.id} may lack old blocks, and an archive has them all`,
        "Add an observer: it begins as an archive.",
      );
    else changes.away(configure(node, "history", values), `${path}.nodes.${key}`);
  }
}

function observerChanges(changes: Changes, parts: { before: SideDefinition; after: SideDefinition }): void {
  const { before, after } = parts;
  const old = sideNodesOf(before);
  const wanted = sideNodesOf(after);
  for (const node of wanted.filter(({ id }) => !old.some((known) => known.id === id)))
    changes.add({
      verb: "node.add",
      target: node.id,
      chain: node.chain,
      class: "make",
      title: `add ${node.id}, an observer of ${node.chain}`,
      after: "observer",
      estimateMs: NODE_ESTIMATE_MS,
    });
  // The newest first: the names of those that stay do not change.
  for (const node of old.filter(({ id }) => !wanted.some((kept) => kept.id === id)).reverse())
    changes.add({
      verb: "node.remove",
      target: node.id,
      chain: node.chain,
      class: "end",
      title: `stop ${node.id} and put its folder away`,
      before: "observer",
      estimateMs: NODE_ESTIMATE_MS,
    });
}

function sideChanges(changes: Changes, parts: { before: SideDefinition; after: SideDefinition; path: string }): void {
  const { before, after, path } = parts;
  for (const [key, why] of Object.entries(SIDE_FIXED)) {
    const name = key as keyof typeof SIDE_FIXED;
    if (!isSame(before[name], after[name])) changes.fixed(`${path}.${key}`, why);
  }
  if (!isSame(before.federation, after.federation))
    changes.cannot(
      `${path}.federation`,
      "members, threshold and assets of a federation are for its members to decide, and this release has no way to ask them",
      "Make a new side chain with the federation that you want.",
    );
  if (before.store !== after.store)
    changes.cannot(`${path}.store`, "a node keeps the store that it was made with", "Add an observer to a new chain.");
  if (!isSame(before.nodes.parts, after.nodes.parts))
    changes.cannot(`${path}.nodes.parts`, "parts of a node are chosen when it is made", "Keep them.");
  if (before.nodes.count !== after.nodes.count) {
    changes.cannot(
      `${path}.nodes.count`,
      "who sits in the committee of a living chain is elected",
      "Add observers and let them stand: bystack candidate register, then bystack vote.",
    );
    return;
  }
  observerChanges(changes, parts);
  historyChanges(changes, parts);
}

function limitChanges(changes: Changes, before: NetworkDefinition, after: NetworkDefinition): void {
  const values = { before: `${before.limits.memoryMiB} MiB`, after: `${after.limits.memoryMiB} MiB` };
  if (values.before === values.after) return;
  const kept = new Set(after.sides.map(({ chain }) => chain));
  const nodes = [...mainNodesOf(before), ...before.sides.filter(({ chain }) => kept.has(chain)).flatMap(sideNodesOf)];
  // One action a node, also where another change restarts it: the second one finds it done.
  for (const node of nodes) changes.away(configure(node, "a memory limit of", values), "limits.memoryMiB");
}

function explorerChanges(changes: Changes, before: NetworkDefinition, after: NetworkDefinition): void {
  const text = (definition: NetworkDefinition): string => (definition.explorer.public ? "anybody" : "who is signed in");
  if (before.explorer.public === after.explorer.public) return;
  changes.add({
    verb: "network.configure",
    target: after.network,
    chain: null,
    class: "live",
    title: `show blocks, transactions and assets to ${text(after)}`,
    before: text(before),
    after: text(after),
  });
}

function backupChanges(changes: Changes, before: NetworkDefinition, after: NetworkDefinition): void {
  if (isSame(before.backup, after.backup)) return;
  const text = ({ backup }: NetworkDefinition): string =>
    backup === undefined
      ? "when somebody asks"
      : `every ${backup.every}, the newest ${backup.keep}, to ${backup.target}`;
  changes.add({
    verb: "network.configure",
    target: after.network,
    chain: null,
    class: "live",
    title: `back up each chain ${text(after)}`,
    before: text(before),
    after: text(after),
  });
}

/** @param before undefined for a network that is not there yet */
export function planChange(before: NetworkDefinition | undefined, after: NetworkDefinition, observed: Observed): Plan {
  const changes = new Changes(observed);
  if (before === undefined) {
    const accounts = after.accounts.length;
    changes.add({
      verb: "network.create",
      target: after.network,
      chain: null,
      class: "make",
      title: `make network ${after.network}: main chain ${after.main.chain}, ${accounts} accounts`,
      after: `${mainNodesOf(after).length} main node`,
      estimateMs: NODE_ESTIMATE_MS,
    });
    for (const side of after.sides) newChain(changes, side);
  } else {
    if (before.network !== after.network) changes.fixed("network", "it names the folder of the network");
    mainChanges(changes, before, after);
    accountChanges(changes, before, after);
    assetChanges(changes, before, after);
    after.sides.forEach((side, i) => {
      const old = before.sides.find(({ chain }) => chain === side.chain);
      if (old === undefined) newChain(changes, side);
      else sideChanges(changes, { before: old, after: side, path: `sides.${i}` });
    });
    for (const { chain } of before.sides)
      if (!after.sides.some((side) => side.chain === chain))
        changes.cannot("sides", `side chain ${chain} may hold assets of others`, "Keep it in the definition.");
    limitChanges(changes, before, after);
    explorerChanges(changes, before, after);
    backupChanges(changes, before, after);
  }
  const { actions, refused } = changes;
  const { revision, definitionHash, appliedHash } = observed;
  const isSameText = appliedHash === undefined || appliedHash === definitionHash;
  // What its author has written beside the values is theirs too.
  if (before !== undefined && !isSameText && actions.length + refused.length === 0)
    changes.add({
      verb: "network.configure",
      target: after.network,
      chain: null,
      class: "live",
      title: "save the definition: only comments or its layout have changed",
    });
  return createPlan({ network: after.network, revision, definitionHash, actions, refused });
}
