// `bystack why`: each condition gives its finding, and what is nearly one does not; then the command itself on a network
// whose nodes are down.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import type { NodeExit } from "@bystack/platform/provider";
import { crashesIn } from "../src/why/crashes.ts";
import { diagnose, SILENT_MS } from "../src/why/diagnose.ts";
import type { Consensus, Evidence, NodeEvidence } from "../src/why/evidence.ts";
import { lastWords } from "../src/why/exits.ts";
import { envelopeOf, Home } from "./kit.ts";

const NOW_MS = 1_700_000_000_000;
const STARTED_MS = NOW_MS - 60_000;
const IDS = ["demo-1", "demo-2", "demo-3", "demo-4"];

/** A committee of four as demo-1 sees it. */
function consensusOf(
  part: Partial<Consensus> = {},
  heardMs: readonly (number | null)[] = [0, 100, 200, 300],
): Consensus {
  return {
    epoch: 3,
    view: 9,
    validators: IDS.map((id, index) => ({
      index,
      id,
      voteKey: "00",
      self: index === 0,
      lastVoteAgeMs: heardMs[index] ?? null,
    })),
    faultsTolerated: 1,
    quorum: 3,
    voting: true,
    notVotingBecause: null,
    silence: null,
    nullifiedTotal: 0,
    supplyProblem: null,
    ...part,
  };
}

function infoOf(part: Partial<NonNullable<NodeEvidence["info"]>> = {}): NonNullable<NodeEvidence["info"]> {
  return {
    kind: "side",
    chain: "demo",
    chainId: "",
    node: "demo-1",
    version: "0",
    instance: "i",
    startedAtMs: STARTED_MS,
    height: 50,
    tip: "",
    finalHeight: 50,
    finalHash: "",
    finalAgeMs: 400,
    blockIntervalMs: 500,
    ready: true,
    notReadyBecause: null,
    peers: 3,
    mempool: 0,
    rssBytes: 1,
    addressPrefix: "sp",
    backends: {},
    ...part,
  };
}

const peersOf = (...connected: readonly boolean[]): NodeEvidence["peers"] =>
  connected.map((isConnected, i) => ({
    id: IDS[i + 1] ?? "",
    connected: isConnected,
    score: 0,
    finalHeight: null,
  }));

function nodeOf(part: Partial<NodeEvidence> = {}): NodeEvidence {
  return {
    id: "demo-1",
    kind: "side",
    phase: "running",
    exit: undefined,
    unreachable: undefined,
    info: infoOf(),
    consensus: consensusOf(),
    peers: peersOf(true, true, true),
    incidents: [],
    crashesMs: [],
    main: { url: "http://127.0.0.1:1", unreachable: undefined },
    ...part,
  };
}

function ended(part: Partial<NodeExit>): NodeExit {
  return { code: 0, signal: null, atMs: NOW_MS - 5_000, meaning: "ended as asked", tail: [], ...part };
}

function down(id: string, exit: NodeExit | undefined): NodeEvidence {
  return nodeOf({ id, phase: "stopped", exit, info: undefined, consensus: undefined, peers: [], main: undefined });
}

const findingsOf = (node: NodeEvidence, ...others: readonly NodeEvidence[]) =>
  diagnose({ nowMs: NOW_MS, nodes: [node, ...others] } satisfies Evidence, node.id);
const idsOf = (node: NodeEvidence, ...others: readonly NodeEvidence[]): string[] =>
  findingsOf(node, ...others).map(({ id, subject }) => (subject === node.id ? id : `${id} ${subject}`));

const incident = (code: string, atMs: number) =>
  ({ code, atMs, file: "data/side/x", what: "it was damaged", done: "it was fetched again" }) as const;

