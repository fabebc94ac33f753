// Reading and changing through the query cache: one hook for reading a route, one for changing by one. What is on the screen
// stays there with its age when a later call fails; what events are about is read again at once.

import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { QueryClient, type UseQueryResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { call, type Input, type Reply, type RouteId } from "./api.ts";
import { remember } from "./history.ts";
import { type PlatformEvent, useStreamState } from "./stream.ts";

/** What has no events of its own is read so often while a page shows it and the tab is visible. */
export const REFRESH_MS = 2_000;
/** Every node and its peers are asked for a diagnosis: less often. */
export const WHY_REFRESH_MS = 5_000;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { retry: 1, retryDelay: 500, staleTime: 1_000, refetchOnWindowFocus: true, networkMode: "always" },
    mutations: { networkMode: "always" },
  },
});

export type Read<T> = UseQueryResult<T>;

export function useRead<K extends RouteId>(
  id: K,
  input: Input<K> = {},
  options: { readonly refreshMs?: number | undefined; readonly enabled?: boolean } = {},
): Read<Reply<K>> {
  const { refreshMs, enabled = true } = options;
  return useQuery<Reply<K>>({
    queryKey: [id, input],
    queryFn: () => call(id, input),
    enabled,
    ...(refreshMs !== undefined && { refetchInterval: refreshMs }),
  });
}

/**
 * How a network stands: its events bring a new picture each second. Without them it is asked for; that is also how a platform
 * that is gone is noticed.
 */
export function useNetwork(network: string | undefined): Read<Reply<"network">> {
  const isLive = useStreamState().kind === "live";
  const read = useRead("network", networkInput(network ?? ""), {
    enabled: network !== undefined,
    refreshMs: isLive ? 5 * REFRESH_MS : REFRESH_MS,
  });
  const { data, dataUpdatedAt } = read;
  useEffect(() => {
    if (data !== undefined) remember(data, dataUpdatedAt);
  }, [data, dataUpdatedAt]);
  return read;
}

function networkInput(network: string): Input<"network"> {
  return { params: { network } };
}

/** A change; afterwards everything that was read is asked for again, for it may be another one now. */
export function useChange<K extends RouteId>(id: K, options: { readonly onDone?: (reply: Reply<K>) => void } = {}) {
  const cache = useQueryClient();
  return useMutation<Reply<K>, Error, Input<K>>({
    mutationFn: (input) => call(id, input),
    onSuccess: (reply) => options.onDone?.(reply),
    onSettled: () => cache.invalidateQueries(),
  });
}

/** Which routes an event's topic is about; a topic that is not named concerns all of them. */
const ABOUT: Readonly<Record<string, readonly RouteId[]>> = {
  operation: ["operations", "operation"],
  chain: ["chain.consensus", "chain.info", "chain.main"],
  node: ["node", "nodes"],
  user: ["users", "invites", "me"],
};

/** Reads again what an event is about. A picture of a network is taken as it is. */
export function applyEvent({ topic, subject, data }: PlatformEvent): void {
  if (topic === "status") {
    const parsed = PLATFORM_ROUTES.network.reply.safeParse(data);
    if (parsed.success) queryClient.setQueryData(["network", networkInput(subject)], parsed.data);
    return;
  }
  const about = ABOUT[topic];
  if (about === undefined) readAllAgain();
  for (const id of about ?? []) void queryClient.invalidateQueries({ queryKey: [id] });
}

/** Events were missed. */
export function readAllAgain(): void {
  void queryClient.invalidateQueries();
}
