// What a transaction of a side chain is for. Kinds that only some chains allow are told as what they ask for; whether it was
// granted is the block's to say.

import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { isRetirementProgram } from "../entry.ts";
import { claimNullifier, decodeClaimProof, isBtm } from "../peg/claim.ts";
import { parseSystem, type SystemContent } from "../peg/system.ts";
import { isFloatRecipient, isPoolRecipient } from "../peg/vault.ts";
import { parseInstructions } from "../program.ts";
import { BOND_POSITION, parseCandidate } from "../side/candidate.ts";
import type { MappedSideTransaction, SideResult, SideSource } from "../side/entries.ts";
import { EVIDENCE_RULE, parseEvidence } from "../side/evidence.ts";
import type { SideCrossChainInput, SideTransactionData } from "../side/transaction.ts";
import { parseVoteClaim } from "../side/vote-claim.ts";
import { listed, partyOf, paymentsOf, retirementText, sumByAsset, toValue, type What } from "./what.ts";

/** Address prefixes of the side chain and of its main chain, where burns are paid; empty when there is none. */
export type SidePrefixes = { readonly side: string; readonly main: string };

const RULE_NAMES = {
  [EVIDENCE_RULE.twoNotarize]: "two-notarize",
  [EVIDENCE_RULE.nullifyAndFinalize]: "nullify-and-finalize",
  [EVIDENCE_RULE.twoProposals]: "two-proposals",
} as const;

function whatOfSystem(content: SystemContent): What {
  if (content.kind === "headers") {
    const { headers } = content;
    return {
      class: "headers",
      from: (headers[0]?.height ?? 0n).toString(),
      to: (headers.at(-1)?.height ?? 0n).toString(),
    };
  }
  if (content.kind === "proof") {
    const { proof } = content;
    return proof.form === "coin"
      ? { class: "coin-proof", coin: bytesToHex(proof.nullifier) }
      : {
          class: "completion",
          payout: proof.payout.toString(),
          mainHeight: proof.headerHeight.toString(),
          failed: proof.statusFail,
        };
  }
  const { act, signatures } = content;
  const about = act.action === "list" ? act.assetId : act.scope.kind === "asset" ? act.scope.assetId : undefined;
  const scope = about === undefined && act.action !== "list" ? act.scope.kind : bytesToHex(about ?? new Uint8Array(0));
  return { class: "governance", action: act.action, scope, signatures: signatures.length };
}

function whatOfElection(transaction: SideTransactionData, mapped: MappedSideTransaction): What | undefined {
  const evidence = parseEvidence(transaction);
  if (evidence !== undefined) {
    const { epoch, view } = evidence.second.content;
    return {
      class: "evidence",
      voteKey: bytesToHex(evidence.voteKey),
      rule: RULE_NAMES[evidence.rule],
      epoch,
      view,
    };
  }
  const candidate = parseCandidate(transaction);
  if (candidate?.action === "resign") return { class: "resignation", candidate: bytesToHex(candidate.key) };
  if (candidate?.action === "register")
    return {
      class: "registration",
      candidate: bytesToHex(candidate.key),
      bond: (mapped.results[BOND_POSITION]?.value.amount ?? 0n).toString(),
      voterShare: candidate.voterShare,
    };
  const claim = parseVoteClaim(transaction);
  if (claim === undefined) return undefined;
  const amount = claim.payments.reduce((sum, payment) => sum + payment.amount, 0n);
  return { class: "vote-claim", epoch: claim.epoch, outputs: claim.payments.length, amount: amount.toString() };
}

/** N: the id of the claimed output on the main chain. */
export function depositId(input: SideCrossChainInput): Hash {
  const { sourceId: muxId, sourcePosition: position, assetId, amount, program } = input;
  return claimNullifier({ muxId, position, assetId, amount, program });
}

function whatOfClaim(
  source: SideSource & { readonly kind: "cross-chain" },
  result: SideResult | undefined,
  prefixes: SidePrefixes,
): What {
  const { input } = source;
  const recipient = result?.program ?? new Uint8Array(0);
  const to = isFloatRecipient(recipient)
    ? "float"
    : isPoolRecipient(recipient)
      ? "pool"
      : partyOf(recipient, prefixes.side);
  const proof = decodeClaimProof(input.arguments[0] ?? new Uint8Array(0), { isBtm: isBtm(input.assetId) });
  return {
    class: "claim",
    ...toValue(source.value),
    to,
    deposit: bytesToHex(depositId(input)),
    mainHeight: proof?.headerHeight.toString() ?? null,
  };
}

function whatOfOrdinary(mapped: MappedSideTransaction, prefixes: SidePrefixes): What {
  const spends = mapped.sources.filter((source) => source.kind === "spend" || source.kind === "veto");
  const payers = spends.map(({ input }) => input.program);
  const [payer] = payers;
  if (payer === undefined) return { class: "other" };
  const from = partyOf(payer, prefixes.side);
  const burns = mapped.results.filter(({ kind }) => kind === "cross");
  if (burns.length > 0) {
    const items = burns.map(({ id, program, value }) => ({
      ...toValue(value),
      to: partyOf(program, prefixes.main),
      request: bytesToHex(id),
    }));
    return { class: "burn", from, ...listed(items) };
  }
  const votes = mapped.results.filter(({ kind }) => kind === "vote");
  if (votes.length > 0)
    return {
      class: "vote",
      ...listed(votes.map(({ vote, value }) => ({ candidate: bytesToHex(vote), amount: value.amount.toString() }))),
    };
  const vetos = spends.flatMap((source) => (source.kind === "veto" ? [source] : []));
  if (vetos.length > 0)
    return {
      class: "veto",
      ...listed(
        vetos.map(({ input, value }) => ({ candidate: bytesToHex(input.vote), amount: value.amount.toString() })),
      ),
    };
  const payments = paymentsOf(
    mapped.results.filter(({ kind }) => kind === "intra"),
    payers,
    prefixes.side,
  );
  const retired = mapped.results.filter(({ kind, value }) => kind === "retirement" && value.amount > 0n);
  if (retired.length > 0 && payments.length === 0) {
    const texts = retired.map(({ program }) => retirementText(parseInstructions(program, 2)?.[1]?.data));
    return {
      class: "retirement",
      text: texts.find((text) => text !== null) ?? null,
      ...listed(sumByAsset(retired.map(({ value }) => value)).map(toValue)),
    };
  }
  return { class: "payment", from, ...listed(payments) };
}

/** The transaction was decoded strictly. */
export function whatOfSide(
  transaction: SideTransactionData,
  mapped: MappedSideTransaction,
  prefixes: SidePrefixes,
): What {
  const [first] = mapped.sources;
  if (first?.kind === "coinbase") {
    const outputs = mapped.results.filter(({ program }) => !isRetirementProgram(program));
    return { class: "coinbase", ...listed(paymentsOf(outputs, [], prefixes.side)) };
  }
  if (first?.kind === "cross-chain") return whatOfClaim(first, mapped.results[0], prefixes);
  if (first?.kind !== "system") return whatOfOrdinary(mapped, prefixes);
  const election = whatOfElection(transaction, mapped);
  if (election !== undefined) return election;
  const system = parseSystem(transaction);
  return system.ok ? whatOfSystem(system.value) : { class: "other" };
}
