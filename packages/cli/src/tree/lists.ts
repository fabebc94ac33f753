// What there is: networks and their definitions, accounts, assets.

import type { AddCommands } from "./tree.ts";

const lists = () => import("../commands/lists.ts");

/** Networks as a whole, by their definitions. */
export const addDefinitionCommands: AddCommands = (program, context) => {
  const network = program.command("network").description("networks of this machine, and their definitions");
  network
    .command("list")
    .description("every network with its chains")
    .addHelpText("after", "\nExample: bystack network list")
    .action(async () => (await lists()).runNetworkList(context()));
  network
    .command("validate <file>")
    .description("check a definition; says line, key, rule and the nearest valid value")
    .addHelpText("after", "\nExample: bystack network validate bystack.yaml")
    .action(async (file: string) => (await lists()).runNetworkValidate(context(), file));
  network
    .command("export")
    .description("the definition that is applied, as its author wrote it")
    .addHelpText("after", "\nExample: bystack network export")
    .action(async () => (await lists()).runNetworkExport(context()));
  program
    .command("schema [file]")
    .description("the schema by which an editor checks a definition; written to a file, or shown")
    .addHelpText("after", "\nExample: bystack schema bystack.schema.json")
    .action(async (file: string | undefined) => (await lists()).runSchema(context(), file));
};

/** What the network's wallet and its chains have names for. */
export const addNameCommands: AddCommands = (program, context) => {
  program
    .command("account")
    .description("accounts of the network's own wallet")
    .command("list")
    .description("every account")
    .addHelpText("after", "\nExample: bystack account list")
    .action(async () => (await lists()).runAccountList(context()));
  program
    .command("asset")
    .description("assets that the network has names for")
    .command("list")
    .description("id, name and decimal places of each")
    .addHelpText("after", "\nExample: bystack asset list")
    .action(async () => (await lists()).runAssetList(context()));
};
