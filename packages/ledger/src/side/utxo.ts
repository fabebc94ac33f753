// The set of unspent outputs of a side chain (sidechain.md section 4) and its element in the state root (bbft.md
// section 3). The final part may live in a table of the caller's (`UtxoBase`); changes above it are layers.

import type { SpendCommitment } from "@bystack/protocol/side/transaction";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bytesToHex, type Hash, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import type { MapBase } from "./layered.ts";
import { createHashedMap, type HashedMap } from "./multiset.ts";

/** Kinds as Vapor numbers them; 2 (cross-chain) is never stored. */
export const UTXO_KIND = { normal: 0, coinbase: 1, vote: 3 } as const;
export type UtxoKind = (typeof UTXO_KIND)[keyof typeof UTXO_KIND];

export type SideUtxo = {
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly program: Uint8Array;
  readonly kind: UtxoKind;
  /** Empty but for votes. */
  readonly vote: Uint8Array;
  readonly createdHeight: number;
  /** Where it came from: what an input that spends it has to name. */
  readonly sourceId: Hash;
  readonly sourcePosition: number;
};

/** A table of final outputs, keyed by 32-byte output ids. */
export type UtxoBase = {
  get(outputId: Hash): SideUtxo | undefined;
  set(outputId: Hash, utxo: SideUtxo): void;
  delete(outputId: Hash): void;
  entries(): Iterable<[Hash, SideUtxo]>;
};

export type UtxoSet = HashedMap<SideUtxo>;

const ELEMENT_TAG = utf8ToBytes("bystack/utxo/1");

/** The element of the multiset hash. Source and position are inside the output id already. */
export function encodeUtxoElement(outputId: Hash, utxo: SideUtxo): Uint8Array {
  const writer = new ByteWriter(192).raw(ELEMENT_TAG).raw(outputId).raw(utxo.assetId).u64le(utxo.amount);
  writer.byte(utxo.kind).u64le(BigInt(utxo.createdHeight));
  return writer.varstr(utxo.program).varstr(utxo.vote).finish();
}

function adapt(base: UtxoBase): MapBase<SideUtxo> {
  return {
    get: (key) => base.get(hexToBytes(key)),
    set: (key, value) => base.set(hexToBytes(key), value),
    delete: (key) => base.delete(hexToBytes(key)),
    *entries() {
      for (const [id, utxo] of base.entries()) yield [bytesToHex(id), utxo] as [string, SideUtxo];
    },
  };
}

/** An empty set; with a base, its final part lives there. */
export function createUtxoSet(base?: UtxoBase): UtxoSet {
  const encode = (key: string, utxo: SideUtxo): Uint8Array => encodeUtxoElement(hexToBytes(key), utxo);
  return createHashedMap(encode, base === undefined ? undefined : adapt(base));
}

/** Bytes of an output for tables and snapshots. */
export function encodeUtxo(utxo: SideUtxo): Uint8Array {
  const writer = new ByteWriter(160).raw(utxo.assetId).varint63(utxo.amount).byte(utxo.kind);
  writer.varint63(BigInt(utxo.createdHeight)).raw(utxo.sourceId).varint31(utxo.sourcePosition);
  return writer.varstr(utxo.program).varstr(utxo.vote).finish();
}

/** Undefined for anything that {@link encodeUtxo} does not write. */
export function decodeUtxo(bytes: Uint8Array): SideUtxo | undefined {
  const reader = new ByteReader(bytes);
  const assetId = reader.hash();
  const amount = reader.varint63();
  const code = reader.byte();
  const kind = Object.values(UTXO_KIND).find((known) => known === code);
  const createdHeight = reader.varint53();
  const sourceId = reader.hash();
  const sourcePosition = reader.varint31();
  const program = reader.varstr();
  const vote = reader.varstr();
  reader.finish();
  if (reader.error !== undefined || kind === undefined) return undefined;
  return { assetId, amount, program, kind, vote, createdHeight, sourceId, sourcePosition };
}

/** The commitment with which an input spends this output. */
export function spendCommitmentOf(utxo: SideUtxo): SpendCommitment {
  const { sourceId, assetId, amount, program } = utxo;
  return { sourceId, assetId, amount, sourcePosition: BigInt(utxo.sourcePosition), program };
}
