// Assets are named by their id, 64 hexadecimal digits, or BTM, the coin of the main chain that pays fees on every chain.

import { BTM_ASSET_ID as BTM_ID } from "@bystack/protocol/entry";
import { bytesToHex, type Hash, tryHexToBytes } from "@bystack/utils/bytes";
import { walletError } from "@bystack/wallet/errors";

/** The id of BTM on every chain. */
export const BTM_ASSET_ID: string = bytesToHex(BTM_ID);

/** @throws BystackError ASSET_NOT_FOUND */
export function assetIdOf(text: string): Hash {
  if (text.toUpperCase() === "BTM") return BTM_ID;
  const id = tryHexToBytes(text);
  if (id?.length !== 32) throw walletError("ASSET_NOT_FOUND", { why: text });
  return id;
}
