// A side chain full of payments on a disk, each spending one coin under one signature: what a restart replays.

import { publicKeyFromSeed, signEd25519 } from "@bystack/crypto/ed25519";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { publicKeyProgram } from "@bystack/protocol/program";
import { mapSideTransaction, sideSignatureHash } from "@bystack/protocol/side/entries";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import type { SideChainSpec } from "@bystack/protocol/spec";
import { createDevSideSpec } from "@bystack/protocol/spec/presets";
import type { SideStore } from "../../src/side/side-store.ts";
import { blockOf, certificateOf, VOTE_KEY, ZERO } from "./blocks-kit.ts";

const SEED = new Uint8Array(32).fill(3);
const PUBLIC_KEY = publicKeyFromSeed(SEED);
const PROGRAM = publicKeyProgram(PUBLIC_KEY);
const COIN_NEU = 100_000_000_000n;
const FEE_NEU = 1_000_000n;
const EPOCH_BLOCKS = 1200;

/** A chain whose genesis holds so many coins of one owner. */
export function paymentsSpec(coins: number, epochBlocks = EPOCH_BLOCKS): SideChainSpec {
  return createDevSideSpec({
    name: "payments",
    genesisTimeMs: 1_700_000_000_000,
    committee: [{ id: "v1", voteKey: VOTE_KEY, rewardProgram: Uint8Array.of(0x51) }],
    federation: null,
    genesisOutputs: Array.from({ length: coins }, () => ({ program: PROGRAM, amountNeu: COIN_NEU })),
    consensus: { epochBlocks, run: 1 },
  });
}

/** Spends the first output of a transaction (or another one) to the owner again. */
function payOn(from: SideTransaction, position = 0): SideTransaction {
  const { muxId, results } = mapSideTransaction(from);
  const result = results[position];
  if (result === undefined) throw new Error(`there is no output ${position}`);
  const { assetId, amount } = result.value;
  const input = { kind: "spend" as const, sourceId: muxId, sourcePosition: BigInt(result.position), assetId, amount };
  const data = {
    version: 1n,
    timeRange: 0n,
    inputs: [{ ...input, program: PROGRAM, arguments: [] as Uint8Array[] }],
    outputs: [{ kind: "intra" as const, assetId: BTM_ASSET_ID, amount: amount - FEE_NEU, program: PROGRAM }],
  };
  const mapped = mapSideTransaction(createSideTransaction(data));
  const signed = [signEd25519(SEED, sideSignatureHash(mapped, 0)), PUBLIC_KEY];
  return createSideTransaction({ ...data, inputs: data.inputs.map((one) => ({ ...one, arguments: signed })) });
}

/** Appends blocks in which every coin of the genesis is paid on once. */
export async function growPayments(store: SideStore, spec: SideChainSpec, blocks: number): Promise<void> {
  const { chain } = store;
  let coins = sideGenesis(spec).transactions.flatMap((transaction) =>
    mapSideTransaction(transaction).results.map((_, position) => payOn(transaction, position)),
  );
  for (let made = 0; made < blocks; made += 1) {
    for (const { raw } of coins) {
      const verdict = chain.submit(raw);
      if (!verdict.ok) throw new Error(`refused: ${verdict.code}`);
    }
    const parent = chain.tip?.block;
    const parentHash = parent?.hash ?? chain.genesisHash;
    const { epochBlocks } = spec.consensus;
    const height = chain.height + 1;
    const view = ((height - 1) % epochBlocks) + 1;
    const content = chain.build({
      parentHash,
      view,
      gasMax: undefined,
      halvings: 0,
      headers: undefined,
      verdicts: new Map(),
    });
    if (content === undefined || content.transactionCount < coins.length) throw new Error("a block took too little");
    const block = blockOf({ chainId: chain.rules.chainId, genesisMs: spec.genesis.timeMs }, parent, content, {
      parentHash,
      epoch: Math.ceil(height / epochBlocks),
      view,
      parentView: view - 1,
      nextCommitteeRoot: height % epochBlocks === 0 ? chain.rules.nextCommitteeRoot : ZERO,
    });
    const final = await chain.finalise([block], certificateOf(block), (entry) => store.indexes.follow(entry));
    await store.follow(final);
    coins = coins.map((transaction) => payOn(transaction));
  }
}
