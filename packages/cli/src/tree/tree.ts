// What every group of commands gets. A command loads its own code when it is called: `node init` needs little of what `up` needs.

import type { Command } from "commander";
import type { Context } from "../context.ts";

/** Adds one group of commands to the program. `context` is asked for when a command runs, when options are known. */
export type AddCommands = (program: Command, context: () => Context) => void;
