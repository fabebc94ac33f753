// A side chain for tests: four validators, an owner of the genesis coins, blocks that the chain itself fills and whose
// headers and certificates are made as the engine makes them (bbft.md sections 3 and 10), on a log on a disk in memory.

import { publicKeyFromSeed, signEd25519 } from "@bystack/crypto/ed25519";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { publicKeyProgram } from "@bystack/protocol/program";
import {
  assembleCertificate,
  type Certificate,
  type CertificateKind,
  quorumSize,
  signedBytes,
  skipRoot,
  VOTE_KINDS,
} from "@bystack/protocol/side/certificate";
import { mapSideTransaction, sideSignatureHash } from "@bystack/protocol/side/entries";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import { type SideHeader, sideBodyRoot } from "@bystack/protocol/side/header";
import { createSideBlock, type SideBlock } from "@bystack/protocol/side/proposal";
import { createSideTransaction, type SideOutput, type SideTransaction } from "@bystack/protocol/side/transaction";
import type { MainChainSpec, SideChainSpec } from "@bystack/protocol/spec";
import { createDevSideSpec } from "@bystack/protocol/spec/presets";
import type { Disk } from "@bystack/storage/disk";
import { openLog } from "@bystack/storage/log";
import { createSeededRng } from "@bystack/testing/rng";
import { bytesToHex, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { BlockStore } from "../../src/side/block-store.ts";
import { type FinalBlock, SideChain, type SideChainOptions } from "../../src/side/side-chain.ts";

const VALIDATORS = 4;
export const EPOCH_BLOCKS = 5;
export const COIN_NEU = 10_000_000_000n;
export const FEE_NEU = 1_000_000n;
export const GENESIS_COINS = 4;
/** Anybody may spend. */
export const TRUE = Uint8Array.of(0x51);

export function seedOf(name: string): Uint8Array {
  const seed = new Uint8Array(32);
  seed.set(utf8ToBytes(name));
  return seed;
}

export type User = { readonly seed: Uint8Array; readonly publicKey: Uint8Array; readonly program: Uint8Array };

export function createUser(name: string): User {
  const seed = seedOf(`user ${name}`);
  const publicKey = publicKeyFromSeed(seed);
  return { seed, publicKey, program: publicKeyProgram(publicKey) };
}

export const OWNER = createUser("owner");
const VOTE_SEEDS = Array.from({ length: VALIDATORS }, (_, i) => seedOf(`vote ${i}`));

export function sideSpec(
  part: Partial<Pick<SideChainSpec, "federation" | "limits" | "locks">> & { outputs?: readonly Uint8Array[] } = {},
): SideChainSpec {
  const { outputs, ...rest } = part;
  const programs = outputs ?? Array.from({ length: GENESIS_COINS }, () => OWNER.program);
  const spec = createDevSideSpec({
    name: "side",
    genesisTimeMs: 1_700_000_000_000,
    committee: VOTE_SEEDS.map((seed, i) => ({
      id: `v${i}`,
      voteKey: publicKeyFromSeed(seed),
      rewardProgram: createUser(`reward ${i}`).program,
    })),
    federation: part.federation ?? null,
    genesisOutputs: programs.map((program) => ({ program, amountNeu: COIN_NEU })),
    consensus: { epochBlocks: EPOCH_BLOCKS, run: 1 },
  });
  return { ...spec, ...rest };
}

/** An output with all that spending it needs. */
export type Coin = {
  readonly id: Hash;
  readonly sourceId: Hash;
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly sourcePosition: bigint;
  readonly program: Uint8Array;
};

export function coinsOf(transaction: SideTransaction): Coin[] {
  const { muxId, results } = mapSideTransaction(transaction);
  return results.map(({ id, value, position, program }) => ({
    id,
    sourceId: muxId,
    assetId: value.assetId,
    amount: value.amount,
    sourcePosition: BigInt(position),
    program,
  }));
}

export function genesisCoins(spec: SideChainSpec): Coin[] {
  return sideGenesis(spec).transactions.flatMap(coinsOf);
}

/** Spends coins to outputs; what the inputs have more is the fee. Coins of `OWNER` are signed, others need nothing. */
export function spend(coins: readonly Coin[], outputs: readonly SideOutput[], signer: User = OWNER): SideTransaction {
  const data = {
    version: 1n,
    timeRange: 0n,
    inputs: coins.map(({ id: _, ...commitment }) => ({ kind: "spend" as const, ...commitment, arguments: [] })),
    outputs,
  };
  const mapped = mapSideTransaction(createSideTransaction(data));
  const inputs = data.inputs.map((input, i) => {
    if (bytesToHex(input.program) !== bytesToHex(signer.program)) return input;
    return { ...input, arguments: [signEd25519(signer.seed, sideSignatureHash(mapped, i)), signer.publicKey] };
  });
  return createSideTransaction({ ...data, inputs });
}

export function btm(amount: bigint, program: Uint8Array): SideOutput {
  return { kind: "intra", assetId: BTM_ASSET_ID, amount, program };
}

/** One coin to one output, the fee taken off. */
export function pay(coin: Coin, program: Uint8Array, feeNeu = FEE_NEU): SideTransaction {
  return spend([coin], [btm(coin.amount - feeNeu, program)]);
}

/** A certificate of the first q validators. */
export function certificateOf(chain: SideChain, block: SideBlock, kind: CertificateKind): Certificate {
  const { epoch, view, height } = block.header;
  const content = { epoch, kind, view, height, blockHash: block.hash };
  const bytes = signedBytes(chain.rules.chainId, content);
  const votes = VOTE_SEEDS.slice(0, quorumSize(VALIDATORS)).map((seed, signer) => ({
    signer,
    signature: signEd25519(seed, bytes),
  }));
  return assembleCertificate(content, votes, VALIDATORS);
}

/** Where a block goes on: nothing at genesis. */
export type Parent = SideBlock | undefined;

type Content = { readonly batches: readonly Uint8Array[]; readonly transactionCount: number } & Pick<
  SideHeader,
  "transactionRoot" | "parentStateRoot"
>;

/** Header and certificates around a body, as the leader of the next view makes them. `lateMs` tells siblings apart. */
export function assemble(
  chain: SideChain,
  parent: Parent,
  parts: Content & { lateMs?: number; header?: Partial<SideHeader> },
): SideBlock {
  const { rules } = chain;
  const { blockMs, epochBlocks } = rules.spec.consensus;
  const height = (parent?.header.height ?? 0) + 1;
  const view = ((height - 1) % epochBlocks) + 1;
  const parentMs = parent?.header.timestampMs ?? rules.spec.genesis.timeMs;
  const kind = view === 1 ? VOTE_KINDS.FINALIZE : VOTE_KINDS.NOTARIZE;
  const block = createSideBlock({
    header: {
      chainId: rules.chainId,
      epoch: Math.ceil(height / epochBlocks),
      view,
      height,
      parentHash: parent?.hash ?? chain.genesisHash,
      parentView: view - 1,
      timestampMs: parentMs + blockMs + (parts.lateMs ?? 0),
      bodyRoot: sideBodyRoot(parts.batches),
      transactionCount: parts.transactionCount,
      transactionRoot: parts.transactionRoot,
      parentStateRoot: parts.parentStateRoot,
      skipRoot: skipRoot([]),
      nextCommitteeRoot: height % epochBlocks === 0 ? rules.nextCommitteeRoot : new Uint8Array(32),
      ...parts.header,
    },
    batches: parts.batches,
    parentCertificate: parent === undefined ? undefined : certificateOf(chain, parent, kind),
    skipCertificates: [],
  });
  if (block === undefined) throw new Error("the parts of the block do not match");
  return block;
}

/** A block of the chain's own filling on an executed parent: coinbase, headers, mempool. */
export function buildOn(
  chain: SideChain,
  parent: Parent,
  options: { lateMs?: number; headers?: Uint8Array; header?: Partial<SideHeader> } = {},
): SideBlock {
  const height = (parent?.header.height ?? 0) + 1;
  const content = chain.build({
    parentHash: parent?.hash ?? chain.genesisHash,
    view: ((height - 1) % chain.rules.spec.consensus.epochBlocks) + 1,
    gasMax: undefined,
    halvings: 0,
    headers: options.headers,
    verdicts: options.headers === undefined ? new Map() : "assumed",
  });
  if (content === undefined) throw new Error("the parent is not known");
  return assemble(chain, parent, { ...content, ...options });
}

/** Submits transactions, then builds a block with all that waits and makes it final. */
export async function extend(
  chain: SideChain,
  transactions: readonly SideTransaction[] = [],
  headers?: Uint8Array,
): Promise<SideBlock> {
  for (const { raw } of transactions) {
    const verdict = chain.submit(raw);
    if (!verdict.ok) throw new Error(`refused: ${verdict.code}`);
  }
  const block = buildOn(chain, chain.tip?.block, headers === undefined ? {} : { headers });
  const executed = chain.execute(block, "assumed");
  if (!executed.ok) throw new Error(`the own block is invalid: ${executed.code} ${executed.where}`);
  await finalise(chain, [block]);
  return block;
}

/** Makes blocks final under a certificate of the last one. */
export async function finalise(
  chain: SideChain,
  blocks: readonly SideBlock[],
  index?: (block: FinalBlock) => Promise<void>,
): Promise<FinalBlock[]> {
  const last = blocks.at(-1);
  if (last === undefined) return [];
  return chain.finalise(blocks, certificateOf(chain, last, VOTE_KINDS.FINALIZE), index);
}

export const LOG_FOLDER = "blocks";

export async function openBlocks(disk: Disk): Promise<BlockStore> {
  return new BlockStore(await openLog({ disk, folder: LOG_FOLDER, rng: createSeededRng(7) }));
}

/** The chain that a node finds on a disk. */
export async function openChain(
  disk: Disk,
  options: { spec?: SideChainSpec; mainSpec?: MainChainSpec } & Partial<SideChainOptions> = {},
): Promise<SideChain> {
  const { spec = sideSpec(), mainSpec, ...rest } = options;
  return SideChain.open({ spec, mainSpec, blocks: await openBlocks(disk), ...rest });
}

/** Children one above the other, executed but not final. */
export function branch(chain: SideChain, parent: Parent, count: number, lateMs = 0): SideBlock[] {
  const blocks: SideBlock[] = [];
  for (let last = parent; blocks.length < count; last = blocks.at(-1)) {
    const block = buildOn(chain, last, { lateMs });
    const executed = chain.execute(block, "assumed");
    if (!executed.ok) throw new Error(`the own block is invalid: ${executed.code} ${executed.where}`);
    blocks.push(block);
  }
  return blocks;
}

export function rootOf(chain: SideChain): string {
  return bytesToHex(chain.final.root());
}
