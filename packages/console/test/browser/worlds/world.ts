// What the fixture platform knows: an answer for each route that a page asks. A world is data; a route without an answer is a 404,
// as it is on a platform where the thing is not there.

import type { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import type { RouteInput, RouteReply } from "@bystack/api/route";

export type Routes = typeof PLATFORM_ROUTES;
export type RouteId = keyof Routes & string;
export type Answers = {
  readonly [K in RouteId]?: (input: RouteInput<Routes[K]>) => RouteReply<Routes[K]> | undefined;
};
export type WorldName = "empty" | "dev" | "large";
export type World = { readonly name: WorldName; readonly network: string | undefined; readonly answers: Answers };

type Status = RouteReply<Routes["network"]>;
export type NodeRow = Status["nodes"][number];
export type SideRow = Status["sides"][number];

export const MINUTE_MS = 60_000;
const MIB = 1 << 20;

/** Sixty-four digits that look like a hash and are always the same for the same words. */
export function hashOf(words: string): string {
  let state = 0x811c9dc5;
  let text = "";
  for (let i = 0; text.length < 64; i += 1) {
    for (const sign of `${words} ${i}`) state = Math.imul(state ^ sign.charCodeAt(0), 0x01000193) >>> 0;
    text += state.toString(16).padStart(8, "0");
  }
  return text;
}

export function mainNode(id: string, height: number): NodeRow {
  return {
    id,
    chain: "main",
    kind: "main",
    phase: "running",
    url: "http://127.0.0.1:41001",
    height,
    finalHeight: height,
    ready: true,
    why: null,
    hasSeat: null,
    rssBytes: 131 * MIB,
  };
}

export function sideNode(chain: string, index: number, height: number, change: Partial<NodeRow> = {}): NodeRow {
  return {
    id: `${chain}-${index}`,
    chain,
    kind: "side",
    phase: "running",
    url: `http://127.0.0.1:${42_000 + index}`,
    height,
    finalHeight: height,
    ready: true,
    why: null,
    hasSeat: true,
    rssBytes: (98 + index) * MIB,
    ...change,
  };
}
