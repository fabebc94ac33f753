// Definitions and issuance programs of assets, kept from the blocks that issued them: every claim of an asset proves its
// id with them (federation.md section 4, C8). Bounded: the asset that was seen longest ago goes first.

import { assetIdOf } from "@bystack/protocol/asset";
import type { AssetOrigin } from "@bystack/protocol/peg/claim";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bucketKey, bucketRange, type KvStore } from "@bystack/storage/kv";
import { bytesToHex, equalBytes, type Hash, hexToBytes } from "@bystack/utils/bytes";
import { ASSET_ORIGINS_MAX } from "../limits.ts";
import type { SeenOrigin } from "./scan.ts";

const BUCKET = 4;

export class AssetOrigins {
  readonly #store: KvStore;
  /** Ids only, in order of sight; the bytes stay in the store. */
  readonly #known = new Set<string>();

  constructor(store: KvStore) {
    this.#store = store;
  }

  async load(): Promise<void> {
    for await (const { key } of this.#store.iterate(bucketRange(BUCKET))) this.#known.add(bytesToHex(key.subarray(1)));
  }

  has(assetId: Hash): boolean {
    return this.#known.has(bytesToHex(assetId));
  }

  async learn(origin: SeenOrigin): Promise<void> {
    const key = bytesToHex(origin.assetId);
    if (this.#known.has(key)) return;
    const { issuanceVmVersion: vmVersion, issuanceProgram: program, definition } = origin;
    // The main chain has checked this; a node that serves other blocks must not fill the table.
    if (!equalBytes(assetIdOf({ vmVersion, program, definition }), origin.assetId)) return;
    this.#known.add(key);
    const deletes: Uint8Array[] = [];
    const [oldest] = this.#known;
    if (this.#known.size > ASSET_ORIGINS_MAX && oldest !== undefined) {
      this.#known.delete(oldest);
      deletes.push(bucketKey(BUCKET, hexToBytes(oldest)));
    }
    const value = new ByteWriter(256).varint63(vmVersion).varstr(definition).varstr(program).finish();
    await this.#store.batch({ puts: [{ key: bucketKey(BUCKET, origin.assetId), value }], deletes });
  }

  async get(assetId: Hash): Promise<AssetOrigin | undefined> {
    const value = await this.#store.get(bucketKey(BUCKET, assetId));
    if (value === undefined) return undefined;
    const reader = new ByteReader(value);
    const origin = {
      issuanceVmVersion: reader.varint63(),
      definition: reader.varstr(),
      issuanceProgram: reader.varstr(),
    };
    return reader.error === undefined ? origin : undefined;
  }
}
