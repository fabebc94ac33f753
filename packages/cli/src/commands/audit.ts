// `bystack audit`: the log of who did what. Export and head come from the platform; a check needs the file alone.

import { createReadStream } from "node:fs";
import { platformError } from "@bystack/platform/errors";
import { AUDIT_ROW } from "@bystack/platform/store/audit";
import { type AuditMark, formatAuditRow, verifyAuditExport } from "@bystack/platform/store/audit-export";
import type { Context } from "../context.ts";
import { requirePlatform } from "../daemon/connect.ts";

/** Every row as a line, oldest first; the same bytes with and without --json. */
export async function runAuditExport({ home }: Context, options: { readonly after: number }): Promise<void> {
  const rows = await requirePlatform(home).stream("exportAudit", { query: { after: options.after } });
  for await (const row of rows) process.stdout.write(`${formatAuditRow(AUDIT_ROW.parse(row))}\n`);
}

export async function runAuditHead({ home, output }: Context): Promise<void> {
  const head = await requirePlatform(home).call("auditHead");
  output.result(
    head,
    `${head.seq}:${head.hash}\n\nKeep it elsewhere: bystack audit verify <file> --head ${head.seq}:${head.hash}`,
  );
}

export type VerifyOptions = { readonly from?: AuditMark; readonly head?: AuditMark };

/** @throws BystackError AUDIT_EXPORT_INVALID when the file is none, or says something else than it did */
export async function runAuditVerify({ output }: Context, file: string, options: VerifyOptions): Promise<void> {
  const verdict = await verifyAuditExport(createReadStream(file), options).catch((cause) => {
    if (cause instanceof Error && "syscall" in cause)
      throw platformError("AUDIT_EXPORT_INVALID", { why: cause.message });
    throw cause;
  });
  if (!verdict.ok) throw platformError("AUDIT_EXPORT_INVALID", { why: `row ${verdict.seq}: ${verdict.why}` });
  const { rows, head } = verdict;
  const kept = options.head === undefined ? "; without --head nobody can say whether its end was cut off" : "";
  output.result({ rows, head }, `${rows} rows, none changed, none missing${kept}\nhead ${head}`);
}
