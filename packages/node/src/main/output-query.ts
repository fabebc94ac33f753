// Unspent outputs of many programs, page by page. A cursor names the program reached and the last output given: pages stay
// short whatever the chain does meanwhile, and an output that appears or goes between two pages may or may not be seen.

import { apiError } from "@bystack/api/errors";
import { LIST_ITEMS_MAX } from "@bystack/api/schemas";
import type { MainIndex, UnspentOutput } from "@bystack/chain/index/main-index";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";

type Cursor = { readonly program: number; readonly after: Hash | undefined };

const CURSOR = /^(\d{1,6}):([0-9a-f]{64})?$/;

function parseCursor(text: string | undefined): Cursor {
  if (text === undefined) return { program: 0, after: undefined };
  const match = CURSOR.exec(text);
  if (match === null) throw apiError("BAD_REQUEST", { why: "cursor: not one that this node gave" });
  return { program: Number(match[1]), after: match[2] === undefined ? undefined : hexToBytes(match[2]) };
}

export type OutputPage = { readonly items: readonly UnspentOutput[]; readonly next: string | null };

/** One page. Programs are taken in their order, repeats ignored. @throws BystackError BAD_REQUEST */
export async function queryOutputs(
  index: MainIndex,
  request: { readonly programs: readonly string[]; readonly cursor?: string | undefined; readonly limit?: number },
): Promise<OutputPage> {
  const { limit = LIST_ITEMS_MAX } = request;
  const programs = [...new Set(request.programs)];
  const cursor = parseCursor(request.cursor);
  const items: UnspentOutput[] = [];
  for (let at = cursor.program; at < programs.length; at += 1) {
    const after = at === cursor.program ? cursor.after : undefined;
    const room = limit - items.length;
    const options = { limit: room + 1, ...(after === undefined ? {} : { after }) };
    const found = await index.unspentOf(hexToBytes(programs[at] ?? ""), options);
    items.push(...found.slice(0, room));
    // One more than there is room for says that this program goes on.
    const last = items.at(-1);
    if (found.length > room)
      return { items, next: `${at}:${room > 0 && last !== undefined ? bytesToHex(last.id) : ""}` };
  }
  return { items, next: null };
}
