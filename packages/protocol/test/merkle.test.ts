// Merkle proofs and paths as properties; recorded proofs are in vectors/bytom/merkle.json.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bytesToHex } from "@bystack/utils/bytes";
import fc from "fast-check";
import { merklePath, merklePathRoot, merkleProof, merkleRoot, merkleSplit, verifyMerkleProof } from "../src/merkle.ts";
import { anyHash } from "./arbitrary.ts";

const anyItems = fc.uniqueArray(anyHash, { minLength: 1, maxLength: 40, selector: bytesToHex });

suite("merkle", () => {
  test("splits at the largest power of two below the count", () => {
    assert.deepEqual([2, 3, 4, 5, 8, 9, 2 ** 31].map(merkleSplit), [1, 2, 2, 4, 4, 8, 2 ** 30]);
  });

  test("a proof holds for its items and root, and for nothing else", () => {
    fc.assert(
      fc.property(anyItems, fc.array(fc.nat({ max: 39 })), fc.nat(), (items, picks, flip) => {
        const wanted = [...new Set(picks.filter((i) => i < items.length))].sort((a, b) => a - b);
        const proof = merkleProof(items, picks);
        const root = merkleRoot(items);
        const chosen = wanted.map((i) => items[i] ?? root);
        assert.equal(verifyMerkleProof(proof, chosen, root), true);
        assert.equal(verifyMerkleProof(proof, [...chosen, root], root), false, "one item too many");
        assert.equal(verifyMerkleProof(proof, chosen, new Uint8Array(32)), false, "another root");
        if (chosen.length > 0) assert.equal(verifyMerkleProof(proof, chosen.slice(1), root), false, "one too few");
        const swapped = chosen.map((item, i) => (i === flip % chosen.length ? root : item));
        if (chosen.length > 0) assert.equal(verifyMerkleProof(proof, swapped, root), false, "another item");
        const hashes = proof.hashes.map((hash) => Uint8Array.from(hash));
        const target = hashes[flip % hashes.length];
        if (target !== undefined) target[0] = (target[0] ?? 0) ^ 1;
        assert.equal(verifyMerkleProof({ ...proof, hashes }, chosen, root), false, "a changed hash");
      }),
    );
  });

  test("random proofs are refused without throwing, however deep they claim to be", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 })), fc.array(anyHash), anyHash, (flags, hashes, root) => {
        assert.equal(verifyMerkleProof({ flags: Uint8Array.from(flags), hashes }, [], root), false);
      }),
    );
    const deep = { flags: new Uint8Array(1_000_000).fill(1), hashes: [] };
    assert.equal(verifyMerkleProof(deep, [], new Uint8Array(32)), false);
  });

  test("a path leads from every item to the root, and its directions say on which side", () => {
    fc.assert(
      fc.property(anyItems, fc.nat(), (items, pick) => {
        const index = pick % items.length;
        const path = merklePath(items, index);
        const item = items[index] ?? new Uint8Array(32);
        assert.equal(bytesToHex(merklePathRoot(item, path)), bytesToHex(merkleRoot(items)));
        assert.equal(
          path.directions.some((byte) => byte !== 0),
          index !== 0,
          "only leaf 0 is never on the right",
        );
      }),
    );
  });
});
