// Sealed backups in the hands of somebody hostile: every chunk flipped, cut, taken away, swapped, replayed from another backup,
// with and without hashes that were made to fit; another recipient; a header that claims something else. Each is refused by
// name, and nothing is left behind. A sealed backup that was cut off while it was written is never listed.

import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { MANIFEST_FILE } from "@bystack/api/backup-manifest";
import { listFiles } from "@bystack/storage/file-list";
import { createRecipientSecret, openChunk, recipientOf, sealChunk } from "../src/backup/crypto.ts";
import { openBackup } from "../src/backup/open.ts";
import {
  CHUNK_BYTES,
  chunkName,
  HEADER_FILE,
  listSealed,
  loadHeader,
  removeSealed,
  type SealedHeader,
  sealBackup,
  sha256Hex,
  verifySealed,
} from "../src/backup/sealed.ts";

const root = mkdtempSync(join(tmpdir(), "bystack-sealed-"));
const secret = createRecipientSecret();
const recipient = recipientOf(secret);
const backups = join(root, "backups");
const signal = new AbortController().signal;
let works = 0;
after(() => rmSync(root, { recursive: true }));

/** An opened backup of a little more than two chunks, every byte of it another one. */
async function opened(id: string, fill: number): Promise<string> {
  const folder = join(root, `opened-${id}`);
  mkdirSync(join(folder, "data", "blocks"), { recursive: true });
  const large = new Uint8Array(2 * CHUNK_BYTES + 1000).map((_, i) => (i * 31 + fill) & 255);
  writeFileSync(join(folder, "data", "blocks", "1.log"), large);
  writeFileSync(join(folder, "spec.json"), `{"fill":${fill}}`);
  writeFileSync(join(folder, "empty.json"), "");
  const hash = "ab".repeat(32);
  const manifest = {
    format: 1,
    id,
    kind: "side",
    network: "dev",
    chain: "demo",
    chainId: hash,
    node: "demo-1",
    height: 7,
    blockHash: hash,
    stateRoot: hash,
    createdAtMs: 1,
    release: "0.1.0",
    votes: null,
    files: await listFiles(folder),
  };
  writeFileSync(join(folder, MANIFEST_FILE), JSON.stringify(manifest));
  return folder;
}

const seal = (from: string) => sealBackup({ from, to: backups, recipient, signal, onChunk: async () => {} });

/** A copy of a sealed backup, changed. */
function changed(change: (folder: string, header: SealedHeader) => void, fits: boolean): string {
  works += 1;
  const folder = join(root, `changed-${works}`);
  cpSync(join(backups, "demo-1"), folder, { recursive: true });
  const header = loadHeader(folder);
  change(folder, header);
  if (fits) {
    const names = readdirSync(folder)
      .filter((name) => name.endsWith(".chunk"))
      .sort();
    const chunks = names.map((name) => readFileSync(join(folder, name)));
    const fitting = chunks.map((bytes) => ({ bytes: bytes.length, sha256: sha256Hex(bytes) }));
    writeFileSync(join(folder, HEADER_FILE), JSON.stringify({ ...header, chunks: fitting }));
  } else writeFileSync(join(folder, HEADER_FILE), JSON.stringify(header));
  return folder;
}

async function refuses(folder: string, code: string, key: Uint8Array = secret): Promise<void> {
  works += 1;
  const into = join(root, `into-${works}`);
  await assert.rejects(openBackup(folder, key, into), { code });
  assert.deepEqual([existsSync(into), existsSync(`${into}.opening`)], [false, false]);
}

let first: string;
before(async () => {
  first = await opened("demo-1", 1);
  await seal(first);
  await seal(await opened("demo-2", 2));
});

test("what is sealed comes back as it was, and only for its recipient", async () => {
  const into = join(root, "back");
  const manifest = await openBackup(join(backups, "demo-1"), secret, into);
  assert.deepEqual(await listFiles(into), await listFiles(first));
  assert.deepEqual([manifest.id, loadHeader(join(backups, "demo-1")).chunks.length], ["demo-1", 3]);
  await refuses(join(backups, "demo-1"), "BACKUP_FOREIGN_KEY", createRecipientSecret());
  await assert.rejects(openBackup(join(backups, "demo-1"), secret, into), { code: "BACKUP_PLACE_TAKEN" });
});

test("nothing of it is to be read without the key", () => {
  const large = readFileSync(join(first, "data", "blocks", "1.log"));
  for (const name of readdirSync(join(backups, "demo-1"))) {
    const bytes = readFileSync(join(backups, "demo-1", name));
    assert.equal(bytes.indexOf(large.subarray(100, 164)), -1, name);
    assert.equal(bytes.indexOf("spec.json"), -1, name);
  }
});

