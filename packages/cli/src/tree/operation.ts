// What the platform does, step by step.

import { operationNumber } from "./arguments.ts";
import type { AddCommands } from "./tree.ts";

const operationCommands = () => import("../commands/operation.ts");

/** What the platform does, step by step. */
export const addOperationCommands: AddCommands = (program, context) => {
  const operation = program.command("operation").description("what the platform does, step by step");
  operation
    .command("list")
    .description("the newest operations")
    .action(async () => (await operationCommands()).runOperationList(context()));
  operation
    .command("show")
    .argument("<number>", "of the operation", operationNumber)
    .description("one operation with its steps")
    .addHelpText("after", "\nExample: bystack operation show 3")
    .action(async (id: string) => (await operationCommands()).runOperationShow(context(), id));
  operation
    .command("cancel")
    .argument("<number>", "of the operation", operationNumber)
    .description("take it back, down to its first step that cannot be taken back")
    .addHelpText("after", "\nExample: bystack operation cancel 3")
    .action(async (id: string) => (await operationCommands()).runOperationTurn(context(), id, "cancelOperation"));
  operation
    .command("resume")
    .argument("<number>", "of the operation", operationNumber)
    .description("try a failed operation again")
    .addHelpText("after", "\nExample: bystack operation resume 3")
    .action(async (id: string) => (await operationCommands()).runOperationTurn(context(), id, "resumeOperation"));
};
