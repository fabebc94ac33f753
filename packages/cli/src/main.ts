// The command tree of `bystack`: its groups in the order of the help. Commands parse, call and print; what they do lives in
// the packages below.

import { Command, CommanderError } from "commander";
import { createContext, type GlobalOptions } from "./context.ts";
import { reportFailure, reportUsage } from "./output.ts";
import { addAlertCommands } from "./tree/alert.ts";
import { addBackupCommands } from "./tree/backup.ts";
import { addChainCommands } from "./tree/chain.ts";
import { addDaemonCommands } from "./tree/daemon.ts";
import { addElectionCommands } from "./tree/election.ts";
import { addExplorerCommands } from "./tree/explorer.ts";
import { addFederationCommands } from "./tree/federation.ts";
import { addDefinitionCommands, addNameCommands } from "./tree/lists.ts";
import { addNetworkCommands } from "./tree/network.ts";
import { addNodeCommands } from "./tree/node.ts";
import { addOperationCommands } from "./tree/operation.ts";
import { addAuditCommands, addOpenCommand, addTokenCommands, addUserCommands } from "./tree/people.ts";
import { addWalletCommands } from "./tree/wallet.ts";
import { VERSION } from "./version.ts";

const program = new Command("bystack");
program
  .description(
    "Raise and run blockchain networks: a proof-of-work main chain, BFT side chains, the federation between them.",
  )
  .option("--json", "one JSON document on stdout")
  .option("--network <name>", "which network (default: the only one, or dev)")
  .option("--chain <name>", "which chain of it (default: the only side chain)")
  .showHelpAfterError()
  .showSuggestionAfterError()
  .exitOverride();

const context = () => createContext(program.opts<GlobalOptions>());

for (const add of [
  addNetworkCommands,
  addDefinitionCommands,
  addWalletCommands,
  addNameCommands,
  addElectionCommands,
  addFederationCommands,
  addChainCommands,
  addOperationCommands,
  addAlertCommands,
  addOpenCommand,
  addTokenCommands,
  addUserCommands,
  addAuditCommands,
  addExplorerCommands,
  addDaemonCommands,
  addNodeCommands,
  addBackupCommands,
])
  add(program, context);

program
  .command("version")
  .description("the version")
  .action(() =>
    context().output.result(
      { version: VERSION, node: process.version },
      `bystack ${VERSION} on node ${process.version}`,
    ),
  );

try {
  await program.parseAsync();
} catch (error) {
  const json = program.opts<GlobalOptions>().json === true;
  if (!(error instanceof CommanderError)) reportFailure(error, json);
  else if (error.exitCode !== 0) reportUsage(error.message, json);
}
