// The audit log as a file: one row a line, as JSON (platform.md section 5). It is checked offline by whoever has it, without the
// platform, from its beginning or from a hash that somebody kept. A file is hostile input: lines are bounded, and each must be
// written as the export writes it, so that no two readers can see two logs in one file.

import { platformError } from "../errors.ts";
import { AUDIT_BEGINNING, AUDIT_ROW, type AuditRow, type AuditVerdict, verifyAudit } from "./audit.ts";
import { LIST_ROWS_MAX, type TenantView } from "./store.ts";
import { numberPart } from "./table.ts";
import { AUDIT } from "./tables.ts";

/** Bytes of one line: a row with each field at its longest and every character escaped has fewer. */
export const AUDIT_LINE_BYTES_MAX = 8_192;
const NEWLINE = 10;

export type AuditMark = Pick<AuditRow, "seq" | "hash">;
const BEGINNING: AuditMark = { seq: 0, hash: AUDIT_BEGINNING };

/** Keys in the order of the table: the one way in which a row is written. */
export function formatAuditRow(row: AuditRow): string {
  return JSON.stringify(AUDIT_ROW.parse(row));
}

/** Rows behind a number, page by page; what is written meanwhile comes too. Each line ends with a newline. */
export async function* exportAudit(view: TenantView, afterSeq = 0): AsyncGenerator<string, void, undefined> {
  for (let seq = afterSeq; ; ) {
    const rows = await view.list(AUDIT, { after: [numberPart(seq)], limit: LIST_ROWS_MAX });
    for (const { value } of rows) yield `${formatAuditRow(value)}\n`;
    const last = rows.at(-1);
    if (last === undefined) return;
    seq = last.value.seq;
  }
}

/** The newest row's mark: whoever keeps it can later tell whether the log was cut. */
export async function auditHead(view: TenantView): Promise<AuditMark> {
  const [newest] = await view.list(AUDIT, { limit: 1, reverse: true });
  return newest === undefined ? BEGINNING : { seq: newest.value.seq, hash: newest.value.hash };
}

async function* linesOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let line = 1;
  const take = (): string => {
    const whole = Buffer.concat(parts);
    parts = [];
    bytes = 0;
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(whole);
    } catch {
      throw platformError("AUDIT_EXPORT_INVALID", { why: `line ${line}: it is not UTF-8` });
    }
  };
  const add = (part: Uint8Array): void => {
    bytes += part.length;
    if (bytes > AUDIT_LINE_BYTES_MAX)
      throw platformError("AUDIT_EXPORT_INVALID", { why: `line ${line}: it is longer than any row` });
    // A copy: whoever reads a file in pieces may use one buffer for all of them.
    if (part.length > 0) parts.push(Uint8Array.from(part));
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      yield take();
      line += 1;
      from = end + 1;
    }
    add(chunk.subarray(from));
  }
  // A last line without its newline was cut off while it was written.
  if (bytes > 0) throw platformError("AUDIT_EXPORT_INVALID", { why: `line ${line}: it is cut off` });
}

function parseLine(text: string): AuditRow | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = AUDIT_ROW.safeParse(value);
  return parsed.success && formatAuditRow(parsed.data) === text ? parsed.data : undefined;
}

/**
 * Checks an export as it is read. `from` is the mark behind which it begins; `head` one that it must end with, if one was kept.
 * @throws BystackError AUDIT_EXPORT_INVALID for what is no export at all
 */
export async function verifyAuditExport(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: { readonly from?: AuditMark; readonly head?: AuditMark } = {},
): Promise<AuditVerdict> {
  const { from = BEGINNING, head } = options;
  let last = from;
  for await (const text of linesOf(chunks)) {
    const row = parseLine(text);
    if (row === undefined) return { ok: false, seq: last.seq + 1, why: "its line is not as an export writes it" };
    const verdict = verifyAudit([row], last);
    if (!verdict.ok) return verdict;
    last = row;
  }
  if (head !== undefined && (head.seq !== last.seq || head.hash !== last.hash))
    return { ok: false, seq: last.seq, why: `it ends with row ${last.seq}, and not with the head that was kept` };
  return { ok: true, rows: last.seq - from.seq, head: last.hash };
}
