// A federated side chain for tests, and just enough of a main chain to claim on it: genesis and one block with deposits.
// Proof of work is assumed, so the headers come to the side chain with the verdicts that the caller gives.

import { publicKeyFromSeed, signEd25519 } from "@bystack/crypto/ed25519";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { type MainHeader, mainBlockHash, statusRoot, transactionsRoot } from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { mainGenesisBlock } from "@bystack/protocol/main/genesis";
import { createMainTransaction } from "@bystack/protocol/main/transaction";
import { createClaim } from "@bystack/protocol/peg/claim";
import {
  createGovernanceTransaction,
  createHeadersTransaction,
  encodeGovernanceBody,
  type GovernanceAction,
  governanceMessage,
} from "@bystack/protocol/peg/system";
import { createVaultKeys, depositProgram } from "@bystack/protocol/peg/vault";
import type { SideTransaction } from "@bystack/protocol/side/transaction";
import { chainIdOf, type MainChainSpec, type SideChainSpec } from "@bystack/protocol/spec";
import { createDevFederation, createDevMainSpec } from "@bystack/protocol/spec/presets";
import { COIN_NEU, seedOf, sideSpec, TRUE } from "./kit.ts";

const MEMBERS = 4;
const IDENTITIES = Array.from({ length: MEMBERS }, (_, i) => seedOf(`identity ${i}`));

export const MAIN_SPEC: MainChainSpec = createDevMainSpec({
  genesisTimeSeconds: 1_700_000_000,
  outputs: [{ program: TRUE, amountNeu: COIN_NEU }],
});

export const PEGGED_SPEC: SideChainSpec = sideSpec({
  outputs: [],
  federation: createDevFederation({
    mainSpec: MAIN_SPEC,
    confirmations: 1,
    members: IDENTITIES.map((identity, i) => ({
      id: `m${i}`,
      operator: `m${i}`,
      identity: publicKeyFromSeed(identity),
      vault: publicKeyFromSeed(seedOf(`vault ${i}`)),
      collector: publicKeyFromSeed(seedOf(`collector ${i}`)),
    })),
  }),
});

const CHAIN_ID = chainIdOf(PEGGED_SPEC);

function vaultKeys() {
  const { federation } = PEGGED_SPEC;
  if (federation === null) throw new Error("this chain has a federation");
  return createVaultKeys(
    federation.members.map((member) => member.vault),
    federation.t,
  );
}

/** Headers that bring one block of deposits, and the claim of each deposit. */
export type Deposits = { readonly headers: SideTransaction; readonly claims: readonly SideTransaction[] };

export function createDeposits(recipients: readonly Uint8Array[]): Deposits {
  const genesis = mainGenesisBlock(MAIN_SPEC);
  const coinbase = createMainTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [{ kind: "coinbase", arbitrary: Uint8Array.of(1) }],
    outputs: [{ kind: "output", assetId: BTM_ASSET_ID, amount: 1n, program: TRUE }],
  });
  const deposit = createMainTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [
      {
        kind: "spend",
        sourceId: new Uint8Array(32).fill(1),
        assetId: BTM_ASSET_ID,
        amount: COIN_NEU,
        sourcePosition: 0n,
        program: TRUE,
        arguments: [],
      },
    ],
    outputs: recipients.map((recipient) => ({
      kind: "output",
      assetId: BTM_ASSET_ID,
      amount: 2n * COIN_NEU,
      program: depositProgram({ keys: vaultKeys(), chainId: CHAIN_ID, recipient }),
    })),
  });
  const transactions = [coinbase, deposit];
  const statusFail = [false, false];
  const header: MainHeader = {
    ...genesis.header,
    height: 1n,
    previousHash: mainBlockHash(genesis.header),
    timestamp: genesis.header.timestamp + 2n,
    transactionsRoot: transactionsRoot(transactions.map((transaction) => mapMainTransaction(transaction).id)),
    statusRoot: statusRoot(statusFail),
  };
  return {
    headers: createHeadersTransaction([header]),
    claims: recipients.map((recipient, position) =>
      createClaim({
        block: { header, transactions },
        statusFail,
        transactionIndex: 1,
        position,
        vaultEpoch: 1n,
        recipient,
      }),
    ),
  };
}

/** An action signed by all members. */
export function govern(act: GovernanceAction, seq = 1n): SideTransaction {
  const body = encodeGovernanceBody(seq, act);
  const message = governanceMessage(CHAIN_ID, 1, body);
  const signatures = IDENTITIES.map((seed, member) => ({ member, signature: signEd25519(seed, message) }));
  return createGovernanceTransaction(body, signatures);
}
