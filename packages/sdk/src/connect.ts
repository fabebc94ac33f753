// The way in: one platform by its address and a token, its networks and chains, and what happens there.

import { type ApiClient, createClient } from "@bystack/api/client";
import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import type { z } from "zod";
import { type Chain, createChain } from "./chain.ts";
import { type PlatformEvent, type SubscribeOptions, subscribe } from "./events.ts";

export type ConnectOptions = {
  /** As `bystack up` tells it, such as `http://127.0.0.1:7070`. Empty in a page that the platform serves. */
  readonly url: string;
  /** Of `bystack token create`; a developer's is enough to pay. */
  readonly token?: string;
};

export type Network = z.output<(typeof PLATFORM_ROUTES)["networks"]["reply"]>["items"][number];

/** One platform. Nothing is sent before a method is called. */
export type Bystack = {
  /** Every route of the platform (`/docs`), typed. */
  readonly api: ApiClient<typeof PLATFORM_ROUTES>;
  networks(): Promise<Network[]>;
  /** Chains of a network, the main chain first. */
  chains(network: string): Promise<Chain[]>;
  /** One chain by its name; always the same object, so that two payments do not choose the same coins. */
  chain(network: string, name: string): Chain;
  /** What happens, until the signal ends it; it survives cuts. */
  subscribe(options?: SubscribeOptions): AsyncGenerator<PlatformEvent, void, undefined>;
};

/** Chains that one connection remembers: those of a network with room to spare. */
export const CHAINS_MAX = 1_000;

export function connect({ url, token }: ConnectOptions): Bystack {
  const api = createClient({ baseUrl: url.replace(/\/+$/, ""), routes: PLATFORM_ROUTES, token });
  const known = new Map<string, Chain>();
  const chain = (network: string, name: string): Chain => {
    const key = `${network}/${name}`;
    const found = known.get(key) ?? createChain(api, network, name);
    const [oldest] = known.keys();
    if (!known.has(key) && known.size >= CHAINS_MAX && oldest !== undefined) known.delete(oldest);
    known.set(key, found);
    return found;
  };
  return {
    api,
    chain,
    networks: async () => (await api.call("networks")).items,
    chains: async (network) => {
      const { main, sides } = await api.call("network", { params: { network } });
      return [main, ...sides].map((entry) => chain(network, entry.chain));
    },
    subscribe: (options = {}) => subscribe(api, options),
  };
}
