// blocks.json, headers.json, malformed-block.json: codec, hash and Merkle roots of main-chain blocks (spec/bytom.md
// section 4), and the work of their bits.

import {
  decodeMainBlock,
  decodeMainHeader,
  encodeMainBlock,
  encodeMainHeader,
  type MainHeader,
  mainBlockHash,
  mainHeaderBody,
  statusRoot,
  transactionsRoot,
} from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { workOfBits } from "@bystack/protocol/pow";
import { bytesToHex, hexToBytes, tryHexToBytes } from "@bystack/utils/bytes";
import { type CheckResult, checkCases, type Differences } from "../check.ts";

type HeaderFields = {
  readonly name: string;
  readonly version: string;
  readonly height: string;
  readonly previous_block_hash: string;
  readonly timestamp: string;
  readonly transactions_merkle_root: string;
  readonly transaction_status_hash: string;
  readonly nonce: string;
  readonly bits: string;
  readonly hash: string;
  readonly hash_preimage_body: string;
  readonly header_raw: string;
  readonly work: string;
};

type BlockCase = HeaderFields & {
  readonly raw: string;
  readonly tx_ids: readonly string[];
  readonly status_fail?: readonly boolean[];
  readonly computed_tx_merkle_root: string;
  readonly computed_status_merkle_root?: string;
};

function checkHeader(header: MainHeader, item: HeaderFields, { same }: Differences): void {
  const { version, height, timestamp, nonce, bits } = header;
  same(
    "numbers",
    [version, height, timestamp, nonce, bits],
    [item.version, item.height, item.timestamp, item.nonce, item.bits],
  );
  same("previous", bytesToHex(header.previousHash), item.previous_block_hash);
  same("transactions root", bytesToHex(header.transactionsRoot), item.transactions_merkle_root);
  same("status root", bytesToHex(header.statusRoot), item.transaction_status_hash);
  same("body", bytesToHex(mainHeaderBody(header)), item.hash_preimage_body);
  same("hash", bytesToHex(mainBlockHash(header)), item.hash);
  same("header", bytesToHex(encodeMainHeader(header)), item.header_raw);
  same("work", workOfBits(bits), item.work);
}

export function checkBlocks(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly BlockCase[] };
  return checkCases(
    cases,
    (item) => item.name,
    (item, differences) => {
      const { same } = differences;
      const decoded = decodeMainBlock(hexToBytes(item.raw));
      if (!decoded.ok) return same("decoded", decoded.error, "a block");
      const { header, transactions } = decoded.value;
      checkHeader(header, item, differences);
      const ids = transactions.map((transaction) => mapMainTransaction(transaction).id);
      same("ids", ids.map(bytesToHex), item.tx_ids);
      same("encoded", bytesToHex(encodeMainBlock(decoded.value)), item.raw);
      same("computed transactions root", bytesToHex(transactionsRoot(ids)), item.computed_tx_merkle_root);
      if (item.computed_status_merkle_root !== undefined) {
        const root = statusRoot(item.status_fail ?? ids.map(() => false));
        same("computed status root", bytesToHex(root), item.computed_status_merkle_root);
      }
    },
  );
}

export function checkHeaders(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly (HeaderFields & { readonly hex: string; readonly accept: boolean })[] };
  return checkCases(
    cases,
    (item) => item.name,
    (item, differences) => {
      const bytes = tryHexToBytes(item.hex);
      const decoded = bytes && decodeMainHeader(bytes);
      differences.same("accepted", decoded?.ok ?? false, item.accept);
      if (decoded?.ok) checkHeader(decoded.value, item, differences);
    },
  );
}

type MalformedBlockCase = {
  readonly name: string;
  readonly hex: string;
  readonly accept: boolean;
  readonly hash?: string;
  readonly tx_count?: number;
};

export function checkMalformedBlocks(file: unknown): CheckResult[] {
  const { cases } = file as { cases: readonly MalformedBlockCase[] };
  return checkCases(
    cases,
    (item) => item.name,
    (item, { same }) => {
      const bytes = tryHexToBytes(item.hex);
      const decoded = bytes && decodeMainBlock(bytes);
      same("accepted", decoded?.ok ?? false, item.accept);
      if (!decoded?.ok) return;
      same("hash", bytesToHex(mainBlockHash(decoded.value.header)), item.hash);
      same("transactions", decoded.value.transactions.length, item.tx_count);
    },
  );
}
