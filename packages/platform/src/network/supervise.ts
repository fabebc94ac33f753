// Keeps the nodes of a network alive: restarts those that end on their own, with growing delays, and says what each exit
// means. The chains themselves do not depend on this: kill the supervisor and every node goes on.

import type { Logger } from "@bystack/utils/ports";
import { explainExit, RESTART_WINDOW_MS, restartDelayMs } from "../provider/exit-codes.ts";
import type { DeployProvider, NodeExit } from "../provider/provider.ts";

const START_DEADLINE_MS = 30_000;

export type Supervisor = { stop(): void };

export type SuperviseOptions = {
  readonly provider: DeployProvider;
  /** Whether a node shall run, asked when it has ended and again before it is started. */
  readonly isWanted: (id: string) => boolean;
  readonly logger: Logger;
  readonly random: () => number;
  /** Told of each exit, whatever follows. */
  readonly onExit?: (id: string, exit: NodeExit) => void;
};

export function superviseNodes(options: SuperviseOptions): Supervisor {
  const { provider, isWanted, logger } = options;
  const exits = new Map<string, number[]>();
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;

  async function restart(id: string): Promise<void> {
    try {
      await provider.start(id, START_DEADLINE_MS);
      logger.info("node restarted", { id });
    } catch (error) {
      logger.error("node does not start", { id, why: error instanceof Error ? error.message : String(error) });
    }
  }

  function onExit(id: string, exit: NodeExit): void {
    if (stopped) return;
    options.onExit?.(id, exit);
    if (!isWanted(id)) return;
    const policy = explainExit(exit.code, exit.signal);
    logger.warn("node ended", {
      id,
      meaning: policy.meaning,
      code: exit.code ?? undefined,
      signal: exit.signal ?? undefined,
      lastLine: exit.tail.at(-1),
    });
    if (policy.restart === "never") return;
    const recent = [...(exits.get(id) ?? []).filter((atMs) => atMs > exit.atMs - RESTART_WINDOW_MS), exit.atMs];
    exits.set(id, recent);
    const waitMs = restartDelayMs(recent.length, options.random());
    if (waitMs === undefined) {
      logger.error("node failed: it ended too often", { id, exits: recent.length });
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!stopped && isWanted(id)) void restart(id);
    }, waitMs);
    timers.add(timer);
  }

  provider.onExit(onExit);
  return {
    stop: () => {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
