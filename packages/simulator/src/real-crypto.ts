// The production scheme inside a simulation: about thirty times slower than the fake one, for a few schedules.

import { createEd25519VoteCrypto } from "@bystack/consensus/bbft/ed25519";
import { publicKeyFromSeed } from "@bystack/crypto/ed25519";
import type { Scheme } from "./fake-crypto.ts";

function seedOf(place: number): Uint8Array {
  return new Uint8Array(32).fill(place + 1);
}

export const ed25519Scheme: Scheme = {
  key: (place) => publicKeyFromSeed(seedOf(place)),
  crypto: (place) => createEd25519VoteCrypto(seedOf(place)),
};
