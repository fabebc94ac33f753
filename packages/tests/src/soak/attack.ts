// The committee attacked by peers that it knows and by strangers, one attack after the other, under load: blocks must keep
// their rhythm, honest nodes their connections, and memory its size (promises.md P25 to P27).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createSeededRng } from "@bystack/testing/rng";
import { hexToBytes } from "@bystack/utils/bytes";
import {
  type Aim,
  ATTACK_RATES,
  ATTACKS,
  type Attacker,
  attackerIdentity,
  openHalfOpen,
  startAttacker,
  type Victim,
} from "./attackers.ts";
import { loadAccount, spend } from "./load.ts";
import type { SoakNetwork } from "./network.ts";
import { gapsIn, quantile } from "./observer.ts";
import { missingOnNodes, newsOf } from "./oracle.ts";
import { type Check, nowMs, type Run, say } from "./run.ts";

const INTERVAL_P99_MS = 750;
const TICK_MS = 50;
const AIM_EVERY_MS = 200;
const CALM_MS = 5_000;
const HALF_OPEN_EACH = 200;
const RESET_EVERY_MS = 1_000;
const UNFUNDED = 200;
/**
 * How much larger the resident memory of a node may be after all attacks than after the first of them. Before that caches
 * fill and the heap finds its size, a quarter of the memory of a young node; what leaks goes on growing after it.
 */
const MEMORY_GROWTH_MAX = 1.3;
const MIB = 1 << 20;

/** Names and keys of the attackers, for the options of the nodes. */
export function attackerPeers(): { id: string; key: string }[] {
  return ATTACKS.map((kind) => ({ id: `attacker-${kind}`, key: attackerIdentity(kind).id }));
}

function victimsOf(network: SoakNetwork): Victim[] {
  const [first = "", second = ""] = network.sides;
  const keys = new Map<string, string>();
  for (const asked of [first, second]) {
    const options = JSON.parse(readFileSync(join(network.layout.nodes, asked, "node.json"), "utf8"));
    for (const { id, key } of options.peers as { id: string; key: string }[]) keys.set(id, key);
  }
  return network.sides.map((id) => {
    const { ports } = JSON.parse(readFileSync(join(network.layout.nodes, id, "instance.json"), "utf8"));
    return { id, peer: keys.get(id) ?? "", port: ports.mesh };
  });
}

/** Whole and signed, but spending outputs that never were. */
function unfundedTransactions(): Uint8Array[] {
  const account = loadAccount("soak attacker");
  const rng = createSeededRng(77);
  return Array.from({ length: UNFUNDED }, () => {
    const coin = { sourceId: rng.bytes(32), sourcePosition: 0n, amount: 1_000_000_000n };
    return spend(account, coin, { amounts: [900_000_000n] }).raw;
  });
}

async function memoryOf(network: SoakNetwork): Promise<number[]> {
  return Promise.all(network.sides.map(async (id) => (await network.client(id).call("info")).rssBytes));
}

/** Follows where the committee is, and whether every validator sees every other. */
function watch(network: SoakNetwork) {
  let aim: Aim = { chainId: new Uint8Array(32), epoch: 1, view: 1, height: 0 };
  let stopped = false;
  const apart = new Set<string>();
  const look = async (): Promise<void> => {
    const [first = ""] = network.sides;
    const client = network.client(first);
    const [info, consensus] = await Promise.all([client.call("info"), client.call("consensus")]);
    aim = { chainId: hexToBytes(info.chainId), epoch: consensus.epoch, view: consensus.view, height: info.height };
    for (const id of network.sides) {
      const { items } = await network.client(id).call("peers");
      for (const peer of items)
        if (network.sides.includes(peer.id) && !peer.connected) apart.add(`${id} from ${peer.id}`);
    }
  };
  const following = (async () => {
    while (!stopped) {
      await look().catch(() => {});
      await delay(AIM_EVERY_MS);
    }
  })();
  return {
    aim: () => aim,
    apart: () => {
      const seen = [...apart];
      apart.clear();
      return seen;
    },
    look,
    stop: async () => {
      stopped = true;
      await following;
    },
  };
}

/** An attack; it returns how many messages or sockets the validators took before they shut the attacker out. */
type Phase = { readonly name: string; readonly run: (seconds: number) => Promise<number> };

/** Ticks so that the stated rate comes out, however long a tick takes. @returns how many messages were taken */
async function strike(attacker: Attacker, perSecond: number, seconds: number): Promise<number> {
  const from = nowMs();
  let sent = 0;
  let taken = 0;
  while (nowMs() - from < seconds * 1000) {
    const due = Math.floor(((nowMs() - from) / 1000) * perSecond);
    for (; sent < due; sent += 1) taken += attacker.tick();
    await delay(TICK_MS);
  }
  return taken;
}

