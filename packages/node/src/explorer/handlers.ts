// Answers of a node to the explorer's routes, main chain and side chain alike: pages from the index, one transaction from the
// block that holds it. An answer's work is bounded by its page.

import { DECODED_ITEMS_MAX, type EXPLORER_ROUTES } from "@bystack/api/explorer-routes";
import type { RouteHandlers } from "@bystack/api/route";
import { LIST_ITEMS_MAX } from "@bystack/api/schemas";
import type { ExplorerIndex, PlacedTransaction } from "@bystack/chain/explorer/query";
import type { AssetRow, OutputRow } from "@bystack/chain/explorer/rows";
import { parseAddress } from "@bystack/protocol/address";
import { bytesToHex, type Hash, hexToBytes, tryBytesToUtf8, tryHexToBytes } from "@bystack/utils/bytes";
import { nodeError } from "../errors.ts";
import {
  type Decoded,
  type ExplorerChain,
  viewAddress,
  viewDecodedOutput,
  viewInput,
  viewSummary,
} from "./chain-view.ts";
import { HASH_CURSOR, HOLDER_CURSOR, NUMBER_CURSOR, PLACE_CURSOR, POSITION_CURSOR, pageOf } from "./cursors.ts";
import { type ExplorerPart, requireExplorer } from "./explorer.ts";
import { search } from "./search.ts";

export type ExplorerHandlers = RouteHandlers<typeof EXPLORER_ROUTES>;
type Context = { readonly part: ExplorerPart; readonly chain: ExplorerChain };

/** The program of an address, or one that is given in hexadecimal. @throws BystackError ADDRESS_INVALID */
export function programOf(text: string, prefix: string): Uint8Array {
  const program = tryHexToBytes(text);
  if (program !== undefined) return program;
  const parsed = parseAddress(text, prefix);
  if (!parsed.ok) throw nodeError("ADDRESS_INVALID", { why: `${text}: ${parsed.error}` });
  return parsed.value.program;
}

/** Transactions of a list, each with the time of its block. */
async function viewTransactions(index: ExplorerIndex, items: readonly PlacedTransaction[]) {
  const times = new Map<number, number>();
  for (const height of new Set(items.map((item) => item.height))) {
    const block = await index.block(height);
    if (block !== undefined) times.set(height, block.timestampMs);
  }
  return items.map((item) => viewSummary(item, { ...item, timestampMs: times.get(item.height) }));
}

function viewAsset(id: Hash, row: AssetRow, definition: Uint8Array | undefined) {
  const { issued, retired, burned, held, holders, transactions, firstHeight } = row;
  return {
    id: bytesToHex(id),
    issued: issued.toString(),
    retired: retired.toString(),
    burned: burned.toString(),
    supply: (issued - retired - burned).toString(),
    held: held.toString(),
    holders,
    transactions,
    firstHeight,
    definition: definition === undefined ? null : (tryBytesToUtf8(definition) ?? null),
  };
}

/** Height of a block by height, hash or `tip`, as far as the index is. @throws BystackError BLOCK_NOT_FOUND */
export async function heightOfRef(index: ExplorerIndex, ref: string): Promise<number> {
  let height: number | undefined;
  if (ref === "tip") height = (await index.cursor())?.height;
  else if (/^\d{1,15}$/.test(ref)) height = Number(ref);
  else if (/^[0-9a-f]{64}$/.test(ref)) height = await index.heightOf(hexToBytes(ref));
  if (height === undefined) throw nodeError("BLOCK_NOT_FOUND", { why: ref });
  return height;
}

function stateHandlers({ part }: Context): Pick<ExplorerHandlers, "explorer" | "rebuildExplorer"> {
  return {
    explorer: () => {
      const { state, why, cursor, rebuilds, chainHeight } = requireExplorer(part).status;
      return {
        state,
        why: why ?? null,
        height: cursor?.height ?? null,
        chainHeight,
        lag: Math.max(0, chainHeight - (cursor?.height ?? -1)),
        transactions: cursor?.transactions ?? 0,
        rebuilds,
      };
    },
    rebuildExplorer: () => {
      requireExplorer(part).rebuild();
      return { rebuilding: true as const };
    },
  };
}

