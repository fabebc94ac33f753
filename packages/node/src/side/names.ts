// What validators are called on one node: by the chain spec, else by the node's own options, else by the beginning of the
// vote key. A registration carries no name: nobody can take the name of another.

import type { SideChainSpec } from "@bystack/protocol/spec";
import { bytesToHex } from "@bystack/utils/bytes";
import type { SideNodeOptions } from "../options.ts";

/** Hexadecimal digits that stand for a key without a name. */
export const SHORT_KEY_DIGITS = 8;

/** Names vote keys. */
export type NameOf = (voteKey: Uint8Array) => string;

export function createNames(parts: {
  readonly spec: SideChainSpec;
  readonly options: SideNodeOptions;
  /** The node's own vote key. */
  readonly voteKey: Uint8Array;
}): NameOf {
  const { spec, options, voteKey } = parts;
  const names = new Map([[bytesToHex(voteKey), options.id]]);
  for (const peer of options.peers) if (peer.voteKey !== undefined) names.set(bytesToHex(peer.voteKey), peer.id);
  // What the chain itself says comes last and wins.
  for (const validator of spec.committee) names.set(bytesToHex(validator.voteKey), validator.id);
  return (key) => {
    const text = bytesToHex(key);
    return names.get(text) ?? text.slice(0, SHORT_KEY_DIGITS);
  };
}
