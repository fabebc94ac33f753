// A network as a whole: raise, change, stop, look at, prove, explain, remove it.

import { lineCount } from "./arguments.ts";
import type { AddCommands } from "./tree.ts";

const upCommands = () => import("../commands/up.ts");
const networkCommands = () => import("../commands/network.ts");
const changeCommands = () => import("../commands/change.ts");

/** A network as a whole: raise, change, stop, look at, prove, explain, remove it. */
export const addNetworkCommands: AddCommands = (program, context) => {
  program
    .command("up [file]")
    .description("raise a network, prove a round trip on it, keep it running until Ctrl-C")
    .option("-d, --detach", "return once it is proven; a daemon keeps it running")
    .option("--elections", "the dev network with elections, and a fifth node that may be elected")
    .addHelpText("after", "\nExample: bystack up --detach")
    .action(async (file: string | undefined, options: { detach?: boolean; elections?: boolean }) =>
      (await upCommands()).runUp(context(), {
        ...(file !== undefined && { file }),
        detach: options.detach === true,
        elections: options.elections === true,
      }),
    );
  program
    .command("plan <file>")
    .description("what would be done to make a network what the file says; changes nothing")
    .addHelpText("after", "\nExample: bystack plan bystack.yaml")
    .action(async (file: string) => (await changeCommands()).runPlan(context(), file));
  program
    .command("apply <file>")
    .description("make a network what the file says: plan, show, do, prove")
    .addHelpText("after", "\nExample: bystack apply bystack.yaml")
    .action(async (file: string) => (await changeCommands()).runApply(context(), file));
  program
    .command("down")
    .description("stop the network; its data stay")
    .action(async () => (await networkCommands()).runDown(context()));
  program
    .command("status")
    .description("chains, nodes, federation, memory")
    .action(async () => (await upCommands()).runStatus(context()));
  program
    .command("prove")
    .description("one fresh round trip on each side chain, the refusals, the supply")
    .action(async () => (await networkCommands()).runProve(context()));
  program
    .command("why [subject]")
    .description(
      "why a chain has stopped, a node does not vote, a transfer or a transaction waits; asks the nodes themselves",
    )
    .addHelpText(
      "after",
      "\nExample: bystack why demo\n  a chain, a node, or the id of a transaction; without one the whole network",
    )
    .action(async (subject: string | undefined) => (await import("../commands/why.ts")).runWhy(context(), subject));
  program
    .command("logs <node>")
    .description("the last lines of a node's log")
    .option("--tail <lines>", "how many", lineCount, "50")
    .option("-f, --follow", "go on with what it writes, until Ctrl-C")
    .addHelpText("after", "\nExample: bystack logs demo-1 --tail 20")
    .action(async (node: string, options: { tail: string; follow?: boolean }) =>
      (await networkCommands()).runLogs(context(), node, options),
    );
  program
    .command("clean")
    .description("remove a network with all its data")
    .option("--yes", "really")
    .action(async (options: { yes?: boolean }) => (await networkCommands()).runClean(context(), options));

  program
    .command("replay <chain> [reorg]")
    .description("check a recorded main chain, proof of work included")
    .option("--backend <name>", "ts, wasm or native (default: the fastest that is there)")
    .option("--blocks <count>", "only the first so many blocks")
    .addHelpText(
      "after",
      "\nExample: bystack replay vectors/bytom/blocks-solonet.json vectors/bytom/reorg-solonet.json",
    )
    .action(async (chain: string, reorg: string | undefined, options: { backend?: string; blocks?: string }) =>
      (await import("../commands/replay.ts")).runReplay(context(), {
        chain,
        reorg,
        backend: options.backend,
        blocks: options.blocks,
      }),
    );
};
