// Who acts in the tests of the side ledger: users with keys, assets that tests issue at will, signed spends.

import { publicKeyFromSeed, signEd25519 } from "@bystack/crypto/ed25519";
import { assetIdOf } from "@bystack/protocol/asset";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import type { AssetOrigin } from "@bystack/protocol/peg/claim";
import { publicKeyProgram } from "@bystack/protocol/program";
import { mapSideTransaction, sideSignatureHash } from "@bystack/protocol/side/entries";
import { createSideTransaction, type SideOutput, type SideTransaction } from "@bystack/protocol/side/transaction";
import { type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import type { AddResult } from "../../src/side/builder.ts";
import type { spendCommitmentOf } from "../../src/side/utxo.ts";

export const BTM = BTM_ASSET_ID;
export const COIN = 100_000_000n;

export function seed(name: string): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(utf8ToBytes(name).subarray(0, 32));
  return bytes;
}

export type User = { readonly seed: Uint8Array; readonly publicKey: Uint8Array; readonly program: Uint8Array };

export function createUser(name: string): User {
  const secret = seed(`user ${name}`);
  const publicKey = publicKeyFromSeed(secret);
  return { seed: secret, publicKey, program: publicKeyProgram(publicKey) };
}

/** An asset of the main chain that tests issue at will. */
export type TestAsset = { readonly id: Hash; readonly origin: AssetOrigin };

export function createAsset(name: string): TestAsset {
  const origin = { issuanceVmVersion: 1n, definition: utf8ToBytes(name), issuanceProgram: Uint8Array.of(0x51) };
  const id = assetIdOf({ vmVersion: 1n, program: origin.issuanceProgram, definition: origin.definition });
  return { id, origin };
}

export function describe(result: AddResult): string {
  if (result.ok) return "ok";
  const { verdict } = result;
  return verdict?.status === "refused" && verdict.vm !== undefined ? `${result.code} ${verdict.vm}` : result.code;
}

export function signSpend(
  user: User,
  commitments: readonly ReturnType<typeof spendCommitmentOf>[],
  outputs: readonly SideOutput[],
): SideTransaction {
  const unsigned = createSideTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: commitments.map((commitment) => ({ kind: "spend", ...commitment, arguments: [] })),
    outputs,
  });
  const mapped = mapSideTransaction(unsigned);
  return createSideTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: commitments.map((commitment, i) => ({
      kind: "spend",
      ...commitment,
      arguments: [signEd25519(user.seed, sideSignatureHash(mapped, i)), user.publicKey],
    })),
    outputs,
  });
}
