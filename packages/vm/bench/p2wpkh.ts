// Runs per second of the program behind an ordinary payment (DUP HASH160 h EQUALVERIFY TXSIGHASH SWAP CHECKSIG), the
// signature answered at once, so that the machine alone is measured; and signature verifications per second beside it.
// Usage: node packages/vm/bench/p2wpkh.ts [seconds]

import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { ripemd160 } from "@bystack/crypto/hash";
import { concatBytes, hexToBytes } from "@bystack/utils/bytes";
import { runProgram, type VmRun } from "../src/interpreter.ts";

const SECONDS = Number(process.argv[2] ?? 2);
const BATCH = 1000;

// Test vector 3 of RFC 8032 has a 2-byte message; the machine signs 32 bytes, so the verdict below is false. A refused
// signature costs the verifier the same curve arithmetic as an accepted one.
const PUBLIC_KEY = hexToBytes("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
const SIGNATURE = hexToBytes(
  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
);
const MESSAGE = new Uint8Array(32).fill(7);

function perSecond(work: () => void): number {
  const start = performance.now();
  let runs = 0;
  while (performance.now() - start < SECONDS * 1000) {
    for (let i = 0; i < BATCH; i += 1) work();
    runs += BATCH;
  }
  return Math.round((runs * 1000) / (performance.now() - start));
}

const payment: VmRun = {
  vmVersion: 1n,
  code: concatBytes(hexToBytes("76ab14"), ripemd160(PUBLIC_KEY), hexToBytes("88ae7cac")),
  args: [SIGNATURE, PUBLIC_KEY],
  context: { entryId: MESSAGE, txVersion: 1n, txSigHash: () => MESSAGE },
  limit: 200_000,
  rules: { mulFraction: false, checkSig: () => true },
};

const outcome = runProgram(payment);
console.log(`p2wpkh: ok ${outcome.ok}, gas used ${payment.limit - outcome.gasLeft}`);
console.log(`vm runs without signature: ${perSecond(() => runProgram(payment))} /s`);
const signature = { publicKey: PUBLIC_KEY, message: MESSAGE, signature: SIGNATURE };
console.log(`signature verifications:   ${perSecond(() => verifyEd25519(signature, "bytom"))} /s`);
