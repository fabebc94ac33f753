// The lies that a member's own nodes may tell it: each violates one condition of its signature alone.

import { mapMainTransaction } from "@bystack/protocol/main/entries";
import {
  decodeMainTransaction,
  encodeMainTransaction,
  type MainTransactionData,
} from "@bystack/protocol/main/transaction";
import type { Certificate } from "@bystack/protocol/side/certificate";
import type { FinalityProof } from "@bystack/protocol/side/light-client";
import type { MainChainPort, PayoutRecord, PegStatus, SideChainPort } from "../../src/ports.ts";
import { programOf, seedOf } from "./keys.ts";

const BTM = 100_000_000n;

/** What the nodes of one member say that is not so, and what it then says. */
export type Lie = {
  readonly name: string;
  /** Why member 0 says that it does not sign. */
  readonly says: RegExp;
  readonly side?: (port: SideChainPort) => SideChainPort;
  readonly main?: (port: MainChainPort) => MainChainPort;
  readonly withView?: boolean;
};

function changedRecord(port: SideChainPort, change: (record: PayoutRecord) => PayoutRecord): SideChainPort {
  return { ...port, livePayouts: async () => (await port.livePayouts()).map(change) };
}

/** A record whose transaction was changed and whose id fits again. */
function changedTransaction(
  record: PayoutRecord,
  change: (data: MainTransactionData) => MainTransactionData,
): PayoutRecord {
  const decoded = decodeMainTransaction(record.transaction);
  if (!decoded.ok) throw new Error("a draft decodes");
  const data = change(decoded.value);
  return { ...record, transaction: encodeMainTransaction(data), transactionId: mapMainTransaction(data).id };
}

function changedFinality(
  port: SideChainPort,
  change: (proof: FinalityProof) => FinalityProof | undefined,
): SideChainPort {
  return {
    ...port,
    finality: async (height) => {
      const proof = await port.finality(height);
      return proof === undefined ? undefined : change(proof);
    },
  };
}

const withCertificate = (change: (certificate: Certificate) => Certificate) => (port: SideChainPort) =>
  changedFinality(port, (proof) => ({ ...proof, certificate: change(proof.certificate) }));

const withStatus =
  (change: (status: PegStatus) => PegStatus) =>
  (port: SideChainPort): SideChainPort => ({
    ...port,
    status: async () => change(await port.status()),
  });

const outputsOf =
  (change: (outputs: MainTransactionData["outputs"]) => MainTransactionData["outputs"]) => (port: SideChainPort) =>
    changedRecord(port, (record) => changedTransaction(record, (data) => ({ ...data, outputs: change(data.outputs) })));

