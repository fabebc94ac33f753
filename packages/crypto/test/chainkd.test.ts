// chainkd against the recorded keys of the main chain and the published derivation tests.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import {
  childXprv,
  childXpub,
  deriveXprv,
  deriveXpub,
  expandXprv,
  hardenedChildXprv,
  publicKeyOfXpub,
  rootXprv,
  signWithXprv,
  verifyWithXpub,
  type Xprv,
  xpubOfXprv,
} from "../src/chainkd.ts";
import { needsShared, sample, sharedJson, vectorCases } from "./vectors.ts";

type Case = {
  name: string;
  seed: string;
  xprv: string;
  xpub: string;
  expanded_private_key: string;
  hardened_children: { selector: string; xprv: string; xpub: string }[];
  nonhardened: { path: string[]; xprv: string; xpub: string; message: string; signature: string }[];
};

for (const c of vectorCases<Case>("bytom/chainkd.json")) {
  test(`chainkd.json ${c.name}`, () => {
    const root = rootXprv(hexToBytes(c.seed));
    assert.equal(bytesToHex(root), c.xprv);
    assert.equal(bytesToHex(xpubOfXprv(root)), c.xpub);
    assert.equal(bytesToHex(expandXprv(root)), c.expanded_private_key);
    for (const child of c.hardened_children) {
      const xprv = hardenedChildXprv(root, hexToBytes(child.selector));
      assert.equal(bytesToHex(xprv), child.xprv);
      assert.equal(bytesToHex(xpubOfXprv(xprv)), child.xpub);
    }
    for (const child of c.nonhardened) {
      const path = child.path.map(hexToBytes);
      const xprv = deriveXprv(root, path);
      const xpub = deriveXpub(xpubOfXprv(root), path);
      assert.ok(xpub);
      assert.equal(bytesToHex(xprv), child.xprv);
      assert.equal(bytesToHex(xpub), child.xpub);
      assert.deepEqual(xpubOfXprv(xprv), xpub);
      const message = hexToBytes(child.message);
      const signature = hexToBytes(child.signature);
      assert.equal(bytesToHex(signWithXprv(xprv, message)), child.signature);
      assert.ok(verifyWithXpub({ xpub, message, signature }, "bytom"));
      assert.ok(!verifyWithXpub({ xpub, message: sample("other", 0), signature }, "bytom"));
    }
  });
}

/** A step of a path in the published set: "beef", "010203(H)" in hexadecimal, or a little-endian number such as "1(N)". */
function childOf(parent: Xprv, step: string, isNumber: boolean): Xprv {
  const [, text = "", form] = /^([0-9a-f]*|\u201c\u201d)(?:\((N|H)\))?$/.exec(step) ?? assert.fail(`step ${step}`);
  let selector = hexToBytes(
    text.startsWith("\u201c") ? "" : isNumber ? BigInt(text).toString(16).padStart(2, "0") : text,
  );
  if (isNumber) selector = selector.toReversed();
  return form === "H" ? hardenedChildXprv(parent, selector) : childXprv(parent, selector);
}

test("the published derivation tests", needsShared("chainkd/bytom-chainkd.json"), () => {
  type Set = { seed_2: string; cases: { name: string; expression: string; hex: string }[] };
  const { seed_2, cases } = sharedJson<Set>("chainkd/bytom-chainkd.json");
  assert.equal(cases.length, 28);
  for (const c of cases) {
    // A name is "Root(seed)", steps after slashes, and what of the key is printed.
    const [, seed = "", steps = "", kind] =
      /^Root\((.*?)\)(?:\/(.*))?\.(xprv\.expandedkey|xprv|xpub)$/.exec(c.name) ?? assert.fail(c.name);
    const isSecondGroup = seed.startsWith("fffcf9");
    const root = rootXprv(hexToBytes(isSecondGroup ? seed_2 : seed));
    const path = steps === "" ? [] : steps.split("/");
    const xprv = path.reduce((key, step) => childOf(key, step, isSecondGroup), root);
    const isPublic = kind === "xpub" || c.expression.endsWith("XPub().hex()"); // one name says xprv and means xpub
    const actual = isPublic ? xpubOfXprv(xprv) : kind === "xprv" ? xprv : expandXprv(xprv);
    assert.equal(bytesToHex(actual), c.hex, c.name);
  }
});

test("what is no xpub gives no child and no verdict but false", () => {
  const xpub = xpubOfXprv(rootXprv(sample("root", 0)));
  const noPoint = Uint8Array.from(xpub);
  noPoint.fill(0, 0, 32);
  noPoint[0] = 2; // no point has y = 2
  assert.equal(childXpub(noPoint, new Uint8Array(0)), undefined);
  assert.equal(childXpub(xpub.subarray(1), new Uint8Array(0)), undefined);
  assert.equal(deriveXpub(noPoint, [new Uint8Array(1), new Uint8Array(1)]), undefined);
  const signature = new Uint8Array(64);
  assert.equal(verifyWithXpub({ xpub: xpub.subarray(1), message: signature, signature }, "bytom"), false);
  assert.equal(publicKeyOfXpub(xpub).length, 32);
});
