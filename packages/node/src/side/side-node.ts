// One node of a side chain: the composition root. Opens what is on disk, joins engine, chain, mesh, main-chain view and
// HTTP, and takes them apart again in the opposite order. Everything that fails here ends the process with a reason.

import { createClient } from "@bystack/api/client";
import { tokenDoor } from "@bystack/api/door";
import { NODE_ROUTES } from "@bystack/api/node-routes";
import { SIDE_ROUTES } from "@bystack/api/side-routes";
import { createSideSource } from "@bystack/chain/explorer/sources";
import type { FinalBlock } from "@bystack/chain/side/side-chain";
import { createBbftEngine } from "@bystack/consensus/bbft";
import { createEd25519VoteCrypto } from "@bystack/consensus/bbft/ed25519";
import type { Target } from "@bystack/consensus/bbft/events";
import { decodeMessage } from "@bystack/consensus/bbft/messages";
import type { BbftState } from "@bystack/consensus/bbft/state";
import { statusOf } from "@bystack/consensus/bbft/status";
import { fastestTensority } from "@bystack/crypto/tensority";
import { createTensorityPool, type TensorityPool } from "@bystack/crypto/tensority-pool";
import type { Mesh } from "@bystack/network/mesh";
import type { PayoutView } from "@bystack/protocol/peg/payout";
import type { Certificate } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import type { MainChainSpec, SideChainSpec } from "@bystack/protocol/spec";
import type { Disk } from "@bystack/storage/disk";
import type { KvStore } from "@bystack/storage/kv";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import type { Logger } from "@bystack/utils/ports";
import { BackupJobs } from "../backup/jobs.ts";
import { createSideBackup } from "../backup/side-backup.ts";
import { Explorer } from "../explorer/explorer.ts";
import { createInstance, type Instance, writeInstance } from "../process/instance.ts";
import type { NodeKeys } from "../process/keys.ts";
import { Opened } from "../process/opened.ts";
import { RefusedTransactions } from "../process/refused-transactions.ts";
import { type NodeServer, serveApi } from "../process/serve.ts";
import { systemClock, systemRng } from "../process/timers.ts";
import { Vitals } from "../process/vitals.ts";
import { createAccuser } from "./accuse.ts";
import { createBlockPorts, storedTip } from "./block-ports.ts";
import { createEngineShell, type EngineShell } from "./engine-shell.ts";
import { type Ground, type GroundDependencies, openGround } from "./ground.ts";
import { LeaderRecord } from "./leader-record.ts";
import { decodeReport, encodeReport, LoadLimit, REPORT_INTERVAL_MS } from "./load-limit.ts";
import { followMainChain, type MainFollower } from "./main-follower.ts";
import { MainHeaders } from "./main-headers.ts";
import { NodeInfo } from "./node-info.ts";
import { PayoutViews } from "./payout-views.ts";
import type { MemberPart } from "./peg-handlers.ts";
import { MESSAGE, messageTypeOf } from "./protocol.ts";
import { isRecountDue, supplyProblem } from "./recount.ts";
import { encodeFinalAnswer } from "./serve-final.ts";
import { createSideHandlers } from "./side-api.ts";
import { type Refusal, SideMetrics } from "./side-metrics.ts";
import { SideVitals } from "./side-vitals.ts";
import { TransactionGate } from "./transaction-gate.ts";

/** What a federation member needs of the node it runs in. */
export type MemberContext = {
  readonly spec: SideChainSpec;
  readonly mainSpec: MainChainSpec;
  readonly index: number;
  readonly keys: NodeKeys;
  readonly sideUrl: string;
  readonly mainUrl: string;
  readonly peers: readonly { readonly index: number; readonly url: string }[];
  readonly disk: Disk;
  readonly folder: string;
  readonly store: KvStore;
  readonly logger: Logger;
  /** Called at the named crash points of promises.md section 13. */
  readonly crashPoint: (name: string) => void;
  /** What the payouts recorded at a height were derived from (M2); of the newest boundaries since the start only. */
  readonly payoutView: (recordedHeight: number) => Promise<PayoutView | undefined>;
};

export type SideNodeDependencies = GroundDependencies & {
  /** Makes the member of this process; absent where no federation code is joined. */
  readonly createMember?: (context: MemberContext) => Promise<MemberPart>;
  readonly onStopAsked: () => void;
};

