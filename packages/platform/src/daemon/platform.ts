// The platform of one machine: its networks, what they shall be, and the operations that bring them there. One process at a
// time holds it. It knows public keys alone; what needs a wallet or a chain's code is handed in.

import { existsSync, readFileSync } from "node:fs";
import type { Clock, Logger } from "@bystack/utils/ports";
import { withoutSide } from "../definition/edit.ts";
import { parseDefinition } from "../definition/parse.ts";
import { platformError } from "../errors.ts";
import { isChainWanted, layoutOf, loadNetworkState, type NetworkLayout, type NetworkNode } from "../network/layout.ts";
import { type NetworkStatus, networkStatus } from "../network/status.ts";
import { type Supervisor, superviseNodes } from "../network/supervise.ts";
import { applySteps, saveDefinitionFile } from "../operation/apply/apply.ts";
import { APPLY, APPLY_INPUT, type ApplyWorld } from "../operation/apply/site.ts";
import {
  ARCHIVE_CHAIN,
  assertDeletable,
  CHAIN_INPUT,
  type ChainVerb,
  type ChainWorld,
  chainSteps,
  DELETE_CHAIN,
  START_CHAIN,
  STOP_CHAIN,
  sideOf,
} from "../operation/chain-power.ts";
import { type AuditLine, Journal, type OperationKind } from "../operation/journal.ts";
import {
  NODE_INPUT,
  type NodeVerb,
  type NodeWorld,
  nodeSteps,
  REBUILD_NODE,
  RESTART_NODE,
  START_NODE,
  STOP_NODE,
} from "../operation/node-power.ts";
import {
  desiredStep,
  type PowerWorld,
  REMOVE,
  removeSteps,
  START,
  STOP,
  startSteps,
  stopSteps,
} from "../operation/power.ts";
import type { Operation } from "../operation/record.ts";
import { type Observed, planChange } from "../plan/changes.ts";
import { committeeOf, riskWithout, type Voters } from "../plan/guard.ts";
import type { Plan } from "../plan/plan.ts";
import type { DeployProvider } from "../provider/provider.ts";
import { sha3Hex } from "../store/audit.ts";
import { LIST_ROWS_MAX, type PlatformStore, put } from "../store/store.ts";
import type { Table } from "../store/table.ts";
import { NETWORKS, type NetworkRow, NODES } from "../store/tables.ts";
import { type BackupPorts, Backups } from "./backups.ts";
import { owedOn } from "./chain-reads.ts";
import { Watch } from "./watch.ts";

/** What belongs to nobody in particular; tenants come with people. */
export const TENANT = "default";
const START_DEADLINE_MS = 30_000;

/** What the platform cannot do by itself. */
export type PlatformPorts = Pick<ApplyWorld, "mainTargetSeconds"> & {
  readonly createProvider: (layout: NetworkLayout) => DeployProvider;
  readonly wallet: (layout: NetworkLayout) => ApplyWorld["wallet"];
  readonly prove: (layout: NetworkLayout) => ApplyWorld["prove"];
  readonly purse: (layout: NetworkLayout) => Purse;
  readonly backups: BackupPorts;
};

/** An account of a network's wallet, in what may be known of it. */
export type PurseAccount = {
  readonly account: string;
  /** Every program of its own, and the one that it is paid by now; in hexadecimal. */
  readonly programs: readonly string[];
  readonly receive: string;
};
export type PurseOrder = {
  readonly chain: string;
  readonly from: string;
  readonly to: string;
  readonly asset: string;
  readonly amount: string;
};
type PurseSent = { readonly transaction: string; readonly chain: string; readonly feeNeu: string };

/** What the network's wallet does for the platform: it pays between its own accounts alone, and keeps its keys to itself. */
export type Purse = {
  accounts(): Promise<readonly PurseAccount[]>;
  pay(order: PurseOrder): Promise<PurseSent>;
  pegIn(order: PurseOrder): Promise<PurseSent>;
  pegOut(order: PurseOrder): Promise<PurseSent>;
};

