// Both kinds of chains as the index follows them.

import type { MainChainSpec, SideChainSpec } from "@bystack/protocol/spec";
import { chainIdOf, chainSpecHash } from "@bystack/protocol/spec";
import { equalBytes } from "@bystack/utils/bytes";
import type { MainBlockIndex } from "../main/block-index.ts";
import type { MainChainStore } from "../main/store.ts";
import type { BlockStore } from "../side/block-store.ts";
import type { ExplorerSource } from "./follower.ts";
import { mainBlockFacts } from "./main-facts.ts";
import { sideBlockFacts, sideGenesisFacts } from "./side-facts.ts";

/** The best chain of a main-chain node. */
export function createMainSource(parts: {
  readonly spec: MainChainSpec;
  readonly index: MainBlockIndex;
  readonly store: Pick<MainChainStore, "block">;
}): ExplorerSource {
  const { spec, index, store } = parts;
  return {
    chainId: chainSpecHash(spec),
    undoable: true,
    height: () => Number(index.tip.header.height),
    firstHeight: () => 0,
    isOnChain: ({ height, hash }) => {
      const node = index.at(BigInt(height));
      return node !== undefined && equalBytes(node.hash, hash);
    },
    block: async (height) => {
      const node = index.at(BigInt(height));
      const stored = node === undefined ? undefined : await store.block(node.hash);
      return stored === undefined ? undefined : mainBlockFacts(stored, spec.addressPrefix);
    },
  };
}

/** The final blocks of a side-chain node. `mainAddressPrefix` is empty where there is no main chain. */
export function createSideSource(parts: {
  readonly spec: SideChainSpec;
  readonly mainAddressPrefix: string;
  readonly chain: { readonly height: number; readonly blocks: BlockStore };
}): ExplorerSource {
  const { spec, chain } = parts;
  const prefixes = { side: spec.addressPrefix, main: parts.mainAddressPrefix };
  return {
    chainId: chainIdOf(spec),
    undoable: false,
    height: () => chain.height,
    firstHeight: () => chain.blocks.firstHeight,
    // Final is final.
    isOnChain: () => true,
    block: async (height) => {
      if (height === 0) return sideGenesisFacts(spec, prefixes);
      const stored = await chain.blocks.read(height);
      return stored === undefined ? undefined : sideBlockFacts(stored.block, prefixes);
    },
  };
}
