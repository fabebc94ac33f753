// The table that a running network is shown as: chains, heights, who may fail, the federation, where to go next.

import type { NetworkStatus, SideStatus } from "@bystack/platform/network/status";

const MIB = 1 << 20;
const CHAIN_COLUMNS_MIN = 8;

function seconds(ms: number | null): string {
  return ms === null ? "-" : `${(ms / 1000).toFixed(2)} s`;
}

function sideLines(side: SideStatus, width: number): string[] {
  const { chain, height, intervalMs, voting, validators, survives, federation, desired, deletableFromMs } = side;
  const name = chain.padEnd(width);
  if (desired !== "running") {
    const until = deletableFromMs === null ? "" : `; may be deleted from ${new Date(deletableFromMs).toISOString()} on`;
    return [`side  ${name} ${desired}${until} (bystack chain start ${chain})`];
  }
  const lines = [
    `side  ${name} final  ${String(height ?? "-").padEnd(8)} BBFT, a block every ${seconds(intervalMs)}; ${voting} of ${validators} voting, survives ${survives}`,
  ];
  if (federation === null) return lines;
  const paused = federation.paused.length === 0 ? "" : `; PAUSED: ${federation.paused.join(", ")}`;
  const { running, members, threshold } = federation;
  lines.push(
    `peg   ${name} ${running} of ${members} members, ${threshold} sign; one main node for all: for development${paused}`,
  );
  return lines;
}

/** For people; `--json` prints the same as data. */
export function formatStatus(status: NetworkStatus): string {
  const { main, sides } = status;
  const width = Math.max(CHAIN_COLUMNS_MIN, ...[main, ...sides].map(({ chain }) => chain.length));
  const lines = [
    `main  ${main.chain.padEnd(width)} height ${String(main.height ?? "-").padEnd(8)} proof of work, a block every ${seconds(main.intervalMs)}`,
    ...sides.flatMap((side) => sideLines(side, width)),
  ];
  lines.push("");
  for (const row of status.nodes) {
    const memory = row.rssBytes === null ? "" : `${Math.round(row.rssBytes / MIB)} MiB`;
    const ready = row.hasSeat === false ? "ready, follows without a seat" : "ready";
    const state = row.ready ? ready : (row.why ?? row.phase);
    lines.push(
      `  ${row.id.padEnd(10)} ${(row.url ?? "-").padEnd(24)} height ${String(row.height ?? "-").padEnd(7)} ${memory.padStart(8)}  ${state}`,
    );
  }
  lines.push("", `memory of all processes: ${Math.round(status.rssBytes / MIB)} MiB`);
  if (status.accounts.length > 0) lines.push(`accounts: ${status.accounts.join(", ")}`);
  lines.push(`data: ${status.folder}`);
  return lines.join("\n");
}
