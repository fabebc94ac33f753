// Signing what the builder made. Each signature is checked against its public key before it is used: a fault in the
// arithmetic must not publish a signature that leaks the key.

import { signWithXprv, type Xprv, xpubOfXprv } from "@bystack/crypto/chainkd";
import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { bytesToHex } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";
import { type AccountProgram, assetKeyPath, type IssuedAsset, type KeyPath, xprvAt } from "./accounts.ts";
import type { InputToSign } from "./build/build.ts";

function signWith(root: Xprv, path: KeyPath, message: Uint8Array): { signature: Uint8Array; publicKey: Uint8Array } {
  const xprv = xprvAt(root, path);
  const publicKey = xpubOfXprv(xprv).slice(0, 32);
  const signature = signWithXprv(xprv, message);
  assertInvariant(verifyEd25519({ publicKey, message, signature }, "strict-s"), "a fresh signature verifies");
  return { signature, publicKey };
}

/** The witness arguments of each input, by input index. */
export function signInputs(
  inputs: readonly InputToSign[],
  keys: { root: Xprv; programs: readonly AccountProgram[]; assets: readonly IssuedAsset[] },
): Map<number, Uint8Array[]> {
  const byProgram = new Map(keys.programs.map((entry) => [bytesToHex(entry.program), entry]));
  const witnesses = new Map<number, Uint8Array[]>();
  for (const input of inputs) {
    if (input.kind === "spend") {
      const owner = byProgram.get(bytesToHex(input.program));
      assertInvariant(owner !== undefined, "only coins of own programs are chosen");
      const { signature, publicKey } = signWith(keys.root, owner.path, input.signatureHash);
      witnesses.set(input.index, [signature, publicKey]);
    } else {
      const asset = keys.assets.find((candidate) => candidate.id === bytesToHex(input.assetId));
      assertInvariant(asset !== undefined, "only own assets are issued");
      witnesses.set(input.index, [signWith(keys.root, assetKeyPath(asset.keyIndex), input.signatureHash).signature]);
    }
  }
  return witnesses;
}

/** Puts the witnesses into the inputs; the ids do not change. */
export function withWitnesses<I extends { readonly kind: string }>(
  inputs: readonly I[],
  witnesses: ReadonlyMap<number, Uint8Array[]>,
): I[] {
  return inputs.map((input, index) => {
    const witness = witnesses.get(index);
    return witness === undefined ? input : { ...input, arguments: witness };
  });
}
