// The cryptographic vector files of the main chain: hashes, Ed25519 by the main chain's own rule, chainkd, Tensority.

import {
  childXprv,
  deriveXprv,
  deriveXpub,
  expandXprv,
  hardenedChildXprv,
  rootXprv,
  signWithXprv,
  verifyWithXpub,
  xpubOfXprv,
} from "@bystack/crypto/chainkd";
import { publicKeyFromSeed, signEd25519, verifyEd25519, verifyEd25519Exact } from "@bystack/crypto/ed25519";
import { ripemd160, sha3_256 } from "@bystack/crypto/hash";
import { createTensority, fastestTensority } from "@bystack/crypto/tensority";
import { merkleLeaf } from "@bystack/protocol/merkle";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { type CheckResult, checkCases, type Differences, type VectorChecks } from "./check.ts";

type HashCase = { name: string; data: string; sha3_256: string; ripemd160: string; merkle_leaf: string };

function checkHash(recorded: HashCase, { same }: Differences): void {
  const data = hexToBytes(recorded.data);
  same("sha3_256", bytesToHex(sha3_256(data)), recorded.sha3_256);
  same("ripemd160", bytesToHex(ripemd160(data)), recorded.ripemd160);
  same("merkle leaf", bytesToHex(merkleLeaf(data)), recorded.merkle_leaf);
}

type SignatureCase = {
  name: string;
  op: "sign" | "verify";
  seed?: string;
  public_key: string;
  message: string;
  signature: string;
  valid?: boolean;
};

function checkSignature(recorded: SignatureCase, { same }: Differences): void {
  const message = hexToBytes(recorded.message);
  const item = { publicKey: hexToBytes(recorded.public_key), message, signature: hexToBytes(recorded.signature) };
  if (recorded.op === "sign") {
    const seed = hexToBytes(recorded.seed ?? "").slice(0, 32);
    same("public key", bytesToHex(publicKeyFromSeed(seed)), recorded.public_key);
    same("signature", bytesToHex(signEd25519(seed, message)), recorded.signature);
  }
  same("verdict", verifyEd25519(item, "bytom"), recorded.valid ?? true);
  same("exact verdict", verifyEd25519Exact(item, "bytom"), recorded.valid ?? true);
}

type ChainkdCase = {
  name: string;
  seed: string;
  xprv: string;
  xpub: string;
  expanded_private_key: string;
  hardened_children: { selector: string; xprv: string; xpub: string }[];
  nonhardened: { path: string[]; xprv: string; xpub: string; message: string; signature: string }[];
};

function checkChainkd(recorded: ChainkdCase, { same }: Differences): void {
  const root = rootXprv(hexToBytes(recorded.seed));
  same("xprv", bytesToHex(root), recorded.xprv);
  same("xpub", bytesToHex(xpubOfXprv(root)), recorded.xpub);
  same("expanded", bytesToHex(expandXprv(root)), recorded.expanded_private_key);
  for (const child of recorded.hardened_children) {
    const xprv = hardenedChildXprv(root, hexToBytes(child.selector));
    same(`hardened ${child.selector}`, bytesToHex(xprv), child.xprv);
    same(`hardened ${child.selector} xpub`, bytesToHex(xpubOfXprv(xprv)), child.xpub);
  }
  for (const child of recorded.nonhardened) {
    const path = child.path.map(hexToBytes);
    const label = child.path.join("/");
    const xprv = deriveXprv(root, path);
    const xpub = deriveXpub(xpubOfXprv(root), path) ?? new Uint8Array(0);
    same(`child ${label}`, bytesToHex(xprv), child.xprv);
    same(`child ${label} step by step`, bytesToHex(path.reduce(childXprv, root)), child.xprv);
    same(`child ${label} xpub`, bytesToHex(xpub), child.xpub);
    const message = hexToBytes(child.message);
    same(`child ${label} signature`, bytesToHex(signWithXprv(xprv, message)), child.signature);
    same(
      `child ${label} verdict`,
      verifyWithXpub({ xpub, message, signature: hexToBytes(child.signature) }, "bytom"),
      true,
    );
  }
}

type TensorityCase = { name: string; block_hash: string; seed: string; result: string };

/** On the fastest backend that is there; the package's own tests compare the backends with each other. */
function checkTensority(file: unknown): CheckResult[] {
  const tensority = createTensority({ backend: fastestTensority() });
  return checkCases(
    (file as { cases: TensorityCase[] }).cases,
    (recorded) => recorded.name,
    (recorded, { same }) =>
      same(
        "result",
        bytesToHex(tensority.hash(hexToBytes(recorded.block_hash), hexToBytes(recorded.seed))),
        recorded.result,
      ),
  );
}

const named = (recorded: { name: string }): string => recorded.name;

export const cryptoChecks: VectorChecks = {
  hash: (file) => checkCases((file as { cases: HashCase[] }).cases, named, checkHash),
  ed25519: (file) => checkCases((file as { cases: SignatureCase[] }).cases, named, checkSignature),
  chainkd: (file) => checkCases((file as { cases: ChainkdCase[] }).cases, named, checkChainkd),
  tensority: checkTensority,
};
