// Reading and changing through the query cache: one hook for every GET route, one for every POST. What is on the screen stays
// there with its age when a later call fails; what events are about is read again at once.

import { QueryClient, type UseQueryResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call, type Input, type Reply, type RouteId } from "./api.ts";
import type { PlatformEvent } from "./stream.ts";

/** Heights move without events: read so often while a page shows them and the tab is visible. */
export const REFRESH_MS = 2_000;

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
  options: { readonly refreshMs?: number; readonly enabled?: boolean } = {},
): Read<Reply<K>> {
  const { refreshMs, enabled = true } = options;
  return useQuery<Reply<K>>({
    queryKey: [id, input],
    queryFn: () => call(id, input),
    enabled,
    ...(refreshMs !== undefined && { refetchInterval: refreshMs }),
  });
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
};

/** Reads again what events are about. `undefined`: some were missed. */
export function refreshFor(event: PlatformEvent | undefined): void {
  const about = event === undefined ? undefined : ABOUT[event.topic];
  if (about === undefined) {
    void queryClient.invalidateQueries();
    return;
  }
  for (const id of about) void queryClient.invalidateQueries({ queryKey: [id] });
}
