// merkle.json: roots over transaction ids and statuses, proofs as built and as verified, tampered ones included
// (spec/bytom.md sections 4.2 and 4.3).

import { statusItem, statusRoot, transactionsRoot } from "@bystack/protocol/main/block";
import { merklePath, merklePathRoot, merkleProof, verifyMerkleProof } from "@bystack/protocol/merkle";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { type CheckResult, checkCases, type Differences } from "../check.ts";

type MerkleCase = {
  readonly name: string;
  readonly op: string;
  readonly tx_ids?: readonly string[];
  readonly tx_root: string;
  readonly status_fail?: readonly boolean[];
  readonly status_root?: string;
  readonly flags?: readonly number[];
  readonly proof_hashes?: readonly string[];
  readonly status_proof_hashes?: readonly string[];
  readonly related_ids?: readonly string[];
  readonly related_indexes?: readonly number[];
  readonly related_status_fail?: readonly boolean[];
  readonly valid?: boolean;
  readonly status_valid?: boolean;
};

const bytesOf = (list: readonly string[] | undefined): Uint8Array[] => (list ?? []).map(hexToBytes);

function checkRoots(item: MerkleCase, { same }: Differences): void {
  const ids = bytesOf(item.tx_ids);
  same("transactions root", bytesToHex(transactionsRoot(ids)), item.tx_root);
  same("status root", bytesToHex(statusRoot(item.status_fail ?? [])), item.status_root);
  ids.forEach((id, i) => {
    same(`path ${i}`, bytesToHex(merklePathRoot(id, merklePath(ids, i))), item.tx_root);
  });
}

function checkBuilt(item: MerkleCase, { same }: Differences): void {
  const wanted = item.related_indexes ?? [];
  const proof = merkleProof(bytesOf(item.tx_ids), wanted);
  same("flags", [...proof.flags], item.flags);
  same("hashes", proof.hashes.map(bytesToHex), item.proof_hashes);
  const statuses = merkleProof((item.status_fail ?? []).map(statusItem), wanted);
  same("status flags", [...statuses.flags], item.flags);
  same("status hashes", statuses.hashes.map(bytesToHex), item.status_proof_hashes);
}

function checkVerified(item: MerkleCase, { same }: Differences): void {
  const flags = Uint8Array.from(item.flags ?? []);
  const proof = { hashes: bytesOf(item.proof_hashes), flags };
  same("valid", verifyMerkleProof(proof, bytesOf(item.related_ids), hexToBytes(item.tx_root)), item.valid);
  if (item.status_valid === undefined) return;
  const statuses = { hashes: bytesOf(item.status_proof_hashes), flags };
  const items = (item.related_status_fail ?? []).map(statusItem);
  same("status valid", verifyMerkleProof(statuses, items, hexToBytes(item.status_root ?? "")), item.status_valid);
}

export function checkMerkle(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly MerkleCase[] };
  return checkCases(
    cases,
    (item) => item.name,
    (item, differences) => {
      if (item.op === "roots") checkRoots(item, differences);
      if (item.op === "proof") checkBuilt(item, differences);
      if (item.op === "proof" || item.op === "validate") checkVerified(item, differences);
    },
  );
}
