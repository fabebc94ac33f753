// Side chains of a network.

import { nodeCount } from "./arguments.ts";
import type { AddCommands } from "./tree.ts";

const changeCommands = () => import("../commands/change.ts");

/** Side chains of a network. */
export const addChainCommands: AddCommands = (program, context) => {
  const chain = program.command("chain").description("side chains of the network");
  chain
    .command("list")
    .description("every chain of the network, the main chain first")
    .addHelpText("after", "\nExample: bystack chain list")
    .action(async () => (await import("../commands/lists.ts")).runChainList(context()));
  chain
    .command("create <name>")
    .description("make a side chain, start it, and carry assets there and back")
    .option("--validators <count>", "of its first committee; each is a member of its federation", nodeCount, "4")
    .option("--observers <count>", "nodes without a seat", nodeCount, "0")
    .option("--no-federation", "nothing can be carried in or out")
    .addHelpText("after", "\nExample: bystack chain create acme --observers 1")
    .action(async (name: string, options: { validators: string; observers: string; federation: boolean }) =>
      (await changeCommands()).runChainCreate(context(), name, options),
    );

  for (const [verb, route, what] of [
    ["start", "startChain", "start a side chain that was stopped or archived"],
    ["stop", "stopChain", "stop a side chain: nothing on it becomes final until it is started again"],
    ["archive", "archiveChain", "stop a side chain for good; for seven days it can be started again"],
  ] as const)
    chain
      .command(`${verb} <name>`)
      .description(what)
      .addHelpText("after", `\nExample: bystack chain ${verb} acme`)
      .action(async (name: string) => (await changeCommands()).runChainTurn(context(), name, route));
  chain
    .command("delete <name>")
    .description("remove an archived side chain with its keys, and what its vault still holds, for good")
    .requiredOption("--yes", "really")
    .addHelpText("after", "\nExample: bystack chain delete acme --yes")
    .action(async (name: string) => (await changeCommands()).runChainTurn(context(), name, "deleteChain"));
};
