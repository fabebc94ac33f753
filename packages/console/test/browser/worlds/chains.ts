// What the nodes of a chain answer: blocks, consensus, work, peers, options.

import { type Answers, GONE, hashOf, MINUTE_MS, type Status } from "./world.ts";

const SIDE_BLOCK_MS = 507;

function blockOf(chain: string, height: number, tip: number, everyMs: number) {
  return {
    hash: hashOf(`${chain} ${height}`),
    height,
    previous: hashOf(`${chain} ${height - 1}`),
    timestampMs: Date.now() - (tip - height) * everyMs - 300,
    transactions: Array.from({ length: height % 4 }, (_, i) => hashOf(`${chain} ${height} ${i}`)),
    final: chain !== "main",
    statusFail: [],
    raw: "00".repeat(420 + 300 * (height % 4)),
  };
}

/** @param status of the network that the chains are of */
export function chainAnswers(status: () => Status): Answers {
  const heightOf = (chain: string): number => {
    const { main, sides } = status();
    return (chain === main.chain ? main.height : sides.find((side) => side.chain === chain)?.height) ?? 1;
  };
  return {
    "chain.info": ({ params: { chain } }) => ({
      kind: chain === "main" ? "main" : "side",
      chain,
      chainId: hashOf(chain),
      node: `${chain}-1`,
      version: "0.1.0",
      instance: "fixture",
      startedAtMs: Date.now() - 60 * MINUTE_MS,
      height: heightOf(chain),
      tip: hashOf(`${chain} ${heightOf(chain)}`),
      finalHeight: heightOf(chain),
      finalHash: hashOf(`${chain} ${heightOf(chain)}`),
      finalAgeMs: 300,
      blockIntervalMs: SIDE_BLOCK_MS,
      ready: true,
      notReadyBecause: null,
      peers: 3,
      mempool: 0,
      rssBytes: 100 << 20,
      addressPrefix: "sm",
      backends: { tensority: "wasm", ed25519: "node" },
    }),
    "chain.block": ({ params: { chain, ref } }) =>
      blockOf(chain, Number(ref), heightOf(chain), chain === "main" ? 2_041 : SIDE_BLOCK_MS),
    "chain.main": () => ({
      difficultyBits: "2161727821137910632",
      work: "48211",
      mining: true,
      hashesPerSecond: 1.9,
      reorganisations: 3,
    }),
    "chain.mempool": ({ params: { chain } }) => ({
      count: chain === "main" ? 2 : 0,
      items: chain === "main" ? [hashOf("waiting 1"), hashOf("waiting 2")] : [],
    }),
    "chain.consensus": ({ params: { chain } }) => {
      const side = status().sides.find((candidate) => candidate.chain === chain);
      const nodes = status().nodes.filter((node) => node.chain === chain && (node.hasSeat ?? true));
      if (side === undefined) return undefined;
      const asked = nodes.find(({ ready }) => ready)?.id;
      return {
        epoch: 305,
        view: (side.height ?? 0) + 12,
        validators: nodes.map(({ id, ready }, index) => ({
          index,
          id,
          voteKey: hashOf(`vote key ${id}`),
          self: id === asked,
          lastVoteAgeMs: ready ? 120 + 70 * index : 4 * MINUTE_MS,
        })),
        faultsTolerated: side.validators - side.quorum,
        quorum: side.quorum,
        voting: true,
        notVotingBecause: null,
        silence: null,
        nullifiedTotal: 4,
        supplyProblem: null,
      };
    },
  };
}

const TAIL = [
  '{"time":"2026-11-22T03:58:01.114Z","level":"info","node":"demo-3","message":"final","height":18123}',
  '{"time":"2026-11-22T03:58:01.640Z","level":"info","node":"demo-3","message":"final","height":18124}',
];

