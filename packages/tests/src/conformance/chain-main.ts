// Conformance of main-chain processing: recorded sequences of blocks with the tip after each, a fork across the difficulty
// retarget, and a complete recorded chain with a reorganisation after it. Proof of work is assumed valid here; the ledger's
// block cases and the Tensority cases check the real one.

import { MainChainService } from "@bystack/chain/main/chain-service";
import { MemoryMainChainStore } from "@bystack/chain/main/memory-store";
import type { StoredMainBlock } from "@bystack/chain/main/store";
import { decodeMainBlock, encodeMainBlock, type MainBlock, mainBlockHash } from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { SOLONET_SPEC } from "@bystack/protocol/spec/presets";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import type { CheckResult, Siblings, VectorChecks } from "./check.ts";

/** Later than every recorded block. */
const NOW_MS = 2 ** 44;

type Step = {
  block?: string;
  raw?: string;
  hash?: string;
  ok?: boolean;
  orphan?: boolean;
  best_hash?: string;
  best_height?: number;
};

type Tip = { height: number; hash: string; bits: string; work_sum: string };

type ChainCase = { name: string; steps: readonly Step[]; branch_tips?: Readonly<Record<string, readonly Tip[]>> };

type RecordedBlock = { height: number; hash: string; raw: string; status_fail: readonly boolean[] };

function decodeBlock(hex: string): MainBlock {
  const decoded = decodeMainBlock(hexToBytes(hex));
  if (!decoded.ok) throw new TypeError(`the block does not decode: ${decoded.error.code}`);
  return decoded.value;
}

async function openSolonet(): Promise<{ service: MainChainService; store: MemoryMainChainStore }> {
  const store = new MemoryMainChainStore();
  const service = await MainChainService.open({ spec: SOLONET_SPEC, store, checkWork: async () => true });
  return { service, store };
}

/** What differs from the recorded step; empty for nothing. Absent fields are not compared. */
async function runStep(service: MainChainService, step: Step): Promise<string[]> {
  const block = decodeBlock(step.block ?? step.raw ?? "");
  const result = await service.processBlock(block, NOW_MS);
  const { tip } = service.chain;
  const actual: Required<Omit<Step, "block" | "raw">> = {
    hash: bytesToHex(mainBlockHash(block.header)),
    ok: result.ok,
    orphan: result.ok && result.value.orphan,
    best_hash: tip.key,
    best_height: Number(tip.header.height),
  };
  // A step that records nothing must be accepted on top of the one before.
  const expected = step.hash === undefined ? { ok: true, orphan: false, best_hash: actual.hash } : step;
  const keys = ["hash", "ok", "orphan", "best_hash", "best_height"] as const;
  return keys
    .filter((key) => expected[key] !== undefined && expected[key] !== actual[key])
    .map((key) => `${key} ${actual[key]} instead of ${expected[key]}`);
}

/** Opening the store again must give the same chain: what was written is all that a node needs. */
async function reopen(service: MainChainService, store: MemoryMainChainStore): Promise<string[]> {
  const again = await MainChainService.open({ spec: SOLONET_SPEC, store, checkWork: async () => true });
  const { tip } = again.chain;
  return tip.key === service.chain.tip.key && tip.totalWork === service.chain.tip.totalWork
    ? []
    : ["reopened elsewhere"];
}

function compareTips(service: MainChainService, branches: ChainCase["branch_tips"]): string[] {
  return Object.values(branches ?? {})
    .flat()
    .flatMap(({ height, hash, bits, work_sum: work }) => {
      const node = service.chain.index.get(hexToBytes(hash));
      const text = `${node?.header.height} ${node?.header.bits} ${node?.totalWork}`;
      return text === `${height} ${bits} ${work}` ? [] : [`${hash} is ${text}`];
    });
}

async function checkChainCase(recorded: ChainCase): Promise<CheckResult> {
  const { service, store } = await openSolonet();
  for (const [index, step] of recorded.steps.entries()) {
    const problems = await runStep(service, step);
    if (problems.length > 0) return { name: recorded.name, ok: false, detail: `step ${index}: ${problems.join(", ")}` };
  }
  const problems = [...compareTips(service, recorded.branch_tips), ...(await reopen(service, store))];
  return problems.length === 0
    ? { name: recorded.name, ok: true }
    : { name: recorded.name, ok: false, detail: problems.join(", ").slice(0, 400) };
}

async function checkChainCases(file: unknown): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const recorded of (file as { cases: readonly ChainCase[] }).cases) results.push(await checkChainCase(recorded));
  return results;
}

function compareStored(stored: StoredMainBlock | undefined, recorded: RecordedBlock): string[] {
  if (stored === undefined) return ["not stored"];
  const problems = stored.statusFail.join() === recorded.status_fail.join() ? [] : [`statuses ${stored.statusFail}`];
  return bytesToHex(encodeMainBlock(stored.block)) === recorded.raw ? problems : [...problems, "encoded differently"];
}

async function replaySolonet(file: unknown): Promise<{ service: MainChainService; results: CheckResult[] }> {
  const { blocks } = file as { blocks: readonly RecordedBlock[] };
  const { service, store } = await openSolonet();
  const results: CheckResult[] = [];
  for (const recorded of blocks) {
    const { height, hash, raw } = recorded;
    const step = { raw, hash, ok: true, orphan: false, best_hash: hash, best_height: height };
    const problems = [
      ...(await runStep(service, step)),
      ...compareStored(await store.block(hexToBytes(hash)), recorded),
    ];
    const name = `block ${height}`;
    results.push(problems.length === 0 ? { name, ok: true } : { name, ok: false, detail: problems.join(", ") });
  }
  return { service, results };
}

type ReorgFile = {
  steps: readonly Step[];
  mempool_after: readonly string[];
  tx_branch_a: string;
  tx_branch_b: string;
};

async function checkReorg(file: unknown, siblings: Siblings): Promise<CheckResult[]> {
  const recorded = file as ReorgFile;
  const { service } = await replaySolonet(siblings("blocks-solonet"));
  const results: CheckResult[] = [];
  for (const [index, step] of recorded.steps.entries()) {
    const problems = await runStep(service, { ok: true, ...step });
    const name = `step ${index}`;
    results.push(problems.length === 0 ? { name, ok: true } : { name, ok: false, detail: problems.join(", ") });
  }
  const pool = service.mempool.entries().map(({ id }) => bytesToHex(id));
  const sameMempool = pool.join() === recorded.mempool_after.join();
  results.push({ name: "mempool after", ok: sameMempool, ...(sameMempool ? {} : { detail: pool.join() }) });
  const ids = recorded.steps.flatMap((step) =>
    decodeBlock(step.raw ?? "").transactions.map((item) => bytesToHex(mapMainTransaction(item).id)),
  );
  const known = [recorded.tx_branch_a, recorded.tx_branch_b].every((id) => ids.includes(id));
  results.push({ name: "both branches hold their transaction", ok: known });
  return results;
}

/** Checks by vector file of the main chain: the base name without extension. */
export const chainMainChecks: VectorChecks = {
  "chain-scenarios": checkChainCases,
  "chain-retarget": checkChainCases,
  "blocks-solonet": async (file) => (await replaySolonet(file)).results,
  "reorg-solonet": checkReorg,
};