export type RunningNode = {
  readonly instance: Instance;
  /** Rejects with the reason when the node must end. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
};

class SideNode {
  readonly #deps: SideNodeDependencies;
  readonly #ground: Ground;
  readonly #opened: Opened;
  readonly #instance: Instance = createInstance(systemClock.nowMs());
  readonly #info: NodeInfo;
  readonly #vitals: SideVitals;
  readonly #refused = new RefusedTransactions();
  readonly #gate = new TransactionGate(systemClock);
  readonly #payoutViews = new PayoutViews();
  readonly #load = new LoadLimit(systemClock);
  readonly #metrics: SideMetrics;
  #engine:
    | { readonly shell: EngineShell; readonly state: BbftState; readonly status: () => ReturnType<typeof statusOf> }
    | undefined;
  #headers: MainHeaders | undefined;
  #pool: TensorityPool | undefined;
  #server: NodeServer | undefined;
  #member: MemberPart | undefined;
  #explorer: Explorer | undefined;
  /** Why the counters of the supply are not to be trusted; undefined while they agree. */
  #supplyProblem: string | undefined;

  constructor(deps: SideNodeDependencies, ground: Ground, opened: Opened) {
    this.#deps = deps;
    this.#ground = ground;
    this.#opened = opened;
    this.#info = new NodeInfo({
      peers: ground.peers,
      options: deps.options,
      version: deps.version,
      spec: ground.spec,
      config: ground.config,
      chain: ground.store.chain,
      instance: this.#instance,
      clock: systemClock,
      mesh: this.#mesh,
      engine: () =>
        this.#engine && { status: this.#engine.status(), nullifiedTotal: this.#engine.shell.nullifiedTotal() },
      supplyProblem: () => this.#supplyProblem,
    });
    const vitals = new Vitals({ clock: systemClock, instance: this.#instance.instance, folder: deps.folder });
    const leaders = new LeaderRecord(ground.config.run);
    this.#vitals = new SideVitals({
      vitals,
      leaders,
      config: ground.config,
      chain: ground.store.chain,
      clock: systemClock,
      nameOf: (key) => ground.peers.nameOf(key),
      engine: () => this.#engine?.state,
    });
    this.#metrics = new SideMetrics({
      vitals,
      leaders,
      clock: systemClock,
      startedAtMs: this.#instance.startedAtMs,
      chain: ground.store.chain,
      info: this.#info,
      peersConfigured: () => ground.peers.all.length,
      overRate: () => this.#gate.overRate,
      mesh: this.#mesh,
      registry: ground.metrics,
      engine: () => this.#engine?.state,
    });
    opened.add(() => this.#metrics.stop());
  }

  get #mesh(): Mesh {
    return this.#ground.wire.mesh;
  }

  #tensority(): TensorityPool {
    if (this.#pool === undefined) {
      const backend = this.#deps.options.backend === "auto" ? fastestTensority() : this.#deps.options.backend;
      this.#deps.logger.info("checking main-chain proof of work here", { backend });
      this.#pool = createTensorityPool({ backend });
    }
    return this.#pool;
  }

  followMain(): void {
    const { mainUrl } = this.#deps.options;
    const { spec, store } = this.#ground;
    const { federation } = spec;
    if (federation === null) return;
    let follower: MainFollower | undefined;
    if (mainUrl !== undefined) {
      follower = followMainChain({
        client: createClient({ baseUrl: mainUrl, routes: NODE_ROUTES }),
        floorHeight: federation.mainAnchor.height,
        neededHeight: () => Number(store.chain.final.peg?.tip().height ?? federation.mainAnchor.height),
        onChange: () => this.#engine?.shell.retryPredicates(),
        logger: this.#deps.logger,
      });
    }
    this.#opened.add(() => follower?.stop());
    this.#headers = new MainHeaders({ follower, headerLag: federation.headerLag, pool: () => this.#tensority() });
    this.#opened.add(async () => this.#pool?.close());
  }

  /** Beside the chain: neither the engine nor a block ever waits for it. */
  async openExplorer(): Promise<void> {
    const { folder, options, logger } = this.#deps;
    if (!options.explorer) return;
    const { spec, mainSpec, store } = this.#ground;
    const source = createSideSource({ spec, mainAddressPrefix: mainSpec?.addressPrefix ?? "", chain: store.chain });
    const monotonicMs = () => systemClock.monotonicMs();
    const explorer = await Explorer.open({ folder, driver: options.store, source, monotonicMs, logger });
    this.#explorer = explorer;
    this.#opened.add(async () => explorer?.close());
  }

  listen(): void {
    this.#ground.wire.listen((message) => this.#onMessage(message.from, message.type, message.body));
  }

  #onMessage(from: string, type: number, body: Uint8Array): void {
    if (type === MESSAGE.transaction) {
      const fault = this.#gate.take(from, () => this.#ground.store.chain.submit(Uint8Array.from(body)));
      if (fault !== undefined) this.#refuse(from, "TRANSACTION", "peer-minor", fault);
      return;
    }
    if (type === MESSAGE.load) {
      const gas = decodeReport(body);
      if (gas === undefined) this.#refuse(from, "MALFORMED_MESSAGE", "peer-severe");
      else this.#load.take(from, gas);
      return;
    }
    this.#ground.tap.record(body);
    const message = decodeMessage(Uint8Array.from(body));
    if (message === undefined) this.#refuse(from, "MALFORMED_MESSAGE", "peer-severe");
    else this.#engine?.shell.post({ type: "message", from, message });
  }

  /** Counts a message that no honest peer sends, and holds it against its sender. */
  #refuse(peer: string, reason: Refusal, fault: "peer-minor" | "peer-severe", detail: string = reason): void {
    this.#metrics.scored(reason);
    this.#mesh.report(peer, fault, detail);
  }

  async startEngine(): Promise<void> {
    const { keys, logger } = this.#deps;
    const { config, record, store, tap } = this.#ground;
    const holdsKey = config.ownKey !== undefined;
    const engine = createBbftEngine(createEd25519VoteCrypto(holdsKey ? keys.vote.seed : undefined));
    const state = engine.init(config);
    const shell = createEngineShell({
      step: (event) => this.#metrics.effects(state, engine.step(state, event)),
      clock: systemClock,
      logger,
      metrics: this.#metrics.registry,
      ports: {
        ...createBlockPorts({
          chain: store.chain,
          headers: this.#headers,
          logger,
          load: this.#load,
          gasMax: () => {
            const { keys, f } = state.committees.present;
            return this.#load.gasMax(this.#ground.peers.inOrder(keys), f);
          },
        }),
        persist: (entries, replace) =>
          this.#metrics.timed("vote_fsync_seconds", async () => record?.persist(entries, replace)),
        send: (to, bytes, type) => {
          const id = this.#ground.peers.meshIdOf(to, state.committees.present.keys);
          tap.record(bytes);
          // A validator whose connection is not known gets it among the others: these are short questions.
          if (id === undefined) this.#mesh.broadcast(messageTypeOf(type), bytes);
          else this.#mesh.send(id, messageTypeOf(type), bytes);
        },
        broadcast: (bytes, type) => {
          tap.record(bytes);
          this.#mesh.broadcast(messageTypeOf(type), bytes);
        },
        finalise: (blocks, certificate) =>
          this.#metrics.timed("finalise_seconds", () => this.#finalise(blocks, certificate)),
        serveFinal: (request) => this.#serveFinal(request),
        score: (peer, reason) => this.#refuse(peer, reason, "peer-severe"),
        accuse: createAccuser({
          chain: store.chain,
          logger,
          committee: () => state.committees.present.keys,
          onAccepted: (raw) => this.#relay(raw),
        }),
      },
    });
    this.#engine = { shell, state, status: () => statusOf(state) };
    this.#opened.add(() => shell.stop());
    shell.post({
      type: "start",
      record: holdsKey ? record?.entries : [],
      tip: await storedTip(store),
      nonce: systemRng.bytes(32),
    });
  }

  /** Tells the others now and then how much this node can check. */
  reportLoad(): void {
    const timer = setInterval(() => {
      const own = this.#load.own();
      if (own !== undefined) this.#mesh.broadcast(MESSAGE.load, encodeReport(own));
    }, REPORT_INTERVAL_MS);
    this.#opened.add(() => clearInterval(timer));
  }

  #relay(raw: Uint8Array): void {
    this.#mesh.broadcast(MESSAGE.transaction, raw);
  }

  async #finalise(blocks: readonly SideBlock[], certificate: Certificate): Promise<void> {
    const { store } = this.#ground;
    const final = await store.chain.finalise(blocks, certificate, (entry) => store.indexes.follow(entry));
    for (const entry of final) this.#announce(entry);
    this.#refused.noteDropped(
      store.chain.mempool.takeDropped(),
      final.flatMap(({ summary }) => summary.effects.map(({ id }) => id)),
      systemClock.nowMs(),
    );
    if (isRecountDue(final)) this.#recount();
    this.#explorer?.poke();
    await store.follow(final);
  }

  /** Compares the counters of the supply with the outputs; a mismatch puts the brake on the member. */
  #recount(): void {
    const problem = supplyProblem(this.#ground.store.chain.final);
    if (problem === undefined) return;
    this.#supplyProblem = problem;
    this.#deps.logger.error("payouts are not signed here any more", { why: problem });
    this.#member?.setBrake(true).catch((error: unknown) => {
      this.#deps.logger.error("the brake could not be recorded", { why: String(error) });
    });
  }

  #announce(entry: FinalBlock): void {
    const { block, summary } = entry;
    this.#payoutViews.follow(entry);
    this.#info.follow(entry);
    this.#vitals.follow(entry);
    this.#metrics.final(entry);
    if (summary.effects.some((effect) => effect.headers !== undefined)) this.#headers?.ownBlockFinal();
    this.#server?.events.publish({
      type: "final",
      height: block.header.height,
      hash: bytesToHex(block.hash),
      timestampMs: block.header.timestampMs,
      transactions: summary.effects.map((effect) => bytesToHex(effect.id)),
    });
  }

  /** Answers a peer that is behind. */
  async #serveFinal(request: { to: Target; fromHeight: number; countMax: number }): Promise<void> {
    // Answers go to whoever asked.
    if (!("peer" in request.to)) return;
    const { peer } = request.to;
    const { store, config } = this.#ground;
    const bytes = await encodeFinalAnswer(store.chain.blocks, request, config.epochBlocks);
    if (bytes !== undefined) this.#mesh.send(peer, MESSAGE.sync, bytes);
  }

  async startServer(): Promise<number> {
    const { folder, options, keys, logger, version, onStopAsked, createDisk } = this.#deps;
    const ground = this.#ground;
    const source = createSideBackup({ folder, options, ground, version, engine: () => this.#engine?.state });
    const backups = new BackupJobs({ folder, source, clock: systemClock, logger, createDisk });
    this.#opened.add(() => backups.close());
    const server = await serveApi({
      title: `Bystack side chain ${this.#ground.spec.name}, node ${options.id}`,
      version,
      routes: SIDE_ROUTES,
      handlers: createSideHandlers({
        ground: this.#ground,
        keys,
        info: this.#info,
        vitals: this.#vitals,
        refused: this.#refused,
        explorer: { isOn: options.explorer, explorer: this.#explorer },
        member: () => this.#member,
        backups,
        onAccepted: (raw, id) => {
          this.#metrics.submitted(id);
          this.#relay(raw);
        },
        onStopAsked,
      }),
      host: options.http.host,
      port: options.http.port,
      hostsAllowed: options.hostsAllowed,
      door: tokenDoor(this.#instance.adminToken),
      logger,
      metrics: () => this.#metrics.registry.render(),
    });
    this.#server = server;
    this.#opened.add(() => server.close());
    return server.port;
  }

  /** The member joins last: it calls this node by its address. */
  async startMember(): Promise<void> {
    const { createMember, options, keys, logger, folder } = this.#deps;
    const { spec, mainSpec, disk, store } = this.#ground;
    const index =
      spec.federation?.members.findIndex((member) => equalBytes(member.identity, keys.identity.publicKey)) ?? -1;
    const { mainUrl, federation } = options;
    if (
      createMember === undefined ||
      index < 0 ||
      federation === undefined ||
      mainUrl === undefined ||
      mainSpec === undefined
    )
      return;
    const member = await createMember({
      spec,
      mainSpec,
      index,
      keys,
      sideUrl: this.#server?.url ?? "",
      mainUrl,
      peers: federation.members,
      disk,
      folder,
      store: store.memberKv,
      logger,
      crashPoint: (name) => {
        if (name === options.crashAt) process.kill(process.pid, "SIGKILL");
      },
      payoutView: async (recordedHeight) => this.#payoutViews.at(recordedHeight),
    });
    this.#member = member;
    this.#opened.add(() => member.stop());
    this.#recount();
    member.start();
  }

  /** Says that the node is up, last of all: whoever reads instance.json finds a node that answers. */
  announce(ports: { readonly http: number; readonly mesh: number }): RunningNode {
    const { folder, logger } = this.#deps;
    const instance = { ...this.#instance, ports };
    writeInstance(folder, instance);
    const { chain } = this.#ground.store;
    logger.info("side node is up", {
      height: chain.height,
      ...ports,
      validator: this.#engine?.status().ownIndex ?? -1,
    });
    const ended = this.#engine?.shell.ended ?? Promise.resolve();
    return { instance, ended, stop: () => this.#opened.close() };
  }
}

/**
 * Starts a node of a side chain from its folder; one that cannot start closes what it had opened.
 * @throws BystackError OPTIONS_INVALID, SPEC_MISMATCH, FOLDER_IN_USE, PORT_IN_USE, and those of storage and ledger
 */
export async function startSideNode(deps: SideNodeDependencies): Promise<RunningNode> {
  const opened = new Opened();
  try {
    const ground = await openGround(deps, opened);
    const node = new SideNode(deps, ground, opened);
    await node.openExplorer();
    const http = await node.startServer();
    node.followMain();
    await node.startEngine();
    node.listen();
    node.reportLoad();
    await node.startMember();
    return node.announce({ http, mesh: ground.meshPort });
  } catch (error) {
    await opened.close().catch(() => {});
    throw error;
  }
}