/** A log of every sort of line. */
export const LOG_LINES = [
  '{"time":"2026-11-22T03:57:58.002Z","level":"info","node":"demo-1","message":"ready","height":18119,"peers":3}',
  '{"time":"2026-11-22T03:58:01.640Z","level":"debug","node":"demo-1","message":"final","height":18124,"view":18136}',
  '{"time":"2026-11-22T03:58:02.118Z","level":"warn","node":"demo-1","message":"peer lost","peer":"demo-3","why":"connection reset"}',
  '{"time":"2026-11-22T03:58:12.650Z","level":"error","node":"demo-1","message":"a request failed","route":"chain.block","code":"BLOCK_NOT_FOUND"}',
  "    at something that is no JSON (file.ts:1:1)",
];

/** What the platform would conclude of a validator that was killed. */
export function whyAnswers(network: string, chain: string, node: string, isHalted: boolean): Answers {
  const report = () => ({
    network,
    subject: null,
    atMs: Date.now(),
    collectMs: 212,
    healthy: false,
    halted: isHalted ? [chain] : [],
    standing: null,
    findings: [
      {
        id: isHalted ? ("quorum-lost" as const) : ("margin-zero" as const),
        severity: isHalted ? ("critical" as const) : ("problem" as const),
        subject: chain,
        sinceMs: Date.now() - 4 * MINUTE_MS,
        sentence: isHalted
          ? `${chain} has stopped: 6 of 10 validators vote and 7 are needed; ${node} and 3 others are away.`
          : `${chain} goes on with 3 of 4 validators; none of them may fail: ${node} is away.`,
        evidence: [`${node}: last vote heard 4 min ago by 3 nodes`, "quorum 3 of 4"],
        commands: [`bystack node start ${node}`],
        causes: [`process-down ${node}`],
      },
      {
        id: "process-down" as const,
        severity: "problem" as const,
        subject: node,
        sinceMs: Date.now() - 4 * MINUTE_MS,
        sentence: `${node} is not running: it was killed by somebody, or by the kernel for want of memory.`,
        evidence: ["signal SIGKILL"],
        commands: [`bystack logs ${node}`],
        causes: [],
      },
      {
        id: "healed" as const,
        severity: "note" as const,
        subject: `${chain}-2`,
        sinceMs: Date.now() - 90 * MINUTE_MS,
        sentence: `${chain}-2 had trouble with its block log: a record was cut off. What it did: cut the log there and fetched the rest.`,
        evidence: [],
        commands: [],
        causes: [],
      },
    ],
  });
  return { whyNetwork: report, whyChain: report, whyNode: report };
}

export function nodeAnswers(status: () => Status): Answers {
  const rowOf = (id: string) => status().nodes.find((node) => node.id === id);
  return {
    nodes: () => ({ items: status().nodes }),
    node: ({ params }) => {
      const node = rowOf(params.node);
      if (node === undefined) return undefined;
      const isUp = node.phase === "running";
      return {
        node: isUp ? node : { ...node, ...GONE },
        process: isUp
          ? {
              pid: 41_207,
              startedAtMs: Date.now() - 188 * MINUTE_MS,
              instance: "i-5f0c",
              ports: { api: 42_001, peer: 43_001 },
            }
          : null,
        exit: isUp
          ? null
          : {
              code: null,
              signal: "SIGKILL",
              atMs: Date.now() - 4 * MINUTE_MS,
              meaning: "killed by somebody, or by the kernel for want of memory",
              tail: TAIL,
            },
        desired: "running",
        info: null,
      };
    },
    nodeConfig: ({ params }) => ({
      config: {
        node: params.node,
        chain: "demo",
        api: { host: "127.0.0.1", port: 42_001 },
        history: "kept",
        log: { level: "info", folder: `/home/ada/.bystack/dev/nodes/${params.node}/log` },
      },
      identity: { "vote key": hashOf(`vote key ${params.node}`), "peer key": hashOf(`peer key ${params.node}`) },
    }),
    nodePeers: ({ params }) => {
      const own = rowOf(params.node);
      const others = status().nodes.filter((node) => node.chain === own?.chain && node.id !== own.id);
      return {
        items: others.map(({ id, ready, finalHeight }) => ({
          id,
          connected: ready,
          score: ready ? 0 : -3,
          finalHeight,
        })),
      };
    },
    nodeLogs: () => ({ items: LOG_LINES }),
  };
}
