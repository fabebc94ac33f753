// Answers of a side node to the routes that every chain node has. Reads are of final state only: what a person is told is
// never taken back.

import { FINALITY_HEADERS_MAX, type NODE_ROUTES } from "@bystack/api/node-routes";
import type { RouteHandlers, RouteReply } from "@bystack/api/route";
import { LIST_ITEMS_MAX } from "@bystack/api/schemas";
import { bodyTransactionAt, bodyTransactions, type SideIndexes } from "@bystack/chain/side/indexes";
import { SIDE_MEMPOOL_TRANSACTIONS_MAX } from "@bystack/chain/side/mempool";
import type { SideChain } from "@bystack/chain/side/side-chain";
import type { StoredBlock } from "@bystack/chain/side/stored-block";
import { readBatch } from "@bystack/ledger/side/apply";
import { SIDE_ERRORS } from "@bystack/ledger/side/errors";
import { type SideUtxo, UTXO_KIND } from "@bystack/ledger/side/utxo";
import { addressOfProgram } from "@bystack/protocol/address";
import { merklePath } from "@bystack/protocol/merkle";
import { PEG_ERRORS } from "@bystack/protocol/peg/errors";
import { encodeCertificate } from "@bystack/protocol/side/certificate";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import { encodeSideHeader } from "@bystack/protocol/side/header";
import { encodeSideBlock, type SideBlock } from "@bystack/protocol/side/proposal";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";
import { chainSpecHash, formatChainSpec } from "@bystack/protocol/spec";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";
import { BystackError, type ErrorTable } from "@bystack/utils/errors";
import { nodeError } from "../errors.ts";
import { type ExplorerPart, indexedIds, requireExplorer } from "../explorer/explorer.ts";
import { heightOfRef, programOf } from "../explorer/handlers.ts";
import type { RefusedTransactions } from "../process/refused-transactions.ts";
import { systemClock } from "../process/timers.ts";
import { transactionWhy } from "../process/transaction-why.ts";

type Reads = Pick<
  RouteHandlers<typeof NODE_ROUTES>,
  | "spec"
  | "main"
  | "block"
  | "finality"
  | "transaction"
  | "transactionWhy"
  | "proof"
  | "submit"
  | "outputs"
  | "output"
  | "address"
  | "mempool"
>;
type OutputReply = RouteReply<(typeof NODE_ROUTES)["output"]>;

export type SideReadContext = {
  readonly chain: SideChain;
  readonly indexes: SideIndexes;
  readonly refused: RefusedTransactions;
  readonly explorer: ExplorerPart;
  /** Called with a transaction that was new, to pass it on. */
  readonly onAccepted: (raw: Uint8Array, id: Hash) => void;
};

const REFUSALS: ErrorTable = { ...SIDE_ERRORS, ...PEG_ERRORS };

/** A refusal of the ledger as a typed error under the ledger's own code. */
export function refusalOf(code: string): BystackError {
  const entry = REFUSALS[code];
  if (code === "MEMPOOL_FULL") return nodeError("MEMPOOL_FULL");
  return entry === undefined
    ? nodeError("TRANSACTION_REJECTED", { why: code })
    : new BystackError(code, { ...entry, kind: "invalid" });
}

type BlockContext = Pick<SideReadContext, "chain" | "explorer">;

/** The log begins with block 1. */
function genesisBlock(chain: SideChain): StoredBlock {
  const { hash, header, batch } = sideGenesis(chain.rules.spec);
  const block = { hash, header, batches: [batch], parentCertificate: undefined, skipCertificates: [] };
  return { block, certificate: undefined };
}

/** A final block by height, hash or `tip`. @throws BystackError BLOCK_NOT_FOUND, EXPLORER_OFF for a hash */
async function storedBlock({ chain, explorer }: BlockContext, asked: string): Promise<StoredBlock> {
  if (asked === "tip" && chain.tip !== undefined) return chain.tip;
  // Heights alone are in the chain's own store; which one a hash has the explorer's index knows.
  const isHash = /^[0-9a-f]{64}$/.test(asked);
  const ref = isHash ? String(await heightOfRef(requireExplorer(explorer).index(), asked)) : asked;
  if (ref === "0" || (ref === "tip" && chain.tip === undefined)) return genesisBlock(chain);
  const stored = /^\d{1,15}$/.test(ref) ? await chain.blocks.read(Number(ref)) : undefined;
  if (stored === undefined || stored.block.header.height > chain.height)
    throw nodeError("BLOCK_NOT_FOUND", { why: ref });
  return stored;
}

const KIND_NAMES = new Map<number, OutputReply["kind"]>([
  [UTXO_KIND.normal, "normal"],
  [UTXO_KIND.coinbase, "coinbase"],
  [UTXO_KIND.vote, "vote"],
]);

