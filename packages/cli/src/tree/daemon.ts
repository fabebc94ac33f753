// The platform's own process.

import type { AddCommands } from "./tree.ts";

/** The platform's own process. */
export const addDaemonCommands: AddCommands = (program, context) => {
  const daemon = program
    .command("daemon")
    .description("the platform's own process (started by the commands that need it)");
  daemon
    .command("run")
    .description(
      "run it until SIGTERM; nodes go on without it. A second one stands by, and goes on when the first one is gone",
    )
    .option("--no-wait", "refuse instead of standing by")
    .addHelpText("after", "\nExample: bystack daemon run")
    .action(async (options: { wait: boolean }) => (await import("../daemon/run.ts")).runDaemon(context(), options));
};
