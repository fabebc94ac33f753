// Backups of the platform's networks: who writes one, where it is kept, when the next one is due, and the operations for all of
// it. The platform knows the public half of the recipient's key alone: it can make backups and count them, never read one.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DrillResult } from "@bystack/api/backup-manifest";
import type { Clock, Logger } from "@bystack/utils/ports";
import { RESTORE, RESTORE_INPUT, type RestoreWorld, restoreSteps } from "../backup/restore-steps.ts";
import type { BackupRow } from "../backup/row.ts";
import { isDue, parsePeriod } from "../backup/schedule.ts";
import {
  BACKUP,
  BACKUP_INPUT,
  type BackupInput,
  type BackupWorld,
  backupSteps,
  DRILL,
  DRILL_INPUT,
  drillSteps,
} from "../backup/steps.ts";
import { drillStoreBackup, type OpenStore, PLATFORM_NAME, writeStoreBackup } from "../backup/store-backup.ts";
import { parseDefinition } from "../definition/parse.ts";
import type { BackupDefinition } from "../definition/schema.ts";
import { platformError } from "../errors.ts";
import { loadNetworkState, type NetworkLayout, type NetworkNode } from "../network/layout.ts";
import { clientOf } from "../network/run.ts";
import type { AuditLine, Journal, OperationKind } from "../operation/journal.ts";
import type { Operation } from "../operation/record.ts";
import type { DeployProvider } from "../provider/provider.ts";
import { LIST_ROWS_MAX, type PlatformStore, put } from "../store/store.ts";
import type { Table } from "../store/table.ts";
import { BACKUPS, type NetworkRow } from "../store/tables.ts";
import { platformPaths } from "./daemon-file.ts";

/** How often it is looked whether a backup is due. */
export const SCHEDULE_MS = 60_000;
const CALL_MS = 10_000;
const FILE_TARGET = /^file:(.+)$/;

/** What the platform cannot do by itself: run a chain, and open a store. */
export type BackupPorts = {
  /** Runs an opened backup through in a process of its own. `work`: a folder for what is thrown away. */
  readonly drill: (opened: string, work: string, signal: AbortSignal) => Promise<DrillResult>;
  readonly isPlaced: RestoreWorld["isPlaced"];
  readonly place: RestoreWorld["place"];
  readonly openStore: OpenStore;
  readonly release: string;
};

export type BackupsParts = {
  readonly home: string;
  readonly tenant: string;
  readonly store: PlatformStore;
  readonly ports: BackupPorts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly journal: () => Journal;
  readonly layout: (network: string) => NetworkLayout;
  readonly provider: (network: string) => DeployProvider;
  /** Networks with the definition that is applied. */
  readonly networks: () => Promise<readonly Pick<NetworkRow, "name" | "definition" | "desired">[]>;
  readonly node: (network: string, id: string) => NetworkNode;
  readonly setDesired: (network: string, node: string, desired: "running" | "stopped") => Promise<void>;
};

/** Which part of a network is backed up: a chain, by one of its nodes, or the platform's own store. */
export type BackupWish = {
  readonly chain?: string | undefined;
  readonly node?: string | undefined;
  readonly platform?: boolean | undefined;
};

/** Of the operation that made it: clocks may be set back, operations are counted. */
function numberOf({ id }: BackupRow): number {
  return Number(id.slice(id.lastIndexOf("-") + 1));
}

