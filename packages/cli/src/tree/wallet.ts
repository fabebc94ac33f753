// The network's own wallet, and carrying assets between the chains.

import type { AddCommands } from "./tree.ts";

const walletCommands = () => import("../commands/wallet.ts");

/** The network's own wallet, and carrying assets between the chains. */
export const addWalletCommands: AddCommands = (program, context) => {
  const wallet = program.command("wallet").description("accounts of the network's own wallet");
  wallet
    .command("balance [account]")
    .description("what it holds on each chain")
    .action(async (account?: string) => (await walletCommands()).runBalance(context(), account));
  wallet
    .command("receive <account>")
    .description("its address on each chain")
    .option("--fresh", "one that was not used before")
    .action(async (account: string, options: { fresh?: boolean }) =>
      (await walletCommands()).runReceive(context(), account, options),
    );
  wallet
    .command("send")
    .description("pay somebody on one chain")
    .requiredOption("--from <account>", "who pays")
    .requiredOption("--to <address>", "who gets it: an address, or an account of this wallet")
    .requiredOption("--amount <decimal>", "how much")
    .option("--asset <name>", "which asset", "BTM")
    .option("--wait", "return once it is final; on the main chain once it is in a block")
    .addHelpText("after", "\nExample: bystack wallet send --chain main --from alice --to bm1q… --amount 1.5")
    .action(async (options: { from: string; to: string; amount: string; asset: string; wait?: boolean }) =>
      (await walletCommands()).runSend(context(), options),
    );

  const peg = program.command("peg").description("carry assets between the chains");
  for (const [name, description, run] of [
    ["in", "deposit on the main chain, credited on the side chain", "runPegIn"],
    ["out", "burn on the side chain, paid on the main chain", "runPegOut"],
  ] as const) {
    peg
      .command(name)
      .description(description)
      .requiredOption("--from <account>", "who pays")
      .requiredOption("--amount <decimal>", "how much")
      .option("--to <address>", "who gets it there (default: the account itself)")
      .option("--asset <name>", "which asset", "BTM")
      .addHelpText("after", `\nExample: bystack peg ${name} --from alice --amount 5`)
      .action(async (options: { from: string; to?: string; amount: string; asset: string }) =>
        (await walletCommands())[run](context(), options),
      );
  }
  peg
    .command("list")
    .description("deposits, requests and payouts")
    .action(async () => (await walletCommands()).runPegList(context()));
};
