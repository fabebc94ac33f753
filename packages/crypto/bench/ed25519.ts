// Prints median rates of Ed25519 on one core: the fast path (key known and key new), the exact rule, signing, key checks.
// Usage: node packages/crypto/bench/ed25519.ts

import {
  createEd25519Signer,
  signEd25519Expanded,
  validatePublicKey,
  verifyEd25519,
  verifyEd25519Exact,
} from "../src/ed25519.ts";
import { sha3_256, sha512 } from "../src/hash.ts";
import { createLtHash } from "../src/lthash.ts";
import { medianMs } from "./median.ts";

const GROUP = 100;
const GROUPS = 21;
const word = (index: number) => sha3_256(Uint8Array.of(index & 255, index >> 8));

const items = Array.from({ length: GROUP * GROUPS }, (_, index) => {
  const signer = createEd25519Signer(word(index));
  const message = word(index + 1);
  return { publicKey: signer.publicKey, message, signature: signer.sign(message) };
});

function report(name: string, perGroup: number, run: (index: number) => void): void {
  const ms = medianMs(GROUPS, (group) => {
    for (let i = 0; i < perGroup; i += 1) run(group * perGroup + i);
  });
  console.log(`${name}: ${((1000 * perGroup) / ms).toFixed(0)}/s, ${((1000 * ms) / perGroup).toFixed(1)} us`);
}

const item = (index: number) => items[index] ?? (items[0] as (typeof items)[number]);
const signer = createEd25519Signer(word(0));
const expanded = sha512(word(0));
const multiset = createLtHash();

report("verify, fast path, new key", GROUP, (i) => verifyEd25519(item(i), "strict-s"));
report("verify, fast path, known key", GROUP, (i) => verifyEd25519(item(i), "strict-s"));
report("verify, exact rule", 10, (i) => verifyEd25519Exact(item(i), "strict-s"));
report("sign, from seed", GROUP, (i) => signer.sign(item(i).message));
report("sign, expanded key", 10, (i) => signEd25519Expanded(expanded, item(i).message));
report("validate a public key", 10, (i) => validatePublicKey(item(i).publicKey));
report("LtHash add", GROUP, (i) => multiset.add(item(i).message));
