// What is on the chains, in words.

import type { AddCommands } from "./tree.ts";

const explorerCommands = () => import("../commands/explorer.ts");

/** What is on the chains, in words. */
export const addExplorerCommands: AddCommands = (program, context) => {
  const explorer = program
    .command("explorer")
    .description("the index behind blocks, transactions, addresses and assets");
  explorer
    .command("rebuild <node>")
    .description("have a node drop its explorer's index and make it anew while it runs; waits for it")
    .addHelpText("after", "\nExample: bystack explorer rebuild main-1")
    .action(async (id: string) => (await explorerCommands()).runExplorerRebuild(context(), id));
  program
    .command("block <ref>")
    .description("a block by height, hash or `tip`, with its transactions in words")
    .addHelpText("after", "\nExample: bystack block tip --chain main")
    .action(async (ref: string) => (await explorerCommands()).runBlock(context(), ref));
  program
    .command("tx <id>")
    .description("a transaction in words, with its inputs and outputs")
    .addHelpText("after", `\nExample: bystack tx ${"0a".repeat(32)}`)
    .action(async (id: string) => (await explorerCommands()).runTransaction(context(), id));
  program
    .command("address <address>")
    .description("what an address holds, and its newest transactions")
    .addHelpText("after", "\nExample: bystack address sm1q5p8mxx3vs7e23wsmkzqhwmqlyxxkdm7gh5ps0z")
    .action(async (address: string) => (await explorerCommands()).runAddress(context(), address));
  program
    .command("search <text>")
    .description("what a height, address, id or its first 6 digits may be, on every chain")
    .addHelpText("after", "\nExample: bystack search 0a1b2c")
    .action(async (text: string) => (await explorerCommands()).runSearch(context(), text));
};
