// Asset ids and the text of asset definitions (spec/bytom.md section 17). An asset id commits to who may issue it (the
// issuance program) and to what it says about itself (the definition bytes).

import { sha3_256 } from "@bystack/crypto/hash";
import type { Hash } from "@bystack/utils/bytes";
import { ByteWriter } from "./wire.ts";

/** Asset id = H(u64le vm version | varstr program | H(definition)). */
export function assetIdOf(issuance: {
  readonly vmVersion: bigint;
  readonly program: Uint8Array;
  readonly definition: Uint8Array;
}): Hash {
  const writer = new ByteWriter(issuance.program.length + 48);
  writer.u64le(issuance.vmVersion).varstr(issuance.program).raw(sha3_256(issuance.definition));
  return sha3_256(writer.finish());
}
