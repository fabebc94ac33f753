// A persistent AVL tree with byte keys: every change makes new nodes along one path and leaves the old tree as it was, so a
// snapshot is a reference to a root. The ground of the memory driver.

import { compareBytes } from "@bystack/utils/bytes";
import type { KvEntry, KvRange } from "./kv.ts";

/** An empty tree is undefined. */
export type Tree = TreeNode | undefined;

type TreeNode = {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly height: number;
  readonly left: Tree;
  readonly right: Tree;
};

const heightOf = (tree: Tree): number => tree?.height ?? 0;

function node(entry: KvEntry, left: Tree, right: Tree): TreeNode {
  return { key: entry.key, value: entry.value, height: 1 + Math.max(heightOf(left), heightOf(right)), left, right };
}

/** A node over two trees whose heights differ by at most two. */
function balance(entry: KvEntry, left: Tree, right: Tree): TreeNode {
  if (left !== undefined && left.height > heightOf(right) + 1) {
    if (heightOf(left.left) >= heightOf(left.right)) return node(left, left.left, node(entry, left.right, right));
    const middle = left.right;
    if (middle !== undefined) return node(middle, node(left, left.left, middle.left), node(entry, middle.right, right));
  }
  if (right !== undefined && right.height > heightOf(left) + 1) {
    if (heightOf(right.right) >= heightOf(right.left)) return node(right, node(entry, left, right.left), right.right);
    const middle = right.left;
    if (middle !== undefined)
      return node(middle, node(entry, left, middle.left), node(right, middle.right, right.right));
  }
  return node(entry, left, right);
}

export function treeGet(tree: Tree, key: Uint8Array): Uint8Array | undefined {
  let at = tree;
  while (at !== undefined) {
    const order = compareBytes(key, at.key);
    if (order === 0) return at.value;
    at = order < 0 ? at.left : at.right;
  }
  return undefined;
}

export function treePut(tree: Tree, entry: KvEntry): TreeNode {
  if (tree === undefined) return node(entry, undefined, undefined);
  const order = compareBytes(entry.key, tree.key);
  if (order === 0) return node(entry, tree.left, tree.right);
  if (order < 0) return balance(tree, treePut(tree.left, entry), tree.right);
  return balance(tree, tree.left, treePut(tree.right, entry));
}

function takeFirst(tree: TreeNode): { first: KvEntry; rest: Tree } {
  if (tree.left === undefined) return { first: tree, rest: tree.right };
  const { first, rest } = takeFirst(tree.left);
  return { first, rest: balance(tree, rest, tree.right) };
}

export function treeDelete(tree: Tree, key: Uint8Array): Tree {
  if (tree === undefined) return undefined;
  const order = compareBytes(key, tree.key);
  if (order < 0) return balance(tree, treeDelete(tree.left, key), tree.right);
  if (order > 0) return balance(tree, tree.left, treeDelete(tree.right, key));
  if (tree.right === undefined) return tree.left;
  const { first, rest } = takeFirst(tree.right);
  return balance(first, tree.left, rest);
}

/** The entries of a range in order; the limit is the caller's. */
export function* treeRange(tree: Tree, range: KvRange): Generator<KvEntry, void, undefined> {
  const { from, to, reverse = false } = range;
  const path: TreeNode[] = [];
  const descend = (start: Tree): void => {
    let at = start;
    while (at !== undefined) {
      const tooLow = from !== undefined && compareBytes(at.key, from) < 0;
      const tooHigh = to !== undefined && compareBytes(at.key, to) >= 0;
      if (tooLow) at = at.right;
      else if (tooHigh) at = at.left;
      else {
        path.push(at);
        at = reverse ? at.right : at.left;
      }
    }
  };
  descend(tree);
  for (let at = path.pop(); at !== undefined; at = path.pop()) {
    yield at;
    descend(reverse ? at.left : at.right);
  }
}
