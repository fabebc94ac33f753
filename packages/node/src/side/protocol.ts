// What the nodes of one side chain say to each other over the mesh. Consensus has its own lane with the highest priority:
// no flood of transactions and no sync of a newcomer can delay a vote (spec/vapor.md section 13, weakness 20).

import { MESSAGE_BYTES_MAX, SYNC_BYTES_SOFT_MAX } from "@bystack/consensus/bbft/limits";
import type { BbftMessage } from "@bystack/consensus/bbft/messages";
import type { Protocol } from "@bystack/network/lanes";
import { REPORT_BYTES_MAX } from "./load-limit.ts";
import { EPOCH_ENDS_BYTES_MAX, METHOD, QUESTION_BYTES_MAX, SNAPSHOT_PART_BYTES } from "./state-sync/messages.ts";

/** 2: ASK and ANSWER name vote keys instead of places. 3: questions about states, reports of load. */
export const PROTOCOL_VERSION = 3;

export const MESSAGE = { consensus: 16, sync: 17, transaction: 18, load: 19 } as const;

/** Largest frame body that a connection takes; a consensus message is never larger. */
export const CONSENSUS_BYTES_MAX = MESSAGE_BYTES_MAX - 1024;
/** Largest block that a proposal carries beside its certificates: 64 of skipped views and 256 for a block proposed anew. */
export const BLOCK_BYTES_MAX = CONSENSUS_BYTES_MAX - 2 * 1024 * 1024;
/** The largest transaction that a spec may allow. */
const TRANSACTION_BYTES_MAX = 4_000_000;

const QUESTION = { lane: "state", requestBytesMax: QUESTION_BYTES_MAX } as const;

export const SIDE_PROTOCOL: Protocol = {
  lanes: [
    // Votes and proposals of a few views: a peer that takes none of them for that long is as good as gone.
    { name: "consensus", queueBytesMax: 4 * MESSAGE_BYTES_MAX, queueMessagesMax: 4096, whenFull: "drop-oldest" },
    { name: "transactions", queueBytesMax: 8 << 20, queueMessagesMax: 50_000, whenFull: "drop-newest" },
    {
      name: "sync",
      queueBytesMax: MESSAGE_BYTES_MAX + 2 * SYNC_BYTES_SOFT_MAX,
      queueMessagesMax: 64,
      whenFull: "drop-newest",
    },
    // One long answer, and parts of a snapshot: less than a second at what a peer is given.
    { name: "state", queueBytesMax: 2 * MESSAGE_BYTES_MAX, queueMessagesMax: 64, whenFull: "drop-newest" },
  ],
  messages: [
    { type: MESSAGE.consensus, name: "consensus", lane: "consensus", bodyBytesMax: CONSENSUS_BYTES_MAX },
    { type: MESSAGE.sync, name: "sync", lane: "sync", bodyBytesMax: CONSENSUS_BYTES_MAX },
    { type: MESSAGE.transaction, name: "transaction", lane: "transactions", bodyBytesMax: TRANSACTION_BYTES_MAX },
    { type: MESSAGE.load, name: "load", lane: "transactions", bodyBytesMax: REPORT_BYTES_MAX },
  ],
  methods: [
    { ...QUESTION, method: METHOD.offer, name: "state offer", responseBytesMax: QUESTION_BYTES_MAX },
    { ...QUESTION, method: METHOD.epochEnds, name: "epoch ends", responseBytesMax: EPOCH_ENDS_BYTES_MAX },
    { ...QUESTION, method: METHOD.finalBlocks, name: "final blocks", responseBytesMax: CONSENSUS_BYTES_MAX },
    { ...QUESTION, method: METHOD.snapshotPart, name: "snapshot part", responseBytesMax: SNAPSHOT_PART_BYTES },
  ],
};

/** Bulk messages of the engine leave the consensus lane free. */
export function messageTypeOf(type: BbftMessage["type"]): number {
  return type === "SYNC_BLOCKS" ? MESSAGE.sync : MESSAGE.consensus;
}
