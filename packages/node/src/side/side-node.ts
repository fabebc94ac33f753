// One node of a side chain: the composition root. Opens what is on disk, joins engine, chain, mesh, main-chain view and
// HTTP, and takes them apart again in the opposite order. Everything that fails here ends the process with a reason.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createClient } from "@bystack/api/client";
import { FEDERATION_ROUTES } from "@bystack/api/federation-routes";
import { NODE_ROUTES } from "@bystack/api/node-routes";
import { type ApiServer, createApiServer } from "@bystack/api/server";
import type { FinalBlock } from "@bystack/chain/side/side-chain";
import { createBbftEngine } from "@bystack/consensus/bbft";
import { type BbftConfig, validateConfig } from "@bystack/consensus/bbft/config";
import { createEd25519VoteCrypto } from "@bystack/consensus/bbft/ed25519";
import type { StoredTip, Target } from "@bystack/consensus/bbft/events";
import { type BbftMessage, decodeMessage } from "@bystack/consensus/bbft/messages";
import { fastestTensority } from "@bystack/crypto/tensority";
import { createTensorityPool, type TensorityPool } from "@bystack/crypto/tensority-pool";
import { createIdentity } from "@bystack/network/identity";
import { createMesh, type Mesh } from "@bystack/network/mesh";
import type { PayoutView } from "@bystack/protocol/peg/payout";
import type { Certificate } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { chainIdOf, type MainChainSpec, parseChainSpecText, type SideChainSpec } from "@bystack/protocol/spec";
import { openDataFolder } from "@bystack/storage/data-folder";
import type { Disk } from "@bystack/storage/disk";
import type { KvStore } from "@bystack/storage/kv";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import { type Logger, nullMetrics } from "@bystack/utils/ports";
import { nodeError } from "../errors.ts";
import type { SideNodeOptions } from "../options.ts";
import { createInstance, type Instance, writeInstance } from "../process/instance.ts";
import type { NodeKeys } from "../process/keys.ts";
import { systemClock, systemRng } from "../process/timers.ts";
import { openConsensusRecord } from "./consensus-record.ts";
import { createEngineShell, type EngineShell } from "./engine-shell.ts";
import { type FrameTap, NO_TAP, openFrameTap } from "./frame-tap.ts";
import { createSideReads } from "./handlers.ts";
import { followMainChain, type MainFollower } from "./main-follower.ts";
import { headersInBody, MainHeaders } from "./main-headers.ts";
import { createPegHandlers, type MemberPart } from "./peg-handlers.ts";
import { BLOCK_BYTES_MAX, MESSAGE, messageTypeOf, PROTOCOL_VERSION, SIDE_PROTOCOL } from "./protocol.ts";
import { isRecountDue, supplyProblem } from "./recount.ts";
import { encodeFinalAnswer } from "./serve-final.ts";
import { openSideStore, type SideStore } from "./side-store.ts";
import { TransactionGate } from "./transaction-gate.ts";

const DATA_FORMAT = 1;
/** A side node counts as ready when its newest final block is not older than this. */
const READY_AGE_MS = 10_000;
/** Final blocks whose times give the interval shown. */
const INTERVAL_BLOCKS = 20;

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

