// What the fixture platform knows: an answer for each route that a page asks. A world is data; a route without an answer is a 404,
// as it is on a platform where the thing is not there.

import type { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import type { RouteInput, RouteReply } from "@bystack/api/route";

export type Routes = typeof PLATFORM_ROUTES;
/** Routes that answer once; streams are the fixture server's own. */
export type RouteId = {
  [K in keyof Routes & string]: Routes[K]["kind"] extends "json" ? K : never;
}[keyof Routes & string];
export type Answers = {
  readonly [K in RouteId]?: (input: RouteInput<Routes[K]>) => RouteReply<Routes[K]> | undefined;
};
export type WorldName = "empty" | "dev" | "large";
export type World = { readonly name: WorldName; readonly network: string | undefined; readonly answers: Answers };

export type Status = RouteReply<Routes["network"]>;
export type Operation = RouteReply<Routes["operation"]>;
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
    voting: null,
    view: null,
    peers: null,
    mempool: 2,
    startedAtMs: Date.now() - 190 * MINUTE_MS,
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
    voting: true,
    view: height + 12,
    peers: 3,
    mempool: 0,
    startedAtMs: Date.now() - 188 * MINUTE_MS,
    rssBytes: (98 + index) * MIB,
    ...change,
  };
}

/** What is left of a node's row when its process is gone. */
export const GONE: Partial<NodeRow> = {
  phase: "stopped",
  url: null,
  height: null,
  finalHeight: null,
  ready: false,
  hasSeat: null,
  voting: null,
  view: null,
  peers: null,
  mempool: null,
  startedAtMs: null,
  rssBytes: null,
};

/** An owner who is signed in with a password. */
export const OWNER: RouteReply<Routes["me"]> = {
  userId: "u00000000000000a1",
  login: "ada",
  name: "Ada Lovelace",
  via: "session",
  roles: { "*": "w" },
  unfinished: false,
  fresh: true,
  rotationDue: false,
  hasPassword: true,
  passkeys: [{ key: hashOf("passkey"), name: "laptop", createdAtMs: Date.now() - 9_000 * MINUTE_MS }],
  dev: true,
  version: "0.1.0",
};

export const NOBODY: RouteReply<Routes["me"]> = {
  ...OWNER,
  userId: "public",
  login: null,
  name: null,
  via: "none",
  roles: {},
  hasPassword: false,
  passkeys: [],
};
