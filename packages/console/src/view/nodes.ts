// Choosing and judging nodes of a long list. Pure.

type NodeLike = {
  readonly id: string;
  readonly chain: string;
  readonly height: number | null;
  readonly ready: boolean;
};

/** Blocks behind the highest node of the same chain; null while it is not known. */
export function lagOf(node: NodeLike, { nodes }: { readonly nodes: readonly NodeLike[] }): number | null {
  if (node.height === null) return null;
  let best = node.height;
  for (const { chain, height } of nodes) if (chain === node.chain && height !== null && height > best) best = height;
  return best - node.height;
}

export type NodeFilter = { readonly text: string; readonly chain: string | null; readonly onlyNotReady: boolean };

/** Those that match; a text matches anywhere in the name. */
export function filterNodes<T extends NodeLike>(nodes: readonly T[], { text, chain, onlyNotReady }: NodeFilter): T[] {
  const part = text.trim().toLowerCase();
  return nodes.filter(
    (node) =>
      (part === "" || node.id.includes(part)) &&
      (chain === null || node.chain === chain) &&
      (!onlyNotReady || !node.ready),
  );
}
