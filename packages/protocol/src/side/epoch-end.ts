// The bytes of an epoch's end: last header, FINALIZE certificate, and the vote keys of the next committee. A row of them leads
// a light client, or a node that begins with a snapshot, from the first committee to the present one (light-client.ts).

import { type ByteReader, ByteWriter } from "../wire.ts";
import { COMMITTEE_SIZE_MAX, readCertificate, writeCertificate } from "./certificate.ts";
import { encodeSideHeader, readSideHeader } from "./header.ts";
import type { EpochEnd } from "./light-client.ts";

/** The part that is known when the last block is executed: `header | count v31, (varstr vote key)*`. */
export function encodeEpochEndHead({ header, nextKeys }: Omit<EpochEnd, "certificate">): Uint8Array {
  return new ByteWriter(2048).raw(encodeSideHeader(header)).varstrList(nextKeys).finish();
}

/** `end := head | certificate` */
export function writeEpochEnd(writer: ByteWriter, end: EpochEnd): void {
  writer.raw(encodeEpochEndHead(end));
  writeCertificate(writer, end.certificate);
}

/** Reads one; more keys than a committee has set the reader's error. */
export function readEpochEnd(reader: ByteReader): EpochEnd {
  const header = readSideHeader(reader);
  const nextKeys = reader.varstrList();
  if (nextKeys.length > COMMITTEE_SIZE_MAX) reader.fail("LENGTH_RANGE");
  const certificate = readCertificate(reader);
  return { header, certificate, nextKeys };
}
