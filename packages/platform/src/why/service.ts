// `bystack why` as one function for everybody who shows it: command line, API, alerts, console. Collects the evidence of this
// moment and says what follows from it.

import type { WhyReport } from "@bystack/api/why-schema";
import { platformError } from "../errors.ts";
import { isChainWanted } from "../network/layout.ts";
import { collect, type WhySource } from "./collect.ts";
import { diagnose, type Subject } from "./diagnose.ts";

export type { WhySource } from "./collect.ts";

async function report(
  source: WhySource,
  parts: { readonly subject: Subject; readonly name: string | null; readonly transaction?: string },
): Promise<WhyReport> {
  const atMs = source.nowMs();
  const { state } = source;
  // Of a chain that shall not run nothing is missing.
  const nodes = state.nodes.filter(({ chain }) => isChainWanted(state, chain));
  const evidence = await collect({ ...source, state: { ...state, nodes } }, parts.transaction);
  const { findings, halted, standing: told } = diagnose(evidence, parts.subject);
  const side = state.sides.find(({ chain }) => chain === parts.name);
  const isUnwanted = side !== undefined && !isChainWanted(state, side.chain);
  const standing = isUnwanted ? `${side.chain} is ${side.desired}, as it shall be.` : told;
  return {
    network: source.state.network,
    subject: parts.name,
    atMs,
    collectMs: Math.max(0, source.nowMs() - atMs),
    healthy: findings.every(({ severity }) => severity === "note"),
    halted: [...halted],
    standing,
    findings: [...findings],
  };
}

/** What is wrong with a network: all of its chains, nodes and transfers. */
export function whyNetwork(source: WhySource): Promise<WhyReport> {
  return report(source, { subject: { kind: "network" }, name: null });
}

/** @throws CHAIN_NOT_FOUND */
export async function whyChain(source: WhySource, chain: string): Promise<WhyReport> {
  const { mainChain, sides } = source.state;
  const chains = [mainChain, ...sides.map((side) => side.chain)];
  if (!chains.includes(chain))
    throw platformError("CHAIN_NOT_FOUND", { why: `${chain}; there are: ${chains.join(", ")}` });
  return report(source, { subject: { kind: "chain", chain }, name: chain });
}

/** @throws PROVIDER_NOT_FOUND */
export async function whyNode(source: WhySource, node: string): Promise<WhyReport> {
  const ids = source.state.nodes.map(({ id }) => id);
  if (!ids.includes(node)) throw platformError("PROVIDER_NOT_FOUND", { why: `${node}; there are: ${ids.join(", ")}` });
  return report(source, { subject: { kind: "node", node }, name: node });
}

/** Why a transaction, or the transfer between the chains that it begins, is not done. @param id 64 hexadecimal digits */
export function whyTransaction(source: WhySource, id: string): Promise<WhyReport> {
  return report(source, { subject: { kind: "transaction" }, name: id, transaction: id });
}

const IS_TRANSACTION = /^[0-9a-f]{64}$/i;

/** By what a person calls it: a chain, a node, or a transaction's id; without a name the whole network. @throws WHY_NOT_FOUND */
export async function whySubject(source: WhySource, name: string | undefined): Promise<WhyReport> {
  const { mainChain, sides, nodes } = source.state;
  if (name === undefined) return whyNetwork(source);
  if (IS_TRANSACTION.test(name)) return whyTransaction(source, name.toLowerCase());
  const chains = [mainChain, ...sides.map(({ chain }) => chain)];
  if (chains.includes(name)) return whyChain(source, name);
  if (nodes.some(({ id }) => id === name)) return whyNode(source, name);
  const known = `chains ${chains.join(", ")}; nodes ${nodes.map(({ id }) => id).join(", ")}; or the id of a transaction`;
  throw platformError("WHY_NOT_FOUND", { why: `${name}; there are: ${known}` });
}