type BlockHandlers = Pick<ExplorerHandlers, "blocks" | "blockTransactions" | "transactions">;

function blockHandlers({ part }: Context): BlockHandlers {
  const indexOf = () => requireExplorer(part).index();
  return {
    blocks: async ({ query }) => {
      const index = indexOf();
      const before = NUMBER_CURSOR.parse(query.cursor);
      const page = await pageOf(
        query.limit,
        (limit) => index.blocks(before, limit),
        ({ height }) => NUMBER_CURSOR.format(height),
      );
      const items = page.items.map(({ height, hash, timestampMs, transactions, sizeBytes }) => ({
        height,
        hash: bytesToHex(hash),
        timestampMs,
        transactions,
        bytes: sizeBytes,
      }));
      return { items, next: page.next };
    },
    blockTransactions: async ({ params, query }) => {
      const index = indexOf();
      const after = POSITION_CURSOR.parse(query.cursor);
      const height = await heightOfRef(index, params.ref);
      if ((await index.block(height)) === undefined) throw nodeError("BLOCK_NOT_FOUND", { why: params.ref });
      const page = await pageOf(
        query.limit,
        (limit) => index.ofBlock(height, after, limit),
        ({ position }) => POSITION_CURSOR.format(position),
      );
      return { items: await viewTransactions(index, page.items), next: page.next };
    },
    transactions: async ({ query }) => {
      const index = indexOf();
      const before = PLACE_CURSOR.parse(query.cursor);
      const page = await pageOf(query.limit, (limit) => index.newest(before, limit), PLACE_CURSOR.format);
      return { items: await viewTransactions(index, page.items), next: page.next };
    },
  };
}

/** What the index knows of the outputs that a transaction spends and makes. */
async function outputsAround(index: ExplorerIndex, { inputs, outputs }: Decoded) {
  const spent = inputs.flatMap(({ kind, outputId }) => (outputId === undefined || kind === "claim" ? [] : [outputId]));
  const ids = [...spent, ...outputs.map(({ id }) => id)];
  const rows = new Map<string, OutputRow | undefined>();
  for (const [i, row] of (await index.outputs(ids)).entries()) rows.set(bytesToHex(ids[i] ?? new Uint8Array(0)), row);
  return (id: Hash | undefined): OutputRow | undefined => (id === undefined ? undefined : rows.get(bytesToHex(id)));
}

async function detailsReply({ part, chain }: Context, id: string) {
  const index = requireExplorer(part).index();
  const found = await chain.transaction(hexToBytes(id));
  if (found === undefined) throw nodeError("TRANSACTION_NOT_FOUND", { why: id });
  const { block, timeRange } = found;
  const shown = {
    ...found,
    inputs: found.inputs.slice(0, DECODED_ITEMS_MAX),
    outputs: found.outputs.slice(0, DECODED_ITEMS_MAX),
  };
  const rowOf = await outputsAround(index, shown);
  const { addressPrefix, mainAddressPrefix } = chain;
  return {
    ...viewSummary(found, block),
    status: block === undefined ? ("pending" as const) : chain.status,
    blockHash: block === undefined ? null : bytesToHex(block.hash),
    // The chain may be read one block before its tip is told.
    confirmations: block === undefined ? 0 : Math.max(1, chain.height() - block.height + 1),
    timeRange: timeRange.toString(),
    inputCount: found.inputs.length,
    inputs: shown.inputs.map((input) =>
      // A deposit lies on the main chain.
      viewInput(
        input,
        input.kind === "claim" ? mainAddressPrefix : addressPrefix,
        input.kind === "claim" ? undefined : rowOf(input.outputId)?.transactionId,
      ),
    ),
    outputCount: found.outputs.length,
    outputs: shown.outputs.map((output) =>
      viewDecodedOutput(output, output.kind === "burn" ? mainAddressPrefix : addressPrefix, rowOf(output.id)?.spentBy),
    ),
  };
}

