// Fixed keys and the chain specs of a four-member dev federation.

import { createEd25519Signer } from "@bystack/crypto/ed25519";
import { sha3_256 } from "@bystack/crypto/hash";
import { publicKeyProgram } from "@bystack/protocol/program";
import type { MainChainSpec, SideChainSpec } from "@bystack/protocol/spec";
import {
  createDevFederation,
  createDevMainSpec,
  createDevSideSpec,
  createDevVotes,
} from "@bystack/protocol/spec/presets";
import { utf8ToBytes } from "@bystack/utils/bytes";
import type { MemberSeeds } from "../../src/member/context.ts";

export const seedOf = (name: string): Uint8Array => sha3_256(utf8ToBytes(name));
export const signerOf = (name: string) => createEd25519Signer(seedOf(name));
export const programOf = (name: string): Uint8Array => publicKeyProgram(signerOf(name).publicKey);

export const MEMBERS = [0, 1, 2, 3] as const;

export function seedsOf(index: number): MemberSeeds {
  return {
    identity: seedOf(`identity ${index}`),
    vault: seedOf(`vault ${index}`),
    collector: seedOf(`collector ${index}`),
  };
}

export const MAIN_SPEC: MainChainSpec = createDevMainSpec({
  genesisTimeSeconds: 1_700_000_000,
  // Many coins, so that many payments can wait at once.
  outputs: Array.from({ length: 40 }, () => ({ program: programOf("owner"), amountNeu: 1_000_000_000_000n })),
});

/** With `elections` epochs have 8 blocks, so that a test sees several. */
export function sideSpec(confirmations = 3, elections = false): SideChainSpec {
  const federation = createDevFederation({
    mainSpec: MAIN_SPEC,
    confirmations,
    members: MEMBERS.map((i) => ({
      id: `member-${i}`,
      operator: "dev",
      identity: signerOf(`identity ${i}`).publicKey,
      vault: signerOf(`vault ${i}`).publicKey,
      collector: signerOf(`collector ${i}`).publicKey,
    })),
  });
  return createDevSideSpec({
    name: "side",
    genesisTimeMs: 1_700_000_000_000,
    committee: MEMBERS.map((i) => ({
      id: `member-${i}`,
      voteKey: signerOf(`vote ${i}`).publicKey,
      rewardProgram: programOf(`reward ${i}`),
    })),
    federation,
    ...(elections && {
      consensus: { epochBlocks: 8 },
      votes: createDevVotes({ validators: MEMBERS.length, epochBlocks: 8, blockMs: 500 }),
    }),
  });
}
