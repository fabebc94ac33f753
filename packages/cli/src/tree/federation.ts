// The members that hold the vault.

import type { AddCommands } from "./tree.ts";

const federationCommands = () => import("../commands/federation.ts");

/** The members that hold the vault. */
export const addFederationCommands: AddCommands = (program, context) => {
  const federation = program.command("federation").description("the members that hold the vault");
  federation
    .command("status")
    .description("reserves, pauses, members")
    .action(async () => (await federationCommands()).runFederationStatus(context()));
  federation
    .command("stop <member>")
    .description("stop one member; its validator goes on voting")
    .action(async (id: string) => (await federationCommands()).runMemberSwitch(context(), id, false));
  federation
    .command("start <member>")
    .description("start it again")
    .action(async (id: string) => (await federationCommands()).runMemberSwitch(context(), id, true));
};
