// What every soak run stands on: a network of its own, an account with coins for the load, and an outside client that
// keeps what it was told is final.

import { setTimeout as delay } from "node:timers/promises";
import { createLoad, type Load, loadAccount, splitCoins } from "./load.ts";
import { type RaiseOptions, raiseNetwork, type SoakNetwork } from "./network.ts";
import { type Observer, observe } from "./observer.ts";

export const LOAD_PER_SECOND = 50;
/** Enough that a coin is free again before its turn comes: one second of finality at 50 a second, twice over. */
const LOAD_COINS = 160;
const LOAD_FUND_BTM = "600";

export type Check = {
  readonly name: string;
  readonly value: number | string;
  readonly limit: string;
  readonly ok: boolean;
};
export type Run = {
  readonly network: SoakNetwork;
  readonly load: Load;
  readonly observer: Observer;
  readonly running: Promise<void>;
};

export function say(line: string): void {
  process.stderr.write(`soak  ${line}\n`);
}

export const nowMs = (): number => performance.now();

export async function prepare(options: RaiseOptions): Promise<Run> {
  say("raising a network of its own");
  const network = await raiseNetwork(options);
  try {
    return await prepareLoad(network);
  } catch (error) {
    await network.end({ keepFolder: false });
    throw error;
  }
}

async function prepareLoad(network: SoakNetwork): Promise<Run> {
  const account = loadAccount("soak load");
  const [first = ""] = network.sides;
  const { addressPrefix } = await network.client(first).call("info");
  say(`funding the load with ${LOAD_FUND_BTM} BTM through the federation`);
  network.cli("peg", "in", "--from", "alice", "--amount", LOAD_FUND_BTM, "--to", account.address(addressPrefix));
  for (;;) {
    const { items } = await network
      .client(first)
      .call("outputs", { body: { programs: [Buffer.from(account.program).toString("hex")] } });
    if (items.length > 0) break;
    await delay(500);
  }
  const coins = await splitCoins(account, network.client(first), LOAD_COINS);
  const load = createLoad({
    account,
    coins,
    perSecond: LOAD_PER_SECOND,
    nodes: () => network.sides.flatMap((id) => clientIfRunning(network, id)),
    nowMs,
  });
  const observer = observe(network, { onTransaction: (id) => load.onFinal(id), nowMs });
  observer.connect(network.sides);
  const running = load.run();
  return { network, load, observer, running };
}

function clientIfRunning(network: SoakNetwork, id: string) {
  try {
    return [network.client(id)];
  } catch {
    return [];
  }
}
