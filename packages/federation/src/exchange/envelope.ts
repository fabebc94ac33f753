// Envelopes between members (federation.md section 8): "BYF/1" | chainId | epoch v63 | from u8 | seq v63 | type u8 |
// varstr body | Ed25519 signature of the sender's identity key over all bytes before it. One encoding for each; decoding
// treats the bytes as hostile. What is signed is never 32 bytes long, so it can authorise no vault input.

import { type Ed25519Signer, verifyEd25519 } from "@bystack/crypto/ed25519";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { concatBytes, equalBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import { ENVELOPE_BYTES_MAX } from "../limits.ts";

const MAGIC = utf8ToBytes("BYF/1");
const SIGNATURE_BYTES = 64;

/** Type numbers on the wire; 5 (BEAT) and those of threshold signing come with the features that need them. */
export const MESSAGE_TYPE = { status: 1, sigs: 2, want: 3, governance: 4 } as const;

export type EnvelopeHead = { readonly chainId: Hash; readonly epoch: number; readonly from: number };

export type Envelope = EnvelopeHead & {
  readonly sequence: bigint;
  readonly type: number;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
};

export type EnvelopeFault = "SIZE" | "FORM" | "CHAIN" | "MEMBER" | "SIGNATURE";

/** Signs and encodes. @throws RangeError when the envelope would be too large: a programmer's mistake. */
export function encodeEnvelope(
  content: EnvelopeHead & { readonly sequence: bigint; readonly type: number; readonly body: Uint8Array },
  identity: Ed25519Signer,
): Uint8Array {
  const writer = new ByteWriter(content.body.length + 160).raw(MAGIC).raw(content.chainId);
  writer.varint63(BigInt(content.epoch)).byte(content.from).varint63(content.sequence);
  const signed = writer.byte(content.type).varstr(content.body).finish();
  const envelope = concatBytes(signed, identity.sign(signed));
  if (envelope.length > ENVELOPE_BYTES_MAX) throw new RangeError(`envelope of ${envelope.length} bytes`);
  return envelope;
}

function readEnvelope(bytes: Uint8Array): Result<Envelope, EnvelopeFault> {
  if (bytes.length > ENVELOPE_BYTES_MAX) return err("SIZE");
  const reader = new ByteReader(bytes);
  if (!equalBytes(reader.take(MAGIC.length), MAGIC)) return err("FORM");
  const chainId = reader.hash();
  const epoch = reader.varint53();
  const from = reader.byte();
  const sequence = reader.varint63();
  const type = reader.byte();
  const body = reader.varstr();
  const signature = reader.take(SIGNATURE_BYTES);
  reader.finish();
  if (reader.error !== undefined) return err("FORM");
  return ok({ chainId, epoch, from, sequence, type, body, signature });
}

/**
 * Decodes an envelope and verifies that a member of this federation signed it. Integers in a longer form than needed are
 * FORM: the signature covers the bytes, so there is one envelope for one content.
 */
export function openEnvelope(
  bytes: Uint8Array,
  context: { readonly chainId: Hash; readonly identityKeys: readonly Uint8Array[] },
): Result<Envelope, EnvelopeFault> {
  const read = readEnvelope(bytes);
  if (!read.ok) return read;
  const envelope = read.value;
  if (!equalBytes(envelope.chainId, context.chainId)) return err("CHAIN");
  const publicKey = context.identityKeys[envelope.from];
  if (publicKey === undefined) return err("MEMBER");
  const message = bytes.subarray(0, bytes.length - SIGNATURE_BYTES);
  return verifyEd25519({ publicKey, message, signature: envelope.signature }, "strict-s") ? read : err("SIGNATURE");
}
