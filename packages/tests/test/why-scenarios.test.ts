// `bystack why` over all situations that are known: the right cause first, a near miss not taken for it, and no chain called
// stopped that goes on. Counts how many are right and prints it; each wrong one is named.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { suite, test } from "node:test";
import { DESIGNED_FINDINGS, FINDING_LINES_MAX, finding, OTHER_FINDINGS } from "@bystack/api/why-schema";
import { diagnose } from "@bystack/platform/why/diagnose";
import type { Evidence } from "@bystack/platform/why/evidence";
import { PROGRAM } from "../src/soak/network.ts";
import { PROCESS_SCENARIOS } from "../src/why/processes.ts";
import { CHAIN_SCENARIOS } from "../src/why/recorded-chains.ts";
import { NODE_SCENARIOS } from "../src/why/recorded-nodes.ts";
import { OTHER_SCENARIOS } from "../src/why/recorded-others.ts";
import { TRANSACTION_SCENARIOS } from "../src/why/recorded-transactions.ts";
import type { Scenario } from "../src/why/scenario.ts";
import { SIMULATED_SCENARIOS } from "../src/why/simulated.ts";

/** What the issue asks for. */
const RIGHT_SHARE_LEAST = 0.95;

const SCENARIOS: readonly Scenario[] = [
  ...SIMULATED_SCENARIOS,
  ...PROCESS_SCENARIOS,
  ...NODE_SCENARIOS,
  ...CHAIN_SCENARIOS,
  ...TRANSACTION_SCENARIOS,
  ...OTHER_SCENARIOS,
];

/** Commands that have commands below them. */
const GROUPS: readonly string[] = ["node", "wallet", "federation", "candidate"];

const collected = new Map<Scenario, Evidence>();

/** The evidence of a situation; it is brought about once. */
async function evidenceOf(scenario: Scenario): Promise<Evidence> {
  const evidence = collected.get(scenario) ?? (await scenario.evidence());
  collected.set(scenario, evidence);
  return evidence;
}

/** What is wrong about the answer; undefined when it is right. */
async function judge(scenario: Scenario): Promise<string | undefined> {
  const { findings, halted } = diagnose(await evidenceOf(scenario), scenario.subject);
  const told = findings.map(({ id, subject }) => `${id} ${subject}`);
  const say = (text: string): string =>
    `${scenario.name} (${scenario.source}): ${text}; told: ${told.join(", ") || "nothing"}`;
  const said = findings.find(({ id }) => scenario.never?.includes(id) === true);
  if (said !== undefined) return say(`${said.id} must not be said`);
  if (scenario.first !== null && findings[0]?.id !== scenario.first) return say(`${scenario.first} is not first`);
  const bad = findings.find(({ severity }) => severity !== "note");
  if (scenario.first === null && (bad !== undefined || halted.length > 0)) return say("nothing is wrong");
  return undefined;
}

suite("the right cause first", () => {
  const wrong: string[] = [];
  for (const scenario of SCENARIOS)
    test(`${scenario.about}: ${scenario.name} (${scenario.source})`, async () => {
      const problem = await judge(scenario);
      if (problem !== undefined) wrong.push(problem);
      assert.equal(problem, undefined);
    });

  test("in at least 95 % of the situations", (context) => {
    const right = SCENARIOS.length - wrong.length;
    context.diagnostic(`right first cause: ${right} of ${SCENARIOS.length}`);
    assert.ok(right >= RIGHT_SHARE_LEAST * SCENARIOS.length, wrong.join("\n"));
  });
});

test("each condition of the design has a situation that gives it first and a near miss", () => {
  const missing = DESIGNED_FINDINGS.filter((id) => !SCENARIOS.some(({ first }) => first === id));
  assert.deepEqual(missing, [], "none gives it first");
  const unsaid = OTHER_FINDINGS.filter((id) => !SCENARIOS.some(({ first }) => first === id));
  assert.deepEqual(unsaid, [], "none gives it first");
  const unmissed = DESIGNED_FINDINGS.filter((id) => !SCENARIOS.some(({ never }) => never?.includes(id) === true));
  assert.deepEqual(unmissed, [], "none is nearly it");
});

test("what is said keeps the schema; causes are told before what they cause; sentences say what to do", async () => {
  for (const scenario of SCENARIOS) {
    const { findings } = diagnose(await evidenceOf(scenario), scenario.subject);
    const told = new Set<string>();
    for (const one of findings) {
      assert.deepEqual(finding.parse(one), one);
      for (const cause of one.causes) assert.ok(told.has(cause), `${scenario.name}: ${cause} before ${one.id}`);
      told.add(`${one.id} ${one.subject}`);
      assert.ok(/[.:]\S*/.test(one.sentence) && one.sentence.length > 30, one.sentence);
      assert.ok(one.commands.length <= FINDING_LINES_MAX);
    }
    assert.equal(told.size, findings.length, `${scenario.name}: nothing is said twice`);
  }
});