function outputReply(chain: SideChain, id: Hash, utxo: SideUtxo): OutputReply {
  const { addressPrefix, locks } = chain.rules.spec;
  const lock =
    utxo.kind === UTXO_KIND.coinbase ? locks.coinbaseBlocks : utxo.kind === UTXO_KIND.vote ? locks.voteBlocks : 0;
  return {
    id: bytesToHex(id),
    asset: bytesToHex(utxo.assetId),
    amount: utxo.amount.toString(),
    program: bytesToHex(utxo.program),
    address: addressOfProgram(utxo.program, addressPrefix)?.text ?? null,
    sourceId: bytesToHex(utxo.sourceId),
    sourcePosition: utxo.sourcePosition,
    height: utxo.createdHeight,
    kind: KIND_NAMES.get(utxo.kind) ?? "normal",
    spendableFrom: utxo.createdHeight + lock,
  };
}

/** A cursor is the program's place in the question and the last output id given. @throws BystackError CURSOR_INVALID */
function parseCursor(cursor: string | undefined): { at: number; after: Hash | undefined } {
  if (cursor === undefined) return { at: 0, after: undefined };
  const match = /^(\d{1,3}):([0-9a-f]{64})?$/.exec(cursor);
  if (match === null) throw nodeError("CURSOR_INVALID", { why: cursor });
  return { at: Number(match[1]), after: match[2] === undefined ? undefined : hexToBytes(match[2]) };
}

/** One page of what these programs own: final unspent outputs in the order of the programs and then of ids. */
export async function ownedOutputs(
  context: Pick<SideReadContext, "chain" | "indexes">,
  programs: readonly Uint8Array[],
  page: { readonly cursor?: string | undefined; readonly limit?: number },
): Promise<{ readonly items: { readonly id: Hash; readonly utxo: SideUtxo }[]; readonly next: string | null }> {
  const items: { id: Hash; utxo: SideUtxo }[] = [];
  let { at, after } = parseCursor(page.cursor);
  for (; at < programs.length; at += 1, after = undefined) {
    const program = programs[at] ?? new Uint8Array(0);
    const room = (page.limit ?? LIST_ITEMS_MAX) - items.length;
    const ids = await context.indexes.outputsOf(program, { after, limit: room });
    for (const id of ids) {
      const utxo = context.chain.final.utxo(id);
      if (utxo !== undefined) items.push({ id, utxo });
    }
    const last = ids.at(-1);
    if (ids.length === room && last !== undefined) return { items, next: `${at}:${bytesToHex(last)}` };
  }
  return { items, next: null };
}

async function outputsOf(
  context: SideReadContext,
  programs: readonly Uint8Array[],
  page: { readonly cursor?: string | undefined; readonly limit?: number },
) {
  const { items, next } = await ownedOutputs(context, programs, page);
  return { items: items.map(({ id, utxo }) => outputReply(context.chain, id, utxo)), next };
}

async function findTransaction({ chain, indexes }: SideReadContext, id: Hash) {
  const place = await indexes.transaction(id);
  const stored = place === undefined ? undefined : await chain.blocks.read(place.height);
  // Decoding the others of a full block would hold up the votes of this node.
  const entry =
    stored === undefined || place === undefined ? undefined : bodyTransactionAt(stored.block.batches, place.index);
  return stored === undefined || entry === undefined || place === undefined ? undefined : { place, stored, entry };
}

async function transactionReply(context: SideReadContext, idText: string) {
  const id = hexToBytes(idText);
  const found = await findTransaction(context, id);
  if (found !== undefined) {
    const { place, stored, entry } = found;
    return {
      id: idText,
      raw: bytesToHex(entry.raw),
      status: "final" as const,
      gasOnly: false,
      blockHeight: place.height,
      blockHash: bytesToHex(stored.block.hash),
      position: place.index,
      confirmations: context.chain.height - place.height + 1,
    };
  }
  const waiting = context.chain.mempool.get(id);
  if (waiting === undefined) throw nodeError("TRANSACTION_NOT_FOUND", { why: idText });
  const nowhere = { blockHeight: null, blockHash: null, position: null, confirmations: 0 };
  return { id: idText, raw: bytesToHex(waiting.raw), status: "pending" as const, gasOnly: false, ...nowhere };
}

/** Ids of a whole body; the explorer's index saves making those that it has. */
async function bodyIds({ explorer }: SideReadContext, { hash, header, batches }: SideBlock): Promise<Hash[]> {
  const known = await indexedIds(explorer, { height: header.height, hash });
  if (known.size === 0) return bodyTransactions(batches).map(({ id }) => id);
  const [batch] = batches;
  const { length } = batch === undefined ? [] : (readBatch(batch) ?? []);
  return Array.from({ length }, (_, index) => known.get(index) ?? bodyTransactionAt(batches, index)?.id).filter(
    (id) => id !== undefined,
  );
}

