// The committees that a node knows: those of the present epoch, of the one before and of the one after. The state at the
// end of epoch e - 1 elects the committee of e + 1, so that everybody knows it one epoch ahead (bbft.md section 10).

import { quorumSize } from "@bystack/protocol/side/certificate";
import { committeeRoot } from "@bystack/protocol/side/header";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";

export type Committee = {
  /** Vote keys in committee order: the order of bitmaps and of the schedule. */
  readonly keys: readonly Uint8Array[];
  /** The same in hexadecimal: what tables by key are asked for, many times in a step. */
  readonly hexKeys: readonly string[];
  readonly n: number;
  /** Faults tolerated. */
  readonly f: number;
  /** Distinct signers that make a certificate. */
  readonly q: number;
  readonly root: Hash;
  /** This node's place; -1 for one that is not in it. */
  readonly ownIndex: number;
};

export type Committees = {
  /** Undefined in epoch 1. */
  readonly previous: Committee | undefined;
  readonly present: Committee;
  readonly next: Committee;
};

/** Vote keys of the committees around an epoch, as the shell reads them from the ledger's state. */
export type CommitteeKeys = {
  readonly previous: readonly Uint8Array[] | undefined;
  readonly present: readonly Uint8Array[];
  readonly next: readonly Uint8Array[];
};

export function createCommittee(keys: readonly Uint8Array[], ownKey: Uint8Array | undefined): Committee {
  const n = keys.length;
  const ownIndex = ownKey === undefined ? -1 : keys.findIndex((key) => equalBytes(key, ownKey));
  const hexKeys = keys.map(bytesToHex);
  return { keys, hexKeys, n, f: Math.floor((n - 1) / 3), q: quorumSize(n), root: committeeRoot(keys), ownIndex };
}

/** Place of the leader of a view in a committee. */
export function leaderOf(committee: Pick<Committee, "n">, run: number, view: number): number {
  return Math.floor(view / run) % committee.n;
}
