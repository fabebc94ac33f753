// Accountability (bbft.md section 4): more hostile validators than are tolerated can fork the chain, but not without leaving
// two certificates that contradict each other. No honest validator has signed both, and any two quorums share at least
// n - 2f > f signers, so both together name more than f culprits, to everybody who knows the committee.
//
// Where the certificates come from: blocks carry their parents' and those of the views they skip, and each chain ends with a
// FINALIZE certificate. That is not always enough: the last block of a chain carries no NOTARIZE certificate of its own,
// and a last block of an epoch that is proposed again does not carry what justified it. Records of validators hold both,
// until they are rewritten: after that a fork of two last blocks of one epoch can be beyond proof.

import type { VoteCrypto } from "@bystack/consensus/bbft/crypto";
import {
  type Certificate,
  quorumSize,
  signersOf,
  VOTE_KINDS,
  verifyCertificate,
} from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";

export type Culprits = {
  readonly epoch: number;
  readonly view: number;
  readonly first: Certificate;
  readonly second: Certificate;
  /** Places in the committee of that epoch; each of them signed both. */
  readonly seats: readonly number[];
};

export type EvidenceContext = {
  readonly chainId: Hash;
  /** The committee of an epoch; undefined when it is not known. */
  keysOf(epoch: number): readonly Uint8Array[] | undefined;
  readonly verify: VoteCrypto["verify"];
};

/** What a chain of final blocks brings with it. */
export function certificatesOfChain(blocks: readonly SideBlock[], finals: readonly Certificate[]): Certificate[] {
  const carried = blocks.flatMap((block) => [block.parentCertificate, ...block.skipCertificates]);
  return [...carried.filter((certificate) => certificate !== undefined), ...finals];
}

/** Whether nobody who keeps the rules signs both: two blocks in one view, or NULLIFY and FINALIZE. */
function contradicts(a: Certificate, b: Certificate): boolean {
  if (a.kind === b.kind) return !equalBytes(a.blockHash, b.blockHash);
  return a.kind + b.kind === VOTE_KINDS.NULLIFY + VOTE_KINDS.FINALIZE;
}

function isGenuine(certificate: Certificate, { chainId, keysOf, verify }: EvidenceContext): boolean {
  const { epoch } = certificate;
  const keys = keysOf(epoch);
  if (keys === undefined) return false;
  return verifyCertificate(certificate, { chainId, keys, epoch, quorum: quorumSize(keys.length) }, verify) === "ok";
}

/** The first contradiction among certificates from anywhere, and who has signed both sides of it. */
export function findCulprits(certificates: Iterable<Certificate>, context: EvidenceContext): Culprits | undefined {
  const byView = new Map<string, Map<string, Certificate>>();
  for (const certificate of certificates) {
    const { epoch, view, kind, blockHash } = certificate;
    const key = `${epoch}:${view}`;
    const known = byView.get(key) ?? new Map<string, Certificate>();
    byView.set(key, known);
    const name = `${kind}:${bytesToHex(blockHash)}`;
    if (known.has(name) || !isGenuine(certificate, context)) continue;
    for (const other of known.values()) {
      if (!contradicts(certificate, other)) continue;
      const signers = new Set(signersOf(other));
      const seats = signersOf(certificate).filter((seat) => signers.has(seat));
      return { epoch, view, first: other, second: certificate, seats };
    }
    known.set(name, certificate);
  }
  return undefined;
}
