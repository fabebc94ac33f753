// A wallet in a folder: one root key, accounts, issued assets, and which coins are promised to a transaction on its way.
// The folder is held under an exclusive lock while it is open, so no two commands spend one coin; a coin is reserved
// durably before the transaction that spends it leaves.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { publicKeyOfXpub, rootXprv, signWithXprv, type Xprv, type Xpub, xpubOfXprv } from "@bystack/crypto/chainkd";
import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";
import { assertInvariant, BystackError } from "@bystack/utils/errors";
import {
  type AccountProgram,
  addAccount,
  assetKeysOf,
  candidateKeyPath,
  EMPTY_WALLET,
  findAccount,
  type IssuedAsset,
  issuedAssetOf,
  programAt,
  programsOf,
  type WalletData,
  xprvAt,
} from "./accounts.ts";
import { BTM_DECIMALS, formatAmount } from "./amounts.ts";
import { type Built, buildTransaction, type ChainAdapter, type Issue, type Payment } from "./build/build.ts";
import type { Coin } from "./coins.ts";
import { walletError } from "./errors.ts";
import { writeFileDurably } from "./files.ts";
import { createKeyFile, openKeyFile, unlockSecretOfFolder } from "./key-store.ts";
import { signInputs } from "./sign.ts";

/** A coin as a node reports it: not before `spendableFrom` may a block spend it. */
export type ReportedCoin = Coin & { readonly spendableFrom: number };

/** How a wallet reaches a chain (architecture.md section 4). Drivers: HTTP in `cli`, in-process in tests. */
export type NodeClient = {
  /** Height of the newest block. */
  tipHeight(): Promise<number>;
  coinsOf(programs: readonly Uint8Array[]): Promise<ReportedCoin[]>;
  submit(raw: Uint8Array): Promise<void>;
};

/** A coin stays promised for this long when its transaction is in no block; then it may be spent again. */
export const RESERVATION_MS = 10 * 60_000;

export type AssetBalance = { readonly assetId: Hash; readonly spendable: bigint; readonly waiting: bigint };

export type Sent = { readonly id: Hash; readonly raw: Uint8Array; readonly feeNeu: bigint };

const KEY_FILE = "root.json";
const DATA_FILE = "wallet.json";

export class Wallet {
  readonly #folder: string;
  readonly #root: Xprv;
  readonly #xpub: Xpub;
  readonly #nowMs: () => number;
  #data: WalletData;

  private constructor(options: { folder: string; root: Xprv; data: WalletData; nowMs: () => number }) {
    this.#folder = options.folder;
    this.#root = options.root;
    this.#xpub = xpubOfXprv(options.root);
    this.#data = options.data;
    this.#nowMs = options.nowMs;
  }

  /** Opens the wallet of a folder and makes it on first use. The caller holds the folder's lock (`folder.ts`). */
  static open(folder: string, nowMs: () => number): Wallet {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const unlock = unlockSecretOfFolder(folder);
    const keyFile = join(folder, KEY_FILE);
    const seed = existsSync(keyFile) ? openKeyFile(keyFile, unlock) : createKeyFile(keyFile, unlock);
    const dataFile = join(folder, DATA_FILE);
    const data = existsSync(dataFile) ? (JSON.parse(readFileSync(dataFile, "utf8")) as WalletData) : EMPTY_WALLET;
    return new Wallet({ folder, root: rootXprv(seed), data, nowMs });
  }

  get data(): WalletData {
    return this.#data;
  }

