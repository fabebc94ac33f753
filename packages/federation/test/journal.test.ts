// The journal: what was promised is on the disk before it is signed, comes back after every crash, and is never taken back
// but by proof; damage and failed writes stop signing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryDisk, type MemoryDisk } from "@bystack/storage/disk-memory";
import { createSeededRng } from "@bystack/testing/rng";
import { openJournal } from "../src/journal/journal.ts";
import {
  decodeRecordBody,
  encodeRecordBody,
  type Intent,
  type JournalRecord,
  RECORD_TYPE,
} from "../src/journal/records.ts";
import { programOf, seedOf } from "./support/keys.ts";
import { World } from "./support/world.ts";

const never = (): boolean => false;
const open = (disk: MemoryDisk) => openJournal({ disk, folder: "member", rng: createSeededRng(1) });

function intent(payout: bigint, options: Partial<Intent> = {}): Intent {
  return {
    payout,
    transactionId: seedOf(`transaction ${payout}`),
    inputs: [seedOf(`input ${payout}`)],
    requestIds: [seedOf(`request ${payout}`)],
    sideHeight: 8,
    certificateHash: seedOf("certificate"),
    ...options,
  };
}

test("records come back as they were written", () => {
  const records: JournalRecord[] = [
    { type: "intent", ...intent(3n) },
    { type: "governance", seq: 2n ** 64n - 1n, bodyHash: seedOf("body") },
    { type: "sent", payout: 3n, transactionId: seedOf("t") },
    { type: "complete", payout: 3n, raw: new Uint8Array(5000).fill(7) },
    { type: "submitted", payout: 3n, mainHeight: 12 },
    { type: "claim", nullifier: seedOf("n"), transactionId: seedOf("t") },
    { type: "brake", on: true },
    { type: "beat", sequence: 99n },
  ];
  for (const record of records) {
    const body = encodeRecordBody(record);
    assert.deepEqual(decodeRecordBody(RECORD_TYPE[record.type], body), record);
    assert.equal(decodeRecordBody(RECORD_TYPE[record.type], body.subarray(0, -1)), undefined);
    assert.equal(decodeRecordBody(99, body), undefined);
  }
});

test("an intent, input or request belongs to one transaction until its payout is over", async () => {
  const journal = await open(createMemoryDisk());
  await journal.recordIntent(intent(1n));
  assert.equal(journal.judge(intent(1n), never), "known");
  assert.equal(journal.judge(intent(1n, { transactionId: seedOf("other") }), never), "other-draft");
  const sameInput = intent(2n, { inputs: intent(1n).inputs });
  assert.equal(journal.judge(sameInput, never), "input-promised");
  const sameRequest = intent(2n, { requestIds: intent(1n).requestIds });
  assert.equal(journal.judge(sameRequest, never), "request-promised");
  assert.deepEqual(journal.rivals(sameRequest), [1n]);
  assert.equal(
    journal.judge(sameInput, (payout) => payout === 1n),
    "new",
  );
  assert.equal(
    journal.judge(sameRequest, (payout) => payout === 1n),
    "new",
  );
  assert.equal(journal.judge(intent(2n), never), "new");
});

test("after a power cut at any moment a resolved intent is there, and nothing else is made up", async () => {
  const steps = await (async () => {
    const disk = createMemoryDisk();
    const journal = await open(disk);
    for (const payout of [1n, 2n, 3n]) await journal.recordIntent(intent(payout));
    return disk.steps;
  })();
  for (let cut = 0; cut < steps; cut += 1) {
    for (const fate of ["lost", "kept", "torn"] as const) {
      const disk = createMemoryDisk();
      disk.setFault(({ index }) => (index === cut ? { code: "POWER_CUT" } : undefined));
      const journal = await open(disk);
      const durable: bigint[] = [];
      for (const payout of [1n, 2n, 3n]) {
        await journal.recordIntent(intent(payout)).then(
          () => durable.push(payout),
          () => undefined,
        );
      }
      const again = await open(disk.crash(() => fate));
      assert.equal(again.stopped, undefined, `cut ${cut}, ${fate}: ${again.stopped?.why}`);
      for (const payout of durable)
        assert.deepEqual(again.intentOf(payout)?.transactionId, intent(payout).transactionId);
      for (const payout of again.intents()) assert.equal(again.judge(intent(payout), never), "known");
    }
  }
});

