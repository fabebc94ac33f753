// Following an operation until it is over: each step as a line while it is made, and the failure as the platform tells it.

import type { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import type { RouteReply } from "@bystack/api/route";
import { BystackError } from "@bystack/utils/errors";
import type { Output } from "../output.ts";
import { createTaskRunner, type Task } from "../tasks.ts";
import type { PlatformClient } from "./connect.ts";

export type Operation = RouteReply<(typeof PLATFORM_ROUTES)["operation"]>;
type Step = Operation["steps"][number];

export function isOver({ state }: Pick<Operation, "state">): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled";
}

/** What an operation failed with, as the error that it was. */
export function failureOf({ error, state, id }: Operation): BystackError | undefined {
  if (error === null && state !== "cancelled") return undefined;
  const { code, message, why, next, step } = error ?? {
    code: "OPERATION_CANCELLED",
    message: "The operation was cancelled.",
    why: "",
    next: "Nothing is left to do.",
    step: "",
  };
  const where = step === "" ? why : `${step}: ${why}`;
  const more = error === null ? next : `${next} Then go on: bystack operation resume ${Number(id)}.`;
  return new BystackError(code, { kind: "internal", fault: "local", message, next: more }, { why: where });
}

type EventStream = AsyncGenerator<RouteReply<(typeof PLATFORM_ROUTES)["events"]>, void, undefined>;

/** An operation as it changes. The stream is open before it is read again: no change is missed. */
class Follower {
  readonly #client: PlatformClient;
  readonly #events: EventStream;
  #isRead = false;
  operation: Operation;

  constructor(client: PlatformClient, operation: Operation, events: EventStream) {
    this.#client = client;
    this.operation = operation;
    this.#events = events;
  }

  /** Waits for something new, and looks at the operation again. */
  async next(): Promise<void> {
    const { id, network } = this.operation;
    while (this.#isRead) {
      const { done, value } = await this.#events.next();
      // The platform ends its streams when it ends; what became of it is asked for below.
      if (done === true || (value.topic === "operation" && value.subject === id) || value.topic === "gap") break;
    }
    this.#isRead = true;
    this.operation = await this.#client.call("operation", { params: { network, operation: id } });
  }

  step(name: string): Step | undefined {
    return this.operation.steps.find((step) => step.name === name);
  }

  /** Until a step is done, or the operation is over without it. */
  async untilDone(name: string, task: Task): Promise<void> {
    for (;;) {
      const step = this.step(name);
      if (step === undefined || step.state === "done") return;
      if (isOver(this.operation)) throw failureOf(this.operation) ?? new Error(`${name}: ${this.operation.state}`);
      if (step.note !== "") task.note(step.note);
      await this.next();
    }
  }
}

async function withFollower<T>(
  client: PlatformClient,
  operation: Operation,
  work: (follower: Follower) => Promise<T>,
): Promise<T> {
  const events = await client.stream("events", { query: { network: operation.network } });
  try {
    return await work(new Follower(client, operation, events));
  } finally {
    await events.return();
  }
}

/** An operation when it is over, whatever became of it. */
export function untilOver(client: PlatformClient, operation: Operation): Promise<Operation> {
  return withFollower(client, operation, async (follower) => {
    while (!isOver(follower.operation)) await follower.next();
    return follower.operation;
  });
}

/** Shows the steps of an operation until it is over. @throws BystackError what it failed with */
export function followOperation(
  parts: { readonly client: PlatformClient; readonly output: Output },
  operation: Operation,
): Promise<Operation> {
  const { client, output } = parts;
  return withFollower(client, operation, async (follower) => {
    const tasks = createTaskRunner(output);
    for (const { name, title } of operation.steps) {
      // A step that nothing had to be done for is not worth a line.
      while (follower.step(name)?.state === "waiting" && !isOver(follower.operation)) await follower.next();
      await tasks.run(sentence(title), (task) => follower.untilDone(name, task));
    }
    while (!isOver(follower.operation)) await follower.next();
    const failure = failureOf(follower.operation);
    if (failure !== undefined) throw failure;
    return follower.operation;
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
