// What the steps of a check are, and how a Merkle path is walked so that every hash on the way can be shown. Pure.

import { merkleInterior, merkleLeaf } from "@bystack/protocol/merkle";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";

/** `open`: cannot be checked here, and the detail says why. */
export type Verdict = "ok" | "failed" | "open";

export type ProofStep = {
  readonly name: string;
  readonly title: string;
  readonly verdict: Verdict;
  readonly detail: string;
  /** Hashes on the way, leaf first. */
  readonly trail?: readonly { readonly label: string; readonly hash: string }[];
};

export type ProofResult = { readonly steps: readonly ProofStep[]; readonly isValid: boolean };

/** A step after a failed one would be about nothing, so the check ends with it. */
export function resultOf(steps: readonly ProofStep[]): ProofResult {
  const failed = steps.findIndex(({ verdict }) => verdict === "failed");
  const shown = failed < 0 ? steps : steps.slice(0, failed + 1);
  return { steps: shown, isValid: failed < 0 && shown.some(({ verdict }) => verdict === "ok") };
}

export type Path = {
  readonly item: Uint8Array;
  readonly siblings: readonly string[];
  /** True: the sibling stands on the left. */
  readonly directions: readonly boolean[];
};

/** A tree over 2^32 leaves is 32 deep. */
const PATH_DEPTH_MAX = 32;

/** Walks from an item to the root that its path leads to; undefined for a path that is none. */
export function walkPath({ item, siblings, directions }: Path) {
  if (siblings.length !== directions.length || siblings.length > PATH_DEPTH_MAX) return undefined;
  let hash: Hash = merkleLeaf(item);
  const trail = [{ label: "leaf", hash: bytesToHex(hash) }];
  siblings.forEach((text, i) => {
    const sibling = hexToBytes(text);
    const isLeft = directions[i] === true;
    hash = isLeft ? merkleInterior(sibling, hash) : merkleInterior(hash, sibling);
    trail.push({ label: `with ${text.slice(0, 12)}… on the ${isLeft ? "left" : "right"}`, hash: bytesToHex(hash) });
  });
  return { root: bytesToHex(hash), trail };
}

/** Whether a path leads from an item to a root that a header names. */
export function pathStep(
  { name, title, root: wanted }: { readonly name: string; readonly title: string; readonly root: string },
  path: Path,
): ProofStep {
  const walked = walkPath(path);
  if (walked === undefined)
    return { name, title, verdict: "failed", detail: "The path does not have one direction for each of its hashes." };
  const isSame = walked.root === wanted;
  const detail = isSame
    ? `The path of ${path.siblings.length} hashes leads to the root that the header names: ${wanted}`
    : `The path leads to ${walked.root}, but the header names ${wanted}`;
  return { name, title, verdict: isSame ? "ok" : "failed", detail, trail: walked.trail };
}
