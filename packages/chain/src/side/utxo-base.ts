// The final outputs of a side chain in the typed-array table: what makes a million of them cost megabytes, not objects.

import { decodeUtxo, encodeUtxo, type SideUtxo, type UtxoBase } from "@bystack/ledger/side/utxo";
import type { UtxoTable } from "@bystack/storage/utxo-table";
import type { Hash } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";

/** Entries looked at in one step of a scan. */
const SCAN_ENTRIES = 1024;

export function createUtxoBase(table: UtxoTable): UtxoBase {
  const decode = (bytes: Uint8Array): SideUtxo => {
    // The table gives a view of its arena; the decoded value must outlive the next change.
    const utxo = decodeUtxo(Uint8Array.from(bytes));
    assertInvariant(utxo !== undefined, "the table holds what we encoded");
    return utxo;
  };
  return {
    get: (outputId: Hash) => {
      const bytes = table.get(outputId);
      return bytes === undefined ? undefined : decode(bytes);
    },
    set: (outputId, utxo) => {
      const bytes = encodeUtxo(utxo);
      let verdict = table.insert(outputId, bytes);
      if (verdict === "exists") {
        table.delete(outputId);
        verdict = table.insert(outputId, bytes);
      }
      // A full table must not lose an output silently: the state root would not notice before the next restart.
      assertInvariant(verdict === "inserted", "there is room for every final output");
    },
    delete: (outputId) => {
      table.delete(outputId);
    },
    *entries() {
      let cursor: number | undefined = 0;
      while (cursor !== undefined) {
        const found: [Hash, SideUtxo][] = [];
        cursor = table.scan(cursor, SCAN_ENTRIES, (id, bytes) => {
          found.push([Uint8Array.from(id), decode(bytes)]);
        });
        yield* found;
      }
    },
  };
}