suite("a condition gives its finding, a near miss does not", () => {
  test("nothing is wrong", () => {
    assert.deepEqual(findingsOf(nodeOf()), []);
  });

  test("the process is down: by its exit", () => {
    const codeOf = (exit: Partial<NodeExit>): string[] => idsOf(down("demo-1", ended(exit)));
    assert.deepEqual(codeOf({ code: 0 }), ["process-down"]);
    assert.deepEqual(codeOf({ code: null, signal: "SIGKILL", meaning: "killed from outside" }), ["process-down"]);
    assert.deepEqual(codeOf({ code: 67 }), ["data-damaged"]);
    assert.deepEqual(codeOf({ code: 69 }), ["key-locked"]);
    assert.deepEqual(codeOf({ code: 70 }), ["diverged"]);
    assert.deepEqual(idsOf(down("demo-1", undefined)), ["not-started"]);
    const [found] = findingsOf(
      down("demo-1", ended({ code: 69, meaning: "its keys are locked", tail: ["a", "why so"] })),
    );
    assert.match(found?.sentence ?? "", /demo-1 is not running: its keys are locked \(exit code 69\)/);
    assert.deepEqual([found?.evidence, found?.sinceMs], [["why so"], NOW_MS - 5_000]);
  });

  test("the disk is full, not merely failing", () => {
    const line = (why: string): string =>
      JSON.stringify({ level: "error", message: "the node ends", why, exitCode: 68 });
    const of = (why: string) => idsOf(down("demo-1", ended({ code: 68, tail: [line(why), "next: free it"] })));
    assert.deepEqual(of("DISK_FULL: The disk is full. write of x gave ENOSPC"), ["disk-full"]);
    assert.deepEqual(of("FSYNC_FAILED: The disk did not confirm a write."), ["disk-failed"]);
  });

  test("it runs and does not answer", () => {
    const nothing = { info: undefined, consensus: undefined, peers: [] };
    assert.deepEqual(idsOf(nodeOf({ ...nothing, unreachable: "no answer within 1000 ms" })), ["unreachable"]);
  });

  test("too few peers; as many as are needed are enough", () => {
    assert.deepEqual(idsOf(nodeOf({ peers: peersOf(true, false, false) })), ["peers-missing"]);
    assert.match(findingsOf(nodeOf({ peers: peersOf(true, false, false) }))[0]?.sentence ?? "", /demo-3, demo-4/);
    assert.deepEqual(idsOf(nodeOf({ peers: peersOf(true, true, false) })), []);
    const observer = consensusOf({ silence: "observer", voting: false });
    const alone = { ...observer, validators: observer.validators.map((one) => ({ ...one, self: false })) };
    assert.deepEqual(idsOf(nodeOf({ consensus: alone, peers: peersOf(false, false, true) })), []);
    assert.deepEqual(idsOf(nodeOf({ consensus: alone, peers: peersOf(false, false, false) })), ["peers-missing"]);
  });

  test("a partition: enough others run and answer, and are not connected", () => {
    const cut = nodeOf({ peers: peersOf(true, false, false) });
    const others = ["demo-2", "demo-3", "demo-4"].map((id) => nodeOf({ id }));
    assert.deepEqual(idsOf(cut, ...others), ["partitioned"]);
    assert.match(findingsOf(cut, ...others)[0]?.sentence ?? "", /connected to 1 of 3 .* demo-3, demo-4 run and answer/);
    const alone = nodeOf({ peers: peersOf(false, false, false) });
    assert.deepEqual(idsOf(alone, ...others), ["partitioned"]);
    // One of them would not be enough, and one that does not answer is no sign.
    assert.deepEqual(idsOf(alone, nodeOf({ id: "demo-3" })), ["peers-missing"]);
    const deaf = others.map((node) => ({ ...node, unreachable: "no answer" }));
    assert.deepEqual(idsOf(alone, ...deaf), ["peers-missing"]);
  });

  test("a clock that is apart from the others, and not one that is nearly so or cannot be told", () => {
    const at = (id: string, finalAgeMs: number, finalHash = "aa") =>
      nodeOf({ id, info: infoOf({ finalAgeMs, finalHash }) });
    const others = [at("demo-2", 300), at("demo-3", 500), at("demo-4", 400)];
    assert.deepEqual(idsOf(at("demo-1", 2_000), ...others), ["clock-apart"]);
    assert.match(findingsOf(at("demo-1", 2_000), ...others)[0]?.sentence ?? "", /demo-1 is 1\.6 s ahead of/);
    const late = [at("demo-2", 2_300), at("demo-3", 2_500), at("demo-4", 2_400)];
    assert.match(findingsOf(at("demo-1", 0), ...late)[0]?.sentence ?? "", /2\.4 s behind/);
    assert.deepEqual(idsOf(at("demo-1", 1_900), ...others), []);
    assert.deepEqual(idsOf(at("demo-1", 2_000, "bb"), ...others), [], "another block");
    assert.deepEqual(idsOf(at("demo-1", 2_000), ...others.slice(0, 1)), [], "one other alone may be the wrong one");
  });

  test("a loop of crashes; two, or those of an hour ago, are none", () => {
    const minutesAgo = (...minutes: readonly number[]): number[] => minutes.map((one) => NOW_MS - one * 60_000);
    const loop = nodeOf({ crashesMs: minutesAgo(60, 7.5, 4, 1) });
    assert.deepEqual(idsOf(loop), ["crash-loop"]);
    const [found] = findingsOf(loop);
    assert.match(found?.sentence ?? "", /demo-1 has ended by itself 3 times in 8 minutes/);
    assert.equal(found?.sinceMs, NOW_MS - 450_000);
    assert.deepEqual(idsOf(nodeOf({ crashesMs: minutesAgo(60, 50, 4, 1) })), []);
    const dead = { ...down("demo-1", ended({ code: 67 })), crashesMs: minutesAgo(3, 2, 1) };
    assert.deepEqual(idsOf(dead), ["crash-loop", "data-damaged"]);
  });

  test("no final block for long, with who is missing and why; causes come first", () => {
    const stands = nodeOf({
      info: infoOf({ finalAgeMs: SILENT_MS + 1, ready: false, notReadyBecause: "no final block for 10 s" }),
      consensus: consensusOf({}, [0, 100, SILENT_MS + 1, null]),
      peers: peersOf(true, true, false),
    });
    const others = [down("demo-3", ended({ code: 68 })), down("demo-4", ended({ code: 0 })), nodeOf({ id: "demo-2" })];
    assert.deepEqual(idsOf(stands, ...others), [
      "disk-failed demo-3",
      "process-down demo-4",
      "quorum-lost",
      "no-final-block",
    ]);
    const found = findingsOf(stands, ...others);
    assert.deepEqual(found[2]?.causes, ["disk-failed demo-3", "process-down demo-4"]);
    assert.deepEqual(found[2]?.commands, ["bystack why demo-3", "bystack why demo-4"]);
    assert.match(found[2]?.sentence ?? "", /2 of 4 validators .* 3 are needed .* missing: demo-3, demo-4\./);
    assert.deepEqual(found[3]?.causes.at(-1), "quorum-lost demo-1");
    assert.equal(found[3]?.sinceMs, NOW_MS - SILENT_MS - 1);
  });

  test("a young final block, or one missing validator of four, is no lost quorum", () => {
    const young = nodeOf({
      info: infoOf({ finalAgeMs: SILENT_MS }),
      consensus: consensusOf({}, [0, null, null, null]),
    });
    assert.deepEqual(idsOf(young), []);
    const info = infoOf({ finalAgeMs: SILENT_MS + 1 });
    assert.deepEqual(idsOf(nodeOf({ info, consensus: consensusOf({}, [0, 1, SILENT_MS, null]) })), ["no-final-block"]);
  });

  test("silent after a start; an observer by right is not", () => {
    for (const silence of ["starting", "asking", "bar"] as const) {
      const consensus = consensusOf({ silence, voting: false, notVotingBecause: "silent after its start" });
      assert.deepEqual(idsOf(nodeOf({ consensus })), ["silent-after-start"]);
    }
    assert.deepEqual(idsOf(nodeOf({ consensus: consensusOf({ silence: "observer", voting: false }) })), []);
  });

  test("observing: because the record was missing, or because it was old", () => {
    const consensus = consensusOf({ silence: "observe", voting: false, notVotingBecause: "it only observes" });
    const missing = nodeOf({ consensus, incidents: [incident("record-missing", STARTED_MS + 50)] });
    assert.deepEqual(idsOf(missing), ["healed", "vote-log-lost"]);
    const [, lost] = findingsOf(missing);
    assert.deepEqual(lost?.causes, ["healed demo-1"]);
    assert.match(lost?.sentence ?? "", /it was damaged/);
    // An incident of an earlier start explains nothing about this one.
    const old = nodeOf({ consensus, incidents: [incident("record-missing", STARTED_MS - 3_600_000)] });
    assert.match(findingsOf(old).at(-1)?.sentence ?? "", /older copy/);
    assert.deepEqual(findingsOf(old).at(-1)?.causes, []);
  });

  test("healed files are notes, not problems", () => {
    const [found] = findingsOf(nodeOf({ incidents: [incident("block-log-damaged", NOW_MS - 1)] }));
    assert.deepEqual([found?.id, found?.severity, found?.sinceMs], ["healed", "note", NOW_MS - 1]);
    assert.match(found?.sentence ?? "", /data\/side\/x: it was damaged\. What it did: it was fetched again/);
  });

  test("the supply does not add up", () => {
    const supplyProblem = "the supply does not add up at height 1000: asset ff: 4 counted, 5 on record";
    const node = nodeOf({
      consensus: consensusOf({ supplyProblem }),
      info: infoOf({ ready: false, notReadyBecause: supplyProblem }),
    });
    assert.deepEqual(idsOf(node), ["supply-mismatch"]);
    assert.match(findingsOf(node)[0]?.sentence ?? "", /4 counted, 5 on record/);
  });

  test("the main node does not answer; a chain without one is not asked", () => {
    const main = { url: "http://127.0.0.1:9", unreachable: "connection refused" };
    assert.deepEqual(idsOf(nodeOf({ main })), ["main-unreachable"]);
    assert.deepEqual(idsOf(nodeOf({ main: undefined })), []);
  });

  test("halted by a contradiction", () => {
    assert.deepEqual(idsOf(nodeOf({ consensus: consensusOf({ silence: "halted", voting: false }) })), ["diverged"]);
  });

  test("not ready for a reason that has no finding of its own", () => {
    const info = infoOf({ ready: false, notReadyBecause: "no block yet" });
    assert.deepEqual(idsOf(nodeOf({ info })), ["not-ready"]);
    const main = nodeOf({ kind: "main", info, consensus: undefined, peers: [], main: undefined });
    assert.match(findingsOf(main)[0]?.sentence ?? "", /no block yet/);
  });
});

