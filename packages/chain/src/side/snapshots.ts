// Snapshots of a side chain's final state as chunks of a snapshot file, and back. A restart takes the newest good one and
// replays only the blocks behind it; the state root is computed again either way.

import type { SideRules } from "@bystack/ledger/side/rules";
import { createStateImporter, exportState, type SnapshotEntry } from "@bystack/ledger/side/snapshot";
import type { SideState } from "@bystack/ledger/side/state";
import type { UtxoBase } from "@bystack/ledger/side/utxo";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";

/** Entries are packed into chunks of about this size. */
const CHUNK_BYTES = 1 << 20;

/** The state as chunks; all of them are made before anything else changes the state. */
export function encodeStateChunks(state: SideState): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let writer = new ByteWriter(CHUNK_BYTES);
  for (const entry of exportState(state)) {
    writer.byte(entry.type).varstr(entry.key).varstr(entry.value);
    if (writer.length < CHUNK_BYTES) continue;
    chunks.push(writer.finish());
    writer = new ByteWriter(CHUNK_BYTES);
  }
  if (writer.length > 0) chunks.push(writer.finish());
  return chunks;
}

function* decodeChunk(chunk: Uint8Array): Generator<SnapshotEntry> {
  const reader = new ByteReader(chunk);
  while (reader.remaining > 0 && reader.error === undefined) {
    const entry = { type: reader.byte(), key: reader.varstr(), value: reader.varstr() };
    if (reader.error === undefined) yield entry;
  }
}

/**
 * Rebuilds a state; undefined when the chunks are not a whole state. The caller compares its root. While the next
 * chunk comes from the disk other work gets its turn; the outputs of one take about 0.15 s.
 */
export async function decodeStateChunks(options: {
  rules: SideRules;
  chunks: AsyncIterable<Uint8Array>;
  utxoBase: UtxoBase | undefined;
}): Promise<SideState | undefined> {
  const importer = createStateImporter(options.rules, options.utxoBase);
  for await (const chunk of options.chunks) {
    for (const entry of decodeChunk(chunk)) if (!importer.add(entry)) return undefined;
    importer.settleOutputs();
  }
  const result = importer.finish();
  return result.ok ? result.state : undefined;
}
