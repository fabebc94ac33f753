// What every command needs: where networks live, which one is meant, how to speak, how to reach the wallet and the nodes.

import { fileURLToPath } from "node:url";
import { platformError } from "@bystack/platform/errors";
import {
  homeFolder,
  layoutOf,
  listNetworks,
  loadNetworkState,
  type NetworkLayout,
  type NetworkState,
} from "@bystack/platform/network/layout";
import type { DeployProvider } from "@bystack/platform/provider";
import { createProcessProvider } from "@bystack/platform/provider/process";
import { createOutput, type Output } from "./output.ts";

/** The program that runs a node: this command line's own entry. */
export const PROGRAM = fileURLToPath(new URL("../bin/bystack.mjs", import.meta.url));

export type GlobalOptions = { readonly json?: boolean; readonly network?: string; readonly chain?: string };

export type Context = {
  readonly output: Output;
  readonly home: string;
  readonly network: string;
  /** The network that was asked for by name; undefined when there was no need to. */
  readonly namedNetwork: string | undefined;
  readonly layout: NetworkLayout;
  /** The chain that was named. */
  readonly chain: string | undefined;
};

/** The network named, or the only one on this machine, or `dev`. */
export function createContext(options: GlobalOptions): Context {
  const home = homeFolder(process.env);
  const known = listNetworks(home);
  const network = options.network ?? (known.length === 1 ? known[0] : undefined) ?? "dev";
  return {
    output: createOutput(options.json === true),
    home,
    network,
    namedNetwork: options.network,
    layout: layoutOf(home, network),
    chain: options.chain,
  };
}

export function providerOf(layout: NetworkLayout): DeployProvider {
  return createProcessProvider({ folder: layout.root, program: PROGRAM });
}

/** @throws NETWORK_NOT_FOUND */
export function requireState(context: Context): NetworkState {
  const state = loadNetworkState(context.layout);
  if (state !== undefined) return state;
  const known = listNetworks(context.home);
  throw platformError("NETWORK_NOT_FOUND", {
    why: `${context.network}${known.length === 0 ? "" : `; there are: ${known.join(", ")}`}`,
  });
}
