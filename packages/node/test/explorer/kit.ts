// What the tests of a node's explorer share: waiting until the index has a transaction, whole lists by pages, and hostile
// questions over the route table.

import assert from "node:assert/strict";
import type { ApiClient } from "@bystack/api/client";
import { EXPLORER_ROUTES } from "@bystack/api/explorer-routes";
import type { MAIN_ROUTES } from "@bystack/api/main-routes";
import { NODE_ROUTES } from "@bystack/api/node-routes";
import type { Route } from "@bystack/api/route";
import { createSeededRng } from "@bystack/testing/rng";
import { BystackError } from "@bystack/utils/errors";
import { until } from "../side/kit.ts";

export type ExplorerClient = Pick<ApiClient<typeof MAIN_ROUTES>, "call">;

export const codeIs =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof BystackError && error.code === code;

/** Waits until the index is at the chain's tip and has at least this block. */
export function untilIndexed(client: ExplorerClient, height = 0) {
  return until(
    `block ${height} in the explorer's index`,
    () => client.call("explorer"),
    ({ state, height: at }) => state === "following" && (at ?? -1) >= height,
  );
}

/** All items of a list, by pages. */
export async function everything<T>(
  page: (cursor: string | undefined) => Promise<{ readonly items: readonly T[]; readonly next: string | null }>,
): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | undefined; ; ) {
    const answer = await page(cursor);
    items.push(...answer.items);
    if (answer.next === null) return items;
    cursor = answer.next;
  }
}

const HOSTILE = [
  "",
  "0",
  "-1",
  "1e9",
  "9".repeat(15),
  "9".repeat(16),
  "9".repeat(39),
  "tip",
  "f".repeat(64),
  "0".repeat(64),
  "F".repeat(64),
  "f".repeat(63),
  "abcdef",
  "00",
  "a",
  "0014".padEnd(44, "1"),
  "1:1",
  "1:4294967295",
  "1:4294967296",
  `${"9".repeat(15)}:${"9".repeat(10)}`,
  `${"9".repeat(39)}:${"a".repeat(40)}`,
  `5:${"a".repeat(40)}`,
  "..%2f..",
  "%00",
  "%",
  "\u0000",
  "💥",
  "sm1qqqq",
  "' or 1=1",
  "x".repeat(129),
  "null",
  "[]",
];

function urlOf(route: Route, pick: () => string): string {
  const path = route.path.replace(/:([a-zA-Z]+)/g, () => encodeURIComponent(pick()));
  const query = Object.keys(route.query.shape)
    .map((name) => `${name}=${encodeURIComponent(pick())}`)
    .join("&");
  return query === "" ? path : `${path}?${query}`;
}

/**
 * Asks every reading route with hostile and with known texts in every place: no answer is a 5xx, each one is a problem
 * document or what the route promises. @returns how many were answered
 */
export async function askHostile(options: {
  readonly url: string;
  readonly known: readonly string[];
  readonly seed: number;
  readonly rounds: number;
}): Promise<number> {
  const { url, known, seed, rounds } = options;
  const rng = createSeededRng(seed);
  const { block, address, outputs: _, transaction, output } = NODE_ROUTES;
  const routes: Route[] = [...Object.values(EXPLORER_ROUTES), block, address, transaction, output];
  // Numbers keep the limit from refusing every question.
  const pick = (): string => rng.pick([...HOSTILE, ...known, "1", "7", "200"]);
  let answered = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const route of routes.filter(({ method }) => method === "GET")) {
      const asked = urlOf(route, pick);
      const response = await fetch(`${url}${asked}`);
      const text = await response.text();
      assert.ok(response.status < 500, `${asked}: ${response.status} ${text}`);
      const answer: unknown = JSON.parse(text);
      if (!response.ok) {
        assert.ok(typeof answer === "object" && answer !== null && "code" in answer && "next" in answer, asked);
        continue;
      }
      const parsed = route.reply.safeParse(answer);
      assert.ok(
        parsed.success,
        `${asked}: ${parsed.error?.issues[0]?.path.join(".")} ${parsed.error?.issues[0]?.message}`,
      );
      answered += 1;
    }
  }
  return answered;
}