  #save(data: WalletData): void {
    writeFileDurably(join(this.#folder, DATA_FILE), `${JSON.stringify(data, null, 2)}\n`);
    this.#data = data;
  }

  /** Makes the account unless it is there. */
  ensureAccount(name: string): void {
    if (!this.#data.accounts.some((account) => account.name === name)) this.#save(addAccount(this.#data, name));
  }

  programs(name: string): AccountProgram[] {
    return programsOf(this.#xpub, findAccount(this.#data, name));
  }

  /** The newest receiving program of an account. */
  receiveProgram(name: string): AccountProgram {
    const account = findAccount(this.#data, name);
    return programAt(this.#xpub, account.index, false, account.receiveCount);
  }

  /** Hands out a receiving program that was not used before. */
  nextReceiveProgram(name: string): AccountProgram {
    const account = findAccount(this.#data, name);
    const grown = { ...account, receiveCount: account.receiveCount + 1 };
    this.#save({ ...this.#data, accounts: this.#data.accounts.map((entry) => (entry.name === name ? grown : entry)) });
    return programAt(this.#xpub, grown.index, false, grown.receiveCount);
  }

  /** Makes the keys of an asset unless they are there; nothing is issued yet, but the id is fixed from now on. */
  ensureAsset(name: string, options: { issuer: string; decimals: number }): IssuedAsset {
    const known = this.#data.assets.find((asset) => asset.name === name);
    if (known !== undefined) return known;
    findAccount(this.#data, options.issuer);
    const keyIndex = this.#data.assets.length + 1;
    const { issuer, decimals } = options;
    const asset = issuedAssetOf(this.#xpub, { name, decimals, issuer, keyIndex });
    this.#save({ ...this.#data, assets: [...this.#data.assets, asset] });
    return asset;
  }

  /** The key with which an account stands for election with a vote key, as votes name it: public key and chain code. */
  candidateKey(name: string, voteKey: Uint8Array): Xpub {
    return xpubOfXprv(this.#candidateXprv(name, voteKey));
  }

  /** Signs for a candidate of the account; the caller builds the message, which names chain and transaction. */
  signAsCandidate(name: string, voteKey: Uint8Array, message: Uint8Array): Uint8Array {
    const xprv = this.#candidateXprv(name, voteKey);
    const signature = signWithXprv(xprv, message);
    const publicKey = publicKeyOfXpub(xpubOfXprv(xprv));
    assertInvariant(verifyEd25519({ publicKey, message, signature }, "strict-s"), "a fresh signature verifies");
    return signature;
  }

  #candidateXprv(name: string, voteKey: Uint8Array): Xprv {
    return xprvAt(this.#root, candidateKeyPath(findAccount(this.#data, name).index, voteKey));
  }

  /** An issuance of an own asset, with a fresh nonce. */
  issueOf(name: string, amount: bigint): Issue {
    const asset = this.#data.assets.find((candidate) => candidate.name === name);
    if (asset === undefined) throw walletError("ASSET_NOT_FOUND", { why: name });
    const keys = assetKeysOf(this.#xpub, asset.keyIndex, hexToBytes(asset.definition));
    return { assetId: keys.id, amount, nonce: randomBytes(8), definition: keys.definition, program: keys.program };
  }

  async #reported(account: string, client: NodeClient): Promise<{ coins: ReportedCoin[]; tip: number }> {
    const programs = this.programs(account).map((entry) => entry.program);
    const [coins, tip] = await Promise.all([client.coinsOf(programs), client.tipHeight()]);
    return { coins, tip };
  }

  /** Coins that may be spent now, and the others; told apart by the reservations of this very moment. */
  #divide({ coins, tip }: { coins: readonly ReportedCoin[]; tip: number }): { free: Coin[]; waiting: Coin[] } {
    const now = this.#nowMs();
    const isFree = (coin: ReportedCoin): boolean =>
      coin.spendableFrom <= tip + 1 && (this.#data.reservations[bytesToHex(coin.id)]?.untilMs ?? 0) <= now;
    return { free: coins.filter(isFree), waiting: coins.filter((coin) => !isFree(coin)) };
  }

  /** What the account holds on a chain; `waiting`: immature, or promised to a transaction on its way. */
  async balance(account: string, client: NodeClient): Promise<AssetBalance[]> {
    const { free, waiting } = this.#divide(await this.#reported(account, client));
    const balances = new Map<string, { spendable: bigint; waiting: bigint }>();
    const at = (coin: Coin): { spendable: bigint; waiting: bigint } => {
      const key = bytesToHex(coin.assetId);
      const entry = balances.get(key) ?? { spendable: 0n, waiting: 0n };
      balances.set(key, entry);
      return entry;
    };
    for (const coin of free) at(coin).spendable += coin.amount;
    for (const coin of waiting) at(coin).waiting += coin.amount;
    return [...balances].map(([key, entry]) => ({ assetId: hexToBytes(key), ...entry }));
  }

  /**
   * Builds, signs, reserves and submits one transaction of an account.
   * @throws BystackError of the wallet, or what the node or `authorise` answered
   */
  async send<Draft>(request: {
    account: string;
    client: NodeClient;
    adapter: ChainAdapter<Draft>;
    payments: readonly Payment[];
    issues?: readonly Issue[];
    /** BTM that the adapter's own inputs bring beside the coins. */
    creditNeu?: bigint;
    /** Nothing is sent that costs more. */
    feeMaxNeu?: bigint;
    /** The arguments of a first input that is no coin, made from the transaction without them and from its id. */
    authorise?: (unsigned: { readonly raw: Uint8Array; readonly id: Hash }) => Promise<Uint8Array[]>;
  }): Promise<Sent> {
    const reported = await this.#reported(request.account, request.client);
    // From here to the reservation nothing waits: of two sends at once the second one sees what the first has taken.
    const { free } = this.#divide(reported);
    const account = findAccount(this.#data, request.account);
    const changeProgram = programAt(this.#xpub, account.index, true, account.changeCount).program;
    const built = buildTransaction(
      {
        coins: free,
        payments: request.payments,
        issues: request.issues ?? [],
        creditNeu: request.creditNeu ?? 0n,
        changeProgram,
      },
      request.adapter,
    );
    const { feeMaxNeu } = request;
    if (feeMaxNeu !== undefined && built.feeNeu > feeMaxNeu)
      throw walletError("FEE_ABOVE_MAX", {
        why: `fee ${formatAmount(built.feeNeu, BTM_DECIMALS)} BTM, at most ${formatAmount(feeMaxNeu, BTM_DECIMALS)} BTM`,
      });
    const witnesses = signInputs(request.adapter.inputsToSign(built.draft), {
      root: this.#root,
      programs: this.programs(request.account),
      assets: this.#data.assets,
    });
    const unsigned = request.adapter.finish(built.draft, witnesses);
    const { id } = unsigned;
    this.#reserve(built.spent, bytesToHex(id));
    const raw = request.authorise === undefined ? unsigned.raw : await this.#authorised(request, built, witnesses);
    try {
      await request.client.submit(raw);
    } catch (error) {
      // Only a refusal says that the transaction is nowhere. After silence it may be on its way: the coins stay promised.
      if (error instanceof BystackError && (error.kind === "invalid" || error.kind === "limit"))
        this.#release(built.spent);
      throw error;
    }
    return { id, raw, feeNeu: built.feeNeu };
  }

  /** The transaction with the arguments of its first input. Nothing has left before: a failure frees the coins. */
  async #authorised<Draft>(
    { adapter, authorise }: Pick<Parameters<Wallet["send"]>[0], "authorise"> & { adapter: ChainAdapter<Draft> },
    { draft, spent }: Built<Draft>,
    witnesses: Map<number, Uint8Array[]>,
  ): Promise<Uint8Array> {
    try {
      const first = await authorise?.(adapter.finish(draft, witnesses));
      if (first !== undefined) witnesses.set(0, first);
      return adapter.finish(draft, witnesses).raw;
    } catch (error) {
      this.#release(spent);
      throw error;
    }
  }

  #reserve(coins: readonly Coin[], transaction: string): void {
    const now = this.#nowMs();
    const living = Object.entries(this.#data.reservations).filter(([, entry]) => entry.untilMs > now);
    const added = coins.map((coin) => [bytesToHex(coin.id), { untilMs: now + RESERVATION_MS, transaction }] as const);
    this.#save({ ...this.#data, reservations: Object.fromEntries([...living, ...added]) });
  }

  #release(coins: readonly Coin[]): void {
    const released = new Set(coins.map((coin) => bytesToHex(coin.id)));
    const rest = Object.entries(this.#data.reservations).filter(([id]) => !released.has(id));
    this.#save({ ...this.#data, reservations: Object.fromEntries(rest) });
  }
}