test("the last words of a node are those that say something", () => {
  const line = (fields: object): string => JSON.stringify({ level: "info", ...fields });
  assert.equal(
    lastWords([line({ message: "the node ends", why: "FULL" }), line({ message: "stopped" }), "next: x", ""]),
    "FULL",
  );
  assert.equal(lastWords([line({ message: "side node is up" })]), "side node is up");
  assert.equal(lastWords(["Segmentation fault"]), "Segmentation fault");
  assert.equal(lastWords([]), undefined);
});

suite("the command", () => {
  const home = new Home();
  after(() => home.remove());

  const root = join(home.path, "dev");
  const folderOf = (id: string): string => join(root, "nodes", id);
  const write = (path: string, value: unknown): void => writeFileSync(path, JSON.stringify(value));

  for (const id of ["demo-1", "demo-2"]) {
    mkdirSync(folderOf(id), { recursive: true });
    write(join(folderOf(id), "node.json"), { id });
  }
  write(
    join(folderOf("demo-1"), "exit.json"),
    ended({ code: 67, meaning: "its data are damaged", tail: ["LOG_DAMAGED: x"] }),
  );
  // A damaged exit.json is no answer, and no crash either.
  write(join(folderOf("demo-2"), "exit.json"), null);
  const node = (id: string, index: number) => ({ id, chain: "demo", kind: "side", index });
  write(join(root, "network.json"), {
    format: 2,
    network: "dev",
    createdAtMs: NOW_MS,
    mainChain: "main",
    mainSpecHash: "",
    sides: [{ chain: "demo", chainId: "", createdAtMs: NOW_MS, roundTrip: null, proven: true }],
    nodes: [node("demo-1", 0), node("demo-2", 1)],
    accounts: [],
  });

  test("says for people what was found, with exit code 10", async () => {
    const ran = await home.run("why", "demo-1");
    assert.equal(ran.code, 10, ran.err);
    assert.match(ran.out, /^demo-1: something is wrong\n {2}1\. demo-1 is not running: its data are damaged/);
    assert.match(ran.out, /seen: LOG_DAMAGED: x\n {7}try: {2}bystack logs demo-1/);
  });

  test("says the same to programs, of all nodes", async () => {
    const ran = await home.run("--json", "why");
    assert.equal(ran.code, 10);
    const { ok, data } = envelopeOf(ran);
    assert.ok(ok);
    const { healthy, nodes } = data as { healthy: boolean; nodes: { id: string; findings: { id: string }[] }[] };
    assert.equal(healthy, false);
    assert.deepEqual(
      nodes.map(({ id, findings }) => [id, findings.map((finding) => finding.id)]),
      [
        ["demo-1", ["data-damaged"]],
        ["demo-2", ["not-started"]],
      ],
    );
  });

  test("a node that is not there: exit code 4, naming those that are", async () => {
    const ran = await home.run("--json", "why", "demo-9");
    assert.equal(ran.code, 4);
    assert.deepEqual(envelopeOf(ran).error?.why, "demo-9; there are: demo-1, demo-2");
  });
});

test("crashes in a log: what ended with a reason or without a word, and not what was asked to stop", () => {
  let minute = 0;
  const line = (message: string): string => {
    minute += 1;
    return JSON.stringify({ time: new Date(NOW_MS + minute * 60_000).toISOString(), level: "info", message });
  };
  const lines = [
    line("side node is up"),
    line("stopping"),
    line("stopped"),
    line("side node is up"),
    "not JSON",
    line("side node is up"),
    line("the node ends"),
    line("the node ends"),
    line("node ready"),
  ];
  // Killed before minute 5, ended in 6, did not start in 7.
  assert.deepEqual(
    crashesIn(lines).map((atMs) => (atMs - NOW_MS) / 60_000),
    [5, 6, 7],
  );
});
