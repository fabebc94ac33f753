// From evidence to findings: why a chain stands or is about to, why a node does not vote or answer, why value or a transaction
// waits. Pure: the same evidence gives the same sentences, wherever they are shown. Causes come before what they cause; when
// a chain has stopped, the first sentence about it says so, and why (platform.md section 8).

import type { Finding } from "@bystack/api/why-schema";
import { ordered } from "./causes.ts";
import { type Committee, committeeOf, JOINING_MS } from "./committee.ts";
import { type Draft, keyOf, nodeDraft } from "./draft.ts";
import { type ChainEvidence, type Evidence, isAnswering, nodesOf } from "./evidence.ts";
import { committeeFindings, quorumText, sparedFindings } from "./rules/committee.ts";
import { machineFindings } from "./rules/machine.ts";
import { mainChainFindings, mainNodeFindings } from "./rules/main-chain.ts";
import {
  chainFindings,
  clockFindings,
  divergedFindings,
  doubleRunFindings,
  peerFindings,
  syncingFindings,
} from "./rules/neighbours.ts";
import { pegFindings } from "./rules/peg.ts";
import { processFindings } from "./rules/processes.ts";
import { transactionVerdict } from "./rules/transaction.ts";
import { validatorFindings } from "./rules/validators.ts";

/** What is asked about: everything, one chain, one node, or the transaction of the evidence. */
export type Subject =
  | { readonly kind: "network" }
  | { readonly kind: "chain"; readonly chain: string }
  | { readonly kind: "node"; readonly node: string }
  | { readonly kind: "transaction" };

export type Diagnosis = {
  readonly findings: readonly Finding[];
  /** Chains that make no final block. */
  readonly halted: readonly string[];
  readonly standing: string | null;
};

function notReady(drafts: readonly Draft[], chain: ChainEvidence, evidence: Evidence): Draft[] {
  const explained = new Set(drafts.filter(({ id }) => id !== "healed").flatMap(({ about }) => about));
  return nodesOf(evidence, chain.chain)
    .filter(isAnswering)
    .flatMap((node) => {
      if (node.info.ready || explained.has(node.id)) return [];
      const because = node.info.notReadyBecause ?? "it does not say why";
      const isYoung = evidence.nowMs - node.info.startedAtMs < JOINING_MS;
      const sentence = `${node.id} is not ready: ${because}.${isYoung ? " It was started a moment ago." : ""}`;
      return [nodeDraft("not-ready", node, sentence, isYoung ? { severity: "note" } : {})];
    });
}

/** Fewer connections than needed are told of a node only where nothing better explains them. */
function missingPeers(drafts: readonly Draft[], chain: ChainEvidence, evidence: Evidence): Draft[] {
  const explained = drafts.some(({ id }) => id === "partition" || id === "quorum-lost");
  const young = new Set(drafts.filter(({ id }) => id === "silent-after-start").flatMap(({ about }) => about));
  if (explained) return [];
  return nodesOf(evidence, chain.chain)
    .filter(isAnswering)
    .filter(({ id }) => !young.has(id))
    .flatMap(peerFindings);
}

type ChainDrafts = {
  readonly drafts: readonly Draft[];
  readonly committee: Committee | undefined;
  readonly halted: boolean;
};

function chainDrafts(chain: ChainEvidence, evidence: Evidence): ChainDrafts {
  const { chain: name } = chain;
  const committee = committeeOf(evidence, chain);
  const answering = nodesOf(evidence, name).filter(isAnswering);
  const head = committee === undefined ? [] : committeeFindings(committee, evidence);
  const drafts = [
    ...head,
    ...processFindings(name, evidence, { committee, drafts: head }),
    ...(committee === undefined ? [] : sparedFindings(committee)),
    ...chainFindings(chain, evidence),
    ...doubleRunFindings(name, evidence),
    ...divergedFindings(chain, evidence),
    ...clockFindings(name, evidence),
    ...answering.flatMap(machineFindings),
    ...answering.flatMap(validatorFindings),
    ...answering.flatMap((node) => syncingFindings(node, committee)),
    ...answering.flatMap(mainNodeFindings),
    ...mainChainFindings(chain, evidence),
    ...pegFindings(name, evidence),
  ];
  const once = [...new Map(drafts.map((draft) => [keyOf(draft), draft])).values()];
  const all = [...once, ...missingPeers(once, chain, evidence)];
  const halted = committee?.stoppedSinceMs !== undefined || all.some(isMainHalt);
  return { drafts: [...all, ...notReady(all, chain, evidence)], committee, halted };
}

