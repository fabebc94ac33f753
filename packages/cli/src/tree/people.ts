// People and programs that use the platform, and the log of what they did.

import { auditMark, dayCount, role, rowNumber } from "./arguments.ts";
import type { AddCommands } from "./tree.ts";

const peopleCommands = () => import("../commands/people.ts");
const auditCommands = () => import("../commands/audit.ts");

/** The way in to the console. */
export const addOpenCommand: AddCommands = (program, context) => {
  program
    .command("open")
    .description("a link that signs you in to the console, once")
    .option("--login <name>", "who signs in; made as an owner if there is nobody of that name", "admin")
    .addHelpText("after", "\nExample: bystack open")
    .action(async (options: { login: string }) => (await import("../commands/open.ts")).runOpen(context(), options));
};

/** Tokens for programs. */
export const addTokenCommands: AddCommands = (program, context) => {
  const token = program.command("token").description("what programs sign in with");
  token
    .command("create <name>")
    .description("make a token for a program, for --network or for all; its text is shown once")
    .option("--role <role>", "public, auditor, developer, operator or owner", role, "d")
    .option("--days <count>", "how long it is good, a year at most", dayCount, 90)
    .option("--user <login>", "whose token (default: the owner's)")
    .addHelpText("after", "\nExample: bystack token create my-app --days 30")
    .action(async (name: string, options) => (await peopleCommands()).runTokenCreate(context(), name, options));
  token
    .command("list")
    .description("everybody's tokens, without their texts")
    .addHelpText("after", "\nExample: bystack token list")
    .action(async () => (await peopleCommands()).runTokenList(context()));
  token
    .command("rm <token>")
    .description("end a token, by its id or name")
    .addHelpText("after", "\nExample: bystack token rm my-app")
    .action(async (id: string) => (await peopleCommands()).runTokenRemove(context(), id));
};

/** People. */
export const addUserCommands: AddCommands = (program, context) => {
  const user = program.command("user").description("people who may use this platform");
  user
    .command("invite <name>")
    .description("a link that makes somebody a user, once, for --network or for all")
    .option("--role <role>", "public, auditor, developer, operator or owner", role, "a")
    .addHelpText("after", "\nExample: bystack user invite Ann --role auditor")
    .action(async (name: string, options) => (await peopleCommands()).runUserInvite(context(), name, options.role));
  user
    .command("list")
    .description("everybody, and invitations that nobody has used")
    .addHelpText("after", "\nExample: bystack user list")
    .action(async () => (await peopleCommands()).runUserList(context()));
  user
    .command("role")
    .argument("<login>", "whose")
    .argument("<role>", "public, auditor, developer, operator or owner", role)
    .description("what somebody may do, in --network or in all")
    .addHelpText("after", "\nExample: bystack user role ann operator")
    .action(async (login: string, wanted) => (await peopleCommands()).runUserRole(context(), login, wanted));
  user
    .command("rm <login>")
    .description("remove somebody with sessions, tokens and passkeys; the last owner stays")
    .addHelpText("after", "\nExample: bystack user rm ann")
    .action(async (login: string) => (await peopleCommands()).runUserRemove(context(), login));
};

/** The audit log. */
export const addAuditCommands: AddCommands = (program, context) => {
  const audit = program.command("audit").description("who did what, and who was refused");
  audit
    .command("export")
    .description("the log on stdout, one row a line, oldest first")
    .option("--after <row>", "only rows behind this number", rowNumber, 0)
    .addHelpText("after", "\nExample: bystack audit export --after 100")
    .action(async (options) => (await auditCommands()).runAuditExport(context(), options));
  audit
    .command("head")
    .description("number and hash of the newest row: kept elsewhere, they show later whether the log was cut")
    .addHelpText("after", "\nExample: bystack audit head")
    .action(async () => (await auditCommands()).runAuditHead(context()));
  audit
    .command("verify <file>")
    .description("check an export without any platform")
    .option("--from <mark>", "row:hash behind which it begins (default: the beginning)", auditMark)
    .option("--head <mark>", "row:hash that it must end with", auditMark)
    .addHelpText("after", "\nExample: bystack audit verify audit.ndjson")
    .action(async (file: string, options) => (await auditCommands()).runAuditVerify(context(), file, options));
};
