// What a side chain must refuse, sent as bytes to a node that is running (the same cases are put into blocks by a hostile
// leader in the simulator). Each case names the codes it may be answered with; acceptance of any of them fails the proof.

import { sha3_256 } from "@bystack/crypto/hash";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { decodeMainBlock } from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import {
  type AssetOrigin,
  assembleClaim,
  type ClaimedOutput,
  type ClaimProof,
  createClaimProof,
} from "@bystack/protocol/peg/claim";
import { createSideTransaction, decodeSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex, equalBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { assertInvariant, BystackError } from "@bystack/utils/errors";
import type { SideNode } from "./clients.ts";

export type Refusal = {
  readonly name: string;
  readonly expected: readonly string[];
  /** The code of the answer; `accepted` is the failure. */
  readonly code: string;
  readonly ok: boolean;
};

export type RefusalCase = { readonly name: string; readonly raw: Uint8Array; readonly expected: readonly string[] };

/** A real deposit with all that its claim is made of. */
export type RealClaim = {
  readonly output: ClaimedOutput;
  readonly proof: ClaimProof;
  readonly recipient: Uint8Array;
  readonly origin: AssetOrigin;
};

/** Rebuilds the claim of a deposit from its main-chain block. */
export function realClaimOf(options: {
  blockRaw: Uint8Array;
  statusFail: readonly boolean[];
  transactionId: Hash;
  position: number;
  recipient: Uint8Array;
  origin: AssetOrigin;
}): RealClaim {
  const block = decodeMainBlock(options.blockRaw);
  assertInvariant(block.ok, "a node's own block decodes");
  const transactionIndex = block.value.transactions.findIndex((transaction) =>
    equalBytes(mapMainTransaction(transaction).id, options.transactionId),
  );
  const { output, proof } = createClaimProof({
    block: block.value,
    statusFail: options.statusFail,
    transactionIndex,
    position: options.position,
    vaultEpoch: 1n,
  });
  return { output, proof, recipient: options.recipient, origin: options.origin };
}

/** Any rule of a claim; which one fires first depends on the field that was changed. */
const CLAIM_CODES = [
  "CLAIM_FORM",
  "CLAIM_HEADER",
  "CLAIM_DEPTH",
  "CLAIM_OUTPUT",
  "CLAIM_PATH",
  "CLAIM_COINBASE",
  "CLAIM_STATUS",
  "CLAIM_PROGRAM",
  "CLAIM_EPOCH",
  "CLAIM_ASSET",
  "CLAIM_NOT_LISTED",
  "CLAIM_COLLECTOR",
  "TX_DECODE",
];

function flipped(bytes: Uint8Array, at = 0): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function flippedFirst(hashes: readonly Hash[]): Hash[] {
  return hashes.map((hash, index) => (index === 0 ? flipped(hash) : hash));
}

type Changed = { readonly name: string; readonly claim: RealClaim };

function changedOutputs(claim: RealClaim): Changed[] {
  const { output } = claim;
  const change = (name: string, part: Partial<ClaimedOutput>): Changed => ({
    name: `proof with another ${name}`,
    claim: { ...claim, output: { ...output, ...part } },
  });
  return [
    change("mux id", { muxId: flipped(output.muxId) }),
    change("asset", { assetId: flipped(output.assetId) }),
    change("amount", { amount: output.amount + 1n }),
    change("position", { position: output.position + 1n }),
    change("program", { program: flipped(output.program, output.program.length - 1) }),
  ];
}

function changedProofs(claim: RealClaim): Changed[] {
  const { proof } = claim;
  const change = (name: string, part: Partial<ClaimProof>): Changed => ({
    name: `proof with another ${name}`,
    claim: { ...claim, proof: { ...proof, ...part } },
  });
  const { paths } = proof;
  const status = paths.statusSiblings;
  return [
    change("vault epoch", { vaultEpoch: proof.vaultEpoch + 1n }),
    change("header height", { headerHeight: proof.headerHeight - 1n }),
    change("transaction version", { transactionVersion: proof.transactionVersion + 1n }),
    change("time range", { timeRange: proof.timeRange + 1n }),
    change("result id", { resultIds: flippedFirst(proof.resultIds) }),
    change("result count", { resultIds: proof.resultIds.slice(0, -1) }),
    change("direction", {
      paths: { ...paths, directions: flipped(paths.directions) },
    }),
    change("transaction sibling", {
      paths: { ...paths, transactionSiblings: flippedFirst(paths.transactionSiblings) },
    }),
    ...(status.length === 0
      ? []
      : [change("status sibling", { paths: { ...paths, statusSiblings: flippedFirst(status) } })]),
  ];
}

function changedOthers(claim: RealClaim): Changed[] {
  const { origin } = claim;
  return [
    {
      name: "proof with another recipient",
      claim: { ...claim, recipient: flipped(claim.recipient, claim.recipient.length - 1) },
    },
    {
      name: "proof with another definition",
      claim: { ...claim, origin: { ...origin, definition: utf8ToBytes("{}") } },
    },
    {
      name: "proof with another issuance program",
      claim: {
        ...claim,
        origin: { ...origin, issuanceProgram: flipped(origin.issuanceProgram, origin.issuanceProgram.length - 1) },
      },
    },
    {
      name: "proof with another issuance VM version",
      claim: { ...claim, origin: { ...origin, issuanceVmVersion: 2n } },
    },
  ];
}

/** A deposit that never was: everything derived from text, under a real header's height. */
function inventedClaim(real: RealClaim, options: { assetId: Hash; origin: AssetOrigin }): Uint8Array {
  const output: ClaimedOutput = {
    ...real.output,
    muxId: sha3_256(utf8ToBytes("no such deposit")),
    assetId: options.assetId,
    amount: 1_000_000_000_000n,
  };
  const isBtm = equalBytes(options.assetId, BTM_ASSET_ID);
  const { paths } = real.proof;
  const proof: ClaimProof = { ...real.proof, paths: isBtm ? { ...paths, statusSiblings: [] } : paths };
  return assembleClaim({ output, proof, recipient: real.recipient, origin: options.origin }).raw;
}

const NO_ORIGIN: AssetOrigin = {
  issuanceVmVersion: 1n,
  definition: new Uint8Array(0),
  issuanceProgram: new Uint8Array(0),
};
/** The definition by which the original's open federation minted BTM from nothing (spec/vapor.md section 13, weakness 14). */
const OPEN_FEDERATION = utf8ToBytes('{"description":{"issue_asset_action":"open_federation_cross_chain"}}');

/** What is refused while the deposit is there and not claimed yet: everything but the claim itself. */
export function falseClaimCases(real: RealClaim): RefusalCase[] {
  const trueProgram = { ...NO_ORIGIN, issuanceProgram: Uint8Array.of(0x51) };
  const open = { ...trueProgram, definition: OPEN_FEDERATION };
  const changed = [...changedOutputs(real), ...changedProofs(real), ...changedOthers(real)];
  return [
    {
      name: "cross-chain input without a deposit",
      raw: inventedClaim(real, { assetId: BTM_ASSET_ID, origin: NO_ORIGIN }),
      expected: CLAIM_CODES,
    },
    {
      name: "BTM with issuance program TRUE",
      raw: inventedClaim(real, { assetId: BTM_ASSET_ID, origin: trueProgram }),
      expected: CLAIM_CODES,
    },
    {
      name: "BTM with the open-federation definition",
      raw: inventedClaim(real, { assetId: BTM_ASSET_ID, origin: open }),
      expected: CLAIM_CODES,
    },
    ...changed.map(({ name, claim }) => ({ name, raw: assembleClaim(claim).raw, expected: CLAIM_CODES })),
  ];
}

/** What is refused once the deposit is credited: every second claim, whoever signs it. */
export function secondClaimCases(
  real: RealClaim,
  collector: { publicKey: Uint8Array; sign: (claim: SideTransaction) => Uint8Array },
): RefusalCase[] {
  const plain = assembleClaim(real);
  const signed = assembleClaim({
    ...real,
    collector: { publicKey: collector.publicKey, signature: collector.sign(plain) },
  });
  return [
    { name: "the same deposit again", raw: plain.raw, expected: ["CLAIM_SPENT"] },
    { name: "the same deposit with another collector's signature", raw: signed.raw, expected: ["CLAIM_SPENT"] },
  ];
}

/** A signed transfer whose outputs are worth more than its inputs. Signatures do not save it. */
export function inflatedTransfer(raw: Uint8Array): RefusalCase {
  const decoded = decodeSideTransaction(raw);
  assertInvariant(decoded.ok, "our own transaction decodes");
  const { version, timeRange, inputs, outputs } = decoded.value;
  const more = outputs.map((output, index) => (index === 0 ? { ...output, amount: output.amount * 2n + 1n } : output));
  return {
    name: "outputs above inputs",
    raw: createSideTransaction({ version, timeRange, inputs, outputs: more }).raw,
    expected: ["TX_UNBALANCED", "TX_BALANCE", "TX_INPUT_SPENT"],
  };
}

/** Sends each case to a node and notes the code of the answer. */
export async function checkRefusals(node: SideNode, cases: readonly RefusalCase[]): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  for (const { name, raw, expected } of cases) {
    let code = "accepted";
    try {
      await node.call("submit", { body: { raw: bytesToHex(raw) } });
    } catch (error) {
      if (!(error instanceof BystackError)) throw error;
      code = error.code;
    }
    refusals.push({ name, expected, code, ok: expected.includes(code) });
  }
  return refusals;
}
