// What every soak run stands on: a network of its own, an account with coins for the load, and an outside client that
// keeps what it was told is final.

import { setTimeout as delay } from "node:timers/promises";
import { createLoad, FEE_NEU, LEFT_NEU, type Load, loadAccount, splitCoins } from "./load.ts";
import { type RaiseOptions, raiseNetwork, type SoakNetwork } from "./network.ts";
import { type Observer, observe } from "./observer.ts";

/** A coin is free again when its spend is final, about a second later: three times as many as are spent in a second. */
const COINS_PER_RATE = 3;
/** One transaction splits them off: outputs of one are limited to 1,024. */
const COINS_MAX = 1_000;
/** What the load has at least, in BTM; a long run pays more in fees. */
const FUND_BTM_MIN = 600;
const NEU_PER_BTM = 100_000_000;

export type Check = {
  readonly name: string;
  readonly value: number | string;
  readonly limit: string;
  readonly ok: boolean;
};
export type Run = {
  readonly network: SoakNetwork;
  readonly load: Load;
  /** Transactions a second that the load submits. */
  readonly perSecond: number;
  readonly observer: Observer;
  readonly running: Promise<void>;
};

export function say(line: string): void {
  process.stderr.write(`soak  ${line}\n`);
}

export const nowMs = (): number => performance.now();

export type LoadOptions = {
  readonly perSecond: number;
  /** How many the run needs at least; 0 when it is short. With many each leaves one output for good. */
  readonly transactions: number;
};

export async function prepare(options: RaiseOptions & { readonly load: LoadOptions }): Promise<Run> {
  say("raising a network of its own");
  const network = await raiseNetwork(options);
  try {
    return await prepareLoad(network, options.load);
  } catch (error) {
    await network.end({ keepFolder: false });
    throw error;
  }
}

async function prepareLoad(network: SoakNetwork, { perSecond, transactions }: LoadOptions): Promise<Run> {
  const account = loadAccount("soak load");
  const leaves = transactions > 0;
  const spentBtm = (transactions * Number(FEE_NEU + LEFT_NEU)) / NEU_PER_BTM;
  const fundBtm = String(Math.max(FUND_BTM_MIN, Math.ceil(1.5 * spentBtm)));
  const [first = ""] = network.sides;
  const { addressPrefix } = await network.client(first).call("info");
  say(`funding the load with ${fundBtm} BTM through the federation`);
  await network.cli("peg", "in", "--from", "alice", "--amount", fundBtm, "--to", account.address(addressPrefix));
  for (;;) {
    const { items } = await network
      .client(first)
      .call("outputs", { body: { programs: [Buffer.from(account.program).toString("hex")] } });
    if (items.length > 0) break;
    await delay(500);
  }
  const coins = await splitCoins(account, network.client(first), Math.min(COINS_MAX, COINS_PER_RATE * perSecond));
  const load = createLoad({
    account,
    coins,
    perSecond,
    leaves,
    nodes: () => network.sides.flatMap((id) => clientIfRunning(network, id)),
    nowMs,
  });
  const observer = observe(network, { onTransaction: (id) => load.onFinal(id), nowMs });
  observer.connect(network.sides);
  const running = load.run();
  return { network, load, perSecond, observer, running };
}

function clientIfRunning(network: SoakNetwork, id: string) {
  try {
    return [network.client(id)];
  } catch {
    return [];
  }
}
