// Backups: made, proven, restored.

import type { AddCommands } from "./tree.ts";

const backupCommands = () => import("../commands/backup.ts");

/** Backups and the key that they are sealed to. */
export const addBackupCommands: AddCommands = (program, context) => {
  const backup = program
    .command("backup")
    .description("backups: made, proven, restored; only the recipient's key opens them");
  backup
    .command("create")
    .description("back up a chain by one of its nodes, and run the backup through")
    .option("--node <node>", "by this node (default: an observer, or the last validator)")
    .option("--platform", "the platform's own store instead")
    .addHelpText("after", "\nExample: bystack backup create --chain demo")
    .action(async (options: { node?: string; platform?: boolean }) =>
      (await backupCommands()).runBackupCreate(context(), options),
    );
  backup
    .command("list")
    .description("backups, newest first, and whether they hold")
    .addHelpText("after", "\nExample: bystack backup list")
    .action(async () => (await backupCommands()).runBackupList(context()));
  backup
    .command("show <backup>")
    .description("one backup")
    .addHelpText("after", "\nExample: bystack backup show demo-12")
    .action(async (id: string) => (await backupCommands()).runBackupShow(context(), id));
  backup
    .command("verify <backup>")
    .description("compare a sealed backup with its hashes; with the key also what is in it")
    .option("--key <file>", "the recipient's key")
    .addHelpText("after", "\nExample: bystack backup verify demo-12 --key ~/backup.key")
    .action(async (what: string, options: { key?: string }) =>
      (await backupCommands()).runBackupVerify(context(), what, options),
    );
  backup
    .command("drill <backup>")
    .description("open a sealed backup and run it through in a throw-away folder")
    .requiredOption("--key <file>", "the recipient's key")
    .addHelpText("after", "\nExample: bystack backup drill demo-12 --key ~/backup.key")
    .action(async (what: string, options: { key: string }) =>
      (await backupCommands()).runBackupDrill(context(), what, options),
    );
  backup
    .command("restore <backup>")
    .description("put a backup into the empty folder of a node; a validator observes first")
    .requiredOption("--key <file>", "the recipient's key")
    .requiredOption("--into <node>", "a node of this network, or a folder with the keys of one")
    .option("--record <folder>", "the record of votes of its former data folder; only into a folder")
    .option("--peer <url...>", "nodes of the chain that can say whether the old one still runs; only into a folder")
    .addHelpText("after", "\nExample: bystack backup restore demo-12 --key ~/backup.key --into demo-4")
    .action(async (what: string, options: { key: string; into: string; record?: string; peer?: string[] }) =>
      (await backupCommands()).runBackupRestore(context(), what, options),
    );
  const backupKey = backup.command("key").description("the key that backups are sealed to");
  backupKey
    .command("create <file>")
    .description("make one; BYSTACK_BACKUP_PASSPHRASE puts the file under a passphrase")
    .addHelpText("after", "\nExample: bystack backup key create ~/backup.key")
    .action(async (file: string) => (await backupCommands()).runBackupKeyCreate(context(), file));
};