describe("every chunk", () => {
  const path = (folder: string, number: number) => join(folder, chunkName(number));
  const edit = (folder: string, number: number, work: (bytes: Buffer) => Uint8Array) =>
    writeFileSync(path(folder, number), work(readFileSync(path(folder, number))));
  for (const number of [0, 1, 2]) {
    const other = (number + 1) % 3;
    const changes: [string, string, string | undefined, (folder: string, header: SealedHeader) => void][] = [
      [
        "flipped",
        "BACKUP_DAMAGED",
        "BACKUP_FORGED",
        (folder) => edit(folder, number, (b) => b.map((x, i) => (i === 5 ? x ^ 1 : x))),
      ],
      [
        "flipped in its tag",
        "BACKUP_DAMAGED",
        "BACKUP_FORGED",
        (folder) => edit(folder, number, (b) => b.map((x, i) => (i === b.length - 1 ? x ^ 1 : x))),
      ],
      ["cut", "BACKUP_CUT", "BACKUP_FORGED", (folder) => edit(folder, number, (b) => b.subarray(0, -1))],
      ["emptied to its tag", "BACKUP_CUT", "BACKUP_FORGED", (folder) => edit(folder, number, (b) => b.subarray(0, 8))],
      ["taken away", "BACKUP_CUT", undefined, (folder) => rmSync(path(folder, number))],
      [
        "replayed from another place",
        number === 2 || other === 2 ? "BACKUP_CUT" : "BACKUP_DAMAGED",
        "BACKUP_FORGED",
        (folder) => cpSync(path(folder, other), path(folder, number)),
      ],
      [
        "taken from another backup",
        "BACKUP_DAMAGED",
        "BACKUP_FORGED",
        (folder) => cpSync(path(join(backups, "demo-2"), number), path(folder, number)),
      ],
    ];
    for (const [name, plain, fitting, change] of changes)
      test(`${number} ${name}`, async () => {
        const folder = changed(change, false);
        await assert.rejects(verifySealed(folder), { code: plain });
        await refuses(folder, plain);
        if (fitting !== undefined) await refuses(changed(change, true), fitting);
      });
  }

  test("two swapped", async () => {
    const swap = (folder: string) => {
      renameSync(path(folder, 0), join(folder, "x"));
      renameSync(path(folder, 1), path(folder, 0));
      renameSync(join(folder, "x"), path(folder, 1));
    };
    await refuses(changed(swap, false), "BACKUP_DAMAGED");
    await refuses(changed(swap, true), "BACKUP_FORGED");
  });

  test("the last one gone, and the header made to fit", async () => {
    await refuses(
      changed((folder) => rmSync(path(folder, 2)), true),
      "BACKUP_FORGED",
    );
  });

  test("one more, and the header made to fit", async () => {
    await refuses(
      changed((folder) => cpSync(path(folder, 2), path(folder, 3)), true),
      "BACKUP_FORGED",
    );
  });

  test("a stranger's file beside them", async () => {
    const folder = changed((place) => writeFileSync(join(place, "notes.txt"), "x"), false);
    await assert.rejects(verifySealed(folder), { code: "BACKUP_DAMAGED", why: /notes\.txt/ });
  });
});

describe("a header", () => {
  const set = (change: Partial<SealedHeader>) => changed((_, header) => void Object.assign(header, change), false);
  const other = () => loadHeader(join(backups, "demo-2"));

  test("that claims another name, height, root or time is refused", async () => {
    for (const change of [
      { id: "demo-9" },
      { height: 8 },
      { chain: "acme" },
      { stateRoot: "cd".repeat(32) },
      { createdAtMs: 2 },
      { kind: "main" as const },
    ])
      await refuses(set(change), "BACKUP_FORGED");
  });

  test("with the keys or the manifest of another backup is refused", async () => {
    await refuses(set({ ephemeral: other().ephemeral }), "BACKUP_FORGED");
    await refuses(set({ ephemeral: "00".repeat(32) }), "BACKUP_FORGED");
    await refuses(set({ manifestHash: other().manifestHash }), "BACKUP_FORGED");
    await refuses(set({ recipient: recipientOf(createRecipientSecret()) }), "BACKUP_FOREIGN_KEY");
  });

  test("that is missing or not readable is told", async () => {
    await refuses(join(root, "nowhere"), "BACKUP_NOT_FOUND");
    for (const text of ["", "{", "[]", '{"format":2}']) {
      const folder = changed(() => {}, false);
      writeFileSync(join(folder, HEADER_FILE), text);
      await refuses(folder, "BACKUP_DAMAGED");
    }
  });
});

test("a chunk opens in its own place alone", () => {
  const key = createRecipientSecret();
  const place = { manifestHash: "ab".repeat(32), number: 1, count: 3 };
  const sealed = sealChunk(key, place, Uint8Array.of(1, 2, 3));
  assert.deepEqual([...(openChunk(key, place, sealed) ?? [])], [1, 2, 3]);
  for (const wrong of [{ number: 0 }, { count: 4 }, { manifestHash: "cd".repeat(32) }])
    assert.equal(openChunk(key, { ...place, ...wrong }, sealed), undefined, JSON.stringify(wrong));
  assert.equal(openChunk(createRecipientSecret(), place, sealed), undefined);
});

test("sealing that is cut off leaves nothing that is listed, and is done anew", async () => {
  const from = await opened("demo-3", 3);
  const abort = new AbortController();
  const cut = sealBackup({
    from,
    to: backups,
    recipient,
    signal: abort.signal,
    onChunk: async (done) => {
      assert.deepEqual(listSealed(backups), ["demo-1", "demo-2"]);
      if (done === 2) abort.abort();
    },
  });
  await assert.rejects(cut, { name: "AbortError" });
  assert.deepEqual(readdirSync(backups).sort(), ["demo-1", "demo-2"]);
  // What a process left that was killed is in nobody's way.
  mkdirSync(join(backups, ".demo-3.tmp"));
  writeFileSync(join(backups, ".demo-3.tmp", chunkName(0)), "half");
  await seal(from);
  assert.deepEqual(listSealed(backups), ["demo-1", "demo-2", "demo-3"]);
  await verifySealed(join(backups, "demo-3"));
  await removeSealed(backups, "demo-3");
  assert.deepEqual(readdirSync(backups).sort(), ["demo-1", "demo-2"]);
});

test("a file that is not as its manifest says is not sealed", async () => {
  const from = await opened("demo-4", 4);
  writeFileSync(join(from, "spec.json"), '{"fill":5}');
  await assert.rejects(seal(from), { code: "FILE_DIFFERS", why: /spec\.json/ });
  assert.deepEqual(listSealed(backups), ["demo-1", "demo-2"]);
});