test("every command that is named is there", async () => {
  const named = new Set<string>();
  for (const scenario of SCENARIOS) {
    const { findings } = diagnose(await evidenceOf(scenario), scenario.subject);
    const texts = findings.flatMap(({ commands, sentence }) => [
      ...commands,
      ...(sentence.match(/bystack [a-z ]+/g) ?? []),
    ]);
    for (const text of texts) {
      const [program, first = "", second = ""] = text.split(" ");
      if (program === "bystack") named.add(GROUPS.includes(first) ? `${first} ${second}` : first);
    }
  }
  assert.ok(named.size > 5);
  for (const command of named) {
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...command.split(" "), "--help"], {
      encoding: "utf8",
    });
    assert.equal(status, 0, `${command}: ${stderr}`);
  }
});

suite("the words of a chain that has stopped", () => {
  const findingsOf = async (name: string) => {
    const scenario = SCENARIOS.find((one) => one.name === name) ?? assert.fail(name);
    return diagnose(await evidenceOf(scenario), scenario.subject);
  };

  test("one sentence first: who votes, how many are needed, who is away, what to do", async () => {
    const { findings, halted } = await findingsOf("two of four have been away for ten minutes");
    assert.deepEqual(halted, ["demo"]);
    assert.equal(
      findings[0]?.sentence,
      "demo has stopped: 2 of 4 validators vote and 3 are needed; demo-1 and demo-4 are away. " +
        "Start them: bystack node start demo-1, bystack node start demo-4",
    );
    assert.deepEqual(findings[0]?.evidence[0], "demo-1: killed from outside (SIGKILL), 10 min ago");
    assert.equal(findings[0]?.severity, "critical");
  });

  test("the cause comes first and says it too", async () => {
    const { findings } = await findingsOf("two disks are full, and the chain has stopped");
    assert.match(
      findings[0]?.sentence ?? "",
      /^demo has stopped: 2 of 4 validators vote and 3 are needed; demo-3 and demo-4 are away\. demo-3 is not running: a write to disk failed/,
    );
    assert.deepEqual(
      findings.slice(0, 3).map(({ id, subject }) => `${id} ${subject}`),
      ["disk-full demo-3", "disk-full demo-4", "quorum-lost demo"],
    );
    assert.deepEqual(findings[2]?.causes, ["disk-full demo-3", "disk-full demo-4"]);
  });

  test("what follows from it comes after it and says so", async () => {
    const { findings } = await findingsOf("withdrawals wait because the chain has stopped");
    const waits = findings.find(({ id }) => id === "transfer-waits");
    assert.deepEqual([waits?.severity, waits?.causes.includes("quorum-lost demo")], ["problem", true]);
    const short = findings.find(({ id }) => id === "signers-short");
    assert.deepEqual(short?.causes, ["quorum-lost demo"]);
  });

  test("a cut-off validator is why there is none to spare; a deep reorganisation is why less is locked than owed", async () => {
    const cut = await findingsOf("one of four is cut off");
    const margin = cut.findings.find(({ id }) => id === "margin-zero") ?? assert.fail();
    assert.deepEqual(margin.causes, ["partition demo"]);
    const deep = await findingsOf("a deep reorganisation also leaves less locked than owed");
    assert.deepEqual(deep.findings[1]?.causes, ["deep-reorg demo"]);
  });

  test("one that is cut in halves names both", async () => {
    const { findings } = await findingsOf("a network of four is cut in halves");
    assert.match(findings[0]?.sentence ?? "", /^demo has stopped: .*\(demo-1 and demo-2 \| demo-3 and demo-4\)/);
    const { findings: ofOne, halted } = diagnose(
      await evidenceOf(SCENARIOS.find(({ name }) => name === "one of four is cut off") ?? assert.fail()),
      { kind: "node", node: "demo-3" },
    );
    assert.deepEqual(halted, []);
    assert.match(
      ofOne[0]?.sentence ?? "",
      /^demo-3 runs and answers here, but is cut off from demo-1, demo-2 and demo-4/,
    );
    const spared = diagnose(
      await evidenceOf(
        SCENARIOS.find(({ name }) => name === "one of seven was killed: there is one more to spare") ?? assert.fail(),
      ),
      { kind: "node", node: "demo-1" },
    );
    assert.deepEqual(spared.findings, [], "another node's trouble is not this one's");
  });

  test("a dead leader's price is told", async () => {
    const { findings } = await findingsOf("proposals of one validator reach nobody, its votes do");
    assert.match(
      findings[0]?.sentence ?? "",
      /^demo-2 votes, but no block that it leads becomes final: each round of leaders waits \d+(?:\.\d+)? m?s/,
    );
  });
});
