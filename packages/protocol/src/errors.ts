// The error table of this package: the codes that decoders and parsers of wire data return, with kind and fault.
// Decoding is a hot path and returns codes as values (`DecodeError`); whoever must throw takes `protocolError`.

import { type ErrorEntry, type ErrorTable, errorFactory } from "@bystack/utils/errors";
import type { DecodeError, WireError } from "./wire.ts";

function malformed(message: string): ErrorEntry {
  return {
    kind: "invalid",
    fault: "peer-severe",
    message,
    next: "Send the exact bytes of a serialised transaction or block; nothing was accepted.",
  };
}

const DECODE_ERRORS: Readonly<Record<WireError, ErrorEntry>> = {
  SHORT: malformed("The data ends before the structure does."),
  VARINT_OVERFLOW: malformed("An integer does not fit 64 bits."),
  VARINT31_RANGE: malformed("A length or count is above 2^31 - 1."),
  VARINT63_RANGE: malformed("A number is above its range."),
  LENGTH_RANGE: malformed("A list claims more items than there are bytes."),
  TRAILING: malformed("There are bytes behind the end of the structure."),
  INVALID: malformed("The data has no meaning."),
  FLAGS: malformed("The serialisation flags are not supported."),
  INPUT_TYPE: malformed("An input has an unknown type."),
  OUTPUT_TYPE: malformed("An output has an unknown type."),
  ASSET_VERSION: malformed("An asset version is not 1."),
  VM_VERSION: malformed("A VM version is not 1."),
  ASSET_ID: malformed("An issuance names an asset id that its definition and program do not give."),
  COINBASE_FORM: malformed("A coinbase stands beside another one, or without an output."),
  NOT_CANONICAL: malformed("The encoding is not the canonical one."),
  SIZE_LIMIT: {
    kind: "limit",
    fault: "peer-severe",
    message: "The structure is larger than the chain allows.",
    next: "Split it; the limits are in the chain spec.",
  },
  HEX: malformed("The text is not hexadecimal."),
};

export const PROTOCOL_ERRORS = {
  ...DECODE_ERRORS,
  SPEC_INVALID: {
    kind: "invalid",
    fault: "local",
    message: "The chain spec breaks a rule.",
    next: "Correct the named places; every key is described in the reference of chain specs.",
  },
  ADDRESS_INVALID: {
    kind: "invalid",
    fault: "local",
    message: "The text is no address of this chain.",
    next: "Check the prefix and copy the address again in full.",
  },
} as const satisfies ErrorTable;

export const protocolError = errorFactory(PROTOCOL_ERRORS);

/** One line about a refused encoding, for people. */
export function describeDecodeError(error: DecodeError): string {
  return `${PROTOCOL_ERRORS[error.code].message} (at byte ${error.at})`;
}