export type SideNodeDependencies = {
  readonly folder: string;
  readonly options: SideNodeOptions;
  readonly keys: NodeKeys;
  readonly version: string;
  readonly logger: Logger;
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

function loadSpecs(
  folder: string,
  options: SideNodeOptions,
): { spec: SideChainSpec; mainSpec: MainChainSpec | undefined } {
  const load = (file: string) => {
    const parsed = parseChainSpecText(readFileSync(join(folder, file), "utf8"));
    if (!parsed.ok) {
      const [problem] = parsed.error;
      throw nodeError("OPTIONS_INVALID", { why: `${file}: ${problem?.path ?? ""} ${problem?.rule ?? ""}` });
    }
    return parsed.value;
  };
  const spec = load(options.specFile);
  if (spec.kind !== "side")
    throw nodeError("OPTIONS_INVALID", { why: `${options.specFile} is not a side chain's spec` });
  // Otherwise each leader in turn would stop on the first full block that it cannot send.
  if (spec.limits.blockBytesMax > BLOCK_BYTES_MAX)
    throw nodeError("OPTIONS_INVALID", {
      why: `limits.blockBytesMax is ${spec.limits.blockBytesMax}; blocks above ${BLOCK_BYTES_MAX} bytes fit no message`,
    });
  const mainSpec = options.mainSpecFile === undefined ? undefined : load(options.mainSpecFile);
  if (mainSpec !== undefined && mainSpec.kind !== "main")
    throw nodeError("OPTIONS_INVALID", { why: `${options.mainSpecFile} is not a main chain's spec` });
  return { spec, mainSpec };
}

function engineConfig(parts: { spec: SideChainSpec; genesisHash: Uint8Array; voteKey: Uint8Array }): BbftConfig {
  const { spec } = parts;
  const config: BbftConfig = {
    chainId: chainIdOf(spec),
    committee: spec.committee.map((validator) => validator.voteKey),
    ownIndex: spec.committee.findIndex((validator) => equalBytes(validator.voteKey, parts.voteKey)),
    run: spec.consensus.run,
    epochBlocks: spec.consensus.epochBlocks,
    blockMs: spec.consensus.blockMs,
    deltaMs: spec.consensus.deltaMs,
    genesis: { hash: parts.genesisHash, timestampMs: spec.genesis.timeMs },
    predicates: spec.federation !== null,
    allowNoFaultTolerance: spec.developmentMode,
  };
  const problem = validateConfig(config);
  if (problem !== undefined) throw nodeError("OPTIONS_INVALID", { why: problem });
  return config;
}

/** Peers of the mesh by their place in the committee, and back. */
class PeerPlaces {
  readonly #idOf = new Map<number, string>();

  constructor(spec: SideChainSpec, options: SideNodeOptions) {
    for (const peer of options.peers) {
      const place = spec.committee.findIndex((validator) => validator.id === peer.id);
      if (place >= 0) this.#idOf.set(place, bytesToHex(peer.key));
    }
  }

  idOf(to: Target): string | undefined {
    return "peer" in to ? to.peer : this.#idOf.get(to.validator);
  }
}

class SideNode {
  readonly #deps: SideNodeDependencies;
  readonly #store: SideStore;
  readonly #spec: SideChainSpec;
  readonly #mainSpec: MainChainSpec | undefined;
  readonly #config: BbftConfig;
  readonly #places: PeerPlaces;
  readonly #tap: FrameTap;
  readonly #finalTimes: number[] = [];
  readonly #lastVoteMs = new Map<number, number>();
  #mesh: Mesh | undefined;
  #shell: EngineShell | undefined;
  #follower: MainFollower | undefined;
  #headers: MainHeaders | undefined;
  #pool: TensorityPool | undefined;
  #server: ApiServer | undefined;
  #member: MemberPart | undefined;
  #instance: Instance | undefined;
  /** Time of the newest final block: a node that catches up is not ready, however many blocks a second it takes in. */
  #finalAtMs: number;
  readonly #builtWithHeaders = new Set<string>();
  readonly #gate = new TransactionGate(systemClock);
  readonly #payoutViews = new Map<number, PayoutView>();
  /** Why the counters of the supply are not to be trusted; undefined while they agree. */
  #supplyProblem: string | undefined;

  constructor(
    deps: SideNodeDependencies,
    parts: { store: SideStore; spec: SideChainSpec; mainSpec: MainChainSpec | undefined; config: BbftConfig },
  ) {
    this.#deps = deps;
    this.#store = parts.store;
    this.#spec = parts.spec;
    this.#mainSpec = parts.mainSpec;
    this.#config = parts.config;
    this.#places = new PeerPlaces(parts.spec, deps.options);
    this.#finalAtMs = parts.store.chain.tip?.block.header.timestampMs ?? parts.spec.genesis.timeMs;
    this.#tap = deps.options.tap ? openFrameTap(join(deps.folder, "log", `frames-${systemClock.nowMs()}.tap`)) : NO_TAP;
  }

  #tensority(): TensorityPool {
    if (this.#pool === undefined) {
      const backend = this.#deps.options.backend === "auto" ? fastestTensority() : this.#deps.options.backend;
      this.#deps.logger.info("checking main-chain proof of work here", { backend });
      this.#pool = createTensorityPool({ backend });
    }
    return this.#pool;
  }

  startFollowing(): void {
    const { mainUrl } = this.#deps.options;
    const federation = this.#spec.federation;
    if (federation === null) return;
    if (mainUrl !== undefined) {
      this.#follower = followMainChain({
        client: createClient({ baseUrl: mainUrl, routes: NODE_ROUTES }),
        floorHeight: federation.mainAnchor.height,
        neededHeight: () => Number(this.#store.chain.final.peg?.tip().height ?? federation.mainAnchor.height),
        onChange: () => this.#shell?.retryPredicates(),
        logger: this.#deps.logger,
      });
    }
    this.#headers = new MainHeaders({
      follower: this.#follower,
      headerLag: federation.headerLag,
      pool: () => this.#tensority(),
    });
  }

  async startMesh(): Promise<number> {
    const { options, keys, logger, version } = this.#deps;
    const mesh = createMesh({
      identity: createIdentity(keys.peer.seed),
      listen: options.mesh,
      peers: options.peers.map((peer) => ({ id: bytesToHex(peer.key), host: peer.host, port: peer.port })),
      handshake: { protocolVersion: PROTOCOL_VERSION, networkHash: this.#config.chainId, agent: `bystack/${version}` },
      protocol: SIDE_PROTOCOL,
      rng: systemRng,
      logger,
      handlers: {
        onConnected: (peer) => logger.info("peer connected", { peer: peer.id.slice(0, 8) }),
        onDisconnected: (id) => logger.info("peer disconnected", { peer: id.slice(0, 8) }),
        onMessage: (message) => this.#onMessage(message.from, message.type, message.body),
      },
    });
    this.#mesh = mesh;
    const address = await mesh.start();
    return address?.port ?? 0;
  }

  #onMessage(from: string, type: number, body: Uint8Array): void {
    if (type === MESSAGE.transaction) {
      const fault = this.#gate.take(from, () => this.#store.chain.submit(Uint8Array.from(body)));
      if (fault !== undefined) this.#mesh?.report(from, "peer-minor", fault);
      return;
    }
    this.#tap.record(body);
    const message = decodeMessage(Uint8Array.from(body));
    if (message === undefined) {
      this.#mesh?.report(from, "peer-severe", "MALFORMED_MESSAGE");
      return;
    }
    this.#noteVotes(message);
    this.#shell?.post({ type: "message", from, message });
  }

  /** When each validator was last heard voting: what `status` and `why` show. */
  #noteVotes(message: BbftMessage): void {
    const nowMs = systemClock.nowMs();
    if (message.type === "NOTES") for (const vote of message.votes) this.#lastVoteMs.set(vote.signer, nowMs);
  }

  async startEngine(record: Awaited<ReturnType<typeof openConsensusRecord>> | undefined): Promise<void> {
    const { keys, logger } = this.#deps;
    const isValidator = this.#config.ownIndex >= 0;
    const engine = createBbftEngine(createEd25519VoteCrypto(isValidator ? keys.vote.seed : undefined));
    const state = engine.init(this.#config);
    const shell = createEngineShell({
      step: (event) => engine.step(state, event),
      clock: systemClock,
      logger,
      metrics: nullMetrics,
      ports: {
        persist: (entries, replace) => record?.persist(entries, replace) ?? Promise.resolve(),
        send: (to, bytes, type) => {
          const id = this.#places.idOf(to);
          this.#tap.record(bytes);
          if (id !== undefined) this.#mesh?.send(id, messageTypeOf(type), bytes);
        },
        broadcast: (bytes, type) => {
          this.#tap.record(bytes);
          this.#mesh?.broadcast(messageTypeOf(type), bytes);
        },
        build: (request) => this.#build(request),
        validate: (block, certified) => this.#validate(block, certified),
        predicate: async (block) => this.#headers?.holds(block.batches) ?? headersInBody(block.batches).length === 0,
        finalise: (blocks, certificate) => this.#finalise(blocks, certificate),
        serveFinal: (request) => this.#serveFinal(request),
        score: (peer, reason) => this.#mesh?.report(peer, "peer-severe", reason),
        ownBlockNullified: (place, hash) =>
          this.#headers?.ownBlockNullified(place, this.#builtWithHeaders.has(bytesToHex(hash))),
      },
    });
    this.#shell = shell;
    shell.post({
      type: "start",
      record: isValidator ? record?.entries : [],
      tip: await this.#storedTip(),
      nonce: systemRng.bytes(32),
    });
  }

  /** What the engine starts from: the newest stored block with a certificate, and the end of the epoch before it. */
  async #storedTip(): Promise<StoredTip> {
    const { blocks } = this.#store.chain;
    const newest = await blocks.newestCertified();
    if (newest === undefined) return { height: 0, block: undefined, certificate: undefined, opening: undefined };
    const { epoch, height } = newest.block.header;
    return { height, ...newest, opening: await this.#openingOf(epoch) };
  }

  /** The last block of the epoch before with its certificate, which the block above it carries too. */
  async #openingOf(epoch: number): Promise<StoredTip["opening"]> {
    const { blocks } = this.#store.chain;
    const height = (epoch - 1) * this.#config.epochBlocks;
    const last = await blocks.read(height);
    const certificate = last?.certificate ?? (await blocks.read(height + 1))?.block.parentCertificate;
    return last === undefined || certificate === undefined ? undefined : { block: last.block, certificate };
  }

  async #build(request: { parentHash: Uint8Array; epoch: number; view: number; halvings: number }) {
    const parent = this.#store.chain.stateOf(request.parentHash);
    if (parent === undefined) return undefined;
    const headers = this.#headers?.transactionFor(parent, request);
    return this.#store.chain.build({
      parentHash: request.parentHash,
      view: request.view,
      halvings: request.halvings,
      headers,
      // Our own main node has verified these; whoever validates the block asks its own.
      verdicts: headers === undefined ? new Map() : "assumed",
    });
  }

  async #validate(block: SideBlock, certified: boolean): Promise<boolean> {
    const { chain } = this.#store;
    // A sync brings many blocks at once: between two of them connections and timers get their turn.
    if (certified) await nextTurn();
    if (block.header.height <= chain.height) return this.#isStored(block);
    const parent = chain.stateOf(block.header.parentHash);
    if (parent === undefined) return false;
    // Under a certificate somebody has checked the proof of work: a newcomer need not compute it for years of headers.
    const verdicts = certified ? "assumed" : await this.#headers?.verdicts(parent, block.batches);
    const result = chain.execute(block, verdicts ?? new Map<string, boolean>());
    if (!result.ok)
      this.#deps.logger.warn("a proposed block is invalid", {
        height: block.header.height,
        code: result.code,
        where: result.where,
      });
    if (headersInBody(block.batches).length > 0) this.#rememberHeaders(bytesToHex(block.hash));
    return result.ok;
  }

  /** After a crash inside a batch the store is ahead of the engine: what it holds was executed. */
  async #isStored(block: SideBlock): Promise<boolean> {
    const stored = await this.#store.chain.blocks.read(block.header.height);
    return stored !== undefined && equalBytes(stored.block.hash, block.hash);
  }

  #rememberHeaders(hash: string): void {
    this.#builtWithHeaders.add(hash);
    const [oldest] = this.#builtWithHeaders;
    if (this.#builtWithHeaders.size > BLOCKS_WITH_HEADERS_MAX && oldest !== undefined)
      this.#builtWithHeaders.delete(oldest);
  }

  async #finalise(blocks: readonly SideBlock[], certificate: Certificate): Promise<void> {
    const { chain, indexes } = this.#store;
    const final = await chain.finalise(blocks, certificate, (entry) => indexes.follow(entry));
    for (const entry of final) this.#announce(entry);
    if (isRecountDue(final)) this.#recount();
    await this.#store.maybeSnapshot();
  }

  /** Compares the counters of the supply with the outputs; a mismatch puts the brake on the member. */
  #recount(): void {
    const problem = supplyProblem(this.#store.chain.final);
    if (problem === undefined) return;
    this.#supplyProblem = problem;
    this.#deps.logger.error("payouts are not signed here any more", { why: problem });
    this.#brakeMember();
  }

  #brakeMember(): void {
    this.#member?.setBrake(true).catch((error: unknown) => {
      this.#deps.logger.error("the brake could not be recorded", { why: String(error) });
    });
  }

  #keepPayoutView({ block, summary }: FinalBlock): void {
    if (summary.payoutView === undefined) return;
    this.#payoutViews.set(block.header.height, summary.payoutView);
    const [oldest] = this.#payoutViews.keys();
    if (this.#payoutViews.size > PAYOUT_VIEWS_MAX && oldest !== undefined) this.#payoutViews.delete(oldest);
  }

  #announce(entry: FinalBlock): void {
    const { block, summary } = entry;
    this.#keepPayoutView(entry);
    this.#finalAtMs = block.header.timestampMs;
    this.#finalTimes.push(block.header.timestampMs);
    if (this.#finalTimes.length > INTERVAL_BLOCKS) this.#finalTimes.shift();
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
    const id = this.#places.idOf(request.to);
    if (id === undefined) return;
    const bytes = await encodeFinalAnswer(this.#store.chain.blocks, request, this.#config.epochBlocks);
    if (bytes !== undefined) this.#mesh?.send(id, MESSAGE.sync, bytes);
  }

  async startServer(): Promise<number> {
    const { options, logger, version } = this.#deps;
    const { chain, indexes } = this.#store;
    const reads = createSideReads({
      chain,
      indexes,
      onAccepted: (raw) => this.#mesh?.broadcast(MESSAGE.transaction, raw),
    });
    const peg = createPegHandlers({
      chain,
      mainAddressPrefix: this.#mainSpec?.addressPrefix ?? "",
      member: () => this.#member,
    });
    const instance = createInstance({}, { nowMs: systemClock.nowMs(), readPs });
    this.#instance = instance;
    this.#server = await createApiServer({
      title: `Bystack side chain ${this.#spec.name}, node ${options.id}`,
      version,
      routes: { ...NODE_ROUTES, ...FEDERATION_ROUTES },
      handlers: {
        ...reads,
        ...peg,
        info: () => this.#info(),
        consensus: () => this.#consensus(),
        peers: () => this.#peers(),
        stop: () => {
          this.#deps.onStopAsked();
          return { stopping: true as const };
        },
      },
      host: options.http.host,
      port: options.http.port,
      hostsAllowed: options.hostsAllowed,
      adminToken: instance.adminToken,
      logger,
    });
    return this.#server.port;
  }

  /** The member joins last: it calls this node by its address. */
  async startMember(disk: Disk): Promise<void> {
    const { createMember, options, keys, logger, folder } = this.#deps;
    const index =
      this.#spec.federation?.members.findIndex((member) => equalBytes(member.identity, keys.identity.publicKey)) ?? -1;
    const { mainUrl } = options;
    if (
      createMember === undefined ||
      index < 0 ||
      options.federation === undefined ||
      mainUrl === undefined ||
      this.#mainSpec === undefined
    )
      return;
    this.#member = await createMember({
      spec: this.#spec,
      mainSpec: this.#mainSpec,
      index,
      keys,
      sideUrl: this.#server?.url ?? "",
      mainUrl,
      peers: options.federation.members,
      disk,
      folder,
      store: this.#store.memberKv,
      logger,
      crashPoint: (name) => {
        if (name === options.crashAt) process.kill(process.pid, "SIGKILL");
      },
      payoutView: async (recordedHeight) => this.#payoutViews.get(recordedHeight),
    });
    this.#recount();
    this.#member.start();
  }

  #intervalMs(): number | null {
    const first = this.#finalTimes[0];
    const last = this.#finalTimes.at(-1);
    return first === undefined || last === undefined || this.#finalTimes.length < 2
      ? null
      : (last - first) / (this.#finalTimes.length - 1);
  }

  #notReady(): string | null {
    const ageMs = systemClock.nowMs() - this.#finalAtMs;
    const silence = this.#shell?.status().silence;
    const connected = this.#mesh?.peers().length ?? 0;
    if (this.#supplyProblem !== undefined) return this.#supplyProblem;
    if (this.#store.chain.height === 0)
      return `no block yet, ${connected} of ${this.#deps.options.peers.length} peers connected`;
    if (ageMs > READY_AGE_MS) return `no final block for ${Math.round(ageMs / 1000)} s, ${connected} peers connected`;
    if (silence !== undefined) return `not voting: ${silence}`;
    return null;
  }

  #info() {
    const { options, version } = this.#deps;
    const { chain } = this.#store;
    const tipHash = bytesToHex(chain.tip?.block.hash ?? chain.genesisHash);
    const because = this.#notReady();
    return {
      kind: "side" as const,
      chain: this.#spec.name,
      chainId: bytesToHex(this.#config.chainId),
      node: options.id,
      version,
      instance: this.#instance?.instance ?? "",
      startedAtMs: this.#instance?.startedAtMs ?? 0,
      height: chain.height,
      tip: tipHash,
      finalHeight: chain.height,
      finalHash: tipHash,
      finalAgeMs: Math.max(0, systemClock.nowMs() - this.#finalAtMs),
      blockIntervalMs: this.#intervalMs(),
      ready: because === null,
      notReadyBecause: because,
      peers: this.#mesh?.peers().length ?? 0,
      mempool: chain.mempool.size,
      rssBytes: process.memoryUsage.rss(),
      addressPrefix: this.#spec.addressPrefix,
      backends: { ed25519: "node:crypto with exact rule", lthash: "ts" },
    };
  }

  #consensus() {
    const status = this.#shell?.status();
    const nowMs = systemClock.nowMs();
    const n = this.#config.committee.length;
    const faults = Math.floor((n - 1) / 3);
    return {
      epoch: status?.epoch ?? 0,
      view: status?.view ?? 0,
      validators: this.#spec.committee.map((validator, index) => {
        const last = this.#lastVoteMs.get(index);
        return {
          index,
          id: validator.id,
          voteKey: bytesToHex(validator.voteKey),
          self: index === this.#config.ownIndex,
          lastVoteAgeMs: last === undefined ? null : nowMs - last,
        };
      }),
      faultsTolerated: faults,
      quorum: n - faults,
      voting: this.#config.ownIndex >= 0 && status?.silence === undefined,
      notVotingBecause: this.#config.ownIndex < 0 ? "an observer has no vote" : (status?.silence ?? null),
      nullifiedTotal: status?.nullifiedTotal ?? 0,
    };
  }

  #peers() {
    const open = new Map((this.#mesh?.peers() ?? []).map((peer) => [peer.id, peer]));
    return {
      items: this.#deps.options.peers.map((peer) => {
        const found = open.get(bytesToHex(peer.key));
        return { id: peer.id, connected: found !== undefined, score: found?.points ?? 0, finalHeight: null };
      }),
    };
  }

  get instance(): Instance | undefined {
    return this.#instance;
  }

  get ended(): Promise<void> {
    return this.#shell?.ended ?? Promise.resolve();
  }

  /** In the opposite order of the start: nobody calls us, nobody votes, then the disk. */
  async stop(): Promise<void> {
    await this.#member?.stop();
    await this.#server?.close();
    this.#shell?.stop();
    this.#follower?.stop();
    await this.#mesh?.stop();
    await this.#pool?.close();
    await this.#store.close();
    this.#tap.close();
  }
}

