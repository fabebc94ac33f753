// What this node's own main node says about the main chain: the headers of its best chain, followed as they come and go.
// The engine asks it only while voting; the leader takes new headers from it (federation.md section 4).

import type { ApiClient } from "@bystack/api/client";
import { subscribeToEvents } from "@bystack/api/events";
import type { NODE_ROUTES } from "@bystack/api/node-routes";
import {
  decodeMainBlock,
  decodeMainHeader,
  encodeMainHeader,
  type MainHeader,
  mainBlockHash,
} from "@bystack/protocol/main/block";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import type { Logger } from "@bystack/utils/ports";

/** Headers kept below the tip: the deepest reorganisation that the side chain follows is 400 (federation.md section 4). */
export const FOLLOWED_HEADERS_MAX = 2000;
/**
 * Headers kept around the one that the side chain's state has come to, when that lies deeper: below it, for the fork from
 * which it goes on, and above it, for the next blocks of headers.
 */
export const NEEDED_BELOW = 64;
export const NEEDED_ABOVE = 256;
/** Events come at once; the poll is for a stream that broke and is being opened again. */
const POLL_MS = 1000;
const RECONNECT_MS = 500;

export type FollowedHeader = { readonly height: number; readonly hash: string; readonly header: MainHeader };

export type MainFollower = {
  /** Height of the own main node's tip; undefined while it was never reached. */
  readonly tipHeight: number | undefined;
  /** A header of the best chain by its hash. */
  onBestChain(hash: string): FollowedHeader | undefined;
  /** The header of the best chain at a height, as far as it is kept. */
  at(height: number): FollowedHeader | undefined;
  stop(): void;
};

export function followMainChain(options: {
  client: ApiClient<typeof NODE_ROUTES>;
  /** Lowest height that may still be asked for: the anchor of the side chain. */
  floorHeight: number;
  /** Height of the main-chain header that the side chain's state has come to. */
  neededHeight: () => number;
  onChange: () => void;
  logger: Logger;
}): MainFollower {
  const { client, logger } = options;
  const byHeight = new Map<number, FollowedHeader>();
  const byHash = new Map<string, FollowedHeader>();
  let tipHeight: number | undefined;
  let stopped = false;
  let syncing = false;
  let again = false;
  let reported = false;

  async function fetchAt(height: number): Promise<FollowedHeader> {
    const block = await client.call("block", { params: { ref: String(height) } });
    const decoded = decodeMainBlock(hexToBytes(block.raw));
    if (!decoded.ok) throw new Error(`main block ${height} does not decode`);
    // Read back from its own bytes: the fields of the first are views of the whole block, and thousands are kept.
    const header = decodeMainHeader(encodeMainHeader(decoded.value.header));
    if (!header.ok) throw new Error(`main header ${height} does not decode`);
    return { height, hash: bytesToHex(mainBlockHash(header.value)), header: header.value };
  }

  function forget(height: number): void {
    const known = byHeight.get(height);
    if (known === undefined) return;
    byHeight.delete(height);
    byHash.delete(known.hash);
  }

  function take(entry: FollowedHeader): void {
    forget(entry.height);
    byHeight.set(entry.height, entry);
    byHash.set(entry.hash, entry);
  }

  /**
   * A side chain that stood still for long is deeper than the headers below the tip reach: without those around its own
   * place no leader could ever go on from there. So deep the best chain does not change any more.
   */
  async function followDeep(floor: number): Promise<void> {
    const needed = options.neededHeight();
    const from = Math.max(options.floorHeight, needed - NEEDED_BELOW);
    const to = Math.min(floor - 1, needed + NEEDED_ABOVE);
    for (const height of [...byHeight.keys()]) if (height < floor && (height < from || height > to)) forget(height);
    let isNew = false;
    for (let height = from; height <= to && !stopped; height += 1) {
      if (byHeight.has(height)) continue;
      take(await fetchAt(height));
      isNew = true;
    }
    if (isNew) options.onChange();
  }

  /** Walks from the tip down to what is known, then takes the new part over. False when the chain moved meanwhile. */
  async function syncOnce(): Promise<boolean> {
    const info = await client.call("info");
    const floor = Math.max(options.floorHeight, info.height - FOLLOWED_HEADERS_MAX);
    if (byHash.has(info.tip) && tipHeight === info.height) {
      await followDeep(floor);
      return true;
    }
    const fresh: FollowedHeader[] = [];
    for (let height = info.height; height >= floor; height -= 1) {
      const found = await fetchAt(height);
      const child = fresh.at(-1);
      if (child !== undefined && bytesToHex(child.header.previousHash) !== found.hash) return false;
      if (byHeight.get(height)?.hash === found.hash) break;
      fresh.push(found);
    }
    for (let height = info.height + 1; byHeight.has(height); height += 1) forget(height);
    for (const entry of fresh) take(entry);
    tipHeight = info.height;
    options.onChange();
    await followDeep(floor);
    return true;
  }

  async function sync(): Promise<void> {
    if (syncing) {
      again = true;
      return;
    }
    syncing = true;
    try {
      do {
        again = !(await syncOnce());
      } while (again && !stopped);
      if (reported) logger.info("the main node answers again");
      reported = false;
    } catch (error) {
      if (!reported)
        logger.warn("the main node does not answer; pegs wait", {
          why: error instanceof Error ? error.message : String(error),
        });
      reported = true;
    } finally {
      syncing = false;
    }
  }

  let stream: { close(): void } | undefined;
  function connect(): void {
    if (stopped) return;
    stream = subscribeToEvents({
      baseUrl: client.baseUrl,
      onOpen: () => void sync(),
      onEvent: () => void sync(),
      onClose: () => {
        if (!stopped) setTimeout(connect, RECONNECT_MS);
      },
    });
  }
  connect();
  const poll = setInterval(() => void sync(), POLL_MS);

  return {
    get tipHeight() {
      return tipHeight;
    },
    onBestChain: (hash) => byHash.get(hash),
    at: (height) => byHeight.get(height),
    stop: () => {
      stopped = true;
      clearInterval(poll);
      stream?.close();
    },
  };
}
