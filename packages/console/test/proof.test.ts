// Proofs as a browser checks them: made here from blocks of both chains, then every part changed in turn; the step that fails must
// be the one that is about that part.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex } from "@bystack/utils/bytes";
import { formatProof, type MainProof, parseProof, type SideProof } from "../src/proof/file.ts";
import { checkMainProof } from "../src/proof/main.ts";
import { checkSideProof } from "../src/proof/side.ts";
import { checkEd25519 } from "../src/proof/signatures.ts";
import type { ProofResult } from "../src/proof/steps.ts";
import { IDS, mainProof, sideProof, specOf, ZERO } from "./proofs.ts";

const wrongStep = ({ steps }: ProofResult) => steps.find(({ verdict }) => verdict === "failed")?.name;

test("a proof of the main chain is checked, and says what it leaves open", () => {
  const { proof, hash } = mainProof();
  const result = checkMainProof(proof, hash);
  assert.equal(result.isValid, true);
  assert.deepEqual(
    result.steps.map(({ name, verdict }) => `${name} ${verdict}`),
    ["header ok", "transaction ok", "status ok", "chain ok", "work open"],
  );
  assert.equal(result.steps[1]?.trail?.length, 1 + proof.inclusion.transactionSiblings.length);
  assert.equal(checkMainProof(proof, undefined).steps[3]?.verdict, "open");
});

test("whatever is changed in a proof of the main chain, its own step fails", () => {
  const { proof, hash } = mainProof();
  const change = (inclusion: Partial<MainProof["inclusion"]>): MainProof => ({
    ...proof,
    inclusion: { ...proof.inclusion, ...inclusion },
  });
  const { transactionSiblings, statusSiblings, directions } = proof.inclusion;
  const other = "00".repeat(32);
  const cases: [MainProof, string | undefined, string][] = [
    [{ ...proof, transaction: bytesToHex(IDS[2] ?? ZERO) }, hash, "transaction"],
    [change({ transactionSiblings: [other, ...transactionSiblings.slice(1)] }), hash, "transaction"],
    [change({ directions: directions.map((left) => !left) }), hash, "transaction"],
    [change({ directions: directions.slice(1) }), hash, "transaction"],
    [change({ gasOnly: true }), hash, "status"],
    [change({ statusSiblings: [...statusSiblings.slice(1), other] }), hash, "status"],
    [change({ statusSiblings: [] }), hash, "status"],
    [change({ height: 42 }), hash, "header"],
    [change({ header: "00" }), hash, "header"],
    [proof, other, "chain"],
  ];
  for (const [changed, known, step] of cases) {
    const result = checkMainProof(changed, known);
    assert.equal(wrongStep(result), step);
    assert.equal(result.isValid, false);
  }
});

test("a proof of a side chain is checked whole: every step, every signature", async () => {
  const { proof, chainId } = sideProof();
  const { steps, isValid } = await checkSideProof(proof, chainId, checkEd25519);
  assert.deepEqual(
    steps.map(({ name, verdict }) => `${name} ${verdict}`),
    ["header ok", "transaction ok", "spec ok", "chain ok", "link ok", "finality ok"],
  );
  assert.match(steps.at(-1)?.detail ?? "", /3 of 4 signed block 71, 3 are needed: demo-1, demo-2, demo-4/);
  assert.equal(isValid, true);
});

test("whatever is changed in a proof of a side chain, its own step fails", async () => {
  const { proof, chainId } = sideProof();
  const { headers, certificate } = proof.finality;
  const flip = (hex: string, at: number) => {
    const digit = (Number.parseInt(hex.at(at) ?? "0", 16) ^ 1).toString(16);
    return hex.slice(0, at) + digit + (at === -1 ? "" : hex.slice(at + 1));
  };
  const finality = (change: Partial<SideProof["finality"]>): SideProof => ({
    ...proof,
    finality: { ...proof.finality, ...change },
  });
  const cases: [SideProof, string | undefined, string][] = [
    [{ ...proof, transaction: bytesToHex(IDS[0] ?? ZERO) }, chainId, "transaction"],
    [{ ...proof, inclusion: { ...proof.inclusion, height: 71 } }, chainId, "header"],
    [{ ...proof, inclusion: { ...proof.inclusion, header: "01" } }, chainId, "header"],
    [{ ...proof, spec: specOf(null).replace("demo-1", "demo-9") }, chainId, "spec"],
    [proof, "00".repeat(32), "chain"],
    [finality({ headers: headers.slice(1) }), chainId, "link"],
    [finality({ headers: headers.slice(0, 1) }), chainId, "finality"],
    [finality({ certificate: flip(certificate, certificate.length - 100) }), chainId, "finality"],
    [sideProof([0, 1]).proof, chainId, "finality"],
  ];
  for (const [i, [changed, known, step]] of cases.entries()) {
    const result = await checkSideProof(changed, known, checkEd25519);
    assert.equal(wrongStep(result), step, `case ${i}`);
    assert.equal(result.isValid, false);
  }
});

test("what cannot be checked is left open, never called good", async () => {
  const { proof, chainId } = sideProof();
  const without = await checkSideProof(proof, chainId, async () => undefined);
  assert.equal(without.steps.at(-1)?.verdict, "open");
  const elected = sideProof([0, 1, 3], { period: 1 });
  const last = (await checkSideProof(elected.proof, elected.chainId, checkEd25519)).steps.at(-1);
  assert.equal(last?.verdict, "open");
  assert.match(last?.detail ?? "", /elects its committee/);
});

test("a proof survives being a file, and anything else is refused with a reason", () => {
  for (const { proof } of [mainProof(), sideProof()]) assert.deepEqual(parseProof(formatProof(proof)), proof);
  assert.match(String(parseProof("hello")), /not JSON/);
  assert.match(String(parseProof("{}")), /not a proof/);
  const { proof } = mainProof();
  assert.match(String(parseProof(JSON.stringify({ ...proof, transaction: "XY" }))), /transaction/);
  assert.match(String(parseProof("x".repeat((2 << 20) + 1))), /longer/);
});
