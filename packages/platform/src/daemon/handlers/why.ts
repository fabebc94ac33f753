// Handlers of "why".

import type { WHY_ROUTES } from "@bystack/api/platform/why-routes";
import type { CallHandlers } from "@bystack/api/route";
import { platformError } from "../../errors.ts";
import { loadNetworkState } from "../../network/layout.ts";
import { type WhySource, whyChain, whyNetwork, whyNode, whyTransaction } from "../../why/service.ts";
import type { PlatformCaller } from "../door.ts";
import type { Platform } from "../platform.ts";
import type { HandlerParts } from "./parts.ts";

function sourceOf(platform: Platform, network: string, nowMs: () => number): WhySource {
  const layout = platform.layout(network);
  const state = loadNetworkState(layout);
  if (state === undefined) throw platformError("NETWORK_NOT_FOUND", { why: network });
  return { layout, state, provider: platform.provider(network), nowMs };
}

export function whyHandlers({ platform, now }: HandlerParts): CallHandlers<typeof WHY_ROUTES, PlatformCaller> {
  const source = (network: string): WhySource => sourceOf(platform, network, now);
  return {
    whyNetwork: ({ params }) => whyNetwork(source(params.network)),
    whyChain: ({ params }) => whyChain(source(params.network), params.chain),
    whyNode: ({ params }) => {
      platform.node(params.network, params.node);
      return whyNode(source(params.network), params.node);
    },
    whyTransaction: ({ params }) => whyTransaction(source(params.network), params.id),
  };
}
