// What the engine asks about blocks, answered by the chain and by the view of the main chain: build one, execute one, judge
// one's vote-time predicates, and what to start from.

import { setImmediate as nextTurn } from "node:timers/promises";
import type { SideChain } from "@bystack/chain/side/side-chain";
import type { ExecuteResult } from "@bystack/chain/side/state-tree";
import type { CommitteeKeys } from "@bystack/consensus/bbft/committee";
import type { StoredTip } from "@bystack/consensus/bbft/events";
import type { SideState } from "@bystack/ledger/side/state";
import { committeeOf } from "@bystack/ledger/side/votes/committee";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";
import type { Logger } from "@bystack/utils/ports";
import type { ShellPorts } from "./engine-shell.ts";
import type { LoadLimit } from "./load-limit.ts";
import { headersInBody, type MainHeaders } from "./main-headers.ts";
import type { SideStore } from "./side-store.ts";

/** Blocks with headers in them that are remembered until they are final or nullified. */
export const BLOCKS_WITH_HEADERS_MAX = 64;

export type BlockPorts = Pick<ShellPorts, "build" | "validate" | "predicate" | "ownBlockNullified">;

/** Hashes of the newest blocks that brought main-chain headers. */
class BlocksWithHeaders {
  readonly #hashes = new Set<string>();

  add(hash: Hash): void {
    this.#hashes.add(bytesToHex(hash));
    const [oldest] = this.#hashes;
    if (this.#hashes.size > BLOCKS_WITH_HEADERS_MAX && oldest !== undefined) this.#hashes.delete(oldest);
  }

  has(hash: Hash): boolean {
    return this.#hashes.has(bytesToHex(hash));
  }
}

export function createBlockPorts(options: {
  readonly chain: SideChain;
  /** Undefined on a chain without a federation. */
  readonly headers: MainHeaders | undefined;
  readonly logger: Logger;
  /** How fast this node checks blocks is measured here. */
  readonly load: LoadLimit;
  /** The most gas that the committee can check in time. */
  readonly gasMax: () => number | undefined;
}): BlockPorts {
  const { chain, headers, logger, load, gasMax } = options;
  const withHeaders = new BlocksWithHeaders();

  /** After a crash inside a batch the store is ahead of the engine: what it holds was executed. */
  async function isStored(block: SideBlock): Promise<boolean> {
    const stored = await chain.blocks.read(block.header.height);
    return stored !== undefined && equalBytes(stored.block.hash, block.hash);
  }

  /** Whom the state behind an epoch's last block elects for the epoch after the next; undefined with a fixed committee. */
  function electedBy(block: SideBlock): readonly Uint8Array[] | undefined {
    const { spec } = chain.rules;
    const { epoch, height } = block.header;
    if (!spec.features.votes || height % spec.consensus.epochBlocks !== 0) return undefined;
    // A block that is stored already is of this epoch or the last one: the final state still knows that committee.
    const state = chain.stateOf(block.hash) ?? chain.final;
    const elected = voteKeysOf(state, epoch + 2);
    assertInvariant(elected !== undefined, "an epoch's last block elects the committee of the epoch after the next");
    return elected;
  }

  async function isValid(block: SideBlock, certified: boolean): Promise<boolean> {
    const { height } = block.header;
    if (height <= chain.height) return isStored(block);
    const parent = chain.stateOf(block.header.parentHash);
    if (parent === undefined) return false;
    // Under a certificate somebody has checked the proof of work: a newcomer need not compute it for years of headers.
    const verdicts = certified ? "assumed" : await headers?.verdicts(parent, block.batches);
    const execute = () => chain.execute(block, verdicts ?? new Map<string, boolean>());
    const gasOf = (result: ExecuteResult): number => (result.ok ? result.executed.summary.gasUsed : 0);
    // Blocks of a sync come in rows and say nothing about one that has to be voted on.
    const result = certified ? execute() : load.measure(execute, gasOf);
    if (!result.ok) logger.warn("a proposed block is invalid", { height, code: result.code, where: result.where });
    if (headersInBody(block.batches).length > 0) withHeaders.add(block.hash);
    return result.ok;
  }

  return {
    build: async (request) => {
      const parent = chain.stateOf(request.parentHash);
      if (parent === undefined) return undefined;
      const transaction = headers?.transactionFor(parent, request);
      return chain.build({
        parentHash: request.parentHash,
        view: request.view,
        gasMax: gasMax(),
        halvings: request.halvings,
        headers: transaction,
        // Our own main node has verified these; whoever validates the block asks its own.
        verdicts: transaction === undefined ? new Map() : "assumed",
      });
    },
    validate: async (block, certified) => {
      // A sync brings many blocks at once: between two of them connections and timers get their turn.
      if (certified) await nextTurn();
      const valid = await isValid(block, certified);
      return { valid, elected: valid ? electedBy(block) : undefined };
    },
    predicate: async (block) => headers?.holds(block.batches) ?? headersInBody(block.batches).length === 0,
    ownBlockNullified: (place, hash) => headers?.ownBlockNullified(place, withHeaders.has(hash)),
  };
}

function voteKeysOf(state: SideState, epoch: number): readonly Uint8Array[] | undefined {
  return committeeOf(state, epoch)?.map(({ voteKey }) => voteKey);
}

/** The committees around the epoch of the block after the final state. */
function committeesAround(chain: SideChain): CommitteeKeys | undefined {
  const { final, rules } = chain;
  if (!rules.spec.features.votes) return undefined;
  const epoch = Math.floor(final.position.height / rules.spec.consensus.epochBlocks) + 1;
  const [present, next] = [voteKeysOf(final, epoch), voteKeysOf(final, epoch + 1)];
  assertInvariant(
    present !== undefined && next !== undefined,
    "a state knows the committees of this epoch and the next",
  );
  return { previous: epoch === 1 ? undefined : voteKeysOf(final, epoch - 1), present, next };
}

/** What the engine starts from: the newest stored block with a certificate, and the end of the epoch before it. */
export async function storedTip({ chain, certified }: Pick<SideStore, "chain" | "certified">): Promise<StoredTip> {
  const newest = await chain.blocks.newestCertified();
  const committees = committeesAround(chain);
  if (newest === undefined)
    return { height: 0, block: undefined, certificate: undefined, opening: undefined, committees };
  const { epoch, height } = newest.block.header;
  const opening = await certified((epoch - 1) * chain.rules.spec.consensus.epochBlocks);
  return { height, ...newest, opening, committees };
}
