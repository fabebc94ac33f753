// Why the main chain makes no blocks, and that a side node has lost its main node.

import { are, type Draft, draft, duration, listed, nodeDraft } from "../draft.ts";
import type { ChainEvidence, Evidence } from "../evidence.ts";
import { type Answering, isAnswering, nodesOf } from "../evidence.ts";

/** The newest block may be so many targets old (platform.md section 9). */
const TIP_TARGETS = 6;

type Mining = {
  readonly miners: readonly Answering[];
  readonly ageMs: number;
  /** What one block may take: the chain's target, or a miner's slower timetable. */
  readonly paceMs: number;
};

function miningOf(nodes: readonly Answering[], nowMs: number): Mining | undefined {
  const told = nodes.filter(
    ({ vitals, miner }) => vitals?.main !== undefined && vitals?.main !== null && miner !== undefined,
  );
  if (told.length === 0) return undefined;
  const miners = told.filter(({ miner }) => miner?.mining === true);
  const height = Math.max(...nodes.map(({ info }) => info.height));
  const atTip = nodes.filter(({ info }) => info.height === height);
  const tipAgeMs = Math.min(...atTip.map(({ info, clock }) => info.finalAgeMs - (clock?.offsetMs ?? 0)));
  // A chain that was just started has a block to make first.
  const runningMs = Math.max(0, ...nodes.map(({ info }) => nowMs - info.startedAtMs));
  const paces = told.map(({ vitals }) => Math.max(vitals?.main?.targetMs ?? 0, vitals?.main?.mineEveryMs ?? 0));
  return { miners, ageMs: Math.min(Math.max(0, tipAgeMs), runningMs), paceMs: Math.max(...paces) };
}

function hashesPerSecond(miners: readonly Answering[]): number {
  return miners.reduce((sum, { miner }) => sum + (miner?.hashesPerSecond ?? 0), 0);
}

/** What a block takes on average at the present difficulty with all known miners. */
function difficultyHigh(chain: string, { miners, paceMs }: Mining, stands: boolean): Draft | undefined {
  const rate = hashesPerSecond(miners);
  const hashes = Number(miners[0]?.vitals?.main?.hashesPerBlock ?? 0);
  if (rate <= 0 || hashes <= 0) return undefined;
  const blockMs = (hashes / rate) * 1000;
  if (blockMs <= TIP_TARGETS * paceMs) return undefined;
  const left = miners[0]?.vitals?.main?.blocksToRetarget ?? 0;
  const sentence =
    `${stands ? `${chain} stands: its` : "The"} difficulty is too high for its miners: a block takes ${hashes.toLocaleString("en")} hashes, they try ` +
    `${rate.toFixed(1)} a second, so one comes about every ${duration(blockMs)}. It falls only in ${left} blocks; mine with more ` +
    "machines until then.";
  return draft("difficulty-high", { chain, subject: chain }, sentence, {
    severity: stands ? "critical" : "problem",
    evidence: [`wanted: a block every ${duration(paceMs)}`, `miners: ${listed(miners.map(({ id }) => id))}`],
    commands: ["bystack status"],
  });
}

/** Why there is no new block, or will not be one soon. */
export function mainChainFindings(chain: ChainEvidence, evidence: Evidence): Draft[] {
  const nodes = nodesOf(evidence, chain.chain).filter(isAnswering);
  const mining = miningOf(nodes, evidence.nowMs);
  if (chain.kind !== "main" || mining === undefined) return [];
  const { miners, ageMs, paceMs } = mining;
  const stands = ageMs > TIP_TARGETS * paceMs;
  const hard = difficultyHigh(chain.chain, mining, stands);
  if (hard !== undefined) return [hard];
  if (!stands) return [];
  const place = { chain: chain.chain, subject: chain.chain };
  const parts = { severity: "critical" as const, sinceMs: evidence.nowMs - ageMs };
  if (miners.length === 0) {
    const ids = nodes.map(({ id }) => id);
    const sentence =
      `${chain.chain} has stopped: nobody mines it. The newest block is ${duration(ageMs)} old, one is wanted every ${duration(paceMs)}. ` +
      `Give ${listed(ids)} a miner: mine in the definition, then apply it.`;
    return [draft("no-miner", place, sentence, { ...parts, commands: ["bystack apply bystack.yaml"] })];
  }
  const names = miners.map(({ id }) => id);
  const sentence =
    `${chain.chain} has stopped: the newest block is ${duration(ageMs)} old although ${listed(names)} ${are(names)} set to mine. ` +
    "Its log says why the search or the block failed.";
  const rate = `hashes a second: ${hashesPerSecond(miners).toFixed(1)}`;
  return [
    draft("no-miner", place, sentence, {
      ...parts,
      evidence: [rate],
      commands: names.map((id) => `bystack logs ${id}`),
    }),
  ];
}

export function mainNodeFindings(node: Answering): Draft[] {
  const { main } = node;
  if (main?.unreachable === undefined) return [];
  const sentence =
    `${node.id} cannot reach its main node at ${main.url} (${main.unreachable}): ` +
    "it proposes and judges no main-chain headers, so deposits and payouts wait.";
  return [
    nodeDraft("main-unreachable", node, sentence, { evidence: [main.unreachable], commands: ["bystack status"] }),
  ];
}