type AddressHandlers = Pick<ExplorerHandlers, "addressSummary" | "addressTransactions">;

function addressHandlers({ part, chain }: Context): AddressHandlers {
  return {
    addressSummary: async ({ params, query }) => {
      const index = requireExplorer(part).index();
      const program = programOf(params.address, chain.addressPrefix);
      const after = HASH_CURSOR.parse(query.cursor);
      const row = await index.program(program);
      const { items, next } = await pageOf(
        query.limit,
        (limit) => index.balances(program, after, limit),
        ({ assetId }) => HASH_CURSOR.format(assetId),
      );
      return {
        address: viewAddress(program, chain.addressPrefix),
        program: bytesToHex(program),
        transactions: row?.transactions ?? 0,
        firstHeight: row?.firstHeight ?? null,
        lastHeight: row?.lastHeight ?? null,
        balances: {
          items: items.map(({ assetId, amount }) => ({ asset: bytesToHex(assetId), amount: amount.toString() })),
          next,
        },
      };
    },
    addressTransactions: async ({ params, query }) => {
      const index = requireExplorer(part).index();
      const program = programOf(params.address, chain.addressPrefix);
      const before = PLACE_CURSOR.parse(query.cursor);
      const page = await pageOf(query.limit, (limit) => index.ofProgram(program, before, limit), PLACE_CURSOR.format);
      return { items: await viewTransactions(index, page.items), next: page.next };
    },
  };
}

async function assetRow(index: ExplorerIndex, id: Hash): Promise<AssetRow> {
  const row = await index.asset(id);
  if (row === undefined) throw nodeError("ASSET_NOT_FOUND", { why: bytesToHex(id) });
  return row;
}

function assetHandlers({ part, chain }: Context): Pick<ExplorerHandlers, "assets" | "asset" | "assetHolders"> {
  return {
    assets: async ({ query }) => {
      const index = requireExplorer(part).index();
      const after = HASH_CURSOR.parse(query.cursor);
      const { items, next } = await pageOf(
        query.limit,
        (limit) => index.assets(after, limit),
        ({ assetId }) => HASH_CURSOR.format(assetId),
      );
      const definitions = await index.definitions(items.map(({ assetId }) => assetId));
      return { items: items.map((row, i) => viewAsset(row.assetId, row, definitions[i])), next };
    },
    asset: async ({ params }) => {
      const index = requireExplorer(part).index();
      const id = hexToBytes(params.asset);
      const row = await assetRow(index, id);
      const [definition] = await index.definitions([id]);
      return viewAsset(id, row, definition);
    },
    assetHolders: async ({ params, query }) => {
      const index = requireExplorer(part).index();
      const id = hexToBytes(params.asset);
      const before = HOLDER_CURSOR.parse(query.cursor);
      await assetRow(index, id);
      const { items, next } = await pageOf(
        query.limit,
        (limit) => index.holders(id, before, limit),
        HOLDER_CURSOR.format,
      );
      return {
        items: items.map(({ program, amount }) => ({
          address: viewAddress(program, chain.addressPrefix),
          program: bytesToHex(program),
          amount: amount.toString(),
        })),
        next,
      };
    },
  };
}

/** All handlers of the explorer's routes. */
export function createExplorerHandlers(context: Context): ExplorerHandlers {
  const { part, chain } = context;
  return {
    ...stateHandlers(context),
    ...blockHandlers(context),
    ...addressHandlers(context),
    ...assetHandlers(context),
    transactionDetails: ({ params }) => detailsReply(context, params.id),
    mempoolTransactions: ({ query }) => {
      requireExplorer(part).index();
      const { count, items } = chain.waiting(Math.min(query.limit, LIST_ITEMS_MAX));
      return { count, items: items.map((item) => viewSummary(item, undefined)) };
    },
    search: async ({ query }) => ({ items: await search(requireExplorer(part).index(), chain, query.text) }),
  };
}
