// How the explorer's answers look to a person: one sentence for each transaction, then the figures. Pure; `--json` prints the
// same as data.

import type { EXPLORER_ROUTES } from "@bystack/api/explorer-routes";
import type { NODE_ROUTES } from "@bystack/api/node-routes";
import type { RouteReply } from "@bystack/api/route";
import { formatValue, type SentenceNames, sentenceOf } from "@bystack/protocol/explain/sentence";

type Explorer<K extends keyof typeof EXPLORER_ROUTES> = RouteReply<(typeof EXPLORER_ROUTES)[K]>;
export type BlockReply = RouteReply<(typeof NODE_ROUTES)["block"]>;
export type Details = Explorer<"transactionDetails">;
export type Listed = Explorer<"transactions">["items"][number];
export type AddressReply = Explorer<"addressSummary">;
export type Hit = Explorer<"search">["items"][number];
export type ExplorerState = Explorer<"explorer">;

const BTM = "ff".repeat(32);

function time(ms: number | null): string {
  return ms === null ? "waits" : new Date(ms).toISOString().replace(".000Z", "Z");
}

/** Two lines: what it is for, then id, fee and size. */
export function formatListed(item: Listed, names: SentenceNames): string[] {
  const failed = item.gasOnly ? "FAILED, only its fee was taken: " : "";
  const place = item.blockHeight === null ? "waits" : `block ${item.blockHeight}`;
  const fee = formatValue({ asset: BTM, amount: item.fee }, names);
  return [`  ${failed}${sentenceOf(item.what, names)}`, `    ${item.id}  ${place}  fee ${fee}  ${item.bytes} bytes`];
}

export function formatBlock(
  block: BlockReply,
  transactions: { readonly items: readonly Listed[]; readonly next: string | null },
  names: SentenceNames,
): string {
  const shown = transactions.items.flatMap((item) => formatListed(item, names));
  const more = transactions.next === null ? [] : [`  and more: ${block.transactions.length} in all`];
  return [
    `block ${block.height}  ${block.hash}`,
    `  ${time(block.timestampMs)}  follows ${block.previous}`,
    ...(shown.length === 0 ? ["  no transaction"] : shown),
    ...more,
  ].join("\n");
}

function formatInput(input: Details["inputs"][number], names: SentenceNames): string {
  const { asset, amount, kind } = input;
  const value = asset === null || amount === null ? "" : `  ${formatValue({ asset, amount }, names)}`;
  const who = input.address ?? (input.program === null ? "" : `program ${input.program.slice(0, 40)}`);
  return `    ${kind.padEnd(10)}${value}  ${who}`.trimEnd();
}

function formatOutput(output: Details["outputs"][number], names: SentenceNames): string {
  const who = output.address ?? `program ${output.program.slice(0, 40)}`;
  const spent = output.spentBy === null ? "" : `  spent by ${output.spentBy.slice(0, 16)}…`;
  return `    ${output.kind.padEnd(10)}  ${formatValue(output, names)}  ${who}${spent}`;
}

export function formatDetails(found: Details, names: SentenceNames): string {
  const { status, confirmations } = found;
  const stands = status === "pending" ? "waits for a block" : status === "final" ? "final" : `${confirmations} deep`;
  const cut = (count: number, shown: readonly unknown[]): string[] =>
    count > shown.length ? [`    and ${count - shown.length} more`] : [];
  return [
    ...formatListed(found, names).map((line) => line.slice(2)),
    `  ${stands}  ${time(found.timestampMs)}`,
    `  inputs: ${found.inputCount}`,
    ...found.inputs.map((input) => formatInput(input, names)),
    ...cut(found.inputCount, found.inputs),
    `  outputs: ${found.outputCount}`,
    ...found.outputs.map((output) => formatOutput(output, names)),
    ...cut(found.outputCount, found.outputs),
  ].join("\n");
}

export function formatAddress(
  summary: AddressReply,
  transactions: { readonly items: readonly Listed[]; readonly next: string | null },
  names: SentenceNames,
): string {
  const who = summary.address ?? `program ${summary.program}`;
  if (summary.transactions === 0) return `${who}\n  was never used on this chain`;
  return [
    who,
    `  ${summary.transactions} transactions in blocks ${summary.firstHeight} to ${summary.lastHeight}`,
    ...summary.balances.items.map((balance) => `  holds ${formatValue(balance, names)}`),
    ...(summary.balances.items.length === 0 ? ["  holds nothing"] : []),
    "newest transactions:",
    ...transactions.items.flatMap((item) => formatListed(item, names)),
  ].join("\n");
}

/** One line, with the command that shows it. */
export function formatHit(hit: Hit, chain: string): string {
  const show = (command: string): string => `  bystack ${command} --chain ${chain}`;
  switch (hit.type) {
    case "block":
      return `block ${hit.height}  ${hit.hash}${show(`block ${hit.height}`)}`;
    case "transaction":
      return `transaction ${hit.id}${hit.blockHeight === null ? " (waits)" : ""}${show(`tx ${hit.id}`)}`;
    case "output":
      return `output ${hit.id}${show(`tx ${hit.transaction}`)}`;
    case "address": {
      const who = hit.address ?? hit.program;
      return `address ${who}${hit.used ? "" : " (never used)"}${show(`address ${who}`)}`;
    }
    case "asset":
      return `asset ${hit.id}`;
  }
}

/** One line of progress. */
export function formatExplorerState(node: string, { state, height, chainHeight, transactions }: ExplorerState): string {
  return `${node}: ${state}, block ${height ?? "none"} of ${chainHeight}, ${transactions} transactions`;
}
