// Fetching and catching up: every certificate is verified before a block is kept (bbft.md section 6).

import assert from "node:assert/strict";
import { test } from "node:test";
import { equalBytes } from "@bystack/utils/bytes";
import { createCommittee } from "../src/bbft/committee.ts";
import { createEd25519VoteCrypto } from "../src/bbft/ed25519.ts";
import { createBbftEngine } from "../src/bbft/engine.ts";
import { lastServedHeight } from "../src/bbft/sync.ts";
import { BASE, Bench, cryptoOf, keyOf } from "./harness.ts";

function chain(bench: Bench, length: number): ReturnType<Bench["block"]>[] {
  const blocks: ReturnType<Bench["block"]>[] = [];
  for (let view = 1; view <= length; view += 1) {
    const parent = blocks[blocks.length - 1];
    blocks.push(bench.block({ view, ...(parent === undefined ? {} : { parent }) }));
  }
  return blocks;
}

test("a node that is far behind takes in a chain of final blocks", () => {
  const bench = new Bench().wake();
  const blocks = chain(bench, 5);
  const last = blocks[4];
  assert.ok(last !== undefined);
  bench.message(1, { type: "SYNC_BLOCKS", blocks, certificate: bench.certificate(3, 5, { block: last }) });
  assert.equal(bench.engine.finality(bench.state).height, 5);
  const finalised = bench.effects.find((effect) => effect.type === "finalised");
  assert.deepEqual(
    finalised?.type === "finalised" && finalised.blocks.map((block) => block.header.height),
    [1, 2, 3, 4, 5],
  );
  assert.ok(
    bench.messages().some((message) => message.type === "SYNC_REQUEST" && message.fromHeight === 6),
    "and asks on",
  );
});

test("a gap, a false certificate and a false parent certificate are refused", () => {
  const cases: ((bench: Bench, blocks: ReturnType<Bench["block"]>[]) => void)[] = [
    (bench, blocks) => {
      const [first, , third] = blocks;
      if (first === undefined || third === undefined) return;
      bench.message(1, {
        type: "SYNC_BLOCKS",
        blocks: [first, third],
        certificate: bench.certificate(3, 3, { block: third }),
      });
    },
    (bench, blocks) => {
      const [, , third] = blocks;
      if (third === undefined) return;
      bench.message(1, {
        type: "SYNC_BLOCKS",
        blocks,
        certificate: bench.certificate(3, 3, { block: third, signers: [1, 2] }),
      });
    },
    (bench, blocks) => {
      const [first, second] = blocks;
      if (first === undefined || second === undefined) return;
      const forged = { ...second, parentCertificate: bench.certificate(1, 1, { block: first, signers: [1, 1, 1] }) };
      bench.message(1, {
        type: "SYNC_BLOCKS",
        blocks: [first, forged],
        certificate: bench.certificate(3, 2, { block: second }),
      });
    },
  ];
  for (const attack of cases) {
    const bench = new Bench().wake();
    attack(bench, chain(bench, 3));
    assert.equal(bench.engine.finality(bench.state).height, 0);
    assert.equal(bench.effects.filter((effect) => effect.type === "score").length, 1);
  }
});

test("a certified block that is missing is fetched from its signers, one after the other", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  const made = bench.notes(2, { certificates: [bench.certificate(1, 1, { block })] });
  const asked = (effects: typeof made): number[] =>
    effects.flatMap((effect) =>
      effect.type === "send" && effect.message.type === "FETCH" && "validator" in effect.to
        ? [effect.to.validator]
        : [],
    );
  assert.deepEqual(asked(made), [1]);
  assert.deepEqual(asked(bench.timer("fetch", bench.timerMs("fetch"))), [2]);
  bench.message(2, { type: "BLOCK", block });
  assert.deepEqual(asked(bench.timer("fetch", bench.timerMs("fetch"))), []);
  bench.notes(3, { certificates: [bench.certificate(3, 1, { block })] });
  assert.equal(bench.engine.finality(bench.state).height, 1);
});

