// address.json, asset.json, account.json and network-params.json: addresses, bech32, asset ids and definitions, receivers
// of accounts, and the genesis of each network (spec/bytom.md sections 7, 16, 17, 18, 24). How a wallet numbers its paths
// is the wallet's to check; here a path is given.

import { parseBech32 } from "@bystack/crypto/bech32";
import { deriveXpub, publicKeyOfXpub } from "@bystack/crypto/chainkd";
import { sha3_256 } from "@bystack/crypto/hash";
import { ADDRESS_PREFIX, addressOfProgram, formatAddress, parseAddress } from "@bystack/protocol/address";
import { assetIdOf } from "@bystack/protocol/asset";
import { formatAssetDefinition } from "@bystack/protocol/asset-definition";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { mainBlockHash } from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { mainGenesisBlock } from "@bystack/protocol/main/genesis";
import { INITIAL_SEED } from "@bystack/protocol/pow";
import {
  issuanceProgram,
  multisigScript,
  publicKeyHash,
  publicKeyProgram,
  scriptProgram,
} from "@bystack/protocol/program";
import { MAIN_CHECKPOINTS } from "@bystack/protocol/spec/checkpoints";
import { MAINNET_SPEC, SOLONET_SPEC, TESTNET_SPEC } from "@bystack/protocol/spec/presets";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { type CheckResult, checkCases, type Differences } from "../check.ts";

type AddressCase = {
  readonly name: string;
  readonly op: string;
  readonly network: keyof typeof ADDRESS_PREFIX;
  readonly type?: string;
  readonly address: string;
  readonly canonical?: string;
  readonly hash?: string;
  readonly control_program?: string;
  readonly valid?: boolean;
  readonly string_hex?: string;
  readonly hrp?: string;
  readonly data?: string;
};

function checkEncodedAddress(item: AddressCase, { same }: Differences): void {
  const prefix = ADDRESS_PREFIX[item.network];
  same("address", formatAddress(hexToBytes(item.hash ?? ""), prefix), item.address);
  const address = addressOfProgram(hexToBytes(item.control_program ?? ""), prefix);
  same("of program", [address?.kind, address?.text], [item.type, item.address]);
  const parsed = parseAddress(item.address, prefix);
  same("program", parsed.ok && bytesToHex(parsed.value.program), item.control_program);
}

function checkDecodedAddress(item: AddressCase, { same }: Differences): void {
  const parsed = parseAddress(item.address, ADDRESS_PREFIX[item.network]);
  same("valid", parsed.ok, item.valid);
  if (!parsed.ok) return;
  same("hash", bytesToHex(parsed.value.hash), item.hash);
  same("canonical", parsed.value.text, item.canonical);
}

function checkBech32(item: AddressCase, { same }: Differences): void {
  // One character a byte: the file has bytes that are no UTF-8.
  const text = String.fromCharCode(...hexToBytes(item.string_hex ?? ""));
  const parsed = parseBech32(text);
  same("valid", parsed.ok, item.valid);
  if (parsed.ok) same("parts", [parsed.value.hrp, bytesToHex(parsed.value.words)], [item.hrp, item.data]);
}

export function checkAddresses(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly AddressCase[] };
  return checkCases(
    cases,
    (item) => item.name,
    (item, differences) => {
      if (item.op === "encode") checkEncodedAddress(item, differences);
      if (item.op === "decode") checkDecodedAddress(item, differences);
      if (item.op === "bech32-decode") checkBech32(item, differences);
    },
  );
}

/** Public keys derived from root keys along one path. */
function deriveKeys(rootXpubs: readonly string[], path: readonly string[]): Uint8Array[] {
  return rootXpubs.map((root) => {
    const xpub = deriveXpub(hexToBytes(root), path.map(hexToBytes));
    if (xpub === undefined) throw new Error(`${root} is no extended public key`);
    return publicKeyOfXpub(xpub);
  });
}

type AssetCase = {
  readonly name: string;
  readonly asset_id: string;
  readonly vm_version?: number;
  readonly issuance_program?: string;
  readonly raw_definition?: string;
  readonly definition_hash?: string;
  readonly definition_json?: string;
  readonly derivation_path?: readonly string[];
  readonly root_xpubs?: readonly string[];
  readonly quorum?: number;
  readonly limit_height?: number;
};