/** The transactions of a block that took effect: the index holds these and no dropped one. */
async function effectiveIds({ indexes }: SideReadContext, stored: StoredBlock): Promise<Hash[]> {
  const ids: Hash[] = [];
  for (const { id, index } of bodyTransactions(stored.block.batches)) {
    const place = await indexes.transaction(id);
    if (place?.height === stored.block.header.height && place.index === index) ids.push(id);
  }
  return ids;
}

async function proofReply(context: SideReadContext, idText: string) {
  const found = await findTransaction(context, hexToBytes(idText));
  if (found === undefined) throw nodeError("TRANSACTION_NOT_FOUND", { why: idText });
  const ids = await effectiveIds(context, found.stored);
  const position = ids.findIndex((id) => bytesToHex(id) === idText);
  const path = merklePath(ids, position);
  return {
    header: bytesToHex(encodeSideHeader(found.stored.block.header)),
    height: found.place.height,
    position,
    directions: path.siblings.map((_, index) => (((path.directions[index >> 3] ?? 0) >> (index & 7)) & 1) === 1),
    transactionSiblings: path.siblings.map(bytesToHex),
    statusSiblings: [],
    gasOnly: false,
  };
}

async function finalityReply(context: SideReadContext, ref: string) {
  const { chain } = context;
  const first = await storedBlock(context, ref);
  const headers: string[] = [];
  for await (const { block, certificate } of chain.blocks.iterate(first.block.header.height, chain.height)) {
    headers.push(bytesToHex(encodeSideHeader(block.header)));
    if (certificate !== undefined) return { headers, certificate: bytesToHex(encodeCertificate(certificate)) };
    if (headers.length >= FINALITY_HEADERS_MAX) break;
  }
  throw nodeError("BLOCK_NOT_FOUND", { why: `no certificate within ${FINALITY_HEADERS_MAX} blocks of ${ref}` });
}

/** Bytes that are no transaction have no id under which anybody could ask. */
function noteRefused({ refused }: SideReadContext, raw: Uint8Array, code: string): void {
  const decoded = decodeSideTransaction(raw);
  if (!decoded.ok) return;
  refused.note(mapSideTransaction(decoded.value).id, { how: "refused", code, atMs: systemClock.nowMs() });
}

export function createSideReads(context: SideReadContext): Reads {
  const { chain } = context;
  return {
    spec: () => ({ canonical: formatChainSpec(chain.rules.spec), hash: bytesToHex(chainSpecHash(chain.rules.spec)) }),
    main: () => {
      throw nodeError("NOT_ON_THIS_CHAIN");
    },
    block: async ({ params }) => {
      const { block } = await storedBlock(context, params.ref);
      return {
        hash: bytesToHex(block.hash),
        height: block.header.height,
        previous: bytesToHex(block.header.parentHash),
        timestampMs: block.header.timestampMs,
        transactions: (await bodyIds(context, block)).map(bytesToHex),
        final: true,
        statusFail: [],
        raw: bytesToHex(encodeSideBlock(block)),
      };
    },
    finality: ({ params }) => finalityReply(context, params.ref),
    transaction: ({ params }) => transactionReply(context, params.id),
    transactionWhy: ({ params }) =>
      transactionWhy({
        id: params.id,
        find: () => transactionReply(context, params.id),
        refused: context.refused.get(params.id),
        errorOf: refusalOf,
        mempool: { transactions: chain.mempool.size, transactionsMax: SIDE_MEMPOOL_TRANSACTIONS_MAX },
      }),
    proof: ({ params }) => proofReply(context, params.id),
    submit: async ({ body }) => {
      const raw = hexToBytes(body.raw);
      const verdict = chain.submit(raw);
      if (!verdict.ok) {
        noteRefused(context, raw, verdict.code);
        throw refusalOf(verdict.code);
      }
      context.refused.forget(verdict.id);
      if (!verdict.known) context.onAccepted(raw, verdict.id);
      return { id: bytesToHex(verdict.id), known: verdict.known };
    },
    outputs: ({ body }) => outputsOf(context, body.programs.map(hexToBytes), body),
    output: ({ params }) => {
      const id = hexToBytes(params.id);
      const utxo = chain.final.utxo(id);
      if (utxo === undefined) throw nodeError("OUTPUT_NOT_FOUND", { why: params.id });
      return outputReply(chain, id, utxo);
    },
    address: ({ params, query }) =>
      outputsOf(context, [programOf(params.address, chain.rules.spec.addressPrefix)], query),
    mempool: ({ query }) => ({ count: chain.mempool.size, items: chain.mempool.ids(query.limit).map(bytesToHex) }),
  };
}