test("blocks that nobody asked for are not kept", () => {
  const bench = new Bench().wake();
  bench.message(2, { type: "BLOCK", block: bench.block({ view: 1 }) });
  assert.equal(bench.state.blocks.size, 0);
});

test("blocks and certificates are served to who asks", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  bench.propose(1, block);
  bench.notes(2, { certificates: [bench.certificate(1, 1, { block }), bench.certificate(2, 2)] });
  const made = bench.messages(
    bench.message(3, { type: "FETCH", epoch: 1, finalHeight: 0, hashes: [block.hash], views: [] }),
  );
  assert.ok(made.some((message) => message.type === "BLOCK" && equalBytes(message.block.hash, block.hash)));
  const [notes] = bench.messages(
    bench.message(3, { type: "FETCH", epoch: 1, finalHeight: 0, hashes: [], views: [2, 1] }),
  );
  assert.deepEqual(notes?.type === "NOTES" && notes.certificates.map((c) => c.view), [2, 1]);
});

test("a sync answer stays in its epoch and ends at a block with its own certificate", () => {
  const config = { ...BASE, epochBlocks: 10 };
  const certified = (heights: number[]) => (height: number) => heights.includes(height);
  const at = (fromHeight: number, countMax: number, heights: number[]) =>
    lastServedHeight(config, { fromHeight, countMax, tipHeight: 27 }, certified(heights));
  assert.equal(at(1, 64, [3, 7, 10, 20, 27]), 10);
  assert.equal(at(1, 5, [3, 7, 10]), 3);
  assert.equal(at(4, 2, [3, 7, 10]), 7);
  assert.equal(at(21, 64, [10, 20, 25, 27]), 27);
  assert.equal(at(28, 64, [27]), undefined);
});

test("a header is believed with its FINALIZE certificate, and with nothing less", () => {
  const bench = new Bench();
  const block = bench.block({ view: 1 });
  const verify = (certificate: ReturnType<Bench["certificate"]>) =>
    bench.engine.verifyHeader(bench.config, block.header, certificate);
  assert.equal(verify(bench.certificate(3, 1, { block })), "ok");
  assert.equal(verify(bench.certificate(1, 1, { block })), "CERTIFICATE_CONTENT");
  assert.equal(verify(bench.certificate(3, 1, { block: bench.block({ view: 1 }) })), "CERTIFICATE_CONTENT");
  assert.equal(verify(bench.certificate(3, 1, { block, signers: [1, 2] })), "QUORUM");
});

test("an observer without a key follows, and signs nothing", () => {
  const bench = new Bench({ own: -1 });
  const engine = createBbftEngine(createEd25519VoteCrypto(undefined));
  assert.throws(() => createEd25519VoteCrypto(undefined).sign(new Uint8Array(1)));
  assert.equal(engine.name, "bbft-flat");
  bench.start({ record: [] });
  const block = bench.block({ view: 1 });
  bench.propose(1, block);
  bench.timer("advance");
  bench.notes(1, { certificates: [bench.certificate(3, 1, { block })] });
  assert.equal(bench.engine.finality(bench.state).height, 1);
  assert.ok(!bench.effects.some((effect) => effect.type === "persist"));
});

test("parameters are checked at construction", () => {
  const engine = createBbftEngine(cryptoOf(0));
  assert.throws(() => engine.init({ ...BASE, committee: BASE.committee.slice(1) }), /committee size 3/);
  assert.throws(() => engine.init({ ...BASE, run: 13 }), /run/);
  const [first] = BASE.committee;
  assert.throws(
    () => engine.init({ ...BASE, committee: [...BASE.committee.slice(1), ...BASE.committee.slice(1, 2)] }),
    /share/,
  );
  assert.ok(first !== undefined);
  const { n, f, q, ownIndex } = createCommittee(BASE.committee, keyOf(2));
  assert.deepEqual([n, f, q, ownIndex], [4, 1, 3, 2]);
});