export type PlatformOptions = {
  readonly home: string;
  readonly store: PlatformStore;
  readonly ports: PlatformPorts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** The journal cannot be written: the process must end. */
  readonly onBroken: (error: unknown) => void;
  /** Called at each place of an operation where a process may end; tests end there. */
  readonly onPoint?: (point: string) => void;
};

export class Platform {
  readonly journal: Journal;
  readonly watch: Watch;
  readonly backups: Backups;
  readonly #options: PlatformOptions;
  readonly #providers = new Map<string, DeployProvider>();
  readonly #supervisors: Supervisor[] = [];
  /** What shall run, as the store has it; read by supervisors, which cannot wait. */
  readonly #desired = new Map<string, NetworkRow["desired"]>();
  /** Nodes that were stopped by hand, as `network node`. */
  readonly #stopped = new Set<string>();
  /** Networks whose chains anybody may see. */
  readonly #public = new Set<string>();

  constructor(options: PlatformOptions) {
    this.#options = options;
    const { store, clock, logger, onBroken, onPoint } = options;
    this.backups = new Backups({
      home: options.home,
      tenant: TENANT,
      store,
      ports: options.ports.backups,
      clock,
      logger,
      journal: () => this.journal,
      layout: (network) => this.layout(network),
      provider: (network) => this.provider(network),
      networks: () => this.rows(),
      node: (network, id) => this.node(network, id),
      setDesired: (network, id, desired) => this.#nodeWorld(network).setDesired(id, desired),
    });
    this.journal = new Journal({
      store,
      tenant: TENANT,
      kinds: this.#kinds(),
      clock,
      logger,
      onBroken,
      ...(onPoint && { onPoint }),
    });
    this.watch = new Watch({
      networks: async () => (await this.rows()).map(({ name }) => name),
      look: (network) => this.status(network),
      record: (events) => store.write(TENANT, { events }),
      clock,
      logger,
    });
  }

