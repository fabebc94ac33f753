// Fast verdict = exact verdict = recorded verdict, on every edge case there is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bigintToBytesLe, bytesToBigintLe, bytesToHex, concatBytes, hexToBytes } from "@bystack/utils/bytes";
import {
  createEd25519Signer,
  ED25519_KEYS_MAX,
  type Ed25519Item,
  type Ed25519Rule,
  publicKeyFromSeed,
  signEd25519,
  signEd25519Expanded,
  verifyEd25519,
  verifyEd25519Batch,
  verifyEd25519Exact,
} from "../src/ed25519.ts";
import { GROUP_ORDER } from "../src/edwards.ts";
import { sha512 } from "../src/hash.ts";
import { needsShared, sample, sharedJson, sharedText, vectorCases, vectorText } from "./vectors.ts";

type Expected = { item: Ed25519Item; accept: boolean; name: string };

function itemOf(publicKey: string, message: string, signature: string): Ed25519Item {
  return { publicKey: hexToBytes(publicKey), message: hexToBytes(message), signature: hexToBytes(signature) };
}

function check(cases: readonly Expected[], rule: Ed25519Rule, exactEvery = 1): void {
  const batch = verifyEd25519Batch(
    cases.map(({ item }) => item),
    rule,
  );
  for (const [index, { item, accept, name }] of cases.entries()) {
    assert.equal(batch[index], accept ? 1 : 0, `${name}, ${rule}, fast`);
    if (index % exactEvery === 0) assert.equal(verifyEd25519Exact(item, rule), accept, `${name}, ${rule}, exact`);
  }
}

const isBeyondOrder = ({ signature }: Ed25519Item) => bytesToBigintLe(signature.subarray(32)) >= GROUP_ORDER;

test("bytom/ed25519.json: rule bytom, and strict-s where S is below the order", () => {
  type Case = {
    op: string;
    name: string;
    seed: string;
    public_key: string;
    message: string;
    signature: string;
    valid: boolean;
  };
  const cases = vectorCases<Case>("bytom/ed25519.json");
  const verify = cases.map((c) => ({
    name: c.name,
    item: itemOf(c.public_key, c.message, c.signature),
    accept: c.op === "sign" || c.valid,
  }));
  assert.equal(verify.length, 96);
  check(verify, "bytom");
  check(
    verify.map((one) => ({ ...one, accept: one.accept && !isBeyondOrder(one.item) })),
    "strict-s",
  );
  assert.ok(
    verify.some(({ item, accept }) => accept && isBeyondOrder(item)),
    "the two rules differ somewhere",
  );
  for (const c of cases.filter(({ op }) => op === "sign")) {
    assert.equal(bytesToHex(publicKeyFromSeed(hexToBytes(c.seed))), c.public_key);
    assert.equal(bytesToHex(signEd25519(hexToBytes(c.seed), hexToBytes(c.message))), c.signature);
  }
});

test("crypto/derived/ed25519-edge.csv: small-order, non-canonical and torsioned encodings", () => {
  const lines = vectorText("crypto/derived/ed25519-edge.csv").trim().split("\n").slice(1);
  const cases = lines.map((line, index) => {
    const [message = "", publicKey = "", signature = "", accept] = line.split(",");
    return { name: `line ${index}`, item: itemOf(publicKey, message, signature), accept: accept === "1" };
  });
  assert.equal(cases.length, 1659);
  check(cases, "strict-s");
  check(
    cases.filter(({ item }) => !isBeyondOrder(item)),
    "bytom",
    10,
  );
});

for (const file of ["speccheck.json", "zip215.json", "cctv.json"].map((name) => `ed25519/${name}`)) {
  test(file, needsShared(file), () => {
    type Case = {
      id: string;
      publicKey: string;
      message: string;
      signature: string;
      verdicts: Record<string, boolean>;
    };
    const { cases } = sharedJson<{ cases: Case[] }>(file);
    const expected = (verifier: string) =>
      cases.map((c) => ({
        name: c.id,
        item: itemOf(c.publicKey, c.message, c.signature),
        accept: c.verdicts[verifier] === true,
      }));
    check(expected("go_std_bytom"), "strict-s", file.includes("cctv") ? 4 : 1);
    // Vapor's fork checks the top three bits of S only: exactly our rule `bytom`.
    check(expected("vapor_ref10"), "bytom", file.includes("cctv") ? 4 : 1);
  });
}

test("ed25519/wycheproof_ed25519.json", needsShared("ed25519/wycheproof_ed25519.json"), () => {
  type Group = {
    publicKey: { pk: string };
    tests: { tcId: number; msg: string; sig: string; verdicts: { go_std_bytom: boolean } }[];
  };
  const { testGroups } = sharedJson<{ testGroups: Group[] }>("ed25519/wycheproof_ed25519.json");
  const cases = testGroups.flatMap(({ publicKey, tests }) =>
    tests.map((t) => ({
      name: `wycheproof ${t.tcId}`,
      item: itemOf(publicKey.pk, t.msg, t.sig),
      accept: t.verdicts.go_std_bytom === true,
    })),
  );
  assert.ok(cases.length > 100);
  check(cases, "strict-s");
});