const MAIN_HALTS: readonly string[] = ["no-miner", "difficulty-high", "process-down", "not-started"];

function isMainHalt({ id, severity }: Draft): boolean {
  return severity === "critical" && MAIN_HALTS.includes(id);
}

/** The first sentence about a chain that has stopped says that it has, whatever brought it about. */
function saysStopped(findings: readonly { finding: Finding; draft: Draft }[], committee: Committee): void {
  const { chain } = committee;
  const head = findings.find(({ finding }) => finding.subject === chain && finding.severity === "critical");
  if (head === undefined || committee.stoppedSinceMs === undefined) return;
  const first = findings.find(({ finding }) => head.finding.causes.includes(keyOf(finding)));
  if (first === undefined || first.finding.sentence.startsWith(`${chain} has stopped`)) return;
  const because = head.finding.id === "quorum-lost" ? `${quorumText(committee)}. ` : "";
  first.finding.sentence = `${chain} has stopped: ${because}${first.finding.sentence}`;
  first.finding.severity = "critical";
}

/** The chosen findings and everything that brings them about. */
function withCauses(
  all: readonly { finding: Finding; draft: Draft }[],
  isWanted: (draft: Draft) => boolean,
): Finding[] {
  const wanted = new Set(all.filter(({ draft }) => isWanted(draft)).map(({ finding }) => keyOf(finding)));
  for (const { finding } of all.toReversed())
    if (wanted.has(keyOf(finding))) for (const cause of finding.causes) wanted.add(cause);
  return all.flatMap(({ finding }) => (wanted.has(keyOf(finding)) ? [finding] : []));
}

function concerns(subject: Subject, evidence: Evidence): (draft: Draft) => boolean {
  switch (subject.kind) {
    case "network":
      return () => true;
    case "chain":
      return ({ chain }) => chain === subject.chain;
    case "node": {
      const chain = evidence.nodes.find(({ id }) => id === subject.node)?.chain;
      const isHalt = (draft: Draft): boolean =>
        draft.chain === chain && draft.subject === chain && draft.severity === "critical";
      return (draft) => draft.about.includes(subject.node) || isHalt(draft);
    }
    case "transaction":
      return ({ subject: id }) => id === evidence.transaction?.id;
  }
}

/** What is wrong, causes first. */
export function diagnose(evidence: Evidence, subject: Subject = { kind: "network" }): Diagnosis {
  const chains = evidence.chains.map((chain) => ({ chain, ...chainDrafts(chain, evidence) }));
  const halted = chains.filter((one) => one.halted).map(({ chain }) => chain.chain);
  const verdict = transactionVerdict(evidence, halted);
  const drafts = [...chains.flatMap((one) => one.drafts), ...ofTransaction(verdict?.drafts ?? [], chains)];
  const mains = new Set(evidence.chains.filter(({ kind }) => kind === "main").map(({ chain }) => chain));
  const all = ordered(drafts, mains);
  for (const { committee } of chains) if (committee !== undefined) saysStopped(all, committee);
  return {
    findings: withCauses(all, concerns(subject, evidence)),
    halted: halted.filter(isAbout(subject, evidence)),
    standing: verdict?.standing ?? null,
  };
}

/** Whether that a chain has stopped belongs into the answer. */
function isAbout(subject: Subject, evidence: Evidence): (chain: string) => boolean {
  switch (subject.kind) {
    case "network":
      return () => true;
    case "chain":
      return (chain) => chain === subject.chain;
    case "node":
      return (chain) => evidence.nodes.some((node) => node.id === subject.node && node.chain === chain);
    case "transaction":
      return (chain) =>
        evidence.transaction?.answers.some((one) => one.chain === chain && one.reply.state === "pending") === true;
  }
}

/** A transfer that the peg knows was taken: that no node of the other chain has it is no finding. */
function ofTransaction(drafts: readonly Draft[], chains: readonly ChainDrafts[]): Draft[] {
  const known = new Set(chains.flatMap(({ drafts: own }) => own.map(({ subject }) => subject)));
  return drafts.filter(({ id, subject }) => id !== "tx-unknown" || !known.has(subject));
}
