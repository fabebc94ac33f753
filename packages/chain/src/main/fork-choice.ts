// Which branch is the main chain (spec/bytom.md section 11, step 6): a branch replaces the current one only when it is
// strictly higher and has at least as much work. So a longer chain with less work does not win, an equal height never wins,
// and among equals the one seen first stays.

import type { MainBlockNode } from "./block-index.ts";

export function isBetterBranch(candidate: MainBlockNode, tip: MainBlockNode): boolean {
  return candidate.header.height > tip.header.height && candidate.totalWork >= tip.totalWork;
}

export type BranchChange = {
  /** Blocks that leave the main chain, from the tip down. */
  readonly detach: readonly MainBlockNode[];
  /** Blocks that join it, upwards. */
  readonly attach: readonly MainBlockNode[];
};

/** The way from one tip to another over their last common ancestor. */
export function branchChange(tip: MainBlockNode, candidate: MainBlockNode): BranchChange {
  const detach: MainBlockNode[] = [];
  const attach: MainBlockNode[] = [];
  let from: MainBlockNode | undefined = tip;
  let to: MainBlockNode | undefined = candidate;
  while (from !== to && (from !== undefined || to !== undefined)) {
    const fromHeight: bigint = from?.header.height ?? -1n;
    const toHeight: bigint = to?.header.height ?? -1n;
    if (from !== undefined && fromHeight >= toHeight) {
      detach.push(from);
      from = from.parent;
    }
    if (to !== undefined && toHeight >= fromHeight) {
      attach.push(to);
      to = to.parent;
    }
  }
  return { detach, attach: attach.reverse() };
}
