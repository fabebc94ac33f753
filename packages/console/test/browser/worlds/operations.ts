// Operations in every state: done, under way, failed half way.

import { type Answers, hashOf, MINUTE_MS, type Operation } from "./world.ts";

type Step = Operation["steps"][number];
const SECOND_MS = 1_000;

function step(name: string, title: string, change: Partial<Step> = {}): Step {
  const at = Date.now() - 5 * MINUTE_MS;
  return { name, title, state: "done", made: true, startedAtMs: at, endedAtMs: at + 900, note: "", ...change };
}

const TO_DO = { state: "waiting", made: false, startedAtMs: null, endedAtMs: null } as const;

function operation(number: number, change: Partial<Operation>): Operation {
  const createdAtMs = Date.now() - (60 - number) * 3 * MINUTE_MS;
  return {
    id: String(number).padStart(16, "0"),
    kind: "apply",
    title: "make side chain demo: keys, spec, 4 validators",
    network: "dev",
    chain: "demo",
    actorId: "u00000000000000a1",
    definitionHash: hashOf(`definition ${number}`),
    state: "succeeded",
    createdAtMs,
    startedAtMs: createdAtMs + 20,
    endedAtMs: createdAtMs + 38 * SECOND_MS,
    cancelAsked: false,
    steps: [
      step("keys", "make the keys of demo-1, demo-2, demo-3 and demo-4"),
      step("spec", "write the spec of demo"),
      step("start", "start demo-1, demo-2, demo-3 and demo-4", { note: "ports 42001 to 42004" }),
      step("prove", "carry 100.00 GOLD to demo and back", { note: "credited after 13.2 s, paid after 19.8 s" }),
    ],
    error: null,
    ...change,
  };
}

const RUNNING = operation(57, {
  title: "add demo-5, an observer of demo",
  state: "running",
  createdAtMs: Date.now() - 21 * SECOND_MS,
  startedAtMs: Date.now() - 20 * SECOND_MS,
  endedAtMs: null,
  steps: [
    step("keys", "make the keys of demo-5"),
    step("start", "start demo-5"),
    step("ready", "wait until demo-5 is ready", {
      state: "running",
      startedAtMs: Date.now() - 14 * SECOND_MS,
      endedAtMs: null,
      note: "1 204 of 18 342 blocks, 90 s at most",
    }),
    step("revision", "write the definition down", TO_DO),
  ],
});

const FAILED = operation(58, {
  title: "restart demo-1 with history pruned",
  state: "failed",
  steps: [
    step("options", "write the options of demo-1"),
    step("stop", "stop demo-1", { state: "failed" }),
    step("start", "start demo-1", TO_DO),
  ],
  error: {
    code: "NODE_NEEDED",
    message: "Without this node its chain would stand still.",
    why: "3 of 4 validators of demo vote and 3 are needed: not without demo-1",
    next: "Start the missing validators first: bystack why. Then resume the operation.",
    step: "stop",
  },
});

/** @param network that they are of */
export function operationAnswers(network: string): Answers {
  const others = Array.from({ length: 12 }, (_, i) =>
    operation(56 - i, {
      state: i === 4 ? "cancelled" : "succeeded",
      title: i % 2 === 0 ? "add demo-6" : "start network",
    }),
  );
  const all = [FAILED, RUNNING, ...others].map((one) => ({ ...one, network }));
  return {
    operations: () => ({ items: all, next: "0000000000000044" }),
    operation: ({ params }) => all.find(({ id }) => Number(id) === Number(params.operation)),
    cancelOperation: () => ({ ...RUNNING, network, cancelAsked: true }),
    resumeOperation: () => ({ ...FAILED, network, state: "running" }),
  };
}