function phasesOf(run: Run, aim: () => Aim): Phase[] {
  const { network } = run;
  const victims = victimsOf(network);
  const unfunded = unfundedTransactions();
  const known = ATTACKS.map((kind, i): Phase => {
    const name = `${kind}, ${ATTACK_RATES[kind]} a second to each`;
    return {
      name,
      run: async (seconds) => {
        const attacker = await startAttacker(kind, { victims, aim, unfunded, seed: i + 1 });
        const taken = await strike(attacker, ATTACK_RATES[kind], seconds);
        await attacker.stop();
        return taken;
      },
    };
  });
  return [
    ...known,
    {
      name: `half-open sockets, ${HALF_OPEN_EACH} to each`,
      run: async (seconds) => {
        const sockets = openHalfOpen(victims, HALF_OPEN_EACH);
        await delay(seconds * 1000);
        sockets.close();
        return HALF_OPEN_EACH * victims.length;
      },
    },
  ];
}

/** Connections of all validators reset again and again: they come back, and the chain goes on. */
async function resets(run: Run, seconds: number): Promise<void> {
  for (let left = seconds * 1000; left > 0; left -= RESET_EVERY_MS) {
    run.network.relays?.reset();
    await delay(RESET_EVERY_MS);
  }
}

async function measure(run: Run, watcher: ReturnType<typeof watch>, phase: Phase, seconds: number): Promise<Check[]> {
  await delay(CALM_MS);
  watcher.apart();
  const from = nowMs();
  const taken = await phase.run(seconds);
  const gaps = gapsIn(run.observer.blocks, from, nowMs());
  const p99 = quantile(gaps, 0.99);
  const apart = watcher.apart();
  say(
    `${phase.name}: ${gaps.length} blocks, interval p99 ${Math.round(p99)} ms, apart: ${apart.join(", ") || "nobody"}`,
  );
  return [
    { name: `${phase.name}: taken before the attacker was shut out`, value: taken, limit: "above 0", ok: taken > 0 },
    {
      name: `${phase.name}: block interval, p99 ms`,
      value: Math.round(p99),
      limit: `at most ${INTERVAL_P99_MS}`,
      ok: p99 <= INTERVAL_P99_MS,
    },
    { name: `${phase.name}: honest nodes disconnected`, value: apart.length, limit: "0", ok: apart.length === 0 },
  ];
}

export async function attack(run: Run, options: { seconds: number }): Promise<Check[]> {
  const { network } = run;
  const watcher = watch(network);
  await watcher.look();
  const checks: Check[] = [];
  const memory = [await memoryOf(network)];
  for (const phase of phasesOf(run, watcher.aim)) {
    checks.push(...(await measure(run, watcher, phase, options.seconds)));
    memory.push(await memoryOf(network));
  }
  await watcher.stop();
  const top = run.observer.blocks.size;
  await resets(run, options.seconds);
  await delay(CALM_MS);
  const after = run.observer.blocks.size - top;
  say(`resets of every connection each second: ${after} blocks in ${options.seconds + CALM_MS / 1000} s`);
  checks.push({
    name: "resets of every connection, each second: blocks",
    value: after,
    limit: "above 0",
    ok: after > 0,
  });
  memory.push(await memoryOf(network));
  const largest = memory.map((each) => Math.round(Math.max(...each) / MIB));
  say(`memory of the largest node at first, after each phase and after the resets: ${largest.join(", ")} MiB`);
  const [, warm = []] = memory;
  const growth = Math.max(...(memory.at(-1) ?? []).map((bytes, i) => bytes / (warm[i] ?? bytes)));
  const told = newsOf(run)();
  const problems = await missingOnNodes(run, told);
  for (const problem of problems.slice(0, 10)) say(`PROBLEM ${problem}`);
  checks.push(
    {
      name: "memory after all attacks to after the first, largest",
      value: growth.toFixed(2),
      limit: `at most ${MEMORY_GROWTH_MAX}`,
      ok: growth <= MEMORY_GROWTH_MAX,
    },
    {
      name: "final blocks and transactions asked for on every node",
      value: told.blocks.length + told.transactions.length,
      limit: "",
      ok: told.blocks.length > 0,
    },
    { name: "lost", value: problems.length, limit: "0", ok: problems.length === 0 },
  );
  return checks;
}