/** Blocks with headers in them that are remembered until they are final or nullified. */
export const BLOCKS_WITH_HEADERS_MAX = 64;
/** Payout boundaries whose view is kept for the member: as many as may have an open payout. */
export const PAYOUT_VIEWS_MAX = 16;

function readPs(): string {
  return execFileSync("ps", ["-o", "lstart=", "-p", String(process.pid)], { encoding: "utf8" }).trim();
}

/** Starts a node of a side chain from its folder. */
export async function startSideNode(deps: SideNodeDependencies): Promise<RunningNode> {
  const { folder, options, keys, logger } = deps;
  const { spec, mainSpec } = loadSpecs(folder, options);
  const data = await openDataFolder({ path: join(folder, "data", "side"), kind: "side-node", version: DATA_FORMAT });
  const store = await openSideStore({
    data,
    spec,
    mainSpec,
    driver: options.store,
    snapshotBlocks: options.snapshotBlocks,
    rng: systemRng,
    logger,
  });
  const config = engineConfig({ spec, genesisHash: store.chain.genesisHash, voteKey: keys.vote.publicKey });
  const record =
    config.ownIndex < 0
      ? undefined
      : await openConsensusRecord({
          folder,
          data,
          chainId: config.chainId,
          voteKey: keys.vote.publicKey,
          rng: systemRng,
          logger,
        });
  const node = new SideNode(deps, { store, spec, mainSpec, config });
  const meshPort = await node.startMesh();
  const httpPort = await node.startServer();
  node.startFollowing();
  await node.startEngine(record);
  await node.startMember(data.disk);
  const instance = { ...(node.instance as Instance), ports: { http: httpPort, mesh: meshPort } };
  writeInstance(folder, instance);
  logger.info("side node is up", {
    height: store.chain.height,
    http: httpPort,
    mesh: meshPort,
    validator: config.ownIndex,
  });
  return {
    instance,
    ended: node.ended,
    stop: async () => {
      await node.stop();
      await record?.close();
      data.release();
    },
  };
}
