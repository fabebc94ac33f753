// Following an operation: each step is shown when it is made, a failure is the one that the platform told, and plans and
// operations read as they should.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BystackError } from "@bystack/utils/errors";
import { formatPlan, type Plan } from "../src/commands/change.ts";
import { formatOperation } from "../src/commands/operation.ts";
import type { PlatformClient } from "../src/daemon/connect.ts";
import { followOperation, type Operation } from "../src/daemon/follow.ts";

type StepState = Operation["steps"][number]["state"];

function operationOf(
  state: Operation["state"],
  states: readonly StepState[],
  part: Partial<Operation> = {},
): Operation {
  return {
    id: "0000000000000007",
    kind: "apply",
    title: "make side chain acme",
    network: "dev",
    chain: "acme",
    actorId: "local",
    definitionHash: null,
    state,
    createdAtMs: 1_000,
    startedAtMs: 2_000,
    endedAtMs: state === "running" ? null : 5_500,
    cancelAsked: false,
    steps: states.map((step, i) => ({
      name: `step ${i}`,
      title: `make part ${i}`,
      state: step,
      made: step !== "waiting",
      startedAtMs: step === "waiting" ? null : 2_000,
      endedAtMs: step === "done" ? 3_000 : null,
      note: step === "running" ? "nearly there" : "",
    })),
    error: null,
    ...part,
  };
}

/** A platform whose operation goes through these states, one at each look. */
function clientOf(states: readonly Operation[]): PlatformClient {
  let at = 0;
  const call = async (): Promise<unknown> => {
    const found = states[Math.min(at, states.length - 1)];
    at += 1;
    return found;
  };
  const stream = async () =>
    (async function* () {
      for (;;) yield { seq: at, atMs: 0, topic: "operation", subject: "0000000000000007", data: {} };
    })();
  return { baseUrl: "", call, stream } as unknown as PlatformClient;
}

async function follow(states: readonly Operation[]): Promise<{ lines: string[]; failure: BystackError | undefined }> {
  const lines: string[] = [];
  const output = { json: false, progress: (line: string) => lines.push(line), result: () => {} };
  const [first] = states;
  assert.ok(first !== undefined);
  try {
    await followOperation({ client: clientOf(states.slice(1)), output }, first);
    return { lines, failure: undefined };
  } catch (error) {
    assert.ok(error instanceof BystackError, String(error));
    return { lines, failure: error };
  }
}

describe("an operation that is followed", () => {
  test("shows each step once, with what it noted last", async () => {
    const { lines, failure } = await follow([
      operationOf("queued", ["waiting", "waiting"]),
      operationOf("running", ["running", "waiting"]),
      operationOf("running", ["done", "running"]),
      operationOf("succeeded", ["done", "done"]),
    ]);
    assert.equal(failure, undefined);
    assert.deepEqual(
      lines.map((line) => line.replace(/ +\d+\.\d s$/, "")),
      ["✔ Make part 0: nearly there", "✔ Make part 1: nearly there"],
    );
  });

  test("fails with the platform's own error, the step, and how to go on", async () => {
    const error = {
      code: "PROVIDER_DISK_LOW",
      message: "Too little room.",
      why: "3 MiB",
      next: "Make room.",
      step: "step 1",
    };
    const { lines, failure } = await follow([
      operationOf("running", ["running", "waiting"]),
      operationOf("running", ["done", "running"]),
      operationOf("failed", ["done", "running"], { error }),
    ]);
    assert.deepEqual(
      [failure?.code, failure?.message, failure?.why],
      ["PROVIDER_DISK_LOW", "Too little room.", "step 1: 3 MiB"],
    );
    assert.match(failure?.next ?? "", /^Make room\. Then go on: bystack operation resume 7\.$/);
    assert.match(lines.at(-1) ?? "", /^✖ Make part 1/);
  });

  test("that was cancelled by somebody else says so", async () => {
    const { failure } = await follow([
      operationOf("running", ["running", "waiting"]),
      operationOf("cancelled", ["undone", "waiting"], { cancelAsked: true }),
    ]);
    assert.equal(failure?.code, "OPERATION_CANCELLED");
  });
});

describe("for people", () => {
  const action: Plan["actions"][number] = {
    verb: "node.configure",
    target: "demo-1",
    chain: "demo",
    class: "roll",
    title: "restart demo-1 with a memory limit of 600 MiB",
    before: "512 MiB",
    after: "600 MiB",
    risk: "margin0",
    committee: { n: 4, q: 3, f: 1 },
    estimateMs: 10_000,
  };
  const plan: Plan = {
    hash: "ab".repeat(32),
    network: "dev",
    revision: 3,
    definitionHash: "cd".repeat(32),
    actions: [action],
    refused: [],
  };

  test("a plan says what changes, from what to what, what it risks and how long it takes", () => {
    assert.deepEqual(formatPlan(plan).split("\n"), [
      "dev: 1 changes of revision 3",
      "  ~ restart demo-1 with a memory limit of 600 MiB",
      "      512 MiB → 600 MiB",
      "      risk: no further validator may fail meanwhile (3 of 4 must vote, 1 may fail)",
      "",
      "plan abababababab: about 10 s",
    ]);
  });

  test("a plan says what cannot be and what can be done instead, or that there is nothing to do", () => {
    const refused = [{ code: "FIXED_FIELD", path: "sides.0.engine", why: "it is fixed", next: "Make a new chain." }];
    assert.match(
      formatPlan({ ...plan, refused }),
      /✖ sides\.0\.engine: it is fixed\n {6}Make a new chain\.\n\nplan abab\w+: 1 parts cannot be done, so none is$/,
    );
    assert.match(formatPlan({ ...plan, actions: [] }), /^dev is what the definition says; nothing to do\.$/);
  });

  test("an operation shows every step with its mark, and why it failed", () => {
    const error = { code: "X", message: "It broke.", why: "so", next: "Mend it.", step: "step 1" };
    const text = formatOperation(operationOf("failed", ["done", "running", "waiting"], { error }));
    assert.deepEqual(text.split("\n"), [
      "   7  failed        3.5 s  make side chain acme",
      "      ✔ make part 0  1.0 s",
      "      … make part 1: nearly there",
      "        make part 2",
      "  why:  It broke. (X) so",
      "  next: Mend it.",
    ]);
  });
});
