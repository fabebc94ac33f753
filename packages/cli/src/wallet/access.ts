// Opening the network's wallet: under the folder's exclusive lock, for as long as one command needs it.

import type { NetworkLayout } from "@bystack/platform/network/layout";
import { openDataFolder } from "@bystack/storage/data-folder";
import { Wallet } from "@bystack/wallet/wallet";

const WALLET_FORMAT = 1;

/** @throws FOLDER_IN_USE when another command has the wallet */
export async function withWallet<T>(layout: NetworkLayout, use: (wallet: Wallet) => Promise<T>): Promise<T> {
  const folder = await openDataFolder({ path: layout.wallet, kind: "wallet", version: WALLET_FORMAT });
  try {
    return await use(Wallet.open(layout.wallet, Date.now));
  } finally {
    folder.release();
  }
}
