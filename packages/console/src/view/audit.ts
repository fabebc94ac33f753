// The audit log as a page of it can be judged in a browser: whether its lines follow from each other. That no line was changed is
// shown by their hashes, which `bystack audit verify` computes from an export. Pure.

type Row = { readonly seq: number; readonly prev: string; readonly hash: string };
type Head = { readonly seq: number; readonly hash: string };

export type LinkVerdict =
  | { readonly isWhole: true; readonly lines: number }
  | { readonly isWhole: false; readonly seq: number; readonly why: string };

/** @param rows newest first, as the platform lists them; @param head of the log, asked for before the rows */
export function checkLinks(rows: readonly Row[], head: Head | undefined): LinkVerdict {
  for (let i = 0; i + 1 < rows.length; i += 1) {
    const [newer, older] = [rows[i], rows[i + 1]];
    if (newer === undefined || older === undefined) break;
    if (newer.seq !== older.seq + 1)
      return { isWhole: false, seq: older.seq + 1, why: `line ${older.seq + 1} is missing` };
    if (newer.prev !== older.hash)
      return { isWhole: false, seq: newer.seq, why: "it does not follow from the line before it" };
  }
  const known = rows.find(({ seq }) => seq === head?.seq);
  if (head !== undefined && known !== undefined && known.hash !== head.hash)
    return { isWhole: false, seq: head.seq, why: "its hash is not the one that the platform gave as the head" };
  return { isWhole: true, lines: rows.length };
}

/** `ok` is what the platform writes for what was done; everything else is why it was not. */
export function outcomeStatus(outcome: string) {
  return outcome === "ok" ? ({ tone: "good", word: "done" } as const) : ({ tone: "warn", word: outcome } as const);
}
