// Pages of unspent outputs: whatever the size of a page, each output comes once and in the same order.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { MainIndex, UnspentOutput } from "@bystack/chain/index/main-index";
import { bytesToHex } from "@bystack/utils/bytes";
import { queryOutputs } from "../../src/main/output-query.ts";

/** Outputs by program: the first byte of an id is the program, the second its number. */
const COUNTS: Readonly<Record<string, number>> = { aa: 3, bb: 0, cc: 5, dd: 1 };

function outputOf(program: string, number: number): UnspentOutput {
  const id = new Uint8Array(32);
  id.set([Number.parseInt(program, 16), number]);
  const zero = new Uint8Array(32);
  const where = { sourceId: zero, sourcePosition: 0, height: 1, coinbase: false };
  return { id, assetId: zero, amount: 1n, program: Uint8Array.of(Number.parseInt(program, 16)), ...where };
}

const index: Pick<MainIndex, "unspentOf"> = {
  unspentOf: async (program, { limit, after }) => {
    const text = bytesToHex(program);
    const from = after === undefined ? 0 : (after[1] ?? 0) + 1;
    const all = Array.from({ length: COUNTS[text] ?? 0 }, (_, number) => outputOf(text, number));
    return all.slice(from, from + limit);
  },
};

test("pages of every size give the same list", async () => {
  const programs = ["aa", "bb", "cc", "aa", "dd"];
  for (let limit = 1; limit <= 10; limit += 1) {
    const ids: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await queryOutputs(index as MainIndex, { programs, limit, cursor });
      assert.ok(page.items.length <= limit);
      ids.push(...page.items.map(({ id }) => bytesToHex(id).slice(0, 4)));
      cursor = page.next ?? undefined;
      pages += 1;
      assert.ok(pages < 20, "the pages end");
    } while (cursor !== undefined);
    assert.deepEqual(
      ids,
      ["aa00", "aa01", "aa02", "cc00", "cc01", "cc02", "cc03", "cc04", "dd00"],
      `pages of ${limit}`,
    );
  }
});
