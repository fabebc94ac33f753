// All known headers of the main chain as a tree, and which of them are the main chain (spec/bytom.md sections 6 and 11). A
// node carries what its children's rules ask for: total work and the proof-of-work seed. Nodes never change and are never
// removed, as in the reference: a block that cannot be connected stays a possible parent.

import { type MainHeader, mainBlockHash } from "@bystack/protocol/main/block";
import {
  INITIAL_SEED,
  isRetargetParent,
  MEDIAN_WINDOW,
  medianTime,
  nextBits,
  nextSeed,
  type RetargetRules,
  workOfBits,
} from "@bystack/protocol/pow";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";

/** One known block. */
export type MainBlockNode = {
  readonly hash: Hash;
  /** The hash in hexadecimal: the key of every map. */
  readonly key: string;
  readonly header: MainHeader;
  readonly parent: MainBlockNode | undefined;
  /** Work of the chain up to and with this block. */
  readonly totalWork: bigint;
  /** The seed that this block's own proof of work uses. */
  readonly seed: Hash;
};

/** What the header rules ask about the parent. */
export type MainHeaderNeeds = { readonly bits: bigint; readonly medianTime: bigint; readonly seed: Hash };

/** The node of a header under its parent; undefined makes the root of a tree. */
export function createMainBlockNode(header: MainHeader, parent: MainBlockNode | undefined): MainBlockNode {
  const hash = mainBlockHash(header);
  return {
    hash,
    key: bytesToHex(hash),
    header,
    parent,
    totalWork: (parent?.totalWork ?? 0n) + workOfBits(header.bits),
    seed:
      parent === undefined ? INITIAL_SEED : nextSeed({ height: parent.header.height, hash: parent.hash }, parent.seed),
  };
}

function ancestor(node: MainBlockNode, steps: bigint): MainBlockNode {
  let found = node;
  for (let left = steps; left > 0n && found.parent !== undefined; left -= 1n) found = found.parent;
  return found;
}

/** What a child of `parent` has to carry. */
export function headerNeeds(parent: MainBlockNode, rules: RetargetRules): MainHeaderNeeds {
  const { header } = parent;
  const periodStart = isRetargetParent(header.height, rules)
    ? ancestor(parent, rules.blocksPerRetarget).header.timestamp
    : 0n;
  const times: bigint[] = [];
  for (let node: MainBlockNode | undefined = parent; node !== undefined && times.length < MEDIAN_WINDOW; ) {
    times.push(node.header.timestamp);
    node = node.parent;
  }
  return {
    bits: nextBits(header, periodStart, rules),
    medianTime: medianTime(times),
    seed: nextSeed({ height: header.height, hash: parent.hash }, parent.seed),
  };
}

export class MainBlockIndex {
  readonly #nodes = new Map<string, MainBlockNode>();
  /** The main chain by height. */
  #main: MainBlockNode[] = [];

  constructor(genesis: MainBlockNode) {
    this.add(genesis);
    this.#main.push(genesis);
  }

  get tip(): MainBlockNode {
    const tip = this.#main[this.#main.length - 1];
    if (tip === undefined) throw new Error("invariant broken: a main chain has a genesis block");
    return tip;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(hash: Hash): MainBlockNode | undefined {
    return this.#nodes.get(bytesToHex(hash));
  }

  add(node: MainBlockNode): void {
    this.#nodes.set(node.key, node);
  }

  /** The main chain's block at a height. */
  at(height: bigint): MainBlockNode | undefined {
    return height >= 0n && height < this.#main.length ? this.#main[Number(height)] : undefined;
  }

  isOnMainChain(node: MainBlockNode): boolean {
    return this.at(node.header.height) === node;
  }

  /** Makes a known block the tip. Its ancestors become the main chain. */
  setTip(tip: MainBlockNode): void {
    const attached: MainBlockNode[] = [];
    let node: MainBlockNode | undefined = tip;
    while (node !== undefined && !this.isOnMainChain(node)) {
      attached.push(node);
      node = node.parent;
    }
    this.#main.length = node === undefined ? 0 : Number(node.header.height) + 1;
    this.#main.push(...attached.reverse());
  }
}