test("a flipped bit in what was synced stops signing with the reason, and so does a failed sync", async () => {
  const disk = createMemoryDisk();
  const journal = await open(disk);
  for (const payout of [1n, 2n]) await journal.recordIntent(intent(payout));
  await journal.close();
  const [name] = await disk.list("member/journal");
  const path = `member/journal/${name}`;
  const size = disk.contentOf(path)?.length ?? 0;
  let stopped = 0;
  for (let offset = 0; offset < size; offset += 7) {
    const copy = disk.crash(() => "kept");
    copy.damage(path, offset);
    const again = await open(copy);
    if (again.stopped === undefined) {
      // Only a byte that no record depends on may go unnoticed: the promises are whole.
      for (const payout of [1n, 2n]) assert.equal(again.judge(intent(payout), never), "known");
      continue;
    }
    stopped += 1;
    assert.equal(again.stopped.code, "JOURNAL_STOPPED");
    await assert.rejects(again.recordIntent(intent(3n)), { code: "JOURNAL_STOPPED" });
  }
  assert.ok(stopped > 10, `${stopped} damages were seen`);

  const failing = createMemoryDisk();
  const live = await open(failing);
  failing.setFault(({ operation }) => (operation === "sync" ? { code: "EIO" } : undefined));
  await assert.rejects(live.recordIntent(intent(1n)), { code: "JOURNAL_STOPPED" });
  failing.setFault(() => undefined);
  await assert.rejects(live.recordIntent(intent(2n)), { code: "JOURNAL_STOPPED" }, "one failure is for ever");
  assert.match(live.stopped?.why ?? "", /FSYNC_FAILED/);
});

test("forgetting a closed payout frees its inputs; brake and numbers survive", async () => {
  const disk = createMemoryDisk();
  const journal = await open(disk);
  await journal.record({ type: "brake", on: true });
  await journal.record({ type: "beat", sequence: 77n });
  await journal.recordIntent(intent(1n));
  await journal.forget(1n);
  assert.equal(journal.judge(intent(2n, { inputs: intent(1n).inputs }), never), "new");
  await journal.close();
  const again = await open(disk);
  assert.equal(again.brake, true);
  assert.equal(again.sequence, 77n);
});

test("no signature leaves a member before its intent is synced", async () => {
  const trace: string[] = [];
  const world = new World({
    deliveries: (from) => {
      if (from === 0) trace.push("send");
      return 1;
    },
  });
  // Only signatures are watched: everything that member 0 sends after the payout exists and before its intent is durable.
  await world.startAll();
  await world.fund();
  const nullifier = world.deposit(programOf("holder"), 5_000_000_000n);
  await world.until("credited", () => world.side.claims.has(nullifier));
  const { disk } = world.host(0);
  let syncsAtSend = -1;
  let syncs = 0;
  disk.setFault(({ operation }) => {
    if (operation === "sync") syncs += 1;
    return undefined;
  });
  world.side.burn({ amount: 500_000_000n, program: programOf("payee") });
  await world.until("somebody holds a signature of member 0", () => {
    const holds = [1, 2, 3].some((i) => world.service(i).payoutInfo(1n).signedBy.includes(0));
    if (holds && syncsAtSend < 0) syncsAtSend = syncs;
    return holds;
  });
  assert.ok(syncsAtSend >= 1, "the intent was synced before the signature was seen");
  const after = await openJournal({ disk: disk.crash(() => "lost"), folder: "federation", rng: createSeededRng(5) });
  assert.equal(after.intentOf(1n)?.payout, 1n, "a power cut at this moment keeps the intent");
});

test("a member whose journal cannot be written signs nothing, says so, and the others pay", async () => {
  const world = new World();
  await world.startAll();
  await world.fund();
  const nullifier = world.deposit(programOf("holder"), 5_000_000_000n);
  await world.until("credited", () => world.side.claims.has(nullifier));
  world.host(0).disk.setFault(({ operation }) => (operation === "sync" ? { code: "EIO" } : undefined));
  world.side.burn({ amount: 500_000_000n, program: programOf("payee") });
  await world.until("paid by the others", () => world.main.balance(programOf("payee")) > 0n);
  for (const i of [1, 2, 3]) assert.equal(world.service(i).payoutInfo(1n).signedBy.includes(0), false);
  assert.match(world.service(0).status().notSigningBecause ?? "", /FSYNC_FAILED/);
});
