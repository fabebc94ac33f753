// The newest blocks of a chain. A block that is final never changes, so it is asked for once; on the main chain the newest few may
// still be replaced and are asked for again when the tip moves.

import { useQueries } from "@tanstack/react-query";
import { call, type Reply } from "./api.ts";

export type Block = Reply<"chain.block">;

export type BlocksInput = {
  readonly network: string;
  readonly chain: string;
  /** Newest height; null while it is not known. */
  readonly height: number | null;
  readonly count: number;
  /** Whether blocks may still be replaced (main chain). */
  readonly isMutable: boolean;
};

/** Main chain: blocks below the tip that are asked for again with each new tip. */
const YOUNG_BLOCKS = 6;

/** Newest first; those that have come so far. */
export function useRecentBlocks({ network, chain, height, count, isMutable }: BlocksInput): readonly Block[] {
  const first = height === null ? 0 : Math.max(1, height - count + 1);
  const heights = height === null ? [] : Array.from({ length: height - first + 1 }, (_, i) => height - i);
  return useQueries({
    queries: heights.map((ref) => {
      const isYoung = isMutable && height !== null && ref > height - YOUNG_BLOCKS;
      return {
        queryKey: ["block", network, chain, ref, isYoung ? height : null],
        queryFn: () => call("chain.block", { params: { network, chain, ref: String(ref) } }),
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 60_000,
        retry: 0,
      };
    }),
    combine: (reads) => reads.flatMap(({ data }) => (data === undefined ? [] : [data])),
  });
}
