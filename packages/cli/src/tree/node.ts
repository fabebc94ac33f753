// Nodes of the network.

import type { AddCommands } from "./tree.ts";

const changeCommands = () => import("../commands/change.ts");
const nodeCommands = () => import("../commands/node.ts");

/** Nodes of the network. */
export const addNodeCommands: AddCommands = (program, context) => {
  const node = program.command("node").description("nodes of the network");
  node
    .command("list")
    .description("every node, or those of --chain")
    .addHelpText("after", "\nExample: bystack node list")
    .action(async () => (await import("../commands/lists.ts")).runNodeList(context()));
  node
    .command("add")
    .description("one more observer of a side chain; it may stand for election")
    .addHelpText("after", "\nExample: bystack node add --chain demo")
    .action(async () => (await changeCommands()).runNodeAdd(context()));
  node
    .command("rm <node>")
    .description("stop the newest observer of its chain and put its folder away")
    .addHelpText("after", "\nExample: bystack node rm demo-5")
    .action(async (id: string) => (await changeCommands()).runNodeRemove(context(), id));
  for (const [verb, route, what] of [
    ["start", "startNode", "start a node"],
    ["stop", "stopNode", "stop a node until it, or its network, is started; not one that its chain needs"],
    ["restart", "restartNode", "stop a node and start it again"],
    ["rebuild", "rebuildNode", "make the chain's data of a node anew from its peers; its keys and votes stay"],
  ] as const)
    node
      .command(`${verb} <node>`)
      .description(what)
      .addHelpText("after", `\nExample: bystack node ${verb} demo-4`)
      .action(async (id: string) => (await changeCommands()).runNodeTurn(context(), id, route));
  node
    .command("init <folder>")
    .description("make the keys of a node by its folder, print the public ones (used by the platform)")
    .action(async (folder: string) => (await import("../commands/node-init.ts")).runNodeInit(folder));
  node
    .command("run <folder>")
    .description("run a node by its folder until SIGTERM (used by the platform)")
    .action(async (folder: string) => (await nodeCommands()).runNodeRun(folder));
  node
    .command("drill <folder>")
    .description("run an opened backup through without peers, votes or ports (used by the platform)")
    .option("--work <folder>", "where to put its throw-away copy")
    .addHelpText("after", "\nExample: bystack node drill ./opened")
    .action(async (folder: string, options: { work?: string }) =>
      (await import("../commands/node-drill.ts")).runNodeDrill(context(), folder, options),
    );
};