export class Backups {
  readonly #parts: BackupsParts;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(parts: BackupsParts) {
    this.#parts = parts;
  }

  get #view() {
    return this.#parts.store.tenant(this.#parts.tenant);
  }

  /** Oldest first. */
  async list(network: string): Promise<BackupRow[]> {
    const rows: BackupRow[] = [];
    for (let after: readonly string[] | undefined; ; ) {
      const page = await this.#view.list(BACKUPS, { under: [network], after, limit: LIST_ROWS_MAX });
      rows.push(...page.map(({ value }) => value));
      const last = page.at(-1);
      if (last === undefined || page.length < LIST_ROWS_MAX) break;
      after = last.key;
    }
    return rows.sort((a, b) => numberOf(a) - numberOf(b));
  }

  /** @throws BystackError BACKUP_NOT_FOUND */
  async get(network: string, id: string): Promise<BackupRow> {
    const row = await this.#view.get(BACKUPS, [network, id]);
    if (row === undefined) throw platformError("BACKUP_NOT_FOUND", { why: id });
    return row;
  }

  async #definitionOf(network: string): Promise<BackupDefinition> {
    const found = (await this.#parts.networks()).find(({ name }) => name === network);
    if (found === undefined || found.definition === "") throw platformError("NETWORK_NOT_FOUND", { why: network });
    const { backup } = parseDefinition(found.definition, "the applied definition");
    if (backup === undefined) throw platformError("BACKUP_NO_RECIPIENT", { why: network });
    return backup;
  }

  /** The folder of a network's backups: not in the network's own, which `clean` removes. */
  #folderOf(network: string, { target }: BackupDefinition): string {
    const [, path = ""] = FILE_TARGET.exec(target) ?? [];
    return path.startsWith("/") ? join(path, network) : join(platformPaths(this.#parts.home).root, path, network);
  }

  /** The node that is asked: an observer before a validator, the newest first. */
  #nodeFor(network: string, { chain, node }: BackupWish): NetworkNode {
    const state = loadNetworkState(this.#parts.layout(network));
    if (state === undefined) throw platformError("NETWORK_NOT_FOUND", { why: network });
    if (node !== undefined) {
      const named = this.#parts.node(network, node);
      if (chain === undefined || named.chain === chain) return named;
      throw platformError("NODE_NOT_FOUND", { why: `${node} is not of chain ${chain}` });
    }
    const [first] = state.sides.length === 1 ? state.sides : [];
    const wanted = chain ?? first?.chain;
    const ofChain = state.nodes.filter((candidate) => candidate.chain === wanted);
    const found = ofChain.findLast(({ index }) => index === null) ?? ofChain.at(-1);
    if (found === undefined) throw platformError("CHAIN_NOT_FOUND", { why: wanted ?? "name one: --chain" });
    return found;
  }

  /** Begins a backup. @throws BystackError BACKUP_NO_RECIPIENT, CHAIN_NOT_FOUND, NODE_NOT_FOUND, OPERATIONS_BUSY */
  async create(network: string, wish: BackupWish, actorId: string, audit?: AuditLine): Promise<Operation> {
    const definition = await this.#definitionOf(network);
    const { recipient, keep, drill } = definition;
    const isPlatform = wish.platform === true;
    const { id: node, chain } = isPlatform ? { id: PLATFORM_NAME, chain: PLATFORM_NAME } : this.#nodeFor(network, wish);
    const folder = this.#folderOf(network, definition);
    const kind = isPlatform ? "platform" : "node";
    const input: BackupInput = BACKUP_INPUT.parse({ node, chain, kind, folder, recipient, keep, drill });
    const title = isPlatform ? "back up the platform" : `back up ${chain} by ${node}`;
    return this.#parts.journal().submit({ kind: BACKUP, title, network, chain, actorId, input }, audit);
  }

  /** Begins to compare a sealed backup with its hashes. @throws BystackError BACKUP_NOT_FOUND, OPERATIONS_BUSY */
  async drill(network: string, id: string, actorId: string, audit?: AuditLine): Promise<Operation> {
    const { chain } = await this.get(network, id);
    const input = DRILL_INPUT.parse({ id });
    return this.#parts.journal().submit({ kind: DRILL, title: `verify ${id}`, network, chain, actorId, input }, audit);
  }

  /** Begins to put an opened backup into a node. @throws BystackError BACKUP_NOT_FOUND, NODE_NOT_FOUND, OPERATIONS_BUSY */
  async restore(
    network: string,
    { id, node }: { readonly id: string; readonly node: string },
    actorId: string,
    audit?: AuditLine,
  ): Promise<Operation> {
    const row = await this.get(network, id);
    const target = this.#parts.node(network, node);
    if (row.kind === "platform" || target.chain !== row.chain)
      throw platformError("NODE_NOT_FOUND", { why: `${id} is of ${row.chain}, ${node} of ${target.chain}` });
    const input = RESTORE_INPUT.parse({ id, node });
    const title = `restore ${node} from ${id}`;
    return this.#parts.journal().submit({ kind: RESTORE, title, network, chain: row.chain, actorId, input }, audit);
  }

  kinds(): OperationKind[] {
    return [
      { kind: BACKUP, steps: (operation) => backupSteps(this.#world(operation.network), operation) },
      { kind: DRILL, steps: (operation) => drillSteps(this.#world(operation.network), operation) },
      { kind: RESTORE, steps: (operation) => restoreSteps(this.#restoreWorld(operation.network), operation) },
    ];
  }

  #world(network: string): BackupWorld {
    const { home, tenant, store, ports, clock, layout } = this.#parts;
    const { root } = platformPaths(home);
    const place = layout(network);
    return {
      opened: ({ kind, node }, id) =>
        kind === "platform" ? join(root, "backup", id) : join(place.nodes, node, "backup", id),
      client: (node) => clientOf(place, this.#parts.node(network, node), CALL_MS),
      writeStore: (to, id) =>
        writeStoreBackup({
          store,
          openStore: ports.openStore,
          to,
          id,
          network,
          release: ports.release,
          nowMs: clock.nowMs(),
        }),
      drill: (opened, input, signal) => this.#drillOpened(opened, input, signal),
      row: (id) => this.#view.get(BACKUPS, [network, id]),
      rows: async (chain) => (await this.list(network)).filter((row) => row.chain === chain),
      save: (row) => {
        const data = { network, chain: row.chain, height: row.height, drill: row.drill?.ok ?? null };
        const events = [{ topic: "backup", subject: row.id, data }];
        return store.write(tenant, { puts: [put(BACKUPS, [network, row.id], row)], events });
      },
      forget: (id) => store.write(tenant, { deletes: [{ table: BACKUPS as Table<never>, key: [network, id] }] }),
      nowMs: () => clock.nowMs(),
    };
  }

  async #drillOpened(opened: string, { kind }: BackupInput, signal: AbortSignal): Promise<DrillResult> {
    const { home, ports } = this.#parts;
    const root = join(platformPaths(home).root, "drill");
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const work = mkdtempSync(join(root, "run-"));
    try {
      return kind === "platform"
        ? await drillStoreBackup(opened, work, ports.openStore)
        : await ports.drill(opened, work, signal);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }

  #restoreWorld(network: string): RestoreWorld {
    const { ports, layout, provider } = this.#parts;
    const place = layout(network);
    const state = () => loadNetworkState(place)?.nodes ?? [];
    return {
      layout: place,
      provider: provider(network),
      node: (id) => this.#parts.node(network, id),
      others: (node) => state().filter(({ id, chain }) => chain === node.chain && id !== node.id),
      client: (id) => clientOf(place, this.#parts.node(network, id), CALL_MS),
      row: (id) => this.#view.get(BACKUPS, [network, id]),
      isPlaced: ports.isPlaced,
      place: ports.place,
      setDesired: (node, desired) => this.#parts.setDesired(network, node, desired),
    };
  }

  /** Looks now and then whether a backup is due; what a drill left behind that was killed goes. */
  start(): void {
    rmSync(join(platformPaths(this.#parts.home).root, "drill"), { recursive: true, force: true });
    this.#timer = setInterval(() => {
      this.#looking = this.look().catch((error: unknown) =>
        this.#parts.logger.warn("backups that are due could not be begun", { why: String(error) }),
      );
    }, SCHEDULE_MS);
    this.#timer.unref();
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Begins every backup that is due: of each chain that shall run, and of the platform. */
  async look(): Promise<void> {
    for (const { name, definition, desired: wanted } of await this.#parts.networks()) {
      const state = loadNetworkState(this.#parts.layout(name));
      if (definition === "" || wanted !== "running" || state === undefined) continue;
      const { backup } = parseDefinition(definition, "the applied definition");
      if (backup === undefined) continue;
      const rows = await this.list(name);
      const recent = await this.#parts.journal().list({ limit: LIST_ROWS_MAX });
      const running = state.sides.filter(({ desired = "running" }) => desired === "running").map(({ chain }) => chain);
      for (const chain of [state.mainChain, ...running, PLATFORM_NAME]) {
        const operations = recent.filter(
          (each) => each.network === name && each.kind === BACKUP && each.chain === chain,
        );
        const made = { rows: rows.filter((row) => row.chain === chain), operations };
        if (!isDue(made, parsePeriod(backup.every), this.#parts.clock.nowMs())) continue;
        const wish = chain === PLATFORM_NAME ? { platform: true } : { chain };
        await this.create(name, wish, "schedule");
      }
    }
  }
}