export function checkAssets(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly AssetCase[] };
  return checkCases(
    cases,
    (item) => item.name,
    (item, { same }) => {
      if (item.issuance_program === undefined) return same("BTM", bytesToHex(BTM_ASSET_ID), item.asset_id);
      const definition = hexToBytes(item.raw_definition ?? "");
      const program = hexToBytes(item.issuance_program);
      const vmVersion = BigInt(item.vm_version ?? 1);
      same("id", bytesToHex(assetIdOf({ vmVersion, program, definition })), item.asset_id);
      same("definition hash", bytesToHex(sha3_256(definition)), item.definition_hash);
      if (item.definition_json !== undefined) {
        const text = formatAssetDefinition(item.definition_json);
        same("definition", text && bytesToHex(text), item.raw_definition);
      }
      if (item.root_xpubs !== undefined) {
        const keys = deriveKeys(item.root_xpubs, item.derivation_path ?? []);
        const built = issuanceProgram(keys, item.quorum ?? 0, BigInt(item.limit_height ?? 0));
        same("program", bytesToHex(built), item.issuance_program);
      }
    },
  );
}

type Receiver = {
  readonly address: string;
  readonly control_program: string;
  readonly path: readonly string[];
  readonly public_keys: readonly string[];
  readonly pubkey_hash?: string;
  readonly script_hash?: string;
  readonly witness_script?: string;
};

type AccountCase = {
  readonly name: string;
  readonly network: "mainnet" | "wisdom" | "solonet";
  readonly quorum: number;
  readonly root_xpubs: readonly string[];
  readonly addresses: readonly Receiver[];
};

function checkReceiver(item: AccountCase, receiver: Receiver, { same }: Differences): void {
  const keys = deriveKeys(item.root_xpubs, receiver.path);
  same("keys", keys.map(bytesToHex), receiver.public_keys);
  const [only] = keys;
  let program: Uint8Array;
  if (receiver.witness_script === undefined && only !== undefined) {
    same("key hash", bytesToHex(publicKeyHash(only)), receiver.pubkey_hash);
    program = publicKeyProgram(only);
  } else {
    const script = multisigScript(keys, item.quorum);
    same("script", bytesToHex(script), receiver.witness_script);
    same("script hash", bytesToHex(sha3_256(script)), receiver.script_hash);
    program = scriptProgram(script);
  }
  same("program", bytesToHex(program), receiver.control_program);
  same("address", addressOfProgram(program, ADDRESS_PREFIX[item.network])?.text, receiver.address);
}

export function checkAccounts(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly AccountCase[] };
  return checkCases(
    cases,
    (item) => item.name,
    (item, differences) => {
      for (const receiver of item.addresses) checkReceiver(item, receiver, differences);
    },
  );
}

type NetworkCase = {
  readonly name: string;
  readonly bech32_hrp: string;
  readonly btm_asset_id: string;
  readonly genesis_hash: string;
  readonly genesis_tx_id: string;
  readonly genesis_output_id: string;
  readonly initial_seed: string;
  readonly checkpoints: readonly { readonly height: number; readonly hash: string }[];
};

export function checkNetworks(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly NetworkCase[] };
  return checkCases(
    cases,
    (item) => item.name,
    (item, { same }) => {
      const spec = [MAINNET_SPEC, TESTNET_SPEC, SOLONET_SPEC].find((candidate) => candidate.networkId === item.name);
      if (spec === undefined) return same("network", "unknown", item.name);
      const block = mainGenesisBlock(spec);
      const [coinbase] = block.transactions.map(mapMainTransaction);
      same("prefix", spec.addressPrefix, item.bech32_hrp);
      same("BTM", bytesToHex(BTM_ASSET_ID), item.btm_asset_id);
      same("seed", bytesToHex(INITIAL_SEED), item.initial_seed);
      same("hash", bytesToHex(mainBlockHash(block.header)), item.genesis_hash);
      same("transaction", coinbase && bytesToHex(coinbase.id), item.genesis_tx_id);
      same("output", coinbase?.resultIds.map(bytesToHex), [item.genesis_output_id]);
      const checkpoints = (MAIN_CHECKPOINTS[spec.networkId] ?? []).map(({ height, hash }) => [
        height,
        bytesToHex(hash),
      ]);
      same(
        "checkpoints",
        checkpoints,
        item.checkpoints.map(({ height, hash }) => [height, hash]),
      );
    },
  );
}