  /** Adopts the nodes that shall run, starts those that are away, and goes on with what was under way. */
  async start(): Promise<void> {
    await this.#options.store.sweepEvents(TENANT);
    for (const row of await this.rows()) {
      const { name, desired } = row;
      this.#desired.set(name, desired);
      this.#know(row);
      for (const { key, value } of await this.#options.store.tenant(TENANT).list(NODES, { under: [name] }))
        if (value.desired === "stopped") this.#stopped.add(key.join(" "));
      if (desired === "running") await this.#adopt(name);
    }
    await this.journal.start();
    this.watch.start();
    this.backups.start();
  }

  /** Ends the platform; nodes go on. */
  async end(): Promise<void> {
    for (const supervisor of this.#supervisors) supervisor.stop();
    await this.watch.end();
    await this.backups.end();
    await this.journal.end();
  }

  async #adopt(network: string): Promise<void> {
    const state = loadNetworkState(this.layout(network));
    const provider = this.provider(network);
    for (const { id } of state?.nodes ?? []) {
      if (this.#stopped.has(`${network} ${id}`) || !this.#isInNetwork(network, id)) continue;
      try {
        await provider.start(id, START_DEADLINE_MS);
      } catch (error) {
        this.#options.logger.error("node does not start", { id, why: String(error) });
      }
    }
  }

  layout(network: string): NetworkLayout {
    return layoutOf(this.#options.home, network);
  }

  /** One provider for each network: it watches the processes that it has started or adopted. */
  provider(network: string): DeployProvider {
    const known = this.#providers.get(network);
    if (known !== undefined) return known;
    const { ports, logger, random, store } = this.#options;
    const provider = ports.createProvider(this.layout(network));
    this.#providers.set(network, provider);
    const isWanted = (id: string): boolean =>
      this.#desired.get(network) === "running" &&
      !this.#stopped.has(`${network} ${id}`) &&
      this.#isInNetwork(network, id);
    const supervisor = superviseNodes({
      provider,
      isWanted,
      logger,
      random,
      onExit: (id, { code, signal, meaning }) => {
        const data = { network, code, signal, meaning };
        store
          .write(TENANT, { events: [{ topic: "node", subject: id, data }] })
          .catch((error: unknown) => logger.error("an exit could not be recorded", { id, why: String(error) }));
      },
    });
    this.#supervisors.push(supervisor);
    return provider;
  }

  /** A node of it, on a chain that shall run. */
  #isInNetwork(network: string, id: string): boolean {
    const state = loadNetworkState(this.layout(network));
    const node = state?.nodes.find((candidate) => candidate.id === id);
    return state !== undefined && node !== undefined && isChainWanted(state, node.chain);
  }

  async rows(): Promise<NetworkRow[]> {
    return (await this.#options.store.tenant(TENANT).list(NETWORKS)).map(({ value }) => value);
  }

  async row(network: string): Promise<NetworkRow | undefined> {
    return this.#options.store.tenant(TENANT).get(NETWORKS, [network]);
  }

  /** The definition that is applied: by the store, or by the folder of a network that the store does not know (any more). */
  async applied(network: string): Promise<{ readonly definition: string; readonly revision: number } | undefined> {
    const row = await this.row(network);
    if (row !== undefined && row.revision > 0) return row;
    const { definition } = this.layout(network);
    return existsSync(definition) ? { definition: readFileSync(definition, "utf8"), revision: 0 } : undefined;
  }

  /** @throws BystackError NETWORK_NOT_FOUND */
  async status(network: string): Promise<NetworkStatus> {
    const layout = this.layout(network);
    const state = loadNetworkState(layout);
    if (state === undefined) throw platformError("NETWORK_NOT_FOUND", { why: network });
    return networkStatus({ layout, state, provider: this.provider(network), extraRssBytes: 0 });
  }

  async #observe(network: string, revision: number): Promise<Omit<Observed, "definitionHash" | "appliedHash">> {
    if (loadNetworkState(this.layout(network)) === undefined) return { revision, voters: new Map() };
    const { sides, nodes } = await this.status(network);
    const votersOf = (chain: string, n: number): Voters => {
      const own = nodes.filter((node) => node.chain === chain && node.hasSeat === true);
      return { committee: committeeOf(n), live: own.filter(({ ready }) => ready).map(({ id }) => id) };
    };
    const running = sides.filter(({ height }) => height !== null);
    return { revision, voters: new Map(running.map(({ chain, validators }) => [chain, votersOf(chain, validators)])) };
  }

  /** @throws BystackError DEFINITION_UNREADABLE, DEFINITION_INVALID */
  async plan(definition: string): Promise<Plan> {
    const after = parseDefinition(definition, "the definition");
    const applied = await this.applied(after.network);
    const before = applied && parseDefinition(applied.definition, "the applied definition");
    const observed = await this.#observe(after.network, applied?.revision ?? 0);
    const appliedHash = applied && sha3Hex(applied.definition);
    return planChange(before, after, { ...observed, appliedHash, definitionHash: sha3Hex(definition) });
  }

  /** The newest apply of a network, if it was left half done: what it has made is in nobody's definition yet. */
  async #unfinished(network: string): Promise<Operation | undefined> {
    const recent = await this.journal.list({ limit: LIST_ROWS_MAX });
    const last = recent.find((operation) => operation.network === network && operation.kind === APPLY);
    return last?.state === "failed" ? last : undefined;
  }

  /**
   * Begins to do what a plan says.
   * @throws BystackError PLAN_STALE, PLAN_REFUSED, OPERATION_UNFINISHED, OPERATIONS_BUSY
   */
  async apply(definition: string, planHash: string, actorId: string, audit?: AuditLine): Promise<Operation> {
    const plan = await this.plan(definition);
    if (plan.hash !== planHash) throw platformError("PLAN_STALE", { why: `network ${plan.network}` });
    const [refusal] = plan.refused;
    if (refusal !== undefined) throw platformError("PLAN_REFUSED", { why: `${refusal.path}: ${refusal.why}` });
    const unfinished = await this.#unfinished(plan.network);
    if (unfinished !== undefined)
      throw platformError("OPERATION_UNFINISHED", { why: `${Number(unfinished.id)}: ${unfinished.title}` });
    const before = (await this.applied(plan.network))?.definition ?? null;
    const chains = new Set(plan.actions.map(({ chain }) => chain));
    const [only] = chains;
    return this.journal.submit(
      {
        kind: APPLY,
        title:
          plan.actions.length === 1
            ? (plan.actions[0]?.title ?? "")
            : `${plan.actions.length} changes of ${plan.network}`,
        network: plan.network,
        chain: chains.size === 1 ? (only ?? null) : null,
        actorId,
        input: { before, after: definition, definitionHash: plan.definitionHash },
      },
      audit,
    );
  }

  /** Starts or stops all nodes of a network. @throws BystackError NETWORK_NOT_FOUND, OPERATIONS_BUSY */
  async power(
    network: string,
    kind: typeof START | typeof STOP,
    actorId: string,
    audit?: AuditLine,
  ): Promise<Operation> {
    if (loadNetworkState(this.layout(network)) === undefined)
      throw platformError("NETWORK_NOT_FOUND", { why: network });
    const title = `${kind} network ${network}`;
    return this.journal.submit({ kind, title, network, chain: null, actorId, input: {} }, audit);
  }

  /** Stops a network and removes all of it, whatever is there. @throws BystackError OPERATIONS_BUSY */
  async remove(network: string, actorId: string, audit?: AuditLine): Promise<Operation> {
    const title = `remove network ${network}`;
    return this.journal.submit({ kind: REMOVE, title, network, chain: null, actorId, input: {} }, audit);
  }

  /** Writes a line of the audit log for what leaves no other trace. */
  note(audit: AuditLine): Promise<void> {
    return this.#options.store.write(TENANT, { audit });
  }

  /** @throws BystackError NETWORK_NOT_FOUND: opening a wallet would make one */
  purse(network: string): Purse {
    const layout = this.layout(network);
    if (loadNetworkState(layout) === undefined) throw platformError("NETWORK_NOT_FOUND", { why: network });
    return this.#options.ports.purse(layout);
  }

  /** A node of a network. @throws BystackError NETWORK_NOT_FOUND, NODE_NOT_FOUND */
  node(network: string, id: string): NetworkNode {
    const state = loadNetworkState(this.layout(network));
    if (state === undefined) throw platformError("NETWORK_NOT_FOUND", { why: network });
    const node = state.nodes.find((candidate) => candidate.id === id);
    if (node === undefined) throw platformError("NODE_NOT_FOUND", { why: `${id} in ${network}` });
    return node;
  }

  /** Whether a node shall run, as far as it is up to the node. */
  desiredOf(network: string, id: string): "running" | "stopped" {
    return this.#stopped.has(`${network} ${id}`) ? "stopped" : "running";
  }

  /** Whether anybody may see the chains of a network. */
  isPublic(network: string): boolean {
    return this.#public.has(network);
  }

  /**
   * Stops, starts, archives or deletes one side chain.
   * @throws BystackError NETWORK_NOT_FOUND, CHAIN_NOT_FOUND, CHAIN_KEPT, OPERATIONS_BUSY
   */
  async operateChain(
    { network, chain, verb }: { readonly network: string; readonly chain: string; readonly verb: ChainVerb },
    actorId: string,
    audit?: AuditLine,
  ): Promise<Operation> {
    const layout = this.layout(network);
    if (loadNetworkState(layout) === undefined) throw platformError("NETWORK_NOT_FOUND", { why: network });
    const side = sideOf({ layout }, chain);
    const atMs = this.#options.clock.nowMs();
    if (verb === DELETE_CHAIN) {
      assertDeletable(side, atMs);
      // A definition that cannot be written without it is told now.
      withoutSide((await this.applied(network))?.definition ?? "", chain);
    }
    const title = `${verb.slice("chain-".length)} side chain ${chain}`;
    // Its definition is the whole network's.
    const scope = verb === DELETE_CHAIN ? null : chain;
    const input = CHAIN_INPUT.parse({ chain, atMs });
    return this.journal.submit({ kind: verb, title, network, chain: scope, actorId, input }, audit);
  }

  /**
   * Starts, stops, restarts or rebuilds one node.
   * @throws BystackError NODE_NOT_FOUND, NODE_NEEDED, NODE_ALONE, OPERATIONS_BUSY
   */
  async operateNode(
    { network, node: id, verb }: { readonly network: string; readonly node: string; readonly verb: NodeVerb },
    actorId: string,
    audit?: AuditLine,
  ): Promise<Operation> {
    const node = this.node(network, id);
    if (verb !== START_NODE) {
      const why = await this.#canSpare(network, id);
      if (why !== undefined) throw platformError("NODE_NEEDED", { why });
    }
    if (verb === REBUILD_NODE) {
      const others = (await this.status(network)).nodes.filter(
        (other) => other.chain === node.chain && other.id !== id,
      );
      if (node.kind === "main" || !others.some(({ ready }) => ready)) throw platformError("NODE_ALONE", { why: id });
    }
    const words = { [START_NODE]: "start", [STOP_NODE]: "stop", [RESTART_NODE]: "restart", [REBUILD_NODE]: "rebuild" };
    const input = NODE_INPUT.parse({ node: id, sinceMs: this.#options.clock.nowMs() });
    const draft = { kind: verb, title: `${words[verb]} ${id}`, network, chain: node.chain, actorId, input };
    return this.journal.submit(draft, audit);
  }

  #kinds(): OperationKind[] {
    const powerWorld = ({ network }: Operation): PowerWorld => this.#powerWorld(network);
    return [
      {
        kind: APPLY,
        steps: (operation) => {
          const input = APPLY_INPUT.parse(operation.input);
          return [
            desiredStep(powerWorld(operation), "running"),
            ...applySteps(this.#applyWorld(operation.network), input),
          ];
        },
      },
      { kind: START, steps: (operation) => startSteps(powerWorld(operation)) },
      { kind: STOP, steps: (operation) => stopSteps(powerWorld(operation)) },
      {
        kind: REMOVE,
        steps: (operation) => removeSteps({ ...powerWorld(operation), forget: () => this.#forget(operation.network) }),
      },
      ...[STOP_CHAIN, START_CHAIN, ARCHIVE_CHAIN, DELETE_CHAIN].map((kind) => ({
        kind,
        steps: (operation: Operation) => chainSteps(this.#chainWorld(operation.network), operation),
      })),
      ...[START_NODE, STOP_NODE, RESTART_NODE, REBUILD_NODE].map((kind) => ({
        kind,
        steps: (operation: Operation) => nodeSteps(this.#nodeWorld(operation.network), operation),
      })),
      ...this.backups.kinds(),
    ];
  }

  #powerWorld(network: string): PowerWorld {
    return {
      layout: this.layout(network),
      provider: this.provider(network),
      desired: async () => (await this.row(network))?.desired,
      setDesired: async (desired) => {
        this.#desired.set(network, desired);
        await this.#changeRow(network, { desired });
      },
      isAnyStopped: () => [...this.#stopped].some((key) => key.startsWith(`${network} `)),
      forgetStopped: () => this.#forgetStopped(network),
    };
  }

  #chainWorld(network: string): ChainWorld {
    const layout = this.layout(network);
    return {
      layout,
      provider: this.provider(network),
      definition: async () => (await this.applied(network))?.definition ?? "",
      saveDefinition: async (definition) => {
        saveDefinitionFile(layout, definition);
        const revision = ((await this.row(network))?.revision ?? 0) + 1;
        await this.#changeRow(network, { definition, revision });
      },
      owed: (chain) => owedOn(this, { network, chain }),
    };
  }

  #nodeWorld(network: string): NodeWorld {
    const { store } = this.#options;
    return {
      layout: this.layout(network),
      provider: this.provider(network),
      desired: async (id) => this.desiredOf(network, id),
      setDesired: async (id, desired) => {
        await store.write(TENANT, { puts: [put(NODES, [network, id], { desired })] });
        if (desired === "stopped") this.#stopped.add(`${network} ${id}`);
        else this.#stopped.delete(`${network} ${id}`);
      },
      canSpare: (id) => this.#canSpare(network, id),
    };
  }

  #applyWorld(network: string): ApplyWorld {
    const { ports, clock } = this.#options;
    const layout = this.layout(network);
    return {
      layout,
      provider: this.provider(network),
      wallet: ports.wallet(layout),
      prove: ports.prove(layout),
      revisionText: async () => (await this.row(network))?.definition,
      saveRevision: async (definition) => {
        const revision = ((await this.row(network))?.revision ?? 0) + 1;
        await this.#changeRow(network, { definition, revision });
      },
      canSpare: (id) => this.#canSpare(network, id),
      hasSeat: async (id) => (await this.status(network)).nodes.some((node) => node.id === id && node.hasSeat === true),
      nowMs: () => clock.nowMs(),
      mainTargetSeconds: ports.mainTargetSeconds,
    };
  }

  async #canSpare(network: string, id: string): Promise<string | undefined> {
    const { voters } = await this.#observe(network, 0);
    for (const [chain, seen] of voters) {
      if (!seen.live.includes(id) || riskWithout(seen, id) !== undefined) continue;
      const { n, q } = seen.committee;
      return `${seen.live.length} of ${n} validators of ${chain} vote and ${q} are needed: not without ${id}`;
    }
    return undefined;
  }

  /** What is known of a definition at any moment, without reading it. */
  #know({ name, definition }: NetworkRow): void {
    const isPublic = definition !== "" && parseDefinition(definition, "the applied definition").explorer.public;
    if (isPublic) this.#public.add(name);
    else this.#public.delete(name);
  }

  async #forgetStopped(network: string): Promise<void> {
    const { store } = this.#options;
    await store.update(TENANT, async (view) => {
      const rows = await view.list(NODES, { under: [network] });
      return [{ deletes: rows.map(({ key }) => ({ table: NODES as Table<never>, key })) }, undefined];
    });
    for (const key of this.#stopped) if (key.startsWith(`${network} `)) this.#stopped.delete(key);
  }

  async #forget(network: string): Promise<void> {
    this.#desired.delete(network);
    this.#public.delete(network);
    await this.#forgetStopped(network);
    const deletes = [{ table: NETWORKS as Table<never>, key: [network] }];
    const events = [{ topic: "network", subject: network, data: { removed: true } }];
    await this.#options.store.write(TENANT, { deletes, events });
  }

  async #changeRow(network: string, change: Partial<NetworkRow>): Promise<void> {
    const { store, clock } = this.#options;
    const changed = await store.update(TENANT, async (view) => {
      const found = await view.get(NETWORKS, [network]);
      const bare: NetworkRow = { name: network, definition: "", revision: 0, desired: "stopped", changedAtMs: 0 };
      const row = { ...(found ?? bare), ...change, changedAtMs: clock.nowMs() };
      const data = { revision: row.revision, desired: row.desired };
      return [{ puts: [put(NETWORKS, [network], row)], events: [{ topic: "network", subject: network, data }] }, row];
    });
    this.#know(changed);
  }
}
