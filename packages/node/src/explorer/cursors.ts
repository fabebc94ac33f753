// The cursors of the explorer's lists: the last item given, as text. They come back from anybody: what is not one of ours is
// refused, what is one and names nothing is a place like any other.

import type { Place } from "@bystack/chain/explorer/rows";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";
import { nodeError } from "../errors.ts";

type HolderPlace = { readonly amount: bigint; readonly programId: Uint8Array };

const POSITION_MAX = 0xffff_ffff;
const BALANCE_MAX = (1n << 128n) - 1n;

function refuse(text: string): never {
  throw nodeError("CURSOR_INVALID", { why: text });
}

function cursorOf<T>(pattern: RegExp, format: (item: T) => string, parse: (match: RegExpExecArray) => T | undefined) {
  return {
    format,
    parse: (text: string | undefined): T | undefined => {
      if (text === undefined) return undefined;
      const match = pattern.exec(text);
      const item = match === null ? undefined : parse(match);
      return item === undefined ? refuse(text) : item;
    },
  };
}

function positionOf(text: string | undefined): number | undefined {
  const position = Number(text);
  return position <= POSITION_MAX ? position : undefined;
}

/** Height of a block, or position in one. */
export const NUMBER_CURSOR = cursorOf<number>(/^(\d{1,15})$/, String, ([, text]) => Number(text));

export const POSITION_CURSOR = cursorOf<number>(/^(\d{1,10})$/, String, ([, text]) => positionOf(text));

export const PLACE_CURSOR = cursorOf<Place>(
  /^(\d{1,15}):(\d{1,10})$/,
  ({ height, position }) => `${height}:${position}`,
  ([, height, position]) => {
    const at = positionOf(position);
    return at === undefined ? undefined : { height: Number(height), position: at };
  },
);

export const HASH_CURSOR = cursorOf<Hash>(/^([0-9a-f]{64})$/, bytesToHex, ([, text = ""]) => hexToBytes(text));

export const HOLDER_CURSOR = cursorOf<HolderPlace>(
  /^(\d{1,39}):([0-9a-f]{40})$/,
  ({ amount, programId }) => `${amount}:${bytesToHex(programId)}`,
  ([, amount = "", programId = ""]) =>
    BigInt(amount) <= BALANCE_MAX ? { amount: BigInt(amount), programId: hexToBytes(programId) } : undefined,
);

/** A page: one item more than asked for was looked up, and says whether the list goes on. */
export async function pageOf<T>(
  limit: number,
  list: (limit: number) => Promise<readonly T[]>,
  format: (last: T) => string,
): Promise<{ readonly items: readonly T[]; readonly next: string | null }> {
  const found = await list(limit + 1);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? format(last) : null };
}
