// The numbering of keys: recorded receivers of Bytom (derive rule 1, one key), accounts from 1 on, and what a name means.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { rootXprv, xpubOfXprv } from "@bystack/crypto/chainkd";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import {
  addAccount,
  addressPath,
  assetDefinition,
  assetKeyPath,
  assetKeysOf,
  EMPTY_WALLET,
  findAccount,
  programAt,
  programsOf,
} from "@bystack/wallet/accounts";

type Vector = {
  readonly name: string;
  readonly derive_rule: number;
  readonly quorum: number;
  readonly root_xpubs: readonly string[];
  readonly key_index: number;
  readonly addresses: readonly {
    readonly change: boolean;
    readonly index: number;
    readonly path: readonly string[];
    readonly public_keys: readonly string[];
    readonly control_program: string;
  }[];
};

const file = new URL("../../../vectors/bytom/account.json", import.meta.url);
const vectors = (JSON.parse(readFileSync(file, "utf8")) as { cases: readonly Vector[] }).cases.filter(
  (entry) => entry.derive_rule === 1 && entry.root_xpubs.length === 1 && entry.quorum === 1,
);

test("recorded receivers: path, key and program of every address", () => {
  assert.ok(vectors.length >= 9);
  for (const { name, root_xpubs, key_index, addresses } of vectors) {
    const root = hexToBytes(root_xpubs[0] ?? "");
    for (const address of addresses) {
      const at = programAt(root, key_index, address.change, address.index);
      const where = `${name}, ${address.change ? "change" : "receive"} ${address.index}`;
      assert.deepEqual(at.path.map(bytesToHex), address.path, where);
      assert.deepEqual(addressPath(key_index, address.change, address.index), at.path);
      assert.equal(bytesToHex(at.publicKey), address.public_keys[0], where);
      assert.equal(bytesToHex(at.program), address.control_program, where);
    }
  }
});

const ROOT = xpubOfXprv(rootXprv(utf8ToBytes("a seed for tests only")));

test("accounts count from 1 in the order of creation, and have one address of each branch at first", () => {
  const data = addAccount(addAccount(EMPTY_WALLET, "alice"), "bob");
  assert.deepEqual(
    data.accounts.map(({ name, index }) => [name, index]),
    [
      ["alice", 1],
      ["bob", 2],
    ],
  );
  const bob = findAccount(data, "bob");
  assert.deepEqual(programsOf(ROOT, bob), [programAt(ROOT, 2, false, 1), programAt(ROOT, 2, true, 1)]);
  assert.equal(programsOf(ROOT, { ...bob, receiveCount: 3, changeCount: 2 }).length, 5);
  assert.throws(() => addAccount(data, "bob"), { code: "ACCOUNT_EXISTS" });
  assert.throws(() => findAccount(data, "carol"), { code: "ACCOUNT_NOT_FOUND", why: /there are: alice, bob/ });
});

test("no two places have one key", () => {
  const programs = [1, 2, 256].flatMap((account) =>
    [false, true].flatMap((change) => [1, 2, 256].map((index) => programAt(ROOT, account, change, index).program)),
  );
  assert.equal(new Set(programs.map(bytesToHex)).size, programs.length);
});

test("an asset's id follows from its key and its definition", () => {
  assert.deepEqual(assetKeyPath(258).map(bytesToHex), ["000201000000000000"]);
  const gold = assetKeysOf(ROOT, 1, assetDefinition("GOLD", 2));
  assert.deepEqual(gold, assetKeysOf(ROOT, 1, assetDefinition("GOLD", 2)));
  const ids = [gold, assetKeysOf(ROOT, 2, gold.definition), assetKeysOf(ROOT, 1, assetDefinition("GOLD", 3))];
  assert.equal(new Set(ids.map(({ id }) => bytesToHex(id))).size, 3);
});