test("RFC 8032 and sign.input: keys, signatures, verdicts", needsShared("ed25519/sign-input.csv"), () => {
  type Case = { seed: string; publicKey: string; message: string; signature: string };
  const rfc = sharedJson<{ cases: Case[] }>("ed25519/rfc8032.json").cases;
  const lines = (sharedText("ed25519/sign-input.csv") ?? "").trim().split("\n").slice(1);
  const csv = lines.map((line) => {
    const [, seed = "", publicKey = "", message = "", signature = ""] = line.split(",");
    return { seed, publicKey, message, signature };
  });
  for (const c of [...rfc, ...csv]) {
    const seed = hexToBytes(c.seed);
    const item = itemOf(c.publicKey, c.message, c.signature);
    assert.equal(bytesToHex(publicKeyFromSeed(seed)), c.publicKey);
    assert.equal(bytesToHex(signEd25519(seed, item.message)), c.signature);
    assert.ok(verifyEd25519(item, "strict-s"));
    const expanded = sha512(seed); // RFC 8032: scalar (clamped) and prefix are the two halves
    expanded[0] = (expanded[0] ?? 0) & 0xf8;
    expanded[31] = ((expanded[31] ?? 0) & 0x7f) | 0x40;
    assert.equal(bytesToHex(signEd25519Expanded(expanded, item.message)), c.signature);
  }
});

test("random signatures with random damage: fast and exact agree under both rules", () => {
  const seed = "ed25519/1";
  for (let i = 0; i < 60; i += 1) {
    const signer = createEd25519Signer(sample(seed, i));
    const message = sample(`${seed}/message`, i);
    const good = { publicKey: signer.publicKey, message, signature: signer.sign(message) };
    const dice = sample(`${seed}/dice`, i);
    const field = (["publicKey", "message", "signature"] as const)[(dice[0] ?? 0) % 3] ?? "message";
    const damaged = Uint8Array.from(good[field]);
    const place = (dice[1] ?? 0) % damaged.length;
    damaged[place] = (damaged[place] ?? 0) ^ (1 << ((dice[2] ?? 0) % 8));
    for (const rule of ["strict-s", "bytom"] as const) {
      assert.ok(verifyEd25519(good, rule), `seed ${seed}, item ${i}`);
      const bad = { ...good, [field]: damaged };
      assert.equal(verifyEd25519(bad, rule), verifyEd25519Exact(bad, rule), `seed ${seed}, item ${i}, ${field}`);
    }
  }
});

test("S + l: accepted by rule bytom alone; S + 2l by none", () => {
  const signer = createEd25519Signer(sample("malleable", 0));
  const message = sample("malleable", 1);
  const signature = signer.sign(message);
  const s = bytesToBigintLe(signature.subarray(32));
  const withS = (value: bigint) => concatBytes(signature.subarray(0, 32), bigintToBytesLe(value, 32));
  const once = { publicKey: signer.publicKey, message, signature: withS(s + GROUP_ORDER) };
  const twice = { publicKey: signer.publicKey, message, signature: withS(s + 2n * GROUP_ORDER) };
  for (const verify of [verifyEd25519, verifyEd25519Exact]) {
    assert.equal(verify(once, "bytom"), true);
    assert.equal(verify(once, "strict-s"), false);
    assert.equal(verify(twice, "bytom"), false);
    assert.equal(verify(twice, "strict-s"), false);
  }
});

test("wrong lengths are refused, not thrown", () => {
  const signer = createEd25519Signer(sample("lengths", 0));
  const message = sample("lengths", 1);
  const { publicKey } = signer;
  const signature = signer.sign(message);
  for (const item of [
    { publicKey: publicKey.subarray(1), message, signature },
    { publicKey: concatBytes(publicKey, publicKey), message, signature },
    { publicKey, message, signature: signature.subarray(1) },
    { publicKey, message, signature: concatBytes(signature, signature) },
    { publicKey: new Uint8Array(0), message: new Uint8Array(0), signature: new Uint8Array(0) },
  ]) {
    assert.equal(verifyEd25519(item, "bytom"), false);
    assert.equal(verifyEd25519Exact(item, "bytom"), false);
  }
});

test("keys beyond the limit of the cache are verified all the same", () => {
  const message = sample("cache", 0);
  const first = createEd25519Signer(sample("cache", 1));
  const item = { publicKey: first.publicKey, message, signature: first.sign(message) };
  assert.ok(verifyEd25519(item, "strict-s"));
  // Any canonical bytes push a key out; most of these are no points at all, and none verifies.
  for (let i = 0; i < ED25519_KEYS_MAX + 1; i += 1) {
    assert.equal(verifyEd25519({ ...item, publicKey: sample("cache/filler", i) }, "strict-s"), false);
  }
  assert.ok(verifyEd25519(item, "strict-s"));
});
