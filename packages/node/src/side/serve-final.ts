// The answer to a node that is behind: final blocks of one epoch up to one that has its own FINALIZE certificate, as one
// message that every peer takes. What does not fit such a message is not sent: another peer has other certificates.

import type { BlockStore } from "@bystack/chain/side/block-store";
import { MESSAGE_BYTES_MAX, SYNC_BLOCKS_MAX, SYNC_BYTES_SOFT_MAX } from "@bystack/consensus/bbft/limits";
import { encodeMessage } from "@bystack/consensus/bbft/messages";
import type { Certificate } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { isStorageError } from "@bystack/storage/errors";
import { CONSENSUS_BYTES_MAX } from "./protocol.ts";

export type FinalRequest = { readonly fromHeight: number; readonly countMax: number };

type Answer = { readonly blocks: readonly SideBlock[]; readonly certificate: Certificate };

function sizeOf(block: SideBlock): number {
  return block.batches.reduce((sum, batch) => sum + batch.length, 0);
}

/** The blocks of an answer (`lastServedHeight` of the engine); undefined when none of a size that peers take ends well. */
async function chooseBlocks(
  blocks: BlockStore,
  request: FinalRequest,
  epochBlocks: number,
): Promise<Answer | undefined> {
  const end = Math.min(blocks.height, Math.ceil(request.fromHeight / epochBlocks) * epochBlocks);
  const served: SideBlock[] = [];
  let best: { count: number; certificate: Certificate } | undefined;
  let bytes = 0;
  for await (const { block, certificate } of blocks.iterate(request.fromHeight, end)) {
    served.push(block);
    bytes += sizeOf(block);
    if (served.length > SYNC_BLOCKS_MAX || bytes > MESSAGE_BYTES_MAX) break;
    if (certificate !== undefined) best = { count: served.length, certificate };
    if (best !== undefined && (served.length >= request.countMax || bytes > SYNC_BYTES_SOFT_MAX)) break;
  }
  return best === undefined ? undefined : { blocks: served.slice(0, best.count), certificate: best.certificate };
}

/** An old block that went bad is not needed for a vote: the asker finds another peer, and the next start repairs the log. */
function refuseDamaged(error: unknown): undefined {
  if (!isStorageError(error, "LOG_DAMAGED")) throw error;
  return undefined;
}

/** The bytes of SYNC_BLOCKS for a request; undefined when there is no answer that a peer would take. */
export async function encodeFinalAnswer(
  blocks: BlockStore,
  request: FinalRequest,
  epochBlocks: number,
): Promise<Uint8Array | undefined> {
  if (request.fromHeight < blocks.firstHeight) return undefined;
  const answer = await chooseBlocks(blocks, request, epochBlocks).catch(refuseDamaged);
  if (answer === undefined) return undefined;
  const bytes = encodeMessage({ type: "SYNC_BLOCKS", ...answer });
  return bytes.length > CONSENSUS_BYTES_MAX ? undefined : bytes;
}