/** One for each condition of a signature (P30). */
export const LIES: readonly Lie[] = [
  {
    name: "M1: no proof of finality",
    says: /does not show the recording block as final/,
    side: (port) => changedFinality(port, () => undefined),
  },
  {
    name: "M1: a signature of the certificate is wrong",
    says: /finality-SIGNATURE/,
    side: withCertificate((certificate) => ({
      ...certificate,
      signatures: certificate.signatures.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
    })),
  },
  {
    name: "M1: too few signers",
    says: /finality-QUORUM/,
    side: withCertificate((certificate) => ({
      ...certificate,
      bitmap: Uint8Array.of(0b11),
      signatures: certificate.signatures.subarray(0, 128),
    })),
  },
  {
    name: "M1: NOTARIZE is not FINALIZE",
    says: /finality-CERTIFICATE/,
    side: withCertificate((certificate) => ({ ...certificate, kind: 1 })),
  },
  {
    name: "M1: a certificate of another block",
    says: /finality-CERTIFICATE/,
    side: withCertificate((certificate) => ({ ...certificate, blockHash: seedOf("other block") })),
  },
  {
    name: "M1: the block of a burn is not final",
    says: /finality-SIGNATURE/,
    side: (port) => ({
      ...port,
      // Payouts are recorded at multiples of four; the burn is not in such a block.
      finality: async (height) => {
        const proof = await port.finality(height);
        if (proof === undefined || height % 4 === 0) return proof;
        return {
          ...proof,
          certificate: { ...proof.certificate, signatures: proof.certificate.signatures.map((byte) => byte ^ 1) },
        };
      },
    }),
  },
  {
    name: "M1: a burn of a block that is not the final one of its height",
    says: /finality-BURN/,
    side: (port) => ({
      ...port,
      burn: async (id) => {
        const evidence = await port.burn(id);
        return evidence === undefined ? undefined : { ...evidence, header: { ...evidence.header, timestampMs: 1 } };
      },
    }),
  },
  {
    name: "M2: another payee",
    says: /draft-BYTES/,
    side: outputsOf((outputs) =>
      outputs.map((output, i) =>
        i === 0 && output.kind === "output" ? { ...output, program: programOf("thief") } : output,
      ),
    ),
  },
  {
    name: "M2: a larger amount",
    says: /draft-BYTES/,
    side: outputsOf((outputs) =>
      outputs.map((output, i) =>
        i === 0 && output.kind === "output" ? { ...output, amount: output.amount + 1n } : output,
      ),
    ),
  },
  {
    name: "M2: change to a stranger",
    says: /draft-BYTES/,
    side: outputsOf((outputs) =>
      outputs.map((output, i) =>
        i > 0 && output.kind === "output" ? { ...output, program: programOf("thief") } : output,
      ),
    ),
  },
  {
    name: "M2: a higher fee",
    says: /draft-BYTES/,
    side: outputsOf((outputs) =>
      outputs.map((output, i) =>
        i > 0 && output.kind === "output" ? { ...output, amount: output.amount - 1_000_000n } : output,
      ),
    ),
  },
  {
    name: "M2: a burn that is not in the chain",
    says: /draft-BURN/,
    side: (port) => ({
      ...port,
      burn: async (id) => {
        const evidence = await port.burn(id);
        return evidence === undefined
          ? undefined
          : { ...evidence, path: { siblings: [seedOf("x")], directions: Uint8Array.of(0) } };
      },
    }),
  },
  {
    name: "M2: one burn paid twice",
    says: /draft-BURN_REPEATED/,
    side: (port) =>
      changedRecord(port, (record) => ({ ...record, requestIds: [...record.requestIds, ...record.requestIds] })),
  },
  {
    name: "M2: a coin that is not the vault's",
    says: /draft-COIN/,
    side: (port) =>
      changedRecord(port, (record) => ({
        ...record,
        inputs: record.inputs.map((coin) => ({ ...coin, amount: coin.amount + 1n })),
      })),
  },
  {
    name: "M2: the state of that block gives another draft",
    says: /draft-DERIVATION/,
    withView: true,
    side: (port) => ({
      ...port,
      payoutView: async (height) => {
        const view = await port.payoutView?.(height);
        return view === undefined ? undefined : { ...view, coins: view.coins.slice(0, 1), units: [] };
      },
    }),
  },
  {
    name: "M2: the state of that block gives other bytes under the same number",
    says: /draft-DERIVATION/,
    withView: true,
    side: (port) => ({
      ...port,
      payoutView: async (height) => {
        const view = await port.payoutView?.(height);
        return view === undefined
          ? undefined
          : { ...view, coins: view.coins.filter(({ amount }) => amount > 100n * BTM) };
      },
    }),
  },
  { name: "M3: an input is spent", says: /not unspent/, main: (port) => ({ ...port, isUnspent: async () => false }) },
  {
    name: "M4: payouts are paused",
    says: /paused/,
    side: withStatus((status) => ({ ...status, pauses: { ...status.pauses, out: true } })),
  },
  {
    name: "M4: automatic pause",
    says: /paused/,
    side: withStatus((status) => ({ ...status, pauses: { ...status.pauses, automatic: true } })),
  },
  {
    name: "M4: the asset is paused",
    says: /of an asset are paused/,
    side: withStatus((status) => ({
      ...status,
      pauses: { ...status.pauses, assets: status.assets.map(({ assetId }) => assetId) },
    })),
  },
  {
    name: "M4: the own main node is on another branch",
    says: /does not have the main-chain tip/,
    side: withStatus((status) => ({ ...status, mainTip: { ...status.mainTip, hash: seedOf("branch") } })),
  },
  {
    name: "M4: more owed than locked",
    says: /owes more/,
    side: withStatus((status) => ({
      ...status,
      assets: status.assets.map((asset) => ({ ...asset, owed: asset.locked + 1n })),
    })),
  },
];
